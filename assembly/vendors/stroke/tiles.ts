// Tile evidence at three scales, down to a digit's: what edges and areas say of each small square of the imprint, so that
// one moved stroke is not averaged away.
import { MAX_EDGES } from '../../seal/edges';
import { solve } from '../../seal/linear';
import { at, put, storeTransposed, takePlane } from '../../seal/plane';
import { mark, release, take } from '../../shared/arena';
import { doubleAt, putDouble } from '../../shared/doubles';
import {
  anyExcess,
  backgroundAmong,
  excess,
  FAR,
  missing,
  NEAR,
  relative,
  seen,
  weight,
} from './area';
import { greatestBlobs, prepareBlobs, softExcess, softMissing } from './blobs';
import {
  core,
  edgeCount,
  edges,
  highX,
  highY,
  ink,
  lowX,
  lowY,
  outside,
  rh,
  rw,
  SCALE,
} from './imprint';
import { knowns, offsets, shares } from './search';

export const SCALES: i32 = 3;
export const FIGURES: i32 = 28;
const MAX_TILES: i32 = 8192;
/** Half size and pitch of the tiles in millimetres, and fewest edge points, by scale. */
const halves = memory.data<f32>([1.7, 0.8, 0.5]);
const pitches = memory.data<f32>([1.6, 0.8, 0.5]);
const fewest = memory.data<i32>([14, 9, 7]);
const CONTEXT_MM: f32 = 6;

/** Tiles of each scale: count, centres in millimetres (x, y pairs), figures (FIGURES a tile). */
export const tileCounts = memory.data(3 * 4);
export const tileCentres = memory.data(3 * 4);
export const tileFigures = memory.data(3 * 4);
export function halfOf(scale: i32): f32 {
  return at(halves, scale);
}

export function pointerAt(table: usize, scale: i32): usize {
  return load<u32>(table + ((<usize>scale) << 2));
}

/** Sixteen edge sums a tile. */
const EDGE_SUMS: usize = 16;
let edgeSums: usize = 0;
let across: i32 = 0;
let down: i32 = 0;

function tileX(scale: i32, column: i32): f32 {
  return lowX + 0.3 * at(halves, scale) + <f32>column * at(pitches, scale);
}

function tileY(scale: i32, row: i32): f32 {
  return lowY + 0.3 * at(halves, scale) + <f32>row * at(pitches, scale);
}

function tilesAlong(low: f32, high: f32, scale: i32): i32 {
  const length = high - low - 0.3 * at(halves, scale);
  return max<i32>(1, <i32>ceil<f32>(length / at(pitches, scale)));
}

/** What each edge adds to the sums of every tile that holds it. */
let edgeTerms: usize = 0;

function prepareTerms(): void {
  edgeTerms = takePlane(edgeCount * <i32>EDGE_SUMS);
  for (let i = 0; i < edgeCount; i++) {
    const nx = at(edges, 2 * MAX_EDGES + i);
    const ny = at(edges, 3 * MAX_EDGES + i);
    const t = at(offsets, i);
    const k = at(knowns, i);
    const wq = k * at(shares, i);
    const a = min<f32>(abs<f32>(t), 0.5);
    const u = t / 0.55;
    const v = max<f32>(0, 1 - u * u);
    const w = wq * v * v;
    const p = edgeTerms + ((<usize>i * EDGE_SUMS) << 2);
    v128.store(p, f32x4(w * nx * nx, w * nx * ny, w * ny * ny, w * nx));
    v128.store(p, f32x4(w * ny, w, w * nx * t, w * ny * t), 16);
    v128.store(p, f32x4(w * t, w * t * t, wq, k), 32);
    v128.store(p, f32x4(wq * a * a, a > 0.2 ? wq : 0, a > 0.35 ? wq : 0, 1), 48);
  }
}

/** Adds every edge to the tiles that hold it. */
function sumEdges(scale: i32): void {
  memory.fill(edgeSums, 0, (<usize>(across * down) * EDGE_SUMS) << 2);
  const half = at(halves, scale);
  const pitch = at(pitches, scale);
  const firstX = tileX(scale, 0);
  const firstY = tileY(scale, 0);
  for (let i = 0; i < edgeCount; i++) {
    const x = at(edges, i);
    const y = at(edges, MAX_EDGES + i);
    const terms = edgeTerms + ((<usize>i * EDGE_SUMS) << 2);
    const s0 = v128.load(terms);
    const s1 = v128.load(terms, 16);
    const s2 = v128.load(terms, 32);
    const s3 = v128.load(terms, 48);
    const columnLow = max<i32>(0, <i32>floor<f32>((x - half - firstX) / pitch));
    const rowLow = max<i32>(0, <i32>floor<f32>((y - half - firstY) / pitch));
    for (let row = rowLow; row < down; row++) {
      const dy = y - (firstY + <f32>row * pitch);
      if (dy >= half) continue;
      if (dy <= -half) break;
      for (let column = columnLow; column < across; column++) {
        const dx = x - (firstX + <f32>column * pitch);
        if (dx >= half) continue;
        if (dx <= -half) break;
        const p = edgeSums + ((<usize>(row * across + column) * EDGE_SUMS) << 2);
        v128.store(p, f32x4.add(v128.load(p), s0));
        v128.store(p, f32x4.add(v128.load(p, 16), s1), 16);
        v128.store(p, f32x4.add(v128.load(p, 32), s2), 32);
        v128.store(p, f32x4.add(v128.load(p, 48), s3), 48);
      }
    }
  }
}

const tileMatrix = memory.data(9 * 8);
const tileVector = memory.data(3 * 8);

/** The ten edge figures of a tile from its sums: local shift and spread beyond the smooth model. */
function edgeFigures(sums: usize, out: usize): void {
  const xx = <f64>at(sums, 0);
  const xy = <f64>at(sums, 1);
  const yy = <f64>at(sums, 2);
  const x = <f64>at(sums, 3);
  const y = <f64>at(sums, 4);
  const w = <f64>at(sums, 5);
  const xt = <f64>at(sums, 6);
  const yt = <f64>at(sums, 7);
  const t = <f64>at(sums, 8);
  putDouble(tileMatrix, 0, xx + 1.5);
  putDouble(tileMatrix, 3, xy);
  putDouble(tileMatrix, 4, yy + 1.5);
  putDouble(tileMatrix, 6, x);
  putDouble(tileMatrix, 7, y);
  putDouble(tileMatrix, 8, w + 3);
  putDouble(tileVector, 0, xt);
  putDouble(tileVector, 1, yt);
  putDouble(tileVector, 2, t);
  solve(tileMatrix, tileVector, 3);
  const a = doubleAt(tileVector, 0);
  const b = doubleAt(tileVector, 1);
  const c = doubleAt(tileVector, 2);
  const product = xx * a * a + yy * b * b + w * c * c + 2 * (xy * a * b + x * a * c + y * b * c);
  const rest = Math.max(0, <f64>at(sums, 9) - 2 * (a * xt + b * yt + c * t) + product);
  const shift = <f32>Math.sqrt(a * a + b * b);
  const found = at(sums, 10) + 1;
  const knownSum = at(sums, 11);
  const count = at(sums, 15);
  put(out, 0, knownSum / count);
  put(out, 1, found / (knownSum + 2));
  put(out, 2, shift * 10);
  put(out, 3, <f32>Math.abs(c) * 10);
  put(out, 4, sqrt<f32>(at(sums, 12) / found) * 10);
  put(out, 5, <f32>Math.sqrt(rest / (w + 1)) * 10);
  put(out, 6, at(sums, 13) / found);
  put(out, 7, at(sums, 14) / found);
  put(out, 8, <f32>Math.log(<f64>count / 40));
  put(out, 9, shift * <f32>Math.sqrt(w));
}

/** Five tables of summed areas, of four maps each; of the last one's only the first is used. */
const GROUPS: i32 = 5;
/** Four pixels of the maps of the first four tables, pixel by pixel. */
const fourPixels = memory.data(4 * 64);

/** Reads them from byte offset p of all planes on. */
function readMaps(p: usize): void {
  const k = v128.load(weight + p);
  const off = v128.load(outside + p);
  const cores = v128.load(core + p);
  const isNear = backgroundAmong(off, NEAR);
  const near = v128.and(k, isNear);
  const lack = v128.load(missing + p);
  const surplus = v128.load(excess + p);
  storeTransposed(fourPixels, 16, lack, f32x4.mul(cores, k), surplus, near);
  const r = v128.load(ink + p);
  const isFar = backgroundAmong(off, FAR);
  const farExcess = v128.and(surplus, isFar);
  storeTransposed(fourPixels + 64, 16, k, v128.and(k, isFar), farExcess, f32x4.mul(r, k));
  const z = v128.load(relative + p);
  const zk = f32x4.mul(z, k);
  const rzk = f32x4.mul(f32x4.mul(r, z), k);
  const rrk = f32x4.mul(f32x4.mul(r, r), k);
  storeTransposed(fourPixels + 128, 16, zk, rzk, rrk, f32x4.mul(f32x4.mul(z, z), k));
  const ground = v128.and(v128.load(seen + p), isNear);
  const soft = v128.load(softMissing + p);
  storeTransposed(fourPixels + 192, 16, cores, ground, v128.load(anyExcess + p), soft);
}

/** Adds row y of all maps to their sums over all rows above and columns to the left. */
function addRow(y: i32, table: usize, stride: usize): void {
  let row0 = f32x4.splat(0);
  let row1 = row0;
  let row2 = row0;
  let row3 = row0;
  let row4 = row0;
  let out = table;
  for (let x = 0; x < rw; x += 4) {
    const p = (<usize>(y * rw + x)) << 2;
    readMaps(p);
    const last = fourPixels + ((<usize>min<i32>(4, rw - x)) << 4);
    let surplus = softExcess + p;
    for (let pixel = fourPixels; pixel < last; pixel += 16, surplus += 4) {
      out += 16;
      row0 = f32x4.add(row0, v128.load(pixel));
      row1 = f32x4.add(row1, v128.load(pixel, 64));
      row2 = f32x4.add(row2, v128.load(pixel, 128));
      row3 = f32x4.add(row3, v128.load(pixel, 192));
      row4 = f32x4.add(row4, v128.load32_zero(surplus));
      let sums = out;
      v128.store(sums, f32x4.add(row0, v128.load(sums)));
      sums += stride;
      v128.store(sums, f32x4.add(row1, v128.load(sums)));
      sums += stride;
      v128.store(sums, f32x4.add(row2, v128.load(sums)));
      sums += stride;
      v128.store(sums, f32x4.add(row3, v128.load(sums)));
      sums += stride;
      v128.store(sums, f32x4.add(row4, v128.load(sums)));
    }
  }
}

/** Area means a tile: five groups of tile size, then the first group over its neighbourhood. */
const AREA_SUMS: i32 = 24;

function pixelX(centres: usize, tile: i32): i32 {
  const x = <i32>nearest<f32>(at(centres, 2 * tile) * SCALE + 0.5 * <f32>(rw - 1));
  return min<i32>(max<i32>(x, 0), rw - 1);
}

function pixelY(centres: usize, tile: i32): i32 {
  const y = <i32>nearest<f32>(at(centres, 2 * tile + 1) * SCALE + 0.5 * <f32>(rh - 1));
  return min<i32>(max<i32>(y, 0), rh - 1);
}

function areaFigures(sums: usize, blob: usize, out: usize): void {
  const lack = at(sums, 0) / (at(sums, 1) + 0.02);
  const surplus = at(sums, 2) / (at(sums, 3) + 0.05);
  const k = at(sums, 4);
  const rk = at(sums, 7);
  const zk = at(sums, 8);
  const spare: f32 = 1e-3;
  const covariance = at(sums, 9) - (rk * zk) / (k + spare);
  const varianceR = max<f32>(at(sums, 10) - (rk * rk) / (k + spare), spare);
  const varianceZ = max<f32>(at(sums, 11) - (zk * zk) / (k + spare), spare);
  const surplusAny = at(sums, 14) / (at(sums, 13) + 0.05);
  const lackAround = at(sums, 20) / (at(sums, 21) + 0.01);
  const surplusAround = at(sums, 22) / (at(sums, 23) + 0.03);
  put(out, 10, lack);
  put(out, 11, surplus);
  put(out, 12, at(sums, 6) / (at(sums, 5) + 0.05));
  put(out, 13, at(sums, 15) / (at(sums, 1) + 0.02));
  put(out, 14, at(sums, 16) / (at(sums, 3) + 0.05));
  put(out, 15, covariance / sqrt<f32>(varianceR * varianceZ));
  put(out, 16, k);
  put(out, 17, at(sums, 1) / (at(sums, 12) + 0.01));
  put(out, 18, min<f32>(lack, 2 * surplus));
  put(out, 19, at(blob, 0) * 2);
  put(out, 20, at(blob, 1) * 2);
  put(out, 21, at(blob, 2) * 8);
  put(out, 22, at(blob, 3) * 8);
  put(out, 23, min<f32>(lack, 2 * surplusAny));
  put(out, 24, surplusAny);
  put(out, 25, lack - lackAround);
  put(out, 26, lackAround);
  put(out, 27, surplus - surplusAround);
}

const blob = memory.data(16);

/** Keeps the tiles with enough edges, with their centres and edge figures; returns how many. */
function keepTiles(scale: i32, centres: usize, figures: usize): i32 {
  let count = 0;
  for (let row = 0; row < down; row++) {
    for (let column = 0; column < across && count < MAX_TILES; column++) {
      const sums = edgeSums + ((<usize>(row * across + column) * EDGE_SUMS) << 2);
      if (at(sums, 15) < <f32>load<i32>(fewest + ((<usize>scale) << 2))) continue;
      put(centres, 2 * count, tileX(scale, column));
      put(centres, 2 * count + 1, tileY(scale, row));
      edgeFigures(sums, figures + ((<usize>(count * FIGURES)) << 2));
      count++;
    }
  }
  return count;
}

/** Gathers the evidence of all scales. */
export function gatherTiles(): void {
  prepareBlobs();
  prepareTerms();
  const areaSums = memory.data(3 * 4);
  for (let scale = 0; scale < SCALES; scale++) {
    across = tilesAlong(lowX, highX, scale);
    down = tilesAlong(lowY, highY, scale);
    edgeSums = takePlane(across * down * <i32>EDGE_SUMS);
    sumEdges(scale);
    const room = min<i32>(MAX_TILES, across * down);
    const centres = takePlane(2 * room);
    const figures = takePlane(FIGURES * room);
    const count = keepTiles(scale, centres, figures);
    const offset = (<usize>scale) << 2;
    store<i32>(tileCounts + offset, count);
    store<u32>(tileCentres + offset, <u32>centres);
    store<u32>(tileFigures + offset, <u32>figures);
    store<u32>(areaSums + offset, <u32>takePlane(AREA_SUMS * max<i32>(1, count)));
  }
  gatherMeans(areaSums);
  for (let scale = 0; scale < SCALES; scale++) finishTiles(scale, pointerAt(areaSums, scale));
}

/** For each scale, its tiles and their neighbourhoods: which tile's top is met next, and which one's bottom. */
const cursors = memory.data(3 * 2 * 2 * 4);

/**
 * Means over squares by summed areas, of which only the row at hand is kept: a tile takes what it needs
 * where its top and its bottom are met.
 */
function gatherMeans(areaSums: usize): void {
  const start = mark();
  const stride = (<usize>(rw + 1)) << 4;
  const table = take(<usize>GROUPS * stride);
  assert(table != 0, 'arena exhausted');
  memory.fill(table, 0, <usize>GROUPS * stride);
  memory.fill(cursors, 0, 3 * 2 * 2 * 4);
  const context = <i32>(CONTEXT_MM * SCALE) | 1;
  for (let y = 0; y <= rh; y++) {
    for (let scale = 0; scale < SCALES; scale++) {
      const cursor = cursors + ((<usize>scale) << 4);
      const sums = pointerAt(areaSums, scale);
      readMeans(scale, y, sizeOf(scale), table, GROUPS, cursor, sums);
      readMeans(scale, y, context, table, 1, cursor + 8, sums + 80);
    }
    if (y == rh) break;
    addRow(y, table, stride);
  }
  release(start);
}

function sizeOf(scale: i32): i32 {
  return <i32>nearest<f32>(2 * at(halves, scale) * SCALE) | 1;
}

/**
 * Means of the first `groups` over the square of `size` pixels around each tile that begins or ends at
 * row y; beyond the edges lies 0.
 */
function readMeans(
  scale: i32,
  y: i32,
  size: i32,
  table: usize,
  groups: i32,
  cursor: usize,
  sums: usize,
): void {
  const centres = pointerAt(tileCentres, scale);
  const count = load<i32>(tileCounts + ((<usize>scale) << 2));
  const half = size >> 1;
  const stride = (<usize>(rw + 1)) << 4;
  const share = f32x4.splat(<f32>1 / <f32>(size * size));
  let tile = load<i32>(cursor);
  for (; tile < count && max<i32>(0, pixelY(centres, tile) - half) == y; tile++) {
    const out = sums + ((<usize>(tile * AREA_SUMS)) << 2);
    const x = pixelX(centres, tile);
    for (let group: usize = 0; group < <usize>groups; group++) {
      v128.store(out + (group << 4), betweenColumns(table + group * stride, x, half));
    }
  }
  store<i32>(cursor, tile);
  tile = load<i32>(cursor, 4);
  for (; tile < count && min<i32>(rh, pixelY(centres, tile) + half + 1) == y; tile++) {
    const out = sums + ((<usize>(tile * AREA_SUMS)) << 2);
    const x = pixelX(centres, tile);
    for (let group: usize = 0; group < <usize>groups; group++) {
      const p = out + (group << 4);
      const sum = f32x4.sub(betweenColumns(table + group * stride, x, half), v128.load(p));
      v128.store(p, f32x4.pmax(f32x4.splat(0), f32x4.mul(sum, share)));
    }
  }
  store<i32>(cursor, tile, 4);
}

/** What a row of sums gains within `half` columns of x. */
function betweenColumns(sums: usize, x: i32, half: i32): v128 {
  const last = sums + ((<usize>min<i32>(rw, x + half + 1)) << 4);
  return f32x4.sub(v128.load(last), v128.load(sums + ((<usize>max<i32>(0, x - half)) << 4)));
}

function finishTiles(scale: i32, sums: usize): void {
  const centres = pointerAt(tileCentres, scale);
  const figures = pointerAt(tileFigures, scale);
  const count = load<i32>(tileCounts + ((<usize>scale) << 2));
  const size = sizeOf(scale);
  for (let tile = 0; tile < count; tile++) {
    v128.store(blob, greatestBlobs(pixelX(centres, tile), pixelY(centres, tile), size));
    const from = sums + ((<usize>(tile * AREA_SUMS)) << 2);
    areaFigures(from, blob, figures + ((<usize>(tile * FIGURES)) << 2));
  }
}
