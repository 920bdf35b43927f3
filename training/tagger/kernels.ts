import { instantiate } from '../../src/core/load.ts';

/** Exports of assembly/training; addresses and sizes as documented there. */
export interface TrainingKernels {
  readonly memory: WebAssembly.Memory;
  reset(): void;
  reserve(bytes: number): number;
  product(
    rows: number,
    inner: number,
    columns: number,
    a: number,
    ai: number,
    ap: number,
    b: number,
    bp: number,
    c: number,
    ci: number,
  ): void;
  transpose(rows: number, columns: number, a: number, b: number): void;
  setRows(rows: number, columns: number, bias: number, c: number, ci: number): void;
  addRows(rows: number, columns: number, d: number, di: number, sum: number): void;
  recur(
    length: number,
    width: number,
    input: number,
    recurrent: number,
    bias: number,
    out: number,
    outStride: number,
    saved: number,
    backwards: number,
    scratch: number,
  ): void;
  recurBack(
    length: number,
    width: number,
    out: number,
    outGrad: number,
    outStride: number,
    saved: number,
    transposed: number,
    inputGrad: number,
    sideGrad: number,
    backwards: number,
    scratch: number,
  ): void;
  attend(
    length: number,
    width: number,
    qkv: number,
    weights: number,
    out: number,
    outStride: number,
    scratch: number,
  ): void;
  attendBack(
    length: number,
    width: number,
    qkv: number,
    weights: number,
    outGrad: number,
    outStride: number,
    qkvGrad: number,
    scores: number,
    scratch: number,
  ): void;
  rectify(count: number, x: number): void;
  rectifyBack(count: number, y: number, grad: number): void;
  seedDropout(seed: number): void;
  drop(count: number, x: number, mask: number, share: number): void;
  scaleBy(count: number, x: number, mask: number): void;
  lookUp(
    length: number,
    width: number,
    ids: number,
    table: number,
    out: number,
    outStride: number,
  ): void;
  lookUpBack(
    length: number,
    width: number,
    ids: number,
    tableGrad: number,
    outGrad: number,
    outStride: number,
  ): void;
  crossEntropy(
    length: number,
    classes: number,
    logits: number,
    labels: number,
    weight: number,
  ): number;
  sumOfSquares(count: number, x: number): number;
  adam(
    count: number,
    weights: number,
    grads: number,
    first: number,
    second: number,
    mean: number,
    scale: number,
    rate: number,
    epsilon: number,
    decay: number,
    meanShare: number,
  ): void;
}

export function trainingKernels(module: WebAssembly.Module): TrainingKernels {
  return instantiate<TrainingKernels>(module);
}
