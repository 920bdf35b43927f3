import { readFile } from 'node:fs/promises';
import { loadSeal, type Seal, SealError, type SealTemplates } from '../core/seal.ts';
import { command } from './command.ts';
import { writeJsonFile } from './files.ts';
import { type LabelledPair, readManifest } from './manifest.ts';
import { progress } from './progress.ts';
import { medianOf, type Rates, ratesOf } from './seal-rates.ts';

interface PairResult {
  readonly id: string;
  readonly query: string;
  readonly verdict: 'pass' | 'fail' | 'review';
  readonly vendors: readonly { code: string; score: number; threshold: number; match: boolean }[];
  readonly ms: number;
  /** Why the pictures could not be compared; the pair then counts as a refusal with score 0. */
  readonly error?: string;
}

/** Of reserved pictures whose files name no resolution. */
const RESERVED_DPI = 300;
/** Re-cut seals that differ by less than this are reported apart: geometry does not show it. */
const FINE_MM = 0.3;
/** Forgeries that geometry alone shows. */
const geometric = ['text', 'font', 'recut', 'tamper'];

async function enrolReserved(seal: Seal, path: string): Promise<SealTemplates> {
  const raster = { dpi: RESERVED_DPI, ...seal.decode(await readFile(path)) };
  return new Map(seal.vendors.map(({ code }) => [code, seal.enrol(raster, code)]));
}

/** Calls `load` once for each key. */
function remembering<T>(load: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (key) => {
    const value = known.get(key) ?? load(key);
    known.set(key, value);
    return value;
  };
}

async function comparePair(
  seal: Seal,
  pair: LabelledPair,
  reservedOf: (path: string) => Promise<SealTemplates>,
): Promise<PairResult> {
  const { id, name: query } = pair;
  const bytes = await readFile(pair.query);
  const startedAt = performance.now();
  try {
    const reserved = await reservedOf(pair.reserved);
    const raster = seal.decode(bytes);
    const scanned = pair.queryDpi === undefined ? raster : { ...raster, dpi: pair.queryDpi };
    const { verdict, vendors, elapsedMs } = seal.verify(reserved, scanned);
    return { id, query, verdict, vendors, ms: elapsedMs };
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    const ms = performance.now() - startedAt;
    return { id, query, verdict: 'fail', vendors: [], ms, error: error.code };
  }
}

function kindOf({ kind, deviationMm }: LabelledPair): string {
  const isFine = kind === 'recut' && deviationMm !== undefined && deviationMm < FINE_MM;
  return isFine ? 'fine' : kind;
}

interface Scored {
  readonly kind: string;
  readonly result: PairResult;
}

function verdictsOf(scored: readonly Scored[]) {
  const count = (verdict: string) =>
    scored.filter(({ result }) => result.verdict === verdict).length;
  return {
    pairs: scored.length,
    pass: count('pass'),
    review: count('review'),
    fail: count('fail'),
  };
}

/** Each kind of forgery by itself, and before them the geometric ones together. */
function groupsOf(scored: readonly Scored[]): [name: string, members: readonly Scored[]][] {
  const of = (kinds: readonly string[]) => scored.filter(({ kind }) => kinds.includes(kind));
  const kinds = [...new Set(scored.map(({ kind }) => kind))].filter(
    (kind) => kind !== 'genuine' && kind !== 'unlabelled',
  );
  const single = kinds.sort().map((kind): [string, Scored[]] => [kind, of([kind])]);
  const hasAll = geometric.every((kind) => kinds.includes(kind));
  return hasAll ? [['geo4', of(geometric)], ...single] : single;
}

function summarise(pairs: readonly LabelledPair[], results: readonly PairResult[], seal: Seal) {
  const scored = results.flatMap((result, index) => {
    const pair = pairs[index];
    return pair ? [{ kind: kindOf(pair), result }] : [];
  });
  const genuine = scored.filter(({ kind }) => kind === 'genuine');
  const groups = groupsOf(scored);
  const ratesBy = (code: string): [string, Record<string, Rates>] => {
    const scores = (members: readonly Scored[]) =>
      members.map(
        ({ result }) => result.vendors.find((vendor) => vendor.code === code)?.score ?? 0,
      );
    const rates = groups.map(([name, members]) => [
      name,
      ratesOf(scores(genuine), scores(members)),
    ]);
    return [code, Object.fromEntries(rates)];
  };
  return {
    pairs: scored.length,
    failed: results.filter(({ error }) => error !== undefined).length,
    verdicts: {
      genuine: verdictsOf(genuine),
      ...Object.fromEntries(groups.map(([name, members]) => [name, verdictsOf(members)])),
      all: verdictsOf(scored),
    },
    rates: Object.fromEntries(seal.vendors.map(({ code }) => ratesBy(code))),
    msMedian: medianOf(results.map(({ ms }) => ms)),
  };
}

type Summary = ReturnType<typeof summarise>;

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** The first column to the left, the others to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  return rows.map(([first = '', ...others]) =>
    [first.padEnd(10), ...others.map((cell) => cell.padStart(10))].join(''),
  );
}

function textOf({ pairs, failed, verdicts, rates, msMedian }: Summary): string {
  const rateTables = Object.entries(rates).flatMap(([code, kinds]) => [
    `vendor ${code}`,
    ...table([
      ['', 'forgeries', 'EER', 'FRR@FAR0', 'FRR@FAR1%'],
      ...Object.entries(kinds).map(([kind, { forged, eer, frrAtFar0, frrAtFar1Percent }]) => [
        kind,
        String(forged),
        ...[eer, frrAtFar0, frrAtFar1Percent].map(percent),
      ]),
    ]),
  ]);
  const verdictTable = table([
    ['', 'pairs', 'pass', 'review', 'fail'],
    ...Object.entries(verdicts).map(([kind, { pairs, pass, review, fail }]) => [
      kind,
      ...[pairs, pass, review, fail].map(String),
    ]),
  ]);
  const last = `${pairs} verifications, ${failed} without a comparison, median ${msMedian.toFixed(1)} ms`;
  return `${[...rateTables, '', 'verdicts', ...verdictTable, '', last].join('\n')}\n`;
}

export const evaluate = command({
  summary: 'verifies a whole labelled set: error rates of each kind of forgery, time',
  operands: ['MANIFEST'],
  options: { out: { type: 'string', value: 'FILE', about: 'every pair and the summary, in JSON' } },
  details: `MANIFEST is JSON: { pairs: [{ id, reserved, query, genuine?, forgery?, dpi?, dev_mm? }] }, with
paths relative to it; dpi is the query's. One threshold for all seals. EER: equal error rate; FRR@FAR0: genuine
imprints refused when no forgery is accepted; FRR@FAR1%: when one forgery in a hundred is. The
time runs from the query's pixels to the verdict; the reserved imprint is enrolled before.`,
  async run([path = ''], { out }) {
    const pairs = await readManifest(path);
    const seal = await loadSeal();
    const reservedOf = remembering((reserved) => enrolReserved(seal, reserved));
    const shown = progress('verified', pairs.length);
    const results: PairResult[] = [];
    for (const pair of pairs) {
      results.push(await comparePair(seal, pair, reservedOf));
      shown.step();
    }
    shown.end();
    const summary = summarise(pairs, results, seal);
    if (out !== undefined) await writeJsonFile(out, { pairs: results, summary });
    return { exit: 0, json: summary, text: textOf(summary) };
  },
});
