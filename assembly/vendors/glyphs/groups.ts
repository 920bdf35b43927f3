// What is summed of the points of centre lines over a group of them, a glyph, a square or a mark, and the
// figures that follow.
import { at, put, takePlane } from '../../seal/plane';
import { sample } from '../../seal/sample';
import { mark, release } from '../../shared/arena';
import { invert, map, mappedX, mappedY } from '../projective';
import { END, JUNCTION, Lines, query, reserved } from './lines';
import { measureAll, motion, offs, placedX, placedY, slopesX, slopesY } from './place';
import { FAR, labelAt, PITCH } from './skeleton';

export const FIGURES: i32 = 16;
/** Half side of the squares. */
const HALF_MM: f32 = 1.2;
/** Lines farther off than these are missing, or too many: a little, and clearly. */
const OFF_MM: f32 = 0.2;
const FAR_OFF_MM: f32 = 0.45;

export const groupCounts = memory.data(3 * 4);
export const groupFigures = memory.data(3 * 4);
/** x, y, half side in millimetres of each group. */
export const groupPlaces = memory.data(3 * 4);

/** What is summed over a group's points. */
const SUMS: i32 = 26;
export const N: i32 = 0;
export const KNOWN: i32 = 1;
const OFFSET: i32 = 2;
const MISSED: i32 = 3;
const MISSED_FAR: i32 = 4;
const XX: i32 = 5;
const XY: i32 = 6;
const YY: i32 = 7;
const XD: i32 = 8;
const YD: i32 = 9;
const DD: i32 = 10;
const ENDS: i32 = 11;
const JUNCTIONS: i32 = 12;
const THEIRS: i32 = 13;
const EXTRA: i32 = 14;
const EXTRA_FAR: i32 = 15;
const THEIR_ENDS: i32 = 16;
const THEIR_JUNCTIONS: i32 = 17;
export const LOW_X: i32 = 18;
export const HIGH_X: i32 = 19;
export const LOW_Y: i32 = 20;
export const HIGH_Y: i32 = 21;
const SUM_X: i32 = 22;
const SUM_Y: i32 = 23;
const THEIR_OFFSET: i32 = 24;
const CLOSE: i32 = 25;

let sums: usize = 0;

function add(group: i32, which: i32, value: f32): void {
  const p = sums + ((<usize>(group * SUMS + which)) << 2);
  store<f32>(p, load<f32>(p) + value);
}

export function sumOf(group: i32, which: i32): f32 {
  return at(sums, group * SUMS + which);
}

export function pointerAt(table: usize, scale: i32): usize {
  return load<u32>(table + ((<usize>scale) << 2));
}

// ---------------------------------------------------------------- one point

/** Of each reserved point: known weight and distance to the query's ink. */
export let known: usize = 0;
let toInk: usize = 0;
/** Of each query point: place in the reserved frame, known weight, distances there. */
export let backX: usize = 0;
export let backY: usize = 0;
let backToInk: usize = 0;
let backOffset: usize = 0;

function fieldAt(field: usize, lines: Lines, x: f32, y: f32): f32 {
  const u = x * PITCH + 0.5 * <f32>(lines.width - 1);
  const v = y * PITCH + 0.5 * <f32>(lines.height - 1);
  const isInside = u >= 0 && v >= 0 && u <= <f32>(lines.width - 1) && v <= <f32>(lines.height - 1);
  return isInside ? sample(field, lines.width, lines.height, u, v) : FAR;
}

/** 1 where the query shows what is there, 0 where other ink or its edge hides it. */
function knownAt(x: f32, y: f32): f32 {
  const u = <i32>nearest<f32>(x * PITCH + 0.5 * <f32>(query.width - 1));
  const v = <i32>nearest<f32>(y * PITCH + 0.5 * <f32>(query.height - 1));
  if (u < 0 || v < 0 || u >= query.width || v >= query.height) return 1;
  if (query.hidden == 0) return 1;
  return load<u8>(<usize>query.hidden + <usize>(v * query.width + u)) != 0 ? 0 : 1;
}

export function measureForward(): void {
  const n = max<i32>(1, reserved.count);
  known = takePlane(n);
  toInk = takePlane(n);
  measureAll(motion, 1);
  for (let k = 0; k < reserved.count; k++) {
    const u = at(placedX, k);
    const v = at(placedY, k);
    put(known, k, knownAt(u, v));
    put(toInk, k, fieldAt(query.toInk, query, u, v));
  }
}

const inverse = memory.data(9 * 8);

export function measureBack(): void {
  invert(motion, inverse);
  const n = max<i32>(1, query.count);
  backX = takePlane(n);
  backY = takePlane(n);
  backToInk = takePlane(n);
  backOffset = takePlane(n);
  for (let k = 0; k < query.count; k++) {
    const qx = at(query.x, k);
    const qy = at(query.y, k);
    map(inverse, <f64>qx, <f64>qy);
    const x = <f32>mappedX;
    const y = <f32>mappedY;
    put(backX, k, x);
    put(backY, k, y);
    // A line that print runs through says nothing.
    const shown = knownAt(qx, qy);
    put(backToInk, k, shown > 0 ? fieldAt(reserved.toInk, reserved, x, y) : -1);
    put(backOffset, k, fieldAt(reserved.toLine, reserved, x, y));
  }
}

export function addForward(group: i32, k: i32): void {
  const x = at(reserved.x, k);
  const y = at(reserved.y, k);
  const w = at(known, k);
  const d = at(offs, k);
  add(group, N, 1);
  add(group, KNOWN, w);
  add(group, SUM_X, x);
  add(group, SUM_Y, y);
  put(sums, group * SUMS + LOW_X, min<f32>(sumOf(group, LOW_X), x));
  put(sums, group * SUMS + HIGH_X, max<f32>(sumOf(group, HIGH_X), x));
  put(sums, group * SUMS + LOW_Y, min<f32>(sumOf(group, LOW_Y), y));
  put(sums, group * SUMS + HIGH_Y, max<f32>(sumOf(group, HIGH_Y), y));
  if (w == 0) return;
  add(group, OFFSET, min<f32>(d, 0.6));
  if (at(toInk, k) > OFF_MM * 0.5) add(group, MISSED, 1);
  if (at(toInk, k) > FAR_OFF_MM * 0.5) add(group, MISSED_FAR, 1);
  const role = at(reserved.role, k);
  if (role == END) add(group, ENDS, 1);
  if (role == JUNCTION) add(group, JUNCTIONS, 1);
  if (d > 0.6) return;
  const gx = at(slopesX, k);
  const gy = at(slopesY, k);
  add(group, CLOSE, 1);
  add(group, XX, gx * gx);
  add(group, XY, gx * gy);
  add(group, YY, gy * gy);
  add(group, XD, gx * d);
  add(group, YD, gy * d);
  add(group, DD, d * d);
}

export function addBack(group: i32, k: i32): void {
  const d = at(backToInk, k);
  if (d < 0) return;
  add(group, THEIRS, 1);
  add(group, THEIR_OFFSET, min<f32>(at(backOffset, k), 0.6));
  if (d > OFF_MM * 0.5) add(group, EXTRA, 1);
  if (d > FAR_OFF_MM * 0.5) add(group, EXTRA_FAR, 1);
  const role = at(query.role, k);
  if (role == END) add(group, THEIR_ENDS, 1);
  if (role == JUNCTION) add(group, THEIR_JUNCTIONS, 1);
}

export function clearSums(groups: i32): void {
  sums = takePlane(max<i32>(1, groups) * SUMS);
  memory.fill(sums, 0, (<usize>(groups * SUMS)) << 2);
  for (let g = 0; g < groups; g++) {
    put(sums, g * SUMS + LOW_X, 1e6);
    put(sums, g * SUMS + LOW_Y, 1e6);
    put(sums, g * SUMS + HIGH_X, -1e6);
    put(sums, g * SUMS + HIGH_Y, -1e6);
  }
}

/** Numbers pixels that have no number after a neighbour that has. */
export function spread(labels: usize, w: i32, h: i32): void {
  const start = mark();
  const before = takePlane(w * h);
  memory.copy(before, labels, (<usize>(w * h)) << 2);
  const stride = (<usize>w) << 2;
  const none = i32x4.splat(0);
  for (let y = 1; y < h - 1; y++) {
    for (let x = 1; x < w - 1; x += 4) {
      // The last group steps back so that it ends with the row.
      const p = (<usize>(y * w + min<i32>(x, w - 5))) << 2;
      const q = before + p;
      const own = v128.load(q);
      if (i32x4.all_true(own)) continue;
      let found = v128.load(q - 4);
      found = v128.bitselect(v128.load(q + 4), found, i32x4.eq(found, none));
      found = v128.bitselect(v128.load(q - stride), found, i32x4.eq(found, none));
      found = v128.bitselect(v128.load(q + stride), found, i32x4.eq(found, none));
      v128.store(labels + p, v128.bitselect(found, own, i32x4.eq(own, none)));
    }
  }
  release(start);
}

function groupAt(labels: usize, x: f32, y: f32): i32 {
  const u = <i32>nearest<f32>(x * PITCH + 0.5 * <f32>(reserved.width - 1));
  const v = <i32>nearest<f32>(y * PITCH + 0.5 * <f32>(reserved.height - 1));
  if (u < 0 || v < 0 || u >= reserved.width || v >= reserved.height) return -1;
  return labelAt(labels, v * reserved.width + u) - 1;
}
/** Sums every point to the group that its place is numbered with, from 1. */
export function sumByLabel(labels: usize, count: i32): void {
  clearSums(count);
  for (let k = 0; k < reserved.count; k++) {
    const group = groupAt(labels, at(reserved.x, k), at(reserved.y, k));
    if (group >= 0 && group < count) addForward(group, k);
  }
  for (let k = 0; k < query.count; k++) {
    const group = groupAt(labels, at(backX, k), at(backY, k));
    if (group >= 0 && group < count) addBack(group, k);
  }
}

// ---------------------------------------------------------------- figures

export function keep(scale: i32, count: i32, fewest: f32): void {
  const figures = takePlane(max<i32>(1, count) * FIGURES);
  const places = takePlane(max<i32>(1, count) * 3);
  let kept = 0;
  for (let g = 0; g < count; g++) {
    if (sumOf(g, N) < fewest) continue;
    figuresOf(g, figures + ((<usize>(kept * FIGURES)) << 2));
    put(places, 3 * kept, sumOf(g, SUM_X) / sumOf(g, N));
    put(places, 3 * kept + 1, sumOf(g, SUM_Y) / sumOf(g, N));
    const wide = max<f32>(sumOf(g, HIGH_X) - sumOf(g, LOW_X), sumOf(g, HIGH_Y) - sumOf(g, LOW_Y));
    put(places, 3 * kept + 2, scale == 1 ? HALF_MM : max<f32>(0.5, 0.5 * wide + 0.2));
    kept++;
  }
  setGroups(scale, kept, figures, places);
}

export function setGroups(scale: i32, count: i32, figures: usize, places: usize): void {
  store<i32>(groupCounts + ((<usize>scale) << 2), count);
  store<u32>(groupFigures + ((<usize>scale) << 2), <u32>figures);
  store<u32>(groupPlaces + ((<usize>scale) << 2), <u32>places);
}

export function figuresOf(g: i32, out: usize): void {
  const n = sumOf(g, N);
  const k = sumOf(g, KNOWN);
  const theirs = sumOf(g, THEIRS);
  // Own shift: the least squares of distance after a move, with a prior of some points.
  const xx = sumOf(g, XX) + 3;
  const yy = sumOf(g, YY) + 3;
  const xy = sumOf(g, XY);
  const determinant = xx * yy - xy * xy;
  const sx = -(yy * sumOf(g, XD) - xy * sumOf(g, YD)) / determinant;
  const sy = -(xx * sumOf(g, YD) - xy * sumOf(g, XD)) / determinant;
  const gained = -(sx * sumOf(g, XD) + sy * sumOf(g, YD));
  const close = sumOf(g, CLOSE) + 2;
  const shift = sqrt<f32>(sx * sx + sy * sy);
  put(out, 0, k / n);
  put(out, 1, (sumOf(g, OFFSET) / (k + 2)) * 10);
  put(out, 2, (sumOf(g, MISSED) / (k + 2)) * 4);
  put(out, 3, (sumOf(g, MISSED_FAR) / (k + 2)) * 8);
  put(out, 4, (sumOf(g, EXTRA) / (theirs + 6)) * 4);
  put(out, 5, (sumOf(g, EXTRA_FAR) / (theirs + 6)) * 8);
  put(out, 6, shift * 10);
  put(out, 7, shift * sqrt<f32>(close));
  put(out, 8, (max<f32>(0, gained) / close) * 50);
  put(out, 9, sqrt<f32>(max<f32>(0, sumOf(g, DD) - gained) / close) * 10);
  put(out, 10, <f32>Math.log(<f64>n / 40));
  put(out, 11, <f32>Math.log(<f64>((theirs + 6) / (k + 6))));
  put(out, 12, roleDifference(sumOf(g, JUNCTIONS), sumOf(g, THEIR_JUNCTIONS)));
  put(out, 13, roleDifference(sumOf(g, ENDS), sumOf(g, THEIR_ENDS)));
  put(out, 14, (sumOf(g, THEIR_OFFSET) / (theirs + 6)) * 10);
  // Only marks are looked at.
  put(out, 15, 0);
}

function roleDifference(mine: f32, theirs: f32): f32 {
  return (theirs - mine) / sqrt<f32>(mine + theirs + 2);
}

export function total(scale: i32, figure: i32, limit: f32): f32 {
  const count = load<i32>(groupCounts + ((<usize>scale) << 2));
  const figures = pointerAt(groupFigures, scale);
  let there = 0;
  for (let g = 0; g < count; g++) if (at(figures, g * FIGURES + figure) > limit) there++;
  return <f32>there / <f32>max<i32>(1, count);
}

export function meanOf(scale: i32, figure: i32): f32 {
  const count = load<i32>(groupCounts + ((<usize>scale) << 2));
  const figures = pointerAt(groupFigures, scale);
  let sum: f32 = 0;
  for (let g = 0; g < count; g++) sum += at(figures, g * FIGURES + figure);
  return sum / <f32>max<i32>(1, count);
}
