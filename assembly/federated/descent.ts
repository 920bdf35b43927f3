// Coordinate descent for a quadratic under sign constraints.

/** r += c * h, `count` numbers of 64 bits, two at a time; both vectors lie in padded memory. */
function addScaled(r: usize, h: usize, c: f64, count: i32): void {
  const factor = f64x2.splat(c);
  for (let i = 0; i < count; i += 2) {
    const at = (<usize>i) << 3;
    v128.store(r + at, f64x2.add(v128.load(r + at), f64x2.mul(v128.load(h + at), factor)));
  }
}

/**
 * Minimises g'(w - w0) + (w - w0)' H (w - w0) / 2 over w from the start w = w0, with w[j] >= 0
 * where sign[j] is 1 and w[j] <= 0 where it is -1.
 *
 * H is symmetric and positive definite, `stride` numbers a row, `stride` even and at least `count`.
 * `slope` holds g and becomes the gradient at w. Ends after `sweeps`, or when no coordinate moves
 * by `tolerance`. Returns the sweeps that ran.
 */
export function descend(
  h: usize,
  slope: usize,
  w: usize,
  signs: usize,
  count: i32,
  stride: i32,
  sweeps: i32,
  tolerance: f64,
): i32 {
  const line = (<usize>stride) << 3;
  for (let sweep = 1; sweep <= sweeps; sweep++) {
    let most: f64 = 0;
    for (let j = 0; j < count; j++) {
      const at = (<usize>j) << 3;
      const row = h + <usize>j * line;
      const old = load<f64>(w + at);
      let next = old - load<f64>(slope + at) / load<f64>(row + at);
      const sign = load<i8>(signs + j);
      if (sign > 0 && next < 0) next = 0;
      if (sign < 0 && next > 0) next = 0;
      const change = next - old;
      if (change == 0) continue;
      store<f64>(w + at, next);
      addScaled(slope, row, change, stride);
      most = max(most, abs(change));
    }
    if (most < tolerance) return sweep;
  }
  return sweeps;
}
