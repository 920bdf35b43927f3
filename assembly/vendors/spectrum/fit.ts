// Fine registration on ink itself: Gauss-Newton on soft pictures (inverse compositional: S. Baker and
// I. Matthews, Lucas-Kanade 20 years on, 2004), with gain and offset of the ink, and in the last steps
// a shear and the perspective of a camera.
import { solve } from '../../seal/linear';
import { at, blur, put, sample, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { holdScale, mapX, mapY, multiply, scaleOf, setSimilar } from '../projective';
import {
  candidateAngle,
  candidateScale,
  candidateX,
  candidateY,
  findCandidates,
  ranked,
} from './mellin';
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
const row = memory.data(10 * 8);

let count: i32 = 0;
let pointX: usize = 0;
let pointY: usize = 0;
let slopeX: usize = 0;
let slopeY: usize = 0;
let value: usize = 0;
let seenAt: usize = 0;
let foundAt: usize = 0;

function get(p: usize, index: i32): f64 {
  return load<f64>(p + ((<usize>index) << 3));
}

function set(p: usize, index: i32, v: f64): void {
  store<f64>(p + ((<usize>index) << 3), v);
}

/** Chooses the reserved places with a slope, thinned to `most`, from a picture soft by `sigma`. */
function choosePoints(soft: usize, most: i32): void {
  const stride = rw;
  let candidates = 0;
  for (let y = 1; y < rh - 1; y++) {
    for (let x = 1; x < rw - 1; x++) if (steepness(soft, y * stride + x) > 0.0004) candidates++;
  }
  const step = max<i32>(1, (candidates + most - 1) / most);
  let index = 0;
  count = 0;
  for (let y = 1; y < rh - 1; y++) {
    for (let x = 1; x < rw - 1; x++) {
      const p = y * stride + x;
      if (steepness(soft, p) <= 0.0004) continue;
      if (index++ % step != 0 || count >= MAX_POINTS) continue;
      put(pointX, count, (<f32>x - <f32>(rw - 1) * 0.5) / PITCH);
      put(pointY, count, (<f32>y - <f32>(rh - 1) * 0.5) / PITCH);
      put(slopeX, count, (at(soft, p + 1) - at(soft, p - 1)) * 0.5 * PITCH);
      put(slopeY, count, (at(soft, p + stride) - at(soft, p - stride)) * 0.5 * PITCH);
      put(value, count, at(soft, p));
      count++;
    }
  }
}

function steepness(soft: usize, p: i32): f32 {
  const dx = at(soft, p + 1) - at(soft, p - 1);
  const dy = at(soft, p + rw) - at(soft, p - rw);
  return dx * dx + dy * dy;
}

/** Reads the query under the motion at every point. */
function read(m: usize, soft: usize): void {
  const cx = <f64>(qw - 1) * 0.5;
  const cy = <f64>(qh - 1) * 0.5;
  for (let i = 0; i < count; i++) {
    const x = <f64>at(pointX, i);
    const y = <f64>at(pointY, i);
    const u = <f32>(mapX(m, x, y) * <f64>PITCH + cx);
    const v = <f32>(mapY(m, x, y) * <f64>PITCH + cy);
    const isInside = u >= 0 && v >= 0 && u <= <f32>(qw - 1) && v <= <f32>(qh - 1);
    put(foundAt, i, isInside ? sample(soft, qw, qh, u, v) : 0);
    put(seenAt, i, isInside ? sample(known, qw, qh, u, v) : 0.3);
  }
}

function designRow(i: i32, size: i32): void {
  const x = <f64>at(pointX, i);
  const y = <f64>at(pointY, i);
  const gx = <f64>at(slopeX, i);
  const gy = <f64>at(slopeY, i);
  const along = gx * x + gy * y;
  set(row, 0, gx);
  set(row, 1, gy);
  set(row, 2, along);
  set(row, 3, gy * x - gx * y);
  set(row, 4, 1);
  set(row, 5, <f64>at(value, i));
  if (size == SIMILAR) return;
  set(row, 6, gx * x - gy * y);
  set(row, 7, gx * y + gy * x);
  // Perspective in units of a tenth of a millimetre's inverse, so that all columns weigh alike.
  set(row, 8, -along * x * 0.1);
  set(row, 9, -along * y * 0.1);
}

/** One step of the fit. */
function improve(m: usize, soft: usize, size: i32): void {
  read(m, soft);
  let squares: f64 = 0;
  let weights: f64 = 1;
  for (let i = 0; i < count; i++) {
    const e = <f64>(at(foundAt, i) - at(value, i));
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
  for (let i = 0; i < count; i++) {
    const e = <f64>(at(foundAt, i) - at(value, i));
    const u = e / width;
    const w = <f64>at(seenAt, i) / (1 + u * u);
    designRow(i, size);
    for (let k = 0; k < size; k++) {
      const wk = w * get(row, k);
      set(vector, k, get(vector, k) + wk * e);
      for (let l = 0; l <= k; l++) {
        const p = matrix + ((<usize>(k * size + l)) << 3);
        store<f64>(p, load<f64>(p) + wk * get(row, l));
      }
    }
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
function correlation(m: usize, soft: usize): f64 {
  read(m, soft);
  let n: f64 = 1e-6;
  let sa: f64 = 0;
  let sb: f64 = 0;
  let saa: f64 = 0;
  let sbb: f64 = 0;
  let sab: f64 = 0;
  for (let i = 0; i < count; i++) {
    const w = <f64>at(seenAt, i);
    const a = <f64>at(value, i);
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

/** Fills `motion`; returns the likeness of the spectra. */
export function register(): f32 {
  const spectral = findCandidates();
  const begin = mark();
  pointX = takePlane(MAX_POINTS);
  pointY = takePlane(MAX_POINTS);
  slopeX = takePlane(MAX_POINTS);
  slopeY = takePlane(MAX_POINTS);
  value = takePlane(MAX_POINTS);
  seenAt = takePlane(MAX_POINTS);
  foundAt = takePlane(MAX_POINTS);
  const coarse = softened(query, qw, qh, 2.8);
  const middle = softened(query, qw, qh, 1.6);
  const coarseMine = softened(reserved, rw, rh, 2.8);
  const middleMine = softened(reserved, rw, rh, 1.6);
  likeness = -2;
  for (let rank = 0; rank < FINALISTS; rank++) {
    start(trial, ranked(rank));
    choosePoints(coarseMine, 1500);
    for (let k = 0; k < 5; k++) improve(trial, coarse, SIMILAR);
    choosePoints(middleMine, 1500);
    for (let k = 0; k < 2; k++) improve(trial, middle, SIMILAR);
    const found = correlation(trial, middle);
    if (found <= likeness) continue;
    likeness = found;
    memory.copy(motion, trial, 72);
    if (found > GOOD_ENOUGH) break;
  }
  choosePoints(middleMine, 2500);
  for (let k = 0; k < 3; k++) improve(motion, middle, SIMILAR);
  for (let k = 0; k < 3; k++) improve(motion, middle, PROJECTIVE);
  const fine = softened(query, qw, qh, 0.9);
  choosePoints(softened(reserved, rw, rh, 0.9), 4000);
  for (let k = 0; k < 3; k++) improve(motion, fine, PROJECTIVE);
  likeness = correlation(motion, fine);
  scale = scaleOf(motion);
  release(begin);
  return spectral;
}
