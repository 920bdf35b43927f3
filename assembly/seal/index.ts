// The `seal` module: pictures in, pixels out. A call takes the arena from the start, so one picture
// is open at a time and every pointer is void after the next `reserve`.
import { resetArena, take } from '../shared/arena';
import { BAD_LENGTH, OUT_OF_MEMORY, TOO_LARGE, UNSUPPORTED } from '../shared/status';
import { captureFindings, lookAtCapture } from './capture';
import { isJpeg, jpegBand, jpegHeight, jpegWidth, nextJpegBand, openJpeg } from './jpeg';
import { INPUT_PADDING, MAX_INPUT, MAX_PIXELS, MAX_SIDE } from './limits';
import { dpi, orientation, resetMetadata } from './metadata';
import { isPng, nextPngBand, openPng, pngBand, pngHeight, pngWidth } from './png';
import { writeBitmap } from './png-write';
import { inspectPicture } from './precheck';

/** As the vendors: an imprint needs no more. */
const MAX_EXAMINED: i32 = 4_000_000;

let input: usize = 0;
let inputLength: i32 = 0;
let isPngOpen = false;

/** Forgets everything and makes room for `length` bytes of a file; a status when there is none. */
export function reserve(length: i32): isize {
  if (length < 0 || length > MAX_INPUT) return TOO_LARGE;
  resetArena();
  input = take(length + INPUT_PADDING);
  inputLength = length;
  return input == 0 ? <isize>OUT_OF_MEMORY : <isize>input;
}

/**
 * Reads the file of `length` bytes that lies at the address `reserve` gave. After `OK`, `width`,
 * `height`, `orientation` and `resolution` tell about it, and `nextBand` makes its rows. More
 * pixels than `pixelsMax`, or than `MAX_PIXELS`, are TOO_LARGE before memory is taken for them.
 */
export function open(length: i32, pixelsMax: i32): i32 {
  if (length < 0 || length > inputLength) return BAD_LENGTH;
  resetMetadata();
  const limit = min<i32>(pixelsMax, MAX_PIXELS);
  isPngOpen = isPng(input, length);
  if (isPngOpen) return openPng(input, length, limit);
  return isJpeg(input, length) ? openJpeg(input, length, limit) : UNSUPPORTED;
}

/** Size as stored in the file, before the orientation turns it. */
export function width(): i32 {
  return isPngOpen ? pngWidth() : jpegWidth();
}

export function height(): i32 {
  return isPngOpen ? pngHeight() : jpegHeight();
}

/** EXIF orientation, 1 to 8. */
export function pictureOrientation(): i32 {
  return orientation;
}

/** Dots per inch, or 0. */
export function resolution(): f64 {
  return dpi;
}

/** Makes the next rows of RGBA at `band()`; returns their number, 0 after the last, or a status. */
export function nextBand(): i32 {
  return isPngOpen ? nextPngBand() : nextJpegBand();
}

export function band(): usize {
  return isPngOpen ? pngBand() : jpegBand();
}

export { pngFile } from './png-write';

/**
 * Encodes the bitmap of `width` by `height` that lies at the address `reserve` gave, rows of whole
 * bytes, as a PNG at `pngFile()`; returns its length, or a status.
 */
export function encodeBitmap(width: i32, height: i32, dpi: i32): i32 {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return BAD_LENGTH;
  if (((width + 7) >>> 3) * height > inputLength) return BAD_LENGTH;
  return writeBitmap(input, width, height, dpi);
}

/** Forgets everything and makes room for an RGBA picture; a status when there is none. */
export function reservePixels(width: i32, height: i32): isize {
  if (width < 1 || height < 1) return BAD_LENGTH;
  if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) return TOO_LARGE;
  resetArena();
  inputLength = (width * height) << 2;
  input = take(inputLength);
  return input == 0 ? <isize>OUT_OF_MEMORY : <isize>input;
}

export { findings } from './precheck/figures';
export { compareProfiles, profile } from './precheck/profiles';

export function captureAt(): usize {
  return captureFindings;
}

/**
 * Looks at the RGBA picture at the address `reservePixels` gave for signs of a secondary capture, and
 * overwrites it: 1 with findings at `captureAt()`, 0 when it cannot tell, or a status.
 */
export function examine(width: i32, height: i32, dpi: f32): i32 {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return BAD_LENGTH;
  if ((width * height) << 2 != inputLength || !(dpi >= 0 && dpi <= 2400)) return BAD_LENGTH;
  if (width * height > MAX_EXAMINED) return TOO_LARGE;
  return lookAtCapture(input, width, height, dpi) ? 1 : 0;
}

/** Looks at the RGBA picture at the address `reservePixels` gave; see precheck.ts. */
export function inspect(width: i32, height: i32, slot: i32): i32 {
  if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE) return BAD_LENGTH;
  if ((width * height) << 2 != inputLength) return BAD_LENGTH;
  return inspectPicture(input, width, height, slot);
}
