// Symmetric positive definite systems by Cholesky, in f64.
import { doubleAt, putDouble } from '../shared/doubles';

/**
 * Solves `matrix` x = `vector` for `size` unknowns; only the lower triangle is read. Both are
 * overwritten, `vector` with the solution. A pivot that is not positive counts as a very stiff one,
 * so the solution stays finite.
 */
export function solve(matrix: usize, vector: usize, size: i32): void {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = doubleAt(matrix, i * size + j);
      for (let k = 0; k < j; k++)
        sum -= doubleAt(matrix, i * size + k) * doubleAt(matrix, j * size + k);
      if (i == j) putDouble(matrix, i * size + i, Math.sqrt(sum > 1e-12 ? sum : 1e12));
      else putDouble(matrix, i * size + j, sum / doubleAt(matrix, j * size + j));
    }
  }
  for (let i = 0; i < size; i++) {
    let sum = doubleAt(vector, i);
    for (let k = 0; k < i; k++) sum -= doubleAt(matrix, i * size + k) * doubleAt(vector, k);
    putDouble(vector, i, sum / doubleAt(matrix, i * size + i));
  }
  for (let i = size - 1; i >= 0; i--) {
    let sum = doubleAt(vector, i);
    for (let k = i + 1; k < size; k++) sum -= doubleAt(matrix, k * size + i) * doubleAt(vector, k);
    putDouble(vector, i, sum / doubleAt(matrix, i * size + i));
  }
}
