// Chamfer distances (G. Borgefors, Distance transformations in digital images, 1986): two passes over a
// plane, each row lowered by its neighbour and then along itself.
import { at, put } from './plane';

/** Steps of the chamfer distance: to a neighbour beside, and to one at the corner. */
const NEAR: f32 = 0.955;
const DIAGONAL: f32 = 1.3693;

/**
 * Chamfer distance in pixels from each pixel to the nearest one whose byte in `mask` is 0 (0 there).
 * `outside` tells whether what lies beyond the edges counts as such a pixel.
 */
export function distance(mask: usize, to: usize, width: i32, height: i32, outside: bool): void {
  const far: f32 = 1e6;
  const fars = f32x4.splat(far);
  for (let p: usize = 0; p < <usize>(width * height); p += 4) {
    const halves = i16x8.extend_low_i8x16_u(v128.load32_zero(mask + p));
    const isPaper = i32x4.eq(i32x4.extend_low_i16x8_u(halves), i32x4.splat(0));
    v128.store(to + (p << 2), v128.andnot(fars, isPaper));
  }
  if (outside) {
    for (let x = 0; x < width; x++) {
      beside(to, x);
      beside(to, (height - 1) * width + x);
    }
    for (let y = 0; y < height; y++) {
      beside(to, y * width);
      beside(to, y * width + width - 1);
    }
  }
  chamfer(to, width, height, 1);
}

function beside(to: usize, p: i32): void {
  put(to, p, min<f32>(NEAR, at(to, p)));
}

/**
 * Lowers every value of a plane to the least of each other pixel's plus the chamfer distance between
 * them, times `unit`.
 */
export function chamfer(to: usize, width: i32, height: i32, unit: f32): void {
  const stride = (<usize>width) << 2;
  const near = NEAR * unit;
  const diagonal = DIAGONAL * unit;
  spreadRight(to, width, near);
  for (let y = 1; y < height; y++) {
    const row = to + <usize>y * stride;
    lowerBy(row - stride, row, width, near, diagonal);
    spreadRight(row, width, near);
  }
  for (let y = height - 1; y >= 0; y--) {
    const row = to + <usize>y * stride;
    if (y < height - 1) lowerBy(row + stride, row, width, near, diagonal);
    spreadLeft(row, width, near);
  }
}

/** Lowers a row by what the row above or below it allows. */
function lowerBy(other: usize, row: usize, width: i32, near: f32, diagonal: f32): void {
  lowerOne(other, row, 0, width, near, diagonal);
  const nears = f32x4.splat(near);
  const diagonals = f32x4.splat(diagonal);
  let x = 1;
  for (; x + 5 <= width; x += 4) {
    const q = other + ((<usize>x) << 2);
    const p = row + ((<usize>x) << 2);
    const beyond = f32x4.pmin(v128.load(q - 4), v128.load(q + 4));
    const straight = f32x4.add(v128.load(q), nears);
    const least = f32x4.pmin(straight, f32x4.add(beyond, diagonals));
    v128.store(p, f32x4.pmin(v128.load(p), least));
  }
  for (; x < width; x++) lowerOne(other, row, x, width, near, diagonal);
}

function lowerOne(other: usize, row: usize, x: i32, width: i32, near: f32, diagonal: f32): void {
  let d = min<f32>(at(row, x), at(other, x) + near);
  if (x > 0) d = min<f32>(d, at(other, x - 1) + diagonal);
  if (x < width - 1) d = min<f32>(d, at(other, x + 1) + diagonal);
  put(row, x, d);
}

/** Lowers each value of a row to its left neighbour's plus `near`, four by four. */
function spreadRight(row: usize, width: i32, near: f32): void {
  const far = f32x4.splat(Infinity);
  const one = f32x4.splat(near);
  const two = f32x4.splat(2 * near);
  const steps = f32x4(near, 2 * near, 3 * near, 4 * near);
  let last = far;
  let x = 0;
  for (; x + 4 <= width; x += 4) {
    const p = row + ((<usize>x) << 2);
    let d = v128.load(p);
    d = f32x4.pmin(d, f32x4.add(v128.shuffle<f32>(far, d, 0, 4, 5, 6), one));
    d = f32x4.pmin(d, f32x4.add(v128.shuffle<f32>(far, d, 0, 1, 4, 5), two));
    d = f32x4.pmin(d, f32x4.add(last, steps));
    v128.store(p, d);
    last = v128.shuffle<f32>(d, d, 3, 3, 3, 3);
  }
  for (; x < width; x++) if (x > 0) put(row, x, min<f32>(at(row, x), at(row, x - 1) + near));
}

function spreadLeft(row: usize, width: i32, near: f32): void {
  const far = f32x4.splat(Infinity);
  const one = f32x4.splat(near);
  const two = f32x4.splat(2 * near);
  const steps = f32x4(4 * near, 3 * near, 2 * near, near);
  let first = far;
  let x = width - 4;
  for (; x >= 0; x -= 4) {
    const p = row + ((<usize>x) << 2);
    let d = v128.load(p);
    d = f32x4.pmin(d, f32x4.add(v128.shuffle<f32>(d, far, 1, 2, 3, 4), one));
    d = f32x4.pmin(d, f32x4.add(v128.shuffle<f32>(d, far, 2, 3, 4, 5), two));
    d = f32x4.pmin(d, f32x4.add(first, steps));
    v128.store(p, d);
    first = v128.shuffle<f32>(d, d, 0, 0, 0, 0);
  }
  for (x += 3; x >= 0; x--) {
    if (x < width - 1) put(row, x, min<f32>(at(row, x), at(row, x + 1) + near));
  }
}
