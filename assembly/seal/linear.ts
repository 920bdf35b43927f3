// Symmetric positive definite systems by Cholesky, in f64.

function get(matrix: usize, index: i32): f64 {
  return load<f64>(matrix + ((<usize>index) << 3));
}

function set(matrix: usize, index: i32, value: f64): void {
  store<f64>(matrix + ((<usize>index) << 3), value);
}

/**
 * Solves `matrix` x = `vector` for `size` unknowns; only the lower triangle is read. Both are
 * overwritten, `vector` with the solution. A pivot that is not positive counts as a very stiff one,
 * so the solution stays finite.
 */
export function solve(matrix: usize, vector: usize, size: i32): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = get(matrix, i * size + j);
      for (let k = 0; k < j; k++) sum -= get(matrix, i * size + k) * get(matrix, j * size + k);
      if (i == j) set(matrix, i * size + i, Math.sqrt(sum > 1e-12 ? sum : 1e12));
      else set(matrix, i * size + j, sum / get(matrix, j * size + j));
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = get(vector, i);
    for (let k = 0; k < i; k++) sum -= get(matrix, i * size + k) * get(vector, k);
    set(vector, i, sum / get(matrix, i * size + i));
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = get(vector, i);
    for (let k = i + 1; k < size; k++) sum -= get(matrix, k * size + i) * get(vector, k);
    set(vector, i, sum / get(matrix, i * size + i));
  }
}
