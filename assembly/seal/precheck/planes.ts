// The picture shrunk to a working size: how dark each pixel is against the paper around it, and how
// coloured.
import { take, takeZeroed } from '../../shared/arena';
import { NOT_FOUND, OK, OUT_OF_MEMORY } from '../../shared/status';
import { clearHistogram, countIn, percentile } from './histogram';

/** The picture is shrunk until its longer side has at most this many pixels. */
const MAX_WORK_SIDE: i32 = 640;
/** Side of the tiles in which the level of bare paper is taken. */
const TILE: i32 = 32;
/** Side of the cells that are joined to clusters of ink: the pixels of one vector. */
export const CELL: i32 = 16;

/** 255 << 16 divided by each level of paper. */
const reciprocals = memory.data(256 * 4);

export let columns: i32 = 0;
export let rows: i32 = 0;
/** Bytes from row to row of the planes: `columns` filled up to whole cells with paper. */
export let stride: i32 = 0;
export let divisor: i32 = 1;
let value: usize = 0;
export let chroma: usize = 0;
/** Depth of ink, 0 paper to 255 black. */
export let depth: usize = 0;

/** Fills the planes from the RGBA picture at `rgba`; `NOT_FOUND` when it is too small for a cluster. */
export function layPlanes(rgba: usize, width: i32, height: i32): i32 {
  divisor = (max(width, height) + MAX_WORK_SIDE - 1) / MAX_WORK_SIDE;
  columns = max(1, width / divisor);
  rows = max(1, height / divisor);
  if (columns < 2 * CELL || rows < 2 * CELL) return NOT_FOUND;
  stride = (columns + CELL - 1) & -CELL;
  // One more row, since neighbours below and vectors at the end are read without a check.
  const bytes = <usize>(stride * (rows + 1));
  value = take(bytes);
  chroma = takeZeroed(bytes);
  depth = takeZeroed(bytes);
  if (value == 0 || chroma == 0 || depth == 0) return OUT_OF_MEMORY;
  for (let y = 0; y < rows; y++) shrinkRow(rgba, width, y);
  return measureDepth() ? OK : OUT_OF_MEMORY;
}

/** Fills a row of `value` with the darker of red and green, and of `chroma`. */
function shrinkRow(rgba: usize, width: i32, y: i32): void {
  const line = <usize>(y * stride);
  let x = 0;
  if (divisor == 1) {
    const from = rgba + ((<usize>(y * width)) << 2);
    for (; x + 16 <= columns; x += 16) {
      if (!sixteenPixels(from + ((<usize>x) << 2), line + <usize>x)) break;
    }
  }
  for (; x < columns; x++) onePixel(rgba, width, x, y);
}

/** Sixteen opaque pixels at once; false when one of them is translucent. */
function sixteenPixels(from: usize, to: usize): bool {
  const a = v128.load(from);
  const b = v128.load(from, 16);
  const c = v128.load(from, 32);
  const d = v128.load(from, 48);
  const alpha = v128.and(v128.and(a, b), v128.and(c, d));
  if (!i32x4.all_true(i32x4.eq(i32x4.shr_u(alpha, 24), i32x4.splat(255)))) return false;
  // Red and green, then blue and alpha, of eight pixels each.
  const ab = i8x16.shuffle(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const cd = i8x16.shuffle(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const abBlue = i8x16.shuffle(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  const cdBlue = i8x16.shuffle(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
  const red = i64x2.shuffle(ab, cd, 0, 2);
  const green = i64x2.shuffle(ab, cd, 1, 3);
  const blue = i64x2.shuffle(abBlue, cdBlue, 0, 2);
  const least = i8x16.min_u(red, green);
  const most = i8x16.max_u(i8x16.max_u(red, green), blue);
  v128.store(value + to, least);
  v128.store(chroma + to, i8x16.sub(most, i8x16.min_u(least, blue)));
  return true;
}

/** The mean of a square of `divisor` pixels a side; translucent ones lie on white paper. */
function onePixel(rgba: usize, width: i32, x: i32, y: i32): void {
  const corner = rgba + ((<usize>(y * divisor * width + x * divisor)) << 2);
  let red: u32 = 0;
  let green: u32 = 0;
  let blue: u32 = 0;
  for (let dy = 0; dy < divisor; dy++) {
    let at = corner + ((<usize>(dy * width)) << 2);
    for (let dx = 0; dx < divisor; dx++, at += 4) {
      const pixel = load<u32>(at);
      const alpha = pixel >>> 24;
      const paper = 255 * (255 - alpha);
      red += ((pixel & 255) * alpha + paper) / 255;
      green += (((pixel >>> 8) & 255) * alpha + paper) / 255;
      blue += (((pixel >>> 16) & 255) * alpha + paper) / 255;
    }
  }
  const area = <u32>(divisor * divisor);
  red /= area;
  green /= area;
  blue /= area;
  const at = <usize>(y * stride + x);
  store<u8>(value + at, min(red, green));
  store<u8>(chroma + at, max(red, max(green, blue)) - min(red, min(green, blue)));
}

/** Light varies over a phone's picture, so paper is levelled by tiles, between them linearly. */
function measureDepth(): bool {
  const across = (columns + TILE - 1) / TILE;
  const down = (rows + TILE - 1) / TILE;
  const levels = take(<usize>(across * down));
  const paper = take(<usize>(across * down));
  const line = take((<usize>(across + 1)) << 2);
  if (levels == 0 || paper == 0 || line == 0) return false;
  for (let tile = 0; tile < across * down; tile++) {
    store<u8>(levels + <usize>tile, tileLevel(tile % across, tile / across));
  }
  for (let tile = 0; tile < across * down; tile++) {
    // A tile full of ink takes the level of the lightest neighbour.
    const tx = tile % across;
    const ty = tile / across;
    let lightest: u8 = 24;
    for (let y = max(0, ty - 1); y <= min(down - 1, ty + 1); y++) {
      for (let x = max(0, tx - 1); x <= min(across - 1, tx + 1); x++) {
        lightest = max(lightest, load<u8>(levels + <usize>(y * across + x)));
      }
    }
    store<u8>(paper + <usize>tile, lightest);
  }
  for (let level: u32 = 1; level < 256; level++) {
    store<u32>(reciprocals + ((<usize>level) << 2), (255 << 16) / level);
  }
  clearHistogram();
  for (let y = 0; y < rows; y++) {
    levelLine(paper, across, down, y, line);
    depthLine(<usize>(y * stride), line, across);
  }
  return true;
}

/** What four fifths of a tile's pixels do not exceed. */
function tileLevel(tx: i32, ty: i32): u8 {
  clearHistogram();
  const right = min(columns, (tx + 1) * TILE);
  const bottom = min(rows, (ty + 1) * TILE);
  for (let y = ty * TILE; y < bottom; y += 2) {
    for (let x = tx * TILE; x < right; x += 2) countIn(load<u8>(value + <usize>(y * stride + x)));
  }
  return <u8>percentile(0, 0.8);
}

/** Depth of a row below the level of paper, as a share of it; every second pixel is counted. */
function depthLine(row: usize, line: usize, across: i32): void {
  let x = 0;
  // Before the first tile's middle the level is that tile's; then it runs from middle to middle.
  for (let tile = -1; x < columns; tile++) {
    const near = load<i32>(line + ((<usize>max(0, tile)) << 2));
    const far = load<i32>(line + ((<usize>min(across - 1, tile + 1)) << 2));
    const end = min(columns, (tile + 1) * TILE + TILE / 2);
    let level = near * TILE;
    for (; x < end; x++, level += far - near) {
      const paper = level / TILE;
      const below = max(0, paper - <i32>load<u8>(value + row + <usize>x));
      const ink = (<u32>below * load<u32>(reciprocals + ((<usize>paper) << 2))) >>> 16;
      store<u8>(depth + row + <usize>x, ink);
      if ((x & 1) == 0) countIn(ink);
    }
  }
}

/** Levels of one line of pixels at the tile columns' middles. */
function levelLine(paper: usize, across: i32, down: i32, y: i32, line: usize): void {
  const shifted = max(0, min((down - 1) * TILE, y - TILE / 2));
  const tile = shifted / TILE;
  const next = min(down - 1, tile + 1);
  const part = shifted - tile * TILE;
  for (let tx = 0; tx < across; tx++) {
    const near = <i32>load<u8>(paper + <usize>(tile * across + tx));
    const far = <i32>load<u8>(paper + <usize>(next * across + tx));
    store<i32>(line + ((<usize>tx) << 2), (near * (TILE - part) + far * part) / TILE);
  }
}
