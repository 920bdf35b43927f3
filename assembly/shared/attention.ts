// One head of scaled dot-product attention over a sequence (Vaswani et al. 2017, 3.2.1).
// Query, key and value of a position lie side by side, `width` floats each.
import { exp4, maxLanes, sumLanes } from './elementary';
import { product } from './product';

/** Positions are padded to whole vectors: rows of a weight matrix are this many floats. */
export function padded(length: i32): i32 {
  return (length + 7) & ~7;
}

function softmaxRow(length: i32, row: usize, scale: f32): void {
  const end = (<usize>padded(length)) << 2;
  for (let j = (<usize>length) << 2; j < end; j += 4) store<f32>(row + j, -1e9);
  const factor = f32x4.splat(scale);
  let top = f32x4.splat(-1e9);
  for (let j: usize = 0; j < end; j += 16) {
    const x = f32x4.mul(v128.load(row + j), factor);
    v128.store(row + j, x);
    top = f32x4.max(top, x);
  }
  const shift = f32x4.splat(maxLanes(top));
  let sum = f32x4.splat(0);
  for (let j: usize = 0; j < end; j += 16) {
    const e = exp4(f32x4.sub(v128.load(row + j), shift));
    v128.store(row + j, e);
    sum = f32x4.add(sum, e);
  }
  const inverse = f32x4.splat(1 / sumLanes(sum));
  for (let j: usize = 0; j < end; j += 16) {
    v128.store(row + j, f32x4.mul(v128.load(row + j), inverse));
  }
}

/** Copies `width` columns of every position, transposed, to [width][padded], zeros behind. */
export function gatherTransposed(
  length: i32,
  width: i32,
  x: usize,
  stride: usize,
  to: usize,
): void {
  const row = (<usize>padded(length)) << 2;
  memory.fill(to, 0, row * width);
  for (let t: i32 = 0; t < length; t++) {
    for (let k: i32 = 0; k < width; k++) {
      store<f32>(
        to + row * k + ((<usize>t) << 2),
        load<f32>(x + <usize>t * stride + ((<usize>k) << 2)),
      );
    }
  }
}

/**
 * `qkv` is [length][3 width]; `weights` [length][padded] is kept for the way back; adds the mix of
 * values to `out`, rows `outStride` bytes apart. `scratch` takes width * padded floats.
 */
export function attend(
  length: i32,
  width: i32,
  qkv: usize,
  weights: usize,
  out: usize,
  outStride: usize,
  scratch: usize,
): void {
  const w = (<usize>width) << 2;
  const row = (<usize>padded(length)) << 2;
  gatherTransposed(length, width, qkv + w, 3 * w, scratch);
  memory.fill(weights, 0, row * length);
  product(length, width, padded(length), qkv, 3 * w, 4, scratch, row, weights, row);
  const scale = <f32>(1 / Math.sqrt(<f64>width));
  for (let t: i32 = 0; t < length; t++) softmaxRow(length, weights + row * t, scale);
  product(length, length, width, weights, row, 4, qkv + 2 * w, 3 * w, out, outStride);
}
