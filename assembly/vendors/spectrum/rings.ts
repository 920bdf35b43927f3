// Fourier ring correlation of the whole pair: how alike the spectra of both pictures are, phases
// included, in rings of rising frequency (W. Saxton and W. Baumeister, J. Microscopy 127, 1982).
import { forward } from '../../seal/fft';
import { at, put, resample, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { PITCH, rh, rw } from './sheets';
import { ink, laid, offsetOf, seen } from './squares';

export const RINGS: i32 = 5;
const SIDE: i32 = 128;

/** Likeness in each ring, times four. */
export const rings = memory.data(5 * 4);

/** Likeness of both pictures' spectra, phases included, in rings of rising frequency. */
export function compareRings(): void {
  const start = mark();
  const span = <f32>max<i32>(rw, rh);
  const ratio = max<f32>(1.5, span / <f32>SIDE);
  const w = min<i32>(SIDE, <i32>(<f32>rw / ratio));
  const h = min<i32>(SIDE, <i32>(<f32>rh / ratio));
  const re = takePlane(SIDE * SIDE);
  const im = takePlane(SIDE * SIDE);
  memory.fill(re, 0, <usize>(SIDE * SIDE * 4));
  memory.fill(im, 0, <usize>(SIDE * SIDE * 4));
  const small = takePlane(SIDE * SIDE);
  const product = takePlane(rw * rh);
  // What is hidden in the query is hidden in both.
  for (let side = 0; side < 2; side++) {
    for (let y = 0; y < rh; y++) {
      const row = (<usize>(y * rw)) << 2;
      const offset = offsetOf(0, y);
      const from = side == 0 ? ink + row : laid + offset;
      for (let x: usize = 0; x < (<usize>rw) << 2; x += 16) {
        const shown = f32x4.mul(v128.load(from + x), v128.load(seen + offset + x));
        v128.store(product + row + x, shown);
      }
    }
    resample(product, rw, rh, small, w, h, ratio, 0, 0);
    const to = side == 0 ? re : im;
    for (let y = 0; y < h; y++) {
      memory.copy(
        to + ((<usize>(y * SIDE)) << 2),
        small + ((<usize>(y * w)) << 2),
        (<usize>w) << 2,
      );
    }
  }
  forward(re, im, SIDE);
  sumRings(re, im, ratio);
  release(start);
}

function reversed(index: i32): i32 {
  let bits = 0;
  for (let k = 0; k < 7; k++) bits |= ((index >> k) & 1) << (6 - k);
  return bits;
}

/** One transform holds both pictures, one as its real and one as its imaginary part. */
function sumRings(re: usize, im: usize, ratio: f32): void {
  const sumsOfRings = takePlane(3 * RINGS);
  memory.fill(sumsOfRings, 0, <usize>(3 * RINGS * 4));
  const order = takePlane(SIDE);
  const place = takePlane(SIDE);
  for (let i = 0; i < SIDE; i++) {
    const f = reversed(i);
    store<i32>(order + ((<usize>i) << 2), f);
    store<i32>(place + ((<usize>f) << 2), i);
  }
  for (let i = 0; i < SIDE; i++) {
    const fx = load<i32>(order + ((<usize>i) << 2));
    const sx = fx > 63 ? fx - 128 : fx;
    for (let j = 0; j < SIDE; j++) {
      const fy = load<i32>(order + ((<usize>j) << 2));
      const sy = fy > 63 ? fy - 128 : fy;
      // Cycles per millimetre times six.
      const radius = sqrt<f32>(<f32>(sx * sx + sy * sy)) / ((<f32>SIDE * ratio) / PITCH);
      const ring = <i32>(radius * 3.4);
      if (radius < 0.12 || ring >= RINGS) continue;
      const p = i * SIDE + j;
      const mi = load<i32>(place + ((<usize>((SIDE - fx) & 127)) << 2));
      const mj = load<i32>(place + ((<usize>((SIDE - fy) & 127)) << 2));
      const q = mi * SIDE + mj;
      const ar: f32 = 0.5 * (at(re, p) + at(re, q));
      const ai: f32 = 0.5 * (at(im, p) - at(im, q));
      const br: f32 = 0.5 * (at(im, p) + at(im, q));
      const bi: f32 = 0.5 * (at(re, q) - at(re, p));
      const s = sumsOfRings + ((<usize>(3 * ring)) << 2);
      store<f32>(s, load<f32>(s) + ar * br + ai * bi);
      store<f32>(s, load<f32>(s, 4) + ar * ar + ai * ai, 4);
      store<f32>(s, load<f32>(s, 8) + br * br + bi * bi, 8);
    }
  }
  for (let ring = 0; ring < RINGS; ring++) {
    const both = at(sumsOfRings, 3 * ring + 1) * at(sumsOfRings, 3 * ring + 2);
    put(rings, ring, (at(sumsOfRings, 3 * ring) / (sqrt<f32>(both) + 1e-6)) * 4);
  }
}
