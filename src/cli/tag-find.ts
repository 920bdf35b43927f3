import {
  bodyFormats,
  formatOf,
  type Label,
  labels,
  loadTagger,
  type OperatingPoint,
  operatingPoints,
  type Span,
  type TagOptions,
} from '../core/tagger.ts';
import { command, UsageError } from './command.ts';
import { readInput } from './files.ts';
import { table } from './table.ts';

function pointNamed(name: string): OperatingPoint {
  const point = operatingPoints.find((known) => known === name);
  if (!point) throw new UsageError(`--point is one of ${operatingPoints.join(', ')}`);
  return point;
}

/** `recall`, or `NAME=recall,ADDRESS=precision`. */
export function pointOf(text: string): NonNullable<TagOptions['point']> {
  if (!text.includes('=')) return pointNamed(text);
  const pairs = text.split(',').map((pair): [Label, OperatingPoint] => {
    const [name, point = ''] = pair.split('=');
    const label = labels.find((known) => known === name);
    if (!label) throw new UsageError(`--point knows the labels ${labels.join(', ')}`);
    return [label, pointNamed(point)];
  });
  return Object.fromEntries(pairs);
}

export const pointOption = {
  type: 'string',
  value: 'POINT',
  about: `operating point: ${operatingPoints.join(', ')}; or by label: NAME=recall,ADDRESS=precision`,
} as const;

function redacted(text: string, spans: readonly Span[]): string {
  let result = '';
  let at = 0;
  for (const { start, end, label } of spans) {
    result += `${text.slice(at, start)}[${label}]`;
    at = end;
  }
  return result + text.slice(at);
}

/** Lines and columns count from 1, as editors do. */
function placeOf(text: string, at: number): string {
  const before = text.slice(0, at).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
}

export const find = command({
  summary: 'find what is sensitive in a text or a body',
  operands: ['FILE'],
  options: {
    point: pointOption,
    split: { type: 'boolean', about: 'judge each value of a body by its path' },
    redact: { type: 'boolean', about: 'print the text with labels in place of what was found' },
  },
  details: `FILE of - is the standard input. Bodies are read first (${bodyFormats.join(', ')}) and their values judged
with their names in front. Places are line:column of the file; with --split they are JSON Pointers.
Nothing that was found is printed. Exit status 1: something was found.`,
  async run([path = ''], { point = 'balanced', split = false, redact = false }) {
    if (split && redact) throw new UsageError('--split or --redact, not both');
    const text = Buffer.from(await readInput(path)).toString('utf8');
    const options = { point: pointOf(point) };
    const tagger = await loadTagger();
    const format = formatOf(text) ?? 'text';
    if (split) {
      const found = tagger.split(text, options);
      const rows = found.sensitive.map((leaf) => [
        leaf.path,
        leaf.label,
        leaf.score.toFixed(2),
        leaf.whole ? 'whole' : 'part',
      ]);
      const shown = `${table(['value', 'label', 'score', 'how much'], rows)}\nread as ${format}; ${found.open.length} other values\n`;
      return { exit: rows.length > 0 ? 1 : 0, json: { format, ...found }, text: shown };
    }
    const spans = tagger.tag(text, options);
    const exit = spans.length > 0 ? 1 : 0;
    if (redact) {
      const clean = redacted(text, spans);
      return { exit: 0, json: { format, text: clean }, text: clean };
    }
    const rows = spans.map(({ start, end, label, score }) => [
      placeOf(text, start),
      String(end - start),
      label,
      score.toFixed(2),
    ]);
    const shown = `${table(['place', 'length', 'label', 'score'], rows)}\nread as ${format}\n`;
    return { exit, json: { format, spans }, text: shown };
  },
});
