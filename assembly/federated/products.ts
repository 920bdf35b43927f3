// Products of tall matrices, exact mod 2^32: rows are persons, columns features. Matrices are i32,
// row by row; a row takes `stride` numbers, a multiple of 4, of which those behind the last column
// are 0 or masks that nobody reads.

/** out[c] += sum over eight rows of v[r] * m[r][c] */
function addEightRows(m: usize, v: usize, step: usize, out: usize, stride: i32): void {
  const line = (<usize>stride) << 2;
  const v0 = v128.load32_splat(v);
  const v1 = v128.load32_splat(v + step);
  const v2 = v128.load32_splat(v + 2 * step);
  const v3 = v128.load32_splat(v + 3 * step);
  const v4 = v128.load32_splat(v + 4 * step);
  const v5 = v128.load32_splat(v + 5 * step);
  const v6 = v128.load32_splat(v + 6 * step);
  const v7 = v128.load32_splat(v + 7 * step);
  const end = m + line;
  for (; m < end; m += 16, out += 16) {
    let sum = i32x4.add(v128.load(out), i32x4.mul(v0, v128.load(m)));
    sum = i32x4.add(sum, i32x4.mul(v1, v128.load(m + line)));
    sum = i32x4.add(sum, i32x4.mul(v2, v128.load(m + 2 * line)));
    sum = i32x4.add(sum, i32x4.mul(v3, v128.load(m + 3 * line)));
    sum = i32x4.add(sum, i32x4.mul(v4, v128.load(m + 4 * line)));
    sum = i32x4.add(sum, i32x4.mul(v5, v128.load(m + 5 * line)));
    sum = i32x4.add(sum, i32x4.mul(v6, v128.load(m + 6 * line)));
    sum = i32x4.add(sum, i32x4.mul(v7, v128.load(m + 7 * line)));
    v128.store(out, sum);
  }
}

function addOneRow(m: usize, v: usize, out: usize, stride: i32): void {
  const factor = v128.load32_splat(v);
  const end = m + ((<usize>stride) << 2);
  for (; m < end; m += 16, out += 16) {
    v128.store(out, i32x4.add(v128.load(out), i32x4.mul(factor, v128.load(m))));
  }
}

/** out[c] += sum over r of m[r][c] * v[r]: the transpose of `m` times the vector `v` of `rows`. */
export function transposedProduct(m: usize, v: usize, out: usize, rows: i32, stride: i32): void {
  crossProduct(v, 1, 1, m, stride, out, rows);
}

/**
 * out[i][c] += sum over r of a[r][i] * m[r][c], for `columns` columns of `a` whose rows take
 * `aStride` numbers; a row of `out` takes `stride` numbers.
 */
export function crossProduct(
  a: usize,
  columns: i32,
  aStride: i32,
  m: usize,
  stride: i32,
  out: usize,
  rows: i32,
): void {
  const line = (<usize>stride) << 2;
  const step = (<usize>aStride) << 2;
  const whole = rows & ~7;
  for (let r = 0; r < whole; r += 8) {
    for (let i = 0; i < columns; i++) {
      addEightRows(m, a + ((<usize>i) << 2), step, out + <usize>i * line, stride);
    }
    m += 8 * line;
    a += 8 * step;
  }
  for (let r = whole; r < rows; r++) {
    for (let i = 0; i < columns; i++) {
      addOneRow(m, a + ((<usize>i) << 2), out + <usize>i * line, stride);
    }
    m += line;
    a += step;
  }
}

/** masks[i] = columns[i] - masks[i]: a matrix of bits (u8, row by row) hidden by uniform words. */
export function maskMatrix(bits: usize, masks: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    const four = v128.load32_zero(bits + i);
    const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(four));
    const at = masks + ((<usize>i) << 2);
    v128.store(at, i32x4.sub(wide, v128.load(at)));
  }
}

/**
 * out[i][j] = number of rows in which the columns i and j are both 1. Columns are packed bits, each
 * `bytes` long, a multiple of 16; out is u32, symmetric.
 */
export function bitGram(packed: usize, columns: i32, bytes: i32, out: usize): void {
  for (let i = 0; i < columns; i++) {
    const a = packed + <usize>i * bytes;
    for (let j = 0; j <= i; j++) {
      const b = packed + <usize>j * bytes;
      let count = i32x4.splat(0);
      for (let at: usize = 0; at < <usize>bytes; at += 16) {
        const both = i8x16.popcnt(v128.and(v128.load(a + at), v128.load(b + at)));
        const pairs = i16x8.extadd_pairwise_i8x16_u(both);
        count = i32x4.add(count, i32x4.extadd_pairwise_i16x8_u(pairs));
      }
      const sum =
        i32x4.extract_lane(count, 0) +
        i32x4.extract_lane(count, 1) +
        i32x4.extract_lane(count, 2) +
        i32x4.extract_lane(count, 3);
      store<i32>(out + ((<usize>i * columns + j) << 2), sum);
      store<i32>(out + ((<usize>j * columns + i) << 2), sum);
    }
  }
}
