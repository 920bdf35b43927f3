import { dirname, resolve } from 'node:path';
import { UsageError } from './command.ts';
import { readJsonFile } from './files.ts';

/** One comparison, labelled or not. Paths are absolute. */
export interface LabelledPair {
  /** The seal, as the manifest names it; several pairs share one. */
  readonly id: string;
  readonly reserved: string;
  readonly query: string;
  readonly queryDpi: number | undefined;
  /** `genuine`, the kind of forgery, `forged` when it is not named, `unlabelled` when nothing is. */
  readonly kind: string;
  /** Largest true displacement of an element, for re-cut seals. */
  readonly deviationMm: number | undefined;
  /** The path of the query as the manifest has it, which tells pairs of one seal apart. */
  readonly name: string;
  /** How the query was made, where the manifest tells: `phone`, `grey`, `severity 3-4`. */
  readonly conditions: readonly string[];
}

const pairsMax = 100_000;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(
  { genuine, forgery }: Record<string, unknown>,
  bad: (field: string) => UsageError,
): string {
  const named = forgery ?? undefined;
  if (named !== undefined && typeof named !== 'string') throw bad('forgery');
  if (genuine !== undefined && typeof genuine !== 'boolean') throw bad('genuine');
  if (genuine === true && named !== undefined) throw bad('forgery');
  if (genuine === true) return 'genuine';
  return named ?? (genuine === false ? 'forged' : 'unlabelled');
}

/** Severities 1 to 6 in steps of two. */
function severityOf(severity: number): string {
  const from = 2 * Math.floor((Math.max(1, severity) - 1) / 2) + 1;
  return `severity ${from}-${from + 1}`;
}

function parsePair(value: unknown, index: number, folder: string): LabelledPair {
  const bad = (field: string) =>
    new UsageError(`pair ${index} of the manifest has no usable "${field}"`, 'bad_input');
  if (!isRecord(value)) throw bad('id');
  const text = (field: string) => {
    const found = value[field];
    if (typeof found !== 'string' || found === '') throw bad(field);
    return found;
  };
  const optionalNumber = (field: string) => {
    const found = value[field] ?? undefined;
    if (found !== undefined && typeof found !== 'number') throw bad(field);
    return found;
  };
  const severity = optionalNumber('severity');
  const { device, grey } = value;
  return {
    id: text('id'),
    reserved: resolve(folder, text('reserved')),
    query: resolve(folder, text('query')),
    queryDpi: optionalNumber('dpi'),
    kind: kindOf(value, bad),
    deviationMm: optionalNumber('dev_mm'),
    name: text('query'),
    conditions: [
      ...(typeof device === 'string' ? [device] : []),
      ...(typeof grey === 'boolean' ? [grey ? 'grey' : 'colour'] : []),
      ...(severity === undefined ? [] : [severityOf(severity)]),
    ],
  };
}

/** Reads `{ pairs: [{ id, reserved, query, genuine?, forgery?, dpi?, dev_mm?, device?, grey?, severity? }] }`. */
export async function readManifest(path: string): Promise<LabelledPair[]> {
  const manifest = await readJsonFile(path);
  if (!isRecord(manifest) || !Array.isArray(manifest.pairs) || manifest.pairs.length === 0) {
    throw new UsageError(`${path} lists no pairs`, 'bad_input');
  }
  if (manifest.pairs.length > pairsMax) {
    throw new UsageError(`${path} lists more than ${pairsMax} pairs`, 'bad_input');
  }
  const folder = dirname(path);
  return manifest.pairs.map((pair, index) => parsePair(pair, index, folder));
}
