// Coarse registration by the Fourier-Mellin way: the spectrum's magnitude does not know where the
// imprint lies, and in log-polar form turning and scaling become shifts.

import { blur } from '../../seal/blur';
import { forward, inverse } from '../../seal/fft';
import { at, clampFour, put, resample, takePlane } from '../../seal/plane';
import { sample, sampleFour } from '../../seal/sample';
import { mark, release } from '../../shared/arena';
import { hasNoScale, known, PITCH, qh, query, qw, reserved, rh, rw } from './sheets';

const SIDE: i32 = 128;
const AREA: i32 = 128 * 128;
const ANGLES: i32 = 180;
const RADII: i32 = 40;
/** Radii of the log-polar spectrum, in frequencies of the sheet. */
const FIRST: f64 = 5;
const LAST: f64 = 54;
/** Steps of the scale that are tried when a picture names no resolution: 0.7 to 1.43. */
const SCALE_STEPS: i32 = 6;
const ROUNDS: i32 = 6;
export const CANDIDATES: i32 = 12;

export const candidateAngle = memory.data(12 * 4);
export const candidateScale = memory.data(12 * 4);
export const candidateX = memory.data(12 * 4);
export const candidateY = memory.data(12 * 4);
const candidateValue = memory.data(12 * 4);

/** Sheet pixels per millimetre. */
let pitch: f32 = 2;

/** A map around its centre on the sheet, band-passed. */
function prepareSheet(plane: usize, width: i32, height: i32, to: usize): void {
  const start = mark();
  const ratio = PITCH / pitch;
  const w = min<i32>(SIDE, max<i32>(8, <i32>nearest<f32>(<f32>width / ratio)));
  const h = min<i32>(SIDE, max<i32>(8, <i32>nearest<f32>(<f32>height / ratio)));
  const small = takePlane(w * h);
  const originX: f32 = 0.5 * (<f32>width - <f32>w * ratio);
  const originY: f32 = 0.5 * (<f32>height - <f32>h * ratio);
  resample(plane, width, height, small, w, h, ratio, originX, originY);
  const sheet = takePlane(AREA);
  memory.fill(sheet, 0, AREA * 4);
  for (let y = 0; y < h; y++) {
    const row = (((SIDE - h) >> 1) + y) * SIDE + ((SIDE - w) >> 1);
    memory.copy(sheet + ((<usize>row) << 2), small + ((<usize>(y * w)) << 2), (<usize>w) << 2);
  }
  const wide = takePlane(AREA);
  blur(sheet, wide, SIDE, SIDE, 3);
  blur(sheet, to, SIDE, SIDE, 0.5);
  for (let i = 0; i < AREA; i++) put(to, i, at(to, i) - at(wide, i));
  release(start);
}

function reversed(index: i32): i32 {
  let bits = 0;
  for (let k = 0; k < 7; k++) bits |= ((index >> k) & 1) << (6 - k);
  return bits;
}

/**
 * Log-polar log-magnitude of a sheet, RADII values an angle, mean 0 at each radius. The sheet's
 * spectrum is left in `re` and `im`.
 */
function logPolar(sheet: usize, re: usize, im: usize, to: usize): void {
  const start = mark();
  memory.copy(re, sheet, AREA * 4);
  memory.fill(im, 0, AREA * 4);
  forward(re, im, SIDE);
  // The transform leaves (column, row) frequencies transposed and bit-reversed. Angles of half a turn
  // ask for the lower half only, and no farther than the last radius.
  const power = takePlane(AREA);
  const reach = <i32>LAST + 1;
  for (let fx = SIDE / 2 - reach; fx <= SIDE / 2 + reach; fx++) {
    const row = reversed((fx + SIDE / 2) & (SIDE - 1)) * SIDE;
    for (let fy = SIDE / 2; fy <= SIDE / 2 + reach; fy++) {
      const p = row + reversed(fy - SIDE / 2);
      const a = at(re, p);
      const b = at(im, p);
      put(power, fy * SIDE + fx, <f32>Math.log(1 + Math.sqrt(<f64>(a * a + b * b))));
    }
  }
  const step = Math.log(LAST / FIRST) / <f64>(RADII - 1);
  const radii = takePlane(2 * RADII);
  for (let r = 0; r < RADII; r++) {
    store<f64>(radii + ((<usize>r) << 3), FIRST * Math.exp(step * <f64>r));
  }
  for (let a = 0; a < ANGLES; a++) {
    const angle = (<f64>a * Math.PI) / <f64>ANGLES;
    const c = Math.cos(angle);
    const s = Math.sin(angle);
    for (let r = 0; r < RADII; r++) {
      const radius = load<f64>(radii + ((<usize>r) << 3));
      const x = <f32>(<f64>(SIDE / 2) + radius * c);
      const y = <f32>(<f64>(SIDE / 2) + radius * s);
      put(to, a * RADII + r, sample(power, SIDE, SIDE, x, y));
    }
  }
  for (let r = 0; r < RADII; r++) standardise(to, r);
  release(start);
}

function standardise(spectrum: usize, r: i32): void {
  let sum: f32 = 0;
  for (let a = 0; a < ANGLES; a++) sum += at(spectrum, a * RADII + r);
  const mean = sum / <f32>ANGLES;
  let squares: f32 = 0;
  for (let a = 0; a < ANGLES; a++) {
    const value = at(spectrum, a * RADII + r) - mean;
    put(spectrum, a * RADII + r, value);
    squares += value * value;
  }
  const scale: f32 = 1 / (sqrt<f32>(squares / <f32>ANGLES) + 1e-3);
  for (let a = 0; a < ANGLES; a++) {
    put(spectrum, a * RADII + r, at(spectrum, a * RADII + r) * scale);
  }
}

/** Correlation of the query's spectrum with the reserved one turned by `turn` and scaled by `steps`. */
function spectralMatch(mine: usize, theirs: usize, turn: i32, steps: i32): f32 {
  let sum: f32 = 0;
  const first = max<i32>(0, -steps);
  const count = RADII - abs<i32>(steps);
  for (let a = 0; a < ANGLES; a++) {
    const p = mine + ((<usize>(a * RADII + first)) << 2);
    const q = theirs + ((<usize>(((a + turn) % ANGLES) * RADII + first + steps)) << 2);
    let sums = f32x4.splat(0);
    let r = 0;
    for (; r + 4 <= count; r += 4) {
      const offset = (<usize>r) << 2;
      sums = f32x4.add(sums, f32x4.mul(v128.load(p + offset), v128.load(q + offset)));
    }
    sum += f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
    sum += f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3);
    for (; r < count; r++) sum += at(p, r) * at(q, r);
  }
  return sum / <f32>(ANGLES * count);
}

/** As near to the last pixel as `sampleFour` goes. */
const BEFORE_LAST: f32 = 126.99999;

function isOnSheet(places: v128): v128 {
  const last = f32x4.splat(<f32>(SIDE - 1));
  return v128.and(f32x4.ge(places, f32x4.splat(0)), f32x4.le(places, last));
}

/** The reserved sheet turned and scaled as the query would show it. */
function turned(sheet: usize, angle: f64, scale: f64, to: usize): void {
  const c = <f32>(Math.cos(angle) / scale);
  const s = <f32>(Math.sin(angle) / scale);
  const middle: f32 = <f32>(SIDE - 1) * 0.5;
  const middles = f32x4.splat(middle);
  for (let y = 0; y < SIDE; y++) {
    const v = <f32>y - middle;
    for (let x = 0; x < SIDE; x += 4) {
      const u = f32x4.sub(f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3)), middles);
      const across = f32x4.add(f32x4.mul(f32x4.splat(c), u), f32x4.splat(s * v));
      const down = f32x4.sub(f32x4.splat(c * v), f32x4.mul(f32x4.splat(s), u));
      const sx = f32x4.add(across, middles);
      const sy = f32x4.add(down, middles);
      const isInside = v128.and(isOnSheet(sx), isOnSheet(sy));
      const p = to + ((<usize>(y * SIDE + x)) << 2);
      const cx = clampFour(sx, 0, BEFORE_LAST);
      const cy = clampFour(sy, 0, BEFORE_LAST);
      v128.store(p, v128.and(sampleFour(sheet, SIDE, cx, cy), isInside));
    }
  }
}

function remember(plane: usize, sign: f32, angle: f64, scale: f64, more: i32, slot: i32): void {
  let best: f32 = -Infinity;
  let where = 0;
  for (let i = 0; i < AREA; i++) {
    const value = sign * at(plane, i);
    if (value <= best) continue;
    best = value;
    where = i;
  }
  let x = (where % SIDE) + more;
  let y = where / SIDE + more;
  if (x > SIDE / 2) x -= SIDE;
  if (y > SIDE / 2) y -= SIDE;
  put(candidateValue, slot, best);
  put(candidateAngle, slot, <f32>angle);
  put(candidateScale, slot, <f32>scale);
  put(candidateX, slot, <f32>x / pitch);
  put(candidateY, slot, <f32>y / pitch);
}

/** Fills the candidates; `spectral` of the best is returned, 0 (unlike) to 1. */
export function findCandidates(): f32 {
  const start = mark();
  const span = <f32>max<i32>(max<i32>(rw, rh), max<i32>(qw, qh)) / PITCH;
  pitch = min<f32>(2, <f32>SIDE / span);
  const mine = takePlane(AREA);
  prepareSheet(reserved, rw, rh, mine);
  const visible = takePlane(qw * qh);
  for (let i = 0; i < qw * qh; i++) put(visible, i, at(query, i) * at(known, i));
  const theirs = takePlane(AREA);
  prepareSheet(visible, qw, qh, theirs);
  const re = takePlane(AREA);
  const im = takePlane(AREA);
  const queryRe = takePlane(AREA);
  const queryIm = takePlane(AREA);
  const mineSpectrum = takePlane(ANGLES * RADII + 8);
  const theirSpectrum = takePlane(ANGLES * RADII + 8);
  logPolar(mine, re, im, mineSpectrum);
  logPolar(theirs, queryRe, queryIm, theirSpectrum);
  const reach = hasNoScale ? SCALE_STEPS : 0;
  const tries = 2 * reach + 1;
  const matches = takePlane(ANGLES * tries);
  for (let k = 0; k < tries; k++) {
    for (let a = 0; a < ANGLES; a++) {
      put(matches, k * ANGLES + a, spectralMatch(mineSpectrum, theirSpectrum, a, k - reach));
    }
  }
  const best = place(mine, queryRe, queryIm, re, im, matches, tries, reach);
  release(start);
  return best;
}

/** Places the best turns and scales by phase correlation, each with its half turn. */
function place(
  mine: usize,
  queryRe: usize,
  queryIm: usize,
  re: usize,
  im: usize,
  matches: usize,
  tries: i32,
  reach: i32,
): f32 {
  const step = Math.log(LAST / FIRST) / <f64>(RADII - 1);
  let first: f32 = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let best = 0;
    for (let i = 1; i < ANGLES * tries; i++) if (at(matches, i) > at(matches, best)) best = i;
    if (round == 0) first = at(matches, best);
    const turn = best % ANGLES;
    const steps = best / ANGLES - reach;
    const angle = (<f64>turn * Math.PI) / <f64>ANGLES;
    // A larger picture has a smaller spectrum.
    const scale = Math.exp(-step * <f64>steps);
    turned(mine, angle, scale, re);
    memory.fill(im, 0, AREA * 4);
    forward(re, im, SIDE);
    correlate(re, im, queryRe, queryIm);
    inverse(re, im, SIDE);
    remember(re, 1, angle, scale, 0, 2 * round);
    remember(im, 1, angle + Math.PI, scale, 1, 2 * round + 1);
    for (let k = max<i32>(0, steps + reach - 1); k <= min<i32>(tries - 1, steps + reach + 1); k++) {
      for (let near = -3; near <= 3; near++) {
        put(matches, k * ANGLES + ((turn + near + ANGLES) % ANGLES), -Infinity);
      }
    }
  }
  return first;
}

/**
 * Packs both correlations into one spectrum: conjugate times query (the turn itself) as the real part
 * of the inverse, plain product (the turn and half a turn) as its imaginary part.
 */
function correlate(re: usize, im: usize, queryRe: usize, queryIm: usize): void {
  for (let p: usize = 0; p < (<usize>AREA) << 2; p += 16) {
    const a = v128.load(re + p);
    const b = v128.load(im + p);
    const c = v128.load(queryRe + p);
    const d = v128.load(queryIm + p);
    const ac = f32x4.mul(a, c);
    const bd = f32x4.mul(b, d);
    const ad = f32x4.mul(a, d);
    const bc = f32x4.mul(b, c);
    // (ac + bd) + i (ad - bc), plus i times (ac - bd) + i (ad + bc).
    v128.store(re + p, f32x4.sub(f32x4.add(ac, bd), f32x4.add(ad, bc)));
    v128.store(im + p, f32x4.add(f32x4.sub(ad, bc), f32x4.sub(ac, bd)));
  }
}

/** Index of the `rank`-th best candidate. */
export function ranked(rank: i32): i32 {
  let chosen = 0;
  for (let i = 0; i < CANDIDATES; i++) {
    let better = 0;
    for (let j = 0; j < CANDIDATES; j++) {
      const isBetter = at(candidateValue, j) > at(candidateValue, i);
      if (isBetter || (j < i && at(candidateValue, j) == at(candidateValue, i))) better++;
    }
    if (better == rank) chosen = i;
  }
  return chosen;
}
