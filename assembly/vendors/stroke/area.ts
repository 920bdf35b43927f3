// Area maps in the reserved frame: where the query misses ink and where it has too much.
import { at, clamp, clampFour, put, takePlane, wideBox } from '../../seal/plane';
import { placesOf } from '../../seal/sample';
import { mark, release } from '../../shared/arena';
import { NODE_PX, nodes, nodesAcross, nodesDown } from './elastic';
import {
  core,
  isAllKnown,
  known,
  knownAround,
  outside,
  qh,
  qw,
  rh,
  rw,
  SCALE,
  soft,
} from './imprint';
import { coverPrint } from './print';
import { depthAt, Motion, percentile } from './search';

/** Query ink and known weight, laid over the reserved imprint; `seen` before print is taken out. */
export let query: usize = 0;
export let weight: usize = 0;
export let seen: usize = 0;
/** Ink relative to the imprint's own level, about 1 in a full stroke. */
export let relative: usize = 0;
export let missing: usize = 0;
/** Excess ink beside the strokes, weighted by what is known. */
export let excess: usize = 0;
/** Excess with print counted as ink. */
export let anyExcess: usize = 0;
/** The query's ink depth in full strokes. */
export let level: f32 = 0;

/** Paper that may show excess ink begins this far from a stroke, and ends there (mm). */
export const NEAR: f32 = 0.17;
export const FAR: f32 = 0.32;
const LAST: f32 = 3;

/** All bits where paper may show excess ink, of four distances to ink; it begins at `from`. */
export function backgroundAmong(off: v128, from: f32): v128 {
  return v128.and(f32x4.gt(off, f32x4.splat(from)), f32x4.lt(off, f32x4.splat(LAST)));
}

/** Where the nodes of the displacement lie in the query, in its pixels. */
function layNodes(motion: Motion, sourceX: usize, sourceY: usize): void {
  const centreX = <f32>motion.x * SCALE + 0.5 * <f32>(qw - 1);
  const centreY = <f32>motion.y * SCALE + 0.5 * <f32>(qh - 1);
  for (let row = 0; row < nodesDown; row++) {
    for (let column = 0; column < nodesAcross; column++) {
      const node = row * nodesAcross + column;
      const x = <f32>(column * NODE_PX) - 0.5 * <f32>(rw - 1) + at(nodes, 2 * node) * SCALE;
      const y = <f32>(row * NODE_PX) - 0.5 * <f32>(rh - 1) + at(nodes, 2 * node + 1) * SCALE;
      const nearness = <f32>1 / depthAt(motion, x / SCALE, y / SCALE);
      const px = x * nearness;
      const py = y * nearness;
      put(sourceX, node, <f32>motion.m0 * px + <f32>motion.m1 * py + centreX);
      put(sourceY, node, <f32>motion.m2 * px + <f32>motion.m3 * py + centreY);
    }
  }
}

/** Between the four nodes from one on and those below them. */
function between(nodes: usize, node: i32, share: v128): v128 {
  const p = nodes + ((<usize>node) << 2);
  const upper = v128.load(p);
  const lower = v128.load(p + ((<usize>nodesAcross) << 2));
  return f32x4.add(upper, f32x4.mul(share, f32x4.sub(lower, upper)));
}

const fourX = memory.data(16);
const fourY = memory.data(16);

/** Samples the query through motion and displacement. Beyond the query's picture nothing is known. */
function lay(motion: Motion): void {
  const start = mark();
  // Four nodes are read at once, from the last ones on too.
  const sourceX = takePlane(nodesAcross * nodesDown + 8);
  const sourceY = takePlane(nodesAcross * nodesDown + 8);
  layNodes(motion, sourceX, sourceY);
  const last = max<i32>(0, ((rw + NODE_PX - 1) & -NODE_PX) - 4 * NODE_PX);
  for (let top = 0; top < rh; top += NODE_PX) {
    const end = min<i32>(rh, top + NODE_PX);
    // Square by square, since the rows of a turned query lie far apart; the last one steps back.
    for (let x = 0; x < rw; x += 4 * NODE_PX) {
      for (let y = top; y < end; y++) layStretches(sourceX, sourceY, min<i32>(x, last), y);
    }
    for (let y = top; y < end; y++) clearFar((<usize>(y * rw)) << 2);
  }
  release(start);
}

/** How far four places lie outside the query; those inside are below 0. */
function beyond(x: v128, y: v128): v128 {
  const right = f32x4.sub(x, f32x4.splat(<f32>(qw - 1)));
  const bottom = f32x4.sub(y, f32x4.splat(<f32>(qh - 1)));
  return f32x4.pmax(f32x4.neg(f32x4.pmin(x, y)), f32x4.pmax(right, bottom));
}

/** Samples four stretches of a row, each between two columns of nodes, side by side. */
function layStretches(sourceX: usize, sourceY: usize, x: i32, y: i32): void {
  const share = f32x4.splat(<f32>(y % NODE_PX) / <f32>NODE_PX);
  const pitch = f32x4.splat(<f32>NODE_PX);
  const node = (y / NODE_PX) * nodesAcross + x / NODE_PX;
  let sx = between(sourceX, node, share);
  let sy = between(sourceY, node, share);
  const dx = f32x4.div(f32x4.sub(between(sourceX, node + 1, share), sx), pitch);
  const dy = f32x4.div(f32x4.sub(between(sourceY, node + 1, share), sy), pitch);
  for (let k = 0; k < NODE_PX && x + k < rw; k++) {
    const p = y * rw + x + k;
    if (x + k + 3 * NODE_PX >= rw || !layFour(p, sx, sy)) {
      v128.store(fourX, sx);
      v128.store(fourY, sy);
      for (let i = 0; i < 4 && x + k + i * NODE_PX < rw; i++) {
        laySample(p + i * NODE_PX, at(fourX, i), at(fourY, i));
      }
    }
    sx = f32x4.add(sx, dx);
    sy = f32x4.add(sy, dy);
  }
}

/** Nothing far from the strokes counts, in the row from byte offset `first` on; what lies behind it is laid later. */
function clearFar(first: usize): void {
  const last = f32x4.splat(LAST);
  for (let p = first; p < first + ((<usize>rw) << 2); p += 16) {
    const isNear = f32x4.lt(v128.load(outside + p), last);
    v128.store(query + p, v128.and(isNear, v128.load(query + p)));
    const share = v128.and(isNear, v128.load(seen + p));
    v128.store(seen + p, share);
    v128.store(weight + p, share);
  }
}

/**
 * Both planes at four places for pixels NODE_PX apart from p on: as `laySample`, bit for bit. False when
 * one lies on the edge, or what is around it is not all known.
 */
function layFour(p: i32, x: v128, y: v128): bool {
  const off = beyond(x, y);
  const isInside = f32x4.lt(off, f32x4.splat(0));
  if (!i32x4.all_true(v128.or(isInside, f32x4.ge(off, f32x4.splat(1))))) return false;
  // What lies outside takes the first pixel, for nothing.
  const ownX = v128.and(x, isInside);
  const ownY = v128.and(y, isInside);
  const cx = f32x4.floor(ownX);
  const cy = f32x4.floor(ownY);
  const fx = f32x4.sub(ownX, cx);
  const fy = f32x4.sub(ownY, cy);
  const corners = placesOf(cx, cy, qw);
  const p0 = <usize>i32x4.extract_lane(corners, 0);
  const p1 = <usize>i32x4.extract_lane(corners, 1);
  const p2 = <usize>i32x4.extract_lane(corners, 2);
  const p3 = <usize>i32x4.extract_lane(corners, 3);
  if (!isAllKnown) {
    const both = load<u8>(knownAround + p0) & load<u8>(knownAround + p1);
    if ((both & load<u8>(knownAround + p2) & load<u8>(knownAround + p3)) == 0) return false;
  }
  const q0 = soft + (p0 << 2);
  const q1 = soft + (p1 << 2);
  const q2 = soft + (p2 << 2);
  const q3 = soft + (p3 << 2);
  const stride = (<usize>qw) << 2;
  const upper01 = v128.load64_lane(q1, v128.load64_zero(q0), 1);
  const upper23 = v128.load64_lane(q3, v128.load64_zero(q2), 1);
  const lower01 = v128.load64_lane(q1 + stride, v128.load64_zero(q0 + stride), 1);
  const lower23 = v128.load64_lane(q3 + stride, v128.load64_zero(q2 + stride), 1);
  const left = v128.shuffle<f32>(upper01, upper23, 0, 2, 4, 6);
  const right = v128.shuffle<f32>(upper01, upper23, 1, 3, 5, 7);
  const lowerLeft = v128.shuffle<f32>(lower01, lower23, 0, 2, 4, 6);
  const lowerRight = v128.shuffle<f32>(lower01, lower23, 1, 3, 5, 7);
  const a = f32x4.add(left, f32x4.mul(fy, f32x4.sub(lowerLeft, left)));
  const b = f32x4.add(right, f32x4.mul(fy, f32x4.sub(lowerRight, right)));
  const depth = f32x4.add(a, f32x4.mul(fx, f32x4.sub(b, a)));
  storeApart(query, p, v128.and(isInside, depth));
  storeApart(seen, p, v128.and(isInside, f32x4.splat(1)));
  return true;
}

function storeApart(plane: usize, p: i32, values: v128): void {
  const to = plane + ((<usize>p) << 2);
  v128.store32_lane(to, values, 0);
  v128.store32_lane(to, values, 1, 4 * NODE_PX);
  v128.store32_lane(to, values, 2, 8 * NODE_PX);
  v128.store32_lane(to, values, 3, 12 * NODE_PX);
}

/** Both planes at one place, bilinear; where a neighbour lies outside, slowly. */
function laySample(p: i32, x: f32, y: f32): void {
  if (!(x >= 0 && y >= 0 && x < <f32>(qw - 1) && y < <f32>(qh - 1))) {
    layEdge(p, x, y);
    return;
  }
  const x0 = <i32>x;
  const y0 = <i32>y;
  const q = (<usize>(y0 * qw + x0)) << 2;
  put(query, p, bilinear(soft + q, x - <f32>x0, y - <f32>y0));
  put(seen, p, bilinear(known + q, x - <f32>x0, y - <f32>y0));
}

function bilinear(p: usize, fx: f32, fy: f32): f32 {
  const q = p + ((<usize>qw) << 2);
  const left = load<f32>(p) + fy * (load<f32>(q) - load<f32>(p));
  const right = load<f32>(p, 4) + fy * (load<f32>(q, 4) - load<f32>(p, 4));
  return left + fx * (right - left);
}

/** Fades to 0 over the pixel beyond the edges. */
function layEdge(p: i32, x: f32, y: f32): void {
  put(query, p, 0);
  put(seen, p, 0);
  if (!(x > -1 && y > -1 && x < <f32>qw && y < <f32>qh)) return;
  const x0 = <i32>floor<f32>(x);
  const y0 = <i32>floor<f32>(y);
  const fx = x - <f32>x0;
  const fy = y - <f32>y0;
  let value: f32 = 0;
  let share: f32 = 0;
  for (let j = max<i32>(0, -y0); j < min<i32>(2, qh - y0); j++) {
    const wy: f32 = j == 0 ? <f32>1 - fy : fy;
    for (let i = max<i32>(0, -x0); i < min<i32>(2, qw - x0); i++) {
      const w = wy * (i == 0 ? <f32>1 - fx : fx);
      const q = (y0 + j) * qw + x0 + i;
      value += w * at(soft, q);
      share += w * at(known, q);
    }
  }
  put(query, p, value);
  put(seen, p, share);
}

function measureLevel(): void {
  const start = mark();
  const values = takePlane(rw * rh);
  let count = 0;
  const half = f32x4.splat(0.5);
  for (let first = 0; first < rw * rh; first += 4) {
    const offset = (<usize>first) << 2;
    const isSeen = f32x4.gt(v128.load(seen + offset), half);
    const isCore = f32x4.gt(v128.load(core + offset), f32x4.splat(0));
    let here = i32x4.bitmask(v128.and(isSeen, isCore));
    if (first + 4 > rw * rh) here &= (1 << (rw * rh - first)) - 1;
    for (; here != 0; here &= here - 1) put(values, count++, at(query, first + ctz<i32>(here)));
  }
  level = count > 30 ? clamp(percentile(values, count, 60), 0.3, 1.2) : <f32>0.8;
  release(start);
}

/** Compares ink by its local level: the mean over the cores within 4 mm, held near the imprint's own. */
function compareAll(): void {
  const start = mark();
  const sum = takePlane(rw * rh);
  const share = takePlane(rw * rh);
  const end = (<usize>(rw * rh)) << 2;
  for (let p: usize = 0; p < end; p += 16) {
    const w = f32x4.mul(v128.load(core + p), v128.load(weight + p));
    v128.store(share + p, w);
    v128.store(sum + p, f32x4.mul(w, v128.load(query + p)));
  }
  const size = <i32>(<f32>4 * SCALE) | 1;
  wideBox(sum, sum, rw, rh, size);
  wideBox(share, share, rw, rh, size);
  const prior = f32x4.splat(0.02);
  const usual = f32x4.splat(0.02 * level);
  for (let p: usize = 0; p < end; p += 16) {
    const ink = f32x4.add(v128.load(sum + p), usual);
    const gain = f32x4.div(ink, f32x4.add(v128.load(share + p), prior));
    const held = clampFour(gain, 0.6 * level, 1.25 * level);
    compareInk(p, f32x4.div(v128.load(query + p), held));
  }
  release(start);
}

/** How much more than a quarter of a stroke's ink there is, 0 to 1. */
function surplus(ink: v128): v128 {
  return clampFour(f32x4.div(f32x4.sub(ink, f32x4.splat(0.25)), f32x4.splat(0.4)), 0, 1);
}

/** Writes all maps of four pixels, whose ink is given relative to its surroundings. */
function compareInk(p: usize, ink: v128): void {
  const z = clampFour(ink, 0, 1.3);
  const k = v128.load(weight + p);
  const lack = clampFour(f32x4.div(f32x4.sub(f32x4.splat(0.55), z), f32x4.splat(0.4)), 0, 1);
  v128.store(missing + p, f32x4.mul(f32x4.mul(lack, v128.load(core + p)), k));
  const isNear = backgroundAmong(v128.load(outside + p), NEAR);
  v128.store(excess + p, v128.and(f32x4.mul(surplus(z), k), isNear));
  const any = f32x4.mul(surplus(ink), v128.load(seen + p));
  v128.store(anyExcess + p, v128.and(any, isNear));
  v128.store(relative + p, f32x4.pmin(z, f32x4.splat(1)));
}

export function prepareArea(motion: Motion): void {
  const pixels = rw * rh;
  query = takePlane(pixels);
  seen = takePlane(pixels);
  weight = takePlane(pixels);
  relative = takePlane(pixels);
  missing = takePlane(pixels);
  excess = takePlane(pixels);
  anyExcess = takePlane(pixels);
  lay(motion);
  measureLevel();
  coverPrint(query, weight, level);
  compareAll();
}
