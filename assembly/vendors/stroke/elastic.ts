// Elastic correction: a smooth displacement and a smooth ink spread that explain what paper and
// rubber do, held by priors so that no stroke and no character can be followed.
//
// The displacement is a sum of Gaussian bumps, separable in x and y. Edge offsets are gathered in
// small cells first; the normal equations then follow by contracting over columns and over rows,
// so their cost does not depend on the number of edges.
import { MAX_EDGES } from '../../seal/edges';
import { solve } from '../../seal/linear';
import { at, put, takePlane } from '../../seal/plane';
import { take } from '../../shared/arena';
import { edgeCount, edges, highX, highY, lowX, lowY, rh, rw, SCALE } from './imprint';
import { tukey } from './rigid';
import { knowns, Motion, moveX, moveY, offsets, search, shareStrengths, shares } from './search';

/** Spread of one bump and distance of their centres, millimetres. */
const BUMP_MM: f64 = 7.5;
const GRID_MM: f32 = 9;
const MAX_GRID: i32 = 10;
/** Priors in millimetres: displacement, ink spread; and the noise of one edge. */
const MOVE_PRIOR: f64 = 0.07;
const SPREAD_PRIOR: f64 = 0.05;
const NOISE: f64 = 0.045;
/** Neighbouring edges err together: each counts as a tenth of an independent one. */
const INDEPENDENCE: f64 = 0.1;
/** Monomials of the ink spread are in units of this many millimetres. */
const UNIT_MM: f64 = 20;
const POWERS: i32 = 3;
const MONOMIALS: i32 = 6;
/** Cells for the normal equations, and nodes where the displacement is tabulated, in map pixels. */
const CELL_PX: i32 = 12;
export const NODE_PX: i32 = 8;
const MOMENTS: i32 = 9;

const powerX = memory.data<u8>([0, 1, 0, 2, 1, 0]);
const powerY = memory.data<u8>([0, 0, 1, 0, 1, 2]);

/** Displacement (mm; x, y pairs) at nodes NODE_PX apart over the reserved map, `nodesAcross` a row. */
export let nodesAcross: i32 = 0;
export let nodesDown: i32 = 0;
export let nodes: usize = 0;
/** Size of the displacement over the edges: root mean square and greatest; greatest ink spread. */
export let moveRms: f32 = 0;
export let moveMax: f32 = 0;
export let spreadMax: f32 = 0;

let gridX: i32 = 0;
let gridY: i32 = 0;
let cellsAcross: i32 = 0;
let cellsDown: i32 = 0;
let cells: usize = 0;
/** Functions of x at cell columns and of y at cell rows: bumps, then powers. f64. */
let columnsX: usize = 0;
let rowsY: usize = 0;
/** What `sumColumns` found, 32 bytes a row of cells. */
let rowSums: usize = 0;
let matrix: usize = 0;
let vector: usize = 0;
const spread = memory.data(6 * 8);

function get(p: usize, index: i32): f64 {
  return load<f64>(p + ((<usize>index) << 3));
}

function set(p: usize, index: i32, value: f64): void {
  store<f64>(p + ((<usize>index) << 3), value);
}

function add(p: usize, index: i32, value: f64): void {
  const q = p + ((<usize>index) << 3);
  store<f64>(q, load<f64>(q) + value);
}

function takeDoubles(count: i32): usize {
  const p = take((<usize>count) << 3);
  assert(p != 0, 'arena exhausted');
  return p;
}

function gridSize(low: f32, high: f32): i32 {
  return min<i32>(MAX_GRID, max<i32>(2, <i32>nearest<f32>((high - low) / GRID_MM) + 1));
}

function bump(x: f64, low: f32, high: f32, grid: i32, index: i32): f64 {
  const centre = <f64>low + (<f64>(high - low) * <f64>index) / <f64>(grid - 1);
  const d = (x - centre) / BUMP_MM;
  return Math.exp(-0.5 * d * d);
}

/** Tabulates all functions of one coordinate at `count` places, f64, row by row. */
function tabulate(count: i32, pitch: i32, side: i32, low: f32, high: f32, grid: i32): usize {
  const functions = grid + POWERS;
  const table = takeDoubles(count * functions);
  for (let i = 0; i < count; i++) {
    const px = <f64>pitch * (<f64>i + (pitch == CELL_PX ? 0.5 : 0)) - 0.5 * <f64>(side - 1);
    const mm = px / <f64>SCALE;
    for (let j = 0; j < grid; j++) set(table, i * functions + j, bump(mm, low, high, grid, j));
    set(table, i * functions + grid, 1);
    set(table, i * functions + grid + 1, mm / UNIT_MM);
    set(table, i * functions + grid + 2, (mm / UNIT_MM) * (mm / UNIT_MM));
  }
  return table;
}

/** Fits displacement and spread, then searches once more and leaves offsets beyond the smooth model. */
export function correct(motion: Motion): void {
  gridX = gridSize(lowX, highX);
  gridY = gridSize(lowY, highY);
  cellsAcross = rw / CELL_PX + 1;
  cellsDown = rh / CELL_PX + 1;
  cells = takeDoubles(cellsAcross * cellsDown * MOMENTS);
  rowSums = takeDoubles(4 * cellsDown);
  columnsX = tabulate(cellsAcross, CELL_PX, rw, lowX, highX, gridX);
  rowsY = tabulate(cellsDown, CELL_PX, rh, lowY, highY, gridY);
  const size = 2 * gridX * gridY + MONOMIALS;
  matrix = takeDoubles(size * size);
  vector = takeDoubles(size);
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
    for (let j = 0; j < gridX; j++) alongX += get(columnsX, column * fx + j) ** 2;
    for (let j = 0; j < gridY; j++) alongY += get(rowsY, row * fy + j) ** 2;
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
  const linear = get(spread, 0) + get(spread, 1) * x + get(spread, 2) * y;
  return <f32>(linear + get(spread, 3) * x * x + get(spread, 4) * x * y + get(spread, 5) * y * y);
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
    for (let k = 0; k < MONOMIALS; k++) set(spread, k, get(vector, size - MONOMIALS + k));
    expand(nodeColumns, nodeRows);
    moveEdges();
    width = max<f64>(0.2, 0.8 * width);
  }
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
    add(m, 8, w * t);
  }
}

function addTwo(p: usize, values: v128): void {
  v128.store(p, f64x2.add(v128.load(p), values));
}

function moment(row: i32, column: i32, which: i32): f64 {
  return get(cells, (row * cellsAcross + column) * MOMENTS + which);
}

function assemble(size: i32, stiffness: f64): void {
  memory.fill(matrix, 0, (<usize>(size * size)) << 3);
  memory.fill(vector, 0, (<usize>size) << 3);
  const bumps = gridX * gridY;
  addMoves(size);
  addCross(size, 3, 0);
  addCross(size, 4, bumps);
  addSpread(size);
  for (let k = 0; k < 2 * bumps; k++) add(matrix, k * size + k, stiffness);
  // The squares share the prior of their sum and difference, so each alone is twice as free.
  for (let k = 0; k < MONOMIALS; k++) {
    const isSquare = k == 3 || k == 5;
    const precision = (isSquare ? 0.5 : 1) / (SPREAD_PRIOR * SPREAD_PRIOR);
    add(matrix, (2 * bumps + k) * size + 2 * bumps + k, precision);
  }
}

/** Of one pair of bumps along x, row by row of cells: x against x, x against y, y against y, and nothing. */
function sumColumns(i: i32, k: i32): void {
  const fx = gridX + POWERS;
  let cell = cells;
  for (let row = 0; row < cellsDown; row++) {
    let sums = f64x2.splat(0);
    let sumYY: f64 = 0;
    for (let column = 0; column < cellsAcross; column++) {
      const both = get(columnsX, column * fx + i) * get(columnsX, column * fx + k);
      sums = f64x2.add(sums, f64x2.mul(f64x2.splat(both), v128.load(cell)));
      sumYY += load<f64>(cell, 16) * both;
      cell += MOMENTS << 3;
    }
    const p = rowSums + ((<usize>row) << 5);
    v128.store(p, sums);
    store<f64>(p, sumYY, 16);
  }
}

/** Bumps against bumps: x against x, y against x and y against y. */
function addMoves(size: i32): void {
  const fy = gridY + POWERS;
  for (let i = 0; i < gridX; i++) {
    for (let k = 0; k <= i; k++) {
      sumColumns(i, k);
      for (let j = 0; j < gridY; j++) {
        for (let l = 0; l <= j; l++) {
          let sums = f64x2.splat(0);
          let sumYY: f64 = 0;
          for (let row = 0; row < cellsDown; row++) {
            const both = get(rowsY, row * fy + j) * get(rowsY, row * fy + l);
            const p = rowSums + ((<usize>row) << 5);
            sums = f64x2.add(sums, f64x2.mul(f64x2.splat(both), v128.load(p)));
            sumYY += load<f64>(p, 16) * both;
          }
          // The sums are the same whichever of the two bumps is called first, along x and along y.
          setBlocks(size, j * gridX + i, l * gridX + k, sums, sumYY);
          setBlocks(size, l * gridX + i, j * gridX + k, sums, sumYY);
          setBlocks(size, j * gridX + k, l * gridX + i, sums, sumYY);
          setBlocks(size, l * gridX + k, j * gridX + i, sums, sumYY);
        }
      }
    }
  }
}

/** One entry of each block; what lies above the diagonal of the first and the last is never read. */
function setBlocks(size: i32, row: i32, column: i32, sums: v128, sumYY: f64): void {
  const bumps = gridX * gridY;
  set(matrix, (bumps + row) * size + column, f64x2.extract_lane(sums, 1));
  if (column > row) return;
  set(matrix, row * size + column, f64x2.extract_lane(sums, 0));
  set(matrix, (bumps + row) * size + bumps + column, sumYY);
}

/** Bumps against monomials (below them in the matrix), and the right-hand side of the bumps. */
function addCross(size: i32, which: i32, atColumn: i32): void {
  const fx = gridX + POWERS;
  const fy = gridY + POWERS;
  const firstMonomial = 2 * gridX * gridY;
  for (let row = 0; row < cellsDown; row++) {
    for (let i = 0; i < gridX; i++) {
      let offset: f64 = 0;
      let sum0: f64 = 0;
      let sum1: f64 = 0;
      let sum2: f64 = 0;
      for (let column = 0; column < cellsAcross; column++) {
        const value = get(columnsX, column * fx + i);
        const x = get(columnsX, column * fx + gridX + 1);
        const weighted = value * moment(row, column, which);
        offset += value * moment(row, column, which + 3);
        sum0 += weighted;
        sum1 += weighted * x;
        sum2 += weighted * x * x;
      }
      for (let j = 0; j < gridY; j++) {
        const along = get(rowsY, row * fy + j);
        const column = atColumn + j * gridX + i;
        add(vector, column, offset * along);
        for (let k = 0; k < MONOMIALS; k++) {
          const p = load<u8>(powerX + <usize>k);
          const sum = p == 0 ? sum0 : p == 1 ? sum1 : sum2;
          const power = get(rowsY, row * fy + gridY + <i32>load<u8>(powerY + <usize>k));
          add(matrix, (firstMonomial + k) * size + column, sum * along * power);
        }
      }
    }
  }
}

function addSpread(size: i32): void {
  const fx = gridX + POWERS;
  const fy = gridY + POWERS;
  const first = 2 * gridX * gridY;
  for (let row = 0; row < cellsDown; row++) {
    for (let column = 0; column < cellsAcross; column++) {
      const w = moment(row, column, 5);
      if (w == 0) continue;
      for (let k = 0; k < MONOMIALS; k++) {
        const value = monomial(column, row, fx, fy, k);
        add(vector, first + k, value * moment(row, column, 8));
        for (let l = 0; l <= k; l++) {
          add(matrix, (first + k) * size + first + l, w * value * monomial(column, row, fx, fy, l));
        }
      }
    }
  }
}

function monomial(column: i32, row: i32, fx: i32, fy: i32, k: i32): f64 {
  const x = get(columnsX, column * fx + gridX + <i32>load<u8>(powerX + <usize>k));
  return x * get(rowsY, row * fy + gridY + <i32>load<u8>(powerY + <usize>k));
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
        const along = get(nodeRows, row * fy + j);
        dx += along * get(vector, j * gridX + i);
        dy += along * get(vector, bumps + j * gridX + i);
      }
      set(rowMoves, 2 * i, dx);
      set(rowMoves, 2 * i + 1, dy);
    }
    for (let column = 0; column < nodesAcross; column++) {
      let move = f64x2.splat(0);
      for (let i = 0; i < gridX; i++) {
        const value = f64x2.splat(get(nodeColumns, column * fx + i));
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
