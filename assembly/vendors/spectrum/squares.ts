// Sums over the squares of the reserved picture and the query laid over it, at small shifts: what a
// correlation is made of.
import { blur } from '../../seal/blur';
import { at, fill, put, takePlane } from '../../seal/plane';
import { motion } from './fit';
import { pairAt, paired } from './pairs';
import { known, PITCH, qh, query, qw, reserved, rh, rw } from './sheets';

/** Shifts of up to this many pixels each way: 0.34 mm. */
export const REACH: i32 = 2;
export const SHIFTS: i32 = 25;
/** What is seen to this share everywhere in a square counts as all seen. */
const ALL_SEEN: f32 = 0.9995;

/** Query ink and what is known of it, `stride` a row, and the reserved ink, a little softer. */
export let laid: usize = 0;
export let seen: usize = 0;
export let stride: i32 = 0;
export let ink: usize = 0;

/** Lays query ink and what is known of it on the reserved grid, with a border for the shifts; softens the reserved ink. */
export function lay(): void {
  stride = rw + 2 * REACH + 8;
  const rows = rh + 2 * REACH;
  laid = takePlane(stride * rows + 8);
  seen = takePlane(stride * rows + 8);
  memory.fill(laid, 0, (<usize>(stride * rows)) << 2);
  memory.fill(seen, 0, (<usize>(stride * rows)) << 2);
  const pairs = paired(query, known, qw * qh);
  for (let y = 0; y < rows; y++) {
    const my = (<f64>(y - REACH) - <f64>(rh - 1) * 0.5) / <f64>PITCH;
    for (let x = 0; x < rw + 2 * REACH; x++) {
      const mx = (<f64>(x - REACH) - <f64>(rw - 1) * 0.5) / <f64>PITCH;
      const both = pairAt(motion, mx, my, pairs, qw, qh, <f64>PITCH, f32x4.splat(0));
      put(laid, y * stride + x, f32x4.extract_lane(both, 0));
      put(seen, y * stride + x, f32x4.extract_lane(both, 1));
    }
  }
  ink = takePlane(rw * rh + 8);
  blur(reserved, ink, rw, rh, 0.5);
}

/** From one square's rq by shift to the next one's: vectors of them, the last with spare values. */
export const GRID: i32 = 28;
/** n, r, q, rr, qq of the square at hand by shift, r and q weighted by what is seen of q; rq at no shift. */
const sums = memory.data(6 * 28 * 4);
const ROW: usize = 28 * 4;

/** One of `sums` at no shift. */
export function sumAt(which: i32): f32 {
  return at(sums, which * GRID + 12);
}

export function total(lanes: v128): f32 {
  const a = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1);
  return a + f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3);
}

/** The sums of a square at one shift; rq to `grid`. */
function sumSquare(left: i32, top: i32, side: i32, shift: i32, grid: usize): void {
  let n = f32x4.splat(0);
  let sr = f32x4.splat(0);
  let sq = f32x4.splat(0);
  let srr = f32x4.splat(0);
  let sqq = f32x4.splat(0);
  let srq = f32x4.splat(0);
  for (let y = 0; y < side; y++) {
    let p = ink + ((<usize>((top + y) * rw + left)) << 2);
    const offset = offsetOf(left + (shift % 5) - REACH, top + y + shift / 5 - REACH);
    let q = laid + offset;
    let k = seen + offset;
    for (let x = 0; x < side; x += 4) {
      const r = v128.load(p);
      const w = v128.load(k);
      const value = v128.load(q);
      const wr = f32x4.mul(w, r);
      const wq = f32x4.mul(w, value);
      n = f32x4.add(n, w);
      sr = f32x4.add(sr, wr);
      sq = f32x4.add(sq, wq);
      srr = f32x4.add(srr, f32x4.mul(wr, r));
      sqq = f32x4.add(sqq, f32x4.mul(wq, value));
      srq = f32x4.add(srq, f32x4.mul(wr, value));
      p += 16;
      q += 16;
      k += 16;
    }
  }
  put(sums, shift, total(n));
  put(sums, GRID + shift, total(sr));
  put(sums, 2 * GRID + shift, total(sq));
  put(sums, 3 * GRID + shift, total(srr));
  put(sums, 4 * GRID + shift, total(sqq));
  put(grid, shift, total(srq));
}

/** Where reserved pixel (x, y) lies in `laid` and `seen`, in bytes. */
export function offsetOf(x: i32, y: i32): usize {
  return (<usize>((y + REACH) * stride + x + REACH)) << 2;
}

/** Whether all of a square is seen at every shift. */
function isAllSeen(left: i32, top: i32, side: i32): bool {
  let least = f32x4.splat(1);
  for (let y = -REACH; y < side + REACH; y++) {
    const row = seen + offsetOf(left - REACH, top + y);
    for (let x = 0; x < side + 2 * REACH; x += 4) {
      least = f32x4.pmin(least, v128.load(row + ((<usize>x) << 2)));
    }
  }
  return i32x4.bitmask(f32x4.lt(least, f32x4.splat(ALL_SEEN))) == 0;
}

/**
 * Sums down the columns: row y of such a plane holds the sums of what lies above row y, so that a
 * column of any square is one row less another.
 */
let downQ: usize = 0;
let downQQ: usize = 0;
let downRQ: usize = 0;
let productStride: usize = 0;
const columns = memory.data(24 * 4);

/** Adds the products of two rows to the sums above them; gives the sums below. */
function addDown(sums: usize, below: usize, first: usize, second: usize, length: usize): void {
  for (let x: usize = 0; x < length; x += 16) {
    const product = f32x4.mul(v128.load(first + x), v128.load(second + x));
    v128.store(below + x, f32x4.add(v128.load(sums + x), product));
  }
}

/** Prepares what `sumQuery` and `multiplyAt` need. */
export function prepareSums(): void {
  const rows = rh + 2 * REACH;
  const length = (<usize>stride) << 2;
  downQ = takePlane(stride * (rows + 1));
  downQQ = takePlane(stride * (rows + 1));
  const ones = takePlane(stride);
  fill(ones, stride, 1);
  memory.fill(downQ, 0, length);
  memory.fill(downQQ, 0, length);
  for (let y: usize = 0; y < <usize>rows; y++) {
    const above = y * length;
    const row = laid + above;
    addDown(downQ + above, downQ + above + length, row, ones, length);
    addDown(downQQ + above, downQQ + above + length, row, row, length);
  }
  productStride = (<usize>((rw + 3) & ~3)) << 2;
  downRQ = takePlane(<i32>(productStride >> 2) * (rh + 1));
  memory.fill(downRQ, 0, productStride);
}

/** Multiplies the reserved picture with the query at one shift, for `productOf`. */
export function multiplyAt(shift: i32): void {
  let sums = downRQ;
  for (let y = 0; y < rh; y++, sums += productStride) {
    const query = laid + offsetOf((shift % 5) - REACH, y + shift / 5 - REACH);
    addDown(sums, sums + productStride, ink + ((<usize>(y * rw)) << 2), query, productStride);
  }
}

/** rq of a square at the shift that `multiplyAt` was given last. */
export function productOf(left: i32, top: i32, side: i32): f32 {
  const upper = downRQ + <usize>top * productStride + ((<usize>left) << 2);
  const lower = upper + <usize>side * productStride;
  let sum = f32x4.splat(0);
  for (let x: usize = 0; x < (<usize>side) << 2; x += 16) {
    sum = f32x4.add(sum, f32x4.sub(v128.load(lower + x), v128.load(upper + x)));
  }
  return total(sum);
}

/** The sums of a square at all shifts, from those down the columns. */
function sumQuery(left: i32, top: i32, side: i32, down: usize, to: usize): void {
  const width = (<usize>side) << 2;
  const reach = (<usize>side * <usize>stride) << 2;
  for (let dy = 0; dy <= 2 * REACH; dy++) {
    const upper = down + offsetOf(left - REACH, top + dy - REACH);
    let lanes = f32x4.splat(0);
    for (let x: usize = 0; x < width + 16; x += 16) {
      const four = f32x4.sub(v128.load(upper + reach + x), v128.load(upper + x));
      v128.store(columns + x, four);
      if (x < width) lanes = f32x4.add(lanes, four);
    }
    let sum = total(lanes);
    put(to, 5 * dy, sum);
    for (let dx = 0; dx < 2 * REACH; dx++) {
      sum += at(columns, side + dx) - at(columns, dx);
      put(to, 5 * dy + dx + 1, sum);
    }
  }
}

function sumReserved(left: i32, top: i32, side: i32): void {
  let sr = f32x4.splat(0);
  let srr = f32x4.splat(0);
  for (let y = 0; y < side; y++) {
    let p = ink + ((<usize>((top + y) * rw + left)) << 2);
    for (let x = 0; x < side; x += 4) {
      const r = v128.load(p);
      sr = f32x4.add(sr, r);
      srr = f32x4.add(srr, f32x4.mul(r, r));
      p += 16;
    }
  }
  fill(sums + ROW, GRID, total(sr));
  fill(sums + 3 * ROW, GRID, total(srr));
}

/** Least variance that a square is taken to have. */
const LEAST: f32 = 2e-3;

/** A variance from the sum of squares and the mean. */
function varianceFour(squares: v128, mean: v128, n: v128): v128 {
  const found = f32x4.sub(f32x4.div(squares, n), f32x4.mul(mean, mean));
  return f32x4.pmax(f32x4.splat(LEAST), found);
}

export function varianceOf(squares: f32, sum: f32, n: f32): f32 {
  return max<f32>(LEAST, squares / n - (sum / n) * (sum / n));
}

/**
 * Correlations at all shifts of one square, in `grid`, which holds its rq; `sumAt` tells of it then.
 * Most squares are all seen, which makes their sums cheaper.
 */
export function correlate(left: i32, top: i32, side: i32, grid: usize): void {
  if (isAllSeen(left, top, side)) {
    fill(sums, GRID, <f32>(side * side));
    sumReserved(left, top, side);
    sumQuery(left, top, side, downQ, sums + 2 * ROW);
    sumQuery(left, top, side, downQQ, sums + 4 * ROW);
  } else {
    for (let i = 0; i < SHIFTS; i++) sumSquare(left, top, side, i, grid);
  }
  put(sums, 5 * GRID + 12, at(grid, 12));
  for (let i: usize = 0; i < ROW; i += 16) {
    const p = sums + i;
    const n = f32x4.add(v128.load(p), f32x4.splat(1e-3));
    const mr = f32x4.div(v128.load(p + ROW), n);
    const mq = f32x4.div(v128.load(p + 2 * ROW), n);
    const vr = varianceFour(v128.load(p + 3 * ROW), mr, n);
    const vq = varianceFour(v128.load(p + 4 * ROW), mq, n);
    const both = f32x4.sub(f32x4.div(v128.load(grid + i), n), f32x4.mul(mr, mq));
    v128.store(grid + i, f32x4.div(both, f32x4.sqrt(f32x4.mul(vr, vq))));
  }
}
