// A gated recurrent unit over one sequence, forward and backward (Cho et al. 2014, in the form
// where the reset gate scales the recurrent product, bias included). Gates lie in the order reset,
// update, candidate; `width` is a multiple of 8.
import { sigmoid4, tanh4 } from '../shared/elementary';
import { product } from '../shared/product';

/** y[columns] = bias + x[inner] * W. */
function rowProduct(inner: i32, columns: i32, x: usize, w: usize, bias: usize, y: usize): void {
  memory.copy(y, bias, (<usize>columns) << 2);
  product(1, inner, columns, x, 0, 4, w, (<usize>columns) << 2, y, 0);
}

/**
 * `input` holds the gates' input side [length][3 width], biases in. Writes the states to `out`
 * (rows `outStride` bytes apart) and what `recurBack` needs to `saved` [length][4 width]:
 * reset, update, candidate, and the recurrent side of the candidate.
 */
export function recur(
  length: i32,
  width: i32,
  input: usize,
  recurrent: usize,
  bias: usize,
  out: usize,
  outStride: usize,
  saved: usize,
  backwards: i32,
  scratch: usize,
): void {
  const w = (<usize>width) << 2;
  const state = scratch + 3 * w;
  memory.fill(state, 0, w);
  for (let step: i32 = 0; step < length; step++) {
    const t = <usize>(backwards ? length - 1 - step : step);
    rowProduct(width, 3 * width, state, recurrent, bias, scratch);
    const g = input + t * 3 * w;
    const s = saved + t * 4 * w;
    const o = out + t * outStride;
    for (let j: usize = 0; j < w; j += 16) {
      const reset = sigmoid4(f32x4.add(v128.load(g + j), v128.load(scratch + j)));
      const update = sigmoid4(f32x4.add(v128.load(g + w + j), v128.load(scratch + w + j)));
      const inner = v128.load(scratch + 2 * w + j);
      const candidate = tanh4(f32x4.add(v128.load(g + 2 * w + j), f32x4.mul(reset, inner)));
      const before = v128.load(state + j);
      const after = f32x4.add(candidate, f32x4.mul(update, f32x4.sub(before, candidate)));
      v128.store(s + j, reset);
      v128.store(s + w + j, update);
      v128.store(s + 2 * w + j, candidate);
      v128.store(s + 3 * w + j, inner);
      v128.store(o + j, after);
      v128.store(state + j, after);
    }
  }
}

/**
 * From the gradient of the states (`outGrad`, rows `outStride` bytes apart) makes the gradients of
 * the input side (`inputGrad`) and of the recurrent side (`sideGrad`), both [length][3 width].
 * `out` are the states of the forward pass, `transposed` is the recurrent matrix transposed.
 */
export function recurBack(
  length: i32,
  width: i32,
  out: usize,
  outGrad: usize,
  outStride: usize,
  saved: usize,
  transposed: usize,
  inputGrad: usize,
  sideGrad: usize,
  backwards: i32,
  scratch: usize,
): void {
  const w = (<usize>width) << 2;
  const one = f32x4.splat(1);
  memory.fill(scratch, 0, w);
  for (let step: i32 = length - 1; step >= 0; step--) {
    const t = <usize>(backwards ? length - 1 - step : step);
    const s = saved + t * 4 * w;
    const a = inputGrad + t * 3 * w;
    const b = sideGrad + t * 3 * w;
    const previous = backwards ? out + (t + 1) * outStride : out + (t - 1) * outStride;
    for (let j: usize = 0; j < w; j += 16) {
      const reset = v128.load(s + j);
      const update = v128.load(s + w + j);
      const candidate = v128.load(s + 2 * w + j);
      const inner = v128.load(s + 3 * w + j);
      const before = step == 0 ? f32x4.splat(0) : v128.load(previous + j);
      const d = f32x4.add(v128.load(scratch + j), v128.load(outGrad + t * outStride + j));
      const dUpdate = f32x4.mul(
        f32x4.mul(d, f32x4.sub(before, candidate)),
        f32x4.mul(update, f32x4.sub(one, update)),
      );
      const dCandidate = f32x4.mul(
        f32x4.mul(d, f32x4.sub(one, update)),
        f32x4.sub(one, f32x4.mul(candidate, candidate)),
      );
      const dReset = f32x4.mul(
        f32x4.mul(dCandidate, inner),
        f32x4.mul(reset, f32x4.sub(one, reset)),
      );
      v128.store(a + j, dReset);
      v128.store(a + w + j, dUpdate);
      v128.store(a + 2 * w + j, dCandidate);
      v128.store(b + j, dReset);
      v128.store(b + w + j, dUpdate);
      v128.store(b + 2 * w + j, f32x4.mul(dCandidate, reset));
      v128.store(scratch + j, f32x4.mul(d, update));
    }
    product(1, 3 * width, width, b, 0, 4, transposed, w, scratch, 0);
  }
}
