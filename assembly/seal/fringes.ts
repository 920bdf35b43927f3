// Fringes of colour: a display's pixel shows its three colours side by side, so that they repeat out of
// step; ink, paper and print change all three in step or against each other. The cross spectrum of
// red and blue tells: what is in step has no imaginary part, however strong it is, and what is not
// keeps one phase in every square. JPEG's halved colour only moves such a frequency.
import { mark, release } from '../shared/arena';
import { forward } from './fft';
import { put, takePlane } from './plane';
import {
  all,
  every,
  laySquares,
  lift,
  mirroredFour,
  mirrorOf,
  putInOrder,
  SIDE,
  surroundings,
  valueAt,
} from './squares';

/** Periods a square: below lies uneven light. */
const LOW: i32 = 4;
/** Values of the other half plane are those of this one turned round. */
const SIGN: f32 = -1;

/** The highest peak in spreads, and as a share of all squares in which the phase keeps. */
export const fringes = memory.data(2 * 4);

/**
 * Adds the imaginary part of the two planes' cross spectrum, its size taken off, to `turned`, in the
 * spectrum's order.
 */
function addTurned(re: usize, im: usize, turned: usize): void {
  forward(re, im, SIDE);
  for (let v = 0; v < SIDE; v++) {
    const mirror = mirrorOf(v);
    if (mirror < v) continue;
    const own = (<usize>(v * SIDE)) << 2;
    const other = (<usize>(mirror * SIDE)) << 2;
    for (let u = 0; u < SIDE; u += 4) {
      const p = own + ((<usize>u) << 2);
      const r = v128.load(re + p);
      const i = v128.load(im + p);
      const mirroredR = mirroredFour(re + other, u);
      const mirroredI = mirroredFour(im + other, u);
      // Twice the first plane's spectrum, and twice the second's.
      const ar = f32x4.add(r, mirroredR);
      const ai = f32x4.sub(i, mirroredI);
      const br = f32x4.add(i, mirroredI);
      const bi = f32x4.sub(mirroredR, r);
      const first = f32x4.add(f32x4.mul(ar, ar), f32x4.mul(ai, ai));
      const second = f32x4.add(f32x4.mul(br, br), f32x4.mul(bi, bi));
      const size = f32x4.add(f32x4.sqrt(f32x4.mul(first, second)), f32x4.splat(1e-6));
      const cross = f32x4.sub(f32x4.mul(ai, br), f32x4.mul(ar, bi));
      v128.store(turned + p, f32x4.add(v128.load(turned + p), f32x4.div(cross, size)));
    }
  }
}

function peakOf(turned: usize): f32 {
  let most: f32 = 0;
  for (let v = -SIDE / 2 + 1; v < SIDE / 2; v++) {
    for (let u = 0; u < SIDE / 2; u++) {
      if (u * u + v * v < LOW * LOW) continue;
      // Only what stands out by itself is worth the long sum.
      const own = valueAt(turned, u, v, SIGN);
      if (abs<f32>(own) > most)
        most = max<f32>(most, abs<f32>(own - surroundings(turned, u, v, SIGN)));
    }
  }
  return most;
}

/** Fills `fringes` from two colours of a picture, 1 on paper; zeros when it is smaller than a square. */
export function lookForFringes(red: usize, blue: usize, w: i32, h: i32): void {
  memory.fill(fringes, 0, 8);
  if (w < SIDE || h < SIDE) return;
  const start = mark();
  laySquares(w, h);
  const re = takePlane(SIDE * SIDE);
  const im = takePlane(SIDE * SIDE);
  const turned = takePlane(SIDE * SIDE);
  memory.fill(turned, 0, SIDE * SIDE * 4);
  let squares = 0;
  for (let k = 0; k < all; k += every) {
    lift(red, w, k, re);
    lift(blue, w, k, im);
    addTurned(re, im, turned);
    squares++;
  }
  putInOrder(turned, re, -1);
  const peak = peakOf(re);
  put(fringes, 0, min<f32>(15, peak / sqrt<f32>(0.5 * <f32>squares)));
  put(fringes, 1, peak / <f32>squares);
  release(start);
}
