import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildTool, cinnabar } from './tool.ts';

let folder: string;
beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-tag-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function fileOf(...records: unknown[]): Promise<string> {
  const path = join(folder, 'records.jsonl');
  await writeFile(
    path,
    records
      .map((record) => (typeof record === 'string' ? record : JSON.stringify(record)))
      .join('\n'),
  );
  return path;
}

const text = '姓名：陈晓东，手机：13812345678';
const spans = [
  { start: 3, end: 6, label: 'NAME' },
  { start: 10, end: 21, label: 'CONTACT' },
];

describe('D1: tag evaluate', () => {
  it('counts exact and relaxed finds, coverage and false alarms', async () => {
    const wide = {
      id: 'b',
      text,
      spans: [{ start: 2, end: 6, label: 'NAME' }],
      ignore: [{ start: 10, end: 21 }],
    };
    const path = await fileOf({ id: 'a', text, spans }, wide, { id: 'c', text, spans: [] });
    const { status, stdout } = await cinnabar(['tag', 'evaluate', path, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      point: 'balanced',
      records: 3,
      all: {
        spans: 3,
        exact: { precision: 2 / 5, recall: 2 / 3 },
        relaxed: { precision: 3 / 5, recall: 1 },
      },
      labels: { NAME: { exact: { f1: 0.4 }, relaxed: { f1: 0.8 } } },
      cleanRecords: 1,
      falseAlarms: 1,
    });
  });

  it('prints a table', async () => {
    const { stdout } = await cinnabar(['tag', 'evaluate', await fileOf({ text, spans })]);
    expect(stdout).toMatch(/^NAME +1 +100\.0 +100\.0 +100\.0/m);
    expect(stdout).toContain('0 of 0 records');
  });

  it.each([
    ['a line that is not JSON', '{', 'line 1: not JSON'],
    [
      'a label that is none of ours',
      { text, spans: [{ start: 0, end: 1, label: 'EYES' }] },
      'no label',
    ],
    [
      'a span beyond the text',
      { text, spans: [{ start: 0, end: 99, label: 'NAME' }] },
      'within its text',
    ],
  ])('refuses %s', async (_, record, sentence) => {
    const { status, stderr } = await cinnabar(['tag', 'evaluate', await fileOf(record)]);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });

  it('refuses an operating point that there is not', async () => {
    const path = await fileOf({ text, spans });
    expect(await cinnabar(['tag', 'evaluate', path, '--point', 'best'])).toMatchObject({
      status: 2,
    });
  });
});
