// Registration of centre lines: every angle and a grid of shifts on the distance field, the best of
// them refined by least squares; where none lies well, each with shear and a camera's perspective before
// one is chosen, which is fitted so in the end.
import { solve } from '../../seal/linear';
import { at, fill, put, takePlane } from '../../seal/plane';
import { sample, sampleFour } from '../../seal/sample';
import { doubleAt, putDouble } from '../../shared/doubles';
import { addEquation } from '../normal';
import { holdScale, map, mappedX, mappedY, multiply, setSimilar } from '../projective';
import { hasNoScale, query, reserved } from './lines';
import { FAR, PITCH } from './skeleton';

const ANGLES: i32 = 120;
/** Shifts of up to this many steps each way from middle on middle. */
const STEPS: i32 = 5;
const SHIFTS: i32 = 11;
const STEP_MM: f32 = 1;
/** A point farther off than this, or outside the picture, counts as this far off, millimetres. */
const MOST_OFF: f32 = 1.2;
const FEW: i32 = 90;
const SOME: i32 = 400;
const MANY: i32 = 2500;
export const CANDIDATES: i32 = 10;
/** Lines that lie this near each other on the whole need no other motion tried, millimetres. */
const SURE_MM: f64 = 0.06;
/** Lines that lie farther off than this on the whole may be a camera's: slant is fitted before one is chosen. */
const LAID_MM: f64 = 0.1;
/** A candidate that costs so many times the best is fitted no further. */
const HOPELESS: f64 = 1.5;
const MAX_SCALE_ERROR: f64 = 0.02;
const PROJECTIVE: i32 = 8;
/** Scales that are tried when a picture names no resolution. */
const scales = memory.data<f32>([1, 0.73, 0.81, 0.9, 1.11, 1.23, 1.36]);

/** Reserved millimetres to query millimetres: a 3 x 3 matrix, f64. */
export const motion = memory.data(9 * 8);
/** Mean distance of the lines under the motion, millimetres, cut at 0.6. */
export let distance: f64 = 0;
const matrix = memory.data(64 * 8);
const vector = memory.data(8 * 8);
const row = memory.data(8 * 8);

const candidateCost = memory.data(10 * 4);
const candidateAngle = memory.data(10 * 4);
const candidateX = memory.data(10 * 4);
const candidateY = memory.data(10 * 4);
const candidateScale = memory.data(10 * 4);

/** Distance to the query's lines at query millimetres; FAR beyond its map. */
export function toQueryLine(x: f32, y: f32): f32 {
  const u = x * PITCH + 0.5 * <f32>(query.width - 1);
  const v = y * PITCH + 0.5 * <f32>(query.height - 1);
  if (!(u >= 0 && v >= 0 && u <= <f32>(query.width - 1) && v <= <f32>(query.height - 1)))
    return FAR;
  return sample(query.toLine, query.width, query.height, u, v);
}

/** Half a pixel, in millimetres: how far apart slopes are taken, each way. */
const HALF_PX: f32 = 0.5 / PITCH;
/** What `measureAt` found: distance to the query's lines and its slopes, per millimetre. */
export let off: f32 = 0;
export let slopeX: f32 = 0;
export let slopeY: f32 = 0;

/** Measures the distance and its slopes at query millimetres. */
export function measureAt(x: f32, y: f32): void {
  const u = x * PITCH + 0.5 * <f32>(query.width - 1);
  const v = y * PITCH + 0.5 * <f32>(query.height - 1);
  off = toQueryLine(x, y);
  const isInside =
    u >= 0.5 && v >= 0.5 && u < <f32>query.width - 1.5 && v < <f32>query.height - 1.5;
  if (!isInside) {
    slopeX = (toQueryLine(x + HALF_PX, y) - toQueryLine(x - HALF_PX, y)) / (2 * HALF_PX);
    slopeY = (toQueryLine(x, y + HALF_PX) - toQueryLine(x, y - HALF_PX)) / (2 * HALF_PX);
    return;
  }
  const us = f32x4.add(f32x4.splat(u), f32x4(0.5, 0, -0.5, 0));
  const vs = f32x4.add(f32x4.splat(v), f32x4(0, 0.5, 0, -0.5));
  const around = sampleFour(query.toLine, query.width, us, vs);
  slopeX = (f32x4.extract_lane(around, 0) - f32x4.extract_lane(around, 2)) / (2 * HALF_PX);
  slopeY = (f32x4.extract_lane(around, 1) - f32x4.extract_lane(around, 3)) / (2 * HALF_PX);
}

/** Places of the points under a motion, their distances to the query's lines and the slopes there. */
export let placedX: usize = 0;
export let placedY: usize = 0;
export let offs: usize = 0;
export let slopesX: usize = 0;
export let slopesY: usize = 0;

/** Makes room for `measureAll`. */
function prepareMeasures(): void {
  const room = reserved.count + 3;
  placedX = takePlane(room);
  placedY = takePlane(room);
  offs = takePlane(room);
  slopesX = takePlane(room);
  slopesY = takePlane(room);
}

/** Measures every `step`-th reserved point under a motion; returns how many those are. */
export function measureAll(m: usize, step: i32): i32 {
  let count = 0;
  for (let k = 0; k < reserved.count; k += step) {
    map(m, <f64>at(reserved.x, k), <f64>at(reserved.y, k));
    put(placedX, count, <f32>mappedX);
    put(placedY, count, <f32>mappedY);
    count++;
  }
  // The last group is filled up with the last point.
  for (let k = count; k < count + 3; k++) {
    put(placedX, k, <f32>mappedX);
    put(placedY, k, <f32>mappedY);
  }
  for (let k = 0; k < count; k += 4) measureFour(k);
  return count;
}

function slopeBetween(to: v128, from: v128): v128 {
  return f32x4.div(f32x4.sub(to, from), f32x4.splat(2 * HALF_PX));
}

/** Measures the placed points from k to k + 3. */
function measureFour(k: i32): void {
  const p = (<usize>k) << 2;
  const pitch = f32x4.splat(PITCH);
  const middleX = f32x4.splat(0.5 * <f32>(query.width - 1));
  const middleY = f32x4.splat(0.5 * <f32>(query.height - 1));
  const u = f32x4.add(f32x4.mul(v128.load(placedX + p), pitch), middleX);
  const v = f32x4.add(f32x4.mul(v128.load(placedY + p), pitch), middleY);
  const half = f32x4.splat(0.5);
  const isInX = v128.and(f32x4.ge(u, half), f32x4.lt(u, f32x4.splat(<f32>query.width - 1.5)));
  const isInY = v128.and(f32x4.ge(v, half), f32x4.lt(v, f32x4.splat(<f32>query.height - 1.5)));
  if (!i32x4.all_true(v128.and(isInX, isInY))) {
    for (let i = k; i < k + 4; i++) {
      measureAt(at(placedX, i), at(placedY, i));
      put(offs, i, off);
      put(slopesX, i, slopeX);
      put(slopesY, i, slopeY);
    }
    return;
  }
  const field = <usize>query.toLine;
  const w = query.width;
  const right = sampleFour(field, w, f32x4.add(u, half), v);
  const left = sampleFour(field, w, f32x4.sub(u, half), v);
  const below = sampleFour(field, w, u, f32x4.add(v, half));
  const above = sampleFour(field, w, u, f32x4.sub(v, half));
  v128.store(offs + p, sampleFour(field, w, u, v));
  v128.store(slopesX + p, slopeBetween(right, left));
  v128.store(slopesY + p, slopeBetween(below, above));
}

/** The query's distances cut at MOST_OFF, which is also what surrounds them, a pixel wide. */
let bordered: usize = 0;
/** Where in it the rows and columns of one point's shifts begin, in bytes. */
const rowsOf = memory.data(11 * 4);
const columnsOf = memory.data(12 * 4);
/** Sums of distances at all shifts, rows of three vectors; the last number of a row is spare. */
const sums = memory.data(11 * 12 * 4);

function borderField(): void {
  const w = query.width;
  const h = query.height;
  bordered = takePlane((w + 2) * (h + 2));
  fill(bordered, (w + 2) * (h + 2), MOST_OFF);
  for (let y = 0; y < h; y++) {
    const from = <usize>query.toLine + ((<usize>(y * w)) << 2);
    const to = bordered + ((<usize>((y + 1) * (w + 2) + 1)) << 2);
    for (let x = 0; x < w; x++) put(to, x, min<f32>(MOST_OFF, at(from, x)));
  }
}

/** Fills one of the tables for a coordinate in pixels; what lies outside falls on the border. */
function placeShifts(table: usize, at0: f32, side: i32, pitch: i32): void {
  for (let i: i32 = 0; i < SHIFTS; i++) {
    const shift = <f32>(i - STEPS) * STEP_MM * PITCH + 0.5 * <f32>(side - 1);
    const place = <i32>(at0 + shift + 0.5);
    const held = min<i32>(max<i32>(place, -1), side) + 1;
    store<i32>(table + ((<usize>i) << 2), (held * pitch) << 2);
  }
}

/** Adds one point's distances to the sums of all shifts. */
function addPoint(): void {
  for (let i: usize = 0; i < 48; i += 16) {
    const c0 = bordered + <usize>load<i32>(columnsOf + i);
    const c1 = bordered + <usize>load<i32>(columnsOf + i, 4);
    const c2 = bordered + <usize>load<i32>(columnsOf + i, 8);
    const c3 = bordered + <usize>load<i32>(columnsOf + i, 12);
    let to = sums + i;
    for (let j = rowsOf; j < rowsOf + 44; j += 4, to += 48) {
      const row = <usize>load<i32>(j);
      const first = v128.load32_lane(c1 + row, v128.load32_zero(c0 + row), 1);
      const four = v128.load32_lane(c3 + row, v128.load32_lane(c2 + row, first, 2), 3);
      v128.store(to, f32x4.add(v128.load(to), four));
    }
  }
}

/** Sums the distance of few points for one angle and scale over all shifts. */
function scan(angle: f32, size: f32, step: i32): void {
  const c = <f32>Math.cos(<f64>angle) * size;
  const s = <f32>Math.sin(<f64>angle) * size;
  memory.fill(sums, 0, 11 * 12 * 4);
  let n = 0;
  for (let k = 0; k < reserved.count; k += step) {
    const x = at(reserved.x, k);
    const y = at(reserved.y, k);
    placeShifts(columnsOf, (c * x - s * y) * PITCH, query.width, 1);
    placeShifts(rowsOf, (s * x + c * y) * PITCH, query.height, query.width + 2);
    addPoint();
    n++;
  }
  for (let j = 0; j < SHIFTS; j++) {
    for (let i = 0; i < SHIFTS; i++) {
      const x = <f32>(i - STEPS) * STEP_MM;
      const y = <f32>(j - STEPS) * STEP_MM;
      remember(at(sums, j * 12 + i) / <f32>n, angle, x, y, size);
    }
  }
}

/** Keeps the best candidates apart from each other: near ones share a place. */
function remember(cost: f32, angle: f32, x: f32, y: f32, size: f32): void {
  if (cost >= at(candidateCost, CANDIDATES - 1)) return;
  let slot = CANDIDATES - 1;
  for (let k = 0; k < CANDIDATES; k++) {
    const turn = abs<f32>(at(candidateAngle, k) - angle);
    const isNear = min<f32>(turn, <f32>(2 * Math.PI) - turn) < 0.12;
    if (!isNear || at(candidateCost, k) > 1e6 || at(candidateScale, k) != size) continue;
    if (cost >= at(candidateCost, k)) return;
    slot = k;
    break;
  }
  for (; slot > 0 && at(candidateCost, slot - 1) > cost; slot--) move(slot - 1, slot);
  put(candidateCost, slot, cost);
  put(candidateAngle, slot, angle);
  put(candidateX, slot, x);
  put(candidateY, slot, y);
  put(candidateScale, slot, size);
}

function move(from: i32, to: i32): void {
  put(candidateCost, to, at(candidateCost, from));
  put(candidateAngle, to, at(candidateAngle, from));
  put(candidateX, to, at(candidateX, from));
  put(candidateY, to, at(candidateY, from));
  put(candidateScale, to, at(candidateScale, from));
}

function findCandidates(): void {
  for (let k = 0; k < CANDIDATES; k++) {
    put(candidateCost, k, Infinity);
    put(candidateAngle, k, 100);
    put(candidateScale, k, 0);
  }
  const step = max<i32>(1, reserved.count / FEW);
  borderField();
  const tries = hasNoScale ? 7 : 1;
  for (let t = 0; t < tries; t++) {
    const size = at(scales, t);
    for (let a = 0; a < ANGLES; a++) scan(<f32>((2 * Math.PI * <f64>a) / <f64>ANGLES), size, step);
  }
}

function start(m: usize, k: i32): void {
  const size = <f64>at(candidateScale, k);
  const x = <f64>at(candidateX, k);
  setSimilar(m, <f64>at(candidateAngle, k), size, x, <f64>at(candidateY, k));
}

/** One step: every `step`-th point moves towards its line, those beyond `reach` hardly. */
function improve(m: usize, step: i32, reach: f64, isWhole: bool): void {
  const size = isWhole ? PROJECTIVE : 4;
  memory.fill(matrix, 0, 512);
  memory.fill(vector, 0, 64);
  for (let k = 0; k < size; k++) putDouble(matrix, k * size + k, k < 2 ? 0.1 : 1);
  if (isWhole) {
    for (let k = 4; k < PROJECTIVE; k++) putDouble(matrix, k * size + k, hasNoScale ? 400 : 8000);
  }
  const count = measureAll(m, step);
  for (let k = 0; k < count; k++) {
    const d = <f64>at(offs, k);
    const share = d / reach;
    if (share >= 1) continue;
    const w = (1 - share * share) * (1 - share * share);
    const gx = <f64>at(slopesX, k);
    const gy = <f64>at(slopesY, k);
    // Derivatives in the query's frame: shift, scale and turn about the image of the middle.
    const qx = <f64>at(placedX, k) - doubleAt(m, 2);
    const qy = <f64>at(placedY, k) - doubleAt(m, 5);
    putDouble(row, 0, gx);
    putDouble(row, 1, gy);
    putDouble(row, 2, gx * qx + gy * qy);
    putDouble(row, 3, gy * qx - gx * qy);
    if (isWhole) {
      putDouble(row, 4, gx * qx - gy * qy);
      putDouble(row, 5, gx * qy + gy * qx);
      putDouble(row, 6, -(gx * qx + gy * qy) * qx * 0.1);
      putDouble(row, 7, -(gx * qx + gy * qy) * qy * 0.1);
    }
    addEquation(matrix, vector, row, size, w, -d);
  }
  solve(matrix, vector, size);
  apply(m, isWhole);
}

const change = memory.data(9 * 8);

/** m becomes (1 + found) m, where the change is about the image of the middle. */
function apply(m: usize, isWhole: bool): void {
  const a = isWhole ? doubleAt(vector, 4) : 0;
  const b = isWhole ? doubleAt(vector, 5) : 0;
  putDouble(change, 0, 1 + doubleAt(vector, 2) + a);
  putDouble(change, 1, -doubleAt(vector, 3) + b);
  putDouble(change, 2, doubleAt(vector, 0));
  putDouble(change, 3, doubleAt(vector, 3) + b);
  putDouble(change, 4, 1 + doubleAt(vector, 2) - a);
  putDouble(change, 5, doubleAt(vector, 1));
  putDouble(change, 6, isWhole ? 0.1 * doubleAt(vector, 6) : 0);
  putDouble(change, 7, isWhole ? 0.1 * doubleAt(vector, 7) : 0);
  putDouble(change, 8, 1);
  const tx = doubleAt(m, 2);
  const ty = doubleAt(m, 5);
  shift(m, -tx, -ty);
  multiply(change, m, m);
  shift(m, tx, ty);
  if (!hasNoScale) holdScale(m, MAX_SCALE_ERROR);
}

/** m, then a shift. */
function shift(m: usize, x: f64, y: f64): void {
  for (let j = 0; j < 3; j++) {
    putDouble(m, j, doubleAt(m, j) + x * doubleAt(m, 6 + j));
    putDouble(m, 3 + j, doubleAt(m, 3 + j) + y * doubleAt(m, 6 + j));
  }
}

function costOf(m: usize, step: i32): f64 {
  let sum: f64 = 0;
  let n: f64 = 0;
  for (let k = 0; k < reserved.count; k += step) {
    const x = <f64>at(reserved.x, k);
    const y = <f64>at(reserved.y, k);
    map(m, x, y);
    sum += Math.min(0.6, <f64>toQueryLine(<f32>mappedX, <f32>mappedY));
    n += 1;
  }
  return sum / Math.max(1, n);
}

function stepFor(points: i32): i32 {
  return max<i32>(1, reserved.count / points);
}

/** Motions of the candidates after their first fit, and what they cost. */
const fitted = memory.data(10 * 9 * 8);
const fittedCost = memory.data(10 * 4);

function fittedAt(k: i32): usize {
  return fitted + <usize>(k * 72);
}

/** Takes the motion over when it costs less than the best so far. */
function offer(m: usize, cost: f64): void {
  if (cost >= distance) return;
  distance = cost;
  memory.copy(motion, m, 72);
}

/** Fits the candidates without slant. */
function fitCandidates(step: i32): void {
  fill(fittedCost, CANDIDATES, Infinity);
  for (let k = 0; k < CANDIDATES; k++) {
    if (at(candidateCost, k) > 1e6) continue;
    const m = fittedAt(k);
    start(m, k);
    for (let round = 0; round < 4; round++) improve(m, step, 1.6, false);
    let cost = costOf(m, step);
    if (cost < HOPELESS * distance) {
      for (let round = 0; round < 4; round++) improve(m, step, 0.8, false);
      cost = costOf(m, step);
    }
    put(fittedCost, k, <f32>cost);
    offer(m, cost);
    if (cost < SURE_MM) return;
  }
}

/**
 * Fits the candidates with slant, the best first. A ring and a star lie nearly as well turned by a fifth, so a
 * slanted picture's right turn need not be the best one without slant; nor do lines far off tell their slant
 * to a fit that looks no farther than half a millimetre.
 */
function fitSlanted(step: i32): void {
  for (let turn = 0; turn < CANDIDATES; turn++) {
    let best = 0;
    for (let k = 1; k < CANDIDATES; k++) if (at(fittedCost, k) < at(fittedCost, best)) best = k;
    if (<f64>at(fittedCost, best) > HOPELESS * distance) return;
    put(fittedCost, best, Infinity);
    const m = fittedAt(best);
    for (let round = 0; round < 6; round++) improve(m, step, 1.2, true);
    for (let round = 0; round < 4; round++) improve(m, step, 0.6, true);
    offer(m, costOf(m, step));
  }
}

/** Fills `motion` and `distance`. */
export function register(): void {
  findCandidates();
  prepareMeasures();
  distance = 1e9;
  const few = stepFor(SOME);
  fitCandidates(few);
  if (distance > LAID_MM) fitSlanted(few);
  const many = stepFor(MANY);
  for (let round = 0; round < 3; round++) improve(motion, many, 0.6, false);
  for (let round = 0; round < 4; round++) improve(motion, many, 0.45, true);
  distance = costOf(motion, many);
}
