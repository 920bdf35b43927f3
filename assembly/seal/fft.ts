// Two-dimensional Fourier transform of square complex planes whose side is a power of two. The
// spectrum is left in bit-reversed order: products of spectra do not care, and the inverse expects
// it, so no permutation is ever made.
import { at, put, storeTransposed } from './plane';

export const MAX_SIDE: i32 = 128;
const cosines = memory.data(128 * 4);
const sines = memory.data(128 * 4);
let preparedSide: i32 = 0;

function prepare(side: i32): void {
  if (preparedSide == side) return;
  for (let i = 0; i < side; i++) {
    const angle = (2 * Math.PI * <f64>i) / <f64>side;
    put(cosines, i, <f32>Math.cos(angle));
    put(sines, i, <f32>Math.sin(angle));
  }
  preparedSide = side;
}

/** Transforms in place; the result is transposed and bit-reversed in both directions. */
export function forward(re: usize, im: usize, side: i32): void {
  prepare(side);
  forwardColumns(re, im, side);
  transpose(re, side);
  transpose(im, side);
  forwardColumns(re, im, side);
}

/** Undoes `forward`, times side * side. */
export function inverse(re: usize, im: usize, side: i32): void {
  prepare(side);
  inverseColumns(re, im, side);
  transpose(re, side);
  transpose(im, side);
  inverseColumns(re, im, side);
}

function forwardColumns(re: usize, im: usize, side: i32): void {
  let half = side >> 1;
  for (; half >= 2; half >>= 2) {
    const turn = side / (half << 1);
    const quarter = half >> 1;
    for (let block = 0; block < side; block += half << 1) {
      for (let j = 0; j < quarter; j++) splitTwice(re, im, side, block + j, quarter, j * turn);
    }
  }
  if (half == 0) return;
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  for (let block = 0; block < side; block += 2) split(re, im, side, block, block + 1, one, zero);
}

function inverseColumns(re: usize, im: usize, side: i32): void {
  let half = 1;
  if ((ctz<i32>(side) & 1) != 0) {
    const one = f32x4.splat(1);
    const zero = f32x4.splat(0);
    for (let block = 0; block < side; block += 2) join(re, im, side, block, block + 1, one, zero);
    half = 2;
  }
  for (; half < side; half <<= 2) {
    const turn = side / (half << 2);
    for (let block = 0; block < side; block += half << 2) {
      for (let j = 0; j < half; j++) joinTwice(re, im, side, block + j, half, j * turn);
    }
  }
}

/**
 * Two levels of `split` at once, on four rows `quarter` apart from `row` on. `turn` is the twiddle of
 * the first pair; the second pair's is a quarter turn on, the second level's twice as far.
 */
function splitTwice(re: usize, im: usize, side: i32, row: i32, quarter: i32, turn: i32): void {
  const stride = (<usize>side) << 2;
  const step = <usize>quarter * stride;
  const c = f32x4.splat(at(cosines, turn));
  const s = f32x4.splat(-at(sines, turn));
  const c1 = f32x4.splat(at(cosines, turn + (side >> 2)));
  const s1 = f32x4.splat(-at(sines, turn + (side >> 2)));
  const c2 = f32x4.splat(at(cosines, 2 * turn));
  const s2 = f32x4.splat(-at(sines, 2 * turn));
  let p = re + <usize>row * stride;
  let q = im + <usize>row * stride;
  for (const end = p + stride; p < end; p += 16, q += 16) {
    const ar = v128.load(p);
    const ai = v128.load(q);
    const br = v128.load(p + step);
    const bi = v128.load(q + step);
    const cr = v128.load(p + 2 * step);
    const ci = v128.load(q + 2 * step);
    const dr = v128.load(p + 3 * step);
    const di = v128.load(q + 3 * step);
    const acr = f32x4.add(ar, cr);
    const aci = f32x4.add(ai, ci);
    const bdr = f32x4.add(br, dr);
    const bdi = f32x4.add(bi, di);
    v128.store(p, f32x4.add(acr, bdr));
    v128.store(q, f32x4.add(aci, bdi));
    const er = f32x4.sub(acr, bdr);
    const ei = f32x4.sub(aci, bdi);
    v128.store(p + step, f32x4.sub(f32x4.mul(er, c2), f32x4.mul(ei, s2)));
    v128.store(q + step, f32x4.add(f32x4.mul(er, s2), f32x4.mul(ei, c2)));
    const fr = f32x4.sub(ar, cr);
    const fi = f32x4.sub(ai, ci);
    const gr = f32x4.sub(br, dr);
    const gi = f32x4.sub(bi, di);
    const ur = f32x4.sub(f32x4.mul(fr, c), f32x4.mul(fi, s));
    const ui = f32x4.add(f32x4.mul(fr, s), f32x4.mul(fi, c));
    const vr = f32x4.sub(f32x4.mul(gr, c1), f32x4.mul(gi, s1));
    const vi = f32x4.add(f32x4.mul(gr, s1), f32x4.mul(gi, c1));
    v128.store(p + 2 * step, f32x4.add(ur, vr));
    v128.store(q + 2 * step, f32x4.add(ui, vi));
    const hr = f32x4.sub(ur, vr);
    const hi = f32x4.sub(ui, vi);
    v128.store(p + 3 * step, f32x4.sub(f32x4.mul(hr, c2), f32x4.mul(hi, s2)));
    v128.store(q + 3 * step, f32x4.add(f32x4.mul(hr, s2), f32x4.mul(hi, c2)));
  }
}

/** Two levels of `join` at once, on four rows `half` apart: undoes `splitTwice`, times four. */
function joinTwice(re: usize, im: usize, side: i32, row: i32, half: i32, turn: i32): void {
  const stride = (<usize>side) << 2;
  const step = <usize>half * stride;
  const c = f32x4.splat(at(cosines, turn));
  const s = f32x4.splat(at(sines, turn));
  const c1 = f32x4.splat(at(cosines, turn + (side >> 2)));
  const s1 = f32x4.splat(at(sines, turn + (side >> 2)));
  const c2 = f32x4.splat(at(cosines, 2 * turn));
  const s2 = f32x4.splat(at(sines, 2 * turn));
  let p = re + <usize>row * stride;
  let q = im + <usize>row * stride;
  for (const end = p + stride; p < end; p += 16, q += 16) {
    const xr = v128.load(p + step);
    const xi = v128.load(q + step);
    const br = f32x4.sub(f32x4.mul(xr, c2), f32x4.mul(xi, s2));
    const bi = f32x4.add(f32x4.mul(xr, s2), f32x4.mul(xi, c2));
    const yr = v128.load(p + 3 * step);
    const yi = v128.load(q + 3 * step);
    const dr = f32x4.sub(f32x4.mul(yr, c2), f32x4.mul(yi, s2));
    const di = f32x4.add(f32x4.mul(yr, s2), f32x4.mul(yi, c2));
    const ar = v128.load(p);
    const ai = v128.load(q);
    const cr = v128.load(p + 2 * step);
    const ci = v128.load(q + 2 * step);
    const er = f32x4.add(ar, br);
    const ei = f32x4.add(ai, bi);
    const fr = f32x4.sub(ar, br);
    const fi = f32x4.sub(ai, bi);
    const gr = f32x4.add(cr, dr);
    const gi = f32x4.add(ci, di);
    const hr = f32x4.sub(cr, dr);
    const hi = f32x4.sub(ci, di);
    const ur = f32x4.sub(f32x4.mul(gr, c), f32x4.mul(gi, s));
    const ui = f32x4.add(f32x4.mul(gr, s), f32x4.mul(gi, c));
    const vr = f32x4.sub(f32x4.mul(hr, c1), f32x4.mul(hi, s1));
    const vi = f32x4.add(f32x4.mul(hr, s1), f32x4.mul(hi, c1));
    v128.store(p, f32x4.add(er, ur));
    v128.store(q, f32x4.add(ei, ui));
    v128.store(p + 2 * step, f32x4.sub(er, ur));
    v128.store(q + 2 * step, f32x4.sub(ei, ui));
    v128.store(p + step, f32x4.add(fr, vr));
    v128.store(q + step, f32x4.add(fi, vi));
    v128.store(p + 3 * step, f32x4.sub(fr, vr));
    v128.store(q + 3 * step, f32x4.sub(fi, vi));
  }
}

/** Decimation in frequency on two rows: (a, b) becomes (a + b, (a - b) w). */
function split(re: usize, im: usize, side: i32, rowA: i32, rowB: i32, c: v128, s: v128): void {
  const stride = (<usize>side) << 2;
  const a = <usize>rowA * stride;
  const b = <usize>rowB * stride;
  for (let x: usize = 0; x < stride; x += 16) {
    const ar = v128.load(re + a + x);
    const ai = v128.load(im + a + x);
    const br = v128.load(re + b + x);
    const bi = v128.load(im + b + x);
    v128.store(re + a + x, f32x4.add(ar, br));
    v128.store(im + a + x, f32x4.add(ai, bi));
    const dr = f32x4.sub(ar, br);
    const di = f32x4.sub(ai, bi);
    v128.store(re + b + x, f32x4.sub(f32x4.mul(dr, c), f32x4.mul(di, s)));
    v128.store(im + b + x, f32x4.add(f32x4.mul(dr, s), f32x4.mul(di, c)));
  }
}

/** Decimation in time on two rows: (a, b) becomes (a + b w, a - b w). */
function join(re: usize, im: usize, side: i32, rowA: i32, rowB: i32, c: v128, s: v128): void {
  const stride = (<usize>side) << 2;
  const a = <usize>rowA * stride;
  const b = <usize>rowB * stride;
  for (let x: usize = 0; x < stride; x += 16) {
    const ar = v128.load(re + a + x);
    const ai = v128.load(im + a + x);
    const xr = v128.load(re + b + x);
    const xi = v128.load(im + b + x);
    const br = f32x4.sub(f32x4.mul(xr, c), f32x4.mul(xi, s));
    const bi = f32x4.add(f32x4.mul(xr, s), f32x4.mul(xi, c));
    v128.store(re + a + x, f32x4.add(ar, br));
    v128.store(im + a + x, f32x4.add(ai, bi));
    v128.store(re + b + x, f32x4.sub(ar, br));
    v128.store(im + b + x, f32x4.sub(ai, bi));
  }
}

/** Transposes a plane in place, four by four values at a time; its side is a multiple of four. */
export function transpose(plane: usize, side: i32): void {
  const stride = (<usize>side) << 2;
  for (let y: usize = 0; y < <usize>side; y += 4) {
    const diagonal = plane + y * stride + (y << 2);
    exchange(diagonal, diagonal, stride);
    for (let x = y + 4; x < <usize>side; x += 4) {
      exchange(plane + y * stride + (x << 2), plane + x * stride + (y << 2), stride);
    }
  }
}

/** Puts the transpose of each of two blocks in the other's place; they may be the same. */
function exchange(p: usize, q: usize, stride: usize): void {
  const p0 = v128.load(p);
  const p1 = v128.load(p + stride);
  const p2 = v128.load(p + 2 * stride);
  const p3 = v128.load(p + 3 * stride);
  const q0 = v128.load(q);
  const q1 = v128.load(q + stride);
  const q2 = v128.load(q + 2 * stride);
  const q3 = v128.load(q + 3 * stride);
  storeTransposed(q, stride, p0, p1, p2, p3);
  storeTransposed(p, stride, q0, q1, q2, q3);
}
