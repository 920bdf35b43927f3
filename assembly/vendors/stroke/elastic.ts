// Elastic correction: a smooth displacement and a smooth ink spread that explain what paper and
// rubber do, held by priors so that no stroke and no character can be followed.
//
// Edge offsets are gathered in small cells first, so that the cost of the normal equations
// (equations.ts) does not depend on the number of edges.
import { MAX_EDGES } from '../../seal/edges';
import { solve } from '../../seal/linear';
import { at, put, takePlane } from '../../seal/plane';
import { addDouble, doubleAt, putDouble } from '../../shared/doubles';
import {
  assemble,
  CELL_PX,
  cells,
  cellsAcross,
  cellsDown,
  columnsX,
  gridX,
  gridY,
  layEquations,
  MOMENTS,
  MONOMIALS,
  matrix,
  POWERS,
  rowsY,
  tabulate,
  UNIT_MM,
  vector,
} from './equations';
import { edgeCount, edges, highX, highY, lowX, lowY, rh, rw, SCALE } from './imprint';
import { tukey } from './rigid';
import { knowns, Motion, moveX, moveY, offsets, search, shareStrengths, shares } from './search';

/** In millimetres: the prior of the displacement, and the noise of one edge. */
const MOVE_PRIOR: f64 = 0.07;
const NOISE: f64 = 0.045;
/** Neighbouring edges err together: each counts as a tenth of an independent one. */
const INDEPENDENCE: f64 = 0.1;
/** Nodes where the displacement is tabulated, in map pixels. */
export const NODE_PX: i32 = 8;

/** Displacement (mm; x, y pairs) at nodes NODE_PX apart over the reserved map, `nodesAcross` a row. */
export let nodesAcross: i32 = 0;
export let nodesDown: i32 = 0;
export let nodes: usize = 0;
/** Size of the displacement over the edges: root mean square and greatest; greatest ink spread. */
export let moveRms: f32 = 0;
export let moveMax: f32 = 0;
export let spreadMax: f32 = 0;

const spread = memory.data(6 * 8);

/** Fits displacement and spread, then searches once more and leaves offsets beyond the smooth model. */
export function correct(motion: Motion): void {
  const size = layEquations();
  nodesAcross = rw / NODE_PX + 2;
  nodesDown = rh / NODE_PX + 2;
  nodes = takePlane(2 * nodesAcross * nodesDown);
  const nodeColumns = tabulate(nodesAcross, NODE_PX, rw, lowX, highX, gridX);
  const nodeRows = tabulate(nodesDown, NODE_PX, rh, lowY, highY, gridY);
  placeEdges();
  const stiffness = moveStiffness();
  memory.fill(spread, 0, 6 * 8);
  for (let pass = 0; pass < 2; pass++) {
    const reach: f32 = pass == 0 ? 0.6 : 0.45;
    search(motion, reach, 1);
    shareStrengths(1);
    fitSmooth(reach, size, stiffness, nodeColumns, nodeRows);
  }
  search(motion, 0.6, 1);
  shareStrengths(1);
  spreadMax = 0;
  for (let i = 0; i < edgeCount; i++) {
    const s = spreadAt(i);
    spreadMax = max<f32>(spreadMax, abs<f32>(s));
    put(offsets, i, at(offsets, i) - s);
  }
  measureMoves();
}

/** Finds the cell of each edge, and its place among the nodes. */
function placeEdges(): void {
  for (let i = 0; i < edgeCount; i++) {
    const cell = rowOf(at(edges, MAX_EDGES + i)) * cellsAcross + columnOf(at(edges, i));
    store<i32>(cellOf + ((<usize>i) << 2), cell);
    const u = (at(edges, i) * SCALE + 0.5 * <f32>(rw - 1)) / <f32>NODE_PX;
    const v = (at(edges, MAX_EDGES + i) * SCALE + 0.5 * <f32>(rh - 1)) / <f32>NODE_PX;
    const x = min<i32>(max<i32>(<i32>u, 0), nodesAcross - 2);
    const y = min<i32>(max<i32>(<i32>v, 0), nodesDown - 2);
    store<i32>(nodeOf + ((<usize>i) << 2), y * nodesAcross + x);
    put(nodeShares, 2 * i, u - <f32>x);
    put(nodeShares, 2 * i + 1, v - <f32>y);
  }
}

/** Precision of one bump's weight, such that the whole displacement has the prior's spread. */
function moveStiffness(): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < edgeCount; i++) {
    let alongX: f64 = 0;
    let alongY: f64 = 0;
    const fx = gridX + POWERS;
    const fy = gridY + POWERS;
    const column = columnOf(at(edges, i));
    const row = rowOf(at(edges, MAX_EDGES + i));
    for (let j = 0; j < gridX; j++) alongX += doubleAt(columnsX, column * fx + j) ** 2;
    for (let j = 0; j < gridY; j++) alongY += doubleAt(rowsY, row * fy + j) ** 2;
    sum += alongX * alongY;
  }
  return sum / <f64>edgeCount / (MOVE_PRIOR * MOVE_PRIOR);
}

function columnOf(x: f32): i32 {
  const px = <i32>(x * SCALE + 0.5 * <f32>(rw - 1));
  return min<i32>(max<i32>(px / CELL_PX, 0), cellsAcross - 1);
}

function rowOf(y: f32): i32 {
  const px = <i32>(y * SCALE + 0.5 * <f32>(rh - 1));
  return min<i32>(max<i32>(px / CELL_PX, 0), cellsDown - 1);
}

function spreadAt(i: i32): f32 {
  const x = <f64>at(edges, i) / UNIT_MM;
  const y = <f64>at(edges, MAX_EDGES + i) / UNIT_MM;
  const linear = doubleAt(spread, 0) + doubleAt(spread, 1) * x + doubleAt(spread, 2) * y;
  return <f32>(
    (linear +
      doubleAt(spread, 3) * x * x +
      doubleAt(spread, 4) * x * y +
      doubleAt(spread, 5) * y * y)
  );
}

/** Offset of an edge from where it lay before any displacement. */
function wholeOffset(i: i32): f64 {
  const nx = at(edges, 2 * MAX_EDGES + i);
  const ny = at(edges, 3 * MAX_EDGES + i);
  return <f64>(at(offsets, i) + at(moveX, i) * nx + at(moveY, i) * ny);
}

/** The cell of each edge. */
const cellOf = memory.data(12288 * 4);
/** The node to the upper left of each edge, and its shares of the way to the next, x and y. */
const nodeOf = memory.data(12288 * 4);
const nodeShares = memory.data(12288 * 8);
const whole = memory.data(12288 * 4);
const weights = memory.data(12288 * 4);

function fitSmooth(
  reach: f32,
  size: i32,
  stiffness: f64,
  nodeColumns: usize,
  nodeRows: usize,
): void {
  for (let i = 0; i < edgeCount; i++) {
    const isWithin = abs<f32>(at(offsets, i)) < reach - 0.01;
    put(weights, i, isWithin ? at(knowns, i) * at(shares, i) : 0);
    put(whole, i, <f32>wholeOffset(i));
  }
  let width: f64 = 0.35;
  for (let round = 0; round < 3; round++) {
    gather(width);
    assemble(size, stiffness);
    solve(matrix, vector, size);
    for (let k = 0; k < MONOMIALS; k++)
      putDouble(spread, k, doubleAt(vector, size - MONOMIALS + k));
    expand(nodeColumns, nodeRows);
    moveEdges();
    width = max<f64>(0.2, 0.8 * width);
  }
}

function addTwo(p: usize, values: v128): void {
  v128.store(p, f64x2.add(v128.load(p), values));
}

/** Sums the weighted products of (nx, ny, 1) and of each with the offset, cell by cell. */
function gather(width: f64): void {
  memory.fill(cells, 0, (<usize>(cellsAcross * cellsDown * MOMENTS)) << 3);
  for (let i = 0; i < edgeCount; i++) {
    const w0 = <f64>at(weights, i);
    if (w0 == 0) continue;
    const nx = <f64>at(edges, 2 * MAX_EDGES + i);
    const ny = <f64>at(edges, 3 * MAX_EDGES + i);
    const t = <f64>at(whole, i);
    const e = t - <f64>at(moveX, i) * nx - <f64>at(moveY, i) * ny - <f64>spreadAt(i);
    const w = w0 * tukey(e, width) * (INDEPENDENCE / (NOISE * NOISE));
    const m = cells + ((<usize>(load<i32>(cellOf + ((<usize>i) << 2)) * MOMENTS)) << 3);
    const wx = w * nx;
    const wy = w * ny;
    addTwo(m, f64x2(wx * nx, wx * ny));
    addTwo(m + 16, f64x2(wy * ny, wx));
    addTwo(m + 32, f64x2(wy, w));
    addTwo(m + 48, f64x2(wx * t, wy * t));
    addDouble(m, 8, w * t);
  }
}

/** What a row of nodes takes of each column of bumps: along x and along y. */
const rowMoves = memory.data(10 * 2 * 8);

/** Displacement at the nodes from the weights in `vector`. */
function expand(nodeColumns: usize, nodeRows: usize): void {
  const fx = gridX + POWERS;
  const fy = gridY + POWERS;
  const bumps = gridX * gridY;
  for (let row = 0; row < nodesDown; row++) {
    for (let i = 0; i < gridX; i++) {
      let dx: f64 = 0;
      let dy: f64 = 0;
      for (let j = 0; j < gridY; j++) {
        const along = doubleAt(nodeRows, row * fy + j);
        dx += along * doubleAt(vector, j * gridX + i);
        dy += along * doubleAt(vector, bumps + j * gridX + i);
      }
      putDouble(rowMoves, 2 * i, dx);
      putDouble(rowMoves, 2 * i + 1, dy);
    }
    for (let column = 0; column < nodesAcross; column++) {
      let move = f64x2.splat(0);
      for (let i = 0; i < gridX; i++) {
        const value = f64x2.splat(doubleAt(nodeColumns, column * fx + i));
        move = f64x2.add(move, f64x2.mul(value, v128.load(rowMoves + ((<usize>i) << 4))));
      }
      const node = nodes + ((<usize>(row * nodesAcross + column)) << 3);
      v128.store64_lane(node, f32x4.demote_f64x2_zero(move), 0);
    }
  }
}

/** Displaces each edge by what its four nodes say, bilinear; both coordinates at once. */
function moveEdges(): void {
  const stride = (<usize>nodesAcross) << 3;
  for (let i = 0; i < edgeCount; i++) {
    const p = nodes + ((<usize>load<i32>(nodeOf + ((<usize>i) << 2))) << 3);
    const upper = v128.load(p);
    const lower = v128.load(p + stride);
    const left = v128.shuffle<f64>(upper, lower, 0, 2);
    const right = v128.shuffle<f64>(upper, lower, 1, 3);
    const fx = v128.load32_splat(nodeShares + ((<usize>i) << 3));
    const fy = v128.load32_splat(nodeShares + ((<usize>i) << 3) + 4);
    const both = f32x4.add(left, f32x4.mul(fx, f32x4.sub(right, left)));
    const below = v128.shuffle<f64>(both, both, 1, 1);
    const move = f32x4.add(both, f32x4.mul(fy, f32x4.sub(below, both)));
    put(moveX, i, f32x4.extract_lane(move, 0));
    put(moveY, i, f32x4.extract_lane(move, 1));
  }
}

function measureMoves(): void {
  let sum: f64 = 0;
  let most: f32 = 0;
  for (let i = 0; i < edgeCount; i++) {
    const square = at(moveX, i) * at(moveX, i) + at(moveY, i) * at(moveY, i);
    sum += <f64>square;
    most = max<f32>(most, square);
  }
  moveRms = <f32>Math.sqrt(sum / <f64>edgeCount);
  moveMax = sqrt<f32>(most);
}
