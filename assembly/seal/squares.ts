// Overlapping squares of a picture, for spectra whose sum tells what repeats all over it.
import { at, put, takePlane } from './plane';

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
  let sum: f32 = 0;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) sum += at(plane, (y0 + y) * stride + x0 + x);
  }
  const mean = sum / <f32>(SIDE * SIDE);
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const value = at(plane, (y0 + y) * stride + x0 + x) - mean;
      put(to, y * SIDE + x, value * at(fade, x) * at(fade, y));
    }
  }
}

/** Where a spectrum keeps a frequency; u and v may be any whole numbers. */
export function placeOf(u: i32, v: i32): i32 {
  const row = load<i32>(places + ((<usize>(v & (SIDE - 1))) << 2)) * SIDE;
  return row + load<i32>(places + ((<usize>(u & (SIDE - 1))) << 2));
}
