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

/** Most pixels of an imprint's picture: what the vendor ABI lets a vendor see. */
const imprintPixelsMax = 4_000_000;
/** Most pixels of a card's picture: a page of A4 at 300 dpi. */
const cardPixelsMax = 9_000_000;

/**
 * Decodes the picture of an imprint.
 *
 * A picture takes four bytes a pixel here and again at each vendor, so whoever holds one does not
 * wait for anything: however many requests there are, an isolate then has one in its memory.
 *
 * @throws CinnabarError `picture_unsupported`, `picture_too_large`, `picture_corrupt`
 */
export function readImprint(engine: SealEngine, picture: Picture): Raster {
  const raster = asking(() => engine.decode(picture.bytes, { pixelsMax: imprintPixelsMax }));
  return picture.dpi === undefined ? raster : { ...raster, dpi: picture.dpi };
}

/** Checks that a card's picture can be read. @throws CinnabarError as `readImprint` */
export function assertCardPicture(engine: SealEngine, picture: Picture): void {
  asking(() => engine.decode(picture.bytes, { pixelsMax: cardPixelsMax }));
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

const details: Partial<Record<SealError['code'], string>> = {
  picture_too_large: 'Crop the picture, or scan it at 300 dpi.',
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
  if (!(error instanceof SealError)) return error;
  const detail = details[error.code];
  return new CinnabarError(codes[error.code], {
    cause: error,
    ...(detail === undefined ? {} : { detail }),
  });
}
