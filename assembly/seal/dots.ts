// Dots of a printer's screen: the spectra of inked squares, summed, in which one frequency stands out.
// Ink from a pad has a texture, but no pitch.
import { mark, release } from '../shared/arena';
import { forward } from './fft';
import { at, put, sumOfFour, takePlane } from './plane';

/** Side of the squares whose spectra are summed, least share of ink in one, and most squares. */
export const SIDE: i32 = 32;
const LEAST_INK: f32 = 0.12;
const MAX_SQUARES: i32 = 300;
/** Frequencies between which dots and stripes show, in periods a square, and the ring's width. */
const LOW: i32 = 5;
const HIGH: i32 = 16;

const rings = memory.data(24 * 4);
const ringCounts = memory.data(24 * 4);
/**
 * The highest power above its ring's, of red and of green and blue together: as logarithms, then less 1
 * and the larger, the more squares there are.
 */
export const dots = memory.data(4 * 4);

/** Frequency of a place in a bit-reversed spectrum, -16 to 15. */
function frequency(place: i32): i32 {
  let reversed = 0;
  for (let bit = 0; bit < 5; bit++) reversed |= ((place >> bit) & 1) << (4 - bit);
  return reversed >= SIDE / 2 ? reversed - SIDE : reversed;
}

function inkIn(mask: usize, w: i32, x0: i32, y0: i32): f32 {
  let ink = 0;
  for (let y = y0; y < y0 + SIDE; y++) {
    for (let x = x0; x < x0 + SIDE; x++) ink += <i32>load<u8>(mask + <usize>(y * w + x));
  }
  return <f32>ink / <f32>(SIDE * SIDE);
}

/** Sums of five rows of a square and of what lies two pixels around it. */
const columnSums = memory.data((32 + 8) * 4);

/** The rough part of a channel in a square, faded out towards its sides. */
function liftRough(plane: usize, w: i32, x0: i32, y0: i32, fade: usize, to: usize): void {
  const stride = (<usize>w) << 2;
  const area = f32x4.splat(25);
  for (let y = 0; y < SIDE; y++) {
    const row = plane + ((<usize>((y0 + y) * w + x0)) << 2);
    for (let x: usize = 0; x < (<usize>(SIDE + 4)) << 2; x += 16) {
      const p = row + x - 8;
      const outer = f32x4.add(v128.load(p - 2 * stride), v128.load(p + 2 * stride));
      const inner = f32x4.add(v128.load(p - stride), v128.load(p + stride));
      v128.store(columnSums + x, f32x4.add(f32x4.add(outer, inner), v128.load(p)));
    }
    const out = to + ((<usize>(y * SIDE)) << 2);
    const faded = f32x4.splat(at(fade, y));
    for (let x: usize = 0; x < (<usize>SIDE) << 2; x += 16) {
      const p = columnSums + x;
      const outer = f32x4.add(v128.load(p), v128.load(p, 16));
      const inner = f32x4.add(v128.load(p, 4), v128.load(p, 12));
      const mean = f32x4.div(f32x4.add(f32x4.add(outer, inner), v128.load(p, 8)), area);
      const value = f32x4.mul(f32x4.sub(v128.load(row + x), mean), v128.load(fade + x));
      v128.store(out + x, f32x4.mul(value, faded));
    }
  }
}

/** Adds the power of one square. */
function addPower(re: usize, im: usize, power: usize): void {
  forward(re, im, SIDE);
  const end = (<usize>(SIDE * SIDE)) << 2;
  let sum = f32x4.splat(0);
  for (let p: usize = 0; p < end; p += 16) {
    const r = v128.load(re + p);
    const i = v128.load(im + p);
    const square = f32x4.add(f32x4.mul(r, r), f32x4.mul(i, i));
    v128.store(re + p, square);
    sum = f32x4.add(sum, square);
  }
  // Every square counts alike, however dark.
  const total = f32x4.splat(sumOfFour(sum) + 1e-6);
  for (let p: usize = 0; p < end; p += 16) {
    const share = f32x4.div(v128.load(re + p), total);
    v128.store(power + p, f32x4.add(v128.load(power + p), share));
  }
}

/** Highest power above its ring's mean, off the axes, where the file's own blocks show. */
function peakOf(power: usize): f32 {
  memory.fill(rings, 0, 96);
  memory.fill(ringCounts, 0, 96);
  for (let pass = 0; pass < 2; pass++) {
    let most: f32 = 1;
    for (let v = 0; v < SIDE; v++) {
      const fy = frequency(v);
      for (let u = 0; u < SIDE; u++) {
        const fx = frequency(u);
        if (fx == 0 || fy == 0 || fx == -SIDE / 2 || fy == -SIDE / 2) continue;
        const ring = <i32>nearest<f32>(sqrt<f32>(<f32>(fx * fx + fy * fy)));
        if (ring < LOW || ring > HIGH) continue;
        const value = at(power, v * SIDE + u);
        if (pass == 0) {
          put(rings, ring, at(rings, ring) + value);
          put(ringCounts, ring, at(ringCounts, ring) + 1);
        } else {
          most = max<f32>(most, (value * at(ringCounts, ring)) / (at(rings, ring) + 1e-12));
        }
      }
    }
    if (pass == 1) return most;
  }
  return 1;
}

/** Fills `dots` from the channels of a picture and a byte a pixel that is 1 where there is ink. */
export function lookForDots(
  red: usize,
  green: usize,
  blue: usize,
  mask: usize,
  w: i32,
  h: i32,
): void {
  const start = mark();
  const fade = takePlane(SIDE);
  for (let i = 0; i < SIDE; i++) {
    put(fade, i, <f32>(0.5 - 0.5 * Math.cos((2 * Math.PI * (<f64>i + 0.5)) / <f64>SIDE)));
  }
  const re = takePlane(SIDE * SIDE);
  const im = takePlane(SIDE * SIDE);
  const first = takePlane(SIDE * SIDE);
  const second = takePlane(SIDE * SIDE);
  memory.fill(first, 0, SIDE * SIDE * 4);
  memory.fill(second, 0, SIDE * SIDE * 4);
  let squares = 0;
  for (let y = 2; y + SIDE + 2 <= h && squares < MAX_SQUARES; y += SIDE) {
    for (let x = 2; x + SIDE + 2 <= w && squares < MAX_SQUARES; x += SIDE) {
      if (inkIn(mask, w, x, y) < LEAST_INK) continue;
      liftRough(red, w, x, y, fade, re);
      memory.fill(im, 0, SIDE * SIDE * 4);
      addPower(re, im, first);
      liftRough(green, w, x, y, fade, re);
      liftRough(blue, w, x, y, fade, im);
      addPower(re, im, second);
      squares++;
    }
  }
  const a = peakOf(first);
  const b = peakOf(second);
  const sharpness = sqrt<f32>(<f32>squares) / 4;
  put(dots, 0, <f32>Math.log(<f64>a));
  put(dots, 1, <f32>Math.log(<f64>b));
  put(dots, 2, min<f32>(8, (a - 1) * sharpness));
  put(dots, 3, min<f32>(8, (b - 1) * sharpness));
  release(start);
}
