// What repeats over a whole picture: the dots of a printer's screen and the stripes of a display stand
// at one frequency in every square, a pad's and paper's texture at none. The mean of the logarithm of
// many squares' power spectra is smooth but for such a frequency, however faint it is. A display's
// stripes are on its white too, where no stroke and no pad has any pattern: bare paper is looked at by itself.
import { mark, release } from '../shared/arena';
import { forward } from './fft';
import { box, put, takePlane } from './plane';
import {
  all,
  every,
  laySquares,
  lift,
  mirroredFour,
  mirrorOf,
  putInOrder,
  SIDE,
  surroundings,
  valueAt,
} from './squares';

/** Frequencies in question, periods a square: below lie strokes. */
const LOW: f32 = 16;
const HIGH: f32 = 45;
/** Printed backgrounds have fewer lines to the millimetre, screens and displays more. */
const LINES_PER_MM: f32 = 3;
const OVERTONES: i32 = 6;
/** JPEG's own blocks of eight pixels show on the axes at multiples of this. */
const BLOCKS: i32 = 8;
/** Spread of the logarithm (base 2) of one square's power: that of an exponential variable. */
const SPREAD: f32 = 1.85;
/** Both half planes hold the same sums. */
const SIGN: f32 = 1;

/** Paper is this light over a square of so many pixels, and so far around: rims would make a pattern. */
const PAPER: f32 = 0.88;
const AROUND_PX: i32 = 5;
const APART_PX: i32 = 9;

/** Of the whole picture and of bare paper: the highest peak in spreads, then in powers of two. */
export const stripes = memory.data(4 * 4);

/** Base 2, to a tenth: straight between powers of two. */
function roughLog(x: v128): v128 {
  const bits = i32x4.sub(x, i32x4.splat(0x3f800000));
  return f32x4.mul(f32x4.convert_i32x4_s(bits), f32x4.splat(1.1920929e-7));
}

/** Adds the logarithm of a plane's power, from twice its spectrum. */
function addLog(sums: usize, re: v128, im: v128): void {
  const power = f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im));
  const sum = roughLog(f32x4.add(power, f32x4.splat(1e-4)));
  v128.store(sums, f32x4.add(v128.load(sums), sum));
}

/** Adds the logarithms of both real planes' powers, which one complex spectrum holds, in its order. */
function addSpectrum(re: usize, im: usize, light: usize, paper: usize): void {
  forward(re, im, SIDE);
  for (let v = 0; v < SIDE; v++) {
    const mirror = mirrorOf(v);
    if (mirror < v) continue;
    const own = (<usize>(v * SIDE)) << 2;
    const other = (<usize>(mirror * SIDE)) << 2;
    for (let u = 0; u < SIDE; u += 4) {
      const p = own + ((<usize>u) << 2);
      const r = v128.load(re + p);
      const i = v128.load(im + p);
      const mirroredR = mirroredFour(re + other, u);
      const mirroredI = mirroredFour(im + other, u);
      addLog(light + p, f32x4.add(r, mirroredR), f32x4.sub(i, mirroredI));
      addLog(paper + p, f32x4.sub(r, mirroredR), f32x4.add(i, mirroredI));
    }
  }
}

/**
 * Mean a few bins off towards zero or away from it. A seal's own straight strokes make a ridge through
 * zero, on which every place stands above what lies beside it.
 */
function alongRay(sums: usize, u: i32, v: i32, sign: f32): f32 {
  const length = sqrt<f32>(<f32>(u * u + v * v));
  let sum: f32 = 0;
  for (let k: f32 = 3; k <= 5; k++) {
    const factor: f32 = <f32>1 + (sign * k) / length;
    const x = <i32>nearest<f32>(<f32>u * factor);
    const y = <i32>nearest<f32>(<f32>v * factor);
    sum += valueAt(sums, x, y, SIGN);
  }
  return sum / 3;
}

function isBlocks(u: i32, v: i32): bool {
  return (u % BLOCKS == 0 && abs<i32>(v) <= 1) || (v % BLOCKS == 0 && abs<i32>(u) <= 1);
}

function prominence(sums: usize, u: i32, v: i32): f32 {
  const ridge = max<f32>(alongRay(sums, u, v, -1), alongRay(sums, u, v, 1));
  return valueAt(sums, u, v, SIGN) - max<f32>(surroundings(sums, u, v, SIGN), ridge);
}

/** The greatest prominence at a half to a sixth of a frequency: a cheque's printed waves have overtones. */
function belowOf(sums: usize, u: i32, v: i32): f32 {
  let most: f32 = 0;
  for (let part = 2; part <= OVERTONES; part++) {
    const x = <i32>nearest<f32>(<f32>u / <f32>part);
    const y = <i32>nearest<f32>(<f32>v / <f32>part);
    if (x * x + y * y < 16) break;
    for (let j = -1; j <= 1; j++) {
      for (let i = -1; i <= 1; i++) most = max<f32>(most, prominence(sums, x + i, y + j));
    }
  }
  return most;
}

/** How far the highest frequency stands out, in powers of two of a square's power. */
function peakOf(sums: usize, squares: i32, low: f32): f32 {
  let most: f32 = 0;
  for (let v = -SIDE / 2 + 1; v < SIDE / 2; v++) {
    for (let u = 0; u < SIDE / 2; u++) {
      const square = <f32>(u * u + v * v);
      if (square < low * low || square > HIGH * HIGH || isBlocks(u, v)) continue;
      const own = valueAt(sums, u, v, SIGN);
      // Only what stands above its neighbours is worth the long sum.
      if (own < valueAt(sums, u + 2, v, SIGN) || own < valueAt(sums, u, v + 2, SIGN)) continue;
      const stands = prominence(sums, u, v);
      if (stands > most) most = max<f32>(most, stands - belowOf(sums, u, v));
    }
  }
  return most / <f32>squares;
}

/** Fills `paper` with what bare paper has beyond its surroundings; 0 where there is ink or print. */
function liftPaper(light: usize, paper: usize, inked: usize, w: i32, h: i32): void {
  const end = (<usize>(w * h)) << 2;
  box(light, paper, w, h, AROUND_PX);
  const one = f32x4.splat(1);
  for (let p: usize = 0; p < end; p += 16) {
    const isInked = f32x4.lt(v128.load(paper + p), f32x4.splat(PAPER));
    v128.store(inked + p, v128.and(isInked, one));
  }
  box(inked, inked, w, h, APART_PX);
  for (let p: usize = 0; p < end; p += 16) {
    const isBare = f32x4.lt(v128.load(inked + p), f32x4.splat(0.005));
    const rest = f32x4.sub(v128.load(light + p), v128.load(paper + p));
    v128.store(paper + p, v128.and(rest, isBare));
  }
}

/**
 * Fills `stripes` from one plane of a picture, 1 on paper; zeros when it is smaller than a square. Two
 * further planes of its size are overwritten.
 */
export function lookForStripes(
  plane: usize,
  bare: usize,
  spare: usize,
  w: i32,
  h: i32,
  pxPerMm: f32,
): void {
  memory.fill(stripes, 0, 16);
  if (w < SIDE || h < SIDE) return;
  const start = mark();
  laySquares(w, h);
  liftPaper(plane, bare, spare, w, h);
  const re = takePlane(SIDE * SIDE);
  const im = takePlane(SIDE * SIDE);
  const light = takePlane(SIDE * SIDE);
  const paper = takePlane(SIDE * SIDE);
  memory.fill(light, 0, SIDE * SIDE * 4);
  memory.fill(paper, 0, SIDE * SIDE * 4);
  let squares = 0;
  for (let k = 0; k < all; k += every) {
    lift(plane, w, k, re);
    lift(bare, w, k, im);
    addSpectrum(re, im, light, paper);
    squares++;
  }
  const certainty = sqrt<f32>(<f32>squares) / SPREAD;
  const low = max<f32>(LOW, (LINES_PER_MM * <f32>SIDE) / pxPerMm);
  putInOrder(light, re, 1);
  putInOrder(paper, im, 1);
  const inLight = peakOf(re, squares, low);
  const onPaper = peakOf(im, squares, low);
  put(stripes, 0, min<f32>(15, inLight * certainty));
  put(stripes, 1, min<f32>(15, onPaper * certainty));
  put(stripes, 2, min<f32>(6, inLight));
  put(stripes, 3, min<f32>(6, onPaper));
  release(start);
}
