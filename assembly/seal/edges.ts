// Sub-pixel edge points of a smoothed ink map.
import { mark, release } from '../shared/arena';
import { at, clampFour, put, takePlane } from './plane';
import { sampleLines } from './sample';

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
  const found = takePlane(width * height * 5);
  let count = 0;
  const least = f32x4.splat(LEAST_STRENGTH);
  for (let y = 2; y < height - 2; y++) {
    for (let first = 2; first < width - 2; first += 4) {
      const offset = (<usize>(y * width + first)) << 2;
      const isSteep = f32x4.gt(v128.load(slope + offset), least);
      if (!v128.any_true(isSteep)) continue;
      const isSeen = f32x4.gt(v128.load(known + offset), f32x4.splat(0.5));
      const isHere = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(width - 2 - first));
      const wanted = v128.and(isSteep, v128.and(isSeen, isHere));
      let ridges = findRidges(slope, slopeX, slopeY, width, first, y, wanted);
      for (; ridges != 0; ridges &= ridges - 1) {
        const lane = ctz<i32>(ridges);
        const m = load<f32>(slope + offset + ((<usize>lane) << 2));
        const nx = at(normalX, lane);
        const ny = at(normalY, lane);
        const X = (<f32>(first + lane) + at(shifts, lane) * nx - <f32>(width - 1) * 0.5) / pxPerMm;
        const Y = (<f32>y + at(shifts, lane) * ny - <f32>(height - 1) * 0.5) / pxPerMm;
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

const normalX = memory.data(16);
const normalY = memory.data(16);
const shifts = memory.data(16);
const beside = memory.data(32);

/**
 * Which of the wanted among four pixels from (x, y) on are steeper than what lies before and behind them
 * along their normals; leaves those and how far the ridge lies from the pixel.
 */
function findRidges(
  slope: usize,
  slopeX: usize,
  slopeY: usize,
  width: i32,
  x: i32,
  y: i32,
  wanted: v128,
): i32 {
  const p = (<usize>(y * width + x)) << 2;
  const m = v128.load(slope + p);
  // What is not wanted stays where it is.
  const nx = v128.and(wanted, f32x4.div(f32x4.neg(v128.load(slopeX + p)), m));
  const ny = v128.and(wanted, f32x4.div(f32x4.neg(v128.load(slopeY + p)), m));
  const across = f32x4.add(f32x4.splat(<f32>x), f32x4(0, 1, 2, 3));
  const down = f32x4.splat(<f32>y);
  // Places before and behind are whole steps apart: their difference is exact.
  const fromX = f32x4.sub(across, nx);
  const fromY = f32x4.sub(down, ny);
  const stepX = f32x4.sub(f32x4.add(across, nx), fromX);
  const stepY = f32x4.sub(f32x4.add(down, ny), fromY);
  sampleLines(slope, width, fromX, fromY, stepX, stepY, 8, beside);
  const before = v128.load(beside);
  const after = v128.load(beside, 16);
  const isRidge = v128.and(f32x4.ge(m, before), f32x4.gt(m, after));
  const twice = f32x4.sub(before, f32x4.add(m, m));
  const bend = f32x4.pmin(f32x4.add(twice, after), f32x4.splat(-1e-6));
  const half = f32x4.mul(f32x4.splat(0.5), f32x4.sub(before, after));
  v128.store(normalX, nx);
  v128.store(normalY, ny);
  v128.store(shifts, clampFour(f32x4.div(half, bend), -0.6, 0.6));
  return i32x4.bitmask(v128.and(isRidge, wanted));
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
      const west = v128.load(b - 4);
      const east = v128.load(b + 4);
      const north = v128.load(a);
      const south = v128.load(c);
      const beside = v128.or(v128.or(west, east), v128.or(north, south));
      // On bare paper the slope is 0 already.
      const corners = v128.or(v128.or(nw, ne), v128.or(sw, se));
      if (!v128.any_true(v128.or(beside, corners))) continue;
      const middleX = f32x4.mul(two, f32x4.sub(east, west));
      const dx = f32x4.add(f32x4.add(f32x4.sub(ne, nw), middleX), f32x4.sub(se, sw));
      const middleY = f32x4.mul(two, f32x4.sub(south, north));
      const dy = f32x4.add(f32x4.add(f32x4.sub(sw, nw), middleY), f32x4.sub(se, ne));
      const gx = f32x4.mul(dx, scales);
      const gy = f32x4.mul(dy, scales);
      v128.store(slopeX + p, gx);
      v128.store(slopeY + p, gy);
      v128.store(slope + p, f32x4.sqrt(f32x4.add(f32x4.mul(gx, gx), f32x4.mul(gy, gy))));
    }
  }
}
