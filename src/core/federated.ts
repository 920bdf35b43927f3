import { type Kernel, kernelMaker } from './federated/kernel.ts';
import { assertLength, type PreparedRows, prepareRows, rowsOf } from './federated/rows.ts';
import { openWorkspace, type Workspace } from './federated/workspace.ts';

export { FederationError, type FederationErrorCode } from './federated/error.ts';
export type { PreparedRows } from './federated/rows.ts';
export type { Matrix, Quadratic, Workspace } from './federated/workspace.ts';

/** Rows of bins that stay in the module's memory. */
export interface PreparedBins {
  readonly rows: number;
  readonly features: number;
  /** For every row the sum of `points[256 * feature + bin]`, exact. */
  score(points: Int32Array): BigInt64Array<ArrayBuffer>;
}

/** The arithmetic of federated scoring; the same bits on every host. */
export interface Federated {
  /** Keeps `features`, row by row, `columns` numbers each. */
  prepare<T extends Int16Array | Int32Array>(features: T, columns: number): PreparedRows<T>;
  /** Keeps bins, row by row, `features` numbers each. */
  prepareBins(bins: Uint8Array, features: number): PreparedBins;
  /** `a[i] += b[i]` mod 2^64, in place. */
  add(a: BigUint64Array, b: BigUint64Array): void;
  /** `a[i] -= b[i]` mod 2^64, in place. */
  subtract(a: BigUint64Array, b: BigUint64Array): void;
  /** `count` words of the ChaCha20 keystream (RFC 8439 §2.4) of a key (32 bytes) and nonce (12). */
  keystream(key: Uint8Array, nonce: Uint8Array, count: number): BigUint64Array<ArrayBuffer>;
  /** 1 / (1 + e^-x), the same bits everywhere. */
  sigmoid(x: number): number;
  /** Memory of its own for training. */
  openWorkspace(): Workspace;
}

const POINTS_PER_FEATURE = 256;
/** An instance that has grown beyond this is dropped after the call, since memory never shrinks. */
const KEEP_BYTES = 16 * 1024 * 1024;

let loading: Promise<Federated> | undefined;

/** Loads the module, compiling it once; later calls are free and give the same object. */
export function loadFederated(): Promise<Federated> {
  loading ??= bind();
  // A failed download may succeed when asked again.
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

async function bind(): Promise<Federated> {
  const newKernel = await kernelMaker();
  let idle: Kernel | undefined;

  /** Runs `work` on an instance whose memory is free; after a failure inside it is not reused. */
  function using<T>(work: (kernel: Kernel) => T): T {
    const kernel = idle ?? newKernel();
    idle = undefined;
    const result = kernel.temporarily(() => work(kernel));
    if (kernel.wasm.memory.buffer.byteLength <= KEEP_BYTES) idle = kernel;
    return result;
  }

  function inPlace(
    a: BigUint64Array,
    b: BigUint64Array,
    work: (kernel: Kernel, a: number, b: number) => void,
  ): void {
    assertLength(b.length, a.length, 'two vectors of one operation');
    using((kernel) => {
      const at = kernel.put(a);
      work(kernel, at, kernel.put(b));
      a.set(new BigUint64Array(kernel.wasm.memory.buffer, at, a.length));
    });
  }

  return {
    prepare: (features, columns) => prepareRows(newKernel(), features, columns),
    prepareBins: (bins, features) => prepareBins(newKernel(), bins, features),
    add: (a, b) => inPlace(a, b, ({ wasm }, x, y) => wasm.addWords(x, y, a.length)),
    subtract: (a, b) => inPlace(a, b, ({ wasm }, x, y) => wasm.subtractWords(x, y, a.length)),
    keystream: (key, nonce, count) => using((kernel) => keystream(kernel, key, nonce, count)),
    sigmoid: (x) => using(({ wasm }) => wasm.sigmoid(x)),
    openWorkspace: () => openWorkspace(newKernel()),
  };
}

function prepareBins(kernel: Kernel, bins: Uint8Array, features: number): PreparedBins {
  const rows = rowsOf(bins.length, features);
  const at = kernel.put(bins);
  const pointsAt = kernel.take(4 * POINTS_PER_FEATURE * features);
  const out = kernel.take(8 * rows);
  const { wasm } = kernel;
  return {
    rows,
    features,
    score(points) {
      assertLength(points.length, POINTS_PER_FEATURE * features, 'points');
      const { buffer } = wasm.memory;
      new Int32Array(buffer, pointsAt, points.length).set(points);
      wasm.scoreBins(at, pointsAt, out, rows, features);
      return new BigInt64Array(buffer, out, rows).slice();
    },
  };
}

/** Four blocks are made at a time. */
const STEP_BYTES = 256;

function keystream(
  kernel: Kernel,
  key: Uint8Array,
  nonce: Uint8Array,
  count: number,
): BigUint64Array<ArrayBuffer> {
  assertLength(key.length, 32, 'key');
  assertLength(nonce.length, 12, 'nonce');
  const steps = Math.ceil((8 * count) / STEP_BYTES);
  const keyAt = kernel.put(key);
  const nonceAt = kernel.put(nonce);
  const out = kernel.take(steps * STEP_BYTES);
  kernel.wasm.keystream(keyAt, nonceAt, 0, out, 4 * steps);
  kernel.bytes(keyAt, key.length).fill(0);
  const { buffer } = kernel.wasm.memory;
  const words = new BigUint64Array(buffer, out, count).slice();
  kernel.bytes(out, steps * STEP_BYTES).fill(0);
  return words;
}
