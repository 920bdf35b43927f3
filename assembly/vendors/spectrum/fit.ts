// Fine registration on ink itself: Gauss-Newton on soft pictures (inverse compositional: S. Baker and
// I. Matthews, Lucas-Kanade 20 years on, 2004), with gain and offset of the ink, and in the last steps
// a shear and the perspective of a camera.

import { blur } from '../../seal/blur';
import { solve } from '../../seal/linear';
import { at, put, takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { addEquation } from '../normal';
import { holdScale, multiply, scaleOf, setSimilar } from '../projective';
import {
  candidateAngle,
  candidateScale,
  candidateX,
  candidateY,
  findCandidates,
  ranked,
} from './mellin';
import { pairAt, paired } from './pairs';
import { hasNoScale, known, PITCH, qh, query, qw, reserved, rh, rw } from './sheets';

/** Points at most, and unknowns: shift, scale and turn, shear, perspective, gain, offset. */
const MAX_POINTS: i32 = 8192;
const SIMILAR: i32 = 6;
const PROJECTIVE: i32 = 10;
/** A scanner's scale is known this well. */
const MAX_SCALE_ERROR: f64 = 0.02;
const FINALISTS: i32 = 5;
/**
 * A candidate whose ink agrees this well needs no rival. A rim alone agrees well at any turn, so
 * this is asked of a sharper picture.
 */
const GOOD_ENOUGH: f64 = 0.93;

/** Reserved millimetres from the centre to query millimetres: a 3 x 3 matrix, rows in order, f64. */
export const motion = memory.data(9 * 8);
/** Likeness of the ink under the motion, -1 to 1, and scale of the motion. */
export let likeness: f64 = 0;
export let scale: f64 = 1;

const trial = memory.data(9 * 8);
const matrix = memory.data(10 * 10 * 8);
const vector = memory.data(10 * 8);

/** Reserved places with a slope, from a picture of one softness; a field of a memory block each. */
@unmanaged
class Points {
  count: i32;
  /** f32 a point: place in millimetres from the middle, ink there. */
  x: u32;
  y: u32;
  value: u32;
  /** f64, PROJECTIVE a point: what each unknown does to the ink there. They do not know the motion. */
  rows: u32;
}

const coarsePoints = changetype<Points>(memory.data(5 * 4));
const middlePoints = changetype<Points>(memory.data(5 * 4));
const finePoints = changetype<Points>(memory.data(5 * 4));

/** What the query shows at each point under a motion, and how much of it is known. */
let seenAt: usize = 0;
let foundAt: usize = 0;

function get(p: usize, index: i32): f64 {
  return load<f64>(p + ((<usize>index) << 3));
}

function set(p: usize, index: i32, v: f64): void {
  store<f64>(p + ((<usize>index) << 3), v);
}

/** Which of four pixels from p on have a slope, a bit each; those from `left` on are not asked. */
function steepAmong(soft: usize, p: i32, left: i32): i32 {
  const here = soft + ((<usize>p) << 2);
  const stride = (<usize>rw) << 2;
  const dx = f32x4.sub(v128.load(here + 4), v128.load(here - 4));
  const dy = f32x4.sub(v128.load(here + stride), v128.load(here - stride));
  const steepness = f32x4.add(f32x4.mul(dx, dx), f32x4.mul(dy, dy));
  const mask = i32x4.bitmask(f32x4.gt(steepness, f32x4.splat(0.0004)));
  return left >= 4 ? mask : mask & ((1 << left) - 1);
}

/** Chooses the reserved places with a slope, thinned to `most`, from a soft picture. */
function choosePoints(points: Points, soft: usize, most: i32): void {
  let candidates = 0;
  const masks = takeBytes(rw * rh);
  let mask = masks;
  for (let y = 1; y < rh - 1; y++) {
    for (let x = 1; x < rw - 1; x += 4, mask++) {
      const steep = steepAmong(soft, y * rw + x, rw - 1 - x);
      store<u8>(mask, <u8>steep);
      candidates += popcnt<i32>(steep);
    }
  }
  const step = max<i32>(1, (candidates + most - 1) / most);
  const room = candidates / step + 1;
  points.x = <u32>takePlane(room);
  points.y = <u32>takePlane(room);
  points.value = <u32>takePlane(room);
  points.rows = <u32>takePlane(2 * PROJECTIVE * room);
  points.count = 0;
  let skipped = step - 1;
  mask = masks;
  for (let y = 1; y < rh - 1; y++) {
    for (let x = 1; x < rw - 1; x += 4, mask++) {
      for (let steep = <u32>load<u8>(mask); steep != 0; steep &= steep - 1) {
        if (++skipped < step) continue;
        skipped = 0;
        addPoint(points, soft, x + <i32>ctz<u32>(steep), y);
      }
    }
  }
}

function addPoint(points: Points, soft: usize, x: i32, y: i32): void {
  const p = y * rw + x;
  const i = points.count++;
  put(points.x, i, (<f32>x - <f32>(rw - 1) * 0.5) / PITCH);
  put(points.y, i, (<f32>y - <f32>(rh - 1) * 0.5) / PITCH);
  put(points.value, i, at(soft, p));
  const mx = <f64>at(points.x, i);
  const my = <f64>at(points.y, i);
  const gx = <f64>((at(soft, p + 1) - at(soft, p - 1)) * 0.5 * PITCH);
  const gy = <f64>((at(soft, p + rw) - at(soft, p - rw)) * 0.5 * PITCH);
  const along = gx * mx + gy * my;
  const row = rowOf(points, i);
  set(row, 0, gx);
  set(row, 1, gy);
  set(row, 2, along);
  set(row, 3, gy * mx - gx * my);
  set(row, 4, 1);
  set(row, 5, <f64>at(soft, p));
  set(row, 6, gx * mx - gy * my);
  set(row, 7, gx * my + gy * mx);
  // Perspective in units of a tenth of a millimetre's inverse, so that all columns weigh alike.
  set(row, 8, -along * mx * 0.1);
  set(row, 9, -along * my * 0.1);
}

function rowOf(points: Points, i: i32): usize {
  return <usize>points.rows + ((<usize>(i * PROJECTIVE)) << 3);
}

/** Reads the query, ink and known interleaved, under the motion at every point. */
function read(points: Points, m: usize, pairs: usize): void {
  const unseen = f32x4(0, 0.3, 0, 0);
  for (let i = 0; i < points.count; i++) {
    const x = <f64>at(points.x, i);
    const y = <f64>at(points.y, i);
    const both = pairAt(m, x, y, pairs, qw, qh, <f64>PITCH, unseen);
    put(foundAt, i, f32x4.extract_lane(both, 0));
    put(seenAt, i, f32x4.extract_lane(both, 1));
  }
}

/** One step of the fit. */
function improve(points: Points, m: usize, pairs: usize, size: i32): void {
  read(points, m, pairs);
  let squares: f64 = 0;
  let weights: f64 = 1;
  for (let i = 0; i < points.count; i++) {
    const e = <f64>(at(foundAt, i) - at(points.value, i));
    squares += <f64>at(seenAt, i) * e * e;
    weights += <f64>at(seenAt, i);
  }
  const width = 1.5 * Math.sqrt(squares / weights) + 0.02;
  memory.fill(matrix, 0, 800);
  memory.fill(vector, 0, 80);
  for (let k = 0; k < size; k++) set(matrix, k * size + k, k == 2 && !hasNoScale ? 30 : 0.5);
  if (size > SIMILAR) {
    for (let k = SIMILAR; k < PROJECTIVE; k++) set(matrix, k * size + k, hasNoScale ? 20 : 400);
  }
  for (let i = 0; i < points.count; i++) {
    const e = <f64>(at(foundAt, i) - at(points.value, i));
    const u = e / width;
    const weight = <f64>at(seenAt, i) / (1 + u * u);
    addEquation(matrix, vector, rowOf(points, i), size, weight, e);
  }
  solve(matrix, vector, size);
  step(m, size);
}

const change = memory.data(9 * 8);

/** m becomes m times (1 - found), to first order the inverse of the reserved picture's own motion. */
function step(m: usize, size: i32): void {
  const isWhole = size > SIMILAR;
  const a = isWhole ? get(vector, 6) : 0;
  const b = isWhole ? get(vector, 7) : 0;
  set(change, 0, 1 - get(vector, 2) - a);
  set(change, 1, get(vector, 3) - b);
  set(change, 2, -get(vector, 0));
  set(change, 3, -get(vector, 3) - b);
  set(change, 4, 1 - get(vector, 2) + a);
  set(change, 5, -get(vector, 1));
  set(change, 6, isWhole ? -0.1 * get(vector, 8) : 0);
  set(change, 7, isWhole ? -0.1 * get(vector, 9) : 0);
  set(change, 8, 1);
  multiply(m, change, m);
  if (!hasNoScale) holdScale(m, MAX_SCALE_ERROR);
}

/** Weighted correlation of ink over the points. */
function correlation(points: Points, m: usize, pairs: usize): f64 {
  read(points, m, pairs);
  let n: f64 = 1e-6;
  let sa: f64 = 0;
  let sb: f64 = 0;
  let saa: f64 = 0;
  let sbb: f64 = 0;
  let sab: f64 = 0;
  for (let i = 0; i < points.count; i++) {
    const w = <f64>at(seenAt, i);
    const a = <f64>at(points.value, i);
    const b = <f64>at(foundAt, i);
    n += w;
    sa += w * a;
    sb += w * b;
    saa += w * a * a;
    sbb += w * b * b;
    sab += w * a * b;
  }
  const va = saa / n - (sa / n) * (sa / n);
  const vb = sbb / n - (sb / n) * (sb / n);
  return (sab / n - (sa / n) * (sb / n)) / Math.sqrt(Math.max(1e-9, va) * Math.max(1e-9, vb));
}

function start(m: usize, candidate: i32): void {
  const angle = <f64>at(candidateAngle, candidate);
  const size = <f64>at(candidateScale, candidate);
  setSimilar(m, angle, size, <f64>at(candidateX, candidate), <f64>at(candidateY, candidate));
}

function softened(plane: usize, width: i32, height: i32, sigma: f32): usize {
  const soft = takePlane(width * height + 8);
  blur(plane, soft, width, height, sigma);
  return soft;
}

/** The query softened, with what is known of it. */
function softenedQuery(sigma: f32): usize {
  return paired(softened(query, qw, qh, sigma), known, qw * qh);
}

/** Fills `motion`; returns the likeness of the spectra. */
export function register(): f32 {
  const spectral = findCandidates();
  const begin = mark();
  seenAt = takePlane(MAX_POINTS);
  foundAt = takePlane(MAX_POINTS);
  const coarse = softenedQuery(2.8);
  const middle = softenedQuery(1.6);
  const middleMine = softened(reserved, rw, rh, 1.6);
  choosePoints(coarsePoints, softened(reserved, rw, rh, 2.8), 1500);
  choosePoints(middlePoints, middleMine, 1500);
  likeness = -2;
  for (let rank = 0; rank < FINALISTS; rank++) {
    start(trial, ranked(rank));
    for (let k = 0; k < 5; k++) improve(coarsePoints, trial, coarse, SIMILAR);
    for (let k = 0; k < 2; k++) improve(middlePoints, trial, middle, SIMILAR);
    const found = correlation(middlePoints, trial, middle);
    if (found <= likeness) continue;
    likeness = found;
    memory.copy(motion, trial, 72);
    if (found > GOOD_ENOUGH) break;
  }
  choosePoints(middlePoints, middleMine, 2500);
  for (let k = 0; k < 3; k++) improve(middlePoints, motion, middle, SIMILAR);
  for (let k = 0; k < 3; k++) improve(middlePoints, motion, middle, PROJECTIVE);
  const fine = softenedQuery(0.9);
  choosePoints(finePoints, softened(reserved, rw, rh, 0.9), 4000);
  for (let k = 0; k < 3; k++) improve(finePoints, motion, fine, PROJECTIVE);
  likeness = correlation(finePoints, motion, fine);
  scale = scaleOf(motion);
  release(begin);
  return spectral;
}
