import { readFile } from 'node:fs/promises';
import { type Label, labels, loadTagger, MAX_TEXT } from '../core/tagger.ts';
import { command, type Group, UsageError } from './command.ts';
import { progress } from './progress.ts';
import { find, pointOf, pointOption } from './tag-find.ts';
import { type LabelledRecord, type TagScores, tagScores } from './tag-scores.ts';

function spanOf(value: unknown, text: string, where: string): { start: number; end: number } {
  const { start, end } = (value ?? {}) as Record<string, unknown>;
  const isWithin = Number.isInteger(start) && Number.isInteger(end);
  if (
    !isWithin ||
    (start as number) < 0 ||
    (end as number) > text.length ||
    (start as number) >= (end as number)
  ) {
    throw new UsageError(`${where}: a span does not lie within its text`, 'record_invalid');
  }
  return { start: start as number, end: end as number };
}

function labelOf(value: unknown, where: string): Label {
  const label = labels.find((known) => known === value);
  if (!label) throw new UsageError(`${where}: a span has no label of ours`, 'record_invalid');
  return label;
}

function recordOf(line: string, where: string): LabelledRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new UsageError(`${where}: not JSON`, 'record_invalid');
  }
  const { id, text, spans = [], ignore = [] } = (value ?? {}) as Record<string, unknown>;
  if (typeof text !== 'string' || !Array.isArray(spans) || !Array.isArray(ignore)) {
    throw new UsageError(`${where}: text or spans are missing`, 'record_invalid');
  }
  if (text.length > MAX_TEXT)
    throw new UsageError(`${where}: longer than ${MAX_TEXT}`, 'text_too_long');
  return {
    id: String(id ?? where),
    text,
    spans: spans.map((span) => ({
      ...spanOf(span, text, where),
      label: labelOf((span as { label?: unknown }).label, where),
    })),
    ignore: ignore.map((area) => spanOf(area, text, where)),
  };
}

async function readRecords(path: string): Promise<LabelledRecord[]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.flatMap((line, i) => (line.trim() === '' ? [] : [recordOf(line, `line ${i + 1}`)]));
}

const percent = (value: number) => (100 * value).toFixed(1);

function textOf(scores: TagScores): string {
  const row = (name: string, { spans, exact, relaxed }: TagScores['all']) =>
    name.padEnd(10) +
    [
      String(spans),
      ...[
        exact.precision,
        exact.recall,
        exact.f1,
        relaxed.precision,
        relaxed.recall,
        relaxed.f1,
      ].map(percent),
    ]
      .map((cell) => cell.padStart(9))
      .join('');
  const lines = [
    `${''.padEnd(10)}${['spans', 'exact P', 'R', 'F1', 'relaxed P', 'R', 'F1'].map((cell) => cell.padStart(9)).join('')}`,
    ...Object.entries(scores.labels).map(([label, rates]) => row(label, rates)),
    row('all', scores.all),
    '',
    `${percent(scores.coverage)} % of the sensitive characters are covered`,
    `${scores.falseAlarms} of ${scores.cleanRecords} records without sensitive data raise an alarm`,
  ];
  return `${lines.join('\n')}\n`;
}

const evaluate = command({
  summary: 'precision, recall and F1 of the tagger on labelled records',
  operands: ['FILE.jsonl'],
  options: {
    point: pointOption,
    errors: { type: 'boolean', about: 'also show what was missed and what was found wrongly' },
  },
  details: `One record a line: { id, text, spans: [{ start, end, label }], ignore?: [{ start, end }] }, offsets in
UTF-16 units. Exact: label and both borders agree; relaxed: label agrees and they overlap. What
touches an ignored stretch is not scored. --errors prints text of the file.`,
  async run([path = ''], { point = 'balanced', errors = false }) {
    const records = await readRecords(path);
    const tagger = await loadTagger();
    const chosen = pointOf(point);
    const scores = tagScores();
    const wrong: string[] = [];
    const shown = progress('tagged', records.length);
    for (const record of records) {
      const found = tagger.tag(record.text, { point: chosen });
      scores.add(record, found);
      if (errors) wrong.push(...errorsOf(record, found));
      shown.step();
    }
    shown.end();
    const result = { point: chosen, ...scores.result() };
    const text = textOf(result);
    return { exit: 0, json: result, text: errors ? `${[...wrong, ''].join('\n')}\n${text}` : text };
  },
});

function errorsOf(
  record: LabelledRecord,
  found: readonly LabelledRecord['spans'][number][],
): string[] {
  const key = ({ start, end, label }: LabelledRecord['spans'][number]) =>
    `${label} ${JSON.stringify(record.text.slice(start, end))}`;
  const have = new Set(found.map(key));
  const want = new Set(record.spans.map(key));
  const missed = [...want].filter((span) => !have.has(span)).map((span) => `- ${span}`);
  const extra = [...have].filter((span) => !want.has(span)).map((span) => `+ ${span}`);
  const all = [...missed, ...extra];
  return all.length === 0
    ? []
    : [`${record.id} ${JSON.stringify(record.text)}`, ...all.map((line) => `    ${line}`)];
}

export const tag: Group = {
  summary: 'finds sensitive data in text',
  commands: { find, evaluate },
};
