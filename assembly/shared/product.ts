// The one matrix product from which every layer's forward and backward pass is made.

/**
 * C[i][j] += sum over p of A[i][p] * B[p][j], all f32. `ai` and `ap` are the strides of A in bytes
 * from row to row and from column to column, so a transposed matrix is the same matrix with the
 * two exchanged; `bp` and `ci` are the row strides of B and C. Rows of A or C may overlap as a
 * convolution's windows do, by whole multiples of 32 bytes at least. `columns` is a multiple of 8.
 */
export function product(
  rows: i32,
  inner: i32,
  columns: i32,
  a: usize,
  ai: usize,
  ap: usize,
  b: usize,
  bp: usize,
  c: usize,
  ci: usize,
): void {
  if (rows == 1) {
    productRow(inner, columns, a, ap, b, bp, c);
    return;
  }
  for (let j: i32 = 0; j < columns; j += 8) {
    const bj = b + ((<usize>j) << 2);
    let cj = c + ((<usize>j) << 2);
    let ar = a;
    let i: i32 = 0;
    for (; i + 4 <= rows; i += 4) {
      tile4(inner, ar, ai, ap, bj, bp, cj, ci);
      ar += ai << 2;
      cj += ci << 2;
    }
    for (; i < rows; i++) {
      productEight(inner, ar, ap, bj, bp, cj);
      ar += ai;
      cj += ci;
    }
  }
}

function productEight(inner: i32, a: usize, ap: usize, b: usize, bp: usize, c: usize): void {
  let c0 = v128.load(c);
  let c1 = v128.load(c, 16);
  for (let p: i32 = 0; p < inner; p++) {
    const s = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(s, v128.load(b)));
    c1 = f32x4.add(c1, f32x4.mul(s, v128.load(b, 16)));
    a += ap;
    b += bp;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** One row: thirty-two columns at a time, because a chain of additions waits for itself. */
function productRow(
  inner: i32,
  columns: i32,
  a: usize,
  ap: usize,
  b: usize,
  bp: usize,
  c: usize,
): void {
  let j: i32 = 0;
  for (; j + 32 <= columns; j += 32) {
    let c0 = v128.load(c);
    let c1 = v128.load(c, 16);
    let c2 = v128.load(c, 32);
    let c3 = v128.load(c, 48);
    let c4 = v128.load(c, 64);
    let c5 = v128.load(c, 80);
    let c6 = v128.load(c, 96);
    let c7 = v128.load(c, 112);
    let x = a;
    let y = b;
    for (let p: i32 = 0; p < inner; p++) {
      const s = v128.load32_splat(x);
      c0 = f32x4.add(c0, f32x4.mul(s, v128.load(y)));
      c1 = f32x4.add(c1, f32x4.mul(s, v128.load(y, 16)));
      c2 = f32x4.add(c2, f32x4.mul(s, v128.load(y, 32)));
      c3 = f32x4.add(c3, f32x4.mul(s, v128.load(y, 48)));
      c4 = f32x4.add(c4, f32x4.mul(s, v128.load(y, 64)));
      c5 = f32x4.add(c5, f32x4.mul(s, v128.load(y, 80)));
      c6 = f32x4.add(c6, f32x4.mul(s, v128.load(y, 96)));
      c7 = f32x4.add(c7, f32x4.mul(s, v128.load(y, 112)));
      x += ap;
      y += bp;
    }
    v128.store(c, c0);
    v128.store(c, c1, 16);
    v128.store(c, c2, 32);
    v128.store(c, c3, 48);
    v128.store(c, c4, 64);
    v128.store(c, c5, 80);
    v128.store(c, c6, 96);
    v128.store(c, c7, 112);
    b += 128;
    c += 128;
  }
  for (; j < columns; j += 8) {
    productEight(inner, a, ap, b, bp, c);
    b += 32;
    c += 32;
  }
}

/** Four rows by eight columns, held in registers over the whole inner loop. */
function tile4(
  inner: i32,
  a: usize,
  ai: usize,
  ap: usize,
  b: usize,
  bp: usize,
  c: usize,
  ci: usize,
): void {
  let r00 = f32x4.splat(0);
  let r01 = r00;
  let r10 = r00;
  let r11 = r00;
  let r20 = r00;
  let r21 = r00;
  let r30 = r00;
  let r31 = r00;
  let a0 = a;
  let a1 = a0 + ai;
  let a2 = a1 + ai;
  let a3 = a2 + ai;
  let y = b;
  for (let p: i32 = 0; p < inner; p++) {
    const b0 = v128.load(y);
    const b1 = v128.load(y, 16);
    let s = v128.load32_splat(a0);
    r00 = f32x4.add(r00, f32x4.mul(s, b0));
    r01 = f32x4.add(r01, f32x4.mul(s, b1));
    s = v128.load32_splat(a1);
    r10 = f32x4.add(r10, f32x4.mul(s, b0));
    r11 = f32x4.add(r11, f32x4.mul(s, b1));
    s = v128.load32_splat(a2);
    r20 = f32x4.add(r20, f32x4.mul(s, b0));
    r21 = f32x4.add(r21, f32x4.mul(s, b1));
    s = v128.load32_splat(a3);
    r30 = f32x4.add(r30, f32x4.mul(s, b0));
    r31 = f32x4.add(r31, f32x4.mul(s, b1));
    a0 += ap;
    a1 += ap;
    a2 += ap;
    a3 += ap;
    y += bp;
  }
  // One row after the other: overlapping rows must each see what the last one added.
  addTo(c, r00, r01);
  addTo(c + ci, r10, r11);
  addTo(c + (ci << 1), r20, r21);
  addTo(c + (ci << 1) + ci, r30, r31);
}

function addTo(c: usize, low: v128, high: v128): void {
  v128.store(c, f32x4.add(v128.load(c), low));
  v128.store(c, f32x4.add(v128.load(c, 16), high), 16);
}

/** Writes the transpose of A[rows][columns] to B[columns][rows]. */
export function transpose(rows: i32, columns: i32, a: usize, b: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: i32 = 0; j < columns; j++) {
      store<f32>(b + ((<usize>(j * rows + i)) << 2), load<f32>(a));
      a += 4;
    }
  }
}

/** Sets every row of C to the bias. */
export function setRows(rows: i32, columns: i32, bias: usize, c: usize, ci: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    memory.copy(c, bias, (<usize>columns) << 2);
    c += ci;
  }
}

/** Adds the sum of the rows of D to `sum`: the gradient of a bias. */
export function addRows(rows: i32, columns: i32, d: usize, di: usize, sum: usize): void {
  for (let i: i32 = 0; i < rows; i++) {
    for (let j: usize = 0; j < (<usize>columns) << 2; j += 16) {
      v128.store(sum + j, f32x4.add(v128.load(sum + j), v128.load(d + j)));
    }
    d += di;
  }
}
