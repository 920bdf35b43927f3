// Overlapping squares of a picture, for spectra whose sum tells what repeats all over it.
import { at, put, sumOfFour, takePlane } from './plane';

export const SIDE: i32 = 64;
const BITS: i32 = 6;
const STEP: i32 = 32;
const MOST_SQUARES: i32 = 100;

/** How a square fades out towards its sides, and where the spectrum keeps each frequency (i32). */
export let fade: usize = 0;
export let places: usize = 0;
/** Squares in a row, and every how many-th of all is taken, from 0 to `all` - 1. */
let across: i32 = 0;
export let all: i32 = 0;
export let every: i32 = 0;

function reversed(frequency: i32): i32 {
  let place = 0;
  for (let bit = 0; bit < BITS; bit++) place |= ((frequency >> bit) & 1) << (BITS - 1 - bit);
  return place;
}

/** Lays the squares over a picture of at least one. */
export function laySquares(w: i32, h: i32): void {
  fade = takePlane(SIDE);
  places = takePlane(SIDE);
  for (let i = 0; i < SIDE; i++) {
    put(fade, i, <f32>(0.5 - 0.5 * Math.cos((2 * Math.PI * (<f64>i + 0.5)) / <f64>SIDE)));
    store<i32>(places + ((<usize>i) << 2), reversed(i));
  }
  across = (w - SIDE) / STEP + 1;
  all = across * ((h - SIDE) / STEP + 1);
  every = max<i32>(1, (all + MOST_SQUARES - 1) / MOST_SQUARES);
}

/** Square `index` of a plane, about its mean, faded out towards its sides. */
export function lift(plane: usize, stride: i32, index: i32, to: usize): void {
  const x0 = (index % across) * STEP;
  const y0 = (index / across) * STEP;
  const pitch = (<usize>stride) << 2;
  const first = plane + ((<usize>(y0 * stride + x0)) << 2);
  const length = (<usize>SIDE) << 2;
  let sums = f32x4.splat(0);
  let row = first;
  for (let y = 0; y < SIDE; y++, row += pitch) {
    for (let x: usize = 0; x < length; x += 16) sums = f32x4.add(sums, v128.load(row + x));
  }
  const mean = f32x4.splat(sumOfFour(sums) / <f32>(SIDE * SIDE));
  row = first;
  let out = to;
  for (let y = 0; y < SIDE; y++, row += pitch, out += length) {
    const faded = f32x4.splat(at(fade, y));
    for (let x: usize = 0; x < length; x += 16) {
      const value = f32x4.sub(v128.load(row + x), mean);
      v128.store(out + x, f32x4.mul(f32x4.mul(value, v128.load(fade + x)), faded));
    }
  }
}

/** Where a spectrum keeps a frequency; u and v may be any whole numbers. */
function placeOf(u: i32, v: i32): i32 {
  const row = load<i32>(places + ((<usize>(v & (SIDE - 1))) << 2)) * SIDE;
  return row + load<i32>(places + ((<usize>(u & (SIDE - 1))) << 2));
}

/**
 * The place of minus the frequency that is kept at a place of a row or column. In bit-reversed order
 * each stretch from a power of two to the next is its own mirror.
 */
export function mirrorOf(place: i32): i32 {
  if (place < 2) return place;
  const first = 1 << (31 - clz<i32>(place));
  return 3 * first - 1 - place;
}

/** The four values at the mirrors of places `x` to x + 3, a multiple of four, of the row at `row`. */
export function mirroredFour(row: usize, x: i32): v128 {
  if (x == 0) {
    const own = v128.load(row);
    return v128.shuffle<f32>(own, own, 0, 1, 3, 2);
  }
  const other = v128.load(row + ((<usize>(mirrorOf(x) - 3)) << 2));
  return v128.shuffle<f32>(other, other, 3, 2, 1, 0);
}

/**
 * Puts sums kept in a spectrum's order, of which rows that do not lie behind their mirror are filled, in
 * order of frequency: rows v, and of each u from 0 to half the side. Minus a frequency has `sign` times
 * its value.
 */
export function putInOrder(sums: usize, to: usize, sign: f32): void {
  for (let v = 0; v < SIDE; v++) {
    for (let u = 0; u <= SIDE / 2; u++) {
      const place = placeOf(u, v);
      const isFilled = place / SIDE <= mirrorOf(place / SIDE);
      put(to, v * SIDE + u, isFilled ? at(sums, place) : sign * at(sums, placeOf(-u, -v)));
    }
  }
}

/** A frequency is compared with what lies from 2 to 4 bins off. */
const NEAR: i32 = 1;
const FAR: i32 = 4;

/** At a frequency of a plane in order; the other half plane is this one mirrored, times `sign`. */
export function valueAt(plane: usize, u: i32, v: i32, sign: f32): f32 {
  const column = u & (SIDE - 1);
  if (column > SIDE / 2) return sign * at(plane, (-v & (SIDE - 1)) * SIDE + SIDE - column);
  return at(plane, (v & (SIDE - 1)) * SIDE + column);
}

/** The mean around a frequency. */
export function surroundings(plane: usize, u: i32, v: i32, sign: f32): f32 {
  let sum: f32 = 0;
  for (let j = -FAR; j <= FAR; j++) {
    for (let i = -FAR; i <= FAR; i++) {
      if (abs<i32>(i) > NEAR || abs<i32>(j) > NEAR) sum += valueAt(plane, u + i, v + j, sign);
    }
  }
  const inner = 2 * NEAR + 1;
  const outer = 2 * FAR + 1;
  return sum / <f32>(outer * outer - inner * inner);
}
