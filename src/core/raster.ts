/**
 * A decoded picture: rows from the top, pixels from the left, four bytes a pixel (red, green,
 * blue, alpha; sRGB values as stored in the file, colour profiles are not applied).
 *
 * `decode` gives opaque rasters, already turned upright by the EXIF orientation. A raster from
 * elsewhere (a canvas) may be translucent: everything here sees it lying on white paper.
 */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** `width * height * 4` bytes. */
  readonly rgba: Uint8Array;
  /** Dots per inch, when the file names a plausible resolution (`MIN_DPI` to `MAX_DPI`). */
  readonly dpi?: number;
}

/**
 * A picture of one bit a pixel, 1 = ink. Rows are padded to whole bytes, the leftmost pixel is the
 * most significant bit, and the padding bits are 0.
 */
export interface Bitmap1 {
  readonly width: number;
  readonly height: number;
  /** `height * Math.ceil(width / 8)` bytes. */
  readonly bits: Uint8Array;
}

/** Longest side of a picture that is accepted, in pixels. */
export const MAX_SIDE_PX = 4096;
/** Most pixels of a picture that is accepted. */
export const MAX_PIXELS = 12_000_000;
/** Longest picture file that is accepted, in bytes. */
export const MAX_PICTURE_BYTES = 16 * 1024 * 1024;
/** Below this a file's resolution is a screen's placeholder (72, 96), not a scanner's word. */
export const MIN_DPI = 100;
export const MAX_DPI = 2400;

/** Bytes in one row of a `Bitmap1`. */
export function bitmapStride(width: number): number {
  return (width + 7) >>> 3;
}
