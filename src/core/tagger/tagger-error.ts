/** What can go wrong in `cinnabar/tagger`. Codes are stable; text without spans is a value. */
export type TaggerErrorCode =
  /** Not a string. */
  | 'text_invalid'
  /** Longer than `MAX_TEXT` UTF-16 units. */
  | 'text_too_long'
  /** Not a JSON object or array, or nested deeper than `MAX_DEPTH`. */
  | 'json_invalid'
  /** A whole number beyond 2^53: what was sent is not what was read. Send it as a string. */
  | 'json_number_unsafe'
  /** The module carries no model, or one of another kind. */
  | 'model_invalid'
  /** The module failed inside; its instance has been discarded. */
  | 'core_failed';

/** The one error class of `cinnabar/tagger`. Its message never holds any of the text. */
export class TaggerError extends Error {
  readonly code: TaggerErrorCode;

  constructor(code: TaggerErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'TaggerError';
    this.code = code;
  }
}
