// Two planes of one size interleaved, so that one vector holds a pixel of both and its right neighbour's.
import { at, clamp, put, takePlane } from '../../seal/plane';

/** Interleaves two planes of `pixels` values. */
export function paired(first: usize, second: usize, pixels: i32): usize {
  const pairs = takePlane(2 * pixels + 4);
  for (let i = 0; i < pixels; i++) {
    put(pairs, 2 * i, at(first, i));
    put(pairs, 2 * i + 1, at(second, i));
  }
  return pairs;
}

/** Both planes between pixels, in the first two lanes: what `sample` says of each. */
export function samplePair(pairs: usize, width: i32, height: i32, x: f32, y: f32): v128 {
  const cx = clamp(x, 0, <f32>(width - 1));
  const cy = clamp(y, 0, <f32>(height - 1));
  const x0 = min<i32>(<i32>cx, width - 2);
  const y0 = min<i32>(<i32>cy, height - 2);
  const p = pairs + ((<usize>(y0 * width + x0)) << 3);
  const upper = v128.load(p);
  const lower = v128.load(p + ((<usize>width) << 3));
  const left = v128.shuffle<f32>(upper, lower, 0, 1, 4, 5);
  const right = v128.shuffle<f32>(upper, lower, 2, 3, 6, 7);
  const fx = f32x4.splat(cx - <f32>x0);
  const rows = f32x4.add(left, f32x4.mul(fx, f32x4.sub(right, left)));
  const below = v128.shuffle<f32>(rows, rows, 2, 3, 2, 3);
  return f32x4.add(rows, f32x4.mul(f32x4.splat(cy - <f32>y0), f32x4.sub(below, rows)));
}
