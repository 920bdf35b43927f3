// The tagger's network forward: embeddings, convolution over three positions, gated recurrence in
// both directions, one attention head, a dense layer, a score for every tag.

import { take } from '../shared/arena';
import { attend } from '../shared/attention';
import { sigmoid4, tanh4 } from '../shared/elementary';
import { largest, multiply, multiplyRow, quantise, UNIT } from './integer';
import * as model from './model';

/** Positions of one call at most; the host cuts longer text into windows. */
export const MAX_LENGTH: i32 = 512;
/** Rows are computed four at a time. */
const ROWS: i32 = MAX_LENGTH + 4;

let ids: usize = 0;
let joined: i32 = 0;
let embedded: usize = 0;
let embeddedCodes: usize = 0;
let scales: usize = 0;
let codes: usize = 0;
let convolved: usize = 0;
let gates: usize = 0;
let states: usize = 0;
let heads: usize = 0;
let mixing: usize = 0;
let turned: usize = 0;
let hidden: usize = 0;
let logits: usize = 0;
let row: usize = 0;

function floats(count: i32): usize {
  return take((<usize>count) << 2);
}

/** Takes working memory for the model that was read; false when there is none. */
export function makeRoom(): bool {
  joined = 2 * model.recurrence + model.attention;
  const widest = max(max(joined, model.convolution), model.dense);
  ids = take((<usize>(MAX_LENGTH * model.CHANNELS)) << 1);
  embedded = floats((ROWS + 2) * model.input);
  embeddedCodes = take((<usize>((ROWS + 2) * model.input)) << 1);
  scales = floats(ROWS);
  codes = take((<usize>(ROWS * widest)) << 1);
  convolved = floats(ROWS * model.convolution);
  gates = floats(ROWS * 3 * model.recurrence);
  states = floats(ROWS * joined);
  heads = floats(ROWS * 3 * model.attention);
  mixing = floats(MAX_LENGTH * MAX_LENGTH);
  turned = floats(model.attention * MAX_LENGTH);
  hidden = floats(ROWS * model.dense);
  logits = floats(ROWS * model.outputs);
  row = floats(5 * model.recurrence);
  // The arena only grows, so the last one tells about all.
  return row != 0;
}

/** Where the host writes the ids of a channel, u16 a position. */
export function channelIds(channel: i32): usize {
  return ids + ((<usize>(channel * MAX_LENGTH)) << 1);
}

/** `outputs` floats a position, after `score`. */
export function scores(): usize {
  return logits;
}

/** Looks up every position's embeddings, with a row of zeros before and behind; false on a bad id. */
function embed(length: i32): bool {
  const stride = (<usize>model.input) << 2;
  memory.fill(embedded, 0, stride * (length + 6));
  let column: usize = 0;
  for (let channel: i32 = 0; channel < model.CHANNELS; channel++) {
    const list = channelIds(channel);
    const width = (<usize>model.channelWidth(channel)) << 2;
    const table = model.channelTable(channel);
    const last = <u32>model.channelRows(channel);
    for (let t: usize = 0; t < <usize>length; t++) {
      const id = <u32>load<u16>(list + (t << 1));
      if (id >= last) return false;
      memory.copy(embedded + (t + 1) * stride + column, table + <usize>id * width, width);
    }
    column += width;
  }
  return true;
}

/** Brings each row to whole numbers by its own largest value. */
function quantiseRows(length: i32, width: i32, from: usize): void {
  for (let t: usize = 0; t < <usize>length; t++) {
    const at = from + ((t * <usize>width) << 2);
    const top = largest(width, at);
    store<f32>(scales + (t << 2), top / UNIT);
    quantise(width, at, UNIT / top, codes + ((t * <usize>width) << 1));
  }
}

function layer(length: i32, matrix: i32, inner: i32, columns: i32, to: usize): void {
  multiply(
    length,
    inner >> 1,
    columns,
    codes,
    (<usize>inner) << 1,
    scales,
    model.weightsOf(matrix),
    model.scalesOf(matrix),
    model.biasOf(matrix),
    to,
    (<usize>columns) << 2,
  );
}

function rectify(count: i32, x: usize): void {
  const zero = f32x4.splat(0);
  for (let j: usize = 0; j < (<usize>count) << 2; j += 16) {
    v128.store(x + j, f32x4.max(v128.load(x + j), zero));
  }
}

function convolve(length: i32): void {
  const count = (length + 2) * model.input;
  const top = largest(count, embedded);
  quantise(count, embedded, UNIT / top, embeddedCodes);
  for (let t: usize = 0; t < <usize>length + 4; t++) store<f32>(scales + (t << 2), top / UNIT);
  const windows = embeddedCodes;
  // Rows behind the last are computed too and never read.
  memory.fill(windows + ((<usize>count) << 1), 0, ((<usize>model.input) << 1) * 4);
  multiply(
    length,
    (3 * model.input) >> 1,
    model.convolution,
    windows,
    (<usize>model.input) << 1,
    scales,
    model.weightsOf(model.CONVOLUTION),
    model.scalesOf(model.CONVOLUTION),
    model.biasOf(model.CONVOLUTION),
    convolved,
    (<usize>model.convolution) << 2,
  );
  rectify(length * model.convolution, convolved);
}

/** One direction; see assembly/training/recurrence.ts for the same in floats. */
function recur(length: i32, direction: i32): void {
  const width = model.recurrence;
  const w = (<usize>width) << 2;
  const stride = (<usize>joined) << 2;
  const matrix = model.RECURRENT + 2 * direction + 1;
  const state = row + 3 * w;
  const stateCodes = row + 4 * w;
  memory.fill(state, 0, w << 1);
  for (let step: i32 = 0; step < length; step++) {
    const t = <usize>(direction ? length - 1 - step : step);
    multiplyRow(
      width >> 1,
      3 * width,
      stateCodes,
      1 / UNIT,
      model.weightsOf(matrix),
      model.scalesOf(matrix),
      model.biasOf(matrix),
      row,
    );
    const g = gates + t * 3 * w;
    const to = states + t * stride + (direction ? w : 0);
    for (let j: usize = 0; j < w; j += 16) {
      const reset = sigmoid4(f32x4.add(v128.load(g + j), v128.load(row + j)));
      const update = sigmoid4(f32x4.add(v128.load(g + w + j), v128.load(row + w + j)));
      const inner = f32x4.mul(reset, v128.load(row + 2 * w + j));
      const candidate = tanh4(f32x4.add(v128.load(g + 2 * w + j), inner));
      const before = v128.load(state + j);
      const after = f32x4.add(candidate, f32x4.mul(update, f32x4.sub(before, candidate)));
      v128.store(state + j, after);
      v128.store(to + j, after);
    }
    // States are within -1 and 1.
    quantise(width, state, UNIT, stateCodes);
  }
}

/** The attention head reads the states of both directions, which lie in longer rows. */
function attendAll(length: i32): void {
  const width = 2 * model.recurrence;
  const stride = (<usize>joined) << 2;
  for (let t: usize = 0; t < <usize>length; t++) {
    quantise(width, states + t * stride, UNIT, codes + ((t * <usize>width) << 1));
    store<f32>(scales + (t << 2), 1 / UNIT);
    memory.fill(states + t * stride + ((<usize>width) << 2), 0, (<usize>model.attention) << 2);
  }
  layer(length, model.ATTENTION, width, 3 * model.attention, heads);
  attend(length, model.attention, heads, mixing, states + ((<usize>width) << 2), stride, turned);
}

/** Scores the first `length` ids of every channel; false when one of them is out of range. */
export function score(length: i32): bool {
  if (!embed(length)) return false;
  convolve(length);
  quantiseRows(length, model.convolution, convolved);
  for (let direction: i32 = 0; direction < 2; direction++) {
    layer(length, model.RECURRENT + 2 * direction, model.convolution, 3 * model.recurrence, gates);
    recur(length, direction);
  }
  attendAll(length);
  quantiseRows(length, joined, states);
  layer(length, model.DENSE, joined, model.dense, hidden);
  rectify(length * model.dense, hidden);
  quantiseRows(length, model.dense, hidden);
  layer(length, model.OUTPUT, model.dense, model.outputs, logits);
  return true;
}
