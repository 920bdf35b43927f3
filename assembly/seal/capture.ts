// Signs of a secondary capture: an imprint that was printed, copied or shown on a screen instead of
// stamped. Ink from a pad covers the paper in one piece and lets its own colour through evenly; a
// reproduction is made of dots, stripes and toner. The figures below go through a small trained
// network. Grey scans keep too little of all this.
import {
  HIDDEN,
  hiddenBias,
  lastBias,
  lastWeights,
  means,
  scales,
  spreads,
  values,
} from './capture.gen';
import { dots, lookForDots, SIDE } from './dots';
import { fringes, lookForFringes } from './fringes';
import { coloursUpToThree, flatten, isGrey, paperLevel, reduce } from './ink';
import { evenLight } from './light';
import { at, channelOf, clamp, clampFour, put, takeBytes, takePlane } from './plane';
import { lookForStripes, stripes } from './stripes';

const FIGURES: i32 = 31;
/** Of the last picture looked at: log odds that it is a reproduction, then the figures. */
export const captureFindings = memory.data((1 + 31) * 4);
const captureFigures = captureFindings + 4;
const FULL_DPI: f32 = 300;
/** Ink in one place and how it differs between the channels, from here on there is colour. */
const CHROMA: f32 = 0.25;
const DARK: f32 = 0.55;
const LEAST_COLOUR: f32 = 0.004;
/** Fewest pixels inside strokes that tell anything. */
const LEAST_CORE: i32 = 150;
const histograms = memory.data(3 * 256 * 4);
const sums = memory.data(24 * 8);

let w: i32 = 0;
let h: i32 = 0;
let red: usize = 0;
let green: usize = 0;
let blue: usize = 0;
let mask: usize = 0;
let coreCount: i32 = 0;

function add(index: i32, value: f32): void {
  const p = sums + ((<usize>index) << 3);
  store<f64>(p, load<f64>(p) + <f64>value);
}

function sumAt(index: i32): f64 {
  return load<f64>(sums + ((<usize>index) << 3));
}

function prepare(rgba: usize, pixels: i32): void {
  red = takePlane(pixels + 8);
  green = takePlane(pixels + 8);
  blue = takePlane(pixels + 8);
  mask = takeBytes(pixels);
  split(rgba, pixels, 0, red);
  split(rgba, pixels, 1, green);
  split(rgba, pixels, 2, blue);
}

/** One channel, 1 on paper. */
function split(rgba: usize, pixels: i32, channel: i32, to: usize): void {
  const paper = f32x4.splat(paperLevel(rgba, w, h, channel));
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    const light = f32x4.div(channelOf(v128.load(rgba + p), channel), paper);
    v128.store(to + p, clampFour(light, 0.01, 1.15));
  }
}

/** Sums of 3 and of 7 pixels, one above the other, around the row at hand: of each channel a plane. */
const threes = memory.data(3 * 4);
const sevens = memory.data(3 * 4);

function columnsOf(table: usize, channel: i32): usize {
  return load<u32>(table + ((<usize>channel) << 2));
}

function sumColumns(y: i32): void {
  for (let channel = 0; channel < 3; channel++) {
    const plane = channel == 0 ? red : channel == 1 ? green : blue;
    sumRows(plane, y, 1, columnsOf(threes, channel));
    sumRows(plane, y, 3, columnsOf(sevens, channel));
  }
}

/** Sums of the rows up to `reach` from row y. */
function sumRows(plane: usize, y: i32, reach: i32, to: usize): void {
  const stride = (<usize>w) << 2;
  const first = plane + <usize>(y - reach) * stride;
  const last = plane + <usize>(y + reach) * stride;
  for (let x: usize = 0; x < stride; x += 16) {
    let sum = v128.load(first + x);
    for (let row = first + stride; row <= last; row += stride) {
      sum = f32x4.add(sum, v128.load(row + x));
    }
    v128.store(to + x, sum);
  }
}

/** Mean over the square of 3 pixels a side around the row at hand. */
function meanOfThree(channel: i32, x: i32): f32 {
  const columns = columnsOf(threes, channel);
  return (at(columns, x - 1) + at(columns, x) + at(columns, x + 1)) / 9;
}

/** Mean over the square of 7 pixels a side. */
function meanOfSeven(channel: i32, x: i32): f32 {
  const p = columnsOf(sevens, channel) + ((<usize>(x - 3)) << 2);
  const outer = load<f32>(p) + load<f32>(p, 4) + load<f32>(p, 8);
  const inner = load<f32>(p, 12) + load<f32>(p, 16);
  return (outer + inner + (load<f32>(p, 20) + load<f32>(p, 24))) / 49;
}

/** Means over the squares of 3 pixels a side around the four pixels at `p`. */
function meansOfThree(p: usize): v128 {
  const stride = (<usize>w) << 2;
  const q = p - 4;
  const near = f32x4.add(f32x4.add(v128.load(q - stride), v128.load(q)), v128.load(q + stride));
  const r = p + 12;
  const far = f32x4.add(f32x4.add(v128.load(r - stride), v128.load(r)), v128.load(r + stride));
  const both = f32x4.add(near, v128.shuffle<f32>(near, far, 1, 2, 3, 4));
  return f32x4.div(f32x4.add(both, v128.shuffle<f32>(near, far, 2, 3, 4, 5)), f32x4.splat(9));
}

function spreadAmong(r: v128, g: v128, b: v128): v128 {
  return f32x4.sub(f32x4.pmax(r, f32x4.pmax(g, b)), f32x4.pmin(r, f32x4.pmin(g, b)));
}

function lightAt(p: i32): f32 {
  return 0.3 * at(red, p) + 0.59 * at(green, p) + 0.11 * at(blue, p);
}

/** Marks ink: what has colour, or where hardly anything has, what is dark. Returns the coloured share of all ink. */
function markInk(): f32 {
  let coloured = 0;
  let dark = 0;
  memory.fill(mask, 0, <usize>(w * h));
  for (let y = 1; y < h - 1; y++) {
    for (let x = 1; x < w - 1; x += 4) {
      const i = y * w + x;
      const p = (<usize>i) << 2;
      const r = v128.load(red + p);
      const g = v128.load(green + p);
      const b = v128.load(blue + p);
      const here = (1 << min<i32>(4, w - 1 - x)) - 1;
      const light = f32x4.add(f32x4.mul(f32x4.splat(0.3), r), f32x4.mul(f32x4.splat(0.59), g));
      const sum = f32x4.add(light, f32x4.mul(f32x4.splat(0.11), b));
      dark += popcnt<i32>(i32x4.bitmask(f32x4.lt(sum, f32x4.splat(0.6))) & here);
      const quick = f32x4.ge(spreadAmong(r, g, b), f32x4.splat(0.15));
      if ((i32x4.bitmask(quick) & here) == 0) continue;
      const means = spreadAmong(
        meansOfThree(red + p),
        meansOfThree(green + p),
        meansOfThree(blue + p),
      );
      const isColoured = v128.and(quick, f32x4.ge(means, f32x4.splat(CHROMA)));
      let found = i32x4.bitmask(isColoured) & here;
      coloured += popcnt<i32>(found);
      for (; found != 0; found &= found - 1) store<u8>(mask + <usize>(i + ctz<i32>(found)), 1);
    }
  }
  if (<f32>coloured < LEAST_COLOUR * <f32>(w * h)) {
    for (let p = 0; p < w * h; p++) store<u8>(mask + <usize>p, lightAt(p) < DARK ? 1 : 0);
  }
  return <f32>coloured / <f32>max<i32>(1, dark);
}

function isCore(p: i32): bool {
  for (let v = -1; v <= 1; v++) {
    const row = mask + <usize>(p + v * w);
    if (load<u8>(row - 1) == 0 || load<u8>(row) == 0 || load<u8>(row + 1) == 0) return false;
  }
  return true;
}

function countLevel(channel: i32, value: f32): void {
  const bin = histograms + ((<usize>((channel << 8) + min<i32>(255, <i32>(value * 220)))) << 2);
  store<u32>(bin, load<u32>(bin) + 1);
}

function percentile(channel: i32, share: f32): f32 {
  let left = <i32>(share * <f32>coreCount);
  for (let value = 0; value < 256; value++) {
    left -= <i32>load<u32>(histograms + ((<usize>((channel << 8) + value)) << 2));
    if (left < 0) return <f32>value / 220;
  }
  return 1;
}

/** Sums over the insides of the strokes: textures of the channels and how they go together. */
function gatherCore(x: i32, y: i32): void {
  const p = y * w + x;
  const r = at(red, p);
  const g = at(green, p);
  const b = at(blue, p);
  countLevel(0, r);
  countLevel(1, g);
  countLevel(2, b);
  const fr = r - meanOfThree(0, x);
  const fg = g - meanOfThree(1, x);
  const fb = b - meanOfThree(2, x);
  const mr = r - meanOfSeven(0, x);
  const mg = g - meanOfSeven(1, x);
  const mb = b - meanOfSeven(2, x);
  const ratio = <f32>(Math.log(<f64>(b + 0.03)) - Math.log(<f64>(g + 0.03)));
  add(0, ratio);
  add(1, ratio * ratio);
  add(2, fr * fr);
  add(3, fg * fg);
  add(4, fb * fb);
  add(5, mr * mr);
  add(6, mg * mg);
  add(7, mb * mb);
  add(8, fr * fg);
  add(9, mr * mg);
  add(10, mg * mb);
  coreCount++;
}

/** Sums over bare paper and over the strokes' rims. */
function gatherRest(x: i32, y: i32): void {
  const p = y * w + x;
  if (load<u8>(mask + <usize>p) == 0) {
    if (((x ^ y) & 3) != 0 || meanOfSeven(1, x) < 0.88) return;
    const fr = at(red, p) - meanOfThree(0, x);
    const fg = at(green, p) - meanOfThree(1, x);
    add(11, fr * fr);
    add(12, fg * fg);
    add(13, 1);
    return;
  }
  const dx: f32 = 0.5 * (lightAt(p + 1) - lightAt(p - 1));
  const dy: f32 = 0.5 * (lightAt(p + w) - lightAt(p - w));
  add(14, sqrt<f32>(dx * dx + dy * dy));
  add(15, 1);
}

function gather(): void {
  memory.fill(sums, 0, 24 * 8);
  memory.fill(histograms, 0, 3 * 1024);
  coreCount = 0;
  for (let k: usize = 0; k < 12; k += 4) {
    store<u32>(threes + k, <u32>takePlane(w));
    store<u32>(sevens + k, <u32>takePlane(w));
  }
  for (let y = 3; y < h - 3; y++) {
    sumColumns(y);
    for (let x = 3; x < w - 3; x++) {
      const p = y * w + x;
      if (load<u8>(mask + <usize>p) != 0 && isCore(p)) gatherCore(x, y);
      else gatherRest(x, y);
    }
  }
}

function spreadOf(squares: i32): f32 {
  return <f32>Math.sqrt(sumAt(squares) / <f64>coreCount);
}

function together(product: i32, a: i32, b: i32): f32 {
  return <f32>(sumAt(product) / Math.sqrt(sumAt(a) * sumAt(b) + 1e-9));
}

function oddsOf(): f32 {
  let odds = lastBias;
  for (let unit = 0; unit < HIDDEN; unit++) {
    let sum: f32 = 0;
    for (let i = 0; i < FIGURES; i++) {
      const value = (at(captureFigures, i) - at(means, i)) / at(spreads, i);
      const weight = <f32>load<i16>(values + ((<usize>(unit * FIGURES + i)) << 1));
      sum += weight * clamp(value, -4, 4);
    }
    // A rectifier: nothing here needs more.
    const bias = at(hiddenBias, unit);
    odds += at(lastWeights, unit) * max<f32>(0, bias + at(scales, unit) * sum);
  }
  return odds;
}

/**
 * Fills `captureFindings` from a flattened or translucent picture, which is overwritten; false when
 * there is nothing to tell by: a grey scan, or hardly any ink. `dpi` 0 is taken for 300.
 */
export function lookAtCapture(rgba: usize, width: i32, height: i32, dpi: f32): bool {
  const stated: f32 = dpi > 0 ? dpi : FULL_DPI;
  const divisor = max<i32>(1, <i32>floor<f32>(stated / FULL_DPI + 0.05));
  flatten(rgba, width * height);
  // A canonical picture has lost what this looks at.
  if (coloursUpToThree(rgba, width * height) < 3) return false;
  if (divisor > 1) reduce(rgba, width, height, divisor);
  w = width / divisor;
  h = height / divisor;
  if (w < 2 * SIDE || h < 2 * SIDE || isGrey(rgba, w, h)) return false;
  const pxPerMm: f32 = stated / <f32>divisor / 25.4;
  evenLight(rgba, w, h, pxPerMm);
  prepare(rgba, w * h);
  const share = markInk();
  gather();
  if (coreCount < LEAST_CORE) return false;
  writeFigures(share, pxPerMm);
  put(captureFindings, 0, oddsOf());
  return true;
}

function writeFigures(share: f32, pxPerMm: f32): void {
  const n = <f64>coreCount;
  const ratio = sumAt(0) / n;
  const paper = Math.max(1, sumAt(13));
  const usual: f32 =
    0.3 * percentile(0, 0.5) + 0.59 * percentile(1, 0.5) + 0.11 * percentile(2, 0.5);
  const steep = <f32>(sumAt(14) / Math.max(1, sumAt(15))) * pxPerMm;
  put(captureFigures, 0, min<f32>(2, share));
  put(captureFigures, 1, percentile(0, 0.5));
  put(captureFigures, 2, percentile(0, 0.1));
  put(captureFigures, 3, percentile(1, 0.5));
  put(captureFigures, 4, percentile(2, 0.5));
  put(captureFigures, 5, <f32>ratio);
  put(captureFigures, 6, <f32>Math.sqrt(Math.max(0, sumAt(1) / n - ratio * ratio)));
  for (let k = 0; k < 6; k++) put(captureFigures, 7 + k, spreadOf(2 + k) * 20);
  put(captureFigures, 13, together(8, 2, 3));
  put(captureFigures, 14, together(9, 5, 6));
  put(captureFigures, 15, together(10, 6, 7));
  put(captureFigures, 16, <f32>Math.sqrt(sumAt(11) / paper) * 50);
  put(captureFigures, 17, <f32>Math.sqrt(sumAt(12) / paper) * 50);
  lookForDots(red, green, blue, mask, w, h);
  for (let k = 0; k < 4; k++) put(captureFigures, 18 + k, at(dots, k));
  put(captureFigures, 22, clamp((1 - usual) / max<f32>(0.02, steep), 0, 2) * 5);
  put(captureFigures, 23, pxPerMm / 10);
  put(captureFigures, 24, share < LEAST_COLOUR ? 1 : 0);
  lookForFringes(red, blue, w, h);
  for (let k = 0; k < 2; k++) put(captureFigures, 29 + k, at(fringes, k));
  // Nothing needs the other two channels any more.
  lookForStripes(green, red, blue, w, h, pxPerMm);
  for (let k = 0; k < 4; k++) put(captureFigures, 25 + k, at(stripes, k));
}
