// Two imprints ready for comparison at 200 dpi. The reserved one is made of its canonical picture
// alone, so that a template remade from the restored picture gives the same verdicts; the query has
// its depth and its unknown places.

import { bitAt, shrinkBilevel, strideOf } from '../../seal/bilevel';
import { blurInk } from '../../seal/blur';
import { distance } from '../../seal/chamfer';
import { paddedRow } from '../../seal/depth';
import { findEdges, MAX_EDGES } from '../../seal/edges';
import { BILEVEL, BILEVEL_DEPTH, GREY } from '../../seal/ink';
import { at, fill, flags, put, putBytes, takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { atDepth, bits, height, kind, levels, unknown, width } from '../template';

/** Pixels per millimetre of all maps. */
export const SCALE: f32 = 200 / 25.4;
const SOFTNESS: f32 = 0.06 * SCALE;
const LEVEL_DEPTH: f32 = 1.3 / 7;

// Reserved imprint.
export let rw: i32 = 0;
export let rh: i32 = 0;
/** Ink of the reserved imprint, 0 to 1, softened. */
export let ink: usize = 0;
/** Distances in millimetres to the nearest paper and to the nearest ink. */
export let inside: usize = 0;
export let outside: usize = 0;
/** 1 where a stroke must show ink: deep inside, or on the ridge of a hair stroke. */
export let core: usize = 0;
/** Edge points: five lines as findEdges gives them. */
export let edges: usize = 0;
export let edgeCount: i32 = 0;
export let lowX: f32 = 0;
export let lowY: f32 = 0;
export let highX: f32 = 0;
export let highY: f32 = 0;

// Query imprint.
export let qw: i32 = 0;
export let qh: i32 = 0;
export let soft: usize = 0;
export let raw: usize = 0;
export let known: usize = 0;
export let isGrey: bool = false;
/** No place of the query is unknown. */
export let isAllKnown: bool = false;
/** Bytes, unless all is known: 1 where a pixel, its neighbours to the right and below and that between them are known. */
export let knownAround: usize = 0;

/** Means of the canonical bits, times `depth`. */
function shrink(to: usize, depth: f32): void {
  const start = mark();
  const pixels = atDepth(width) * atDepth(height);
  const ninths = takeBytes(pixels);
  shrinkBilevel(bits, width, height, ninths);
  putBytes(ninths, pixels, depth / 9, to);
  release(start);
}

/** Prepares the unpacked template as the reserved imprint; false when it has hardly any edges. */
export function prepareReserved(): bool {
  rw = atDepth(width);
  rh = atDepth(height);
  const pixels = rw * rh;
  ink = takePlane(pixels);
  const depth = takePlane(pixels);
  shrink(depth, BILEVEL_DEPTH);
  const all = takePlane(pixels);
  fill(all, pixels, 1);
  blurInk(depth, ink, rw, rh, SOFTNESS);
  edges = takePlane(5 * MAX_EDGES);
  edgeCount = findEdges(ink, all, rw, rh, SCALE, edges);
  const full = f32x4.splat(BILEVEL_DEPTH);
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    v128.store(ink + p, f32x4.pmin(f32x4.splat(1), f32x4.div(v128.load(depth + p), full)));
  }
  blurInk(ink, ink, rw, rh, 0.5);
  boundEdges();
  prepareDistances();
  return edgeCount >= 100;
}

function boundEdges(): void {
  lowX = lowY = 1e6;
  highX = highY = -1e6;
  for (let i = 0; i < edgeCount; i++) {
    lowX = min<f32>(lowX, at(edges, i));
    highX = max<f32>(highX, at(edges, i));
    lowY = min<f32>(lowY, at(edges, MAX_EDGES + i));
    highY = max<f32>(highY, at(edges, MAX_EDGES + i));
  }
}

function prepareDistances(): void {
  const pixels = rw * rh;
  inside = takePlane(pixels);
  outside = takePlane(pixels);
  core = takePlane(pixels);
  const start = mark();
  const mask = takeBytes(pixels);
  markInk(mask, pixels, 0);
  distance(mask, outside, rw, rh, false);
  markInk(mask, pixels, 1);
  distance(mask, inside, rw, rh, true);
  const pitch = f32x4.splat(SCALE);
  for (let p: usize = 0; p < (<usize>pixels) << 2; p += 16) {
    v128.store(outside + p, f32x4.div(v128.load(outside + p), pitch));
    v128.store(inside + p, f32x4.div(v128.load(inside + p), pitch));
  }
  markCores(takePlane(pixels));
  release(start);
}

/** Fills `core`; `across` is a spare plane. */
function markCores(across: usize): void {
  const stride = (<usize>rw) << 2;
  for (let y: usize = 0; y < <usize>rh; y++)
    deepestOfFive(inside + y * stride, across + y * stride);
  const one = f32x4.splat(1);
  for (let y = 0; y < rh; y++) {
    const first = across + <usize>max<i32>(0, y - 2) * stride;
    const last = across + <usize>min<i32>(rh - 1, y + 2) * stride;
    const own = <usize>y * stride;
    for (let x: usize = 0; x < stride; x += 16) {
      let deepest = v128.load(first + x);
      for (let row = first + stride; row <= last; row += stride) {
        deepest = f32x4.pmax(deepest, v128.load(row + x));
      }
      const d = v128.load(inside + own + x);
      const isRidge = f32x4.gt(d, f32x4.mul(f32x4.splat(0.75), deepest));
      const isInk = f32x4.gt(d, f32x4.splat(0));
      const isCore = v128.or(f32x4.gt(d, f32x4.splat(0.14)), v128.and(isInk, isRidge));
      v128.store(core + own + x, v128.and(one, isCore));
    }
  }
}

/** The greatest of the up to five values of a row around each. */
function deepestOfFive(row: usize, to: usize): void {
  for (let x = 0; x < rw; x++) {
    if (x >= 2 && x + 6 <= rw) {
      const p = row + ((<usize>x) << 2);
      const outer = f32x4.pmax(v128.load(p - 8), v128.load(p + 8));
      const inner = f32x4.pmax(v128.load(p - 4), v128.load(p + 4));
      v128.store(to + ((<usize>x) << 2), f32x4.pmax(f32x4.pmax(outer, inner), v128.load(p)));
      x += 3;
      continue;
    }
    let deepest: f32 = 0;
    for (let u = max<i32>(0, x - 2); u <= min<i32>(rw - 1, x + 2); u++) {
      deepest = max<f32>(deepest, at(row, u));
    }
    put(to, x, deepest);
  }
}

/** A byte a pixel: `value` where there is ink, 1 - `value` elsewhere. */
function markInk(mask: usize, pixels: i32, value: i32): void {
  const half = f32x4.splat(0.5);
  const flip = i8x16.splat(<i8>(1 - value));
  for (let i: usize = 0; i < <usize>pixels; i += 16) {
    const p = ink + (i << 2);
    const inked = flags(
      f32x4.gt(v128.load(p), half),
      f32x4.gt(v128.load(p, 16), half),
      f32x4.gt(v128.load(p, 32), half),
      f32x4.gt(v128.load(p, 48), half),
    );
    v128.store(mask + i, v128.xor(inked, flip));
  }
}

function isBlank(bytes: usize, count: i32): bool {
  for (let i: usize = 0; i < <usize>count; i++) if (load<u8>(bytes + i) != 0) return false;
  return true;
}

/** Prepares the unpacked template as the query imprint. */
export function prepareQuery(): void {
  qw = atDepth(width);
  qh = atDepth(height);
  isGrey = kind == GREY;
  const pixels = qw * qh;
  // Rows are written four values at a time, the last one too.
  raw = takePlane(pixels + 4);
  soft = takePlane(pixels);
  known = takePlane(pixels + 4);
  if (kind == BILEVEL) {
    shrink(raw, BILEVEL_DEPTH);
    fill(known, pixels, 1);
    isAllKnown = true;
  } else {
    isAllKnown = isBlank(unknown, strideOf(qw) * qh);
    for (let y = 0; y < qh; y++) {
      putBytes(paddedRow(levels, qw, y), qw, LEVEL_DEPTH, raw + ((<usize>(y * qw)) << 2));
      const row = known + ((<usize>(y * qw)) << 2);
      fill(row, qw, 1);
      if (isAllKnown) continue;
      for (let x = 0; x < qw; x++) {
        const isKnown =
          (x & 7) == 0 && load<u8>(unknown + <usize>(y * strideOf(qw) + (x >> 3))) == 0;
        if (isKnown) x += 7;
        else if (bitAt(unknown, strideOf(qw), x, y) != 0) put(row, x, 0);
      }
    }
  }
  if (!isAllKnown) markKnown();
  blurInk(raw, soft, qw, qh, SOFTNESS);
}

function markKnown(): void {
  const pixels = qw * qh;
  knownAround = takeBytes(pixels);
  for (let i: usize = 0; i < <usize>pixels; i += 16) {
    const p = known + (i << 2);
    const around = flags(knownFour(p), knownFour(p + 16), knownFour(p + 32), knownFour(p + 48));
    v128.store(knownAround + i, around);
  }
}

/** Whether all around four pixels is known; the last row's are not asked. */
function knownFour(p: usize): v128 {
  const stride = (<usize>qw) << 2;
  const here = f32x4.pmin(v128.load(p), v128.load(p + 4));
  const below = f32x4.pmin(v128.load(p + stride), v128.load(p + stride + 4));
  return f32x4.eq(f32x4.pmin(here, below), f32x4.splat(1));
}
