/** What can go wrong in `cinnabar/seal`. Codes are stable; a plain mismatch is a value, not an error. */
export type SealErrorCode =
  /** Neither PNG nor JPEG, or a variant that is not read (arithmetic coding, 12 bits, DNL). */
  | 'picture_unsupported'
  /** Over the limits of side, pixels or bytes; decided from the header before any allocation. */
  | 'picture_too_large'
  /** Truncated or damaged. */
  | 'picture_corrupt'
  /** A raster or bitmap whose fields contradict each other. */
  | 'picture_invalid'
  /** No seal imprint in the picture. */
  | 'imprint_not_found'
  /** No installed vendor has this code. */
  | 'vendor_unknown'
  /** The bytes are not a template of this vendor. */
  | 'template_invalid'
  /** A module failed inside; its instance has been discarded. */
  | 'core_failed';

/** The one error class of `cinnabar/seal`. Its message never holds picture or template bytes. */
export class SealError extends Error {
  readonly code: SealErrorCode;

  constructor(code: SealErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SealError';
    this.code = code;
  }
}
