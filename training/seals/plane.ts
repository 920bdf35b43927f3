import type { Chance } from './random.ts';

/** One value a pixel, rows from the top. */
export interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** Pixels per millimetre of the sheets on which stamping is modelled: 320 dpi. */
export const MASTER = 320 / 25.4;

export function plane(width: number, height: number, value = 0): Plane {
  const data = new Float32Array(width * height);
  return { width, height, data: value === 0 ? data : data.fill(value) };
}

export const clamp = (value: number, low = 0, high = 1) =>
  value < low ? low : value > high ? high : value;

/** A new plane of `f(value, index)`. */
export function mapped({ width, height, data }: Plane, f: (value: number, i: number) => number) {
  const out = new Float32Array(data.length);
  for (let i = 0; i < out.length; i++) out[i] = f(data[i] as number, i);
  return { width, height, data: out };
}

function blurLines(
  from: Float32Array,
  to: Float32Array,
  lines: number,
  length: number,
  taps: Float32Array,
) {
  // Reads along lines and writes transposed, so that two calls blur both ways.
  const radius = (taps.length - 1) / 2;
  const padded = new Float32Array(length + 2 * radius);
  for (let line = 0; line < lines; line++) {
    const start = line * length;
    padded.set(from.subarray(start, start + length), radius);
    padded.fill(from[start] as number, 0, radius);
    padded.fill(from[start + length - 1] as number, radius + length);
    for (let x = 0; x < length; x++) {
      let sum = 0;
      for (let i = 0; i < taps.length; i++) sum += (taps[i] as number) * (padded[x + i] as number);
      to[x * lines + line] = sum;
    }
  }
}

/** Means over `size` pixels along lines, written transposed like `blurLines`. */
function boxLines(
  from: Float32Array,
  to: Float32Array,
  lines: number,
  length: number,
  size: number,
) {
  const half = (size - 1) / 2;
  for (let line = 0; line < lines; line++) {
    const start = line * length;
    const first = from[start] as number;
    const last = from[start + length - 1] as number;
    let sum = first * (half + 1);
    for (let i = 0; i < half; i++) sum += from[start + Math.min(i, length - 1)] as number;
    for (let x = 0; x < length; x++) {
      sum += x + half < length ? (from[start + x + half] as number) : last;
      sum -= x - half - 1 >= 0 ? (from[start + x - half - 1] as number) : first;
      to[x * lines + line] = sum / size;
    }
  }
}

/** Gaussian blur (three boxes when it is wide); the edges are repeated outwards. */
export function blurred(from: Plane, sigma: number): Plane {
  if (sigma < 0.25) return from;
  if (sigma < 1.7) {
    const radius = Math.ceil(2.6 * sigma);
    const taps = Float32Array.from({ length: 2 * radius + 1 }, (_, i) =>
      Math.exp(-((i - radius) ** 2) / (2 * sigma * sigma)),
    );
    return convolved(from, taps);
  }
  const size = 2 * Math.round((Math.sqrt(4 * sigma * sigma + 1) - 1) / 2) + 1;
  const { width, height } = from;
  const turned = new Float32Array(from.data.length);
  const out = Float32Array.from(from.data);
  for (let pass = 0; pass < 3; pass++) {
    boxLines(out, turned, height, width, size);
    boxLines(turned, out, width, height, size);
  }
  return { width, height, data: out };
}

/** Blur by a symmetrical kernel of odd length along rows and columns. */
export function convolved(from: Plane, taps: Float32Array): Plane {
  const sum = taps.reduce((a, b) => a + b, 0);
  const scaled = taps.map((tap) => tap / sum);
  const { width, height, data } = from;
  const turned = new Float32Array(data.length);
  const out = new Float32Array(data.length);
  blurLines(data, turned, height, width, scaled);
  blurLines(turned, out, width, height, scaled);
  return { width, height, data: out };
}

/** Smooth noise of mean 0 and spread 1: cubic B-splines on a grid of `cell` pixels. */
export function smoothNoise(chance: Chance, width: number, height: number, cell: number): Plane {
  const across = Math.ceil(width / cell) + 4;
  const down = Math.ceil(height / cell) + 4;
  const grid = Float32Array.from({ length: across * down }, () => chance.normal());
  const offsetX = chance.uniform(0, 1);
  const offsetY = chance.uniform(0, 1);
  const wide = new Float32Array(width * down);
  const columns = splineTable(width, cell, offsetX);
  for (let row = 0; row < down; row++) {
    for (let x = 0; x < width; x++) {
      const at = columns.index[x] as number;
      let sum = 0;
      for (let k = 0; k < 4; k++) {
        sum += (columns.weight[4 * x + k] as number) * (grid[row * across + at + k] as number);
      }
      wide[row * width + x] = sum;
    }
  }
  const rows = splineTable(height, cell, offsetY);
  const out = plane(width, height);
  let squares = 0;
  for (let y = 0; y < height; y++) {
    const top = (rows.index[y] as number) * width;
    const w0 = rows.weight[4 * y] as number;
    const w1 = rows.weight[4 * y + 1] as number;
    const w2 = rows.weight[4 * y + 2] as number;
    const w3 = rows.weight[4 * y + 3] as number;
    for (let x = 0; x < width; x++) {
      const p = top + x;
      const value =
        w0 * (wide[p] as number) +
        w1 * (wide[p + width] as number) +
        w2 * (wide[p + 2 * width] as number) +
        w3 * (wide[p + 3 * width] as number);
      out.data[y * width + x] = value;
      squares += value * value;
    }
  }
  // A grid coarser than the sheet has too few knots for its own spread.
  const isFine = across * down > 60;
  const scale = isFine ? 1 / (Math.sqrt(squares / out.data.length) + 1e-6) : 1 / 0.48;
  for (let i = 0; i < out.data.length; i++) out.data[i] = (out.data[i] as number) * scale;
  return out;
}

function splineTable(length: number, cell: number, offset: number) {
  const index = new Int32Array(length);
  const weight = new Float32Array(4 * length);
  for (let i = 0; i < length; i++) {
    const u = i / cell + offset;
    const t = u - Math.floor(u);
    index[i] = Math.floor(u);
    weight[4 * i] = (1 - t) ** 3 / 6;
    weight[4 * i + 1] = (3 * t ** 3 - 6 * t * t + 4) / 6;
    weight[4 * i + 2] = (-3 * t ** 3 + 3 * t * t + 3 * t + 1) / 6;
    weight[4 * i + 3] = t ** 3 / 6;
  }
  return { index, weight };
}

/** Bilinear; beyond the edges lies `outside`. */
export function sampled({ width, height, data }: Plane, x: number, y: number, outside = 0): number {
  const x0 = Math.floor(x);
  const y0 = Math.floor(y);
  if (x0 < 0 || y0 < 0 || x0 + 1 >= width || y0 + 1 >= height) return outside;
  const fx = x - x0;
  const fy = y - y0;
  const p = y0 * width + x0;
  const a = data[p] as number;
  const b = data[p + 1] as number;
  const c = data[p + width] as number;
  const d = data[p + width + 1] as number;
  return (a + fx * (b - a)) * (1 - fy) + (c + fx * (d - c)) * fy;
}

/** A plane of `f`'s samples of another one. */
export function warped(
  from: Plane,
  width: number,
  height: number,
  place: (x: number, y: number, out: Float64Array) => void,
  outside = 0,
): Plane {
  const out = plane(width, height);
  const at = new Float64Array(2);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      place(x, y, at);
      out.data[y * width + x] = sampled(from, at[0] as number, at[1] as number, outside);
    }
  }
  return out;
}

/** The value below which the given share of the chosen values lies. */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
