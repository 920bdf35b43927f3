// Ink extraction: from a scan to ink depth (0 = paper, about 1 = full ink) and the places where
// other dark ink covers the imprint, which are unknown: nothing there counts for or against.
import { mark, release } from '../shared/arena';
import { blurMarked, marksStride, spreadMarks, takeMarks } from './blur';
import {
  findPad,
  inkDarkness,
  inkInLightest,
  isAmongColour,
  lightest,
  lightOf,
  papers,
} from './pad';
import { at, clamp, flags, put, takeBytes, takePlane } from './plane';

/** What kind of picture it was. */
export const COLOUR: i32 = 0;
export const GREY: i32 = 1;
/** Two colours only: a canonical picture, or a scan that lost its depth already. */
export const BILEVEL: i32 = 2;

/** Depth of solid ink in a bilevel picture. */
export const BILEVEL_DEPTH: f32 = 0.85;
const MAX_DEPTH: f32 = 1.3;
/** Share of the paper's light in the pad's own colour below which other ink covers it. */
const COVERED: f32 = 0.86;
/** Red and green of a grey scan differ by less than this, the noise of chroma aside. */
const GREY_SPREAD: f32 = 14;
/** Usual darkness, in grey, from which the pad is black. */
const BLACK: f32 = 0.82;
const histogram = memory.data(256 * 4);
const levels = memory.data(256 * 4);
function clearHistogram(): void {
  memory.fill(histogram, 0, 256 * 4);
}

function count(value: i32): void {
  const bin = histogram + ((<usize>value) << 2);
  store<u32>(bin, load<u32>(bin) + 1);
}

/** The given percentile of the histogram, between neighbouring values where it falls there. */
function percentile(percent: f32): f32 {
  let total = 0;
  for (let i: usize = 0; i < 256; i++) total += load<u32>(histogram + (i << 2));
  if (total == 0) return 0;
  const rank: f32 = (percent / 100) * <f32>(total - 1);
  const low = valueOfRank(<i32>floor<f32>(rank));
  const high = valueOfRank(<i32>ceil<f32>(rank));
  return <f32>low + (rank - floor<f32>(rank)) * <f32>(high - low);
}

function valueOfRank(rank: i32): i32 {
  let seen = 0;
  for (let value = 0; value < 256; value++) {
    seen += load<u32>(histogram + ((<usize>value) << 2));
    if (seen > rank) return value;
  }
  return 255;
}

/** Lays translucent pixels on white paper, in place. */
export function flatten(rgba: usize, pixels: i32): void {
  const end = rgba + ((<usize>pixels) << 2);
  const alphas = i32x4.splat(0xff000000);
  let p = rgba;
  while (p < end) {
    // Hardly any picture is translucent: four pixels that are not are passed over at once.
    if (p + 16 <= end && i32x4.all_true(i32x4.eq(v128.and(v128.load(p), alphas), alphas))) {
      p += 16;
      continue;
    }
    const alpha = <u32>load<u8>(p + 3);
    for (let c: usize = 0; c < 3; c++) {
      const value = <u32>load<u8>(p + c);
      store<u8>(p + c, <u8>(255 - ((255 - value) * alpha + 127) / 255));
    }
    store<u8>(p + 3, 255);
    p += 4;
  }
}

/** How many different colours there are, counted up to three. */
export function coloursUpToThree(rgba: usize, pixels: i32): i32 {
  const first = load<u32>(rgba);
  let second = first;
  for (let p = rgba; p < rgba + ((<usize>pixels) << 2); p += 4) {
    const colour = load<u32>(p);
    if (colour == first || colour == second) continue;
    if (second != first) return 3;
    second = colour;
  }
  return second == first ? 1 : 2;
}

export function lightness(p: usize): i32 {
  return (<i32>load<u8>(p) + <i32>load<u8>(p + 1) + <i32>load<u8>(p + 2) + 1) / 3;
}

export function isGrey(rgba: usize, width: i32, height: i32): bool {
  clearHistogram();
  for (let y = 0; y < height; y += 4) {
    for (let x = 0; x < width; x += 4) {
      const p = rgba + ((<usize>(y * width + x)) << 2);
      count(abs<i32>(<i32>load<u8>(p) - <i32>load<u8>(p + 1)));
    }
  }
  return percentile(98) < GREY_SPREAD;
}

/** Level of bare paper in one channel (3 = lightness). */
export function paperLevel(rgba: usize, width: i32, height: i32, channel: usize): f32 {
  clearHistogram();
  for (let y = 0; y < height; y += 5) {
    for (let x = 0; x < width; x += 5) {
      const p = rgba + ((<usize>(y * width + x)) << 2);
      count(channel == 3 ? lightness(p) : <i32>load<u8>(p + channel));
    }
  }
  return max<f32>(40, percentile(92));
}

/**
 * Extracts depth (f32 plane) and `known` (a byte a pixel, 1 or 0) of a scan of more than two colours
 * and returns its kind. `pxPerMm` sets the reach of the filters. The pixels have been flattened.
 */
export function extractInk(
  rgba: usize,
  width: i32,
  height: i32,
  pxPerMm: f32,
  depth: usize,
  known: usize,
): i32 {
  const pixels = width * height;
  const start = mark();
  const dark = takeBytes(pixels + 3);
  let grey = isGrey(rgba, width, height);
  const hasColour = !grey;
  if (hasColour) {
    for (let channel = 0; channel < 3; channel++) {
      put(papers, channel, paperLevel(rgba, width, height, channel));
    }
    grey = !findPad(rgba, width, height);
  }
  if (grey) extractGrey(rgba, width, height, depth, dark, hasColour && isAmongColour);
  else extractColour(rgba, width, height, pxPerMm, depth, dark);
  memory.fill(known, 1, pixels);
  const reach: f32 = (grey ? <f32>0.16 : <f32>0.14) * pxPerMm;
  coverAround(dark, known, width, height, max<i32>(1, <i32>nearest<f32>(reach)));
  release(start);
  return grey ? GREY : COLOUR;
}

/** BILEVEL for a picture of two colours, whose depth it writes; otherwise -1. */
export function extractBilevel(rgba: usize, pixels: i32, depth: usize, known: usize): i32 {
  const colours = coloursUpToThree(rgba, pixels);
  if (colours > 2) return -1;
  let brightest = 0;
  for (let i = 0; i < pixels; i++) {
    brightest = max<i32>(brightest, lightness(rgba + ((<usize>i) << 2)));
  }
  for (let i = 0; i < pixels; i++) {
    put(depth, i, lightness(rgba + ((<usize>i) << 2)) == brightest ? 0 : BILEVEL_DEPTH);
  }
  memory.fill(known, 1, pixels);
  return BILEVEL;
}

/** How light a pixel is, 0 to 255; where other colours lie across, in the channel that it leaves lightest. */
function lightOfBlack(p: usize, isAmong: bool): i32 {
  if (!isAmong) return lightness(p);
  const red = <f32>load<u8>(p) / at(papers, 0);
  const green = <f32>load<u8>(p + 1) / at(papers, 1);
  const blue = <f32>load<u8>(p + 2) / at(papers, 2);
  return <i32>min<f32>(255, nearest<f32>(255 * max<f32>(red, max<f32>(green, blue))));
}

function extractGrey(
  rgba: usize,
  width: i32,
  height: i32,
  depth: usize,
  dark: usize,
  isAmong: bool,
): void {
  const pixels = width * height;
  const paper: f32 = isAmong ? 255 : paperLevel(rgba, width, height, 3);
  for (let value = 0; value < 256; value++) {
    put(levels, value, 1 - clamp(<f32>value / paper, 0.01, 1.05));
  }
  clearHistogram();
  let inked = 0;
  for (let y = 0; y < height; y += 2) {
    for (let x = 0; x < width; x += 2) {
      const value = lightOfBlack(rgba + ((<usize>(y * width + x)) << 2), isAmong);
      if (at(levels, value) <= 0.25) continue;
      count(value);
      inked++;
    }
  }
  // Darkness falls as lightness rises, so the 55th percentile of one is the 45th of the other.
  const usual: f32 = inked > 50 ? 1 - percentile(45) / paper : 0.6;
  // Where most of what is dark is as dark as print, the pad itself is black.
  const ink = usual > BLACK ? min<f32>(usual, 0.92) : clamp(usual, 0.35, 0.72);
  const print = ink + 0.42 * (1 - ink);
  for (let i = 0; i < pixels; i++) {
    const darkness = at(levels, lightOfBlack(rgba + ((<usize>i) << 2), isAmong));
    put(depth, i, clamp(darkness / ink, 0, MAX_DEPTH));
    store<u8>(dark + <usize>i, darkness > print ? 1 : 0);
  }
}

/**
 * The ratio of green and blue to red does not change under neutral dark print, so it tells how much
 * red ink there is; what remains of red light after that ink is taken off is paper or other ink.
 * Depth itself comes from green and blue, which keep the sharp edges. For another pad the channel
 * that its ink leaves lightest stands for red.
 */
function extractColour(
  rgba: usize,
  width: i32,
  height: i32,
  pxPerMm: f32,
  depth: usize,
  dark: usize,
): void {
  const pixels = width * height;
  const red = takePlane(pixels + 3);
  const rest = takePlane(pixels + 3);
  const softRed = takePlane(pixels + 3);
  const softRest = takePlane(pixels + 3);
  const marks = takeMarks(width, height);
  const pitch = marksStride(width);
  const first = lightest == 0 ? 1 : 0;
  const second = lightest == 2 ? 1 : 2;
  const bright = f32x4.splat(COVERED + 0.01);
  for (let y: usize = 0; y < <usize>height; y++) {
    for (let x: usize = 0; x < <usize>width; x += 4) {
      // What falls behind the row is written again by the next one.
      const p = (y * <usize>width + x) << 2;
      const four = v128.load(rgba + p);
      const light = lightOf(four, lightest);
      v128.store(red + p, light);
      const both = f32x4.add(lightOf(four, first), lightOf(four, second));
      v128.store(rest + p, f32x4.mul(f32x4.splat(0.5), both));
      const isDim = v128.any_true(f32x4.lt(light, bright));
      if (isDim) store<u8>(marks + y * pitch + (x >> 2), 1);
    }
  }
  // JPEG keeps colour at half resolution; the ratio is formed of soft copies. Where nothing near is dim
  // in the pad's own light, nothing covers the paper, whatever the ratio.
  const sigma: f32 = 0.1 * pxPerMm;
  spreadMarks(marks, marks, width, height, sigma);
  blurMarked(red, softRed, width, height, sigma, marks);
  blurMarked(rest, softRest, width, height, sigma, marks);
  const one = f32x4.splat(1);
  const zero = f32x4.splat(0);
  const darkness = f32x4.splat(1 / inkDarkness);
  for (let y: usize = 0; y < <usize>height; y++) {
    for (let x: usize = 0; x < <usize>width; x += 4) {
      const i = y * <usize>width + x;
      const p = i << 2;
      const raw = f32x4.mul(f32x4.sub(one, v128.load(rest + p)), darkness);
      const full = f32x4.pmin(f32x4.pmax(raw, zero), f32x4.splat(MAX_DEPTH));
      if (load<u8>(marks + y * pitch + (x >> 2)) == 0) {
        v128.store(depth + p, full);
        store<u32>(dark + i, 0);
        continue;
      }
      const r = v128.load(softRed + p);
      const rho = f32x4.div(v128.load(softRest + p), f32x4.pmax(r, f32x4.splat(0.05)));
      const scale = f32x4.sub(
        f32x4.splat(inkDarkness),
        f32x4.mul(f32x4.splat(inkInLightest), f32x4.pmin(rho, one)),
      );
      const ink = f32x4.pmin(
        f32x4.pmax(f32x4.div(f32x4.sub(one, rho), scale), zero),
        f32x4.splat(1.2),
      );
      const left = f32x4.div(r, f32x4.sub(one, f32x4.mul(f32x4.splat(inkInLightest), ink)));
      const capped = f32x4.pmin(full, f32x4.add(ink, f32x4.splat(0.15)));
      const isCovered = f32x4.lt(left, f32x4.splat(COVERED));
      v128.store(depth + p, v128.bitselect(capped, full, isCovered));
      const isDark = f32x4.lt(left, f32x4.splat(0.76));
      v128.store32_lane(dark + i, flags(isDark, isDark, isDark, isDark), 0);
    }
  }
}

/** Clears `known` in a disc of `reach` pixels around every dark pixel. */
function coverAround(dark: usize, known: usize, width: i32, height: i32, reach: i32): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const p = <usize>(y * width + x);
      if (load<u8>(dark + p) == 0) {
        const isBlank = x + 16 <= width && !v128.any_true(v128.load(dark + p));
        if (isBlank) x += 15;
        continue;
      }
      store<u8>(known + p, 0);
      if (isInside(dark, p, width, height, x, y)) continue;
      for (let dy = -reach; dy <= reach; dy++) {
        if (y + dy < 0 || y + dy >= height) continue;
        const room = <f32>(reach * reach - dy * dy) / <f32>(reach * reach);
        const dx = <i32>nearest<f32>(<f32>reach * sqrt<f32>(room));
        const x0 = max<i32>(0, x - dx);
        const x1 = min<i32>(width - 1, x + dx);
        memory.fill(known + <usize>((y + dy) * width + x0), 0, <usize>(x1 - x0 + 1));
      }
    }
  }
}

function isInside(dark: usize, p: usize, width: i32, height: i32, x: i32, y: i32): bool {
  if (x == 0 || y == 0 || x == width - 1 || y == height - 1) return false;
  if (load<u8>(dark + p - 1) == 0 || load<u8>(dark + p + 1) == 0) return false;
  return load<u8>(dark + p - <usize>width) != 0 && load<u8>(dark + p + <usize>width) != 0;
}

/** Shrinks a picture in place by averaging squares of `divisor` pixels a side; the rest is cut off. */
export function reduce(rgba: usize, width: i32, height: i32, divisor: i32): void {
  const outWidth = width / divisor;
  const outHeight = height / divisor;
  const area = <u32>(divisor * divisor);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      for (let c: usize = 0; c < 4; c++) {
        let sum: u32 = area / 2;
        for (let dy = 0; dy < divisor; dy++) {
          const row = rgba + ((<usize>((y * divisor + dy) * width + x * divisor)) << 2) + c;
          for (let dx: usize = 0; dx < <usize>divisor; dx++) sum += load<u8>(row + (dx << 2));
        }
        store<u8>(rgba + ((<usize>(y * outWidth + x)) << 2) + c, <u8>(sum / area));
      }
    }
  }
}
