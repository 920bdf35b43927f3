import type { Label } from './labels.ts';
import { readBody } from './structured.ts';
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
  readonly spans: readonly { start: number; end: number; label: Label; score: number }[];
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

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1');
const invalid = (message: string) => new TaggerError('json_invalid', message);

/** A list of numbers is one value: a vector. */
const isVector = (value: readonly unknown[]) =>
  value.length > 1 && value.every((item) => typeof item === 'number');

function collect(
  value: unknown,
  path: string,
  keys: readonly string[],
  depth: number,
  leaves: Leaf[],
): void {
  if (depth > MAX_DEPTH) throw invalid(`JSON is nested deeper than ${MAX_DEPTH}.`);
  if (leaves.length > MAX_LEAVES) throw invalid(`JSON has more than ${MAX_LEAVES} leaves.`);
  if (Array.isArray(value)) {
    if (isVector(value)) leaves.push({ path, keys, text: `[${value.join(', ')}]` });
    else
      for (const [i, item] of value.entries())
        collect(item, `${path}/${i}`, keys, depth + 1, leaves);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      collect(item, `${path}/${escaped(key)}`, [...keys, key], depth + 1, leaves);
    }
  } else leaves.push({ path, keys, text: value === null ? '' : String(value) });
}

function parsed(json: unknown): unknown {
  let value = json;
  if (typeof json === 'string') {
    try {
      value = JSON.parse(json);
    } catch {
      value = readBody(json);
      if (!value) throw invalid('The text is no JSON, form, list of key=value or table.');
    }
  }
  if (typeof value !== 'object' || value === null) throw invalid('JSON is no object and no array.');
  return value;
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

export function splitJson(
  json: unknown,
  tag: (text: string) => readonly { start: number; end: number; label: Label; score: number }[],
): Split {
  const leaves: Leaf[] = [];
  collect(parsed(json), '', [], 0, leaves);
  const sensitive: SensitiveLeaf[] = [];
  const open: OpenLeaf[] = [];
  for (const leaf of leaves) {
    const { before, text, after } = inContext(leaf);
    const found = text === '' ? [] : tag(before + text + after);
    const spans = found
      .map((span) => ({
        ...span,
        start: Math.max(0, span.start - before.length),
        end: Math.min(text.length, span.end - before.length),
      }))
      .filter(({ start, end }) => start < end);
    const [first] = [...spans].sort((a, b) => b.end - b.start - (a.end - a.start));
    if (!first) open.push({ path: leaf.path });
    else {
      const covered = spans.reduce((sum, { start, end }) => sum + end - start, 0);
      const { label, score } = first;
      sensitive.push({
        path: leaf.path,
        label,
        score,
        whole: covered >= text.trim().length,
        spans,
      });
    }
  }
  return { sensitive, open };
}
