import { readFile } from 'node:fs/promises';
import { loadSeal, type Seal, SealError, type SealTemplates } from '../core/seal.ts';
import { command } from './command.ts';
import { writeJsonFile } from './files.ts';
import { type LabelledPair, readManifest } from './manifest.ts';
import { progress } from './progress.ts';
import { type PairResult, summarise, textOf } from './seal-summary.ts';

/** Of reserved pictures whose files name no resolution. */
const RESERVED_DPI = 300;

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

export const evaluate = command({
  summary: 'verifies a whole labelled set: error rates of each kind of forgery, time',
  operands: ['MANIFEST...'],
  options: { out: { type: 'string', value: 'FILE', about: 'every pair and the summary, in JSON' } },
  details: `MANIFEST is JSON: { pairs: [{ id, reserved, query, genuine?, forgery?, dpi?, dev_mm?, device?, grey?,
severity? }] }, with paths relative to it; dpi is the query's. Several are taken together. One threshold for
all seals. EER: equal error rate; FRR@FAR0: genuine imprints refused when no forgery is accepted;
FRR@FAR1%: when one forgery in a hundred is. "all agree" is the least margin of the vendors above their
thresholds. Ranges are those of 95 of 100 draws of the seals, with all their imprints. The time runs from the
query's pixels to the verdict; the reserved imprint is enrolled before.`,
  async run(paths, { out }) {
    const pairs = (await Promise.all(paths.map(readManifest))).flat();
    const seal = await loadSeal();
    const reservedOf = remembering((reserved) => enrolReserved(seal, reserved));
    const shown = progress('verified', pairs.length);
    const results: PairResult[] = [];
    for (const pair of pairs) {
      results.push(await comparePair(seal, pair, reservedOf));
      shown.step();
    }
    shown.end();
    const summary = summarise(
      pairs,
      results,
      seal.vendors.map(({ code }) => code),
    );
    if (out !== undefined) await writeJsonFile(out, { pairs: results, summary });
    return { exit: 0, json: summary, text: textOf(summary) };
  },
});
