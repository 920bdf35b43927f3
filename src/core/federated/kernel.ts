import source from '#wasm/federated';
import { type CoreExports, instantiate, moduleOf } from '../load.ts';
import { FederationError } from './error.ts';

/** The entry points of assembly/federated/index.ts. */
interface FederatedExports extends CoreExports {
  reset(): void;
  allocate(bytes: number): number;
  mark(): number;
  release(position: number): void;

  dot32(x: number, w: number, out: number, rows: number, count: number): void;
  dotDigits(
    x: number,
    w: number,
    out: number,
    rows: number,
    stride: number,
    digits: number,
    bits: number,
    turn: number,
  ): void;
  narrowDot32(x: number, w: number, out: number, rows: number, count: number): void;
  scoreBins(bins: number, points: number, out: number, rows: number, features: number): void;
  histogram(bins: number, d: number, sums: number, rows: number): void;
  addWords(a: number, b: number, count: number): void;
  subtractWords(a: number, b: number, count: number): void;
  keystream(key: number, nonce: number, counter: number, out: number, blocks: number): void;

  transposedProduct(m: number, v: number, out: number, rows: number, stride: number): void;
  crossProduct(
    a: number,
    columns: number,
    aStride: number,
    m: number,
    stride: number,
    out: number,
    rows: number,
  ): void;
  maskMatrix(bits: number, masks: number, count: number): void;
  bitGram(packed: number, columns: number, bytes: number, out: number): void;

  residuals(
    z: number,
    labels: number,
    out: number,
    rows: number,
    slope: number,
    intercept: number,
    scale: number,
  ): bigint;
  logLoss(z: number, labels: number, rows: number, slope: number, intercept: number): number;
  sigmoid(x: number): number;
  descend(
    h: number,
    slope: number,
    w: number,
    signs: number,
    count: number,
    stride: number,
    sweeps: number,
    tolerance: number,
  ): number;
}

type Numbers =
  | Uint8Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** One instance of the module with memory of its own, and how numbers get in and out of it. */
export interface Kernel {
  readonly wasm: FederatedExports;
  /** Takes memory, content undefined. @throws FederationError `argument_invalid` beyond 2 GB */
  take(bytes: number): number;
  /** Takes memory of the same size and copies the numbers there. */
  put(numbers: Numbers): number;
  /** A view, good until the next `take`. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer>;
  /** Runs `work` and gives back what it took. */
  temporarily<T>(work: () => T): T;
}

/** Another instance of a module that is compiled already. */
export type NewKernel = () => Kernel;

/** Compiles the module once; the function that it gives makes instances without waiting. */
export async function kernelMaker(): Promise<NewKernel> {
  const compiled = await moduleOf(source);
  return () => open(instantiate<FederatedExports>(compiled));
}

function open(wasm: FederatedExports): Kernel {
  wasm.reset();
  const take = (bytes: number): number => {
    const at = bytes <= 0x7fff_0000 ? wasm.allocate(bytes) : 0;
    if (at === 0) throw new FederationError('argument_invalid', 'the data need more than 2 GB');
    return at;
  };
  const bytes = (at: number, length: number) => new Uint8Array(wasm.memory.buffer, at, length);
  return {
    wasm,
    take,
    bytes,
    put(numbers) {
      const at = take(numbers.byteLength);
      const { buffer, byteOffset, byteLength } = numbers;
      bytes(at, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
      return at;
    },
    temporarily(work) {
      const position = wasm.mark();
      try {
        return work();
      } finally {
        wasm.release(position);
      }
    },
  };
}
