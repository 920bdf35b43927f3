// The decision: the tiles worth scoring go through a small trained network, the worst of them and
// the figures of the whole pair through another; several such models are averaged. Trained from pair
// labels only (multiple-instance learning: a pair is as bad as its worst tiles). The shape is shared
// by the built-in vendors; figures and weights are each vendor's own.
import { at, clamp, put, sumOfFour, takeBytes, takePlane } from '../seal/plane';

export const MAX_SCALES: i32 = 3;
const MAX_FIGURES: i32 = 40;
const MAX_WHOLE: i32 = 32;
const HIDDEN: i32 = 16;
/** Worst tiles of a scale that count, and tiles taken by each criterion. */
const WORST: i32 = 8;
const KEEP: i32 = 12;
/** Numbers of all models together. */
const MOST_WEIGHTS: i32 = 24_000;
/** With this many tiles or fewer all are scored. */
const FEW: i32 = 90;

let scaleCount: i32 = 0;
let figureCount: i32 = 0;
let wholeCount: i32 = 0;
let criteria: usize = 0;
let criterionCount: i32 = 0;
let models: i32 = 0;
let scales: usize = 0;
let values: usize = 0;
let grey: f32 = 0;
/** Tile figures, then whether the scan is grey and how much is unknown. */
let inputCount: i32 = 0;
let summaryCount: i32 = 0;

/** Figures of each scale's tiles, `figureCount` a tile, and of the whole pair. */
const tileCounts = memory.data(3 * 4);
const tileFigures = memory.data(3 * 4);
let wholeFigures: usize = 0;

/**
 * Sets the shape and the weights, as the generator wrote them. `byCriteria` lists the figures by
 * which tiles are chosen, a byte each; with 128 added, small values are the suspicious ones.
 */
export function shape(
  ofScales: i32,
  ofFigures: i32,
  ofWhole: i32,
  byCriteria: usize,
  ofCriteria: i32,
  ofModels: i32,
  weightScales: usize,
  weightValues: usize,
): void {
  assert(ofScales <= MAX_SCALES && ofFigures <= MAX_FIGURES && ofWhole <= MAX_WHOLE);
  scaleCount = ofScales;
  figureCount = ofFigures;
  wholeCount = ofWhole;
  criteria = byCriteria;
  criterionCount = ofCriteria;
  models = ofModels;
  scales = weightScales;
  values = weightValues;
  inputCount = ofFigures + 2;
  summaryCount = ofWhole + ofScales * (WORST + 1);
}

/** The evidence of one scale. */
export function setTiles(scale: i32, count: i32, figures: usize): void {
  store<i32>(tileCounts + ((<usize>scale) << 2), count);
  store<u32>(tileFigures + ((<usize>scale) << 2), <u32>figures);
}

function figuresOf(scale: i32): usize {
  return load<u32>(tileFigures + ((<usize>scale) << 2));
}

function countOf(scale: i32): i32 {
  return load<i32>(tileCounts + ((<usize>scale) << 2));
}

/** Chosen tiles: scale, index and mean score over the models, which rises with suspicion. */
export let chosen: i32 = 0;
export let chosenScale: usize = 0;
export let chosenTile: usize = 0;
export let chosenScore: usize = 0;

const best = memory.data(12 * 4);
const bestTile = memory.data(12 * 4);
const input = memory.data((40 + 2) * 4);
const hidden = memory.data(16 * 4);
const summary = memory.data((32 + 3 * 9) * 4);
const worst = memory.data(9 * 4);
const whole = memory.data(32 * 4);

let weightsAt: usize = 0;
let partIndex: i32 = 0;
let valueIndex: i32 = 0;

/** Copies the next array of weights out of the quantised store and returns it. */
function nextWeights(count: i32): usize {
  const out = weightsAt;
  const scale = at(scales, partIndex++);
  for (let i = 0; i < count; i++) {
    const value = load<i16>(values + ((<usize>(valueIndex + i)) << 1));
    put(out, i, <f32>value * scale);
  }
  valueIndex += count;
  weightsAt += (<usize>count) << 2;
  return out;
}

function tanh(x: f32): f32 {
  const e = <f32>NativeMathf.exp(-2 * abs<f32>(x));
  const y: f32 = (1 - e) / (1 + e);
  return x < 0 ? -y : y;
}

/** Chooses the tiles of one scale: the worst by each criterion, or all when there are few. */
function choose(scale: i32, marks: usize): void {
  const count = countOf(scale);
  const figures = figuresOf(scale);
  memory.fill(marks, count <= FEW ? 1 : 0, <usize>count);
  if (count <= FEW) return;
  for (let c = 0; c < criterionCount; c++) {
    const criterion = <i32>load<u8>(criteria + <usize>c);
    const which = criterion & 127;
    const sign: f32 = criterion > 127 ? -1 : 1;
    for (let k = 0; k < KEEP; k++) put(best, k, -Infinity);
    for (let tile = 0; tile < count; tile++) {
      const value = sign * at(figures, tile * figureCount + which);
      if (value <= at(best, KEEP - 1)) continue;
      let k = KEEP - 1;
      for (; k > 0 && at(best, k - 1) < value; k--) {
        put(best, k, at(best, k - 1));
        store<i32>(bestTile + ((<usize>k) << 2), load<i32>(bestTile + ((<usize>(k - 1)) << 2)));
      }
      put(best, k, value);
      store<i32>(bestTile + ((<usize>k) << 2), tile);
    }
    for (let k = 0; k < KEEP; k++) {
      if (at(best, k) == -Infinity) continue;
      store<u8>(marks + <usize>load<i32>(bestTile + ((<usize>k) << 2)), 1);
    }
  }
}

function chooseAll(): void {
  let total = 0;
  for (let scale = 0; scale < scaleCount; scale++) total += countOf(scale);
  const marks = takeBytes(total + 1);
  chosenScale = takePlane(total + 1);
  chosenTile = takePlane(total + 1);
  chosenScore = takePlane(total + 1);
  chosen = 0;
  for (let scale = 0; scale < scaleCount; scale++) {
    choose(scale, marks);
    const count = countOf(scale);
    for (let tile = 0; tile < count; tile++) {
      if (load<u8>(marks + <usize>tile) == 0) continue;
      store<i32>(chosenScale + ((<usize>chosen) << 2), scale);
      store<i32>(chosenTile + ((<usize>chosen) << 2), tile);
      put(chosenScore, chosen, 0);
      chosen++;
    }
  }
}

/** A layer of HIDDEN units on `count` inputs, `weights` unit by unit. */
function layer(weights: usize, bias: usize, from: usize, count: i32): void {
  for (let unit = 0; unit < HIDDEN; unit++) {
    const row = weights + ((<usize>(unit * count)) << 2);
    put(hidden, unit, tanh(at(bias, unit) + dot(row, from, count)));
  }
}

function dot(a: usize, b: usize, count: i32): f32 {
  let sums = f32x4.splat(0);
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const p = (<usize>i) << 2;
    sums = f32x4.add(sums, f32x4.mul(v128.load(a + p), v128.load(b + p)));
  }
  let sum = sumOfFour(sums);
  for (; i < count; i++) sum += at(a, i) * at(b, i);
  return sum;
}

function remember(score: f32): void {
  if (score <= at(worst, WORST - 1)) return;
  let k = WORST - 1;
  for (; k > 0 && at(worst, k - 1) < score; k--) put(worst, k, at(worst, k - 1));
  put(worst, k, score);
}

/** A figure's distance from its mean in spreads, held within `bound`; what is not a number is 0. */
function normal(value: f32, mean: f32, spread: f32, bound: f32): f32 {
  const finite: f32 = value >= 0 || value < 0 ? value : 0;
  return clamp((finite - mean) / spread, -bound, bound);
}

/** Scores the chosen tiles of one scale and writes the worst and their mean to `out`. */
function scoreTiles(scale: i32, mean: usize, spread: usize, out: usize): void {
  const weights = nextWeights(HIDDEN * inputCount);
  const bias = nextWeights(HIDDEN);
  const last = nextWeights(HIDDEN);
  const lastBias = at(nextWeights(1), 0);
  for (let k = 0; k < WORST; k++) put(worst, k, -6);
  let sum: f32 = 0;
  let count = 0;
  put(input, figureCount, grey);
  put(input, figureCount + 1, at(whole, 2));
  for (let i = 0; i < chosen; i++) {
    if (load<i32>(chosenScale + ((<usize>i) << 2)) != scale) continue;
    const tile = load<i32>(chosenTile + ((<usize>i) << 2));
    const figures = figuresOf(scale) + ((<usize>(tile * figureCount)) << 2);
    for (let f = 0; f < figureCount; f++) {
      put(input, f, normal(at(figures, f), at(mean, f), at(spread, f), 5));
    }
    layer(weights, bias, input, inputCount);
    const score = dot(hidden, last, HIDDEN) + lastBias;
    put(chosenScore, i, at(chosenScore, i) + score / <f32>models);
    remember(score);
    sum += score;
    count++;
  }
  for (let k = 0; k < WORST; k++) put(out, k, at(worst, k));
  put(out, WORST, count > 0 ? sum / <f32>count : -6);
}

function scoreModel(): f32 {
  const mean = nextWeights(scaleCount * figureCount);
  const spread = nextWeights(scaleCount * figureCount);
  const wholeMean = nextWeights(wholeCount);
  const wholeSpread = nextWeights(wholeCount);
  for (let i = 0; i < wholeCount; i++) {
    put(whole, i, normal(at(wholeFigures, i), at(wholeMean, i), at(wholeSpread, i), 4));
  }
  memory.copy(summary, whole, (<usize>wholeCount) << 2);
  for (let scale = 0; scale < scaleCount; scale++) {
    const offset = (<usize>(scale * figureCount)) << 2;
    const out = summary + ((<usize>(wholeCount + scale * (WORST + 1))) << 2);
    scoreTiles(scale, mean + offset, spread + offset, out);
  }
  const line = nextWeights(summaryCount);
  const lineBias = at(nextWeights(1), 0);
  const weights = nextWeights(HIDDEN * summaryCount);
  const bias = nextWeights(HIDDEN);
  const last = nextWeights(HIDDEN);
  const lastBias = at(nextWeights(1), 0);
  layer(weights, bias, summary, summaryCount);
  return dot(line, summary, summaryCount) + lineBias + dot(hidden, last, HIDDEN) + lastBias;
}

/**
 * Log odds that the query is genuine, from the tiles set before and the figures of the whole pair,
 * the third of which is three times the unknown share.
 */
export function decide(figuresOfWhole: usize, isGrey: bool): f32 {
  wholeFigures = figuresOfWhole;
  grey = isGrey ? 1 : 0;
  chooseAll();
  weightsAt = takePlane(MOST_WEIGHTS);
  partIndex = 0;
  valueIndex = 0;
  let sum: f32 = 0;
  for (let model = 0; model < models; model++) sum += scoreModel();
  return sum / <f32>models;
}

/** For the tool that trains: address of scales, figures, whole figures, and the tiles chosen. */
export function traceEvidence(): usize {
  const record = takePlane(8);
  store<u32>(record, <u32>scaleCount);
  store<u32>(record, <u32>figureCount, 4);
  store<u32>(record, <u32>wholeCount, 8);
  store<u32>(record, <u32>wholeFigures, 12);
  store<u32>(record, <u32>chosen, 16);
  store<u32>(record, <u32>chosenScale, 20);
  store<u32>(record, <u32>chosenTile, 24);
  store<u32>(record, <u32>tileFigures, 28);
  return record;
}
