// Plane motions with a camera's perspective: a 3 x 3 matrix, rows in order, f64, that takes reserved
// millimetres from the picture's middle to query millimetres.
import { put } from '../seal/plane';

const CANONICAL_PX_PER_MM: f64 = 300 / 25.4;

function get(p: usize, index: i32): f64 {
  return load<f64>(p + ((<usize>index) << 3));
}

/** Where `map` leads. */
export let mappedX: f64 = 0;
export let mappedY: f64 = 0;

/** Moves a point. */
export function map(m: usize, x: f64, y: f64): void {
  const depth = max<f64>(0.2, get(m, 6) * x + get(m, 7) * y + get(m, 8));
  mappedX = (get(m, 0) * x + get(m, 1) * y + get(m, 2)) / depth;
  mappedY = (get(m, 3) * x + get(m, 4) * y + get(m, 5)) / depth;
}

export function scaleOf(m: usize): f64 {
  return Math.max(1e-3, Math.sqrt(Math.abs(get(m, 0) * get(m, 4) - get(m, 1) * get(m, 3))));
}

/** Turn, size and shift without perspective. */
export function setSimilar(m: usize, angle: f64, size: f64, x: f64, y: f64): void {
  memory.fill(m, 0, 72);
  store<f64>(m, size * Math.cos(angle));
  store<f64>(m, -size * Math.sin(angle), 8);
  store<f64>(m, x, 16);
  store<f64>(m, size * Math.sin(angle), 24);
  store<f64>(m, size * Math.cos(angle), 32);
  store<f64>(m, y, 40);
  store<f64>(m, 1, 64);
}

/** Brings the scale within `error` of 1: how well a scanner's is known. */
export function holdScale(m: usize, error: f64): void {
  const now = scaleOf(m);
  const held = Math.min(Math.max(now, 1 - error), 1 + error) / now;
  for (let k = 0; k < 6; k++) {
    if (k % 3 == 2) continue;
    store<f64>(m + ((<usize>k) << 3), get(m, k) * held);
  }
}

const product = memory.data(9 * 8);

/** `to` becomes a times b, its last element 1; it may be either of them. */
export function multiply(a: usize, b: usize, to: usize): void {
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      let sum: f64 = 0;
      for (let k = 0; k < 3; k++) sum += get(a, 3 * i + k) * get(b, 3 * k + j);
      store<f64>(product + ((<usize>(3 * i + j)) << 3), sum);
    }
  }
  const last = Math.max(0.2, get(product, 8));
  for (let k = 0; k < 9; k++) store<f64>(to + ((<usize>k) << 3), get(product, k) / last);
}

/** `to` becomes the inverse of m, by the adjugate, its last element 1. */
export function invert(m: usize, to: usize): void {
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const a = (j + 1) % 3;
      const b = (j + 2) % 3;
      const c = (i + 1) % 3;
      const d = (i + 2) % 3;
      const value = get(m, 3 * a + c) * get(m, 3 * b + d) - get(m, 3 * a + d) * get(m, 3 * b + c);
      store<f64>(to + ((<usize>(3 * i + j)) << 3), value);
    }
  }
  const last = get(to, 8);
  const safe = Math.abs(last) < 1e-9 ? 1e-9 : last;
  for (let k = 0; k < 9; k++) store<f64>(to + ((<usize>k) << 3), get(to, k) / safe);
}

/** The motion's inverse near the middle, in canonical pixels: see docs/vendor-abi.md. */
export function writeTransform(
  out: usize,
  m: usize,
  width: i32,
  height: i32,
  reservedWidth: i32,
  reservedHeight: i32,
): void {
  // Derivative of the projective map at the reserved middle.
  const x0 = get(m, 2) / get(m, 8);
  const y0 = get(m, 5) / get(m, 8);
  const p = (get(m, 0) - x0 * get(m, 6)) / get(m, 8);
  const q = (get(m, 1) - x0 * get(m, 7)) / get(m, 8);
  const r = (get(m, 3) - y0 * get(m, 6)) / get(m, 8);
  const s = (get(m, 4) - y0 * get(m, 7)) / get(m, 8);
  const determinant = p * s - q * r;
  const safe = Math.abs(determinant) < 1e-6 ? 1e-6 : determinant;
  const a = s / safe;
  const b = -q / safe;
  const c = -r / safe;
  const d = p / safe;
  const centreX = 0.5 * <f64>(width - 1) + x0 * CANONICAL_PX_PER_MM;
  const centreY = 0.5 * <f64>(height - 1) + y0 * CANONICAL_PX_PER_MM;
  put(out, 0, <f32>a);
  put(out, 1, <f32>b);
  put(out, 2, <f32>c);
  put(out, 3, <f32>d);
  put(out, 4, <f32>(0.5 * <f64>(reservedWidth - 1) - a * centreX - b * centreY));
  put(out, 5, <f32>(0.5 * <f64>(reservedHeight - 1) - c * centreX - d * centreY));
}
