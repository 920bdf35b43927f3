// Ink by a local threshold on the darkest colour channel; what is as dark in the lightest channel is
// not the pad's ink. Whatever the pad's colour, it leaves at least one channel lighter than print does.

import { blur } from '../../seal/blur';
import { COLOUR, GREY } from '../../seal/ink';
import { at, channelOf, clamp, clampFour, takePlane, wideBox } from '../../seal/plane';
import { mark, release } from '../../shared/arena';

const histogram = memory.data(256 * 4);
/** Reach of the local mean, millimetres. */
const LOCAL_MM: f32 = 2.4;
/** Least difference of the channels in a pixel with colour, and least share of such pixels. */
const CHROMA: f32 = 0.18;
const LEAST_COLOUR: f32 = 0.004;
const MAX_DEPTH: f32 = 1.3;
/**
 * Where what is as dark as this in every channel is more than what has colour, and fills more of the
 * picture, the pad is black and the colour is print or writing across it. Counted in cells.
 */
const BLACK: f32 = 0.5;
const COLOURED: f32 = 0.25;
const MORE: f32 = 1.5;
const CELLS: i32 = 8;
const LEAST_IN_CELL: f32 = 0.01;

function count(value: f32): void {
  const bin = histogram + ((<usize>min<i32>(255, max<i32>(0, <i32>(value * 255)))) << 2);
  store<u32>(bin, load<u32>(bin) + 1);
}

/** The value below which the share of what was counted lies; `otherwise` when that was little. */
function quantile(share: f32, otherwise: f32): f32 {
  let total = 0;
  for (let i: usize = 0; i < 256; i++) total += <i32>load<u32>(histogram + (i << 2));
  if (total < 50) return otherwise;
  let left = <i32>(share * <f32>total);
  let value = 0;
  for (; value < 255 && left > 0; value++)
    left -= <i32>load<u32>(histogram + ((<usize>value) << 2));
  return <f32>value / 255;
}

function paperOf(rgba: usize, pixels: i32, channel: usize): f32 {
  memory.fill(histogram, 0, 1024);
  for (let i = 0; i < pixels; i += 11) {
    count(<f32>load<u8>(rgba + ((<usize>i) << 2) + channel) / 255);
  }
  return max<f32>(0.16, quantile(0.9, 1));
}

/** Darkness in the darkest and in the lightest channel, against paper. */
function separate(rgba: usize, pixels: i32, dark: usize, veil: usize): void {
  const r = f32x4.splat(1 / (255 * paperOf(rgba, pixels, 0)));
  const g = f32x4.splat(1 / (255 * paperOf(rgba, pixels, 1)));
  const b = f32x4.splat(1 / (255 * paperOf(rgba, pixels, 2)));
  const one = f32x4.splat(1);
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    const four = v128.load(rgba + p);
    const red = f32x4.mul(channelOf(four, 0), r);
    const green = f32x4.mul(channelOf(four, 1), g);
    const blue = f32x4.mul(channelOf(four, 2), b);
    const least = f32x4.pmin(red, f32x4.pmin(green, blue));
    const most = f32x4.pmax(red, f32x4.pmax(green, blue));
    v128.store(dark + p, clampFour(f32x4.sub(one, least), 0, 1));
    v128.store(veil + p, clampFour(f32x4.sub(one, most), 0, 1));
  }
}

const cells = memory.data(2 * 64 * 4);

/** How many cells what has colour (0) or is black (1) fills. */
function filled(kind: i32, least: f32): i32 {
  let count = 0;
  for (let cell = 0; cell < CELLS * CELLS; cell++) {
    if (<f32>load<i32>(cells + ((<usize>(kind * CELLS * CELLS + cell)) << 2)) > least) count++;
  }
  return count;
}

/** Whether the pad is black though something of colour lies across. */
function isBlackPad(dark: usize, veil: usize, width: i32, height: i32): bool {
  memory.fill(cells, 0, 2 * CELLS * CELLS * 4);
  let coloured = 0;
  let black = 0;
  for (let y = 0; y < height; y++) {
    const row = ((y * CELLS) / height) * CELLS;
    for (let x = y % 3; x < width; x += 3) {
      const i = y * width + x;
      const isBlack = at(veil, i) > BLACK;
      if (!isBlack && at(dark, i) - at(veil, i) < COLOURED) continue;
      if (isBlack) black++;
      else coloured++;
      const cell = (isBlack ? CELLS * CELLS : 0) + row + (x * CELLS) / width;
      const p = cells + ((<usize>cell) << 2);
      store<i32>(p, load<i32>(p) + 1);
    }
  }
  const looked = (width * height) / (3 * CELLS * CELLS);
  const least = LEAST_IN_CELL * <f32>looked;
  const wide = MORE * <f32>filled(0, least);
  return <f32>black > MORE * <f32>coloured && <f32>filled(1, least) > wide;
}

/** Of up to four pixels, a byte each: 0 where the lane is set, else 1. */
function storeKnown(known: usize, isHidden: v128, count: i32): void {
  const bits = i32x4.bitmask(isHidden);
  for (let k = 0; k < count; k++) store<u8>(known + <usize>k, <u8>(~(bits >> k) & 1));
}

/** `Extract` of this vendor. */
export function binarise(
  rgba: usize,
  width: i32,
  height: i32,
  pxPerMm: f32,
  depth: usize,
  known: usize,
): i32 {
  const pixels = width * height;
  const start = mark();
  const dark = takePlane(pixels);
  const veil = takePlane(pixels);
  separate(rgba, pixels, dark, veil);
  blur(dark, dark, width, height, 0.05 * pxPerMm);
  blur(veil, veil, width, height, 0.09 * pxPerMm);
  memory.fill(histogram, 0, 1024);
  let coloured = 0;
  for (let i = 0; i < pixels; i += 3) {
    if (at(dark, i) - at(veil, i) < CHROMA) continue;
    coloured += 3;
    count(at(veil, i));
  }
  let isColour = <f32>coloured > LEAST_COLOUR * <f32>pixels;
  if (isColour && isBlackPad(dark, veil, width, height)) {
    isColour = false;
    memory.copy(dark, veil, (<usize>pixels) << 2);
  }
  const padVeil = quantile(0.6, 0);
  memory.fill(histogram, 0, 1024);
  for (let i = 0; i < pixels; i += 3) {
    const isInk = at(dark, i) > 0.2 && (!isColour || at(dark, i) - at(veil, i) >= CHROMA);
    if (isInk) count(at(dark, i));
  }
  const level = clamp(quantile(0.55, 0.5), 0.2, 0.95);
  const mean = takePlane(pixels);
  wideBox(dark, mean, width, height, <i32>(LOCAL_MM * pxPerMm) | 1);
  const hiding: f32 = isColour ? padVeil + 0.22 : level + 0.45 * (1 - level);
  const covers = isColour ? veil : dark;
  for (let i: usize = 0; i < <usize>pixels; i += 4) {
    const p = i << 2;
    const a = v128.load(dark + p);
    const scaled = f32x4.mul(f32x4.splat(1.25), v128.load(mean + p));
    const local = clampFour(f32x4.add(scaled, f32x4.splat(0.02)), 0.28 * level, 0.62 * level);
    const found = clampFour(f32x4.div(f32x4.mul(f32x4.splat(0.5), a), local), 0, MAX_DEPTH);
    let value = found;
    if (isColour) {
      const chroma = f32x4.sub(a, v128.load(veil + p));
      const isPale = f32x4.lt(chroma, f32x4.mul(f32x4.splat(0.3), a));
      const isDark = f32x4.gt(a, f32x4.splat(0.2));
      const isPrint = v128.and(v128.and(isDark, isPale), f32x4.lt(chroma, f32x4.splat(CHROMA)));
      value = v128.andnot(found, isPrint);
    }
    v128.store(depth + p, value);
    const isHidden = f32x4.gt(v128.load(covers + p), f32x4.splat(hiding));
    storeKnown(known + i, isHidden, min<i32>(4, pixels - <i32>i));
  }
  release(start);
  return isColour ? COLOUR : GREY;
}
