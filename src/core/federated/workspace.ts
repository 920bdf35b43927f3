import { FederationError } from './error.ts';
import type { Kernel } from './kernel.ts';

/** A tall matrix of words mod 2^32 in a workspace: rows are persons. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Numbers that a row takes: `columns`, rounded up to a multiple of 4. */
  readonly stride: number;
  /** Where it lies. */
  readonly at: number;
}

/** A quadratic (its matrix, row by row) whose minimum under sign constraints is looked for. */
export interface Quadratic {
  /**
   * Moves `weights`, in place, to the minimum of g'(w - w0) + (w - w0)' H (w - w0) / 2, where w0 are
   * the weights given and g is `gradient`.
   */
  descend(gradient: Float64Array, weights: Float64Array): void;
}

/** What one node of a training computes with. Nothing is given back before the whole is dropped. */
export interface Workspace {
  /** Uniform words from the ChaCha20 keystream of a key that is used for nothing else. */
  masks(key: Uint8Array, rows: number, columns: number): Matrix;
  /** The bits (0 or 1, row by row, `columns` each) minus the masks: what may be sent. */
  hide(bits: Uint8Array, masks: Matrix): Int32Array<ArrayBuffer>;
  /** Puts bits (0 or 1, row by row, `columns` each). */
  columns(bits: Uint8Array, columns: number): Matrix;
  /** Puts a matrix that was sent, rows of `stride`. */
  load(words: Int32Array, rows: number, columns: number): Matrix;
  /** Transpose of the matrix times a vector. */
  transposed(matrix: Matrix, vector: Int32Array): Int32Array<ArrayBuffer>;
  /** Transpose of `a` times `b`, row by row, `b.columns` numbers each. */
  cross(a: Matrix, b: Matrix): Int32Array<ArrayBuffer>;
  /** For every two columns of bits, in how many rows both are 1. */
  gram(bits: Uint8Array, columns: number): Int32Array<ArrayBuffer>;
  /** For every bin the sum of the residuals of the rows in it. */
  histogram(bins: Uint8Array, residuals: Int32Array): BigInt64Array<ArrayBuffer>;
  /** round((sigmoid(slope z + intercept) - label) scale) of every row, and their sum. */
  residuals(
    z: BigInt64Array,
    labels: Uint8Array,
    line: { readonly slope: number; readonly intercept: number; readonly scale: number },
  ): { readonly values: Int32Array<ArrayBuffer>; readonly sum: bigint };
  /** Mean of -log likelihood in nats. */
  logLoss(
    z: BigInt64Array,
    labels: Uint8Array,
    line: { readonly slope: number; readonly intercept: number },
  ): number;
  /** Keeps H, `signs.length` numbers a row. Signs: 1 for w >= 0, -1 for w <= 0, 0 for none. */
  quadratic(h: Float64Array, signs: Int8Array): Quadratic;
}

const SWEEPS_MAX = 400;
const TOLERANCE = 1e-7;

/** Uses the kernel for nothing else. */
export function openWorkspace(kernel: Kernel): Workspace {
  const { wasm } = kernel;
  const words = (at: number, count: number) => new Int32Array(wasm.memory.buffer, at, count);

  function newMatrix(rows: number, columns: number): Matrix {
    const stride = strideOf(columns);
    // The keystream comes in steps of 64 words.
    return { rows, columns, stride, at: kernel.take(4 * (64 * Math.ceil((rows * stride) / 64))) };
  }

  /** Zeroed room for `count` words, in which sums are collected. */
  function sums(count: number): number {
    const at = kernel.take(4 * count);
    words(at, count).fill(0);
    return at;
  }

  return {
    masks(key, rows, columns) {
      assertSame(key.length, 32);
      const matrix = newMatrix(rows, columns);
      const blocks = 4 * Math.ceil((rows * matrix.stride) / 64);
      kernel.temporarily(() => {
        const keyAt = kernel.put(key);
        wasm.keystream(keyAt, kernel.put(new Uint8Array(12)), 0, matrix.at, blocks);
        kernel.bytes(keyAt, key.length).fill(0);
      });
      return matrix;
    },

    hide(bits, masks) {
      assertSame(bits.length, masks.rows * masks.columns);
      return kernel.temporarily(() => {
        const count = masks.rows * masks.stride;
        const hidden = kernel.put(words(masks.at, count).slice());
        const bitsAt = kernel.put(padRows(bits, masks));
        wasm.maskMatrix(bitsAt, hidden, count);
        return words(hidden, count).slice();
      });
    },

    columns(bits, columns) {
      const matrix = newMatrix(bits.length / columns, columns);
      const count = matrix.rows * matrix.stride;
      words(matrix.at, count).fill(0);
      kernel.temporarily(() => {
        wasm.maskMatrix(kernel.put(padRows(bits, matrix)), matrix.at, count);
      });
      return matrix;
    },

    load(sent, rows, columns) {
      assertSame(sent.length, rows * strideOf(columns));
      const matrix = newMatrix(rows, columns);
      words(matrix.at, sent.length).set(sent);
      return matrix;
    },

    transposed(matrix, vector) {
      assertSame(vector.length, matrix.rows);
      return kernel.temporarily(() => {
        const out = sums(matrix.stride);
        const vectorAt = kernel.put(vector);
        wasm.transposedProduct(matrix.at, vectorAt, out, matrix.rows, matrix.stride);
        return words(out, matrix.columns).slice();
      });
    },

    cross(a, b) {
      assertSame(a.rows, b.rows);
      return kernel.temporarily(() => {
        const out = sums(a.columns * b.stride);
        wasm.crossProduct(a.at, a.columns, a.stride, b.at, b.stride, out, a.rows);
        return trimRows(words(out, a.columns * b.stride), a.columns, b);
      });
    },

    gram(bits, columns) {
      return kernel.temporarily(() => {
        const packed = packColumns(bits, columns);
        const at = kernel.put(packed);
        const out = kernel.take(4 * columns * columns);
        wasm.bitGram(at, columns, packed.length / columns, out);
        return words(out, columns * columns).slice();
      });
    },

    histogram(bins, residuals) {
      assertSame(bins.length, residuals.length);
      return kernel.temporarily(() => {
        const out = sums(512);
        const binsAt = kernel.put(bins);
        wasm.histogram(binsAt, kernel.put(residuals), out, bins.length);
        return new BigInt64Array(wasm.memory.buffer, out, 256).slice();
      });
    },

    residuals(z, labels, { slope, intercept, scale }) {
      assertSame(z.length, labels.length);
      return kernel.temporarily(() => {
        const rows = z.length;
        const at = kernel.put(z);
        const labelsAt = kernel.put(labels);
        const out = kernel.take(4 * rows);
        const sum = wasm.residuals(at, labelsAt, out, rows, slope, intercept, scale);
        return { values: words(out, rows).slice(), sum };
      });
    },

    logLoss(z, labels, { slope, intercept }) {
      assertSame(z.length, labels.length);
      return kernel.temporarily(() => {
        const at = kernel.put(z);
        return wasm.logLoss(at, kernel.put(labels), z.length, slope, intercept);
      });
    },

    quadratic: (h, signs) => keepQuadratic(kernel, h, signs),
  };
}

function strideOf(columns: number): number {
  return 4 * Math.ceil(columns / 4);
}

function assertSame(length: number, wanted: number): void {
  if (length === wanted) return;
  throw new FederationError('argument_invalid', `${length} numbers instead of ${wanted}`);
}

/** Rows of `stride` bytes; the bytes behind the last column are 0. */
function padRows(bits: Uint8Array, { rows, columns, stride }: Matrix): Uint8Array {
  if (stride === columns) return bits;
  const padded = new Uint8Array(rows * stride);
  for (let row = 0; row < rows; row++) {
    padded.set(bits.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return padded;
}

/** Rows of `columns` words out of rows of `stride`. */
function trimRows(padded: Int32Array, rows: number, { columns, stride }: Matrix) {
  const trimmed = new Int32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    trimmed.set(padded.subarray(row * stride, row * stride + columns), row * columns);
  }
  return trimmed;
}

/** Every column as a run of bits, padded with 0 to a multiple of 16 bytes. */
function packColumns(bits: Uint8Array, columns: number): Uint8Array {
  const rows = bits.length / columns;
  const bytes = 16 * Math.ceil(rows / 128);
  const packed = new Uint8Array(columns * bytes);
  for (let row = 0, at = 0; row < rows; row++) {
    const place = row >> 3;
    const bit = row & 7;
    for (let column = 0; column < columns; column++, at++) {
      const to = column * bytes + place;
      packed[to] = (packed[to] ?? 0) | ((bits[at] ?? 0) << bit);
    }
  }
  return packed;
}

function keepQuadratic(kernel: Kernel, h: Float64Array, signs: Int8Array): Quadratic {
  const { wasm } = kernel;
  const count = signs.length;
  assertSame(h.length, count * count);
  const stride = 2 * Math.ceil(count / 2);
  const hAt = kernel.take(8 * count * stride);
  const rows = new Float64Array(wasm.memory.buffer, hAt, count * stride).fill(0);
  for (let row = 0; row < count; row++) {
    rows.set(h.subarray(row * count, (row + 1) * count), row * stride);
  }
  const signsAt = kernel.put(signs);
  const slopeAt = kernel.take(8 * stride);
  const weightsAt = kernel.take(8 * stride);
  return {
    descend(gradient, weights) {
      const { buffer } = wasm.memory;
      new Float64Array(buffer, slopeAt, stride).fill(0).set(gradient);
      const kept = new Float64Array(buffer, weightsAt, count);
      kept.set(weights);
      wasm.descend(hAt, slopeAt, weightsAt, signsAt, count, stride, SWEEPS_MAX, TOLERANCE);
      weights.set(kept);
    },
  };
}
