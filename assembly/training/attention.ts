// The way back through the head of shared/attention.ts.
import { gatherTransposed, padded } from '../shared/attention';
import { sumLanes } from '../shared/elementary';
import { product } from '../shared/product';

/**
 * From the gradient of `out` makes that of `qkv`, which must be zeroed. `scores` [length][padded]
 * and `scratch` (width * padded floats) are working space.
 */
export function attendBack(
  length: i32,
  width: i32,
  qkv: usize,
  weights: usize,
  outGrad: usize,
  outStride: usize,
  qkvGrad: usize,
  scores: usize,
  scratch: usize,
): void {
  const w = (<usize>width) << 2;
  const row = (<usize>padded(length)) << 2;
  product(length, length, width, weights, 4, row, outGrad, outStride, qkvGrad + 2 * w, 3 * w);
  gatherTransposed(length, width, qkv + 2 * w, 3 * w, scratch);
  memory.fill(scores, 0, row * length);
  product(length, width, padded(length), outGrad, outStride, 4, scratch, row, scores, row);
  const scale = f32x4.splat(<f32>(1 / Math.sqrt(<f64>width)));
  for (let t: usize = 0; t < <usize>length; t++) {
    let sum = f32x4.splat(0);
    for (let j: usize = 0; j < row; j += 16) {
      const at = row * t + j;
      sum = f32x4.add(sum, f32x4.mul(v128.load(weights + at), v128.load(scores + at)));
    }
    const mean = f32x4.splat(sumLanes(sum));
    for (let j: usize = 0; j < row; j += 16) {
      const at = row * t + j;
      const d = f32x4.mul(v128.load(weights + at), f32x4.sub(v128.load(scores + at), mean));
      v128.store(scores + at, f32x4.mul(d, scale));
    }
  }
  product(length, length, width, scores, row, 4, qkv + w, 3 * w, qkvGrad, 3 * w);
  product(length, length, width, scores, 4, row, qkv, 3 * w, qkvGrad + w, 3 * w);
}
