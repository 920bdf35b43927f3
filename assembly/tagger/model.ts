// The model file: sizes, then vocabulary and filters (which the host reads), then tensors. A matrix
// is a scale for each column and int8 rows; a bias is floats. training/tagger/export.ts writes it.
import { take } from '../shared/arena';
import { BAD_FORMAT, OK, OUT_OF_MEMORY } from '../shared/status';
import { widen } from './integer';

/** "CTM1", little end first. */
const MAGIC: u32 = 0x314d5443;
export const CHANNELS: i32 = 5;
/** The header's words: magic, offset of the tensors, 5 sizes, rows and width of each channel. */
const HEADER: usize = 4 * (7 + 2 * 5);
/** Larger sizes than any model of ours; what is over them is not a model. */
const MAX_SIZE: i32 = 512;
const MAX_ROWS: i32 = 8192;

export let convolution: i32 = 0;
export let recurrence: i32 = 0;
export let attention: i32 = 0;
export let dense: i32 = 0;
export let outputs: i32 = 0;
/** Floats a position of all embeddings together. */
export let input: i32 = 0;

const widths = memory.data(CHANNELS * 4);
const rows = memory.data(CHANNELS * 4);
const tables = memory.data(CHANNELS * 4);

export const CONVOLUTION: i32 = 0;
/** The input side of the forward direction; its recurrent side and the other direction follow. */
export const RECURRENT: i32 = 1;
export const ATTENTION: i32 = 5;
export const DENSE: i32 = 6;
export const OUTPUT: i32 = 7;
const MATRICES: i32 = 8;
const weights = memory.data(MATRICES * 4);
const scales = memory.data(MATRICES * 4);
const biases = memory.data(MATRICES * 4);

function get(list: usize, index: i32): i32 {
  return load<i32>(list + ((<usize>index) << 2));
}

function put(list: usize, index: i32, value: usize): void {
  store<i32>(list + ((<usize>index) << 2), <i32>value);
}

export function channelWidth(channel: i32): i32 {
  return get(widths, channel);
}

export function channelRows(channel: i32): i32 {
  return get(rows, channel);
}

/** Embeddings of a channel, floats. */
export function channelTable(channel: i32): usize {
  return <usize>get(tables, channel);
}

export function weightsOf(matrix: i32): usize {
  return <usize>get(weights, matrix);
}

export function scalesOf(matrix: i32): usize {
  return <usize>get(scales, matrix);
}

export function biasOf(matrix: i32): usize {
  return <usize>get(biases, matrix);
}

let cursor: usize = 0;
let end: usize = 0;

/** The next `bytes` of the file, or 0 when it is shorter. Tensors are padded to whole words. */
function next(bytes: i32): usize {
  const at = cursor;
  if (bytes < 0 || <usize>bytes > end - cursor) return 0;
  cursor = min<usize>(end, cursor + ((<usize>bytes + 3) & ~3));
  return at;
}

function readTable(channel: i32): i32 {
  const width = channelWidth(channel);
  const count = width * channelRows(channel);
  const factors = next(width << 2);
  const codes = next(count);
  if (factors == 0 || codes == 0) return BAD_FORMAT;
  const table = take((<usize>count) << 2);
  if (table == 0) return OUT_OF_MEMORY;
  for (let i: i32 = 0; i < count; i++) {
    const factor = load<f32>(factors + ((<usize>(i % width)) << 2));
    store<f32>(table + ((<usize>i) << 2), <f32>load<i8>(codes + i) * factor);
  }
  put(tables, channel, table);
  return OK;
}

function readMatrix(index: i32, inner: i32, columns: i32): i32 {
  const factors = next(columns << 2);
  const codes = next(inner * columns);
  const bias = next(columns << 2);
  if (factors == 0 || codes == 0 || bias == 0) return BAD_FORMAT;
  // Copies lie on vector boundaries; in the file they need not.
  const row = (<usize>columns) << 2;
  const wide = take(((<usize>inner + 1) >>> 1) * row);
  const copied = take(row << 1);
  if (wide == 0 || copied == 0) return OUT_OF_MEMORY;
  widen(inner, columns, codes, wide);
  memory.copy(copied, factors, row);
  memory.copy(copied + row, bias, row);
  put(weights, index, wide);
  put(scales, index, copied);
  put(biases, index, copied + row);
  return OK;
}

function readSizes(file: usize): bool {
  convolution = load<i32>(file, 8);
  recurrence = load<i32>(file, 12);
  attention = load<i32>(file, 16);
  dense = load<i32>(file, 20);
  outputs = load<i32>(file, 24);
  input = 0;
  for (let i: i32 = 0; i < CHANNELS; i++) {
    const height = load<i32>(file + ((<usize>i) << 3), 28);
    const width = load<i32>(file + ((<usize>i) << 3), 32);
    if (height < 1 || height > MAX_ROWS || width < 4 || width > MAX_SIZE) return false;
    put(rows, i, height);
    put(widths, i, width);
    input += width;
  }
  const all = convolution | recurrence | attention | dense | outputs | input;
  const isWhole = (all & 7) == 0 && (recurrence & 31) == 0;
  const isSmall =
    max(max(convolution, recurrence), max(max(attention, dense), max(outputs, input))) <= MAX_SIZE;
  return (
    isWhole && isSmall && min(min(convolution, recurrence), min(min(attention, dense), outputs)) > 0
  );
}

/** Reads the model of `length` bytes at `file`, which may be given up afterwards. */
export function readModel(file: usize, length: i32): i32 {
  if (<usize>length < HEADER || load<u32>(file) != MAGIC || !readSizes(file)) return BAD_FORMAT;
  const tensors = load<u32>(file, 4);
  if (<usize>tensors < HEADER || tensors > <u32>length) return BAD_FORMAT;
  cursor = file + tensors;
  end = file + length;
  let status = OK;
  for (let i: i32 = 0; i < CHANNELS && status == OK; i++) status = readTable(i);
  if (status == OK) status = readMatrix(CONVOLUTION, 3 * input, convolution);
  for (let i: i32 = RECURRENT; i < ATTENTION && status == OK; i += 2) {
    status = readMatrix(i, convolution, 3 * recurrence);
    if (status == OK) status = readMatrix(i + 1, recurrence, 3 * recurrence);
  }
  const joined = 2 * recurrence + attention;
  if (status == OK) status = readMatrix(ATTENTION, 2 * recurrence, 3 * attention);
  if (status == OK) status = readMatrix(DENSE, joined, dense);
  if (status == OK) status = readMatrix(OUTPUT, dense, outputs);
  return status;
}
