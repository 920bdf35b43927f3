import type { Raster } from '../../core/raster.ts';
import { SealError } from '../../core/seal-error.ts';
import { CinnabarError, type ErrorCode } from '../errors.ts';
import type { SealEngine } from './ports.ts';

/** A picture as it was uploaded. */
export interface Picture {
  readonly bytes: Uint8Array;
  /** Scan resolution; wins over what the file says. */
  readonly dpi?: number;
}

/**
 * Decodes an uploaded picture.
 *
 * @throws CinnabarError `picture_unsupported`, `picture_too_large`, `picture_corrupt`
 */
export function readPicture(engine: SealEngine, picture: Picture): Raster {
  const raster = asking(() => engine.decode(picture.bytes));
  return picture.dpi === undefined ? raster : { ...raster, dpi: picture.dpi };
}

const codes: Readonly<Record<SealError['code'], ErrorCode>> = {
  picture_unsupported: 'picture_unsupported',
  picture_too_large: 'picture_too_large',
  picture_corrupt: 'picture_corrupt',
  picture_invalid: 'picture_corrupt',
  imprint_not_found: 'imprint_not_found',
  vendor_unknown: 'vendor_not_found',
  template_invalid: 'template_unreadable',
  core_failed: 'internal',
};

/** Runs `ask` on the engine and turns its errors into the service's. */
export function asking<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw serviceError(error);
  }
}

/** What the service throws where the engine threw `error`. */
export function serviceError(error: unknown): unknown {
  return error instanceof SealError
    ? new CinnabarError(codes[error.code], { cause: error })
    : error;
}
