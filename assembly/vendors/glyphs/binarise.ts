// Ink by a local threshold on the darkest colour channel; what is as dark in the lightest channel is
// not the pad's ink. Whatever the pad's colour, it leaves at least one channel lighter than print does.
import { COLOUR, GREY } from '../../seal/ink';
import { at, blur, box, clamp, put, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';

const histogram = memory.data(256 * 4);
/** Reach of the local mean, millimetres. */
const LOCAL_MM: f32 = 2.4;
/** Least difference of the channels in a pixel with colour, and least share of such pixels. */
const CHROMA: f32 = 0.18;
const LEAST_COLOUR: f32 = 0.004;
const MAX_DEPTH: f32 = 1.3;

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
  const r: f32 = 1 / (255 * paperOf(rgba, pixels, 0));
  const g: f32 = 1 / (255 * paperOf(rgba, pixels, 1));
  const b: f32 = 1 / (255 * paperOf(rgba, pixels, 2));
  for (let i = 0; i < pixels; i++) {
    const p = rgba + ((<usize>i) << 2);
    const red = <f32>load<u8>(p) * r;
    const green = <f32>load<u8>(p, 1) * g;
    const blue = <f32>load<u8>(p, 2) * b;
    put(dark, i, clamp(1 - min<f32>(red, min<f32>(green, blue)), 0, 1));
    put(veil, i, clamp(1 - max<f32>(red, max<f32>(green, blue)), 0, 1));
  }
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
  const isColour = <f32>coloured > LEAST_COLOUR * <f32>pixels;
  const padVeil = quantile(0.6, 0);
  memory.fill(histogram, 0, 1024);
  for (let i = 0; i < pixels; i += 3) {
    const isInk = at(dark, i) > 0.2 && (!isColour || at(dark, i) - at(veil, i) >= CHROMA);
    if (isInk) count(at(dark, i));
  }
  const level = clamp(quantile(0.55, 0.5), 0.2, 0.95);
  const mean = takePlane(pixels);
  box(dark, mean, width, height, <i32>(LOCAL_MM * pxPerMm) | 1);
  const hiding: f32 = isColour ? padVeil + 0.22 : level + 0.45 * (1 - level);
  for (let i = 0; i < pixels; i++) {
    const a = at(dark, i);
    const local = clamp(1.25 * at(mean, i) + 0.02, 0.28 * level, 0.62 * level);
    const other = isColour ? at(veil, i) : a;
    const isPrint = isColour && a > 0.2 && a - at(veil, i) < 0.3 * a && a - at(veil, i) < CHROMA;
    put(depth, i, isPrint ? 0 : clamp((0.5 * a) / local, 0, MAX_DEPTH));
    store<u8>(known + <usize>i, other > hiding ? 0 : 1);
  }
  release(start);
  return isColour ? COLOUR : GREY;
}
