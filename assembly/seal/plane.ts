// Planes: pictures of one f32 a pixel, rows from the top without padding. Callers own all memory;
// sizes are checked by the entry points of the modules, not here.
import { mark, release, take } from '../shared/arena';

export function at(plane: usize, index: i32): f32 {
  return load<f32>(plane + ((<usize>index) << 2));
}

export function put(plane: usize, index: i32, value: f32): void {
  store<f32>(plane + ((<usize>index) << 2), value);
}

export function clamp(value: f32, low: f32, high: f32): f32 {
  return max<f32>(low, min<f32>(value, high));
}

/**
 * A plane of `count` values, content undefined, and room for vectors: its last four values may be
 * written as such, whatever the count.
 * Running out of the arena is a bug in the entry checks.
 */
export function takePlane(count: i32): usize {
  const plane = take((<usize>count) << 2);
  assert(plane != 0, 'arena exhausted');
  return plane;
}

export function takeBytes(count: i32): usize {
  const bytes = take(<usize>count);
  assert(bytes != 0, 'arena exhausted');
  return bytes;
}

/** Fills a plane; up to three values beyond `count`, which every plane has room for, may be written. */
export function fill(plane: usize, count: i32, value: f32): void {
  const values = f32x4.splat(value);
  for (let p = plane; p < plane + ((<usize>count) << 2); p += 16) v128.store(p, values);
}

/** Bytes times `scale` as a plane; up to three values behind it are overwritten. */
export function putBytes(bytes: usize, count: i32, scale: f32, to: usize): void {
  const scales = f32x4.splat(scale);
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const halves = i16x8.extend_low_i8x16_u(v128.load32_zero(bytes + i));
    const words = f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(halves));
    v128.store(to + (i << 2), f32x4.mul(words, scales));
  }
}

/** One byte, 0 to 3, of each of four pixels as a number. */
export function channelOf(pixels: v128, channel: i32): v128 {
  const value = v128.and(i32x4.shr_u(pixels, channel << 3), i32x4.splat(255));
  return f32x4.convert_i32x4_s(value);
}

/** `clamp` of four values, which are numbers. */
export function clampFour(values: v128, low: f32, high: f32): v128 {
  return f32x4.pmax(f32x4.splat(low), f32x4.pmin(values, f32x4.splat(high)));
}

export function sumOfFour(values: v128): f32 {
  const first = f32x4.extract_lane(values, 0) + f32x4.extract_lane(values, 1);
  return first + f32x4.extract_lane(values, 2) + f32x4.extract_lane(values, 3);
}

/** Sixteen bytes, 1 where the lanes of four comparisons hold. */
export function flags(a: v128, b: v128, c: v128, d: v128): v128 {
  const upper = i16x8.narrow_i32x4_s(a, b);
  const lower = i16x8.narrow_i32x4_s(c, d);
  return v128.and(i8x16.narrow_i16x8_s(upper, lower), i8x16.splat(1));
}

/** Stores four rows of a square of sixteen values as its columns, `stride` bytes apart. */
export function storeTransposed(
  to: usize,
  stride: usize,
  a: v128,
  b: v128,
  c: v128,
  d: v128,
): void {
  const ab0 = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const ab1 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cd0 = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cd1 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(ab0, cd0, 0, 2));
  v128.store(to + stride, v128.shuffle<f64>(ab0, cd0, 1, 3));
  v128.store(to + 2 * stride, v128.shuffle<f64>(ab1, cd1, 0, 2));
  v128.store(to + 3 * stride, v128.shuffle<f64>(ab1, cd1, 1, 3));
}

/**
 * Resamples a plane so that output pixel (i, j) covers the input square from
 * (originX + i * ratio, originY + j * ratio), both counted from the pictures' corners in input
 * pixels. Shrinking averages over the square, enlarging interpolates; edges repeat.
 */
export function resample(
  from: usize,
  width: i32,
  height: i32,
  to: usize,
  outWidth: i32,
  outHeight: i32,
  ratio: f32,
  originX: f32,
  originY: f32,
): void {
  const start = mark();
  // Rows first: their sums stay in order of memory, and there are fewer of them left afterwards.
  const rows = takePlane(width * (outHeight + 3));
  for (let y = 0; y < outHeight; y++) {
    placeSpan(y, ratio, originY);
    const out = rows + ((<usize>(y * width)) << 2);
    memory.fill(out, 0, (<usize>width) << 2);
    for (let j = spanFirst; j <= spanLast; j++) {
      const row = min<i32>(max<i32>(j, 0), height - 1);
      addRow(out, from + ((<usize>(row * width)) << 2), width, coverOf(j));
    }
  }
  const isEnlarging = ratio <= 1;
  const spans = takePlane(4 * outWidth);
  const covers = takePlane(outWidth * (<i32>ceil<f32>(max<f32>(ratio, 1)) + 2));
  if (isEnlarging) placePairs(spans, outWidth, width, ratio, originX);
  else placeSpans(spans, covers, outWidth, ratio, originX);
  // Four rows at a time, which lie side by side for it.
  const beside = takePlane(4 * (width + 3));
  for (let y = 0; y < outHeight; y += 4) {
    const stride = (<usize>width) << 2;
    const row = rows + <usize>y * stride;
    for (let x: usize = 0; x < stride; x += 16) {
      const p = row + x;
      const second = v128.load(p + stride);
      const third = v128.load(p + 2 * stride);
      const fourth = v128.load(p + 3 * stride);
      storeTransposed(beside + (x << 2), 16, v128.load(p), second, third, fourth);
    }
    const out = to + ((<usize>(y * outWidth)) << 2);
    if (isEnlarging) joinPairs(beside, spans, out, outWidth, outHeight - y);
    else joinSpans(beside, width, spans, covers, out, outWidth, outHeight - y);
  }
  release(start);
}

/** Up to four rows of means over the spans of `placeSpans`. */
function joinSpans(
  beside: usize,
  width: i32,
  spans: usize,
  covers: usize,
  out: usize,
  outWidth: i32,
  count: i32,
): void {
  let cover = covers;
  for (let x = 0; x < outWidth; x++) {
    const span = spans + <usize>(8 * x);
    const last = load<i32>(span, 4);
    let value = f32x4.splat(0);
    for (let j = load<i32>(span); j <= last; j++, cover += 4) {
      const column = <usize>max<i32>(0, min<i32>(j, width - 1));
      const four = v128.load(beside + (column << 4));
      value = f32x4.add(value, f32x4.mul(v128.load32_splat(cover), four));
    }
    putColumn(out, outWidth, x, value, count);
  }
}

/** Up to four rows between the pairs of `placePairs`. */
function joinPairs(beside: usize, pairs: usize, out: usize, outWidth: i32, count: i32): void {
  let pair = pairs;
  let x = 0;
  if (count >= 4) {
    const stride = (<usize>outWidth) << 2;
    for (; x + 4 <= outWidth; x += 4, pair += 64) {
      const second = between(beside, pair + 16);
      const third = between(beside, pair + 32);
      const fourth = between(beside, pair + 48);
      const p = out + ((<usize>x) << 2);
      storeTransposed(p, stride, between(beside, pair), second, third, fourth);
    }
  }
  for (; x < outWidth; x++, pair += 16) {
    putColumn(out, outWidth, x, between(beside, pair), count);
  }
}

/** Four rows of one column between the two of a pair. */
function between(beside: usize, pair: usize): v128 {
  const first = v128.load(beside + <usize>load<i32>(pair));
  const second = v128.load(beside + <usize>load<i32>(pair, 4));
  return f32x4.add(
    f32x4.mul(v128.load32_splat(pair, 8), first),
    f32x4.mul(v128.load32_splat(pair, 12), second),
  );
}

/** Puts the first `count` of four values below each other in column x. */
function putColumn(plane: usize, width: i32, x: i32, values: v128, count: i32): void {
  const p = plane + ((<usize>x) << 2);
  const stride = (<usize>width) << 2;
  v128.store32_lane(p, values, 0);
  if (count > 1) v128.store32_lane(p + stride, values, 1);
  if (count > 2) v128.store32_lane(p + 2 * stride, values, 2);
  if (count > 3) v128.store32_lane(p + 3 * stride, values, 3);
}

/** First and last input pixel of every output pixel, and how much of each is covered, one after another. */
function placeSpans(spans: usize, covers: usize, outWidth: i32, ratio: f32, origin: f32): void {
  let cover = covers;
  for (let x = 0; x < outWidth; x++) {
    placeSpan(x, ratio, origin);
    store<i32>(spans + <usize>(8 * x), spanFirst);
    store<i32>(spans + <usize>(8 * x), spanLast, 4);
    for (let j = spanFirst; j <= spanLast; j++) {
      store<f32>(cover, coverOf(j));
      cover += 4;
    }
  }
}

/**
 * Where the columns that an output pixel lies between stand side by side with four rows, and how
 * much of each is covered; one alone is both.
 */
function placePairs(pairs: usize, outWidth: i32, width: i32, ratio: f32, origin: f32): void {
  for (let x = 0; x < outWidth; x++) {
    placeSpan(x, ratio, origin);
    const pair = pairs + <usize>(16 * x);
    store<i32>(pair, 16 * max<i32>(0, min<i32>(spanFirst, width - 1)));
    store<i32>(pair, 16 * max<i32>(0, min<i32>(spanLast, width - 1)), 4);
    store<f32>(pair, coverOf(spanFirst), 8);
    store<f32>(pair, spanLast > spanFirst ? coverOf(spanLast) : 0, 12);
  }
}

let spanLow: f32 = 0;
let spanHigh: f32 = 0;
let spanFirst: i32 = 0;
let spanLast: i32 = 0;

/** The input pixels that output pixel `index` covers. A box as wide as one pixel interpolates. */
function placeSpan(index: i32, ratio: f32, origin: f32): void {
  const span = max<f32>(ratio, 1);
  spanLow = origin + (<f32>index + 0.5) * ratio - span * 0.5;
  spanHigh = spanLow + span;
  spanFirst = <i32>floor<f32>(spanLow + 1e-4);
  spanLast = max<i32>(spanFirst, <i32>ceil<f32>(spanHigh - 1e-4) - 1);
}

function coverOf(j: i32): f32 {
  const cover = min<f32>(spanHigh, <f32>(j + 1)) - max<f32>(spanLow, <f32>j);
  return cover / (spanHigh - spanLow);
}

/**
 * Means over squares of `size` (odd) pixels centred on each pixel; beyond the edges lies 0.
 * `from` and `to` may be the same plane.
 */
export function box(from: usize, to: usize, width: i32, height: i32, size: i32): void {
  const start = mark();
  const stride = (<usize>width) << 2;
  const rows = takePlane(width * height);
  for (let y: usize = 0; y < <usize>height; y++) {
    sumNeighbours(from + y * stride, rows + y * stride, width, size >> 1);
  }
  sumColumns(rows, to, width, height, size);
  release(start);
}

/** The same by running sums, for wide squares, of four rows at least. */
export function wideBox(from: usize, to: usize, width: i32, height: i32, size: i32): void {
  const start = mark();
  const stride = (<usize>width) << 2;
  const rows = takePlane(width * height);
  for (let first = 0; first < height; first += 4) {
    // The last four rows step back so that they end with the picture.
    const offset = <usize>min<i32>(first, height - 4) * stride;
    sumRunning(from + offset, rows + offset, width, size >> 1);
  }
  sumColumns(rows, to, width, height, size);
  release(start);
}

/** Means of what `rows` already holds the sums of along each row. */
function sumColumns(rows: usize, to: usize, width: i32, height: i32, size: i32): void {
  const half = size >> 1;
  const stride = (<usize>width) << 2;
  const sums = takePlane(width);
  memory.fill(sums, 0, stride);
  const scale: f32 = <f32>1 / (<f32>size * <f32>size);
  for (let y = 0; y < min<i32>(half, height); y++) addRow(sums, rows + <usize>y * stride, width, 1);
  const blank = takePlane(width);
  memory.fill(blank, 0, stride);
  for (let y = 0; y < height; y++) {
    const entering = y + half < height ? rows + <usize>(y + half) * stride : blank;
    const leaving = y >= half ? rows + <usize>(y - half) * stride : blank;
    moveSums(sums, entering, leaving, to + <usize>y * stride, width, scale);
  }
}

/** Running sums of four rows at once, which need not wait for each other. */
function sumRunning(lines: usize, out: usize, width: i32, half: i32): void {
  const stride = (<usize>width) << 2;
  let a: f32 = 0;
  let b: f32 = 0;
  let c: f32 = 0;
  let d: f32 = 0;
  for (let x = -half; x < width; x++) {
    if (x + half < width) {
      const p = lines + ((<usize>(x + half)) << 2);
      a += load<f32>(p);
      b += load<f32>(p + stride);
      c += load<f32>(p + 2 * stride);
      d += load<f32>(p + 3 * stride);
    }
    if (x < 0) continue;
    const q = out + ((<usize>x) << 2);
    store<f32>(q, a);
    store<f32>(q + stride, b);
    store<f32>(q + 2 * stride, c);
    store<f32>(q + 3 * stride, d);
    if (x < half) continue;
    const p = lines + ((<usize>(x - half)) << 2);
    a -= load<f32>(p);
    b -= load<f32>(p + stride);
    c -= load<f32>(p + 2 * stride);
    d -= load<f32>(p + 3 * stride);
  }
}

function sumNeighbours(line: usize, out: usize, width: i32, half: i32): void {
  const inner = width - 2 * half;
  const end = inner < 16 ? 0 : half + (inner & ~3);
  for (let x = 0; x < width; x++) {
    if (x == half && end > 0) x = end;
    let sum: f32 = 0;
    for (let i = max<i32>(0, x - half); i <= min<i32>(width - 1, x + half); i++) sum += at(line, i);
    put(out, x, sum);
  }
  // As in `blurRow`.
  for (let first = half; first < end; first += 16) {
    const offset = (<usize>min<i32>(first, end - 16)) << 2;
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    const last = line + offset + ((<usize>half) << 2);
    for (let p = line + offset - ((<usize>half) << 2); p <= last; p += 4) {
      a = f32x4.add(a, v128.load(p));
      b = f32x4.add(b, v128.load(p, 16));
      c = f32x4.add(c, v128.load(p, 32));
      d = f32x4.add(d, v128.load(p, 48));
    }
    v128.store(out + offset, a);
    v128.store(out + offset, b, 16);
    v128.store(out + offset, c, 32);
    v128.store(out + offset, d, 48);
  }
}

/** Adds a row to the sums, writes them times `scale`, and takes another row off; rounding may not leave less than nothing. */
function moveSums(
  sums: usize,
  entering: usize,
  leaving: usize,
  to: usize,
  width: i32,
  scale: f32,
): void {
  const scales = f32x4.splat(scale);
  const zero = f32x4.splat(0);
  let x = 0;
  for (; x + 4 <= width; x += 4) {
    const p = (<usize>x) << 2;
    const sum = f32x4.add(v128.load(sums + p), v128.load(entering + p));
    v128.store(sums + p, f32x4.sub(sum, v128.load(leaving + p)));
    v128.store(to + p, f32x4.pmax(zero, f32x4.mul(scales, sum)));
  }
  for (; x < width; x++) {
    const sum = at(sums, x) + at(entering, x);
    put(sums, x, sum - at(leaving, x));
    put(to, x, max<f32>(0, sum * scale));
  }
}

/** Adds a row times `factor` to another. */
function addRow(sums: usize, row: usize, width: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  let x = 0;
  for (; x + 4 <= width; x += 4) {
    const p = (<usize>x) << 2;
    v128.store(sums + p, f32x4.add(v128.load(sums + p), f32x4.mul(factors, v128.load(row + p))));
  }
  for (; x < width; x++) put(sums, x, at(sums, x) + factor * at(row, x));
}
