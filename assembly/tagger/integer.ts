// Products of int8 weights and 14-bit activations in whole numbers: the sums are exact, so the
// result is the same on every machine and in every order.

/** Activations are scaled to within this, so that 400 products with 127 fit in 31 bits. */
export const UNIT: f32 = 8191;

/**
 * Widens a matrix [inner][columns] of int8 to pairs of rows, [inner / 2][columns][2] of int16, as
 * `i32x4.dot_i16x8_s` takes them. An odd last row is paired with zeros.
 */
export function widen(inner: i32, columns: i32, from: usize, to: usize): void {
  for (let k: i32 = 0; k < inner; k += 2) {
    const upper = from + <usize>(k * columns);
    const lower = upper + <usize>columns;
    const hasLower = k + 1 < inner;
    for (let j: usize = 0; j < <usize>columns; j++) {
      store<i16>(to, <i16>load<i8>(upper + j));
      store<i16>(to + 2, hasLower ? <i16>load<i8>(lower + j) : 0);
      to += 4;
    }
  }
}

/** Scales `count` floats (a multiple of 8) by `factor`, rounds to int16. */
export function quantise(count: i32, from: usize, factor: f32, to: usize): void {
  const f = f32x4.splat(factor);
  for (let i: i32 = 0; i < count; i += 8) {
    const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(from), f)));
    const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(from, 16), f)));
    v128.store(to, i16x8.narrow_i32x4_s(low, high));
    from += 32;
    to += 16;
  }
}

/** The largest magnitude among `count` floats, a multiple of 4; 1e-9 at least. */
export function largest(count: i32, from: usize): f32 {
  let top = f32x4.splat(1e-9);
  for (let i: i32 = 0; i < count; i += 4) {
    top = f32x4.max(top, f32x4.abs(v128.load(from)));
    from += 16;
  }
  return max(
    max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1)),
    max(f32x4.extract_lane(top, 2), f32x4.extract_lane(top, 3)),
  );
}

function finish(sum: v128, scale: f32, scales: usize, bias: usize, to: usize): void {
  const factor = f32x4.mul(f32x4.splat(scale), v128.load(scales));
  v128.store(to, f32x4.add(v128.load(bias), f32x4.mul(f32x4.convert_i32x4_s(sum), factor)));
}

/**
 * Y[t][j] = bias[j] + X[t] . W[j], four rows at a time: `rows` is rounded up to a multiple of 4 and
 * the buffers hold as many. `xs` and `ys` are row strides in bytes; `rowScales` has the size of one
 * unit of each row of X, `scales` that of each column of W; `pairs` is half the inner size.
 */
export function multiply(
  rows: i32,
  pairs: i32,
  columns: i32,
  x: usize,
  xs: usize,
  rowScales: usize,
  w: usize,
  scales: usize,
  bias: usize,
  y: usize,
  ys: usize,
): void {
  const stride = (<usize>columns) << 2;
  for (let t: i32 = 0; t < rows; t += 4) {
    for (let j: usize = 0; j < <usize>columns; j += 8) {
      tile(
        pairs,
        x,
        xs,
        rowScales,
        w + (j << 2),
        stride,
        scales + (j << 2),
        bias + (j << 2),
        y + (j << 2),
        ys,
      );
    }
    x += xs << 2;
    y += ys << 2;
    rowScales += 16;
  }
}

function tile(
  pairs: i32,
  x: usize,
  xs: usize,
  rowScales: usize,
  w: usize,
  stride: usize,
  scales: usize,
  bias: usize,
  y: usize,
  ys: usize,
): void {
  let a0 = i32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let d0 = a0;
  let d1 = a0;
  let x1 = x + xs;
  let x2 = x1 + xs;
  let x3 = x2 + xs;
  for (let k: i32 = 0; k < pairs; k++) {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    let s = v128.load32_splat(x);
    a0 = i32x4.add(a0, i32x4.dot_i16x8_s(s, w0));
    a1 = i32x4.add(a1, i32x4.dot_i16x8_s(s, w1));
    s = v128.load32_splat(x1);
    b0 = i32x4.add(b0, i32x4.dot_i16x8_s(s, w0));
    b1 = i32x4.add(b1, i32x4.dot_i16x8_s(s, w1));
    s = v128.load32_splat(x2);
    c0 = i32x4.add(c0, i32x4.dot_i16x8_s(s, w0));
    c1 = i32x4.add(c1, i32x4.dot_i16x8_s(s, w1));
    s = v128.load32_splat(x3);
    d0 = i32x4.add(d0, i32x4.dot_i16x8_s(s, w0));
    d1 = i32x4.add(d1, i32x4.dot_i16x8_s(s, w1));
    x += 4;
    x1 += 4;
    x2 += 4;
    x3 += 4;
    w += stride;
  }
  finish(a0, load<f32>(rowScales), scales, bias, y);
  finish(a1, load<f32>(rowScales), scales + 16, bias + 16, y + 16);
  y += ys;
  finish(b0, load<f32>(rowScales, 4), scales, bias, y);
  finish(b1, load<f32>(rowScales, 4), scales + 16, bias + 16, y + 16);
  y += ys;
  finish(c0, load<f32>(rowScales, 8), scales, bias, y);
  finish(c1, load<f32>(rowScales, 8), scales + 16, bias + 16, y + 16);
  y += ys;
  finish(d0, load<f32>(rowScales, 12), scales, bias, y);
  finish(d1, load<f32>(rowScales, 12), scales + 16, bias + 16, y + 16);
}

/** `multiply` for one row, thirty-two columns at a time. `columns` is a multiple of 32. */
export function multiplyRow(
  pairs: i32,
  columns: i32,
  x: usize,
  scale: f32,
  w: usize,
  scales: usize,
  bias: usize,
  y: usize,
): void {
  const stride = (<usize>columns) << 2;
  for (let j: i32 = 0; j < columns; j += 32) {
    let s0 = i32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let s4 = s0;
    let s5 = s0;
    let s6 = s0;
    let s7 = s0;
    let from = x;
    let at = w;
    for (let k: i32 = 0; k < pairs; k++) {
      const s = v128.load32_splat(from);
      s0 = i32x4.add(s0, i32x4.dot_i16x8_s(s, v128.load(at)));
      s1 = i32x4.add(s1, i32x4.dot_i16x8_s(s, v128.load(at, 16)));
      s2 = i32x4.add(s2, i32x4.dot_i16x8_s(s, v128.load(at, 32)));
      s3 = i32x4.add(s3, i32x4.dot_i16x8_s(s, v128.load(at, 48)));
      s4 = i32x4.add(s4, i32x4.dot_i16x8_s(s, v128.load(at, 64)));
      s5 = i32x4.add(s5, i32x4.dot_i16x8_s(s, v128.load(at, 80)));
      s6 = i32x4.add(s6, i32x4.dot_i16x8_s(s, v128.load(at, 96)));
      s7 = i32x4.add(s7, i32x4.dot_i16x8_s(s, v128.load(at, 112)));
      from += 4;
      at += stride;
    }
    finish(s0, scale, scales, bias, y);
    finish(s1, scale, scales + 16, bias + 16, y + 16);
    finish(s2, scale, scales + 32, bias + 32, y + 32);
    finish(s3, scale, scales + 48, bias + 48, y + 48);
    finish(s4, scale, scales + 64, bias + 64, y + 64);
    finish(s5, scale, scales + 80, bias + 80, y + 80);
    finish(s6, scale, scales + 96, bias + 96, y + 96);
    finish(s7, scale, scales + 112, bias + 112, y + 112);
    w += 128;
    scales += 128;
    bias += 128;
    y += 128;
  }
}
