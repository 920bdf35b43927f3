// Lossless code of ink depth in eight levels (a byte a pixel, 0 = paper): an adaptive binary range
// coder whose contexts are the bilevel picture and the pixels to the left and above. Blank stretches of eight pixels under
// blank ones cost one decision.
import { TOO_LARGE } from '../shared/status';

export const LEVELS: i32 = 8;

const PROBABILITY_BITS: i32 = 12;
const HALF: u16 = 1 << 11;
const ADAPT: i32 = 4;
const LEAST_RANGE: u32 = 1 << 24;

/** One probability per context (bilevel picture, left, above) and node of the level's tree. */
const CONTEXTS: usize = 4 * 8 * 8 * 8;
const probabilities = memory.data(4 * 8 * 8 * 8 * 2 + 16);
/** Ninths of a pixel that are ink in the bilevel picture: none, less than half, more, all. */
const coverClass = memory.data<u8>([0, 1, 1, 1, 1, 2, 2, 2, 2, 3]);
const blankContext: usize = CONTEXTS;

let cursor: usize = 0;
let limit: usize = 0;
let pending: i32 = 0;
let held: u8 = 0;
let isFirst: bool = true;
let overrun: bool = false;

function resetContexts(): void {
  for (let i: usize = 0; i <= CONTEXTS; i++) store<u16>(probabilities + (i << 1), HALF);
}

function emit(byte: u8): void {
  if (cursor >= limit) overrun = true;
  else store<u8>(cursor++, byte);
}

/** Moves the top byte out of `low`, and returns the rest; a run of 0xff waits until it is known whether a carry comes. */
function shiftLow(low: u64): u64 {
  if (low < 0xff000000 || low > 0xffffffff) {
    const carry = <u8>(low >> 32);
    if (!isFirst) emit(held + carry);
    for (; pending > 0; pending--) emit(0xff + carry);
    held = <u8>(low >> 24);
    isFirst = false;
  } else {
    pending++;
  }
  return (low & 0x00ffffff) << 8;
}

/** Zeros follow the end, so that any bytes decode to some picture. */
function nextByte(): u32 {
  return cursor < limit ? <u32>load<u8>(cursor++) : 0;
}

/** Rows of levels lie `stride` apart with one blank row above and blank columns around: see `padded`. */
export function paddedStride(width: i32): i32 {
  return width + 24;
}

/** Bytes of a padded picture of levels. */
export function paddedSize(width: i32, height: i32): i32 {
  return paddedStride(width) * (height + 1);
}

/** Address of pixel (0, y) in a padded picture. */
export function paddedRow(levels: usize, width: i32, y: i32): usize {
  return levels + <usize>((y + 1) * paddedStride(width) + 8);
}

function contextOf(pixel: usize, stride: usize, cover: usize): usize {
  const left = <usize>load<u8>(pixel - 1);
  const above = <usize>load<u8>(pixel - stride);
  return ((<usize>load<u8>(coverClass + <usize>load<u8>(cover)) * 8 + left) * 8 + above) * 8;
}

function isBlankAround(pixel: usize, stride: usize): bool {
  return load<u8>(pixel - 1) == 0 && load<u64>(pixel - stride) == 0;
}

/**
 * Codes a padded picture of levels to `out`; returns the length, or TOO_LARGE. `covers` is the
 * bilevel picture shrunk to the same size, which tells most of the depth already.
 */
export function encodeDepth(
  levels: usize,
  covers: usize,
  width: i32,
  height: i32,
  out: usize,
  capacity: i32,
): i32 {
  resetContexts();
  cursor = out;
  limit = out + <usize>capacity;
  pending = 0;
  isFirst = true;
  overrun = false;
  const stride = <usize>paddedStride(width);
  // The coder's state stays in registers: hence one loop for all decisions.
  let low: u64 = 0;
  let range: u32 = 0xffffffff;
  for (let y = 0; y < height; y++) {
    const row = paddedRow(levels, width, y);
    let asked = -1;
    for (let x = 0; x < width; ) {
      const pixel = row + <usize>x;
      // A blank stretch is one decision, a level three.
      const isStretch = (x & 7) == 0 && asked != x && isBlankAround(pixel, stride);
      const context = isStretch
        ? blankContext - 1
        : contextOf(pixel, stride, covers + <usize>(y * width + x));
      const isInk = isStretch && load<u64>(pixel) != 0;
      const value: u32 = isStretch ? (isInk ? 1 : 0) : <u32>load<u8>(pixel);
      let node: usize = 1;
      for (let bit = isStretch ? 0 : 2; bit >= 0; bit--) {
        const p = probabilities + ((context + node) << 1);
        const probability = <u32>load<u16>(p);
        const bound = (range >>> PROBABILITY_BITS) * probability;
        node <<= 1;
        if (((value >>> bit) & 1) == 0) {
          range = bound;
          store<u16>(
            p,
            <u16>(probability + (((1 << PROBABILITY_BITS) - 31 - probability) >>> ADAPT)),
          );
        } else {
          low += bound;
          range -= bound;
          store<u16>(p, <u16>(probability - ((probability - 31) >>> ADAPT)));
          node |= 1;
        }
        while (range < LEAST_RANGE) {
          range <<= 8;
          low = shiftLow(low);
        }
      }
      if (isStretch) asked = x;
      x += isStretch ? (isInk ? 0 : 8) : 1;
    }
  }
  for (let i = 0; i < 5; i++) low = shiftLow(low);
  return overrun ? TOO_LARGE : <i32>(cursor - out);
}

/** Undoes `encodeDepth` into a padded picture, whose padding it clears. Any bytes decode. */
export function decodeDepth(
  from: usize,
  length: i32,
  covers: usize,
  width: i32,
  height: i32,
  levels: usize,
): void {
  resetContexts();
  memory.fill(levels, 0, <usize>paddedSize(width, height));
  cursor = from;
  limit = from + <usize>length;
  // The coder's state stays in registers: hence one loop for all decisions.
  let range: u32 = 0xffffffff;
  let code: u32 = 0;
  for (let i = 0; i < 4; i++) code = (code << 8) | nextByte();
  const stride = <usize>paddedStride(width);
  for (let y = 0; y < height; y++) {
    const row = paddedRow(levels, width, y);
    let asked = -1;
    for (let x = 0; x < width; ) {
      const pixel = row + <usize>x;
      // A blank stretch is one decision, a level three.
      const isStretch = (x & 7) == 0 && asked != x && isBlankAround(pixel, stride);
      const end: usize = isStretch ? 2 : 8;
      const context = isStretch
        ? blankContext - 1
        : contextOf(pixel, stride, covers + <usize>(y * width + x));
      let node: usize = 1;
      while (node < end) {
        const p = probabilities + ((context + node) << 1);
        const probability = <u32>load<u16>(p);
        const bound = (range >>> PROBABILITY_BITS) * probability;
        node <<= 1;
        if (code < bound) {
          range = bound;
          store<u16>(
            p,
            <u16>(probability + (((1 << PROBABILITY_BITS) - 31 - probability) >>> ADAPT)),
          );
        } else {
          code -= bound;
          range -= bound;
          store<u16>(p, <u16>(probability - ((probability - 31) >>> ADAPT)));
          node |= 1;
        }
        while (range < LEAST_RANGE) {
          range <<= 8;
          code = (code << 8) | nextByte();
        }
      }
      if (!isStretch) store<u8>(pixel, <u8>(node & 7));
      else asked = x;
      x += isStretch ? (node == 2 ? 8 : 0) : 1;
    }
  }
}
