// Gaussian blurs with mirrored edges, of whole planes or of what is marked of them.
import { mark, release } from '../shared/arena';
import { at, put, takeBytes, takePlane } from './plane';

/** Mirrors an index that lies outside a line without repeating its end: -1 is 1. */
function mirrored(index: i32, length: i32): i32 {
  if (length == 1) return 0;
  let i = index;
  while (i < 0 || i >= length) i = i < 0 ? -i : 2 * length - 2 - i;
  return i;
}

/** Below this spread a Gaussian is the identity. */
const LEAST_SIGMA: f32 = 0.2;
const MAX_RADIUS: i32 = 24;
const kernel = memory.data((2 * 24 + 1) * 4);

function gaussianRadius(sigma: f32): i32 {
  return min<i32>(MAX_RADIUS, <i32>ceil<f32>(3 * sigma));
}

function prepareKernel(sigma: f32, radius: i32): void {
  let sum: f64 = 0;
  for (let i = -radius; i <= radius; i++) {
    sum += Math.exp(-(<f64>i * <f64>i) / (2 * <f64>sigma * <f64>sigma));
  }
  for (let i = -radius; i <= radius; i++) {
    const weight = Math.exp(-(<f64>i * <f64>i) / (2 * <f64>sigma * <f64>sigma)) / sum;
    put(kernel, i + radius, <f32>weight);
  }
}

/** Adds what two neighbours as far apart share of a weight. */
function addPair(sum: v128, weight: v128, left: v128, right: v128): v128 {
  return f32x4.add(sum, f32x4.mul(weight, f32x4.add(left, right)));
}

function blurRow(from: usize, to: usize, width: i32, radius: i32, marks: usize): void {
  const inner = width - 2 * radius;
  const end = inner < 8 ? 0 : radius + (inner & ~3);
  for (let x = 0; x < min<i32>(end, radius); x++) put(to, x, edgeSum(from, x, width, radius));
  // Two vectors share the look at a weight; the last two step back so that they end with the row.
  const middle = kernel + ((<usize>radius) << 2);
  const own = v128.load32_splat(middle);
  for (let first = radius; first < end; first += 8) {
    const x = min<i32>(first, end - 8);
    // Eight pixels lie in three groups at most.
    if (marks != 0 && (load<u32>(marks + <usize>(x >> 2)) & 0xffffff) == 0) continue;
    const offset = (<usize>x) << 2;
    const p = from + offset;
    let a = f32x4.mul(own, v128.load(p));
    let b = f32x4.mul(own, v128.load(p, 16));
    // The kernel is even: both sides share a weight.
    for (let reach: usize = 4; reach <= (<usize>radius) << 2; reach += 4) {
      const weight = v128.load32_splat(middle + reach);
      const l = p - reach;
      const r = p + reach;
      a = addPair(a, weight, v128.load(l), v128.load(r));
      b = addPair(b, weight, v128.load(l, 16), v128.load(r, 16));
    }
    v128.store(to + offset, a);
    v128.store(to + offset, b, 16);
  }
  for (let x = end; x < width; x++) put(to, x, edgeSum(from, x, width, radius));
}

function edgeSum(from: usize, x: i32, width: i32, radius: i32): f32 {
  let sum: f32 = 0;
  for (let i = -radius; i <= radius; i++) {
    sum += at(kernel, i + radius) * at(from, mirrored(x + i, width));
  }
  return sum;
}

/** Gaussian blur with mirrored edges. `from` and `to` may be the same plane. */
export function blur(from: usize, to: usize, width: i32, height: i32, sigma: f32): void {
  blurMarked(from, to, width, height, sigma, 0);
}

/** Bytes from one row of marks to the next: one for four pixels, and spare ones. */
export function marksStride(width: i32): usize {
  return <usize>((((width + 3) >> 2) + 31) & ~15);
}

/** Room for marks, all 0: of four pixels from x on, x a multiple of 4, the byte at y * stride + x / 4. */
export function takeMarks(width: i32, height: i32): usize {
  const size = marksStride(width) * <usize>height + 32;
  const marks = takeBytes(<i32>size);
  memory.fill(marks, 0, size);
  return marks + 16;
}

/** Marks all that a blur of this spread takes from what is marked, in `to`, which may be the same. */
export function spreadMarks(marks: usize, to: usize, width: i32, height: i32, sigma: f32): void {
  const start = mark();
  const stride = marksStride(width);
  const size = stride * <usize>height;
  const rows = gaussianRadius(sigma);
  const groups = <usize>((rows + 3) >> 2);
  const wide = takeBytes(<i32>size);
  for (let i: usize = 0; i < size; i += 16) {
    let any = v128.load(marks + i - groups);
    for (let k = 1 - groups; <isize>k <= <isize>groups; k++)
      any = v128.or(any, v128.load(marks + i + k));
    v128.store(wide + i, any);
  }
  for (let y = 0; y < height; y++) {
    const first = wide + <usize>max<i32>(0, y - rows) * stride;
    const last = wide + <usize>min<i32>(height - 1, y + rows) * stride;
    for (let i: usize = 0; i < stride; i += 16) {
      let any = v128.load(first + i);
      for (let row = first + stride; row <= last; row += stride)
        any = v128.or(any, v128.load(row + i));
      v128.store(to + <usize>y * stride + i, any);
    }
  }
  release(start);
}

/**
 * Blurs what is marked, the same bit for bit as a blur of the whole; elsewhere `to` holds anything.
 * Without marks (0) all is blurred.
 */
export function blurMarked(
  from: usize,
  to: usize,
  width: i32,
  height: i32,
  sigma: f32,
  marks: usize,
): void {
  if (sigma <= LEAST_SIGMA) {
    if (from != to) memory.copy(to, from, (<usize>(width * height)) << 2);
    return;
  }
  const start = mark();
  const radius = gaussianRadius(sigma);
  prepareKernel(sigma, radius);
  const stride = (<usize>width) << 2;
  const pitch = marks == 0 ? 0 : marksStride(width);
  let under: usize = 0;
  if (marks != 0) {
    under = takeMarks(width, height);
    spreadMarks(marks, under, width, height, sigma);
  }
  // Blurred rows lie in a ring as long as the kernel, so that they are near when they are added up.
  const taps = 2 * radius + 1;
  const ring = takePlane(taps * width);
  let ready = 0;
  for (let y = 0; y < height; y++) {
    for (; ready <= min<i32>(y + radius, height - 1); ready++) {
      const row = ring + <usize>(ready % taps) * stride;
      blurRow(from + <usize>ready * stride, row, width, radius, under + <usize>ready * pitch);
    }
    blurColumns(ring, to, width, height, y, radius, marks + <usize>y * pitch);
  }
  release(start);
}

/** `blur` of a plane of which much is 0, with nothing below it. */
export function blurInk(from: usize, to: usize, width: i32, height: i32, sigma: f32): void {
  const start = mark();
  const marks = takeMarks(width, height);
  const pitch = marksStride(width);
  for (let y: usize = 0; y < <usize>height; y++) {
    const row = from + ((y * <usize>width) << 2);
    for (let x: usize = 0; x < <usize>width; x += 4) {
      if (v128.any_true(v128.load(row + (x << 2)))) store<u8>(marks + y * pitch + (x >> 2), 1);
    }
  }
  spreadMarks(marks, marks, width, height, sigma);
  if (from != to) memory.fill(to, 0, (<usize>(width * height)) << 2);
  blurMarked(from, to, width, height, sigma, marks);
  release(start);
}

/** Addresses of the rows under the kernel. */
const rowsUnder = memory.data((2 * 24 + 1) * 4);

function blurColumns(
  ring: usize,
  to: usize,
  width: i32,
  height: i32,
  y: i32,
  radius: i32,
  marks: usize,
): void {
  const stride = (<usize>width) << 2;
  const out = to + <usize>y * stride;
  const taps = 2 * radius + 1;
  for (let i = 0; i < taps; i++) {
    const row = ring + <usize>(mirrored(y + i - radius, height) % taps) * stride;
    store<u32>(rowsUnder + ((<usize>i) << 2), <u32>row);
  }
  const middle = rowsUnder + ((<usize>radius) << 2);
  const weights = kernel + ((<usize>radius) << 2);
  const own = v128.load32_splat(weights);
  const end: usize = width < 8 ? 0 : stride & ~15;
  for (let first: usize = 0; first < end; first += 32) {
    const x = min<usize>(first, end - 32);
    if (marks != 0 && load<u16>(marks + (x >> 4)) == 0) continue;
    const p = <usize>load<u32>(middle) + x;
    let a = f32x4.mul(own, v128.load(p));
    let b = f32x4.mul(own, v128.load(p, 16));
    for (let i: usize = 4; i <= (<usize>radius) << 2; i += 4) {
      const weight = v128.load32_splat(weights + i);
      const l = <usize>load<u32>(middle - i) + x;
      const r = <usize>load<u32>(middle + i) + x;
      a = addPair(a, weight, v128.load(l), v128.load(r));
      b = addPair(b, weight, v128.load(l, 16), v128.load(r, 16));
    }
    v128.store(out + x, a);
    v128.store(out + x, b, 16);
  }
  for (let x = end; x < stride; x += 4) {
    let sum: f32 = 0;
    for (let i: usize = 0; i < (<usize>taps) << 2; i += 4) {
      sum += load<f32>(kernel + i) * load<f32>(load<u32>(rowsUnder + i) + x);
    }
    store<f32>(out + x, sum);
  }
}
