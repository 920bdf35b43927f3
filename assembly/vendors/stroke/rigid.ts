// Rigid fit: shift, rotation, scale and ink spread by least squares on edge offsets.
import { MAX_EDGES } from '../../seal/edges';
import { solve } from '../../seal/linear';
import { at, put } from '../../seal/plane';
import {
  CANDIDATES,
  candidateAngle,
  candidateX,
  candidateY,
  findCandidates,
  LARGE_SHEET,
  SMALL_SHEET,
} from './coarse';
import { edgeCount, edges } from './imprint';
import { knowns, Motion, offsets, search, shareStrengths, shares } from './search';

/** Scale and shape of a scanner's picture are known this well. */
const MAX_SCALE_ERROR: f64 = 0.015;
/** A candidate this good needs no rival. */
const GOOD_ENOUGH: f64 = 0.85;
const FINALISTS: i32 = 4;
/** Below this share of found edges the coarse step may have missed: it is made again, finer. */
const DOUBTFUL: f64 = 0.8;

const columns = memory.data(7 * 8);
const matrix = memory.data(7 * 7 * 8);
const vector = memory.data(7 * 8);
const solution = memory.data(7 * 8);
const weights = memory.data(12288 * 4);

const motions = memory.data(2 * 14 * 64);
/** Which slot of `motions` each candidate has. */
const order = memory.data(14 * 4);

function candidate(index: i32): Motion {
  return changetype<Motion>(motions + (load<i32>(order + ((<usize>index) << 2)) << 6));
}

function exchange(a: i32, b: i32): void {
  const slot = load<i32>(order + ((<usize>a) << 2));
  store<i32>(order + ((<usize>a) << 2), load<i32>(order + ((<usize>b) << 2)));
  store<i32>(order + ((<usize>b) << 2), slot);
}

function getColumn(index: i32): f64 {
  return load<f64>(columns + ((<usize>index) << 3));
}

function setColumn(index: i32, value: f64): void {
  store<f64>(columns + ((<usize>index) << 3), value);
}

/** The row of the design matrix of one edge point. Last three: shift x, shift y, ink spread. */
function designRow(i: i32, isAffine: bool): void {
  const px = <f64>at(edges, i);
  const py = <f64>at(edges, MAX_EDGES + i);
  const nx = <f64>at(edges, 2 * MAX_EDGES + i);
  const ny = <f64>at(edges, 3 * MAX_EDGES + i);
  let k = 0;
  if (isAffine) {
    setColumn(k++, nx * px);
    setColumn(k++, nx * py);
    setColumn(k++, ny * px);
    setColumn(k++, ny * py);
  } else {
    setColumn(k++, nx * px + ny * py);
    setColumn(k++, ny * px - nx * py);
  }
  setColumn(k++, nx);
  setColumn(k++, ny);
  setColumn(k, 1);
}

function residual(i: i32, size: i32): f64 {
  let sum = <f64>at(offsets, i);
  for (let k = 0; k < size; k++) sum -= getColumn(k) * load<f64>(solution + ((<usize>k) << 3));
  return sum;
}

/** Tukey's weight of a residual: 1 at 0, 0 from `width` on. */
export function tukey(value: f64, width: f64): f64 {
  const u = value / width;
  const v = max<f64>(0, 1 - u * u);
  return v * v;
}

function prepareNormal(size: i32, isAffine: bool): void {
  memory.fill(matrix, 0, 49 * 8);
  memory.fill(vector, 0, 7 * 8);
  for (let k = 0; k < size; k++) {
    // Priors: shape hardly changes, shift and spread are free.
    const isShape = k < size - 3;
    const stiffness: f64 = isShape ? (isAffine ? 60 : 0.3) : 0.001;
    store<f64>(matrix + ((<usize>(k * size + k)) << 3), stiffness);
  }
}

function addNormal(i: i32, size: i32, weight: f64): void {
  const t = <f64>at(offsets, i);
  for (let k = 0; k < size; k++) {
    const wk = weight * getColumn(k);
    const v = vector + ((<usize>k) << 3);
    store<f64>(v, load<f64>(v) + wk * t);
    for (let l = 0; l <= k; l++) {
      const m = matrix + ((<usize>(k * size + l)) << 3);
      store<f64>(m, load<f64>(m) + wk * getColumn(l));
    }
  }
}

/** One search of every `step`-th edge within `reach` millimetres, and the motion that fits best. */
function improve(m: Motion, reach: f32, step: i32, isAffine: bool): void {
  search(m, reach, step);
  shareStrengths(step);
  let knownSum: f64 = 0;
  for (let i = 0; i < edgeCount; i += step) {
    const isWithin = Mathf.abs(at(offsets, i)) < reach - 0.01;
    put(weights, i, isWithin ? at(knowns, i) * at(shares, i) : 0);
    knownSum += <f64>at(knowns, i);
  }
  const size = isAffine ? 7 : 5;
  memory.fill(solution, 0, 7 * 8);
  let width: f64 = 0.8 * <f64>reach;
  for (let round = 0; round < 3; round++) {
    prepareNormal(size, isAffine);
    for (let i = 0; i < edgeCount; i += step) {
      const weight = <f64>at(weights, i);
      if (weight == 0) continue;
      designRow(i, isAffine);
      addNormal(i, size, round == 0 ? weight : weight * tukey(residual(i, size), width));
    }
    solve(matrix, vector, size);
    memory.copy(solution, vector, (<usize>size) << 3);
    width = max<f64>(0.16, 0.8 * width);
  }
  let found: f64 = 0;
  for (let i = 0; i < edgeCount; i += step) {
    const weight = <f64>at(weights, i);
    if (weight == 0) continue;
    designRow(i, isAffine);
    const e = residual(i, size) / 0.25;
    found += weight * max<f64>(0, 1 - e * e);
  }
  m.found = found / max<f64>(1, knownSum);
  apply(m, size, isAffine);
}

function unknownAt(index: i32): f64 {
  return load<f64>(solution + ((<usize>index) << 3));
}

function apply(m: Motion, size: i32, isAffine: bool): void {
  const l0 = unknownAt(0);
  const l1 = isAffine ? unknownAt(1) : -unknownAt(1);
  const l2 = isAffine ? unknownAt(2) : unknownAt(1);
  const l3 = isAffine ? unknownAt(3) : unknownAt(0);
  const dx = unknownAt(size - 3);
  const dy = unknownAt(size - 2);
  m.x += m.m0 * dx + m.m1 * dy;
  m.y += m.m2 * dx + m.m3 * dy;
  const m0 = m.m0;
  const m2 = m.m2;
  m.m0 = m0 * (1 + l0) + m.m1 * l2;
  m.m1 = m0 * l1 + m.m1 * (1 + l3);
  m.m2 = m2 * (1 + l0) + m.m3 * l2;
  m.m3 = m2 * l1 + m.m3 * (1 + l3);
  m.spread = unknownAt(size - 1);
  const scale = scaleOf(m);
  const held = min<f64>(max<f64>(scale, 1 - MAX_SCALE_ERROR), 1 + MAX_SCALE_ERROR) / scale;
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
  let best = tryCandidates(SMALL_SHEET, 0);
  if (best.found < DOUBTFUL) {
    const other = tryCandidates(LARGE_SHEET, CANDIDATES);
    if (other.found > best.found) best = other;
  }
  const step = stepFor(1500);
  improve(best, 0.7, step, false);
  improve(best, 0.5, step, false);
  improve(best, 0.4, step, false);
  improve(best, 0.4, step, true);
  return best;
}

/** The best motion from the candidates of one sheet; their slots begin at `first`. */
function tryCandidates(sheetSide: i32, first: i32): Motion {
  findCandidates(sheetSide);
  let tried = 0;
  while (tried < CANDIDATES) {
    store<i32>(order + ((<usize>tried) << 2), first + tried);
    const m = candidate(tried);
    start(m, tried);
    improve(m, 1.2, stepFor(260), false);
    improve(m, 1.0, stepFor(260), false);
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
    if (m.found > bestFound) {
      bestFound = m.found;
      best = m;
    }
  }
  return best;
}

function start(m: Motion, index: i32): void {
  const angle = <f64>at(candidateAngle, index);
  m.m0 = m.m3 = Math.cos(angle);
  m.m2 = Math.sin(angle);
  m.m1 = -m.m2;
  m.x = <f64>at(candidateX, index);
  m.y = <f64>at(candidateY, index);
  m.spread = 0;
  m.found = 0;
}
