import taggerSource from '#wasm/tagger';
import { moduleOf } from './load.ts';
import { type Body, valuesOf, withinValues } from './tagger/bodies.ts';
import { type Engine, openEngine } from './tagger/engine.ts';
import { fold } from './tagger/fold.ts';
import { judge } from './tagger/judge.ts';
import { type Label, labels } from './tagger/labels.ts';
import type { OperatingPoint } from './tagger/model.ts';
import { type Split, splitJson } from './tagger/split.ts';
import { TaggerError } from './tagger/tagger-error.ts';

export { type Label, labels } from './tagger/labels.ts';
export { type OperatingPoint, operatingPoints } from './tagger/model.ts';
export type { OpenLeaf, SensitiveLeaf, Split } from './tagger/split.ts';
export { TaggerError, type TaggerErrorCode } from './tagger/tagger-error.ts';

/** A sensitive stretch of a text. Offsets count UTF-16 units, `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: Label;
  /** How sure the tagger is, 0 to 1. */
  readonly score: number;
}

export interface TagOptions {
  /** For all labels, or by label. `balanced` when left out. */
  readonly point?: OperatingPoint;
  /** Raises (above 0) or lowers the readiness to tag a label, in natural logarithms of odds. */
  readonly leaning?: Partial<Readonly<Record<Label, number>>>;
}

/** UTF-16 units of one text at most. */
export const MAX_TEXT = 200_000;

/** Functions of `cinnabar/tagger`. No result and no error holds any of the text. */
export interface Tagger {
  /** Finds sensitive spans. Throws `text_invalid`, `text_too_long`, `core_failed`. */
  tag(text: string, options?: TagOptions): Span[];
  /**
   * Judges every leaf of a JSON object or array with its keys in front, also out of a text: of JSON,
   * of a form (`a=1&b=2`), of lines of `key=value`, or of a table (CSV) with a header, whose rows are
   * `/0`, `/1` and so on. Throws `json_invalid` and what `tag` throws.
   */
  split(json: unknown, options?: TagOptions): Split;
}

/** Loads the module with the model in it. Throws `model_invalid`. */
export async function loadTagger(): Promise<Tagger> {
  const engine = openEngine(await moduleOf(taggerSource));
  const tag = (text: string, options: TagOptions = {}) => tagText(engine, text, options);
  return { tag, split: (json, options) => splitJson(json, (text) => tag(text, options)) };
}

function tagText(engine: Engine, text: string, options: TagOptions): Span[] {
  if (typeof text !== 'string') throw new TaggerError('text_invalid', 'The text is no string.');
  if (text.length > MAX_TEXT) {
    throw new TaggerError('text_too_long', `A text has at most ${MAX_TEXT} UTF-16 units.`);
  }
  if (text === '') return [];
  const folded = fold(text);
  const { point = 'balanced', leaning } = options;
  const body: Body = valuesOf(folded.text);
  const reading = engine.read(
    folded.text,
    point,
    leaning && labels.map((label) => leaning[label] ?? 0),
  );
  const judged = withinValues(folded.text, body, judge(folded.text, reading));
  return judged.map(({ start, end, label, score }) => ({
    start: folded.offsets[start] ?? 0,
    end: folded.ends[end - 1] ?? text.length,
    label: labels[label] ?? 'NAME',
    score: Math.round(score * 1000) / 1000,
  }));
}
