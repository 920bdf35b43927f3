// The network in its module: features in, spans out, window by window.
import { type CoreExports, instantiate } from '../load.ts';
import { decode, posteriors, type Scores, type TagSpan } from './decode.ts';
import { type Features, featuresOf } from './features.ts';
import { labels } from './labels.ts';
import { type ModelHead, type OperatingPoint, readHead } from './model.ts';
import { TaggerError } from './tagger-error.ts';

/** Positions the network sees at a time, and how many of them two neighbours share. */
const WINDOW = 512;
const OVERLAP = 64;

/** Exports of assembly/tagger. */
interface TaggerKernels extends CoreExports {
  reserve(length: number): number;
  open(): number;
  run(length: number): number;
  channelIds(channel: number): number;
  scores(): number;
}

/** A span of the network with its mean probability. */
export interface ScoredSpan extends TagSpan {
  readonly score: number;
}

export interface Reading {
  readonly spans: ScoredSpan[];
  /** Probability of every position that it belongs to nothing. */
  readonly outside: Float32Array;
}

/** What to add to the scores of each label, by its index, beside the operating point. */
export type Leaning = readonly number[];

export interface Engine {
  readonly head: ModelHead;
  /** Reads folded text, with an operating point for each label by its index. */
  read(text: string, points: readonly OperatingPoint[], leaning?: Leaning): Reading;
}

const BROKEN = 'The tagger module failed; load it again.';

function openModel(module: WebAssembly.Module): [TaggerKernels, ModelHead, number] {
  const [section] = WebAssembly.Module.customSections(module, 'model');
  if (!section) throw new TaggerError('model_invalid', 'The module carries no model.');
  const bytes = new Uint8Array(section);
  const head = readHead(bytes);
  const kernels = instantiate<TaggerKernels>(module);
  const at = kernels.reserve(bytes.length);
  if (at <= 0) throw new TaggerError('model_invalid', 'The model is too large.');
  new Uint8Array(kernels.memory.buffer).set(bytes, at);
  const width = kernels.open();
  if (width <= 0) throw new TaggerError('model_invalid', 'The model does not fit the module.');
  return [kernels, head, width];
}

const channels: readonly (keyof Features)[] = ['characters', 'types', 'runs', 'names', 'lexicon'];

/** Throws `model_invalid`. */
export function openEngine(module: WebAssembly.Module): Engine {
  let [kernels, head, width] = openModel(module);

  function scoresOf(features: Features, from: number, to: number): Scores {
    try {
      for (const [i, name] of channels.entries()) {
        const ids = new Uint16Array(kernels.memory.buffer, kernels.channelIds(i), to - from);
        ids.set(features[name].subarray(from, to));
      }
      if (kernels.run(to - from) !== 0) throw new Error('refused');
    } catch (cause) {
      // A trap may have left memory half written.
      [kernels, head, width] = openModel(module);
      throw new TaggerError('core_failed', BROKEN, { cause });
    }
    const length = to - from;
    const values = new Float32Array(kernels.memory.buffer, kernels.scores(), length * width);
    return { values, width, length };
  }

  return {
    head,
    read(text, points, leaning) {
      const features = featuresOf(text, head.vocabulary, head.lexicon);
      const preset = (i: number) => head.biases[points[i] ?? 'balanced'][i] ?? 0;
      const biases = labels.map((_, i) => preset(i) + (leaning?.[i] ?? 0));
      const outside = new Float32Array(text.length);
      const spans: ScoredSpan[] = [];
      for (let from = 0; from < text.length; from += WINDOW - OVERLAP) {
        const to = Math.min(text.length, from + WINDOW);
        const scores = scoresOf(features, from, to);
        const shares = posteriors(scores);
        // The first half of what two windows share belongs to the earlier one.
        const mine = from === 0 ? 0 : OVERLAP / 2;
        for (let t = mine; t < to - from; t++) outside[from + t] = outsideAt(shares, t);
        const found = decode(scores, biases).map((span) => scored(span, shares, from));
        join(spans, found, from + mine);
        if (to === text.length) break;
      }
      return { spans, outside };
    },
  };
}

function outsideAt(shares: Float32Array, t: number): number {
  let inside = 0;
  for (let l = 0; l < labels.length; l++) inside += shares[t * labels.length + l] ?? 0;
  return 1 - inside;
}

function scored({ start, end, label }: TagSpan, shares: Float32Array, from: number): ScoredSpan {
  let sum = 0;
  for (let t = start; t < end; t++) sum += shares[t * labels.length + label] ?? 0;
  return { start: start + from, end: end + from, label, score: sum / (end - start) };
}

/** Appends the spans of the next window; what reaches over `seam` is one span in both. */
function join(spans: ScoredSpan[], next: readonly ScoredSpan[], seam: number): void {
  while ((spans.at(-1)?.start ?? -1) >= seam) spans.pop();
  for (const span of next) {
    const last = spans.at(-1);
    if (span.end <= seam) continue;
    if (!last || last.end <= span.start) spans.push(span);
    else if (last.label === span.label)
      spans[spans.length - 1] = { ...last, end: Math.max(last.end, span.end) };
  }
}
