// Sums over the squares of the reserved picture and the query laid over it, at small shifts: what a
// correlation is made of.
import { blur } from '../../seal/blur';
import { at, put, takePlane } from '../../seal/plane';
import { map, mappedX, mappedY } from '../projective';
import { motion } from './fit';
import { paired, samplePair } from './pairs';
import { known, PITCH, qh, query, qw, reserved, rh, rw } from './sheets';

/** Shifts of up to this many pixels each way: 0.34 mm. */
export const REACH: i32 = 2;
export const SHIFTS: i32 = 25;
/** What is seen to this share everywhere in a square counts as all seen. */
const ALL_SEEN: f32 = 0.999999;

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
  const cx = <f64>(qw - 1) * 0.5;
  const cy = <f64>(qh - 1) * 0.5;
  for (let y = 0; y < rows; y++) {
    const my = (<f64>(y - REACH) - <f64>(rh - 1) * 0.5) / <f64>PITCH;
    for (let x = 0; x < rw + 2 * REACH; x++) {
      const mx = (<f64>(x - REACH) - <f64>(rw - 1) * 0.5) / <f64>PITCH;
      map(motion, mx, my);
      const u = <f32>(mappedX * <f64>PITCH + cx);
      const v = <f32>(mappedY * <f64>PITCH + cy);
      if (!(u >= 0 && v >= 0 && u <= <f32>(qw - 1) && v <= <f32>(qh - 1))) continue;
      const both = samplePair(pairs, qw, qh, u, v);
      put(laid, y * stride + x, f32x4.extract_lane(both, 0));
      put(seen, y * stride + x, f32x4.extract_lane(both, 1));
    }
  }
  ink = takePlane(rw * rh + 8);
  blur(reserved, ink, rw, rh, 0.5);
}

/** n, r, q, rr, qq, rq of the square at hand at one shift, r and q weighted by what is seen of q. */
export const sums = memory.data(6 * 4);

export function total(lanes: v128): f32 {
  const a = f32x4.extract_lane(lanes, 0) + f32x4.extract_lane(lanes, 1);
  return a + f32x4.extract_lane(lanes, 2) + f32x4.extract_lane(lanes, 3);
}

/** Fills `sums` with n, r, q, rr, qq, rq over a square whose query part is shifted by (dx, dy). */
function sumSquare(left: i32, top: i32, side: i32, dx: i32, dy: i32): void {
  let n = f32x4.splat(0);
  let sr = f32x4.splat(0);
  let sq = f32x4.splat(0);
  let srr = f32x4.splat(0);
  let sqq = f32x4.splat(0);
  let srq = f32x4.splat(0);
  for (let y = 0; y < side; y++) {
    let p = ink + ((<usize>((top + y) * rw + left)) << 2);
    const offset = offsetOf(left + dx, top + y + dy);
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
  put(sums, 0, total(n));
  put(sums, 1, total(sr));
  put(sums, 2, total(sq));
  put(sums, 3, total(srr));
  put(sums, 4, total(sqq));
  put(sums, 5, total(srq));
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

/** Of a square that is all seen: r, rr, and q, qq and rq by shift; f32. */
let sumR: f32 = 0;
let sumRR: f32 = 0;
const sumsQ = memory.data(25 * 4);
const sumsQQ = memory.data(25 * 4);
const sumsRQ = memory.data(25 * 4);
/** q and qq summed down the columns that all shifts share, and down those of one shift. */
const columns = memory.data(2 * 24 * 4);
const columnsHere = memory.data(2 * 24 * 4);

/** Adds one row of the query, `count` columns wide, and its squares to the column sums. */
function addColumns(sums: usize, row: usize, count: i32): void {
  for (let x: usize = 0; x < (<usize>count) << 2; x += 16) {
    const q = v128.load(row + x);
    v128.store(sums + x, f32x4.add(v128.load(sums + x), q));
    v128.store(sums + x, f32x4.add(v128.load(sums + x, 96), f32x4.mul(q, q)), 96);
  }
}

function totalOf(row: usize, count: i32): f32 {
  let sum = f32x4.splat(0);
  for (let x: usize = 0; x < (<usize>count) << 2; x += 16) sum = f32x4.add(sum, v128.load(row + x));
  return total(sum);
}

/** q and qq at all shifts: most rows and columns are the same in all. */
function sumQuery(left: i32, top: i32, side: i32): void {
  const wide = side + 2 * REACH;
  const first = laid + offsetOf(left - REACH, top);
  const pitch = (<usize>stride) << 2;
  memory.fill(columns, 0, 192);
  for (let y = REACH; y < side - REACH; y++) addColumns(columns, first + <usize>y * pitch, wide);
  for (let dy = -REACH; dy <= REACH; dy++) {
    memory.copy(columnsHere, columns, 192);
    for (let y = dy; y < REACH; y++) addColumns(columnsHere, first + y * pitch, wide);
    for (let y = side - REACH; y < side + dy; y++) addColumns(columnsHere, first + y * pitch, wide);
    for (let dx = 0; dx < 5; dx++) {
      const shift = (dy + REACH) * 5 + dx;
      const from = columnsHere + ((<usize>dx) << 2);
      put(sumsQ, shift, totalOf(from, side));
      put(sumsQQ, shift, totalOf(from + 96, side));
    }
  }
}

/** rq at the five shifts of one row of shifts. */
function sumProducts(left: i32, top: i32, side: i32, dy: i32): void {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  let s2 = f32x4.splat(0);
  let s3 = f32x4.splat(0);
  let s4 = f32x4.splat(0);
  for (let y = 0; y < side; y++) {
    let p = ink + ((<usize>((top + y) * rw + left)) << 2);
    let q = laid + offsetOf(left - REACH, top + y + dy);
    const end = p + ((<usize>side) << 2);
    for (; p < end; p += 16, q += 16) {
      const r = v128.load(p);
      s0 = f32x4.add(s0, f32x4.mul(r, v128.load(q)));
      s1 = f32x4.add(s1, f32x4.mul(r, v128.load(q, 4)));
      s2 = f32x4.add(s2, f32x4.mul(r, v128.load(q, 8)));
      s3 = f32x4.add(s3, f32x4.mul(r, v128.load(q, 12)));
      s4 = f32x4.add(s4, f32x4.mul(r, v128.load(q, 16)));
    }
  }
  const first = (dy + REACH) * 5;
  put(sumsRQ, first, total(s0));
  put(sumsRQ, first + 1, total(s1));
  put(sumsRQ, first + 2, total(s2));
  put(sumsRQ, first + 3, total(s3));
  put(sumsRQ, first + 4, total(s4));
}

function sumAllShifts(left: i32, top: i32, side: i32): void {
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
  sumR = total(sr);
  sumRR = total(srr);
  sumQuery(left, top, side);
  for (let dy = -REACH; dy <= REACH; dy++) sumProducts(left, top, side, dy);
}

/** Fills `sums` for one shift of a square that is all seen. */
function takeShift(shift: i32, side: i32): void {
  put(sums, 0, <f32>(side * side));
  put(sums, 1, sumR);
  put(sums, 2, at(sumsQ, shift));
  put(sums, 3, sumRR);
  put(sums, 4, at(sumsQQ, shift));
  put(sums, 5, at(sumsRQ, shift));
}

let squareLeft: i32 = 0;
let squareTop: i32 = 0;
let squareSide: i32 = 0;
let isSeen: bool = false;

/** Takes up a square of the reserved picture; most are all seen, which makes their sums cheaper. */
export function beginSquare(left: i32, top: i32, side: i32): void {
  squareLeft = left;
  squareTop = top;
  squareSide = side;
  isSeen = isAllSeen(left, top, side);
  if (isSeen) sumAllShifts(left, top, side);
}

/** Fills `sums` for one of the shifts, counted row by row. */
export function sumShift(shift: i32): void {
  if (isSeen) {
    takeShift(shift, squareSide);
    return;
  }
  sumSquare(squareLeft, squareTop, squareSide, (shift % 5) - REACH, shift / 5 - REACH);
}
