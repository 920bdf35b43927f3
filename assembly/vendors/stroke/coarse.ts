// Coarse registration: band-passed ink maps, correlated over all shifts by Fourier transform and
// over all angles one by one. Rings correlate with themselves at any angle and print pulls the peak
// away, so many candidates are handed on.
import { forward, inverse } from '../../seal/fft';
import { at, blur, put, resample, sample, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { ink, known, qh, qw, raw, rh, rw, SCALE } from './imprint';

const SIDE: i32 = 128;
const AREA: i32 = SIDE * SIDE;
/** Pixels per millimetre of the sheets. */
const PITCH: f32 = 2;
const ANGLES: i32 = 120;
/** Band of the maps, in sheet pixels. */
const FINE: f32 = 0.5;
const WIDE: f32 = 3;
export const CANDIDATES: i32 = 14;

/** Angle in radians and shift in millimetres of each candidate, best first. */
export const candidateAngle = memory.data(14 * 4);
export const candidateX = memory.data(14 * 4);
export const candidateY = memory.data(14 * 4);

const peakValue = memory.data(120 * 4);
const peakIndex = memory.data(120 * 4);

/** A map around its centre on the sheet, band-passed. */
function prepareSheet(plane: usize, width: i32, height: i32, to: usize): void {
  const start = mark();
  const ratio = SCALE / PITCH;
  const w = min<i32>(SIDE, max<i32>(8, <i32>nearest<f32>(<f32>width / ratio)));
  const h = min<i32>(SIDE, max<i32>(8, <i32>nearest<f32>(<f32>height / ratio)));
  const small = takePlane(w * h);
  const originX: f32 = 0.5 * (<f32>width - <f32>w * ratio);
  const originY: f32 = 0.5 * (<f32>height - <f32>h * ratio);
  resample(plane, width, height, small, w, h, ratio, originX, originY);
  const sheet = takePlane(AREA);
  memory.fill(sheet, 0, (<usize>AREA) << 2);
  const x0 = (SIDE - w) >> 1;
  const y0 = (SIDE - h) >> 1;
  for (let y = 0; y < h; y++) {
    const row = sheet + ((<usize>((y0 + y) * SIDE + x0)) << 2);
    memory.copy(row, small + ((<usize>(y * w)) << 2), (<usize>w) << 2);
  }
  const soft = takePlane(AREA);
  blur(sheet, soft, SIDE, SIDE, WIDE);
  blur(sheet, to, SIDE, SIDE, FINE);
  for (let i = 0; i < AREA; i++) put(to, i, at(to, i) - at(soft, i));
  release(start);
}

function rotate(sheet: usize, angle: f32, to: usize): void {
  const c = <f32>Math.cos(<f64>angle);
  const s = <f32>Math.sin(<f64>angle);
  const middle: f32 = <f32>(SIDE - 1) * 0.5;
  for (let y = 0; y < SIDE; y++) {
    const v = <f32>y - middle;
    for (let x = 0; x < SIDE; x++) {
      const u = <f32>x - middle;
      const sx = c * u + s * v + middle;
      const sy = c * v - s * u + middle;
      const isInside = sx >= 0 && sy >= 0 && sx <= <f32>(SIDE - 1) && sy <= <f32>(SIDE - 1);
      put(to, y * SIDE + x, isInside ? sample(sheet, SIDE, SIDE, sx, sy) : 0);
    }
  }
}

/** Remembers the highest value of a correlation plane, taken times `sign`. */
function rememberPeak(plane: usize, sign: f32, angle: i32): void {
  let best: f32 = -Infinity;
  let where = 0;
  for (let i = 0; i < AREA; i++) {
    const value = sign * at(plane, i);
    if (value > best) {
      best = value;
      where = i;
    }
  }
  put(peakValue, angle, best);
  store<i32>(peakIndex + ((<usize>angle) << 2), where);
}

/** Fills the candidates. Motion takes the reserved centre to the query centre plus the shift. */
export function findCandidates(): void {
  const start = mark();
  const sheet = takePlane(AREA);
  prepareSheet(ink, rw, rh, sheet);
  const queryRe = takePlane(AREA);
  const queryIm = takePlane(AREA);
  const visible = takePlane(qw * qh);
  for (let i = 0; i < qw * qh; i++) put(visible, i, at(raw, i) * at(known, i));
  prepareSheet(visible, qw, qh, queryRe);
  memory.fill(queryIm, 0, (<usize>AREA) << 2);
  forward(queryRe, queryIm, SIDE);
  const re = takePlane(AREA);
  const im = takePlane(AREA);
  // Two angles share one complex transform: the correlation of the second is minus the imaginary part.
  for (let i = 0; i < ANGLES; i += 2) {
    rotate(sheet, angleOf(i), re);
    rotate(sheet, angleOf(i + 1), im);
    forward(re, im, SIDE);
    correlate(re, im, queryRe, queryIm);
    inverse(re, im, SIDE);
    rememberPeak(re, 1, i);
    rememberPeak(im, -1, i + 1);
  }
  for (let i = 0; i < CANDIDATES; i++) takeBest(i);
  release(start);
}

function angleOf(index: i32): f32 {
  return <f32>((-2 * Math.PI * <f64>index) / <f64>ANGLES);
}

/** (re, im) becomes conj(re + i im) times the query's spectrum. */
function correlate(re: usize, im: usize, queryRe: usize, queryIm: usize): void {
  for (let p: usize = 0; p < (<usize>AREA) << 2; p += 16) {
    const a = v128.load(re + p);
    const b = v128.load(im + p);
    const c = v128.load(queryRe + p);
    const d = v128.load(queryIm + p);
    v128.store(re + p, f32x4.add(f32x4.mul(a, c), f32x4.mul(b, d)));
    v128.store(im + p, f32x4.sub(f32x4.mul(a, d), f32x4.mul(b, c)));
  }
}

/** Moves the best angle left to the candidates and strikes it out with its neighbours. */
function takeBest(candidate: i32): void {
  let best = 0;
  for (let i = 1; i < ANGLES; i++) if (at(peakValue, i) > at(peakValue, best)) best = i;
  const index = load<i32>(peakIndex + ((<usize>best) << 2));
  let dx = index % SIDE;
  let dy = index / SIDE;
  if (dx > SIDE / 2) dx -= SIDE;
  if (dy > SIDE / 2) dy -= SIDE;
  put(candidateAngle, candidate, angleOf(best));
  put(candidateX, candidate, <f32>dx / PITCH);
  put(candidateY, candidate, <f32>dy / PITCH);
  for (let near = -1; near <= 1; near++) {
    put(peakValue, (best + near + ANGLES) % ANGLES, -Infinity);
  }
}
