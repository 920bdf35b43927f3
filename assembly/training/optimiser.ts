// Adam with decoupled weight decay (Kingma & Ba 2015; Loshchilov & Hutter 2019), and the running
// mean of the weights that is kept in the end (Polyak & Juditsky 1992).
import { sumLanes } from '../shared/elementary';

/** Sum of the squares of `count` floats, a multiple of 4. */
export function sumOfSquares(count: i32, x: usize): f64 {
  let total: f64 = 0;
  for (let from: i32 = 0; from < count; from += 4096) {
    const end = min<i32>(count, from + 4096);
    let sum = f32x4.splat(0);
    for (let i = from; i < end; i += 4) {
      const v = v128.load(x + ((<usize>i) << 2));
      sum = f32x4.add(sum, f32x4.mul(v, v));
    }
    total += <f64>sumLanes(sum);
  }
  return total;
}

/**
 * One step over `count` weights. `scale` is applied to the gradients (clipping); `rate` has the
 * corrections of the first steps in it. Gradients are zeroed.
 */
export function adam(
  count: i32,
  weights: usize,
  grads: usize,
  first: usize,
  second: usize,
  mean: usize,
  scale: f32,
  rate: f32,
  epsilon: f32,
  decay: f32,
  meanShare: f32,
): void {
  const b1 = f32x4.splat(0.9);
  const c1 = f32x4.splat(0.1);
  const b2 = f32x4.splat(0.999);
  const c2 = f32x4.splat(0.001);
  const s = f32x4.splat(scale);
  const r = f32x4.splat(rate);
  const e = f32x4.splat(epsilon);
  const keep = f32x4.splat(1 - decay);
  const share = f32x4.splat(meanShare);
  for (let j: usize = 0; j < (<usize>count) << 2; j += 16) {
    const g = f32x4.mul(v128.load(grads + j), s);
    const m = f32x4.add(f32x4.mul(b1, v128.load(first + j)), f32x4.mul(c1, g));
    const v = f32x4.add(f32x4.mul(b2, v128.load(second + j)), f32x4.mul(c2, f32x4.mul(g, g)));
    const step = f32x4.div(f32x4.mul(r, m), f32x4.add(f32x4.sqrt(v), e));
    const w = f32x4.sub(f32x4.mul(keep, v128.load(weights + j)), step);
    const a = v128.load(mean + j);
    v128.store(first + j, m);
    v128.store(second + j, v);
    v128.store(weights + j, w);
    v128.store(mean + j, f32x4.add(a, f32x4.mul(share, f32x4.sub(w, a))));
    v128.store(grads + j, f32x4.splat(0));
  }
}
