// Ink by colour unmixing: optical density is a sum of the pad's ink and of neutral dark print
// (A. Ruifrok and D. Johnston, Quantification of histochemical staining by color deconvolution, 2001).
// The pad's own colour is found from the imprint, so any pad will do. No edge and no threshold here.

import { blur } from '../../seal/blur';
import { COLOUR, GREY } from '../../seal/ink';
import { at, clamp, clampFour, flags, put, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';

const density = memory.data(3 * 256 * 4);
const histogram = memory.data(256 * 4);
/** Density of full ink counts as this depth. */
const FULL: f32 = 0.9;
const MAX_DEPTH: f32 = 1.3;
/** A pixel with this much density more in one channel than in another has colour. */
const CHROMA: f32 = 0.25;
/** Least share of pixels with colour; below it the scan is grey, or the pad black. */
const LEAST_COLOUR: f32 = 0.004;
/**
 * Where what lets less than half of any light through is so many times what has colour, and lies in so
 * many times the squares of an 8 x 8 board, the pad is black under coloured print. A pixel has the one or
 * the other from these densities on; a square counts with this share of its pixels.
 */
const BLACK: f32 = 0.69;
const COLOURED: f32 = 0.4;
const PREVAILS: f32 = 1.5;
const BOARD: i32 = 8;
const LEAST_ON_SQUARE: f32 = 0.01;
/** Neutral density from which other ink hides the imprint. */
const HIDING: f32 = 0.42;

function levelOf(rgba: usize, pixels: i32, channel: usize): i32 {
  memory.fill(histogram, 0, 1024);
  let total = 0;
  for (let i = 0; i < pixels; i += 7) {
    const bin = histogram + ((<usize>load<u8>(rgba + ((<usize>i) << 2) + channel)) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
    total++;
  }
  let left = total / 10;
  let value = 255;
  for (; value > 40 && left > 0; value--) left -= <i32>load<u32>(histogram + ((<usize>value) << 2));
  return value;
}

function prepareDensities(rgba: usize, pixels: i32): void {
  for (let channel: usize = 0; channel < 3; channel++) {
    const paper = <f64>max<i32>(40, levelOf(rgba, pixels, channel));
    for (let value = 0; value < 256; value++) {
      const share = Math.max(0.02, Math.min(1.05, <f64>value / paper));
      put(density, ((<i32>channel) << 8) + value, <f32>-Math.log(share));
    }
  }
}

function densityAt(rgba: usize, i: i32, channel: i32): f32 {
  const value = <i32>load<u8>(rgba + ((<usize>i) << 2) + <usize>channel);
  return at(density, (channel << 8) + value);
}

let inkR: f32 = 0;
let inkG: f32 = 0;
let inkB: f32 = 0;

/** How many pixels of each square have colour, and how many are black. */
const coloured = memory.data(64 * 4);
const black = memory.data(64 * 4);

function squareOf(i: i32, width: i32, height: i32): i32 {
  const y = i / width;
  return ((y * BOARD) / height) * BOARD + ((i - y * width) * BOARD) / width;
}

function addTo(board: usize, square: i32): void {
  const p = board + ((<usize>square) << 2);
  store<i32>(p, load<i32>(p) + 1);
}

/** Whether a black imprint lies under print or writing that has colour, as `findPad` counted them. */
function isBlackUnderColour(pixels: i32): bool {
  const looked = pixels / (3 * BOARD * BOARD);
  const least = <i32>(LEAST_ON_SQUARE * <f32>looked);
  let blacks = 0;
  let colours = 0;
  let blackSquares = 0;
  let colouredSquares = 0;
  for (let square: usize = 0; square < 256; square += 4) {
    const dark = load<i32>(black + square);
    const tinted = load<i32>(coloured + square);
    blacks += dark;
    colours += tinted;
    if (dark > least) blackSquares++;
    if (tinted > least) colouredSquares++;
  }
  const isMore = <f32>blacks > PREVAILS * <f32>colours;
  return isMore && <f32>blackSquares > PREVAILS * <f32>colouredSquares;
}

/** Finds the pad's densities from the pixels with colour; false when there are hardly any. */
function findPad(rgba: usize, width: i32, height: i32): bool {
  const pixels = width * height;
  // Twelve hues; the one with most colour in it is the pad's, be there blue writing or not.
  const sums = takePlane(12 * 5);
  memory.fill(sums, 0, 12 * 20);
  memory.fill(coloured, 0, 4 * BOARD * BOARD);
  memory.fill(black, 0, 4 * BOARD * BOARD);
  let count = 0;
  let seen = 0;
  for (let i = 0; i < pixels; i += 3) {
    const r = densityAt(rgba, i, 0);
    const g = densityAt(rgba, i, 1);
    const b = densityAt(rgba, i, 2);
    seen++;
    const low = min<f32>(r, min<f32>(g, b));
    const high = max<f32>(r, max<f32>(g, b));
    const isBlack = low > BLACK;
    if (isBlack || high - low >= COLOURED) {
      addTo(isBlack ? black : coloured, squareOf(i, width, height));
    }
    if (high - low < CHROMA) continue;
    count++;
    const hue = hueOf(r - low, g - low, b - low);
    const p = sums + <usize>(hue * 20);
    const weight = high - low;
    store<f32>(p, load<f32>(p) + weight);
    store<f32>(p, load<f32>(p, 4) + weight * r, 4);
    store<f32>(p, load<f32>(p, 8) + weight * g, 8);
    store<f32>(p, load<f32>(p, 12) + weight * b, 12);
  }
  if (<f32>count < LEAST_COLOUR * <f32>seen) return false;
  let best = 0;
  let bestSum: f32 = -1;
  for (let hue = 0; hue < 12; hue++) {
    const sum = load<f32>(sums + <usize>(hue * 20));
    const next = load<f32>(sums + <usize>(((hue + 1) % 12) * 20));
    if (sum + next <= bestSum) continue;
    bestSum = sum + next;
    best = hue;
  }
  const p = sums + <usize>(best * 20);
  const q = sums + <usize>(((best + 1) % 12) * 20);
  const weight = load<f32>(p) + load<f32>(q) + 1e-6;
  inkR = (load<f32>(p, 4) + load<f32>(q, 4)) / weight;
  inkG = (load<f32>(p, 8) + load<f32>(q, 8)) / weight;
  inkB = (load<f32>(p, 12) + load<f32>(q, 12)) / weight;
  return true;
}

/** 0 to 11 around the circle of hues; one of the three densities is 0. */
function hueOf(r: f32, g: f32, b: f32): i32 {
  const total = r + g + b;
  if (r <= g && r <= b) return min<i32>(3, <i32>((b * 4) / total));
  if (g <= b) return 4 + min<i32>(3, <i32>((r * 4) / total));
  return 8 + min<i32>(3, <i32>((g * 4) / total));
}

/** The given share's density among those above `least`. */
function usual(plane: usize, pixels: i32, least: f32, share: f32): f32 {
  memory.fill(histogram, 0, 1024);
  let total = 0;
  for (let i = 0; i < pixels; i += 2) {
    const value = at(plane, i);
    if (value <= least) continue;
    const bin = histogram + ((<usize>min<i32>(255, <i32>(value * 80))) << 2);
    store<u32>(bin, load<u32>(bin) + 1);
    total++;
  }
  if (total < 50) return 1;
  let left = <i32>(share * <f32>total);
  let bin = 0;
  for (; bin < 255 && left > 0; bin++) left -= <i32>load<u32>(histogram + ((<usize>bin) << 2));
  return <f32>bin / 80;
}

/** `Extract` of this vendor. */
export function unmix(
  rgba: usize,
  width: i32,
  height: i32,
  pxPerMm: f32,
  depth: usize,
  known: usize,
): i32 {
  const pixels = width * height;
  const start = mark();
  prepareDensities(rgba, pixels);
  const isFound = findPad(rgba, width, height);
  const isUnder = isFound && isBlackUnderColour(pixels);
  const isColour = isFound && !isUnder;
  const other = takePlane(pixels);
  if (isColour) separate(rgba, pixels, depth, other);
  else gather(rgba, pixels, depth, other, isUnder);
  if (isColour) blur(other, other, width, height, 0.1 * pxPerMm);
  if (isColour) blur(depth, depth, width, height, 0.05 * pxPerMm);
  const level = isColour ? clamp(usual(depth, pixels, 0.35, 0.55), 0.4, 1.4) : <f32>1;
  const hiding: f32 = isColour ? HIDING : <f32>1.75;
  const levels = f32x4.splat(level);
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    const share = f32x4.mul(f32x4.div(v128.load(depth + p), levels), f32x4.splat(FULL));
    v128.store(depth + p, clampFour(share, 0, MAX_DEPTH));
  }
  const most = f32x4.splat(hiding);
  for (let i: usize = 0; i < <usize>pixels; i += 16) {
    const p = other + (i << 2);
    const shown = flags(
      f32x4.le(v128.load(p), most),
      f32x4.le(v128.load(p, 16), most),
      f32x4.le(v128.load(p, 32), most),
      f32x4.le(v128.load(p, 48), most),
    );
    v128.store(known + i, shown);
  }
  release(start);
  return isColour ? COLOUR : GREY;
}

/** Least squares of density = ink x pad + print x (1, 1, 1). */
function separate(rgba: usize, pixels: i32, ink: usize, print: usize): void {
  const size = inkR * inkR + inkG * inkG + inkB * inkB;
  const sum = inkR + inkG + inkB;
  const determinant = max<f32>(0.02, 3 * size - sum * sum);
  // Where pad and print can hardly be told apart, print takes less.
  for (let i = 0; i < pixels; i++) {
    const colour = load<u32>(rgba + ((<usize>i) << 2));
    const r = at(density, <i32>(colour & 0xff));
    const g = at(density, 256 + <i32>((colour >>> 8) & 0xff));
    const b = at(density, 512 + <i32>((colour >>> 16) & 0xff));
    put(ink, i, inkR * r + inkG * g + inkB * b);
    put(print, i, r + g + b);
  }
  const determinants = f32x4.splat(determinant);
  const sums = f32x4.splat(sum);
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    const along = v128.load(ink + p);
    const total = v128.load(print + p);
    const own = f32x4.sub(f32x4.mul(f32x4.splat(3), along), f32x4.mul(sums, total));
    const other = f32x4.sub(f32x4.mul(f32x4.splat(size), total), f32x4.mul(sums, along));
    v128.store(ink + p, f32x4.pmax(f32x4.splat(0), f32x4.div(own, determinants)));
    v128.store(print + p, f32x4.div(other, determinants));
  }
}

/** Grey scans: density against the imprint's own; what is much darker is print. */
function gather(rgba: usize, pixels: i32, ink: usize, other: usize, isUnder: bool): void {
  for (let i = 0; i < pixels; i++) {
    const r = densityAt(rgba, i, 0);
    const g = densityAt(rgba, i, 1);
    const b = densityAt(rgba, i, 2);
    // What colour lies across is lightest in one channel, black in none.
    put(ink, i, isUnder ? min<f32>(r, min<f32>(g, b)) : (r + g + b) / 3);
  }
  const level = clamp(usual(ink, pixels, 0.3, 0.5), 0.35, 1.6);
  for (let i = 0; i < pixels; i++) {
    const relative = at(ink, i) / level;
    put(ink, i, min<f32>(relative, 1.25));
    put(other, i, relative);
  }
}
