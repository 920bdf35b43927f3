// Fit of the motion by least squares on edge offsets: shift, rotation, scale and ink spread, in the end
// with shear and a camera's perspective.
import { MAX_EDGES } from '../../seal/edges';
import { solve } from '../../seal/linear';
import { at, put } from '../../seal/plane';
import { doubleAt, putDouble } from '../../shared/doubles';
import { addEquation } from '../normal';
import { isUnscaled } from '../template';
import {
  CANDIDATES,
  candidateAngle,
  candidates,
  candidateX,
  candidateY,
  findCandidates,
  LARGE_SHEET,
  likeness,
  SMALL_SHEET,
} from './coarse';
import { edgeCount, edges } from './imprint';
import { knowns, Motion, offsets, search, shareStrengths, shares } from './search';

/** Scale and shape of a scanner's picture are known this well. */
const MAX_SCALE_ERROR: f64 = 0.015;
/** What a picture that names no resolution may be: about 190 to 450 dpi; and the scales tried. */
const LEAST_SCALE: f64 = 0.6;
const GREATEST_SCALE: f64 = 1.55;
const LEAST_TRIED: f64 = 0.63;
const MOST_TRIED: f64 = 1.5;
const SCALE_STEP: f64 = 1.05;
/** A candidate this good needs no rival. */
const GOOD_ENOUGH: f64 = 0.85;
const FINALISTS: i32 = 8;
/** A candidate that finds less than this share of the best one's edges at first is left alone. */
const HOPELESS: f64 = 0.5;
/**
 * Below this share of found edges the coarse step may have missed: it is made again, finer. Of 447 pairs
 * none that came above 0.53 had a better motion there.
 */
const DOUBTFUL: f64 = 0.6;
/**
 * A finalist below this share may lie right but for a camera's perspective, which turns and shifts of
 * the whole cannot follow: fitted with it, farther out, before it is judged. Of the right ones, 19 in 20
 * come above it.
 */
const UNSURE: f64 = 0.8;

/** How many unknowns each kind of fit has; the last are shift x, shift y, ink spread, and one that is always 0. */
const SIMILAR: i32 = 6;
const PROJECTIVE: i32 = 10;
/** Perspective's unknowns are in hundredths of a millimetre's inverse. */
const TILT_UNIT: f64 = 0.01;
const MAX_TILT: f64 = 0.012;

const matrix = memory.data(10 * 10 * 8);
const vector = memory.data(10 * 8);
const solution = memory.data(10 * 8);

/** The points of one fit that were found: rows of the design matrix, offsets and weights, f64. */
let fitted: i32 = 0;
const rows = memory.data(12288 * 10 * 8);
const targets = memory.data(12288 * 8);
const weights = memory.data(12288 * 8);

/** 128 bytes a motion. */
const motions = memory.data(4 * 14 * 128);
/** Which slot of `motions` each candidate has. */
const order = memory.data(14 * 4);

function candidate(index: i32): Motion {
  return changetype<Motion>(motions + (load<i32>(order + ((<usize>index) << 2)) << 7));
}

function exchange(a: i32, b: i32): void {
  const slot = load<i32>(order + ((<usize>a) << 2));
  store<i32>(order + ((<usize>a) << 2), load<i32>(order + ((<usize>b) << 2)));
  store<i32>(order + ((<usize>b) << 2), slot);
}

/** Adds an edge point's row of the design matrix; the last column is always 0. */
function addRow(i: i32, size: i32, weight: f64): void {
  const px = <f64>at(edges, i);
  const py = <f64>at(edges, MAX_EDGES + i);
  const nx = <f64>at(edges, 2 * MAX_EDGES + i);
  const ny = <f64>at(edges, 3 * MAX_EDGES + i);
  const along = nx * px + ny * py;
  const row = rows + ((<usize>(fitted * size)) << 3);
  let k = 0;
  if (size == PROJECTIVE) {
    putDouble(row, k++, nx * px);
    putDouble(row, k++, nx * py);
    putDouble(row, k++, ny * px);
    putDouble(row, k++, ny * py);
    putDouble(row, k++, -along * px * TILT_UNIT);
    putDouble(row, k++, -along * py * TILT_UNIT);
  } else {
    putDouble(row, k++, along);
    putDouble(row, k++, ny * px - nx * py);
  }
  putDouble(row, k++, nx);
  putDouble(row, k++, ny);
  putDouble(row, k++, 1);
  putDouble(row, k, 0);
  putDouble(targets, fitted, <f64>at(offsets, i));
  putDouble(weights, fitted, weight);
  fitted++;
}

function residual(point: i32, size: i32): f64 {
  const row = rows + ((<usize>(point * size)) << 3);
  let sum = f64x2.mul(v128.load(row), v128.load(solution));
  for (let k: usize = 16; k < (<usize>size) << 3; k += 16) {
    sum = f64x2.add(sum, f64x2.mul(v128.load(row + k), v128.load(solution + k)));
  }
  return doubleAt(targets, point) - (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** Tukey's weight of a residual: 1 at 0, 0 from `width` on. */
export function tukey(value: f64, width: f64): f64 {
  const u = value / width;
  const v = max<f64>(0, 1 - u * u);
  return v * v;
}

function prepareNormal(size: i32): void {
  memory.fill(matrix, 0, 100 * 8);
  memory.fill(vector, 0, 10 * 8);
  for (let k = 0; k < size; k++) {
    // Priors: shape hardly changes, perspective a little; shift and spread are free, the last is nothing.
    const isShape = k < size - 4;
    const stiffness: f64 = !isShape ? 0.001 : size == SIMILAR ? 0.3 : k < 4 ? 60 : 0.5;
    putDouble(matrix, k * size + k, k == size - 1 ? 1 : stiffness);
  }
}

/** One search of every `step`-th edge within `reach` millimetres, and the motion that fits best. */
function improve(m: Motion, reach: f32, step: i32, isWhole: bool): void {
  search(m, reach, step);
  shareStrengths(step);
  const size = isWhole ? PROJECTIVE : SIMILAR;
  let knownSum: f64 = 0;
  fitted = 0;
  for (let i = 0; i < edgeCount; i += step) {
    knownSum += <f64>at(knowns, i);
    const weight = at(knowns, i) * at(shares, i);
    if (weight != 0 && Mathf.abs(at(offsets, i)) < reach - 0.01) addRow(i, size, <f64>weight);
  }
  memory.fill(solution, 0, 10 * 8);
  let width: f64 = 0.8 * <f64>reach;
  for (let round = 0; round < 3; round++) {
    prepareNormal(size);
    for (let i = 0; i < fitted; i++) {
      const row = rows + ((<usize>(i * size)) << 3);
      const own = doubleAt(weights, i);
      const weight = round == 0 ? own : own * tukey(residual(i, size), width);
      addEquation(matrix, vector, row, size, weight, doubleAt(targets, i));
    }
    solve(matrix, vector, size);
    memory.copy(solution, vector, (<usize>size) << 3);
    width = max<f64>(0.16, 0.8 * width);
  }
  let found: f64 = 0;
  for (let i = 0; i < fitted; i++) {
    const e = residual(i, size) / 0.25;
    found += doubleAt(weights, i) * max<f64>(0, 1 - e * e);
  }
  m.found = found / max<f64>(1, knownSum);
  apply(m, isWhole);
}

function unknownAt(index: i32): f64 {
  return doubleAt(solution, index);
}

/**
 * The motion as a 3 x 3 matrix is [M + t g, t; g, 1], where M is its linear part, t its shift and g
 * its tilt; after the step found it is that matrix times [1 + L, d; e, 1].
 */
function apply(m: Motion, isWhole: bool): void {
  const size = isWhole ? PROJECTIVE : SIMILAR;
  const l0 = unknownAt(0);
  const l1 = isWhole ? unknownAt(1) : -unknownAt(1);
  const l2 = isWhole ? unknownAt(2) : unknownAt(1);
  const l3 = isWhole ? unknownAt(3) : unknownAt(0);
  const e0 = isWhole ? TILT_UNIT * unknownAt(4) : 0;
  const e1 = isWhole ? TILT_UNIT * unknownAt(5) : 0;
  const dx = unknownAt(size - 4);
  const dy = unknownAt(size - 3);
  const h0 = m.m0 + m.x * m.tiltX;
  const h1 = m.m1 + m.x * m.tiltY;
  const h2 = m.m2 + m.y * m.tiltX;
  const h3 = m.m3 + m.y * m.tiltY;
  const depth = Math.max(0.3, 1 + m.tiltX * dx + m.tiltY * dy);
  const g0 = (m.tiltX * (1 + l0) + m.tiltY * l2 + e0) / depth;
  const g1 = (m.tiltX * l1 + m.tiltY * (1 + l3) + e1) / depth;
  const a0 = (h0 * (1 + l0) + h1 * l2 + m.x * e0) / depth;
  const a1 = (h0 * l1 + h1 * (1 + l3) + m.x * e1) / depth;
  const a2 = (h2 * (1 + l0) + h3 * l2 + m.y * e0) / depth;
  const a3 = (h2 * l1 + h3 * (1 + l3) + m.y * e1) / depth;
  m.x = (h0 * dx + h1 * dy + m.x) / depth;
  m.y = (h2 * dx + h3 * dy + m.y) / depth;
  m.tiltX = Math.min(Math.max(g0, -MAX_TILT), MAX_TILT);
  m.tiltY = Math.min(Math.max(g1, -MAX_TILT), MAX_TILT);
  m.m0 = a0 - m.x * g0;
  m.m1 = a1 - m.x * g1;
  m.m2 = a2 - m.y * g0;
  m.m3 = a3 - m.y * g1;
  m.spread = unknownAt(size - 2);
  const scale = scaleOf(m);
  const low = isUnscaled ? LEAST_SCALE : 1 - MAX_SCALE_ERROR;
  const high = isUnscaled ? GREATEST_SCALE : 1 + MAX_SCALE_ERROR;
  const held = min<f64>(max<f64>(scale, low), high) / scale;
  m.m0 *= held;
  m.m1 *= held;
  m.m2 *= held;
  m.m3 *= held;
}

export function scaleOf(m: Motion): f64 {
  return Math.max(1e-6, Math.sqrt(Math.abs(m.m0 * m.m3 - m.m1 * m.m2)));
}

function stepFor(points: i32): i32 {
  return max<i32>(1, edgeCount / points);
}

/** Finds the motion that lays the reserved imprint over the query. */
export function register(): Motion {
  let best = isUnscaled ? tryScales() : tryCandidates(SMALL_SHEET, 0, 1);
  const sure = isUnscaled ? UNSURE : DOUBTFUL;
  if (best.found < sure) {
    // Rings tell the scale even where the turn is wrong.
    const scale = isUnscaled ? scaleOf(best) : 1;
    const other = tryCandidates(LARGE_SHEET, 3 * CANDIDATES, scale);
    if (other.found > best.found) best = other;
  }
  const step = stepFor(1500);
  improve(best, 0.7, step, false);
  improve(best, 0.5, step, false);
  improve(best, 0.7, step, true);
  improve(best, 0.5, step, true);
  improve(best, 0.4, step, true);
  improve(best, 0.4, step, true);
  return best;
}

const scaleTried = memory.data(3 * 8);
const scaleValue = memory.data(3 * 4);

/** The best motion at the three likeliest scales of a picture that names none. */
function tryScales(): Motion {
  for (let k = 0; k < 3; k++) put(scaleValue, k, -Infinity);
  for (let scale = LEAST_TRIED; scale < MOST_TRIED; scale *= SCALE_STEP) {
    findCandidates(SMALL_SHEET, <f32>scale);
    let slot = 2;
    if (likeness <= at(scaleValue, slot)) continue;
    for (; slot > 0 && at(scaleValue, slot - 1) < likeness; slot--) {
      put(scaleValue, slot, at(scaleValue, slot - 1));
      store<f64>(
        scaleTried + ((<usize>slot) << 3),
        load<f64>(scaleTried + ((<usize>(slot - 1)) << 3)),
      );
    }
    put(scaleValue, slot, likeness);
    store<f64>(scaleTried + ((<usize>slot) << 3), scale);
  }
  let best = tryCandidates(SMALL_SHEET, 0, load<f64>(scaleTried));
  for (let k = 1; k < 3 && best.found < GOOD_ENOUGH; k++) {
    const m = tryCandidates(SMALL_SHEET, k * CANDIDATES, load<f64>(scaleTried + ((<usize>k) << 3)));
    if (m.found > best.found) best = m;
  }
  return best;
}

/** The best motion from the candidates of one sheet at one scale; their slots begin at `first`. */
function tryCandidates(sheetSide: i32, first: i32, scale: f64): Motion {
  findCandidates(sheetSide, <f32>scale);
  let tried = 0;
  let most: f64 = 0;
  while (tried < candidates) {
    store<i32>(order + ((<usize>tried) << 2), first + tried);
    const m = candidate(tried);
    start(m, tried, scale);
    improve(m, 1.2, stepFor(260), false);
    // What starts far behind the best so far is no finalist.
    if (m.found > HOPELESS * most) improve(m, 1.0, stepFor(260), false);
    if (m.found > most) most = m.found;
    tried++;
    if (m.found > GOOD_ENOUGH) break;
  }
  let best = candidate(0);
  let bestFound: f64 = -1;
  for (let i = 0; i < min<i32>(FINALISTS, tried); i++) {
    for (let j = i + 1; j < tried; j++) {
      if (candidate(j).found > candidate(i).found) exchange(i, j);
    }
    const m = candidate(i);
    improve(m, 0.8, stepFor(500), false);
    const isUnsure = m.found < UNSURE;
    for (let k = 0; k < 2 && m.found < UNSURE; k++) improve(m, 1.2, stepFor(500), true);
    if (isUnscaled || isUnsure) improve(m, 0.8, stepFor(500), true);
    if (m.found > bestFound) {
      bestFound = m.found;
      best = m;
    }
  }
  return best;
}

function start(m: Motion, index: i32, scale: f64): void {
  const angle = <f64>at(candidateAngle, index);
  m.m0 = m.m3 = scale * Math.cos(angle);
  m.m2 = scale * Math.sin(angle);
  m.m1 = -m.m2;
  m.x = <f64>at(candidateX, index);
  m.y = <f64>at(candidateY, index);
  m.spread = 0;
  m.found = 0;
  m.tiltX = 0;
  m.tiltY = 0;
}
