// Sub-pixel edge points of a smoothed ink map.
import { mark, release } from '../shared/arena';
import { at, clamp, put, takePlane } from './plane';
import { sample } from './sample';

/** Most edge points of one imprint; a dense 60 mm seal has about 6,000. */
export const MAX_EDGES: i32 = 12288;
/** Weakest edge, in ink depth per millimetre. */
const LEAST_STRENGTH: f32 = 0.9;
/** One edge point is kept per cell of this many millimetres and quadrant of direction. */
const CELL_MM: f32 = 0.22;

/**
 * Finds edge points and returns how many, sorted by cell from left to right.
 *
 * `points` receives five lines of MAX_EDGES values: x and y in millimetres from the centre of the
 * map, the outward normal (towards paper), and strength in depth per millimetre. Only places where
 * `known` is above one half count.
 */
export function findEdges(
  soft: usize,
  known: usize,
  width: i32,
  height: i32,
  pxPerMm: f32,
  points: usize,
): i32 {
  const start = mark();
  const slope = takePlane(width * height);
  const slopeX = takePlane(width * height);
  const slopeY = takePlane(width * height);
  gradient(soft, width, height, pxPerMm / 8, slope, slopeX, slopeY);

  const across = <i32>ceil<f32>(<f32>width / (pxPerMm * CELL_MM)) + 3;
  const down = <i32>ceil<f32>(<f32>height / (pxPerMm * CELL_MM)) + 3;
  const cells = takePlane(across * down * 4);
  memory.fill(cells, 0, (<usize>(across * down)) << 4);
  const maxFound = width * height;
  const found = takePlane(maxFound * 5);
  let count = 0;
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      const p = y * width + x;
      if (x + 4 <= width - 2 && isFlat(slope + ((<usize>p) << 2))) {
        x += 3;
        continue;
      }
      const m = at(slope, p);
      if (m <= LEAST_STRENGTH || at(known, p) <= 0.5) continue;
      const nx = -at(slopeX, p) / m;
      const ny = -at(slopeY, p) / m;
      const before = sample(slope, width, height, <f32>x - nx, <f32>y - ny);
      const after = sample(slope, width, height, <f32>x + nx, <f32>y + ny);
      if (m < before || m <= after) continue;
      const bend = min<f32>(before - 2 * m + after, -1e-6);
      const shift = clamp((0.5 * (before - after)) / bend, -0.6, 0.6);
      const X = (<f32>x + shift * nx - <f32>(width - 1) * 0.5) / pxPerMm;
      const Y = (<f32>y + shift * ny - <f32>(height - 1) * 0.5) / pxPerMm;
      const cell = cellOf(X, Y, nx, ny, across, down);
      const holder = cells + ((<usize>cell) << 2);
      // Zero means empty, so an entry is the index of its point plus one.
      const other = load<i32>(holder) - 1;
      if (other >= 0 && at(found, other * 5 + 4) >= m) continue;
      store<i32>(holder, count + 1);
      put(found, count * 5, X);
      put(found, count * 5 + 1, Y);
      put(found, count * 5 + 2, nx);
      put(found, count * 5 + 3, ny);
      put(found, count * 5 + 4, m);
      count++;
    }
  }
  let kept = 0;
  for (let cell = 0; cell < across * down * 4 && kept < MAX_EDGES; cell++) {
    if ((cell & 3) == 0 && !v128.any_true(v128.load(cells + ((<usize>cell) << 2)))) {
      cell += 3;
      continue;
    }
    const index = load<i32>(cells + ((<usize>cell) << 2)) - 1;
    if (index < 0) continue;
    for (let i = 0; i < 5; i++) put(points, i * MAX_EDGES + kept, at(found, index * 5 + i));
    kept++;
  }
  release(start);
  return kept;
}

/** Whether none of four slopes is an edge. */
function isFlat(slopes: usize): bool {
  return !v128.any_true(f32x4.gt(v128.load(slopes), f32x4.splat(LEAST_STRENGTH)));
}

function cellOf(X: f32, Y: f32, nx: f32, ny: f32, across: i32, down: i32): i32 {
  const column = <i32>floor<f32>(X / CELL_MM) + (across >> 1);
  const row = <i32>floor<f32>(Y / CELL_MM) + (down >> 1);
  const quadrant = ny < 0 ? (nx < 0 ? 0 : 1) : nx < 0 ? 3 : 2;
  const safeColumn = min<i32>(max<i32>(column, 0), across - 1);
  const safeRow = min<i32>(max<i32>(row, 0), down - 1);
  return (safeColumn * down + safeRow) * 4 + quadrant;
}

/** Sobel derivatives times `scale`, and their length; the outermost pixels stay 0. */
function gradient(
  soft: usize,
  width: i32,
  height: i32,
  scale: f32,
  slope: usize,
  slopeX: usize,
  slopeY: usize,
): void {
  memory.fill(slope, 0, (<usize>(width * height)) << 2);
  const stride = (<usize>width) << 2;
  const two = f32x4.splat(2);
  const scales = f32x4.splat(scale);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x += 4) {
      // The last group steps back so that it ends with the row.
      const left = max<i32>(1, min<i32>(x, width - 5));
      const p = (<usize>(y * width + left)) << 2;
      const a = soft + p - stride;
      const b = soft + p;
      const c = soft + p + stride;
      const nw = v128.load(a - 4);
      const ne = v128.load(a + 4);
      const sw = v128.load(c - 4);
      const se = v128.load(c + 4);
      const middleX = f32x4.mul(two, f32x4.sub(v128.load(b + 4), v128.load(b - 4)));
      const dx = f32x4.add(f32x4.add(f32x4.sub(ne, nw), middleX), f32x4.sub(se, sw));
      const middleY = f32x4.mul(two, f32x4.sub(v128.load(c), v128.load(a)));
      const dy = f32x4.add(f32x4.add(f32x4.sub(sw, nw), middleY), f32x4.sub(se, ne));
      const gx = f32x4.mul(dx, scales);
      const gy = f32x4.mul(dy, scales);
      v128.store(slopeX + p, gx);
      v128.store(slopeY + p, gy);
      v128.store(slope + p, f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy))));
    }
  }
}
