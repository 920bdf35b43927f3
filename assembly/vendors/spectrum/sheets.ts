// Both imprints on one grid, 150 dpi: the reserved one from its canonical picture alone, the query
// with its depth.
import { bitAt, strideOf } from '../../seal/bilevel';
import { blur } from '../../seal/blur';
import { paddedRow } from '../../seal/depth';
import { BILEVEL, GREY } from '../../seal/ink';
import { fill, put, resample, takePlane } from '../../seal/plane';
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

/** Ink of the canonical bits at 150 dpi. */
function halve(to: usize, w: i32, h: i32): void {
  const stride = strideOf(width);
  for (let y = 0; y < h; y++) {
    for (let x = 0; x < w; x++) {
      const u = 2 * x;
      const v = 2 * y;
      let ink = bitAt(bits, stride, u, v);
      if (u + 1 < width) ink += bitAt(bits, stride, u + 1, v);
      if (v + 1 < height) {
        ink += bitAt(bits, stride, u, v + 1);
        if (u + 1 < width) ink += bitAt(bits, stride, u + 1, v + 1);
      }
      put(to, y * w + x, <f32>ink * 0.25);
    }
  }
}

export function prepareReserved(): void {
  rw = (width + 1) >> 1;
  rh = (height + 1) >> 1;
  reserved = takePlane(rw * rh + 8);
  halve(reserved, rw, rh);
  blur(reserved, reserved, rw, rh, 0.45);
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
    const fine = takePlane(w * h);
    const seen = takePlane(w * h);
    for (let y = 0; y < h; y++) {
      const row = paddedRow(levels, w, y);
      for (let x = 0; x < w; x++) {
        put(fine, y * w + x, min<f32>(1.1, <f32>load<u8>(row + <usize>x) * LEVEL_DEPTH));
        put(seen, y * w + x, bitAt(unknown, strideOf(w), x, y) != 0 ? 0 : 1);
      }
    }
    resample(fine, w, h, query, qw, qh, 4 / <f32>3, 0, 0);
    resample(seen, w, h, known, qw, qh, 4 / <f32>3, 0, 0);
    release(start);
  }
  blur(query, query, qw, qh, 0.4);
}
