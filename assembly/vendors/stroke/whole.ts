// What edges and areas say of the whole pair.
import { MAX_EDGES } from '../../seal/edges';
import { at, put, takePlane } from '../../seal/plane';
import { mark, release } from '../../shared/arena';
import { isUnscaled } from '../template';
import { backgroundAmong, excess, level, missing, NEAR, relative, weight } from './area';
import { softExcess, softMissing } from './blobs';
import { moveMax, moveRms, spreadMax } from './elastic';
import {
  core,
  edgeCount,
  edges,
  highX,
  highY,
  ink,
  isGrey,
  lowX,
  lowY,
  outside,
  rh,
  rw,
  SCALE,
} from './imprint';
import { scaleOf } from './rigid';
import { knowns, Motion, offsets, percentile, shares } from './search';

export const WHOLE_FIGURES: i32 = 23;
export const wholeFigures = memory.data(23 * 4);

/** Fills wholeFigures; returns the unknown share of the strokes. */
export function gatherWhole(motion: Motion): f32 {
  edgeTotals();
  const unknownShare = areaTotals();
  put(wholeFigures, 2, unknownShare * 3);
  put(wholeFigures, 6, <f32>motion.found * 3);
  put(wholeFigures, 10, moveRms * 20);
  put(wholeFigures, 11, moveMax * 10);
  const scale = scaleOf(motion);
  put(wholeFigures, 12, isUnscaled ? 0 : <f32>Math.abs(scale - 1) * 200);
  const square =
    motion.m0 * motion.m0 + motion.m1 * motion.m1 + motion.m2 * motion.m2 + motion.m3 * motion.m3;
  // Difference of the singular values: their squares sum to `square`, their product is scale².
  put(wholeFigures, 13, <f32>(Math.sqrt(Math.max(0, square - 2 * scale * scale)) / scale) * 300);
  put(wholeFigures, 14, <f32>motion.spread * 10);
  put(wholeFigures, 15, spreadMax * 10);
  put(wholeFigures, 16, isGrey ? 1 : 0);
  put(wholeFigures, 17, level);
  put(wholeFigures, 19, <f32>edgeCount / 3000);
  put(wholeFigures, 20, reachOfEdges() / 20);
  const tilt = motion.tiltX * motion.tiltX + motion.tiltY * motion.tiltY;
  put(wholeFigures, 21, <f32>Math.sqrt(tilt) * 300);
  put(wholeFigures, 22, isUnscaled ? 1 : 0);
  return unknownShare;
}

function edgeTotals(): void {
  let found: f64 = 1;
  let knownSum: f64 = 0;
  let squares: f64 = 0;
  let beyond: f64 = 0;
  for (let i = 0; i < edgeCount; i++) {
    const a = <f64>min<f32>(abs<f32>(at(offsets, i)), 0.5);
    const wq = <f64>(at(knowns, i) * at(shares, i));
    found += wq;
    knownSum += <f64>at(knowns, i);
    squares += wq * a * a;
    if (a > 0.2) beyond += wq;
  }
  put(wholeFigures, 7, <f32>((found / (knownSum + 1)) * 3));
  put(wholeFigures, 8, <f32>(Math.sqrt(squares / found) * 10));
  put(wholeFigures, 9, <f32>((beyond / found) * 5));
}

/** Sums over one row, four lanes each. */
const rowSums = memory.data(15 * 16);

function addLanes(index: usize, value: v128): void {
  const p = rowSums + (index << 4);
  v128.store(p, f32x4.add(v128.load(p), value));
}

function rowSum(index: usize): f64 {
  const p = rowSums + (index << 4);
  return <f64>load<f32>(p) + <f64>load<f32>(p, 4) + <f64>load<f32>(p, 8) + <f64>load<f32>(p, 12);
}

/** Adds four pixels, from byte offset p of all planes and column x on, to the sums of their row. */
function addToRow(p: usize, x: i32): void {
  const columns = i32x4.add(i32x4.splat(x), i32x4(0, 1, 2, 3));
  const isHere = i32x4.lt_s(columns, i32x4.splat(rw));
  const one = v128.and(f32x4.splat(1), isHere);
  const k = v128.and(v128.load(weight + p), isHere);
  const r = v128.and(v128.load(ink + p), isHere);
  const soft = v128.and(v128.load(softMissing + p), isHere);
  const off = v128.load(outside + p);
  const across = f32x4.sub(f32x4.convert_i32x4_s(columns), f32x4.splat(0.5 * <f32>rw));
  const isStroke = f32x4.gt(r, f32x4.splat(0.5));
  addLanes(0, f32x4.mul(k, v128.load(core + p)));
  addLanes(1, v128.and(v128.load(missing + p), isHere));
  addLanes(2, soft);
  addLanes(3, f32x4.mul(soft, across));
  addLanes(4, v128.and(one, isStroke));
  addLanes(5, v128.and(k, isStroke));
  addLanes(6, v128.and(k, backgroundAmong(off, NEAR)));
  addLanes(7, v128.and(v128.load(excess + p), isHere));
  addLanes(8, v128.and(v128.load(softExcess + p), isHere));
  const isNear = f32x4.lt(off, f32x4.splat(1.5));
  const isSeen = v128.and(f32x4.gt(k, f32x4.splat(0.5)), isNear);
  const ours = v128.and(r, isSeen);
  const z = v128.and(v128.load(relative + p), isSeen);
  addLanes(9, v128.and(one, isSeen));
  addLanes(10, ours);
  addLanes(11, z);
  addLanes(12, f32x4.mul(ours, ours));
  addLanes(13, f32x4.mul(z, z));
  addLanes(14, f32x4.mul(ours, z));
}

function areaTotals(): f32 {
  let cores: f64 = 1;
  let lack: f64 = 0;
  let softLack: f64 = 0;
  let strokes: f64 = 1;
  let visible: f64 = 0;
  let ground: f64 = 0;
  let surplus: f64 = 0;
  let softSurplus: f64 = 0;
  let sideX: f64 = 0;
  let sideY: f64 = 0;
  let n: f64 = 0;
  let sr: f64 = 0;
  let sz: f64 = 0;
  let srr: f64 = 0;
  let szz: f64 = 0;
  let srz: f64 = 0;
  for (let y = 0; y < rh; y++) {
    memory.fill(rowSums, 0, 15 * 16);
    for (let x = 0; x < rw; x += 4) addToRow((<usize>(y * rw + x)) << 2, x);
    cores += rowSum(0);
    lack += rowSum(1);
    const soft = rowSum(2);
    softLack += soft;
    sideX += rowSum(3);
    sideY += soft * (<f64>y - 0.5 * <f64>rh);
    strokes += rowSum(4);
    visible += rowSum(5);
    ground += rowSum(6);
    surplus += rowSum(7);
    softSurplus += rowSum(8);
    n += rowSum(9);
    sr += rowSum(10);
    sz += rowSum(11);
    srr += rowSum(12);
    szz += rowSum(13);
    srz += rowSum(14);
  }
  const background = Math.max(1, ground);
  const variances = (srr - (sr * sr) / n) * (szz - (sz * sz) / n);
  const isMeaningful = n > 100 && variances > 1e-6 * n * n;
  const spanX = <f64>(highX - lowX) * <f64>SCALE * 0.5;
  const spanY = <f64>(highY - lowY) * <f64>SCALE * 0.5;
  const total = softLack + 1e-3;
  const mx = sideX / spanX / total;
  const my = sideY / spanY / total;
  put(wholeFigures, 0, <f32>((lack / cores) * 5));
  put(wholeFigures, 1, <f32>((softLack / cores) * 5));
  put(wholeFigures, 3, <f32>((surplus / background) * 10));
  put(wholeFigures, 4, <f32>((softSurplus / background) * 10));
  put(
    wholeFigures,
    5,
    isMeaningful ? <f32>(((srz - (sr * sz) / n) / Math.sqrt(variances)) * 5) : 0,
  );
  put(wholeFigures, 18, <f32>Math.sqrt(mx * mx + my * my));
  return <f32>(1 - visible / strokes);
}

/** 95th percentile of the edges' coordinates, both taken together, without sign. */
function reachOfEdges(): f32 {
  const start = mark();
  const values = takePlane(2 * edgeCount);
  for (let i = 0; i < edgeCount; i++) {
    put(values, 2 * i, abs<f32>(at(edges, i)));
    put(values, 2 * i + 1, abs<f32>(at(edges, MAX_EDGES + i)));
  }
  const reach = percentile(values, 2 * edgeCount, 95);
  release(start);
  return reach;
}
