import type { Label } from './labels.ts';
import { arePairs, columnsOf, headersIn, namesBeside } from './pairs.ts';
import { escaped, type Fields, readFields } from './structured.ts';
import { TaggerError } from './tagger-error.ts';

/** A leaf that holds something sensitive. `path` is a JSON Pointer (RFC 6901). */
export interface SensitiveLeaf {
  readonly path: string;
  /** The label of the largest share of the value. */
  readonly label: Label;
  readonly score: number;
  /** Whether the whole value is sensitive, or only the spans. */
  readonly whole: boolean;
  /** Offsets within the value, as in `tag`. */
  readonly spans: readonly Found[];
}

export interface OpenLeaf {
  readonly path: string;
}

/** Every leaf of a JSON value, by whether it is sensitive. Values themselves are not repeated. */
export interface Split {
  readonly sensitive: readonly SensitiveLeaf[];
  readonly open: readonly OpenLeaf[];
}

export const MAX_DEPTH = 32;
export const MAX_LEAVES = 2_000;

interface Leaf {
  readonly path: string;
  readonly keys: readonly string[];
  readonly text: string;
}

const invalid = (message: string) => new TaggerError('json_invalid', message);

/** A list of numbers is one value: a vector. */
const isVector = (value: readonly unknown[]) =>
  value.length > 1 && value.every((item) => typeof item === 'number');

/** Names of the items of a row; an empty one says nothing. */
type Columns = readonly string[];

interface Place {
  readonly path: string;
  readonly keys: readonly string[];
  readonly depth: number;
  /** Of the rows in this list, or of the items in this row. */
  readonly rows?: Columns | undefined;
  readonly items?: Columns | undefined;
}

interface Member extends Pick<Place, 'rows' | 'items'> {
  readonly step: string | number;
  readonly item: unknown;
  readonly name: string;
}

function membersOf(value: object, { rows, items }: Place): readonly Member[] {
  if (!Array.isArray(value)) {
    const entries = Object.entries(value);
    const beside = namesBeside(entries);
    const headers = headersIn(entries.map(([, item]) => item));
    return entries.map(([key, item]) => ({
      step: escaped(key),
      item,
      name: beside(key) ?? key,
      rows: Array.isArray(item) ? columnsOf(item, headers) : undefined,
    }));
  }
  const list: readonly unknown[] = value;
  if (arePairs(list))
    return list.map((item, step) => ({ step, item, name: '', items: ['', item[0]] }));
  return list.map((item, step) => ({ step, item, name: items?.[step] ?? '', items: rows }));
}

function collect(value: unknown, place: Place, leaves: Leaf[]): void {
  const { path, keys, depth, items } = place;
  if (depth > MAX_DEPTH) throw invalid(`JSON is nested deeper than ${MAX_DEPTH}.`);
  if (leaves.length > MAX_LEAVES) throw invalid(`JSON has more than ${MAX_LEAVES} leaves.`);
  if (Array.isArray(value) && isVector(value) && !items)
    leaves.push({ path, keys, text: `[${value.map(textOfLeaf).join(', ')}]` });
  else if (typeof value === 'object' && value !== null) {
    for (const { step, item, name, ...names } of membersOf(value, place)) {
      const inner = name === '' ? keys : [...keys, name];
      collect(item, { path: `${path}/${step}`, keys: inner, depth: depth + 1, ...names }, leaves);
    }
  } else leaves.push({ path, keys, text: textOfLeaf(value) });
}

function textOfLeaf(value: unknown): string {
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
    throw new TaggerError('json_number_unsafe', 'A whole number is beyond 2^53; send it as text.');
  }
  return value === null ? '' : String(value);
}

/** Strings, and whole numbers that a reader may round. */
const LONG_NUMBER = /"(?:[^"\\]|\\.)*"|((?<![\d.])-?\d{16,})(?![\d.eE])/g;

/** A document or card number that stands in JSON as a number keeps every digit. */
function exactJson(text: string): unknown {
  JSON.parse(text);
  return JSON.parse(text.replace(LONG_NUMBER, (all, digits) => (digits ? `"${digits}"` : all)));
}

function leavesOf(json: unknown): readonly Leaf[] {
  let value = json;
  if (typeof json === 'string') {
    try {
      value = exactJson(json);
    } catch {
      const body = readFields(json);
      if (!body) throw invalid('The text is no JSON, form, list of key=value or table.');
      return leavesOfFields(body);
    }
  }
  if (typeof value !== 'object' || value === null) throw invalid('JSON is no object and no array.');
  const leaves: Leaf[] = [];
  collect(value, { path: '', keys: [], depth: 0 }, leaves);
  return leaves;
}

function leavesOfFields({ fields }: Fields): readonly Leaf[] {
  if (fields.length > MAX_LEAVES) throw invalid(`The body has more than ${MAX_LEAVES} values.`);
  return fields.map(({ path, name, text }) => ({ path, keys: [name], text }));
}

const clean = (key: string) => key.replace(/["\\\n]/g, ' ').slice(0, 64);

/** The last two keys as they would stand before the value, and the value as it is. */
function inContext({ keys, text }: Leaf): { before: string; text: string; after: string } {
  const [outer, inner] = keys.length > 1 ? keys.slice(-2) : [undefined, keys[0] ?? ''];
  const quote = text.startsWith('[') ? '' : '"';
  const before = `{"${clean(inner ?? '')}":${quote}`;
  return outer === undefined
    ? { before, text, after: `${quote}}` }
    : { before: `{"${clean(outer)}":${before}`, text, after: `${quote}}}` };
}

type Tag = (text: string) => readonly Found[];

interface Found {
  readonly start: number;
  readonly end: number;
  readonly label: Label;
  readonly score: number;
}

/** What is found in a value with its keys in front; offsets are those of the value. */
function foundIn(leaf: Leaf, tag: Tag): readonly Found[] {
  const { before, text, after } = inContext(leaf);
  if (text === '') return [];
  return tag(before + text + after)
    .map((span) => ({
      ...span,
      start: Math.max(0, span.start - before.length),
      end: Math.min(text.length, span.end - before.length),
    }))
    .filter(({ start, end }) => start < end);
}

/** The same for the values of a body, at the places where they are written. */
export function foundInFields(body: Fields, tag: Tag): readonly Found[] {
  return leavesOfFields(body).flatMap((leaf, i) => {
    const offsets = body.fields[i]?.offsets ?? [];
    return foundIn(leaf, tag).map((span) => ({
      ...span,
      start: offsets[span.start] ?? 0,
      end: offsets[span.end] ?? 0,
    }));
  });
}

export function splitJson(json: unknown, tag: Tag): Split {
  const sensitive: SensitiveLeaf[] = [];
  const open: OpenLeaf[] = [];
  for (const leaf of leavesOf(json)) {
    const spans = foundIn(leaf, tag);
    const [first] = [...spans].sort((a, b) => b.end - b.start - (a.end - a.start));
    if (!first) open.push({ path: leaf.path });
    else {
      const covered = spans.reduce((sum, { start, end }) => sum + end - start, 0);
      const { label, score } = first;
      const whole = covered >= leaf.text.trim().length;
      sensitive.push({ path: leaf.path, label, score, whole, spans });
    }
  }
  return { sensitive, open };
}
