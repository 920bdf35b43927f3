// Area maps in the reserved frame: where the query misses ink and where it has too much.
import { at, clamp, clampFour, put, takePlane, wideBox } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { NODE_PX, nodes, nodesAcross, nodesDown } from './elastic';
import { core, known, outside, pairs, qh, qw, rh, rw, SCALE, soft } from './imprint';
import { coverPrint } from './print';
import { depthAt, Motion, percentile } from './search';

/** Query ink and known weight, laid over the reserved imprint; `seen` before print is taken out. */
export let query: usize = 0;
export let weight: usize = 0;
export let seen: usize = 0;
/** Ink relative to the imprint's own level, about 1 in a full stroke. */
export let relative: usize = 0;
export let missing: usize = 0;
/** Excess ink close to the strokes and farther off, each weighted by what is known. */
export let excess: usize = 0;
export let farExcess: usize = 0;
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

function between(nodes: usize, node: i32, share: f32): f32 {
  const upper = at(nodes, node);
  return upper + share * (at(nodes, node + nodesAcross) - upper);
}

/** Samples the query through motion and displacement. Beyond the query's picture nothing is known. */
function lay(motion: Motion): void {
  const start = mark();
  const sourceX = takePlane(nodesAcross * nodesDown);
  const sourceY = takePlane(nodesAcross * nodesDown);
  layNodes(motion, sourceX, sourceY);
  for (let y = 0; y < rh; y++) {
    const share: f32 = <f32>(y % NODE_PX) / <f32>NODE_PX;
    for (let x0 = 0; x0 < rw; x0 += NODE_PX) {
      const node = (y / NODE_PX) * nodesAcross + x0 / NODE_PX;
      let sx = between(sourceX, node, share);
      let sy = between(sourceY, node, share);
      const dx = (between(sourceX, node + 1, share) - sx) / <f32>NODE_PX;
      const dy = (between(sourceY, node + 1, share) - sy) / <f32>NODE_PX;
      const end = y * rw + min<i32>(rw, x0 + NODE_PX);
      for (let p = y * rw + x0; p < end; p++) {
        if (at(outside, p) >= LAST) {
          put(query, p, 0);
          put(seen, p, 0);
        } else {
          laySample(p, sx, sy);
        }
        sx += dx;
        sy += dy;
      }
    }
  }
  release(start);
}

/** Both planes at one place, bilinear; where a neighbour lies outside, slowly. */
function laySample(p: i32, x: f32, y: f32): void {
  if (!(x >= 0 && y >= 0 && x < <f32>(qw - 1) && y < <f32>(qh - 1))) {
    layEdge(p, x, y);
    return;
  }
  const x0 = <i32>x;
  const y0 = <i32>y;
  const q = pairs + ((<usize>(y0 * qw + x0)) << 3);
  const upper = v128.load(q);
  const lower = v128.load(q + ((<usize>qw) << 3));
  const fy = f32x4.splat(y - <f32>y0);
  const both = f32x4.add(upper, f32x4.mul(fy, f32x4.sub(lower, upper)));
  const fx = f32x4.splat(x - <f32>x0);
  const right = i8x16.shuffle(both, both, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
  const value = f32x4.add(both, f32x4.mul(fx, f32x4.sub(right, both)));
  put(query, p, f32x4.extract_lane(value, 0));
  put(seen, p, f32x4.extract_lane(value, 1));
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
  for (let p = 0; p < rw * rh; p++) {
    if (at(core, p) > 0 && at(seen, p) > 0.5) put(values, count++, at(query, p));
  }
  level = count > 30 ? clamp(percentile(values, count, 60), 0.3, 1.2) : <f32>0.8;
  release(start);
}

/** Local ink level: mean over the cores within 4 mm, held near the imprint's own level. */
function measureRelative(): void {
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
    v128.store(relative + p, f32x4.div(v128.load(query + p), held));
  }
  release(start);
}

/** How much more than a quarter of a stroke's ink there is, 0 to 1. */
function surplus(ink: v128): v128 {
  return clampFour(f32x4.div(f32x4.sub(ink, f32x4.splat(0.25)), f32x4.splat(0.4)), 0, 1);
}

function compareInk(): void {
  for (let p: usize = 0; p < (<usize>(rw * rh)) << 2; p += 16) {
    const ink = v128.load(relative + p);
    const z = clampFour(ink, 0, 1.3);
    const k = v128.load(weight + p);
    const lack = clampFour(f32x4.div(f32x4.sub(f32x4.splat(0.55), z), f32x4.splat(0.4)), 0, 1);
    v128.store(missing + p, f32x4.mul(f32x4.mul(lack, v128.load(core + p)), k));
    const over = f32x4.mul(surplus(z), k);
    const off = v128.load(outside + p);
    const isNear = backgroundAmong(off, NEAR);
    v128.store(excess + p, v128.and(over, isNear));
    v128.store(farExcess + p, v128.and(over, backgroundAmong(off, FAR)));
    const any = f32x4.mul(surplus(ink), v128.load(seen + p));
    v128.store(anyExcess + p, v128.and(any, isNear));
    v128.store(relative + p, f32x4.pmin(z, f32x4.splat(1)));
  }
}

export function prepareArea(motion: Motion): void {
  const pixels = rw * rh;
  query = takePlane(pixels);
  seen = takePlane(pixels);
  weight = takePlane(pixels);
  relative = takePlane(pixels);
  missing = takePlane(pixels);
  excess = takePlane(pixels);
  farExcess = takePlane(pixels);
  anyExcess = takePlane(pixels);
  lay(motion);
  measureLevel();
  memory.copy(weight, seen, (<usize>pixels) << 2);
  coverPrint(query, weight, level);
  measureRelative();
  compareInk();
}
