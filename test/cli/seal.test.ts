import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LabelledPair } from '../../src/cli/manifest.ts';
import { intervalsOf } from '../../src/cli/seal-intervals.ts';
import { equalErrorAt, ratesOf } from '../../src/cli/seal-rates.ts';
import { summarise, textOf } from '../../src/cli/seal-summary.ts';
import { commandsOf, snippetWith } from '../helpers/snippets.ts';
import { buildTool, cinnabar, documented, repository, samples } from './tool.ts';

const sample = (name: string) => join(samples, `${name}.jpg`);
let folder: string;

beforeAll(async () => {
  await buildTool();
  folder = await mkdtemp(join(tmpdir(), 'cinnabar-seal-'));
  const paper = { width: 200, height: 200, channels: 3, background: 'white' } as const;
  await sharp({ create: paper }).png().toFile(join(folder, 'blank.png'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('seal verify', () => {
  it('answers yes to a genuine imprint, with scores', async () => {
    const words = [sample('r01-reserved'), sample('r01-g0'), '--dpi', '200', '--json'];
    const { status, stdout } = await cinnabar(['seal', 'verify', ...words]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      match: true,
      verdict: 'pass',
      vendors: ['stroke', 'spectrum', 'glyphs'].map((code) => ({
        code,
        match: true,
        score: expect.any(Number),
      })),
    });
  });

  it('answers no to another wording', async () => {
    const words = [sample('r01-reserved'), sample('r01-f-text0'), '--dpi', '200'];
    const { status, stdout, stderr } = await cinnabar(['seal', 'verify', ...words]);
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/^fail\n {2}stroke: no match/);
  });

  it('does what README.md shows, and so does seal evaluate', async () => {
    const [verify = '', evaluate = ''] = commandsOf(
      await snippetWith('README.md', 'sh', 'seal evaluate'),
    );
    const verified = await documented(verify, repository);
    expect(verified).toMatchObject({ status: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^pass\n/);
    const pair = { reserved: sample('t05-reserved'), query: sample('t05-g0'), dpi: 300 };
    await writeFile(
      join(folder, 'manifest.json'),
      JSON.stringify({ pairs: [{ id: 't05', ...pair }] }),
    );
    expect(await documented(evaluate, folder)).toMatchObject({ status: 0, stderr: '' });
  });

  it('takes a picture from a pipe', async () => {
    const query = await readFile(sample('t05-g0'));
    const words = ['seal', 'verify', sample('t05-reserved'), '-', '--dpi', '300'];
    expect(await cinnabar(words, { input: query })).toMatchObject({ status: 0 });
  });

  it.each([
    ['text', 'not a picture', 'Only PNG and 8-bit'],
    ['cut', Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0]), 'truncated or damaged'],
  ])('refuses a file that is %s', async (name, bytes, sentence) => {
    const path = join(folder, name);
    await writeFile(path, bytes);
    const { status, stderr } = await cinnabar(['seal', 'verify', sample('r01-reserved'), path]);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });

  it.each(['0', '72.5', 'many'])('refuses the resolution %s', async (dpi) => {
    const words = ['seal', 'verify', sample('r01-reserved'), sample('r01-g0'), '--dpi', dpi];
    expect(await cinnabar(words)).toMatchObject({ status: 2 });
  });
});

describe('seal precheck', () => {
  it('answers yes to a good scan that looks like the reserved one (B11)', async () => {
    const words = ['seal', 'precheck', sample('r01-g0'), '--reserved', sample('r01-reserved')];
    const { status, stdout } = await cinnabar([...words, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, reasons: [] });
  });

  it('answers no to a picture without an imprint, with the reason (B11)', async () => {
    const { status, stdout } = await cinnabar(['seal', 'precheck', join(folder, 'blank.png')]);
    expect(status).toBe(1);
    expect(stdout).toContain('no_imprint');
  });
});

describe('seal evaluate', () => {
  const pair = (reserved: string, query: string, dpi: number, forgery: string | null = null) => ({
    id: reserved.slice(0, 3),
    reserved: sample(reserved),
    query: sample(query),
    genuine: forgery === null,
    forgery,
    dpi,
  });

  it('prints EER and FRR of each kind of forgery and writes every pair', async () => {
    const manifest = join(folder, 'manifest.json');
    const out = join(folder, 'results.json');
    const blank = join(folder, 'blank.png');
    const pairs = [
      pair('r01-reserved', 'r01-g0', 200),
      pair('t05-reserved', 't05-g0', 300),
      pair('r01-reserved', 'r01-f-text0', 200, 'text'),
      pair('t05-reserved', 't05-f-font0', 300, 'font'),
      { ...pair('t05-reserved', 't05-f-font0', 300, 'text'), query: blank },
    ];
    await writeFile(manifest, JSON.stringify({ pairs }));
    const { status, stdout, stderr } = await cinnabar(['seal', 'evaluate', manifest, '--out', out]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^text +2 +0\.0 % +0\.0 % +0\.0 %$/m);
    expect(stdout).toMatch(/5 verifications, 1 without a comparison, median [\d.]+ ms/);
    const written = JSON.parse(await readFile(out, 'utf8'));
    expect(
      written.pairs.map(({ id, verdict }: { id: string; verdict: string }) => [id, verdict]),
    ).toEqual([
      ['r01', 'pass'],
      ['t05', 'pass'],
      ['r01', 'fail'],
      ['t05', 'fail'],
      ['t05', 'fail'],
    ]);
    expect(written.pairs[0].vendors[0]).toEqual({
      code: 'stroke',
      score: expect.any(Number),
      threshold: expect.any(Number),
      match: true,
    });
    expect(written.summary.rates.stroke.text).toMatchObject({ genuine: 2, forged: 2, eer: 0 });
    expect(written.summary.verdicts.genuine).toEqual({ pairs: 2, pass: 2, review: 0, fail: 0 });
  });

  it('answers for pairs without labels', async () => {
    const manifest = join(folder, 'blind.json');
    const { id, reserved, query, dpi } = pair('t05-reserved', 't05-g0', 300);
    await writeFile(manifest, JSON.stringify({ pairs: [{ id, reserved, query, dpi }] }));
    const { status, stdout } = await cinnabar(['seal', 'evaluate', manifest, '--json']);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      verdicts: { genuine: { pairs: 0 }, all: { pairs: 1, pass: 1 } },
      rates: { stroke: {}, spectrum: {}, glyphs: {} },
    });
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['no pairs', '{ "pairs": [] }', 'lists no pairs'],
    [
      'a label that contradicts itself',
      { query: 'y.jpg', genuine: true, forgery: 'text' },
      'usable "forgery"',
    ],
    ['a pair without a query', { genuine: true, forgery: null }, 'usable "query"'],
  ])('refuses a manifest with %s', async (_, content, sentence) => {
    const manifest = join(folder, 'bad.json');
    const whole = { pairs: [{ id: 'r01', reserved: 'x.jpg', ...(content as object) }] };
    await writeFile(manifest, typeof content === 'string' ? content : JSON.stringify(whole));
    const { status, stderr } = await cinnabar(['seal', 'evaluate', manifest]);
    expect(status).toBe(2);
    expect(stderr).toContain(sentence);
  });
});

describe('the rates', () => {
  it('count ties as accepted forgeries', () => {
    expect(ratesOf([0.9, 0.8, 0.7, 0.6], [0.7, 0.1])).toEqual({
      genuine: 4,
      forged: 2,
      // At the limit 0.7: no forgery above it, two of four genuine not.
      eer: 0.5,
      frrAtFar0: 0.5,
      frrAtFar1Percent: 0.5,
      auc: 6.5 / 8,
    });
  });

  it('accept one forgery in a hundred at FAR 1 %', () => {
    const forged = Array.from({ length: 100 }, (_, i) => i / 200);
    expect(ratesOf([0.6, 0.4945], [...forged.slice(0, 99), 0.55])).toMatchObject({
      frrAtFar0: 0.5,
      frrAtFar1Percent: 0,
    });
  });

  it('are perfect when no forgery reaches a genuine pair, and the worst the other way', () => {
    expect(ratesOf([0.9, 0.8], [0.2, 0.1])).toMatchObject({ eer: 0, frrAtFar0: 0, auc: 1 });
    expect(ratesOf([0.2, 0.1], [0.9, 0.8])).toMatchObject({ eer: 1, frrAtFar0: 1, auc: 0 });
  });
});

describe('the equal error rate', () => {
  it('lies where the steps of both errors cross, and names its limit', () => {
    const genuine = Array.from({ length: 10 }, (_, i) => i + 0.5);
    // Above 0.5 lie two of ten forgeries, at or below it one of ten genuine; at 1.7 it is one and two.
    const forged = [-8, -7, -6, -5, -4, -3, -2, -1, 1.7, 2.2];
    expect(equalErrorAt(genuine, forged)).toEqual({ limit: 0.5, eer: 0.2 });
  });
});

describe('the ranges', () => {
  const mean = (values: readonly number[]) => ({
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
  });
  const ones = (count: number) => Array.from({ length: 40 }, (_, i) => (i < count ? 1 : 0));

  it('are those of the binomial distribution for samples of one each, and the same every time', () => {
    const groups = ones(10).map((value) => [value]);
    const { mean: range } = intervalsOf(groups, mean);
    expect(range.value).toBe(0.25);
    // 2.5 % of 40 draws at 0.25 lie below 5 and above 15.
    expect(range.low).toBeCloseTo(0.125, 1);
    expect(range.high).toBeCloseTo(0.39, 1);
    expect(intervalsOf(groups, mean).mean).toEqual(range);
  });

  it('are wider where the members of a seal stand or fall together', () => {
    const alone = intervalsOf(
      ones(10).map((value) => [value]),
      mean,
    ).mean;
    const grouped = intervalsOf(
      [1, 0, 0, 0].map((value) => Array.from({ length: 10 }, () => value)),
      mean,
    ).mean;
    expect(grouped.value).toBe(alone.value);
    expect(grouped.high - grouped.low).toBeGreaterThan(2 * (alone.high - alone.low));
  });
});

describe('the summary of a set', () => {
  const codes = ['a', 'b'];
  const pair = (seal: string, kind: string, device: string): LabelledPair => ({
    id: seal,
    reserved: seal,
    query: 'q',
    queryDpi: 300,
    kind,
    deviationMm: undefined,
    name: 'q',
    conditions: [device],
  });
  const result = (a: number, b: number) => ({
    id: 's',
    query: 'q',
    verdict: a > 0.5 && b > 0.5 ? ('pass' as const) : ('review' as const),
    vendors: [
      { code: 'a', score: a, threshold: 0.5, match: a > 0.5 },
      { code: 'b', score: b, threshold: 0.5, match: b > 0.5 },
    ],
    ms: 1,
  });
  const rows = ['x', 'y'].flatMap((seal) => [
    { pair: pair(seal, 'genuine', 'phone'), result: result(0.9, 0.8) },
    { pair: pair(seal, 'genuine', 'phone'), result: result(0.8, 0.4) },
    { pair: pair(seal, 'genuine', 'flatbed'), result: result(0.4, 0.9) },
    { pair: pair(seal, 'text', 'flatbed'), result: result(0.1, 0.1) },
    // One forgery that both take for genuine, and one that only `b` does.
    { pair: pair(seal, 'tamper', 'flatbed'), result: result(0.7, 0.7) },
    { pair: pair(seal, 'recut', 'flatbed'), result: result(0.2, 0.6) },
  ]);
  const summary = summarise(
    rows.map((row) => row.pair),
    rows.map((row) => row.result),
    codes,
  );

  it('counts what all vendors accept together, of the best one, and by the least of them', () => {
    expect(summary.common).toEqual({ byVendor: { a: 2, b: 2 }, byAll: 2, share: 1 });
    expect(summary.rates['all agree']?.text).toMatchObject({ genuine: 6, forged: 2, eer: 0 });
    expect(summary.ranges['genuine passed']).toEqual({ value: 1 / 3, low: 1 / 3, high: 1 / 3 });
  });

  it('tells conditions apart, in text as well', () => {
    expect(summary.conditions).toMatchObject({
      phone: { genuine: { pairs: 4, pass: 2, review: 2 }, forged: { pairs: 0 } },
      flatbed: { genuine: { pairs: 2, pass: 0 }, forged: { pairs: 6, pass: 2 } },
    });
    const text = textOf(summary);
    expect(text).toMatch(/^genuine passed +33\.3 % +33\.3 % +33\.3 %$/m);
    expect(text).toMatch(/^flatbed +2 +6 /m);
    expect(text).toContain('a 2, b 2; by all 2');
  });
});
