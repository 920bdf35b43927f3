// Where is the query's edge that belongs to a reserved edge point? Searched along the normal.
import { MAX_EDGES } from '../../seal/edges';
import { at, clamp, put } from '../../seal/plane';
import { sample, sampleLine } from '../../seal/sample';
import { edgeCount, edges, isAllKnown, known, knownAround, qh, qw, SCALE, soft } from './imprint';

/** Step of the search, millimetres. */
const STEP: f32 = 0.04;
const MAX_STEPS: i32 = 80;

/**
 * A point p of the reserved frame (millimetres from its centre) lies in the query at
 * (m0 q.x + m1 q.y + x, m2 q.x + m3 q.y + y), millimetres from the query's centre, where
 * q = p / (1 + tiltX p.x + tiltY p.y): any plane seen by a camera. Never made with `new`: the arena
 * owns all memory that a heap would use.
 */
@unmanaged
export class Motion {
  m0: f64;
  m1: f64;
  m2: f64;
  m3: f64;
  x: f64;
  y: f64;
  /** Ink spread, and the share of edges found within a quarter millimetre. */
  spread: f64;
  found: f64;
  tiltX: f64;
  tiltY: f64;
}

/** What a point's coordinates are divided by for perspective. */
export function depthAt(motion: Motion, x: f32, y: f32): f32 {
  return max<f32>(0.3, 1 + <f32>motion.tiltX * x + <f32>motion.tiltY * y);
}

/** Results by edge point: signed distance (mm), edge strength, known weight, strength share. */
export const offsets = memory.data(12288 * 4);
export const strengths = memory.data(12288 * 4);
export const knowns = memory.data(12288 * 4);
export const shares = memory.data(12288 * 4);
/** Smooth displacement of each edge point, added before the motion; zero until it is fitted. */
export const moveX = memory.data(12288 * 4);
export const moveY = memory.data(12288 * 4);

const profile = memory.data(88 * 4, 16);
const favour = memory.data(84 * 4, 16);
const ratios = memory.data(12288 * 4);

function knownAt(x: f32, y: f32): f32 {
  if (x < 0 || y < 0 || x > <f32>(qw - 1) || y > <f32>(qh - 1)) return 1;
  const corner = min<i32>(<i32>y, qh - 2) * qw + min<i32>(<i32>x, qw - 2);
  if (load<u8>(knownAround + <usize>corner) != 0) return 1;
  return sample(known, qw, qh, x, y);
}

/** Searches every `step`-th edge point within +-`reach` millimetres. */
export function search(motion: Motion, reach: f32, step: i32): void {
  const half = <i32>nearest<f32>(reach / STEP);
  const count = min<i32>(MAX_STEPS, 2 * half + 3);
  for (let j = 0; j < count - 2; j++) {
    const t = <f32>(j - half) * STEP;
    const u = t / (0.7 * reach);
    put(favour, j, <f32>Math.exp(<f64>(-0.5 * u * u)));
  }
  // What is not a number is never the greatest.
  for (let j = count - 2; j < ((count + 3) & ~3); j++) put(favour, j, NaN);
  const m0 = <f32>motion.m0;
  const m1 = <f32>motion.m1;
  const m2 = <f32>motion.m2;
  const m3 = <f32>motion.m3;
  const centreX = <f32>motion.x * SCALE + <f32>(qw - 1) * 0.5;
  const centreY = <f32>motion.y * SCALE + <f32>(qh - 1) * 0.5;
  for (let i = 0; i < edgeCount; i += step) {
    const px = at(edges, i) + at(moveX, i);
    const py = at(edges, MAX_EDGES + i) + at(moveY, i);
    const nx = at(edges, 2 * MAX_EDGES + i);
    const ny = at(edges, 3 * MAX_EDGES + i);
    // The normal as perspective turns it: the derivative of p / (1 + tilt p) along it.
    const nearness = <f32>1 / depthAt(motion, px, py);
    const sx = px * nearness;
    const sy = py * nearness;
    const lean = <f32>motion.tiltX * nx + <f32>motion.tiltY * ny;
    const ux = nx - sx * lean;
    const uy = ny - sy * lean;
    const dx = m0 * ux + m1 * uy;
    const dy = m2 * ux + m3 * uy;
    searchOne(
      i,
      (m0 * sx + m1 * sy) * SCALE + centreX,
      (m2 * sx + m3 * sy) * SCALE + centreY,
      dx * SCALE,
      dy * SCALE,
      half,
      count,
    );
  }
}

/** (x, y) is where the edge should be, (ux, uy) one reserved millimetre outwards, in query pixels. */
function searchOne(i: i32, x: f32, y: f32, ux: f32, uy: f32, half: i32, count: i32): void {
  const dx = STEP * ux;
  const dy = STEP * uy;
  const startX = x - <f32>(half + 1) * STEP * ux;
  const startY = y - <f32>(half + 1) * STEP * uy;
  const isWithin = isInside(startX, startY, dx, dy, count);
  if (isWithin) sampleLine(soft, qw, startX, startY, dx, dy, (count + 3) & ~3, profile);
  else readProfile(startX, startY, dx, dy, count);
  const best = steepest(count);
  const middle = min<i32>(max<i32>(best, 1), count - 4);
  const a = at(profile, middle - 1) - at(profile, middle + 1);
  const m = at(profile, middle) - at(profile, middle + 2);
  const c = at(profile, middle + 1) - at(profile, middle + 3);
  const bend = min<f32>(a - 2 * m + c, -1e-6 * 2 * STEP);
  const shift = clamp((0.5 * (a - c)) / bend, -1, 1);
  put(offsets, i, (<f32>(best - half) + shift) * STEP);
  const strength = (at(profile, best) - at(profile, best + 2)) / (2 * STEP);
  put(strengths, i, max<f32>(strength, 0));
  if (isAllKnown) {
    put(knowns, i, 1);
    return;
  }
  const foundX = startX + <f32>(middle + 1) * STEP * ux;
  const foundY = startY + <f32>(middle + 1) * STEP * uy;
  if (isWithin && isKnownAround(x, y) && isKnownAround(foundX, foundY)) put(knowns, i, 1);
  else put(knowns, i, min<f32>(knownAt(foundX, foundY), knownAt(x, y)));
}

/** Whether all is known around a place well inside the query. */
function isKnownAround(x: f32, y: f32): bool {
  return load<u8>(knownAround + <usize>(<i32>y * qw + <i32>x)) != 0;
}

/** Whether `count` places along a line, and up to three more, lie inside the query. */
function isInside(x0: f32, y0: f32, dx: f32, dy: f32, count: i32): bool {
  const rounded = (count + 3) & ~3;
  const x1 = x0 + dx * <f32>(rounded - 1);
  const y1 = y0 + dy * <f32>(rounded - 1);
  const lowest = min<f32>(min<f32>(x0, x1), min<f32>(y0, y1));
  // With room for rounding on the way: the fast path must not leave the picture.
  return lowest >= 0.01 && max<f32>(x0, x1) < <f32>(qw - 2) && max<f32>(y0, y1) < <f32>(qh - 2);
}

/** Reads `count` places of the query along a line. */
function readProfile(x0: f32, y0: f32, dx: f32, dy: f32, count: i32): void {
  let x = x0;
  let y = y0;
  for (let j = 0; j < count; j++) {
    put(profile, j, sample(soft, qw, qh, x, y));
    x += dx;
    y += dy;
  }
}

/** Which of the steps along the profile falls most steeply, as `favour` weighs it; the first of equals. */
function steepest(count: i32): i32 {
  let values = f32x4.splat(-Infinity);
  let places = i32x4.splat(0);
  let here = i32x4(0, 1, 2, 3);
  // Loaded as it was stored, since what was stored by halves of two is slow to come back.
  let own = v128.load(profile);
  for (let p: usize = 0; p < (<usize>(count - 2)) << 2; p += 16) {
    const next = v128.load(profile + p, 16);
    const fall = f32x4.sub(own, v128.shuffle<f32>(own, next, 2, 3, 4, 5));
    const value = f32x4.mul(fall, v128.load(favour + p));
    const isSteeper = f32x4.gt(value, values);
    values = v128.bitselect(value, values, isSteeper);
    places = v128.bitselect(here, places, isSteeper);
    here = i32x4.add(here, i32x4.splat(4));
    own = next;
  }
  return firstOfMost(values, places);
}

/** The least place of the greatest of four values. */
function firstOfMost(values: v128, places: v128): i32 {
  const two = f32x4.pmax(values, v128.shuffle<f32>(values, values, 2, 3, 0, 1));
  const most = f32x4.pmax(two, v128.shuffle<f32>(two, two, 1, 0, 3, 2));
  const found = v128.bitselect(places, i32x4.splat(i32.MAX_VALUE), f32x4.eq(values, most));
  const pair = i32x4.min_s(found, v128.shuffle<i32>(found, found, 2, 3, 0, 1));
  return i32x4.extract_lane(i32x4.min_s(pair, v128.shuffle<i32>(pair, pair, 1, 0, 3, 2)), 0);
}

/**
 * Turns strengths into shares of the reserved strength, 0 to 1, allowing for an imprint that is
 * paler or softer as a whole: measured against its own 65th percentile.
 */
export function shareStrengths(step: i32): void {
  let count = 0;
  for (let i = 0; i < edgeCount; i += step) {
    const ratio = at(strengths, i) / at(edges, 4 * MAX_EDGES + i);
    put(shares, i, ratio);
    if (at(knowns, i) > 0.5) put(ratios, count++, ratio);
  }
  const usual = count > 30 ? percentile(ratios, count, 65) : <f32>1;
  const scale = min<f32>(max<f32>(usual, 0.3), 1);
  for (let i = 0; i < edgeCount; i += step) {
    put(shares, i, clamp((at(shares, i) / scale - 0.15) / 0.35, 0, 1));
  }
}

/** How many values are less than a limit. */
function countBelow(values: usize, count: i32, limit: f32): i32 {
  const limits = f32x4.splat(limit);
  let found = i32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    found = i32x4.sub(found, f32x4.lt(v128.load(values + ((<usize>i) << 2)), limits));
  }
  const pair = i32x4.add(found, v128.shuffle<i32>(found, found, 2, 3, 0, 1));
  let below = i32x4.extract_lane(pair, 0) + i32x4.extract_lane(pair, 1);
  for (; i < count; i++) if (at(values, i) < limit) below++;
  return below;
}

/** So few values are left to the selection. */
const FEW: i32 = 64;

/**
 * A percentile of values from 0 on, between neighbours where it falls there; of the values only some are
 * left, since halving the range of what is looked at needs no order.
 */
export function percentile(values: usize, count: i32, percent: f32): f32 {
  const rank: f32 = (percent / 100) * <f32>(count - 1);
  let k = <i32>floor<f32>(rank);
  let low: f32 = 0;
  let high: f32 = Infinity;
  let belowLow = 0;
  let belowHigh = count;
  let middle: f32 = 1;
  for (let round = 0; round < 24 && belowHigh - belowLow > FEW; round++) {
    const below = countBelow(values, count, middle);
    if (k < below) {
      high = middle;
      belowHigh = below;
    } else {
      low = middle;
      belowLow = below;
    }
    middle = high == Infinity ? 2 * low : 0.5 * (low + high);
  }
  k -= belowLow;
  let left = 0;
  // The least of what lies above those that are left.
  let next: f32 = Infinity;
  for (let i = 0; i < count; i++) {
    const value = at(values, i);
    if (value >= high) next = min<f32>(next, value);
    else if (value >= low) put(values, left++, value);
  }
  const found = select(values, left, k);
  for (let i = k + 1; i < left; i++) next = min<f32>(next, at(values, i));
  return next == Infinity ? found : found + (rank - floor<f32>(rank)) * (next - found);
}

/** Hoare's selection: afterwards value k is in its sorted place, smaller ones before it. */
function select(values: usize, count: i32, k: i32): f32 {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = at(values, (low + high) >> 1);
    let i = low;
    let j = high;
    while (i <= j) {
      while (at(values, i) < pivot) i++;
      while (at(values, j) > pivot) j--;
      if (i > j) break;
      const value = at(values, i);
      put(values, i++, at(values, j));
      put(values, j--, value);
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return at(values, k);
}
