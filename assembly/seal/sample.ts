// Bilinear samples of a plane, one by one and four at a time.
import { at, clamp } from './plane';

/** Bilinear sample at pixel centre coordinates; beyond the edges the edge value repeats. */
export function sample(plane: usize, width: i32, height: i32, x: f32, y: f32): f32 {
  const cx = clamp(x, 0, <f32>(width - 1));
  const cy = clamp(y, 0, <f32>(height - 1));
  const x0 = min<i32>(<i32>cx, max<i32>(0, width - 2));
  const y0 = min<i32>(<i32>cy, max<i32>(0, height - 2));
  const fx = cx - <f32>x0;
  const fy = cy - <f32>y0;
  const right = width > 1 ? 1 : 0;
  const p = y0 * width + x0;
  const q = height > 1 ? p + width : p;
  const top = at(plane, p) + fx * (at(plane, p + right) - at(plane, p));
  const bottom = at(plane, q) + fx * (at(plane, q + right) - at(plane, q));
  return top + fy * (bottom - top);
}

/** Whole numbers up to this, added to it, are the low bits of the sum. */
const INTEGERS: f32 = 8388608;

/** Indices of four pixels, given by whole numbers, of a plane of less than 2^22 values. */
export function placesOf(x: v128, y: v128, width: i32): v128 {
  const index = f32x4.add(f32x4.mul(y, f32x4.splat(<f32>width)), x);
  return v128.and(f32x4.add(index, f32x4.splat(INTEGERS)), i32x4.splat(0x7fffff));
}

/**
 * Bilinear samples at four places inside: 0 <= x < width - 1, and as for y, of a plane of less than
 * 2^22 values.
 */
export function sampleFour(plane: usize, width: i32, x: v128, y: v128): v128 {
  const cx = f32x4.floor(x);
  const cy = f32x4.floor(y);
  const fx = f32x4.sub(x, cx);
  const stride = (<usize>width) << 2;
  const places = i32x4.shl(placesOf(cx, cy, width), 2);
  const p0 = plane + <usize>i32x4.extract_lane(places, 0);
  const p1 = plane + <usize>i32x4.extract_lane(places, 1);
  const p2 = plane + <usize>i32x4.extract_lane(places, 2);
  const p3 = plane + <usize>i32x4.extract_lane(places, 3);
  const upper01 = v128.load64_lane(p1, v128.load64_zero(p0), 1);
  const upper23 = v128.load64_lane(p3, v128.load64_zero(p2), 1);
  const lower01 = v128.load64_lane(p1 + stride, v128.load64_zero(p0 + stride), 1);
  const lower23 = v128.load64_lane(p3 + stride, v128.load64_zero(p2 + stride), 1);
  const upperLeft = v128.shuffle<f32>(upper01, upper23, 0, 2, 4, 6);
  const upperRight = v128.shuffle<f32>(upper01, upper23, 1, 3, 5, 7);
  const lowerLeft = v128.shuffle<f32>(lower01, lower23, 0, 2, 4, 6);
  const lowerRight = v128.shuffle<f32>(lower01, lower23, 1, 3, 5, 7);
  const upper = f32x4.add(upperLeft, f32x4.mul(fx, f32x4.sub(upperRight, upperLeft)));
  const lower = f32x4.add(lowerLeft, f32x4.mul(fx, f32x4.sub(lowerRight, lowerLeft)));
  return f32x4.add(upper, f32x4.mul(f32x4.sub(y, cy), f32x4.sub(lower, upper)));
}

/**
 * Bilinear samples along a line, `count` (a multiple of four) from (x, y) on, (dx, dy) apart. All lie
 * inside as `sampleFour` demands.
 */
export function sampleLine(
  plane: usize,
  width: i32,
  x: f32,
  y: f32,
  dx: f32,
  dy: f32,
  count: i32,
  to: usize,
): void {
  const steps = f32x4(0, 1, 2, 3);
  const xs = f32x4.add(f32x4.splat(x), f32x4.mul(f32x4.splat(dx), steps));
  const ys = f32x4.add(f32x4.splat(y), f32x4.mul(f32x4.splat(dy), steps));
  sampleLines(plane, width, xs, ys, f32x4.splat(4 * dx), f32x4.splat(4 * dy), count, to);
}

/** The same along four lines side by side, `count` samples in all, four by four. */
export function sampleLines(
  plane: usize,
  width: i32,
  x: v128,
  y: v128,
  dx: v128,
  dy: v128,
  count: i32,
  to: usize,
): void {
  let xs = x;
  let ys = y;
  const end = to + ((<usize>count) << 2);
  for (let p = to; p < end; p += 16) {
    v128.store(p, sampleFour(plane, width, xs, ys));
    xs = f32x4.add(xs, dx);
    ys = f32x4.add(ys, dy);
  }
}
