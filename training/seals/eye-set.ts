// Usage: node training/seals/run.mjs eye-set SET_FOLDER OUT. Keeps what the eye of `glyphs` was shown of
// every genuine and every tampered pair of a set: OUT.json tells of the marks, OUT.u8 holds their pictures.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadPictures } from '../../src/core/pictures.ts';
import type { TracedPair } from './evidence.ts';
import { type EyePair, PIXELS, PLANES } from './eye-net.ts';
import { compare, enrol, type TraceExports, traceModule } from './tracing.ts';

const [folder = '', out = ''] = process.argv.slice(2);
const pictures = await loadPictures();
const vendor = await traceModule('glyphs');

function marksOf({ memory, markCount, pictures: shown, places }: TraceExports) {
  const count = Number(markCount?.value);
  const floats = new Float32Array(memory.buffer);
  const from = Number(shown?.value) / 4;
  const seen = floats.subarray(from, from + count * PLANES * PIXELS);
  const placesAt = Number(places?.value) / 4;
  return {
    bytes: Uint8Array.from(seen, (value) => Math.round(255 * value)),
    places: [...floats.subarray(placesAt, placesAt + 3 * count)].map((value) =>
      Number(value.toFixed(3)),
    ),
  };
}

// The manifest is this folder's own program's.
const { pairs } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
  pairs: (TracedPair & { reserved: string; dpi: number | null })[];
};
const reservedOf = new Map<string, Uint8Array | undefined>();
const rows: EyePair[] = [];
const parts: Uint8Array[] = [];
let at = 0;
for (const { id, reserved, query, dpi, genuine, forgery, sub } of pairs) {
  if (!genuine && forgery !== 'tamper') continue;
  const path = join(folder, reserved);
  if (!reservedOf.has(path)) {
    reservedOf.set(path, enrol(vendor, { ...pictures.decode(await readFile(path)), dpi: 300 }, 1));
  }
  const { width, height, rgba } = pictures.decode(await readFile(join(folder, query)));
  const scan = dpi === null ? { width, height, rgba } : { width, height, rgba, dpi };
  const [mine, theirs] = [reservedOf.get(path), enrol(vendor, scan, 0)];
  if (!mine || !theirs || compare(vendor, mine, theirs) === undefined) continue;
  const { bytes, places } = marksOf(vendor);
  rows.push({ id, query, genuine, sub, at, places });
  parts.push(bytes);
  at += places.length / 3;
  if (rows.length % 100 === 0) process.stderr.write(`${rows.length}\n`);
}
await writeFile(`${out}.u8`, Buffer.concat(parts));
await writeFile(`${out}.json`, JSON.stringify(rows));
