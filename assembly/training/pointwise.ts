// What is done element by element: rectifier, dropout, look-up of embeddings, and the loss.
import { exp4, maxLanes, sumLanes } from '../shared/elementary';

/** Sets what is below zero to zero, in place. */
export function rectify(count: i32, x: usize): void {
  const zero = f32x4.splat(0);
  for (let j: usize = 0; j < (<usize>count) << 2; j += 16) {
    v128.store(x + j, f32x4.max(v128.load(x + j), zero));
  }
}

/** Clears the gradient wherever the rectified value is zero. */
export function rectifyBack(count: i32, y: usize, grad: usize): void {
  const zero = f32x4.splat(0);
  for (let j: usize = 0; j < (<usize>count) << 2; j += 16) {
    const open = f32x4.gt(v128.load(y + j), zero);
    v128.store(grad + j, v128.and(v128.load(grad + j), open));
  }
}

let state: u32 = 1;

export function seedDropout(seed: u32): void {
  state = seed | 1;
}

/** Marsaglia's xorshift32. */
function next(): u32 {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

/** Draws a mask of 0 and 1 / (1 - share), and applies it in place. */
export function drop(count: i32, x: usize, mask: usize, share: f32): void {
  const limit = <u32>(share * 4294967295.0);
  const kept: f32 = 1 / (1 - share);
  for (let j: usize = 0; j < (<usize>count) << 2; j += 4) {
    const m: f32 = next() < limit ? 0 : kept;
    store<f32>(mask + j, m);
    store<f32>(x + j, load<f32>(x + j) * m);
  }
}

/** x *= mask, element by element. */
export function scaleBy(count: i32, x: usize, mask: usize): void {
  for (let j: usize = 0; j < (<usize>count) << 2; j += 16) {
    v128.store(x + j, f32x4.mul(v128.load(x + j), v128.load(mask + j)));
  }
}

/** Copies row ids[t] (u16) of the table to position t of `out`; `width` floats, a multiple of 4. */
export function lookUp(
  length: i32,
  width: i32,
  ids: usize,
  table: usize,
  out: usize,
  outStride: usize,
): void {
  const w = (<usize>width) << 2;
  for (let t: usize = 0; t < <usize>length; t++) {
    memory.copy(out + t * outStride, table + <usize>load<u16>(ids + (t << 1)) * w, w);
  }
}

export function lookUpBack(
  length: i32,
  width: i32,
  ids: usize,
  tableGrad: usize,
  outGrad: usize,
  outStride: usize,
): void {
  const w = (<usize>width) << 2;
  for (let t: usize = 0; t < <usize>length; t++) {
    const to = tableGrad + <usize>load<u16>(ids + (t << 1)) * w;
    const from = outGrad + t * outStride;
    for (let j: usize = 0; j < w; j += 16) {
      v128.store(to + j, f32x4.add(v128.load(to + j), v128.load(from + j)));
    }
  }
}

/**
 * Cross entropy of `classes` logits a position against labels (u8, 255: not scored), rows `classes`
 * floats long, a multiple of 4; unused classes have labels nowhere and a bias of -1e4. The logits
 * become the gradient, times `weight`. Returns the sum of -log p.
 */
export function crossEntropy(
  length: i32,
  classes: i32,
  logits: usize,
  labels: usize,
  weight: f32,
): f64 {
  const w = (<usize>classes) << 2;
  let total: f64 = 0;
  for (let t: usize = 0; t < <usize>length; t++) {
    const row = logits + t * w;
    const label = load<u8>(labels + t);
    if (label == 255) {
      memory.fill(row, 0, w);
      continue;
    }
    let top = f32x4.splat(-1e9);
    for (let j: usize = 0; j < w; j += 16) top = f32x4.max(top, v128.load(row + j));
    const shift = maxLanes(top);
    const lanes = f32x4.splat(shift);
    const chosen = load<f32>(row + ((<usize>label) << 2)) - shift;
    let sum = f32x4.splat(0);
    for (let j: usize = 0; j < w; j += 16) {
      const e = exp4(f32x4.sub(v128.load(row + j), lanes));
      v128.store(row + j, e);
      sum = f32x4.add(sum, e);
    }
    const whole = sumLanes(sum);
    total += Math.log(<f64>whole) - <f64>chosen;
    const factor = f32x4.splat(weight / whole);
    for (let j: usize = 0; j < w; j += 16) {
      v128.store(row + j, f32x4.mul(v128.load(row + j), factor));
    }
    const at = row + ((<usize>label) << 2);
    store<f32>(at, load<f32>(at) - weight);
  }
  return total;
}
