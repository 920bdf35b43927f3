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

describe('D1: tag find', () => {
  const written = async (content: string) => {
    const path = join(folder, 'body.txt');
    await writeFile(path, content);
    return path;
  };

  it('names the place of what is sensitive and never repeats it', async () => {
    const { status, stdout } = await cinnabar(['tag', 'find', await written(`备注\n${text}\n`)]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^2:4 +3 +NAME +\d/m);
    expect(stdout).toMatch(/^2:11 +11 +CONTACT/m);
    expect(stdout).toContain('read as text');
    expect(stdout).not.toMatch(/陈晓东|13812345678/);
  });

  it('reads a table, and judges each value by its column', async () => {
    const path = await written('姓名,手机,page\n林志远,13812345678,1\n');
    const { status, stdout } = await cinnabar(['tag', 'find', path, '--split', '--json']);
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      format: 'table',
      sensitive: [
        { path: '/0/姓名', label: 'NAME' },
        { path: '/0/手机', label: 'CONTACT' },
      ],
      open: [{ path: '/0/page' }],
    });
    const { stdout: clean } = await cinnabar(['tag', 'find', path, '--redact']);
    expect(clean).toBe('姓名,手机,page\n[NAME],[CONTACT],1\n');
  });

  it('takes an operating point for each label, and refuses others', async () => {
    const path = await written('页码=1\n');
    const at = (point: string) => cinnabar(['tag', 'find', path, '--point', point]);
    expect(await at('NAME=recall,ADDRESS=precision')).toMatchObject({ status: 0 });
    for (const wrong of ['EYES=recall', 'NAME=best', 'best']) {
      expect(await at(wrong)).toMatchObject({ status: 2 });
    }
    const plain = await written('Nothing here has a name.');
    expect(await cinnabar(['tag', 'find', plain, '--split'])).toMatchObject({ status: 2 });
  });
});

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
