// Two planes of one size interleaved, so that one vector holds a pixel of both and its right neighbour's.
import { takePlane } from '../../seal/plane';

/** Interleaves two planes of `pixels` values. */
export function paired(first: usize, second: usize, pixels: i32): usize {
  const pairs = takePlane(2 * pixels + 8);
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    const a = v128.load(first + p);
    const b = v128.load(second + p);
    v128.store(pairs + 2 * p, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(pairs + 2 * p, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
  }
  return pairs;
}

/**
 * Both planes, `width` x `height` pixels of `pitch` a millimetre, where a motion takes a place counted
 * from the middle, in the first two lanes; `beyond` outside.
 */
export function pairAt(
  m: usize,
  x: f64,
  y: f64,
  pairs: usize,
  width: i32,
  height: i32,
  pitch: f64,
  beyond: v128,
): v128 {
  const depth = max<f64>(0.2, load<f64>(m, 48) * x + load<f64>(m, 56) * y + load<f64>(m, 64));
  const byX = f64x2.mul(v128.load64_lane(m + 24, v128.load64_zero(m), 1), f64x2.splat(x));
  const byY = f64x2.mul(v128.load64_lane(m + 32, v128.load64_zero(m, 8), 1), f64x2.splat(y));
  const shift = v128.load64_lane(m + 40, v128.load64_zero(m, 16), 1);
  const mapped = f64x2.div(f64x2.add(f64x2.add(byX, byY), shift), f64x2.splat(depth));
  const sizes = i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(1), 0, width), 1, height);
  const last = i32x4.sub(sizes, i32x4.splat(1));
  const edge = f32x4.convert_i32x4_s(last);
  const middle = f64x2.mul(f64x2.promote_low_f32x4(edge), f64x2.splat(0.5));
  const found = f64x2.add(f64x2.mul(mapped, f64x2.splat(pitch)), middle);
  const place = f32x4.demote_f64x2_zero(found);
  const isInside = v128.and(f32x4.ge(place, f32x4.splat(0)), f32x4.le(place, edge));
  if (!i32x4.all_true(isInside)) return beyond;
  // The last pixel interpolates from the one before.
  const before = i32x4.sub(last, i32x4.splat(1));
  const corner = i32x4.min_s(i32x4.trunc_sat_f32x4_s(place), before);
  const part = f32x4.sub(place, f32x4.convert_i32x4_s(corner));
  const pixel = i32x4.extract_lane(corner, 1) * width + i32x4.extract_lane(corner, 0);
  const p = pairs + ((<usize>pixel) << 3);
  const upper = v128.load(p);
  const lower = v128.load(p + ((<usize>width) << 3));
  const left = v128.shuffle<f32>(upper, lower, 0, 1, 4, 5);
  const right = v128.shuffle<f32>(upper, lower, 2, 3, 6, 7);
  const along = v128.shuffle<f32>(part, part, 0, 0, 0, 0);
  const rows = f32x4.add(left, f32x4.mul(along, f32x4.sub(right, left)));
  const below = v128.shuffle<f32>(rows, rows, 2, 3, 2, 3);
  const down = v128.shuffle<f32>(part, part, 1, 1, 1, 1);
  return f32x4.add(rows, f32x4.mul(down, f32x4.sub(below, rows)));
}
