// The decision: the tiles worth scoring go through a small trained network, the worst of them and
// the figures of the whole pair through another; three such models are averaged. Trained from pair
// labels only.
import { at, clamp, put, takeBytes, takePlane } from '../../seal/plane';
import { isGrey } from './imprint';
import {
  FIGURES,
  pointerAt,
  SCALES,
  tileCounts,
  tileFigures,
  WHOLE_FIGURES,
  wholeFigures,
} from './tiles';
import { scales, values } from './weights.gen';

const MODELS: i32 = 3;
const HIDDEN: i32 = 16;
/** Tile figures, then whether the scan is grey and how much is unknown. */
const INPUTS: i32 = 30;
/** Worst tiles of a scale that count, and tiles taken by each criterion. */
const WORST: i32 = 8;
const KEEP: i32 = 12;
/** With this many tiles or fewer all are scored. */
const FEW: i32 = 90;
const SUMMARY: i32 = 21 + 2 * 9;

/** Figures by which tiles are chosen; of the last one small values are the suspicious ones. */
const criteria = memory.data<u8>([6, 9, 18, 19, 20, 21, 22, 23, 25, 15]);
const CRITERIA: i32 = 10;

/** Chosen tiles: scale, index and mean score over the models, which rises with suspicion. */
export let chosen: i32 = 0;
export let chosenScale: usize = 0;
export let chosenTile: usize = 0;
export let chosenScore: usize = 0;

const best = memory.data(12 * 4);
const bestTile = memory.data(12 * 4);
const input = memory.data(32 * 4);
const hidden = memory.data(16 * 4);
const summary = memory.data(40 * 4);
const worst = memory.data(9 * 4);
const whole = memory.data(21 * 4);

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
  const count = load<i32>(tileCounts + ((<usize>scale) << 2));
  const figures = pointerAt(tileFigures, scale);
  memory.fill(marks, count <= FEW ? 1 : 0, <usize>count);
  if (count <= FEW) return;
  for (let c = 0; c < CRITERIA; c++) {
    const which = <i32>load<u8>(criteria + <usize>c);
    const sign: f32 = which == 15 ? -1 : 1;
    for (let k = 0; k < KEEP; k++) put(best, k, -Infinity);
    for (let tile = 0; tile < count; tile++) {
      const value = sign * at(figures, tile * FIGURES + which);
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
  const total = load<i32>(tileCounts) + load<i32>(tileCounts, 4);
  const marks = takeBytes(total + 1);
  chosenScale = takePlane(total + 1);
  chosenTile = takePlane(total + 1);
  chosenScore = takePlane(total + 1);
  chosen = 0;
  for (let scale = 0; scale < SCALES; scale++) {
    choose(scale, marks);
    const count = load<i32>(tileCounts + ((<usize>scale) << 2));
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
    let sum = at(bias, unit);
    const row = weights + ((<usize>(unit * count)) << 2);
    for (let i = 0; i < count; i++) sum += at(row, i) * at(from, i);
    put(hidden, unit, tanh(sum));
  }
}

function dot(a: usize, b: usize, count: i32): f32 {
  let sum: f32 = 0;
  for (let i = 0; i < count; i++) sum += at(a, i) * at(b, i);
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
  const weights = nextWeights(HIDDEN * INPUTS);
  const bias = nextWeights(HIDDEN);
  const last = nextWeights(HIDDEN);
  const lastBias = at(nextWeights(1), 0);
  for (let k = 0; k < WORST; k++) put(worst, k, -6);
  let sum: f32 = 0;
  let count = 0;
  put(input, FIGURES, isGrey ? 1 : 0);
  put(input, FIGURES + 1, at(whole, 2));
  for (let i = 0; i < chosen; i++) {
    if (load<i32>(chosenScale + ((<usize>i) << 2)) != scale) continue;
    const tile = load<i32>(chosenTile + ((<usize>i) << 2));
    const figures = pointerAt(tileFigures, scale) + ((<usize>(tile * FIGURES)) << 2);
    for (let f = 0; f < FIGURES; f++) {
      put(input, f, normal(at(figures, f), at(mean, f), at(spread, f), 5));
    }
    layer(weights, bias, input, INPUTS);
    const score = dot(hidden, last, HIDDEN) + lastBias;
    put(chosenScore, i, at(chosenScore, i) + score / <f32>MODELS);
    remember(score);
    sum += score;
    count++;
  }
  for (let k = 0; k < WORST; k++) put(out, k, at(worst, k));
  put(out, WORST, count > 0 ? sum / <f32>count : -6);
}

function scoreModel(): f32 {
  const mean = nextWeights(SCALES * FIGURES);
  const spread = nextWeights(SCALES * FIGURES);
  const wholeMean = nextWeights(WHOLE_FIGURES);
  const wholeSpread = nextWeights(WHOLE_FIGURES);
  for (let i = 0; i < WHOLE_FIGURES; i++) {
    put(whole, i, normal(at(wholeFigures, i), at(wholeMean, i), at(wholeSpread, i), 4));
  }
  memory.copy(summary, whole, (<usize>WHOLE_FIGURES) << 2);
  for (let scale = 0; scale < SCALES; scale++) {
    const offset = (<usize>(scale * FIGURES)) << 2;
    const out = summary + ((<usize>(WHOLE_FIGURES + scale * (WORST + 1))) << 2);
    scoreTiles(scale, mean + offset, spread + offset, out);
  }
  const line = nextWeights(SUMMARY);
  const lineBias = at(nextWeights(1), 0);
  const weights = nextWeights(HIDDEN * SUMMARY);
  const bias = nextWeights(HIDDEN);
  const last = nextWeights(HIDDEN);
  const lastBias = at(nextWeights(1), 0);
  layer(weights, bias, summary, SUMMARY);
  return dot(line, summary, SUMMARY) + lineBias + dot(hidden, last, HIDDEN) + lastBias;
}

/** Log odds that the query is genuine. */
export function decide(): f32 {
  chooseAll();
  weightsAt = takePlane(6000);
  partIndex = 0;
  valueIndex = 0;
  let sum: f32 = 0;
  for (let model = 0; model < MODELS; model++) sum += scoreModel();
  return sum / <f32>MODELS;
}
