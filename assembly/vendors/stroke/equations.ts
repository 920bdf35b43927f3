// The normal equations of the elastic correction. The displacement is a sum of Gaussian bumps,
// separable in x and y, the ink spread a sum of monomials: from moments of small cells the equations
// follow by contracting over columns and over rows.
import { addDouble, doubleAt, putDouble, takeDoubles } from '../../shared/doubles';
import { highX, highY, lowX, lowY, rh, rw, SCALE } from './imprint';

/** Spread of one bump and distance of their centres, millimetres. */
const BUMP_MM: f64 = 7.5;
const GRID_MM: f32 = 9;
const MAX_GRID: i32 = 10;
/** Prior of the ink spread, millimetres. */
const SPREAD_PRIOR: f64 = 0.05;
/** Monomials of the ink spread are in units of this many millimetres. */
export const UNIT_MM: f64 = 20;
export const POWERS: i32 = 3;
export const MONOMIALS: i32 = 6;
/** Side of a cell in map pixels. */
export const CELL_PX: i32 = 12;
/** Of a cell: sums of nx nx, nx ny, ny ny, nx, ny, 1 and of the offset with nx, ny, 1, weighted. */
export const MOMENTS: i32 = 9;

const powerX = memory.data<u8>([0, 1, 0, 2, 1, 0]);
const powerY = memory.data<u8>([0, 0, 1, 0, 1, 2]);

export let gridX: i32 = 0;
export let gridY: i32 = 0;
export let cellsAcross: i32 = 0;
export let cellsDown: i32 = 0;
/** The moments, row by row of cells. f64, like all that follows. */
export let cells: usize = 0;
/** Functions of x at cell columns and of y at cell rows: bumps, then powers. */
export let columnsX: usize = 0;
export let rowsY: usize = 0;
/** What `sumColumns` found, 32 bytes a row of cells. */
let rowSums: usize = 0;
export let matrix: usize = 0;
export let vector: usize = 0;

function gridSize(low: f32, high: f32): i32 {
  return min<i32>(MAX_GRID, max<i32>(2, <i32>nearest<f32>((high - low) / GRID_MM) + 1));
}

function bump(x: f64, low: f32, high: f32, grid: i32, index: i32): f64 {
  const centre = <f64>low + (<f64>(high - low) * <f64>index) / <f64>(grid - 1);
  const d = (x - centre) / BUMP_MM;
  return Math.exp(-0.5 * d * d);
}

/** Tabulates all functions of one coordinate at `count` places, f64, row by row. */
export function tabulate(count: i32, pitch: i32, side: i32, low: f32, high: f32, grid: i32): usize {
  const functions = grid + POWERS;
  const table = takeDoubles(count * functions);
  for (let i = 0; i < count; i++) {
    const px = <f64>pitch * (<f64>i + (pitch == CELL_PX ? 0.5 : 0)) - 0.5 * <f64>(side - 1);
    const mm = px / <f64>SCALE;
    for (let j = 0; j < grid; j++)
      putDouble(table, i * functions + j, bump(mm, low, high, grid, j));
    putDouble(table, i * functions + grid, 1);
    putDouble(table, i * functions + grid + 1, mm / UNIT_MM);
    putDouble(table, i * functions + grid + 2, (mm / UNIT_MM) * (mm / UNIT_MM));
  }
  return table;
}

/** Makes room for the equations over the reserved map, and returns how many there are. */
export function layEquations(): i32 {
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
  return size;
}

function moment(row: i32, column: i32, which: i32): f64 {
  return doubleAt(cells, (row * cellsAcross + column) * MOMENTS + which);
}

/** Fills `matrix` (the lower triangle counts) and `vector` from the moments and the priors. */
export function assemble(size: i32, stiffness: f64): void {
  memory.fill(matrix, 0, (<usize>(size * size)) << 3);
  memory.fill(vector, 0, (<usize>size) << 3);
  const bumps = gridX * gridY;
  addMoves(size);
  addCross(size, 3, 0);
  addCross(size, 4, bumps);
  addSpread(size);
  for (let k = 0; k < 2 * bumps; k++) addDouble(matrix, k * size + k, stiffness);
  // The squares share the prior of their sum and difference, so each alone is twice as free.
  for (let k = 0; k < MONOMIALS; k++) {
    const isSquare = k == 3 || k == 5;
    const precision = (isSquare ? 0.5 : 1) / (SPREAD_PRIOR * SPREAD_PRIOR);
    addDouble(matrix, (2 * bumps + k) * size + 2 * bumps + k, precision);
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
      const both = doubleAt(columnsX, column * fx + i) * doubleAt(columnsX, column * fx + k);
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
            const both = doubleAt(rowsY, row * fy + j) * doubleAt(rowsY, row * fy + l);
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
  putDouble(matrix, (bumps + row) * size + column, f64x2.extract_lane(sums, 1));
  if (column > row) return;
  putDouble(matrix, row * size + column, f64x2.extract_lane(sums, 0));
  putDouble(matrix, (bumps + row) * size + bumps + column, sumYY);
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
        const value = doubleAt(columnsX, column * fx + i);
        const x = doubleAt(columnsX, column * fx + gridX + 1);
        const weighted = value * moment(row, column, which);
        offset += value * moment(row, column, which + 3);
        sum0 += weighted;
        sum1 += weighted * x;
        sum2 += weighted * x * x;
      }
      for (let j = 0; j < gridY; j++) {
        const along = doubleAt(rowsY, row * fy + j);
        const column = atColumn + j * gridX + i;
        addDouble(vector, column, offset * along);
        for (let k = 0; k < MONOMIALS; k++) {
          const p = load<u8>(powerX + <usize>k);
          const sum = p == 0 ? sum0 : p == 1 ? sum1 : sum2;
          const power = doubleAt(rowsY, row * fy + gridY + <i32>load<u8>(powerY + <usize>k));
          addDouble(matrix, (firstMonomial + k) * size + column, sum * along * power);
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
        addDouble(vector, first + k, value * moment(row, column, 8));
        for (let l = 0; l <= k; l++) {
          addDouble(
            matrix,
            (first + k) * size + first + l,
            w * value * monomial(column, row, fx, fy, l),
          );
        }
      }
    }
  }
}

function monomial(column: i32, row: i32, fx: i32, fy: i32, k: i32): f64 {
  const x = doubleAt(columnsX, column * fx + gridX + <i32>load<u8>(powerX + <usize>k));
  return x * doubleAt(rowsY, row * fy + gridY + <i32>load<u8>(powerY + <usize>k));
}
