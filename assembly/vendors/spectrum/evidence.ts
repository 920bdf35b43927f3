// Evidence of ink, square by square: every square of the reserved imprint looks for itself in the
// query by correlation over small shifts.
import { solve } from '../../seal/linear';
import { at, clamp, put, takePlane } from '../../seal/plane';
import { sample } from '../../seal/sample';
import { likeness, scale } from './fit';
import { compareRings, RINGS, rings } from './rings';
import { hasNoScale, isGrey, PITCH, reserved, rh, rw } from './sheets';
import {
  correlate,
  GRID,
  ink,
  laid,
  lay,
  multiplyAt,
  offsetOf,
  prepareSums,
  productOf,
  REACH,
  SHIFTS,
  seen,
  stride,
  sumAt,
  total,
  varianceOf,
} from './squares';

export const SCALES: i32 = 2;
export const FIGURES: i32 = 13;
export const WHOLE: i32 = 20;
/** Side and pitch of the squares in pixels of 150 dpi: 3.4 and 2.0 mm. */
const sides = memory.data<i32>([20, 12]);
const pitches = memory.data<i32>([9, 5]);
const MAX_TILES: i32 = 4096;
/** Least variance of the reserved ink for a square to say anything. */
const LEAST_VARIANCE: f32 = 0.02;

export const tileCounts = memory.data(2 * 4);
export const tileFigures = memory.data(2 * 4);
/** Left and top pixel of each square, i32 pairs. */
export const tilePlaces = memory.data(2 * 4);
export const wholeFigures = memory.data(20 * 4);

export function pointerAt(table: usize, scaleIndex: i32): usize {
  return load<u32>(table + ((<usize>scaleIndex) << 2));
}

export function sideOf(scaleIndex: i32): i32 {
  return load<i32>(sides + ((<usize>scaleIndex) << 2));
}

/** Places the squares whose reserved ink varies; returns how many. */
function placeTiles(side: i32, pitch: i32, places: usize): i32 {
  let count = 0;
  const half = side >> 2;
  for (let y = -half; y + side <= rh + half; y += pitch) {
    for (let x = -half; x + side <= rw + half; x += pitch) {
      const left = min<i32>(max<i32>(x, 0), rw - side);
      const top = min<i32>(max<i32>(y, 0), rh - side);
      if (left < 0 || top < 0 || count >= MAX_TILES) continue;
      let sum: f32 = 0;
      let squares: f32 = 0;
      for (let v = top; v < top + side; v += 2) {
        for (let u = left; u < left + side; u += 2) {
          const r = at(reserved, v * rw + u);
          sum += r;
          squares += r * r;
        }
      }
      const n: f32 = <f32>(side * side) / 4;
      if (squares / n - (sum / n) * (sum / n) < LEAST_VARIANCE) continue;
      store<i32>(places + ((<usize>(2 * count)) << 2), left);
      store<i32>(places + ((<usize>(2 * count + 1)) << 2), top);
      count++;
    }
  }
  return count;
}

/** Ink that a square misses and has too much of, the query taken times `gain`. */
function differences(left: i32, top: i32, side: i32, gain: f32, out: usize): void {
  const gains = f32x4.splat(gain);
  const spare = f32x4.splat(0.25);
  const zero = f32x4.splat(0);
  let lacks = zero;
  let overs = zero;
  let strokes = zero;
  let known = zero;
  for (let y = 0; y < side; y++) {
    const row = ink + ((<usize>((top + y) * rw + left)) << 2);
    const offset = offsetOf(left, top + y);
    for (let x: usize = 0; x < (<usize>side) << 2; x += 16) {
      const r = v128.load(row + x);
      const k = v128.load(seen + offset + x);
      const d = f32x4.sub(f32x4.mul(v128.load(laid + offset + x), gains), r);
      strokes = f32x4.add(strokes, f32x4.mul(k, r));
      known = f32x4.add(known, k);
      const lack = f32x4.pmax(zero, f32x4.sub(f32x4.neg(d), spare));
      lacks = f32x4.add(lacks, f32x4.mul(k, lack));
      overs = f32x4.add(overs, f32x4.mul(k, f32x4.pmax(zero, f32x4.sub(d, spare))));
    }
  }
  const stroke = total(strokes);
  const ground: f32 = total(known) - stroke + 1e-3;
  put(out, 10, (total(lacks) / (stroke + 1e-3)) * 4);
  put(out, 11, (total(overs) / (ground + 0.15 * <f32>(side * side))) * 8);
  put(out, 12, min<f32>(at(out, 10), 0.5 * at(out, 11)));
}

function parabola(a: f32, m: f32, c: f32): f32 {
  return clamp((0.5 * (a - c)) / min<f32>(a - 2 * m + c, -1e-3), -1, 1);
}

/** Correlations at all shifts of one square to `grid`; the figures at no shift to `out`. */
function measure(left: i32, top: i32, side: i32, grid: usize, out: usize, gain: f32): void {
  correlate(left, top, side, grid);
  plainFigures(side, out);
  let best = 0;
  for (let i = 1; i < SHIFTS; i++) if (at(grid, i) > at(grid, best)) best = i;
  const bx = min<i32>(3, max<i32>(1, best % 5));
  const by = min<i32>(3, max<i32>(1, best / 5));
  const middle = by * 5 + bx;
  const dx = parabola(at(grid, middle - 1), at(grid, middle), at(grid, middle + 1));
  const dy = parabola(at(grid, middle - 5), at(grid, middle), at(grid, middle + 5));
  put(out, 1, at(grid, best));
  // Own shift in millimetres, for now: what the smooth motion explains comes off later.
  put(out, 2, (<f32>(bx - REACH) + dx) / PITCH);
  put(out, 3, (<f32>(by - REACH) + dy) / PITCH);
  differences(left, top, side, gain, out);
}

function plainFigures(side: i32, out: usize): void {
  const n = sumAt(0) + 1e-3;
  const vr = varianceOf(sumAt(3), sumAt(1), n);
  const vq = varianceOf(sumAt(4), sumAt(2), n);
  const both = sumAt(5) / n - (sumAt(1) / n) * (sumAt(2) / n);
  put(out, 5, sumAt(0) / <f32>(side * side));
  put(out, 6, both / vr);
  put(out, 7, <f32>Math.log(<f64>clamp(vq / vr, 0.01, 20)));
  put(out, 8, min<f32>(4, sumAt(2) / max<f32>(0.02 * n, sumAt(1))));
}

// ---------------------------------------------------------------- smooth motion of the squares

const TERMS: i32 = 10;
const terms = memory.data(10 * 8);
const smoothX = memory.data(10 * 8);
const smoothY = memory.data(10 * 8);
const normal = memory.data(100 * 8);
const normalAgain = memory.data(100 * 8);

function fillTerms(x: f64, y: f64): void {
  store<f64>(terms, 1);
  store<f64>(terms, x, 8);
  store<f64>(terms, y, 16);
  store<f64>(terms, x * x, 24);
  store<f64>(terms, x * y, 32);
  store<f64>(terms, y * y, 40);
  store<f64>(terms, x * x * x, 48);
  store<f64>(terms, x * x * y, 56);
  store<f64>(terms, x * y * y, 64);
  store<f64>(terms, y * y * y, 72);
}

function termsOf(places: usize, tile: i32, side: i32): void {
  const left = load<i32>(places + ((<usize>(2 * tile)) << 2));
  const top = load<i32>(places + ((<usize>(2 * tile + 1)) << 2));
  const x = <f64>left + <f64>side * 0.5 - <f64>rw * 0.5;
  const y = <f64>top + <f64>side * 0.5 - <f64>rh * 0.5;
  fillTerms(x / <f64>PITCH / 20, y / <f64>PITCH / 20);
}

function sumOf(coefficients: usize): f64 {
  let sum: f64 = 0;
  for (let k = 0; k < TERMS; k++) {
    sum += load<f64>(coefficients + ((<usize>k) << 3)) * load<f64>(terms + ((<usize>k) << 3));
  }
  return sum;
}

function addTo(p: usize, index: i32, value: f64): void {
  const q = p + ((<usize>index) << 3);
  store<f64>(q, load<f64>(q) + value);
}

/** Robust cubic motion of the large squares. */
function smooth(): void {
  const places = pointerAt(tilePlaces, 0);
  const figures = pointerAt(tileFigures, 0);
  const count = load<i32>(tileCounts);
  memory.fill(smoothX, 0, 80);
  memory.fill(smoothY, 0, 80);
  for (let round = 0; round < 4; round++) {
    memory.fill(normal, 0, 800);
    const rightX = takePlane(20);
    const rightY = takePlane(20);
    memory.fill(rightX, 0, 80);
    memory.fill(rightY, 0, 80);
    for (let k = 0; k < TERMS; k++) addTo(normal, k * TERMS + k, k < 3 ? 0.1 : 1.5);
    for (let tile = 0; tile < count; tile++) {
      const out = figures + ((<usize>(tile * FIGURES)) << 2);
      const peak = <f64>max<f32>(0, at(out, 1));
      termsOf(places, tile, sideOf(0));
      const dx = <f64>at(out, 2);
      const dy = <f64>at(out, 3);
      const ex = dx - sumOf(smoothX);
      const ey = dy - sumOf(smoothY);
      const far = round == 0 ? 0 : (ex * ex + ey * ey) / 0.0064;
      const w = (peak * peak * peak * peak * <f64>at(out, 5)) / (1 + far);
      for (let k = 0; k < TERMS; k++) {
        const wk = w * load<f64>(terms + ((<usize>k) << 3));
        addTo(rightX, k, wk * dx);
        addTo(rightY, k, wk * dy);
        for (let l = 0; l <= k; l++) {
          addTo(normal, k * TERMS + l, wk * load<f64>(terms + ((<usize>l) << 3)));
        }
      }
    }
    memory.copy(normalAgain, normal, 800);
    solve(normal, rightX, TERMS);
    solve(normalAgain, rightY, TERMS);
    memory.copy(smoothX, rightX, 80);
    memory.copy(smoothY, rightY, 80);
  }
}

/** The correlation at a shift between the tried ones. */
function gridAt(grid: usize, x: f32, y: f32): f32 {
  const u = clamp(x + <f32>REACH, 0, 3.999);
  const v = clamp(y + <f32>REACH, 0, 3.999);
  return sample(grid, 5, 5, u, v);
}

function finish(scaleIndex: i32, grids: usize): void {
  const places = pointerAt(tilePlaces, scaleIndex);
  const figures = pointerAt(tileFigures, scaleIndex);
  const count = load<i32>(tileCounts + ((<usize>scaleIndex) << 2));
  for (let tile = 0; tile < count; tile++) {
    const out = figures + ((<usize>(tile * FIGURES)) << 2);
    termsOf(places, tile, sideOf(scaleIndex));
    const sx = <f32>sumOf(smoothX);
    const sy = <f32>sumOf(smoothY);
    const dx = at(out, 2) - sx;
    const dy = at(out, 3) - sy;
    const own = sqrt<f32>(dx * dx + dy * dy);
    const peak = max<f32>(0, at(out, 1));
    const here = gridAt(grids + ((<usize>(tile * GRID)) << 2), sx * PITCH, sy * PITCH);
    put(out, 0, here);
    put(out, 2, own * 10);
    put(out, 3, peak * peak * own * 10);
    put(out, 4, at(out, 1) - here);
    put(out, 9, clamp(1 - here, 0, 1) * at(out, 5));
  }
}

/** The products of every square with the query at every shift, into its grid. */
function multiplySquares(grids: usize): void {
  prepareSums();
  for (let shift = 0; shift < SHIFTS; shift++) {
    multiplyAt(shift);
    for (let i = 0; i < SCALES; i++) {
      const count = load<i32>(tileCounts + ((<usize>i) << 2));
      const side = sideOf(i);
      let place = pointerAt(tilePlaces, i);
      const grid = pointerAt(grids, i);
      for (let tile = 0; tile < count; tile++, place += 8) {
        const product = productOf(load<i32>(place), load<i32>(place, 4), side);
        put(grid, tile * GRID + shift, product);
      }
    }
  }
}

/** Gathers the evidence under the motion that was found. */
export function gather(spectral: f32): f32 {
  lay();
  const gain = inkGain();
  const grids = memory.data(2 * 4);
  for (let i = 0; i < SCALES; i++) {
    const places = takePlane(2 * MAX_TILES);
    const pitch = load<i32>(pitches + ((<usize>i) << 2));
    const count = placeTiles(sideOf(i), pitch, places);
    store<i32>(tileCounts + ((<usize>i) << 2), count);
    store<u32>(tileFigures + ((<usize>i) << 2), <u32>takePlane(FIGURES * max<i32>(1, count)));
    store<u32>(tilePlaces + ((<usize>i) << 2), <u32>places);
    store<u32>(grids + ((<usize>i) << 2), <u32>takePlane(GRID * max<i32>(1, count)));
  }
  multiplySquares(grids);
  for (let i = 0; i < SCALES; i++) {
    let place = pointerAt(tilePlaces, i);
    let grid = pointerAt(grids, i);
    let out = pointerAt(tileFigures, i);
    const end = place + ((<usize>load<i32>(tileCounts + ((<usize>i) << 2))) << 3);
    for (; place < end; place += 8, grid += 4 * GRID, out += 4 * FIGURES) {
      measure(load<i32>(place), load<i32>(place, 4), sideOf(i), grid, out, gain);
    }
  }
  smooth();
  for (let i = 0; i < SCALES; i++) finish(i, pointerAt(grids, i));
  return gatherWhole(spectral, gain);
}

let unknownShare: f32 = 0;

/** What brings the query's ink to the reserved strokes' level; notes the share of hidden strokes. */
function inkGain(): f32 {
  let both: f64 = 1e-6;
  let mine: f64 = 1e-6;
  let strokes: f64 = 1e-6;
  let visible: f64 = 0;
  for (let y = 0; y < rh; y++) {
    for (let x = 0; x < rw; x++) {
      const r = <f64>at(ink, y * rw + x);
      if (r < 0.6) continue;
      const p = (y + REACH) * stride + x + REACH;
      const k = <f64>at(seen, p);
      strokes += 1;
      visible += k;
      const q = <f64>at(laid, p);
      if (q < 0.2) continue;
      both += k * r;
      mine += k * q;
    }
  }
  unknownShare = clamp(<f32>(1 - visible / strokes), 0, 1);
  return clamp(<f32>(both / mine), 0.6, 2.2);
}

function share(scaleIndex: i32, figure: i32, limit: f32): f32 {
  const count = load<i32>(tileCounts + ((<usize>scaleIndex) << 2));
  const figures = pointerAt(tileFigures, scaleIndex);
  let there = 0;
  for (let tile = 0; tile < count; tile++) {
    if (at(figures, tile * FIGURES + figure) < limit) there++;
  }
  return <f32>there / <f32>max<i32>(1, count);
}

function mean(scaleIndex: i32, figure: i32): f32 {
  const count = load<i32>(tileCounts + ((<usize>scaleIndex) << 2));
  const figures = pointerAt(tileFigures, scaleIndex);
  let sum: f32 = 0;
  for (let tile = 0; tile < count; tile++) sum += at(figures, tile * FIGURES + figure);
  return sum / <f32>max<i32>(1, count);
}

function gatherWhole(spectral: f32, gain: f32): f32 {
  put(wholeFigures, 0, <f32>likeness * 5);
  put(wholeFigures, 1, spectral * 5);
  put(wholeFigures, 2, unknownShare * 3);
  put(wholeFigures, 3, isGrey ? 1 : 0);
  put(wholeFigures, 4, hasNoScale ? 0 : <f32>Math.abs(scale - 1) * 200);
  put(wholeFigures, 5, mean(0, 0) * 5);
  put(wholeFigures, 6, share(0, 0, 0.5) * 5);
  put(wholeFigures, 7, share(0, 0, 0.75) * 5);
  put(wholeFigures, 8, share(1, 0, 0.5) * 5);
  put(wholeFigures, 9, mean(0, 10) * 2);
  put(wholeFigures, 10, mean(0, 11) * 2);
  let bend: f64 = 0;
  for (let k = 3; k < TERMS; k++) {
    const x = load<f64>(smoothX + ((<usize>k) << 3));
    const y = load<f64>(smoothY + ((<usize>k) << 3));
    bend += x * x + y * y;
  }
  put(wholeFigures, 11, <f32>Math.sqrt(bend) * 5);
  put(wholeFigures, 12, gain);
  put(wholeFigures, 13, <f32>(rw * rh) / 60_000);
  put(wholeFigures, 19, hasNoScale ? 1 : 0);
  compareRings();
  for (let ring = 0; ring < RINGS; ring++) put(wholeFigures, 14 + ring, at(rings, ring));
  return unknownShare;
}
