import { FederationError } from './error.ts';
import type { Kernel } from './kernel.ts';

/** Rows of fixed-point features that stay in the module's memory. */
export interface PreparedRows<T extends Int16Array | Int32Array> {
  readonly rows: number;
  readonly columns: number;
  /**
   * The dot product of every row with `weights`, exact mod 2^64. Rows of 32-bit numbers that all fit
   * into 16 bits are as fast as rows of 16-bit ones.
   */
  dot(weights: T): BigInt64Array<ArrayBuffer>;
}

/** @throws FederationError `argument_invalid` */
export function assertLength(length: number, wanted: number, name: string): void {
  if (length === wanted) return;
  throw new FederationError('argument_invalid', `${name}: ${length} numbers instead of ${wanted}`);
}

/** How many rows of `columns` so many numbers are. @throws FederationError `argument_invalid` */
export function rowsOf(length: number, columns: number): number {
  const rows = length / columns;
  if (columns > 0 && Number.isInteger(columns) && Number.isInteger(rows)) return rows;
  throw new FederationError('argument_invalid', `${length} numbers are no rows of ${columns}`);
}

/** Keeps the rows in the form in which their products are fastest. */
export function prepareRows<T extends Int16Array | Int32Array>(
  kernel: Kernel,
  features: T,
  columns: number,
): PreparedRows<T> {
  const rows = rowsOf(features.length, columns);
  const largest = largestOf(features);
  const isShort = features instanceof Int16Array || largest <= 0x7fff;
  const dot = isShort
    ? shortRows(kernel, features, columns, largest)
    : longRows(kernel, features, columns, largest);
  return {
    rows,
    columns,
    dot(weights) {
      assertLength(weights.length, columns, 'weights');
      return dot(weights);
    },
  };
}

type Dot = (weights: Int16Array | Int32Array) => BigInt64Array<ArrayBuffer>;

/** Numbers that one step of `dotDigits` takes of a row. */
const STEP = 16;
const DIGITS_MAX = 3;

function shortRows(
  kernel: Kernel,
  features: Int16Array | Int32Array,
  columns: number,
  largest: number,
): Dot {
  const rows = features.length / columns;
  const stride = STEP * Math.ceil(columns / STEP);
  // Two rows at a time.
  const evenRows = 2 * Math.ceil(rows / 2);
  const at = kernel.take(2 * stride * evenRows);
  const weightsAt = kernel.take(2 * stride * DIGITS_MAX);
  const out = kernel.take(8 * evenRows);
  const { wasm } = kernel;
  const kept = new Int16Array(wasm.memory.buffer, at, stride * evenRows).fill(0);
  for (let row = 0; row < rows; row++) {
    kept.set(features.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return (weights) => {
    const form = digitsFor(largest, largestOf(weights));
    const { digits, bits, turn } = form;
    const { buffer } = wasm.memory;
    putDigits(new Int16Array(buffer, weightsAt, digits * stride), weights, form);
    wasm.dotDigits(at, weightsAt, out, evenRows, stride, digits, bits, turn);
    return new BigInt64Array(buffer, out, rows).slice();
  };
}

/** How weights are cut: so many digits of so many bits, and the steps that 32-bit sums hold. */
interface Digits {
  readonly digits: number;
  readonly bits: number;
  readonly turn: number;
}

/** Fewer steps than this between two widenings cost more than another digit. */
const TURN_MIN = 4;

/** The fewest digits whose products add up in 32 bits for long enough. */
function digitsFor(largestFeature: number, largestWeight: number): Digits {
  const width = 33 - Math.clz32(largestWeight);
  for (let digits = 1; ; digits++) {
    const bits = digits === 1 ? 0 : Math.ceil(width / digits);
    // Digits below the highest go from -2^(bits - 1) to 2^(bits - 1) - 1 and hand on a carry.
    const top = digits === 1 ? largestWeight : largestWeight / 2 ** (bits * (digits - 1)) + 1;
    const most = Math.max(top, digits === 1 ? 0 : 2 ** (bits - 1));
    // `dot_i16x8_s` adds two products, and two of its sums are added before they are widened.
    const turn = Math.floor(0x7fff_ffff / Math.max(1, 4 * largestFeature * most));
    const isWideEnough = turn >= TURN_MIN && top <= 0x7fff && bits <= 16;
    if (digits === DIGITS_MAX || isWideEnough)
      return { digits, bits, turn: Math.min(turn, 2 ** 16) };
  }
}

/** The digits of each weight, lowest first, `to.length / digits` numbers for each. */
function putDigits(
  to: Int16Array,
  weights: Int16Array | Int32Array,
  { digits, bits }: Digits,
): void {
  const stride = to.length / digits;
  to.fill(0);
  for (const [j, weight] of weights.entries()) {
    let rest = weight;
    for (let d = 0; d < digits - 1; d++) {
      const digit = (rest << (32 - bits)) >> (32 - bits);
      to[d * stride + j] = digit;
      rest = (rest - digit) / 2 ** bits;
    }
    to[(digits - 1) * stride + j] = rest;
  }
}

function longRows(
  kernel: Kernel,
  features: Int16Array | Int32Array,
  columns: number,
  largest: number,
): Dot {
  const rows = features.length / columns;
  const at = kernel.put(features);
  const weightsAt = kernel.take(4 * columns);
  const out = kernel.take(8 * rows);
  const { wasm } = kernel;
  return (weights) => {
    const { buffer } = wasm.memory;
    new Int32Array(buffer, weightsAt, columns).set(weights);
    const isNarrow = largest * largestOf(weights) <= NARROW_PRODUCT_MAX;
    if (isNarrow) wasm.narrowDot32(at, weightsAt, out, rows, columns);
    else wasm.dot32(at, weightsAt, out, rows, columns);
    return new BigInt64Array(buffer, out, rows).slice();
  };
}

/** Sixteen such products fit into 32 bits. */
const NARROW_PRODUCT_MAX = 2 ** 27 - 1;

/** The largest size of a number. */
function largestOf(numbers: Int16Array | Int32Array): number {
  let most = 0;
  for (const x of numbers) most = Math.max(most, Math.abs(x));
  return most;
}
