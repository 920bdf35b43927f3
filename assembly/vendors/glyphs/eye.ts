// An eye for small marks: a learned net that is shown one mark of the reserved imprint and the query's
// ink at the same place, and tells whether it is another. A digit's centre line at 200 dpi is a handful of
// points, too few to count; its picture still tells a 3 from an 8.
import { bitAt, strideOf } from '../../seal/bilevel';
import { paddedRow } from '../../seal/depth';
import { at, clamp, put, putBytes, sumOfFour, takePlane } from '../../seal/plane';
import { sampleFour } from '../../seal/sample';
import { map, mappedX, mappedY } from '../projective';
import { bits, height, levels, width } from '../template';
import { scales, values } from './eye.gen';
import { query, reserved } from './lines';
import { measureAt, motion, off, slopeX, slopeY } from './place';
import { labelAt, PITCH } from './skeleton';

/** A mark fills MARK of the SIDE pixels of its picture, each way; a slender one's shorter side NARROWEST of it at least. */
export const SIDE: i32 = 20;
const MARK: f32 = 14;
const NARROWEST: f32 = 0.5;
const CELLS: i32 = 400;
const MIDDLE: f32 = 9.5;
/** Reserved ink, the query's depth, the query's ink; a picture has a fourth plane: where the mark is looked at. */
const CHANNELS: i32 = 3;
const PLANES: i32 = 4;
/** Most marks of one imprint. */
export const MAX_MARKS: i32 = 64;
/** Ink's own width around its centre line, and how far around the line a mark is looked at. */
const STROKE_MM: f32 = 0.12;
const EDGE_MM: f32 = 0.3;
/** The seal around a mark that tells how its place moved. */
const AROUND_MM: f32 = 3.6;
const REACH_MM: f32 = 0.5;
/** A mark hidden beyond this share is not looked at. */
const MOST_HIDDEN: f32 = 0.35;
const LEVEL_DEPTH: f32 = 1.3 / 7;
const CANONICAL_PX_PER_MM: f32 = 300 / 25.4;

/** Marks looked at, and of each the picture, its middle and its half side (x, y, half: f32). */
export let markCount: i32 = 0;
export let pictures: usize = 0;
export let places: usize = 0;

let reservedBits: usize = 0;
let reservedWidth: i32 = 0;
let reservedHeight: i32 = 0;

/** Keeps what was unpacked last as the reserved imprint. */
export function showReserved(): void {
  reservedBits = bits;
  reservedWidth = width;
  reservedHeight = height;
}

/** Makes room; the query must be what was unpacked last, and lie registered. */
export function openEye(): void {
  markCount = 0;
  layDepths();
  pictures = takePlane(MAX_MARKS * PLANES * CELLS);
  places = takePlane(MAX_MARKS * 3);
  unpackNumbers();
}

let shiftX: f32 = 0;
let shiftY: f32 = 0;

/** How the imprint around (x, y) lies off the common motion: two steps of least squares on the distance of its lines, every other point. */
function findShift(x: f32, y: f32): void {
  shiftX = 0;
  shiftY = 0;
  for (let round = 0; round < 2; round++) {
    let xx: f32 = 3;
    let xy: f32 = 0;
    let yy: f32 = 3;
    let xd: f32 = 0;
    let yd: f32 = 0;
    for (let k = 0; k < reserved.count; k += 2) {
      const px = at(reserved.x, k);
      const py = at(reserved.y, k);
      if (abs<f32>(px - x) > AROUND_MM || abs<f32>(py - y) > AROUND_MM) continue;
      map(motion, <f64>px, <f64>py);
      const u = <f32>mappedX + shiftX;
      const v = <f32>mappedY + shiftY;
      measureAt(u, v);
      const share = off / REACH_MM;
      if (share >= 1) continue;
      const lack: f32 = 1 - share * share;
      const w = lack * lack;
      const gx = slopeX;
      const gy = slopeY;
      xx += w * gx * gx;
      xy += w * gx * gy;
      yy += w * gy * gy;
      xd += w * gx * off;
      yd += w * gy * off;
    }
    const determinant = xx * yy - xy * xy;
    shiftX = clamp(shiftX - (yy * xd - xy * yd) / determinant, -0.4, 0.4);
    shiftY = clamp(shiftY - (xx * yd - xy * xd) / determinant, -0.4, 0.4);
  }
}

/** Of a row or column of pixels three places a third of a cell apart, -1 for those that lie outside. */
const rowsAt = memory.data(3 * 4);
const columnsAt = memory.data(3 * 4);

function placeThirds(table: usize, middle: f32, third: f32, side: i32): void {
  for (let k = 0; k < 3; k++) {
    const place = <i32>floor<f32>(middle + <f32>(k - 1) * third);
    store<i32>(table + ((<usize>k) << 2), place >= 0 && place < side ? place : -1);
  }
}

/** Ink of a canonical picture around a place, millimetres from its middle: nine points of a cell of `across` by `down`. */
function inkAt(picture: usize, w: i32, h: i32, x: f32, y: f32, across: f32, down: f32): f32 {
  const third = CANONICAL_PX_PER_MM / 3;
  placeThirds(columnsAt, x * CANONICAL_PX_PER_MM + 0.5 * <f32>w, across * third, w);
  placeThirds(rowsAt, y * CANONICAL_PX_PER_MM + 0.5 * <f32>h, down * third, h);
  const stride = strideOf(w);
  let ink: u32 = 0;
  for (let j: usize = 0; j < 12; j += 4) {
    const row = load<i32>(rowsAt + j);
    if (row < 0) continue;
    for (let i: usize = 0; i < 12; i += 4) {
      const column = load<i32>(columnsAt + i);
      if (column >= 0) ink += bitAt(picture, stride, column, row);
    }
  }
  return <f32>ink / 9;
}

/** Depth of the query's ink, a plane of its map; 0 as an address where it is known in two colours only. */
let depths: usize = 0;

function layDepths(): void {
  depths = 0;
  if (levels == 0) return;
  const w = query.width;
  depths = takePlane(w * query.height);
  for (let y = 0; y < query.height; y++) {
    putBytes(paddedRow(levels, w, y), w, LEVEL_DEPTH, depths + ((<usize>(y * w)) << 2));
  }
}

function isHidden(x: f32, y: f32): bool {
  if (query.hidden == 0) return false;
  const u = <i32>nearest<f32>(x * PITCH + 0.5 * <f32>(query.width - 1));
  const v = <i32>nearest<f32>(y * PITCH + 0.5 * <f32>(query.height - 1));
  if (u < 0 || v < 0 || u >= query.width || v >= query.height) return false;
  return load<u8>(<usize>query.hidden + <usize>(v * query.width + u)) != 0;
}

/** Places of a mark's cells in the query, those of even cells first, and the query's ink there. */
const placeX = memory.data(400 * 4);
const placeY = memory.data(400 * 4);
const darks = memory.data(400 * 4);

function cellOf(place: i32): i32 {
  return 2 * place < CELLS ? 2 * place : 2 * place - CELLS + 1;
}

function isOnMap(pixels: v128, side: i32): v128 {
  const last = f32x4.splat(<f32>(side - 1));
  return v128.and(f32x4.ge(pixels, f32x4.splat(0)), f32x4.lt(pixels, last));
}

/** Query millimetres, shifted, as pixels of its map. */
function pixelsAt(places: usize, shift: f32, side: i32): v128 {
  const mm = f32x4.add(v128.load(places), f32x4.splat(shift));
  const middle = f32x4.splat(0.5 * <f32>(side - 1));
  return f32x4.add(f32x4.mul(mm, f32x4.splat(PITCH)), middle);
}

/** Fills in the ink at the first places under a shift: its depth, four by four, where that is known. */
function fillDarks(count: i32, dx: f32, dy: f32): void {
  if (depths == 0) {
    for (let k = 0; k < count; k++) {
      const x = at(placeX, k) + dx;
      put(darks, k, inkAt(bits, width, height, x, at(placeY, k) + dy, 1 / PITCH, 1 / PITCH));
    }
    return;
  }
  const w = query.width;
  for (let p: usize = 0; p < (<usize>count) << 2; p += 16) {
    const u = pixelsAt(placeX + p, dx, w);
    const v = pixelsAt(placeY + p, dy, query.height);
    const isOn = v128.and(isOnMap(u, w), isOnMap(v, query.height));
    const four = sampleFour(depths, w, v128.and(u, isOn), v128.and(v, isOn));
    v128.store(darks + p, v128.and(four, isOn));
  }
}

/** Likeness of a mark to the query's ink under a further shift: every other pixel. */
function likenessAt(picture: usize, dx: f32, dy: f32): f32 {
  let rq: f32 = 0;
  let r: f32 = 0;
  let q: f32 = 0;
  let qq: f32 = 0.1;
  fillDarks(CELLS / 2, dx, dy);
  for (let k = 0; k < CELLS / 2; k++) {
    const a = at(picture, 2 * k);
    const b = at(darks, k);
    rq += a * b;
    r += a;
    q += b;
    qq += b * b;
  }
  const n = <f32>(CELLS / 2);
  return (rq - (r * q) / n) / sqrt<f32>(max<f32>(0.1, qq - (q * q) / n));
}

/** Takes the picture of a mark in cells of `across` by `down`; false where it is hidden. */
function takePicture(picture: usize, x: f32, y: f32, across: f32, down: f32): bool {
  findShift(x, y);
  for (let k = 0; k < CELLS; k++) {
    const p = cellOf(k);
    const mx = x + (<f32>(p % SIDE) - MIDDLE) * across;
    const my = y + (<f32>(p / SIDE) - MIDDLE) * down;
    put(picture, p, inkAt(reservedBits, reservedWidth, reservedHeight, mx, my, across, down));
    map(motion, <f64>mx, <f64>my);
    put(placeX, k, <f32>mappedX + shiftX);
    put(placeY, k, <f32>mappedY + shiftY);
  }
  let best: f32 = -1e9;
  let bestX: f32 = 0;
  let bestY: f32 = 0;
  for (let j = -1; j <= 1; j++) {
    for (let i = -1; i <= 1; i++) {
      const dx = <f32>i * 0.08;
      const dy = <f32>j * 0.08;
      const likeness = likenessAt(picture, dx, dy);
      if (likeness <= best) continue;
      best = likeness;
      bestX = dx;
      bestY = dy;
    }
  }
  const depth = picture + ((<usize>CELLS) << 2);
  const ink = depth + ((<usize>CELLS) << 2);
  let hidden = 0;
  fillDarks(CELLS, bestX, bestY);
  for (let k = 0; k < CELLS; k++) {
    const p = cellOf(k);
    const u = at(placeX, k) + bestX;
    const v = at(placeY, k) + bestY;
    const isOther = isHidden(u, v);
    if (isOther) hidden++;
    // What is hidden differs in nothing.
    put(depth, p, isOther ? at(picture, p) : min<f32>(1, at(darks, k)));
    put(ink, p, isOther ? at(picture, p) : inkAt(bits, width, height, u, v, across, down));
  }
  return <f32>hidden <= MOST_HIDDEN * <f32>CELLS;
}

// ---------------------------------------------------------------- the net

const FIRST: i32 = 8;
const SECOND: i32 = 16;
const THIRD: i32 = 8;
/** Sides of the maps, and with a border of one on each side. */
const HALF_SIDE: i32 = 10;
const QUARTER_SIDE: i32 = 5;
const INPUTS: i32 = 400;
/** Numbers of each layer, rows of a kernel in fours: see training/seals/eye-net.ts. */
const firstWeights = memory.data(8 * 3 * 4 * 4 * 4);
const firstBias = memory.data(8 * 4);
const secondWeights = memory.data(16 * 8 * 3 * 4 * 4);
const secondBias = memory.data(16 * 4);
const thirdWeights = memory.data(8 * 400 * 4);
const thirdBias = memory.data(8 * 4);
const lastWeights = memory.data(8 * 4);
const lastBias = memory.data(4);
/** The masked picture and the first maps with their borders, which stay 0; then maps without. */
const seen = memory.data(3 * 22 * 22 * 4);
const firstMaps = memory.data(8 * 12 * 12 * 4 + 16);
const secondMaps = memory.data(400 * 4);

let isUnpacked: bool = false;
let next: usize = 0;

/** Reads `count` numbers of a layer in rows of `length` to rows of `stride`. */
function unpackRows(to: usize, layer: i32, count: i32, length: i32, stride: i32): void {
  const scale = at(scales, layer);
  for (let i = 0; i < count; i++) {
    put(to, (i / length) * stride + (i % length), <f32>load<i8>(next++) * scale);
  }
}

function unpackNumbers(): void {
  if (isUnpacked) return;
  isUnpacked = true;
  next = values;
  unpackRows(firstWeights, 0, FIRST * CHANNELS * 16, 4, 4);
  unpackRows(firstBias, 0, FIRST, 1, 1);
  unpackRows(secondWeights, 1, SECOND * FIRST * 9, 3, 4);
  unpackRows(secondBias, 1, SECOND, 1, 1);
  unpackRows(thirdWeights, 2, THIRD * INPUTS, 1, 1);
  unpackRows(thirdBias, 2, THIRD, 1, 1);
  unpackRows(lastWeights, 3, THIRD, 1, 1);
  unpackRows(lastBias, 3, 1, 1, 1);
}

/**
 * One map of a convolution with stride 2, rectified: `channels` of `stride` by `stride` with their border,
 * `rows` kernel rows of four; written `side` by `side` from `to` on, rows `toStride` apart.
 */
function convolve(
  from: usize,
  stride: i32,
  channels: i32,
  rows: i32,
  weights: usize,
  bias: f32,
  to: usize,
  side: i32,
  toStride: i32,
): void {
  for (let y = 0; y < side; y++) {
    // Two at a time, which need not wait for each other; the last two step back.
    for (let first = 0; first < side; first += 2) {
      const x = min<i32>(first, side - 2);
      let sum = f32x4.splat(0);
      let beside = sum;
      let kernel = weights;
      for (let c = 0; c < channels; c++) {
        let p = from + ((<usize>((c * stride + 2 * y) * stride + 2 * x)) << 2);
        for (let j = 0; j < rows; j++) {
          sum = f32x4.add(sum, f32x4.mul(v128.load(kernel), v128.load(p)));
          beside = f32x4.add(beside, f32x4.mul(v128.load(kernel), v128.load(p, 8)));
          kernel += 16;
          p += (<usize>stride) << 2;
        }
      }
      put(to, y * toStride + x, max<f32>(0, bias + sumOfFour(sum)));
      put(to, y * toStride + x + 1, max<f32>(0, bias + sumOfFour(beside)));
    }
  }
}

function dot(a: usize, b: usize, count: i32): f32 {
  let sum = f32x4.splat(0);
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    sum = f32x4.add(sum, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  }
  return sumOfFour(sum);
}

/** What the net says of a picture, within its fourth plane. */
function judge(picture: usize): f32 {
  const bordered = SIDE + 2;
  const looked = picture + ((<usize>(CHANNELS * CELLS)) << 2);
  for (let c = 0; c < CHANNELS; c++) {
    for (let p = 0; p < CELLS; p++) {
      const place = (c * bordered + 1 + p / SIDE) * bordered + 1 + (p % SIDE);
      put(seen, place, at(picture, c * CELLS + p) * at(looked, p));
    }
  }
  const inner = HALF_SIDE + 2;
  for (let map = 0; map < FIRST; map++) {
    const weights = firstWeights + ((<usize>(map * CHANNELS * 16)) << 2);
    const to = firstMaps + ((<usize>((map * inner + 1) * inner + 1)) << 2);
    convolve(seen, bordered, CHANNELS, 4, weights, at(firstBias, map), to, HALF_SIDE, inner);
  }
  for (let map = 0; map < SECOND; map++) {
    const weights = secondWeights + ((<usize>(map * FIRST * 12)) << 2);
    const to = secondMaps + ((<usize>(map * QUARTER_SIDE * QUARTER_SIDE)) << 2);
    convolve(
      firstMaps,
      inner,
      FIRST,
      3,
      weights,
      at(secondBias, map),
      to,
      QUARTER_SIDE,
      QUARTER_SIDE,
    );
  }
  let odds = at(lastBias, 0);
  for (let unit = 0; unit < THIRD; unit++) {
    const row = thirdWeights + ((<usize>(unit * INPUTS)) << 2);
    const sum = at(thirdBias, unit) + dot(row, secondMaps, INPUTS);
    odds += at(lastWeights, unit) * max<f32>(0, sum);
  }
  return clamp(odds, -8, 8);
}

/**
 * Log odds that another mark stands in the place of glyph `group`, whose centre lines reach `halfX` and
 * `halfY` from (x, y); 0 where it cannot be seen. `labels` numbers the glyphs, from 1, on the reserved map.
 */
export function lookAt(x: f32, y: f32, halfX: f32, halfY: f32, labels: usize, group: i32): f32 {
  const across: f32 = (2 * (max<f32>(halfX, NARROWEST * halfY) + STROKE_MM)) / MARK;
  const down: f32 = (2 * (max<f32>(halfY, NARROWEST * halfX) + STROKE_MM)) / MARK;
  const picture = pictures + ((<usize>(markCount * PLANES * CELLS)) << 2);
  if (!takePicture(picture, x, y, across, down)) return 0;
  const looked = picture + ((<usize>(3 * CELLS)) << 2);
  for (let p = 0; p < CELLS; p++) {
    const dx = (<f32>(p % SIDE) - MIDDLE) * across;
    const dy = (<f32>(p / SIDE) - MIDDLE) * down;
    const isWithin = abs<f32>(dx) <= halfX + EDGE_MM && abs<f32>(dy) <= halfY + EDGE_MM;
    put(looked, p, isWithin && !isOthers(x + dx, y + dy, labels, group) ? 1 : 0);
  }
  const odds = judge(picture);
  put(places, 3 * markCount, x);
  put(places, 3 * markCount + 1, y);
  put(places, 3 * markCount + 2, max<f32>(halfX, halfY));
  markCount++;
  return odds;
}

/** Whether a place of the reserved map is nearer to another glyph. */
function isOthers(x: f32, y: f32, labels: usize, group: i32): bool {
  const u = <i32>nearest<f32>(x * PITCH + 0.5 * <f32>(reserved.width - 1));
  const v = <i32>nearest<f32>(y * PITCH + 0.5 * <f32>(reserved.height - 1));
  if (u < 0 || v < 0 || u >= reserved.width || v >= reserved.height) return false;
  const other = labelAt(labels, v * reserved.width + u);
  return other != 0 && other != group;
}
