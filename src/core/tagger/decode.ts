// From scores to spans: the best path through the tags on which every span has a beginning and an
// end (Viterbi 1967), and how sure the network is of each position.
import { labels, TAGS } from './labels.ts';

/** Scores of a text's positions, `width` floats a position; the first `TAGS` are used. */
export interface Scores {
  readonly values: Float32Array;
  readonly width: number;
  readonly length: number;
}

/** A span by index of its label. */
export interface TagSpan {
  readonly start: number;
  readonly end: number;
  readonly label: number;
}

const BEGIN = 0;
const INSIDE = 1;
const END = 2;
const tagOf = (label: number, role: number) => 1 + 4 * label + role;

/** Probability of each label at each position, `labels.length` a position. */
export function posteriors({ values, width, length }: Scores): Float32Array {
  const result = new Float32Array(length * labels.length);
  for (let t = 0; t < length; t++) {
    const at = t * width;
    let top = -Infinity;
    for (let y = 0; y < TAGS; y++) top = Math.max(top, values[at + y] ?? 0);
    let sum = Math.exp((values[at] ?? 0) - top);
    for (let y = 1; y < TAGS; y++) {
      const p = Math.exp((values[at + y] ?? 0) - top);
      sum += p;
      const slot = t * labels.length + ((y - 1) >> 2);
      result[slot] = (result[slot] ?? 0) + p;
    }
    for (let l = 0; l < labels.length; l++) {
      const slot = t * labels.length + l;
      result[slot] = (result[slot] ?? 0) / sum;
    }
  }
  return result;
}

/** The best allowed path, with `biases[label]` added to the scores of the label's tags. */
export function decode(scores: Scores, biases: readonly number[]): TagSpan[] {
  const { values, width, length } = scores;
  if (length === 0) return [];
  const from = new Uint8Array(length * TAGS);
  let best = new Float64Array(TAGS).fill(-Infinity);
  let next = new Float64Array(TAGS);
  const emit = (t: number, tag: number) =>
    (values[t * width + tag] ?? 0) + (tag === 0 ? 0 : (biases[(tag - 1) >> 2] ?? 0));
  best[0] = emit(0, 0);
  for (let l = 0; l < labels.length; l++) {
    best[tagOf(l, BEGIN)] = emit(0, tagOf(l, BEGIN));
    best[tagOf(l, END) + 1] = emit(0, tagOf(l, END) + 1);
  }
  for (let t = 1; t < length; t++) {
    // Whatever ends a span, or is outside, may be followed by whatever begins one.
    let free = 0;
    for (let l = 0; l < labels.length; l++) {
      for (let tag = tagOf(l, END); tag <= tagOf(l, END) + 1; tag++) {
        if ((best[tag] ?? 0) > (best[free] ?? 0)) free = tag;
      }
    }
    const freeScore = best[free] ?? 0;
    const row = t * TAGS;
    next[0] = freeScore + emit(t, 0);
    from[row] = free;
    for (let l = 0; l < labels.length; l++) {
      const [b, i, e, s] = [tagOf(l, BEGIN), tagOf(l, INSIDE), tagOf(l, END), tagOf(l, END) + 1];
      next[b] = freeScore + emit(t, b);
      next[s] = freeScore + emit(t, s);
      const open = (best[b] ?? 0) >= (best[i] ?? 0) ? b : i;
      next[i] = (best[open] ?? 0) + emit(t, i);
      next[e] = (best[open] ?? 0) + emit(t, e);
      from[row + b] = free;
      from[row + s] = free;
      from[row + i] = open;
      from[row + e] = open;
    }
    [best, next] = [next, best];
  }
  return spansOf(pathOf(best, from, length));
}

function pathOf(best: Float64Array, from: Uint8Array, length: number): Uint8Array {
  let tag = 0;
  for (let l = 0; l < labels.length; l++) {
    for (let end = tagOf(l, END); end <= tagOf(l, END) + 1; end++) {
      if ((best[end] ?? 0) > (best[tag] ?? 0)) tag = end;
    }
  }
  const path = new Uint8Array(length);
  for (let t = length - 1; t >= 0; t--) {
    path[t] = tag;
    tag = from[t * TAGS + tag] ?? 0;
  }
  return path;
}

function spansOf(path: Uint8Array): TagSpan[] {
  const spans: TagSpan[] = [];
  let start = 0;
  for (const [t, tag] of path.entries()) {
    if (tag === 0) continue;
    const role = (tag - 1) & 3;
    if (role === BEGIN || role === 3) start = t;
    if (role >= END) spans.push({ start, end: t + 1, label: (tag - 1) >> 2 });
  }
  return spans;
}
