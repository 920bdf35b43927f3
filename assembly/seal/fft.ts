// Two-dimensional Fourier transform of square complex planes whose side is a power of two. The
// spectrum is left in bit-reversed order: products of spectra do not care, and the inverse expects
// it, so no permutation is ever made.
import { at, put } from './plane';

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
  for (let half = side >> 1; half >= 1; half >>= 1) {
    const turn = side / (half << 1);
    for (let block = 0; block < side; block += half << 1) {
      for (let j = 0; j < half; j++) {
        const c = f32x4.splat(at(cosines, j * turn));
        const s = f32x4.splat(-at(sines, j * turn));
        split(re, im, side, block + j, block + j + half, c, s);
      }
    }
  }
}

function inverseColumns(re: usize, im: usize, side: i32): void {
  for (let half = 1; half < side; half <<= 1) {
    const turn = side / (half << 1);
    for (let block = 0; block < side; block += half << 1) {
      for (let j = 0; j < half; j++) {
        const c = f32x4.splat(at(cosines, j * turn));
        const s = f32x4.splat(at(sines, j * turn));
        join(re, im, side, block + j, block + j + half, c, s);
      }
    }
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

/** Four by four values at a time; every side is a multiple of four. */
function transpose(plane: usize, side: i32): void {
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

function storeTransposed(to: usize, stride: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
  v128.store(to + stride, v128.shuffle<f64>(ab0, cd0, 1, 3));
  v128.store(to + 2 * stride, v128.shuffle<f64>(ab1, cd1, 0, 2));
  v128.store(to + 3 * stride, v128.shuffle<f64>(ab1, cd1, 1, 3));
}
