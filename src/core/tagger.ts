import taggerSource from '#wasm/tagger';
import { moduleOf } from './load.ts';
import { type Body, isJson, valuesOf, withinValues } from './tagger/bodies.ts';
import { type Engine, openEngine } from './tagger/engine.ts';
import { fold } from './tagger/fold.ts';
import { judge } from './tagger/judge.ts';
import { type Label, labels } from './tagger/labels.ts';
import type { OperatingPoint } from './tagger/model.ts';
import { foundInFields, MAX_LEAVES, type Split, splitJson } from './tagger/split.ts';
import { type BodyFormat, type Fields, readFields } from './tagger/structured.ts';
import { TaggerError } from './tagger/tagger-error.ts';

export { type Label, labels } from './tagger/labels.ts';
export { type OperatingPoint, operatingPoints } from './tagger/model.ts';
export type { OpenLeaf, SensitiveLeaf, Split } from './tagger/split.ts';
export { type BodyFormat, bodyFormats } from './tagger/structured.ts';
export { TaggerError, type TaggerErrorCode } from './tagger/tagger-error.ts';

/** A sensitive stretch of a text. Offsets count UTF-16 units, `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: Label;
  /** How sure the tagger is, 0 to 1. */
  readonly score: number;
}

/** Labels that are left out are at `balanced`. */
export type PointByLabel = Readonly<Partial<Record<Label, OperatingPoint>>>;

export interface TagOptions {
  /** For all labels, or by label. `balanced` when left out. */
  readonly point?: OperatingPoint | PointByLabel;
  /** Raises (above 0) or lowers the readiness to tag a label, in natural logarithms of odds. */
  readonly leaning?: Partial<Readonly<Record<Label, number>>>;
}

/** UTF-16 units of one text at most. */
export const MAX_TEXT = 200_000;

/** Functions of `cinnabar/tagger`. No result and no error holds any of the text. */
export interface Tagger {
  /**
   * Finds sensitive spans. A form, a form in parts (RFC 7578), lines of `key=value` and a table (CSV)
   * with a header are read as such (`formatOf` tells), and their values judged as by `split`. Throws
   * `text_invalid`, `text_too_long`, `core_failed`.
   */
  tag(text: string, options?: TagOptions): Span[];
  /**
   * Judges every leaf of a JSON object or array with its keys in front, also out of a text: of JSON,
   * of a form (`a=1&b=2`), of a form in parts, of lines of `key=value`, or of a table (CSV) with a
   * header, whose rows are `/0`, `/1` and so on. Throws `json_invalid`, `json_number_unsafe` and what
   * `tag` throws.
   */
  split(json: unknown, options?: TagOptions): Split;
}

/** Loads the module with the model in it. Throws `model_invalid`. */
export async function loadTagger(): Promise<Tagger> {
  const engine = openEngine(await moduleOf(taggerSource));
  const plain = (text: string, options: TagOptions = {}) => tagPlain(engine, text, options);
  return {
    tag: (text, options) => tagBody(text, (part) => plain(part, options)),
    split: (json, options) => splitJson(json, (text) => plain(text, options)),
  };
}

/** What a text is read as: a body with names for its values, or `undefined` for plain text. */
export function formatOf(text: string): BodyFormat | undefined {
  if (text.length > MAX_TEXT) return undefined;
  return isJson(text) ? 'json' : fieldsOf(text)?.format;
}

/** None for more values than `split` takes. */
function fieldsOf(text: string): Fields | undefined {
  const body = readFields(text);
  return body && body.fields.length <= MAX_LEAVES ? body : undefined;
}

function tagBody(text: string, tag: (part: string) => Span[]): Span[] {
  const isPlain = typeof text !== 'string' || text.length > MAX_TEXT || isJson(text);
  const body = isPlain ? undefined : fieldsOf(text);
  // What holds a name or a number is no header, and the text is no table.
  if (!body || tag(text.slice(0, body.header)).length > 0) return tag(text);
  return [...foundInFields(body, tag)];
}

function tagPlain(engine: Engine, text: string, options: TagOptions): Span[] {
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
    labels.map((label) => (typeof point === 'string' ? point : (point[label] ?? 'balanced'))),
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
