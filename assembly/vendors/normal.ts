// Normal equations of a fit, added up point by point, two f64 at a time. Written out for each pair of
// rows, since these sums are what a fit spends its time on.

/** Adds a multiple of two numbers to two others. */
function addPair(to: usize, factor: v128, pair: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.mul(factor, pair)));
}

/** Adds to two rows of a matrix, in columns `at` / 8 and the next, the products of two weighted numbers with two more. */
function addBlock(rows: usize, stride: usize, at: usize, weighted: v128, pair: v128): void {
  addPair(rows + at, v128.shuffle<f64>(weighted, weighted, 0, 0), pair);
  addPair(rows + stride + at, v128.shuffle<f64>(weighted, weighted, 1, 1), pair);
}

/**
 * Adds one point's equation of 4, 6, 8 or 10 unknowns, times `weight`; above the matrix's diagonal lies
 * anything.
 */
export function addEquation(
  matrix: usize,
  vector: usize,
  row: usize,
  size: i32,
  weight: f64,
  value: f64,
): void {
  const stride = (<usize>size) << 3;
  const values = f64x2.splat(value);
  const weights = f64x2.splat(weight);
  const r0 = v128.load(row);
  const w0 = f64x2.mul(weights, r0);
  addPair(vector, w0, values);
  addBlock(matrix, stride, 0, w0, r0);
  const r1 = v128.load(row, 16);
  const w1 = f64x2.mul(weights, r1);
  const second = matrix + 2 * stride;
  addPair(vector + 16, w1, values);
  addBlock(second, stride, 0, w1, r0);
  addBlock(second, stride, 16, w1, r1);
  if (size < 6) return;
  const r2 = v128.load(row, 32);
  const w2 = f64x2.mul(weights, r2);
  const third = matrix + 4 * stride;
  addPair(vector + 32, w2, values);
  addBlock(third, stride, 0, w2, r0);
  addBlock(third, stride, 16, w2, r1);
  addBlock(third, stride, 32, w2, r2);
  if (size < 8) return;
  const r3 = v128.load(row, 48);
  const w3 = f64x2.mul(weights, r3);
  const fourth = matrix + 6 * stride;
  addPair(vector + 48, w3, values);
  addBlock(fourth, stride, 0, w3, r0);
  addBlock(fourth, stride, 16, w3, r1);
  addBlock(fourth, stride, 32, w3, r2);
  addBlock(fourth, stride, 48, w3, r3);
  if (size < 10) return;
  const r4 = v128.load(row, 64);
  const w4 = f64x2.mul(weights, r4);
  const fifth = matrix + 8 * stride;
  addPair(vector + 64, w4, values);
  addBlock(fifth, stride, 0, w4, r0);
  addBlock(fifth, stride, 16, w4, r1);
  addBlock(fifth, stride, 32, w4, r2);
  addBlock(fifth, stride, 48, w4, r3);
  addBlock(fifth, stride, 64, w4, r4);
}
