// Normal equations of a fit, added up point by point, two f64 at a time. Written out in full, since the
// sums are what a fit spends its time on.

/** Adds a multiple of two numbers to two others. */
function addPair(to: usize, factor: v128, pair: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.mul(factor, pair)));
}

/** Adds one point's equation of 6 unknowns, times `weight`; above the matrix's diagonal lies anything. */
export function addSix(matrix: usize, vector: usize, row: usize, weight: f64, value: f64): void {
  const values = f64x2.splat(value);
  const weights = f64x2.splat(weight);
  const r0 = v128.load(row);
  const r1 = v128.load(row, 16);
  const r2 = v128.load(row, 32);
  const w0 = f64x2.mul(weights, r0);
  addPair(vector, w0, values);
  const a0 = v128.shuffle<f64>(w0, w0, 0, 0);
  addPair(matrix, a0, r0);
  const b0 = v128.shuffle<f64>(w0, w0, 1, 1);
  addPair(matrix + 48, b0, r0);
  const w1 = f64x2.mul(weights, r1);
  addPair(vector + 16, w1, values);
  const a1 = v128.shuffle<f64>(w1, w1, 0, 0);
  addPair(matrix + 96, a1, r0);
  addPair(matrix + 112, a1, r1);
  const b1 = v128.shuffle<f64>(w1, w1, 1, 1);
  addPair(matrix + 144, b1, r0);
  addPair(matrix + 160, b1, r1);
  const w2 = f64x2.mul(weights, r2);
  addPair(vector + 32, w2, values);
  const a2 = v128.shuffle<f64>(w2, w2, 0, 0);
  addPair(matrix + 192, a2, r0);
  addPair(matrix + 208, a2, r1);
  addPair(matrix + 224, a2, r2);
  const b2 = v128.shuffle<f64>(w2, w2, 1, 1);
  addPair(matrix + 240, b2, r0);
  addPair(matrix + 256, b2, r1);
  addPair(matrix + 272, b2, r2);
}

/** The same of 10 unknowns. */
export function addTen(matrix: usize, vector: usize, row: usize, weight: f64, value: f64): void {
  const values = f64x2.splat(value);
  const weights = f64x2.splat(weight);
  const r0 = v128.load(row);
  const r1 = v128.load(row, 16);
  const r2 = v128.load(row, 32);
  const r3 = v128.load(row, 48);
  const r4 = v128.load(row, 64);
  const w0 = f64x2.mul(weights, r0);
  addPair(vector, w0, values);
  const a0 = v128.shuffle<f64>(w0, w0, 0, 0);
  addPair(matrix, a0, r0);
  const b0 = v128.shuffle<f64>(w0, w0, 1, 1);
  addPair(matrix + 80, b0, r0);
  const w1 = f64x2.mul(weights, r1);
  addPair(vector + 16, w1, values);
  const a1 = v128.shuffle<f64>(w1, w1, 0, 0);
  addPair(matrix + 160, a1, r0);
  addPair(matrix + 176, a1, r1);
  const b1 = v128.shuffle<f64>(w1, w1, 1, 1);
  addPair(matrix + 240, b1, r0);
  addPair(matrix + 256, b1, r1);
  const w2 = f64x2.mul(weights, r2);
  addPair(vector + 32, w2, values);
  const a2 = v128.shuffle<f64>(w2, w2, 0, 0);
  addPair(matrix + 320, a2, r0);
  addPair(matrix + 336, a2, r1);
  addPair(matrix + 352, a2, r2);
  const b2 = v128.shuffle<f64>(w2, w2, 1, 1);
  addPair(matrix + 400, b2, r0);
  addPair(matrix + 416, b2, r1);
  addPair(matrix + 432, b2, r2);
  const w3 = f64x2.mul(weights, r3);
  addPair(vector + 48, w3, values);
  const a3 = v128.shuffle<f64>(w3, w3, 0, 0);
  addPair(matrix + 480, a3, r0);
  addPair(matrix + 496, a3, r1);
  addPair(matrix + 512, a3, r2);
  addPair(matrix + 528, a3, r3);
  const b3 = v128.shuffle<f64>(w3, w3, 1, 1);
  addPair(matrix + 560, b3, r0);
  addPair(matrix + 576, b3, r1);
  addPair(matrix + 592, b3, r2);
  addPair(matrix + 608, b3, r3);
  const w4 = f64x2.mul(weights, r4);
  addPair(vector + 64, w4, values);
  const a4 = v128.shuffle<f64>(w4, w4, 0, 0);
  addPair(matrix + 640, a4, r0);
  addPair(matrix + 656, a4, r1);
  addPair(matrix + 672, a4, r2);
  addPair(matrix + 688, a4, r3);
  addPair(matrix + 704, a4, r4);
  const b4 = v128.shuffle<f64>(w4, w4, 1, 1);
  addPair(matrix + 720, b4, r0);
  addPair(matrix + 736, b4, r1);
  addPair(matrix + 752, b4, r2);
  addPair(matrix + 768, b4, r3);
  addPair(matrix + 784, b4, r4);
}
