// Coarse registration: band-passed ink maps, correlated over all shifts by Fourier transform and
// over all angles one by one. Rings correlate with themselves at any angle and print pulls the peak
// away, so all candidates are handed on whose peak is not far below the highest. A smaller sheet is
// asked first which angles are worth a look: of 440 pairs the right one is among its first 8
// peaks in 98 of 100, and the large sheet, which looks at all of them, stands behind it.

import { blur } from '../../seal/blur';
import { forward, inverse, transpose } from '../../seal/fft';
import { at, put, resample, takePlane } from '../../seal/plane';
import { sample, sampleLine } from '../../seal/sample';
import { mark, release } from '../../shared/arena';
import { ink, known, qh, qw, raw, rh, rw, SCALE } from './imprint';

/** Sides of the sheets: the survey's, small ones that find most imprints, large ones for the rest. */
const SURVEY_SHEET: i32 = 32;
export const SMALL_SHEET: i32 = 64;
export const LARGE_SHEET: i32 = 128;
/** Most pixels per millimetre of the sheets. */
const MAX_PITCH: f32 = 2;
const ANGLES: i32 = 120;
/** Band of the maps, millimetres. */
const FINE_MM: f32 = 0.25;
const WIDE_MM: f32 = 1.5;
const SURVEY_WIDE_MM: f32 = 3;
/** How many peaks of the survey are looked at on a small sheet, with the angles beside them. */
const SURVEYED: i32 = 8;
export const CANDIDATES: i32 = 14;
/** A candidate's peak is at least this share of the highest. */
const LEAST_LIKELY: f32 = 0.7;

/** How many candidates there are. */
export let candidates: i32 = 0;

/** Angle in radians and shift in millimetres of each candidate, best first. */
export const candidateAngle = memory.data(14 * 4);
export const candidateX = memory.data(14 * 4);
export const candidateY = memory.data(14 * 4);

const peakValue = memory.data(120 * 4);
/** A byte an angle: whether it is looked at. Angles are looked at by two, from an even one on. */
const wanted = memory.data(120);
const shiftX = memory.data(120 * 4);
const shiftY = memory.data(120 * 4);

/** How well the best candidate agrees, comparable between the scales of one query. */
export let likeness: f32 = 0;

let side: i32 = 0;
let area: i32 = 0;
let pitch: f32 = 0;

/** A map around its centre on the sheet, `scale` times as large, band-passed. */
function prepareSheet(plane: usize, width: i32, height: i32, scale: f32, to: usize): void {
  const start = mark();
  const ratio = SCALE / (pitch * scale);
  const w = min<i32>(side, max<i32>(8, <i32>nearest<f32>(<f32>width / ratio)));
  const h = min<i32>(side, max<i32>(8, <i32>nearest<f32>(<f32>height / ratio)));
  const small = takePlane(w * h);
  const originX: f32 = 0.5 * (<f32>width - <f32>w * ratio);
  const originY: f32 = 0.5 * (<f32>height - <f32>h * ratio);
  resample(plane, width, height, small, w, h, ratio, originX, originY);
  const sheet = takePlane(area);
  memory.fill(sheet, 0, (<usize>area) << 2);
  const x0 = (side - w) >> 1;
  const y0 = (side - h) >> 1;
  for (let y = 0; y < h; y++) {
    const row = sheet + ((<usize>((y0 + y) * side + x0)) << 2);
    memory.copy(row, small + ((<usize>(y * w)) << 2), (<usize>w) << 2);
  }
  const soft = takePlane(area);
  blur(sheet, soft, side, side, (side == SURVEY_SHEET ? SURVEY_WIDE_MM : WIDE_MM) * pitch);
  blur(sheet, to, side, side, FINE_MM * pitch);
  for (let i = 0; i < area; i++) put(to, i, at(to, i) - at(soft, i));
  release(start);
}

function energyOf(sheet: usize): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < area; i++) sum += at(sheet, i) * at(sheet, i);
  return sum;
}

/** First and last column of a row of `rotate` whose source lies inside along one axis. */
let firstIn: i32 = 0;
let lastIn: i32 = 0;

/** Narrows the columns to those with 0 <= place + column * step < last. */
function narrow(place: f32, step: f32, last: f32): void {
  const isRising = step > 0;
  const rate = abs<f32>(step);
  // The distance that the first column may be short of the range, and that it has left in it.
  const before = isRising ? -place : place - last;
  const within = isRising ? last - place : place;
  if (rate < 1e-6) {
    if (place < 0 || place >= last) lastIn = -1;
    return;
  }
  firstIn = max<i32>(firstIn, <i32>ceil<f32>(before / rate));
  lastIn = min<i32>(lastIn, <i32>floor<f32>(within / rate));
}

function rotate(sheet: usize, angle: f32, to: usize): void {
  const c = <f32>Math.cos(<f64>angle);
  const s = <f32>Math.sin(<f64>angle);
  const middle: f32 = <f32>(side - 1) * 0.5;
  // A little inside, so that rounding on the way along a row leads nowhere else.
  const last: f32 = <f32>(side - 1) - 1e-3;
  const stride = (<usize>side) << 2;
  memory.fill(to, 0, (<usize>area) << 2);
  for (let y = 0; y < side; y++) {
    const v = <f32>y - middle;
    const sx = s * v - c * middle + middle;
    const sy = c * v + s * middle + middle;
    firstIn = 0;
    lastIn = side - 1;
    narrow(sx - 1e-3, c, last - 1e-3);
    narrow(sy - 1e-3, -s, last - 1e-3);
    const count = lastIn - firstIn + 1;
    if (count <= 0) continue;
    const x = sx + c * <f32>firstIn;
    const row = to + <usize>y * stride + ((<usize>firstIn) << 2);
    sampleLine(sheet, side, x, sy - s * <f32>firstIn, c, -s, count & ~3, row);
    for (let i = count & ~3; i < count; i++) {
      const column = <f32>(firstIn + i);
      put(row, i, sample(sheet, side, side, sx + c * column, sy - s * column));
    }
  }
}

/** A quarter turn of a sheet, which is transposed by it: the turn that `rotate` makes of -90 degrees. */
function quarterTurn(sheet: usize, to: usize): void {
  const stride = (<usize>side) << 2;
  transpose(sheet, side);
  for (let y: usize = 0; y < <usize>side; y++) {
    memory.copy(to + y * stride, sheet + (<usize>side - 1 - y) * stride, stride);
  }
}

/** The first place where the plane, taken times `sign`, is highest. */
function highest(plane: usize, sign: f32): i32 {
  const signs = f32x4.splat(sign);
  let most = f32x4.splat(-Infinity);
  for (let i: usize = 0; i < (<usize>area) << 2; i += 16) {
    most = f32x4.pmax(most, f32x4.mul(signs, v128.load(plane + i)));
  }
  const first = max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1));
  const second = max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3));
  const value = f32x4.splat(max<f32>(first, second));
  for (let i: usize = 0; i < (<usize>area) << 2; i += 16) {
    const found = i32x4.bitmask(f32x4.eq(value, f32x4.mul(signs, v128.load(plane + i))));
    if (found != 0) return (<i32>i >> 2) + ctz<i32>(found);
  }
  return 0;
}

/**
 * Remembers where a correlation plane, taken times `sign`, is highest. In a turned one the shift is
 * one pixel more than the place says.
 */
function rememberPeak(plane: usize, sign: f32, angle: i32, more: i32): void {
  const where = highest(plane, sign);
  put(peakValue, angle, sign * at(plane, where));
  store<i32>(shiftX + ((<usize>angle) << 2), centred((where % side) + more));
  store<i32>(shiftY + ((<usize>angle) << 2), centred(where / side + more));
}

/** A cyclic shift as a signed one. */
function centred(shift: i32): i32 {
  return shift > side / 2 ? shift - side : shift;
}

/**
 * Fills the candidates, from sheets of the given side that hold both pictures. Motion takes the
 * reserved centre to the query centre plus the shift, `scale` times as large.
 */
export function findCandidates(sheetSide: i32, scale: f32): void {
  memory.fill(wanted, 1, ANGLES);
  if (sheetSide == SMALL_SHEET) {
    correlateSheets(SURVEY_SHEET, scale);
    wantBest();
  }
  correlateSheets(sheetSide, scale);
  const most = at(peakValue, likeliest());
  candidates = 0;
  while (candidates < CANDIDATES) {
    const best = likeliest();
    if (candidates > 0 && at(peakValue, best) <= LEAST_LIKELY * most) break;
    takeCandidate(best);
  }
}

/** Wants what the survey found likeliest, and nothing else. */
function wantBest(): void {
  memory.fill(wanted, 0, ANGLES);
  for (let k = 0; k < SURVEYED; k++) {
    const best = likeliest();
    for (let near = -1; near <= 1; near++) {
      const angle = (best + near + ANGLES) % ANGLES;
      store<u16>(wanted + <usize>(angle & ~1), 0x0101);
      put(peakValue, angle, -Infinity);
    }
  }
}

function isWanted(angle: i32): bool {
  return load<u8>(wanted + <usize>angle) != 0;
}

/** Fills the peaks of the wanted angles; those of others lie below all. */
function correlateSheets(sheetSide: i32, scale: f32): void {
  const start = mark();
  side = sheetSide;
  area = side * side;
  const mine = <f32>max<i32>(rw, rh) * max<f32>(1, scale);
  const span = max<f32>(mine, <f32>max<i32>(qw, qh)) / SCALE;
  pitch = min<f32>(MAX_PITCH, <f32>side / span);
  const sheet = takePlane(area);
  prepareSheet(ink, rw, rh, scale, sheet);
  const queryRe = takePlane(area);
  const queryIm = takePlane(area);
  const visible = takePlane(qw * qh);
  for (let p: usize = 0; p < (<usize>(qw * qh)) << 2; p += 16) {
    v128.store(visible + p, f32x4.mul(v128.load(raw + p), v128.load(known + p)));
  }
  prepareSheet(visible, qw, qh, 1, queryRe);
  const energies = energyOf(sheet) * energyOf(queryRe);
  memory.fill(queryIm, 0, (<usize>area) << 2);
  forward(queryRe, queryIm, side);
  for (let i = 0; i < ANGLES; i++) put(peakValue, i, -Infinity);
  correlateAngles(sheet, queryRe, queryIm);
  likeness = max<f32>(0, at(peakValue, likeliest())) / sqrt<f32>(energies + 1e-6);
  release(start);
}

function correlateAngles(sheet: usize, queryRe: usize, queryIm: usize): void {
  const re = takePlane(area);
  const im = takePlane(area);
  const turnedRe = takePlane(area);
  const turnedIm = takePlane(area);
  const first = takePlane(area);
  const second = takePlane(area);
  // A quarter turn moves pixels and samples none.
  for (let i = 0; i < ANGLES / 4; i += 2) {
    const quarter = i + ANGLES / 4;
    const isUpright = isWanted(i) || isWanted(i + ANGLES / 2);
    const isTurned = isWanted(quarter) || isWanted(quarter + ANGLES / 2);
    if (!isUpright && !isTurned) continue;
    rotate(sheet, angleOf(i), first);
    rotate(sheet, angleOf(i + 1), second);
    if (isUpright) {
      memory.copy(re, first, (<usize>area) << 2);
      memory.copy(im, second, (<usize>area) << 2);
      correlate(re, im, queryRe, queryIm, turnedRe, turnedIm, i);
    }
    if (!isTurned) continue;
    quarterTurn(first, re);
    quarterTurn(second, im);
    correlate(re, im, queryRe, queryIm, turnedRe, turnedIm, quarter);
  }
}

/**
 * Remembers the peaks of two turned sheets, at angle i and the next, which share one complex transform.
 * Each spectrum serves its half turn as well: turned by it, the correlation is a convolution.
 */
function correlate(
  re: usize,
  im: usize,
  queryRe: usize,
  queryIm: usize,
  turnedRe: usize,
  turnedIm: usize,
  i: i32,
): void {
  forward(re, im, side);
  multiply(re, im, queryRe, queryIm, turnedRe, turnedIm);
  if (isWanted(i)) {
    inverse(re, im, side);
    rememberPeak(re, 1, i, 0);
    rememberPeak(im, -1, i + 1, 0);
  }
  if (!isWanted(i + ANGLES / 2)) return;
  inverse(turnedRe, turnedIm, side);
  rememberPeak(turnedRe, 1, i + ANGLES / 2, 1);
  rememberPeak(turnedIm, 1, i + 1 + ANGLES / 2, 1);
}

function angleOf(index: i32): f32 {
  return <f32>((-2 * Math.PI * <f64>index) / <f64>ANGLES);
}

/**
 * The spectrum (re, im) times the query's goes to (turnedRe, turnedIm); its conjugate times the
 * query's, whose imaginary part is minus the correlation of the second map, replaces it.
 */
function multiply(
  re: usize,
  im: usize,
  queryRe: usize,
  queryIm: usize,
  turnedRe: usize,
  turnedIm: usize,
): void {
  for (let p: usize = 0; p < (<usize>area) << 2; p += 16) {
    const a = v128.load(re + p);
    const b = v128.load(im + p);
    const c = v128.load(queryRe + p);
    const d = v128.load(queryIm + p);
    const ac = f32x4.mul(a, c);
    const bd = f32x4.mul(b, d);
    const ad = f32x4.mul(a, d);
    const bc = f32x4.mul(b, c);
    v128.store(re + p, f32x4.add(ac, bd));
    v128.store(im + p, f32x4.sub(ad, bc));
    v128.store(turnedRe + p, f32x4.sub(ac, bd));
    v128.store(turnedIm + p, f32x4.add(ad, bc));
  }
}

/** The angle with the highest peak, the first of equals. */
function likeliest(): i32 {
  let best = 0;
  for (let i = 1; i < ANGLES; i++) if (at(peakValue, i) > at(peakValue, best)) best = i;
  return best;
}

/** Moves an angle to the candidates and strikes it out with its neighbours. */
function takeCandidate(angle: i32): void {
  put(candidateAngle, candidates, angleOf(angle));
  put(candidateX, candidates, <f32>load<i32>(shiftX + ((<usize>angle) << 2)) / pitch);
  put(candidateY, candidates, <f32>load<i32>(shiftY + ((<usize>angle) << 2)) / pitch);
  candidates++;
  for (let near = -1; near <= 1; near++) {
    put(peakValue, (angle + near + ANGLES) % ANGLES, -Infinity);
  }
}
