// JSON: where its values lie. No span of ours reaches over the border of a value, and a code that is
// most of its value is all of it.
import type { ScoredSpan } from './engine.ts';
import { labels } from './labels.ts';

/** Values in order, none touching another; empty when the text is no JSON. */
export type Body = readonly { readonly start: number; readonly end: number }[];

const JSON_VALUE =
  /"(?:[^"\\]|\\.)*"(\s*:)?|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\[\s*-?\d[^\]"{}]*\]/g;

export function isJson(text: string): boolean {
  if (!/^\s*[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function jsonValues(text: string): Body {
  const values: { start: number; end: number }[] = [];
  for (const { 0: found, 1: isKey, index } of text.matchAll(JSON_VALUE)) {
    if (isKey) continue;
    const quote = found.startsWith('"') ? 1 : 0;
    if (found.length > 2 * quote)
      values.push({ start: index + quote, end: index + found.length - quote });
  }
  return values;
}

export function valuesOf(text: string): Body {
  return isJson(text) ? jsonValues(text) : [];
}

/** Labels whose value is a code, so that most of a value means all of it. */
const CODES = new Set(
  ['ID_DOC', 'CONTACT', 'PASSWORD', 'PAYMENT', 'BIOMETRIC'].map((label) =>
    labels.indexOf(label as 'NAME'),
  ),
);

/** Cuts spans to the values they begin in, and drops those outside of any. */
export function withinValues(
  text: string,
  body: Body,
  spans: readonly ScoredSpan[],
): readonly ScoredSpan[] {
  if (body.length === 0) return spans;
  const result: ScoredSpan[] = [];
  let i = 0;
  for (const span of spans) {
    while (i < body.length && (body[i]?.end ?? 0) <= span.start) i += 1;
    const value = body[i];
    if (!value || span.end <= value.start) continue;
    const start = Math.max(span.start, value.start);
    const end = Math.min(span.end, value.end);
    if ((result.at(-1)?.end ?? 0) > start) continue;
    const isWhole =
      CODES.has(span.label) &&
      (end - start) * 2 > value.end - value.start &&
      !/[\s\u4e00-\u9fff]/.test(text.slice(value.start, value.end));
    result.push(isWhole ? { ...span, ...value } : { ...span, start, end });
  }
  return result;
}
