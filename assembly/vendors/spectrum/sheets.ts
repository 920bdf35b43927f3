// Both imprints on one grid, 150 dpi: the reserved one from its canonical picture alone, the query
// with its depth.
import { strideOf } from '../../seal/bilevel';
import { blur } from '../../seal/blur';
import { paddedRow } from '../../seal/depth';
import { BILEVEL, GREY } from '../../seal/ink';
import { fill, put, putBytes, resample, takeBytes, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { atDepth, bits, height, isUnscaled, kind, levels, unknown, width } from '../template';

/** Pixels per millimetre. */
export const PITCH: f32 = 150 / 25.4;
const LEVEL_DEPTH: f32 = 1.3 / 7;

export let rw: i32 = 0;
export let rh: i32 = 0;
/** Ink of the reserved imprint, 0 to 1, a little soft. */
export let reserved: usize = 0;
export let qw: i32 = 0;
export let qh: i32 = 0;
export let query: usize = 0;
export let known: usize = 0;
export let isGrey: bool = false;
export let hasNoScale: bool = false;

/** How many of each pair of bits are set, a nibble each, of the pairs that `shift` brings down. */
function countPairs(byte: u32, shift: u32): u32 {
  return ((byte - ((byte >> 1) & 0x55)) >> shift) & 0x33;
}

/** Ink of the canonical bits at 150 dpi; a byte of two rows makes four pixels. */
function halve(to: usize, w: i32, h: i32): void {
  const stride = strideOf(width);
  const start = mark();
  const row = takeBytes(w + 16);
  for (let y = 0; y < h; y++) {
    const upper = bits + <usize>(2 * y * stride);
    const isWhole = 2 * y + 1 < height;
    for (let i: usize = 0; i << 2 < <usize>w; i++) {
      const above = load<u8>(upper + i);
      const below = isWhole ? load<u8>(upper + i + <usize>stride) : 0;
      const outer = countPairs(above, 2) + countPairs(below, 2);
      const inner = countPairs(above, 0) + countPairs(below, 0);
      const left = (outer >> 4) | ((inner >> 4) << 8);
      store<u32>(row + (i << 2), left | ((outer & 15) << 16) | ((inner & 15) << 24));
    }
    putBytes(row, w, 0.25, to + ((<usize>(y * w)) << 2));
  }
  release(start);
}

export function prepareReserved(): void {
  rw = (width + 1) >> 1;
  rh = (height + 1) >> 1;
  reserved = takePlane(rw * rh + 8);
  halve(reserved, rw, rh);
  blur(reserved, reserved, rw, rh, 0.45);
}

/** Puts 0 where the query is unknown, which is little of most. */
function clearUnknown(seen: usize, w: i32, h: i32): void {
  const stride = strideOf(w);
  for (let y = 0; y < h; y++) {
    for (let i = 0; i < stride; i++) {
      const byte = load<u8>(unknown + <usize>(y * stride + i));
      if (byte == 0) continue;
      for (let bit = 0; bit < 8; bit++) {
        if ((<u32>byte >> (7 - bit)) & 1) put(seen, y * w + 8 * i + bit, 0);
      }
    }
  }
}

export function prepareQuery(): void {
  qw = (width + 1) >> 1;
  qh = (height + 1) >> 1;
  query = takePlane(qw * qh + 8);
  known = takePlane(qw * qh + 8);
  isGrey = kind == GREY;
  hasNoScale = isUnscaled;
  if (kind == BILEVEL) {
    halve(query, qw, qh);
    fill(known, qw * qh, 1);
  } else {
    const start = mark();
    const w = atDepth(width);
    const h = atDepth(height);
    const fine = takePlane(w * h + 4);
    const seen = takePlane(w * h);
    for (let y = 0; y < h; y++) {
      putBytes(paddedRow(levels, w, y), w, LEVEL_DEPTH, fine + ((<usize>(y * w)) << 2));
    }
    for (let p = fine; p < fine + ((<usize>(w * h)) << 2); p += 16) {
      v128.store(p, f32x4.pmin(v128.load(p), f32x4.splat(1.1)));
    }
    fill(seen, w * h, 1);
    clearUnknown(seen, w, h);
    resample(fine, w, h, query, qw, qh, 4 / <f32>3, 0, 0);
    resample(seen, w, h, known, qw, qh, 4 / <f32>3, 0, 0);
    release(start);
  }
  blur(query, query, qw, qh, 0.4);
}
