// Signs of a secondary capture: an imprint that was printed, copied or shown on a screen instead of
// stamped. Ink from a pad covers the paper in one piece and lets its own colour through evenly; a
// reproduction is made of dots, stripes and toner. The figures below go through a small trained
// network. Grey scans keep too little of all this.
import { mark, release } from '../shared/arena';
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
import { forward } from './fft';
import { fringes, lookForFringes } from './fringes';
import { coloursUpToThree, flatten, isGrey, paperLevel, reduce } from './ink';
import { evenLight } from './light';
import { at, clamp, put, takeBytes, takePlane } from './plane';
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
/** Side of the squares whose spectra are summed, least share of ink in one, and most squares. */
const SIDE: i32 = 32;
const LEAST_INK: f32 = 0.12;
const MAX_SQUARES: i32 = 300;
/** Frequencies between which dots and stripes show, in periods a square, and the ring's width. */
const LOW: i32 = 5;
const HIGH: i32 = 16;

const levels = memory.data(3 * 256 * 4);
const histograms = memory.data(3 * 256 * 4);
const sums = memory.data(24 * 8);
const rings = memory.data(24 * 4);
const ringCounts = memory.data(24 * 4);

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
  for (let channel = 0; channel < 3; channel++) {
    const paper = paperLevel(rgba, w, h, channel);
    for (let value = 0; value < 256; value++) {
      put(levels, (channel << 8) + value, clamp(<f32>value / paper, 0.01, 1.15));
    }
  }
  red = takePlane(pixels + 8);
  green = takePlane(pixels + 8);
  blue = takePlane(pixels + 8);
  mask = takeBytes(pixels);
  for (let i = 0; i < pixels; i++) {
    const colour = load<u32>(rgba + ((<usize>i) << 2));
    put(red, i, at(levels, <i32>(colour & 0xff)));
    put(green, i, at(levels, 256 + <i32>((colour >>> 8) & 0xff)));
    put(blue, i, at(levels, 512 + <i32>((colour >>> 16) & 0xff)));
  }
}

/** Mean over the square of 2 `reach` + 1 pixels, at most 7, which lies inside the picture. */
function meanAround(plane: usize, x: i32, y: i32, reach: i32): f32 {
  const side = 2 * reach + 1;
  const stride = (<usize>w) << 2;
  let row = plane + ((<usize>((y - reach) * w + x - reach)) << 2);
  let near = f32x4.splat(0);
  let far = f32x4.splat(0);
  for (let v = 0; v < side; v++) {
    near = f32x4.add(near, v128.load(row));
    if (reach > 1) far = f32x4.add(far, v128.load(row, 16));
    row += stride;
  }
  let sum = f32x4.extract_lane(near, 0) + f32x4.extract_lane(near, 1);
  sum += f32x4.extract_lane(near, 2);
  if (reach > 1) sum += f32x4.extract_lane(near, 3) + f32x4.extract_lane(far, 0);
  if (reach > 2) sum += f32x4.extract_lane(far, 1) + f32x4.extract_lane(far, 2);
  return sum / <f32>(side * side);
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
    for (let x = 1; x < w - 1; x++) {
      const p = y * w + x;
      if (lightAt(p) < 0.6) dark++;
      const quick = max<f32>(at(red, p), max<f32>(at(green, p), at(blue, p)));
      if (quick - min<f32>(at(red, p), min<f32>(at(green, p), at(blue, p))) < 0.15) continue;
      const r = meanAround(red, x, y, 1);
      const g = meanAround(green, x, y, 1);
      const b = meanAround(blue, x, y, 1);
      if (max<f32>(r, max<f32>(g, b)) - min<f32>(r, min<f32>(g, b)) < CHROMA) continue;
      coloured++;
      store<u8>(mask + <usize>p, 1);
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
  const fr = r - meanAround(red, x, y, 1);
  const fg = g - meanAround(green, x, y, 1);
  const fb = b - meanAround(blue, x, y, 1);
  const mr = r - meanAround(red, x, y, 3);
  const mg = g - meanAround(green, x, y, 3);
  const mb = b - meanAround(blue, x, y, 3);
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
    if (((x ^ y) & 3) != 0 || meanAround(green, x, y, 3) < 0.88) return;
    const fr = at(red, p) - meanAround(red, x, y, 1);
    const fg = at(green, p) - meanAround(green, x, y, 1);
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
  for (let y = 3; y < h - 3; y++) {
    for (let x = 3; x < w - 3; x++) {
      const p = y * w + x;
      if (load<u8>(mask + <usize>p) != 0 && isCore(p)) gatherCore(x, y);
      else gatherRest(x, y);
    }
  }
}

/** Frequency of a place in a bit-reversed spectrum, -16 to 15. */
function frequency(place: i32): i32 {
  let reversed = 0;
  for (let bit = 0; bit < 5; bit++) reversed |= ((place >> bit) & 1) << (4 - bit);
  return reversed >= SIDE / 2 ? reversed - SIDE : reversed;
}

function inkIn(x0: i32, y0: i32): f32 {
  let ink = 0;
  for (let y = y0; y < y0 + SIDE; y++) {
    for (let x = x0; x < x0 + SIDE; x++) ink += <i32>load<u8>(mask + <usize>(y * w + x));
  }
  return <f32>ink / <f32>(SIDE * SIDE);
}

/** Sums of five rows of a square and of what lies two pixels around it. */
const columnSums = memory.data((32 + 8) * 4);

/** The rough part of a channel in a square, faded out towards its sides. */
function lift(plane: usize, x0: i32, y0: i32, fade: usize, to: usize): void {
  const stride = (<usize>w) << 2;
  const area = f32x4.splat(25);
  for (let y = 0; y < SIDE; y++) {
    const row = plane + ((<usize>((y0 + y) * w + x0)) << 2);
    for (let x: usize = 0; x < (<usize>(SIDE + 4)) << 2; x += 16) {
      const p = row + x - 8;
      const outer = f32x4.add(v128.load(p - 2 * stride), v128.load(p + 2 * stride));
      const inner = f32x4.add(v128.load(p - stride), v128.load(p + stride));
      v128.store(columnSums + x, f32x4.add(f32x4.add(outer, inner), v128.load(p)));
    }
    const out = to + ((<usize>(y * SIDE)) << 2);
    const faded = f32x4.splat(at(fade, y));
    for (let x: usize = 0; x < (<usize>SIDE) << 2; x += 16) {
      const p = columnSums + x;
      const outer = f32x4.add(v128.load(p), v128.load(p, 16));
      const inner = f32x4.add(v128.load(p, 4), v128.load(p, 12));
      const mean = f32x4.div(f32x4.add(f32x4.add(outer, inner), v128.load(p, 8)), area);
      const value = f32x4.mul(f32x4.sub(v128.load(row + x), mean), v128.load(fade + x));
      v128.store(out + x, f32x4.mul(value, faded));
    }
  }
}

/** Adds the power of one square. */
function addPower(re: usize, im: usize, power: usize): void {
  forward(re, im, SIDE);
  let total: f32 = 1e-6;
  for (let i = 0; i < SIDE * SIDE; i++) {
    put(re, i, at(re, i) * at(re, i) + at(im, i) * at(im, i));
    total += at(re, i);
  }
  // Every square counts alike, however dark.
  for (let i = 0; i < SIDE * SIDE; i++) put(power, i, at(power, i) + at(re, i) / total);
}

/** Highest power above its ring's mean, off the axes, where the file's own blocks show. */
function peakOf(power: usize): f32 {
  memory.fill(rings, 0, 96);
  memory.fill(ringCounts, 0, 96);
  for (let pass = 0; pass < 2; pass++) {
    let most: f32 = 1;
    for (let v = 0; v < SIDE; v++) {
      const fy = frequency(v);
      for (let u = 0; u < SIDE; u++) {
        const fx = frequency(u);
        if (fx == 0 || fy == 0 || fx == -SIDE / 2 || fy == -SIDE / 2) continue;
        const ring = <i32>nearest<f32>(sqrt<f32>(<f32>(fx * fx + fy * fy)));
        if (ring < LOW || ring > HIGH) continue;
        const value = at(power, v * SIDE + u);
        if (pass == 0) {
          put(rings, ring, at(rings, ring) + value);
          put(ringCounts, ring, at(ringCounts, ring) + 1);
        } else {
          most = max<f32>(most, (value * at(ringCounts, ring)) / (at(rings, ring) + 1e-12));
        }
      }
    }
    if (pass == 1) return most;
  }
  return 1;
}

/** Sums the spectra of the inked squares and writes how far one frequency stands out. */
function gatherDots(): void {
  const start = mark();
  const fade = takePlane(SIDE);
  for (let i = 0; i < SIDE; i++) {
    put(fade, i, <f32>(0.5 - 0.5 * Math.cos((2 * Math.PI * (<f64>i + 0.5)) / <f64>SIDE)));
  }
  const re = takePlane(SIDE * SIDE);
  const im = takePlane(SIDE * SIDE);
  const first = takePlane(SIDE * SIDE);
  const second = takePlane(SIDE * SIDE);
  memory.fill(first, 0, SIDE * SIDE * 4);
  memory.fill(second, 0, SIDE * SIDE * 4);
  let squares = 0;
  for (let y = 2; y + SIDE + 2 <= h && squares < MAX_SQUARES; y += SIDE) {
    for (let x = 2; x + SIDE + 2 <= w && squares < MAX_SQUARES; x += SIDE) {
      if (inkIn(x, y) < LEAST_INK) continue;
      lift(red, x, y, fade, re);
      memory.fill(im, 0, SIDE * SIDE * 4);
      addPower(re, im, first);
      lift(green, x, y, fade, re);
      lift(blue, x, y, fade, im);
      addPower(re, im, second);
      squares++;
    }
  }
  const a = peakOf(first);
  const b = peakOf(second);
  const sharpness = sqrt<f32>(<f32>squares) / 4;
  put(captureFigures, 18, <f32>Math.log(<f64>a));
  put(captureFigures, 19, <f32>Math.log(<f64>b));
  put(captureFigures, 20, min<f32>(8, (a - 1) * sharpness));
  put(captureFigures, 21, min<f32>(8, (b - 1) * sharpness));
  release(start);
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
  gatherDots();
  put(captureFigures, 22, clamp((1 - usual) / max<f32>(0.02, steep), 0, 2) * 5);
  put(captureFigures, 23, pxPerMm / 10);
  put(captureFigures, 24, share < LEAST_COLOUR ? 1 : 0);
  lookForFringes(red, blue, w, h);
  for (let k = 0; k < 2; k++) put(captureFigures, 29 + k, at(fringes, k));
  // Nothing needs the other two channels any more.
  lookForStripes(green, red, blue, w, h, pxPerMm);
  for (let k = 0; k < 4; k++) put(captureFigures, 25 + k, at(stripes, k));
}
