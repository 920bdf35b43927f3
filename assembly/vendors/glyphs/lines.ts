// Both imprints as centre lines: points with their kind, distance fields to lines and to ink.
import { bitAt, shrinkBilevel, strideOf } from '../../seal/bilevel';
import { BILEVEL, GREY } from '../../seal/ink';
import { put, takeBytes, takePlane } from '../../seal/plane';
import { atDepth, bits, height, isUnscaled, kind, unknown, width } from '../template';
import { BEYOND, crossings, distances, maskOf, PITCH, thin } from './skeleton';

/** Most points of one imprint; the lines are thinned out evenly beyond. */
export const MAX_POINTS: i32 = 8192;
/** Ninths of a pixel that must be ink. */
const LEAST_INK: u8 = 4;
/** The same where small marks are told apart, which a touch of ink would join. */
const SOLID_INK: u8 = 7;

/** One imprint on its map; fields of two memory blocks, since nothing lives on a heap here. */
@unmanaged
export class Lines {
  width: i32;
  height: i32;
  /** Bytes: 1 = ink. */
  ink: u32;
  /** f32 a pixel: millimetres to the nearest centre line and to the nearest ink. */
  toLine: u32;
  toInk: u32;
  /** Points of the centre lines: x, y in millimetres from the middle; ends, plain, junctions. */
  count: i32;
  x: u32;
  y: u32;
  role: u32;
  /** Bytes: 1 where other ink hides the imprint; 0 as an address when nothing does. */
  hidden: u32;
}

export const END: f32 = 1;
export const PLAIN: f32 = 2;
export const JUNCTION: f32 = 3;

const reservedBlock = memory.data(10 * 4);
const queryBlock = memory.data(10 * 4);
export const reserved = changetype<Lines>(reservedBlock);
export const query = changetype<Lines>(queryBlock);
export let isGrey: bool = false;
export let hasNoScale: bool = false;
/** Bytes: 1 = solid ink of the imprint prepared last, and of the reserved one. */
let solid: usize = 0;
export let reservedSolid: usize = 0;

/** Reads the unpacked template. */
function prepare(lines: Lines): void {
  const w = atDepth(width);
  const h = atDepth(height);
  lines.width = w;
  lines.height = h;
  const ninths = takeBytes(w * h);
  shrinkBilevel(bits, width, height, ninths);
  const ink = maskOf(ninths, w, h, LEAST_INK);
  lines.ink = <u32>ink;
  solid = maskOf(ninths, w, h, SOLID_INK);
  const line = takeBytes(w * h + BEYOND);
  memory.copy(line, ink, <usize>(w * h));
  thin(line, w, h);
  const toLine = takePlane(w * h);
  const toInk = takePlane(w * h);
  distances(line, toLine, w, h);
  distances(ink, toInk, w, h);
  lines.toLine = <u32>toLine;
  lines.toInk = <u32>toInk;
  listPoints(lines, line);
}

/** Lists the points of a line, whose outermost pixels are 0, sixteen pixels at a time. */
function listPoints(lines: Lines, line: usize): void {
  const w = lines.width;
  const h = lines.height;
  let total = 0;
  const end = w * (h - 1);
  for (let i = 0; i < end; i += 16) {
    total += popcnt<i32>(i8x16.bitmask(i8x16.neg(v128.load(line + <usize>i))));
  }
  const step = max<i32>(1, (total + MAX_POINTS - 1) / MAX_POINTS);
  const room = max<i32>(1, min<i32>(total, MAX_POINTS));
  const x0 = takePlane(room);
  const y0 = takePlane(room);
  const role = takePlane(room);
  let count = 0;
  let index = 0;
  for (let i = 0; i < end; i += 16) {
    let inked = i8x16.bitmask(i8x16.neg(v128.load(line + <usize>i)));
    for (; inked != 0; inked &= inked - 1) {
      if (index++ % step != 0 || count >= room) continue;
      const p = i + ctz<i32>(inked);
      put(x0, count, (<f32>(p % w) - 0.5 * <f32>(w - 1)) / PITCH);
      put(y0, count, (<f32>(p / w) - 0.5 * <f32>(h - 1)) / PITCH);
      const around = crossings(line + <usize>p, w);
      put(role, count, around <= 1 ? END : around == 2 ? PLAIN : JUNCTION);
      count++;
    }
  }
  lines.count = count;
  lines.x = <u32>x0;
  lines.y = <u32>y0;
  lines.role = <u32>role;
}

/** False when there are hardly any lines. */
export function prepareReserved(): bool {
  prepare(reserved);
  reservedSolid = solid;
  reserved.hidden = 0;
  return reserved.count >= 60;
}

export function prepareQuery(): void {
  prepare(query);
  isGrey = kind == GREY;
  hasNoScale = isUnscaled;
  query.hidden = 0;
  if (kind == BILEVEL) return;
  const w = query.width;
  const hidden = takeBytes(w * query.height);
  const stride = strideOf(w);
  for (let y = 0; y < query.height; y++) {
    for (let x = 0; x < w; x++) {
      store<u8>(hidden + <usize>(y * w + x), <u8>bitAt(unknown, stride, x, y));
    }
  }
  query.hidden = <u32>hidden;
}
