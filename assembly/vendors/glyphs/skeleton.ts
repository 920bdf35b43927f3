// Centre lines: what is left of strokes however heavy or light the ink was.
import { chamfer } from '../../seal/chamfer';
import { takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';

/** Pixels per millimetre of all maps: 200 dpi. */
export const PITCH: f32 = 200 / 25.4;
/** Distances end here, millimetres. */
export const FAR: f32 = 3;
/** Bytes behind a mask that vector loads may touch beyond the row below its last one. */
export const BEYOND: i32 = 32;

function ring(p: usize, stride: usize): u32 {
  // The eight neighbours, clockwise from above, a bit each.
  return (
    <u32>load<u8>(p - stride) |
    ((<u32>load<u8>(p - stride + 1)) << 1) |
    ((<u32>load<u8>(p + 1)) << 2) |
    ((<u32>load<u8>(p + stride + 1)) << 3) |
    ((<u32>load<u8>(p + stride)) << 4) |
    ((<u32>load<u8>(p + stride - 1)) << 5) |
    ((<u32>load<u8>(p - 1)) << 6) |
    ((<u32>load<u8>(p - stride - 1)) << 7)
  );
}

/** How often the colour turns to ink around a pixel. */
export function crossings(p: usize, stride: i32): i32 {
  const bits = ring(p, <usize>stride);
  const next = ((bits << 1) | (bits >> 7)) & 0xff;
  return <i32>popcnt<u32>(~bits & next & 0xff);
}

/**
 * Which of sixteen pixels go in this half step, 1 each (T. Zhang and C. Suen, CACM 27(3), 1984): two to
 * six neighbours are ink, ink turns to paper once around, and of the neighbours above, right, below
 * and left certain three are not all ink.
 */
function goners(p: usize, stride: usize, isSecond: bool): v128 {
  const above = v128.load(p - stride);
  const aboveRight = v128.load(p - stride + 1);
  const right = v128.load(p + 1);
  const belowRight = v128.load(p + stride + 1);
  const below = v128.load(p + stride);
  const belowLeft = v128.load(p + stride - 1);
  const left = v128.load(p - 1);
  const aboveLeft = v128.load(p - stride - 1);
  const sides = i8x16.add(i8x16.add(above, right), i8x16.add(below, left));
  const corners = i8x16.add(i8x16.add(aboveRight, belowRight), i8x16.add(belowLeft, aboveLeft));
  const isEdge = i8x16.le_u(i8x16.sub(i8x16.add(sides, corners), i8x16.splat(2)), i8x16.splat(4));
  const turns = i8x16.add(
    i8x16.add(
      i8x16.add(v128.andnot(above, aboveRight), v128.andnot(aboveRight, right)),
      i8x16.add(v128.andnot(right, belowRight), v128.andnot(belowRight, below)),
    ),
    i8x16.add(
      i8x16.add(v128.andnot(below, belowLeft), v128.andnot(belowLeft, left)),
      i8x16.add(v128.andnot(left, aboveLeft), v128.andnot(aboveLeft, above)),
    ),
  );
  const goes = v128.and(isEdge, i8x16.eq(turns, i8x16.splat(1)));
  const kept = isSecond
    ? v128.and(v128.and(above, left), v128.or(right, below))
    : v128.and(v128.and(right, below), v128.or(above, left));
  return v128.and(v128.load(p), v128.andnot(goes, i8x16.eq(kept, i8x16.splat(1))));
}

/**
 * Thins a mask (1 = ink) in place; its outermost pixels must be 0. Behind it lie BEYOND bytes that may
 * be read.
 */
export function thin(mask: usize, width: i32, height: i32): void {
  const start = mark();
  const stride = <usize>width;
  // Sixteen pixels at a time, without regard to rows: the outermost pixels are paper and stay so.
  const end = mask + <usize>(width * (height - 1));
  const inked = takePlane(width * height);
  let blocks: usize = 0;
  for (let p = mask + stride; p < end; p += 16) {
    if (!v128.any_true(v128.load(p))) continue;
    store<u32>(inked + (blocks << 2), <u32>p);
    blocks++;
  }
  const changed = takePlane(width * height + 32);
  // A block is looked at again when it or what touches it changed since: a bit a half step.
  const around = stride >> 4;
  const size = (<usize>(width * height) >> 4) + 2 * around + 16;
  const isStale = takeBytes(<i32>size) + around + 1;
  memory.fill(isStale - around - 1, 3, size);
  for (let round = 0; round < 24; round++) {
    let changes: usize = 0;
    for (let half = 0; half < 2; half++) {
      let count: usize = 0;
      for (let i: usize = 0; i < blocks; i++) {
        const p = <usize>load<u32>(inked + (i << 2));
        const stale = isStale + ((p - mask - stride) >> 4);
        const left = <u32>load<u8>(stale) & (2 - half);
        if (left == <u32>load<u8>(stale)) continue;
        store<u8>(stale, <u8>left);
        const gone = goners(p, stride, half == 1);
        if (!v128.any_true(gone)) continue;
        store<u32>(changed + (count << 5), <u32>p);
        v128.store(changed + (count << 5), gone, 16);
        count++;
      }
      for (let i: usize = 0; i < count; i++) {
        const p = <usize>load<u32>(changed + (i << 5));
        v128.store(p, v128.andnot(v128.load(p), v128.load(changed + (i << 5), 16)));
        const stale = isStale + ((p - mask - stride) >> 4) - 1;
        store<u32>(stale - around, 0x03030303);
        store<u32>(stale, 0x03030303);
        store<u32>(stale + around, 0x03030303);
      }
      changes += count;
    }
    if (changes == 0) break;
  }
  release(start);
}

/** Millimetres from each pixel to the nearest one of the mask, at most FAR. */
export function distances(mask: usize, to: usize, width: i32, height: i32): void {
  const far = f32x4.splat(FAR);
  for (let p: usize = 0; p < <usize>(width * height); p += 4) {
    const halves = i16x8.extend_low_i8x16_u(v128.load32_zero(mask + p));
    const isPaper = i32x4.eq(i32x4.extend_low_i16x8_u(halves), i32x4.splat(0));
    v128.store(to + (p << 2), v128.and(far, isPaper));
  }
  chamfer(to, width, height, <f32>1 / PITCH);
}

/**
 * Numbers the connected parts of a mask, whose outermost pixels are 0, from 1 on, to i32 a pixel, 0
 * elsewhere; returns how many. Eight neighbours connect.
 */
export function label(mask: usize, labels: usize, width: i32, height: i32): i32 {
  const start = mark();
  const stack = takePlane(width * height + 1);
  // What has a number is taken off a copy of the mask.
  const left = takeBytes(width * height + BEYOND);
  memory.copy(left, mask, <usize>(width * height + BEYOND));
  memory.fill(labels, 0, (<usize>(width * height)) << 2);
  let parts = 0;
  for (let i = 0; i < width * height; i++) {
    if (load<u8>(left + <usize>i) == 0) {
      if ((i & 15) == 0 && !v128.any_true(v128.load(left + <usize>i))) i += 15;
      continue;
    }
    parts++;
    let depth = 0;
    store<i32>(stack, i);
    store<u8>(left + <usize>i, 0);
    while (depth >= 0) {
      const p = load<i32>(stack + ((<usize>depth) << 2));
      depth--;
      setLabel(labels, p, parts);
      for (let row = p - width - 1; row < p + width; row += width) {
        let three = load<u32>(left + <usize>row) & 0xffffff;
        for (; three != 0; three &= three - 1) {
          const q = row + (<i32>ctz<u32>(three) >> 3);
          store<u8>(left + <usize>q, 0);
          depth++;
          store<i32>(stack + ((<usize>depth) << 2), q);
        }
      }
    }
  }
  release(start);
  return parts;
}

export function labelAt(labels: usize, index: i32): i32 {
  return load<i32>(labels + ((<usize>index) << 2));
}

export function setLabel(labels: usize, index: i32, value: i32): void {
  store<i32>(labels + ((<usize>index) << 2), value);
}

/** A mask (byte a pixel) of two thirds of a bilevel picture's size: ninths of ink from `least` on. */
export function maskOf(ninths: usize, width: i32, height: i32, least: u8): usize {
  const mask = takeBytes(width * height + BEYOND);
  const one = i8x16.splat(1);
  const enough = i8x16.splat(least);
  for (let p: usize = 0; p < <usize>(width * height); p += 16) {
    v128.store(mask + p, v128.and(one, i8x16.ge_u(v128.load(ninths + p), enough)));
  }
  clearRim(mask, width, height);
  return mask;
}

/** Takes the outermost pixels off a mask. */
export function clearRim(mask: usize, width: i32, height: i32): void {
  const last = <usize>(width * (height - 1));
  memory.fill(mask, 0, <usize>width);
  memory.fill(mask + last, 0, <usize>width);
  for (let p: usize = 0; p < last; p += <usize>width) {
    store<u8>(mask + p, 0);
    store<u8>(mask + p + <usize>width - 1, 0);
  }
}
