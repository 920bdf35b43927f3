// Normal equations of a fit, added up point by point: rows of an even number of f64, read in pairs.

/** Adds a multiple of the first `pairs` pairs of a row. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addPairs(to: usize, row: usize, factor: v128, pairs: i32): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.mul(factor, v128.load(row))));
  if (pairs < 2) return;
  v128.store(to, f64x2.add(v128.load(to, 16), f64x2.mul(factor, v128.load(row, 16))), 16);
  if (pairs < 3) return;
  v128.store(to, f64x2.add(v128.load(to, 32), f64x2.mul(factor, v128.load(row, 32))), 32);
  if (pairs < 4) return;
  v128.store(to, f64x2.add(v128.load(to, 48), f64x2.mul(factor, v128.load(row, 48))), 48);
  if (pairs < 5) return;
  v128.store(to, f64x2.add(v128.load(to, 64), f64x2.mul(factor, v128.load(row, 64))), 64);
}

/** Columns k and k + 1 of one point's equation; the matrix has `bytes` a row. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function addTwo(
  matrix: usize,
  vector: usize,
  row: usize,
  weights: v128,
  values: v128,
  k: i32,
  bytes: usize,
): void {
  const both = f64x2.mul(weights, v128.load(row + ((<usize>k) << 3)));
  const right = vector + ((<usize>k) << 3);
  v128.store(right, f64x2.add(v128.load(right), f64x2.mul(both, values)));
  const to = matrix + <usize>k * bytes;
  const pairs = (k >> 1) + 1;
  addPairs(to, row, v128.shuffle<f64>(both, both, 0, 0), pairs);
  addPairs(to + bytes, row, v128.shuffle<f64>(both, both, 1, 1), pairs);
}

/** Adds one point's equation of 6 unknowns; above the matrix's diagonal lies anything. */
export function addSix(
  matrix: usize,
  vector: usize,
  row: usize,
  weight: f64,
  value: f64,
): void {
  const weights = f64x2.splat(weight);
  const values = f64x2.splat(value);
  addTwo(matrix, vector, row, weights, values, 0, 48);
  addTwo(matrix, vector, row, weights, values, 2, 48);
  addTwo(matrix, vector, row, weights, values, 4, 48);
}

/** The same of 10 unknowns. */
export function addTen(
  matrix: usize,
  vector: usize,
  row: usize,
  weight: f64,
  value: f64,
): void {
  const weights = f64x2.splat(weight);
  const values = f64x2.splat(value);
  addTwo(matrix, vector, row, weights, values, 0, 80);
  addTwo(matrix, vector, row, weights, values, 2, 80);
  addTwo(matrix, vector, row, weights, values, 4, 80);
  addTwo(matrix, vector, row, weights, values, 6, 80);
  addTwo(matrix, vector, row, weights, values, 8, 80);
}
