// Usage: node training/seals/run.mjs evidence VENDOR SET_FOLDER OUT. Runs a vendor over a set and keeps what
// its tiles said: OUT.json tells of every pair, OUT.f32 holds the figures.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPictures } from '../../src/core/pictures.ts';
import { compare, enrol, type TraceExports, traceModule } from './tracing.ts';

/** One pair of a manifest, with where its figures lie (in numbers). */
export interface TracedPair {
  readonly id: string;
  readonly query: string;
  readonly genuine: boolean;
  readonly forgery: string | null;
  readonly sub: string | null;
  readonly dev_mm: number | null;
  readonly grey: boolean;
  readonly severity: number;
  readonly device: string;
  readonly physics: string;
  readonly score: number;
  readonly ms: number;
  /** Tiles of each scale, `figures` numbers a tile, then the whole; -1 where nothing was compared. */
  readonly at: number;
  readonly counts: readonly number[];
  /** Small marks of the reserved imprint, where the vendor counts them. */
  readonly marks?: number;
  /** The doubt of a small mark, where the vendor has an eye for them. */
  readonly doubtOfMarks?: number;
}

function traced(vendor: TraceExports) {
  const record = vendor.traceEvidence();
  const words = new Uint32Array(vendor.memory.buffer);
  const floats = new Float32Array(vendor.memory.buffer);
  const field = (k: number) => words[record / 4 + k] as number;
  const [scales, figures, whole, wholeAt, chosen, scaleAt, tileAt, tablesAt] = [
    0, 1, 2, 3, 4, 5, 6, 7,
  ].map(field) as [number, number, number, number, number, number, number, number];
  const tiles: number[][] = Array.from({ length: scales }, () => []);
  for (let i = 0; i < chosen; i++) {
    const scale = words[scaleAt / 4 + i] as number;
    const from =
      (words[tablesAt / 4 + scale] as number) / 4 + (words[tileAt / 4 + i] as number) * figures;
    tiles[scale]?.push(...floats.subarray(from, from + figures));
  }
  return { figures, tiles, whole: [...floats.subarray(wholeAt / 4, wholeAt / 4 + whole)] };
}

const [vendorName = '', folder = '', out = ''] = process.argv.slice(2);
const pictures = await loadPictures();
const vendor = await traceModule(vendorName);
// The manifest is this folder's own program's.
const { pairs } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
  pairs: (Omit<TracedPair, 'at' | 'counts' | 'marks' | 'doubtOfMarks' | 'score' | 'ms'> & {
    reserved: string;
    dpi: number | null;
  })[];
};
const reservedOf = new Map<string, Uint8Array | undefined>();
const numbers: number[] = [];
const rows: TracedPair[] = [];
let sizes = { scales: 0, figures: 0, whole: 0 };
for (const { reserved, dpi, ...pair } of pairs) {
  const path = join(folder, reserved);
  if (!reservedOf.has(path)) {
    reservedOf.set(path, enrol(vendor, { ...pictures.decode(await readFile(path)), dpi: 300 }, 1));
  }
  const decoded = pictures.decode(await readFile(join(folder, pair.query)));
  const { width, height, rgba } = decoded;
  const startedAt = process.cpuUsage().user;
  const query = enrol(
    vendor,
    dpi === null ? { width, height, rgba } : { width, height, rgba, dpi },
    0,
  );
  const mine = reservedOf.get(path);
  const score = mine && query ? compare(vendor, mine, query) : undefined;
  const result = score === undefined ? undefined : traced(vendor);
  const ms = (process.cpuUsage().user - startedAt) / 1000;
  const at = result ? numbers.length : -1;
  if (result) {
    for (const values of result.tiles) numbers.push(...values);
    numbers.push(...result.whole);
    sizes = { scales: result.tiles.length, figures: result.figures, whole: result.whole.length };
  }
  const counts = result ? result.tiles.map((values) => values.length / result.figures) : [];
  const marks = result ? (vendor.countMarks?.() ?? 0) : 0;
  const doubtOfMarks = result ? (vendor.doubtOfMarks?.() ?? 0) : 0;
  rows.push({ ...pair, score: score ?? 0, ms, at, counts, marks, doubtOfMarks });
  if (rows.length % 100 === 0) process.stderr.write(`${rows.length} of ${pairs.length}\n`);
}
await writeFile(`${out}.f32`, new Uint8Array(Float32Array.from(numbers).buffer));
await writeFile(`${out}.json`, JSON.stringify({ sizes, rows }));
