// Centre lines: what is left of strokes however heavy or light the ink was.
import { at, put, takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';

/** Pixels per millimetre of all maps: 200 dpi. */
export const PITCH: f32 = 200 / 25.4;
/** Distances end here, millimetres. */
export const FAR: f32 = 3;

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

/** Whether a pixel goes in this half step (T. Zhang and C. Suen, CACM 27(3), 1984). */
function goes(p: usize, stride: usize, isSecond: bool): bool {
  const bits = ring(p, stride);
  const size = popcnt<u32>(bits);
  if (size < 2 || size > 6) return false;
  const next = ((bits << 1) | (bits >> 7)) & 0xff;
  if (popcnt<u32>(~bits & next & 0xff) != 1) return false;
  // Bits of the neighbours above, right, below, left: 0, 2, 4, 6.
  const first: u32 = isSecond ? 0x45 : 0x15;
  const second: u32 = isSecond ? 0x51 : 0x54;
  return (bits & first) != first && (bits & second) != second;
}

/** Thins a mask (1 = ink) in place; its outermost pixels must be 0. */
export function thin(mask: usize, width: i32, height: i32): void {
  const start = mark();
  const stride = <usize>width;
  const goner = takePlane(width * height);
  for (let round = 0; round < 24; round++) {
    let changed = false;
    for (let half = 0; half < 2; half++) {
      let count = 0;
      for (let y = 1; y < height - 1; y++) {
        let p = mask + <usize>(y * width + 1);
        const end = p + stride - 2;
        while (p < end) {
          if (load<u8>(p) != 0 && goes(p, stride, half == 1)) {
            store<u32>(goner + ((<usize>count) << 2), <u32>p);
            count++;
          }
          p++;
        }
      }
      for (let i = 0; i < count; i++) store<u8>(load<u32>(goner + ((<usize>i) << 2)), 0);
      changed = changed || count > 0;
    }
    if (!changed) break;
  }
  release(start);
}

/** Millimetres from each pixel to the nearest one of the mask, at most FAR. */
export function distances(mask: usize, to: usize, width: i32, height: i32): void {
  const near: f32 = 0.955 / PITCH;
  const diagonal: f32 = 1.3693 / PITCH;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const p = y * width + x;
      let d = load<u8>(mask + <usize>p) != 0 ? <f32>0 : FAR;
      if (x > 0) d = min<f32>(d, at(to, p - 1) + near);
      if (y > 0) {
        d = min<f32>(d, at(to, p - width) + near);
        if (x > 0) d = min<f32>(d, at(to, p - width - 1) + diagonal);
        if (x < width - 1) d = min<f32>(d, at(to, p - width + 1) + diagonal);
      }
      put(to, p, d);
    }
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      const p = y * width + x;
      let d = at(to, p);
      if (x < width - 1) d = min<f32>(d, at(to, p + 1) + near);
      if (y < height - 1) {
        d = min<f32>(d, at(to, p + width) + near);
        if (x < width - 1) d = min<f32>(d, at(to, p + width + 1) + diagonal);
        if (x > 0) d = min<f32>(d, at(to, p + width - 1) + diagonal);
      }
      put(to, p, d);
    }
  }
}

/**
 * Numbers the connected parts of a mask from 1 on, to i32 a pixel, 0 elsewhere; returns how many.
 * Eight neighbours connect.
 */
export function label(mask: usize, labels: usize, width: i32, height: i32): i32 {
  const start = mark();
  const stack = takePlane(width * height + 1);
  memory.fill(labels, 0, (<usize>(width * height)) << 2);
  let parts = 0;
  for (let i = 0; i < width * height; i++) {
    if (load<u8>(mask + <usize>i) == 0 || labelAt(labels, i) != 0) continue;
    parts++;
    let depth = 0;
    store<i32>(stack, i);
    setLabel(labels, i, parts);
    while (depth >= 0) {
      const p = load<i32>(stack + ((<usize>depth) << 2));
      depth--;
      const x = p % width;
      const y = p / width;
      for (let v = max<i32>(0, y - 1); v <= min<i32>(height - 1, y + 1); v++) {
        for (let u = max<i32>(0, x - 1); u <= min<i32>(width - 1, x + 1); u++) {
          const q = v * width + u;
          if (load<u8>(mask + <usize>q) == 0 || labelAt(labels, q) != 0) continue;
          setLabel(labels, q, parts);
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
  const mask = takeBytes(width * height);
  for (let y = 0; y < height; y++) {
    const isEdge = y == 0 || y == height - 1;
    for (let x = 0; x < width; x++) {
      const p = <usize>(y * width + x);
      const isInk = !isEdge && x > 0 && x < width - 1 && load<u8>(ninths + p) >= least;
      store<u8>(mask + p, isInk ? 1 : 0);
    }
  }
  return mask;
}
