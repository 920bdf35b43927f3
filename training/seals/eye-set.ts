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

/** How far a mark's middle may lie from where its character was engraved, millimetres. */
const OFF_MM = 0.4;
/** How far the plate's middle may lie from the card's, and the step in which it is looked for. */
const MOST_SHIFT_MM = 2.4;
const SHIFT_MM = 0.15;

/**
 * The marks whose character was changed, by where on the plate that was. The card lay turned on the glass, and its
 * picture was cut by its ink: of all shifts that is taken under which most places have a mark.
 */
function othersAmong(
  places: readonly number[],
  changed: readonly (readonly [number, number])[],
  turn: number,
): number[] {
  const angle = (-turn * Math.PI) / 180;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const turned = changed.map(([x, y]) => [c * x - s * y, s * x + c * y] as const);
  const marks = Array.from({ length: places.length / 3 }, (_, k) => k);
  const nearest = (k: number, dx: number, dy: number) => {
    const [x, y] = [places[3 * k] as number, places[3 * k + 1] as number];
    return Math.min(...turned.map(([u, v]) => Math.hypot(u + dx - x, v + dy - y)));
  };
  let best = { score: 0, dx: 0, dy: 0 };
  for (let dy = -MOST_SHIFT_MM; dy <= MOST_SHIFT_MM; dy += SHIFT_MM) {
    for (let dx = -MOST_SHIFT_MM; dx <= MOST_SHIFT_MM; dx += SHIFT_MM) {
      const score = marks.reduce(
        (sum, k) => sum + Math.max(0, 1 - (nearest(k, dx, dy) / OFF_MM) ** 2),
        0,
      );
      if (score > best.score) best = { score, dx, dy };
    }
  }
  return marks.filter((k) => nearest(k, best.dx, best.dy) <= OFF_MM);
}

// The manifest is this folder's own program's.
const { pairs } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
  pairs: (TracedPair & {
    reserved: string;
    dpi: number | null;
    changed?: [number, number][];
    turn?: number;
  })[];
};
const reservedOf = new Map<string, Uint8Array | undefined>();
const rows: EyePair[] = [];
const parts: Uint8Array[] = [];
let at = 0;
for (const { id, reserved, query, dpi, genuine, forgery, sub, physics, changed, turn } of pairs) {
  if ((!genuine && forgery !== 'tamper') || (changed && sub !== 'digits')) continue;
  const path = join(folder, reserved);
  if (!reservedOf.has(path)) {
    reservedOf.set(path, enrol(vendor, { ...pictures.decode(await readFile(path)), dpi: 300 }, 1));
  }
  const { width, height, rgba } = pictures.decode(await readFile(join(folder, query)));
  const scan = dpi === null ? { width, height, rgba } : { width, height, rgba, dpi };
  const [mine, theirs] = [reservedOf.get(path), enrol(vendor, scan, 0)];
  if (!mine || !theirs || compare(vendor, mine, theirs) === undefined) continue;
  const { bytes, places } = marksOf(vendor);
  const others = sub === 'digits' && changed && othersAmong(places, changed, turn ?? 0);
  // Sets number their identities alike; their models of stamping differ.
  rows.push({ id: `${physics} ${id}`, query, genuine, sub, at, places, ...(others && { others }) });
  parts.push(bytes);
  at += places.length / 3;
  if (rows.length % 100 === 0) process.stderr.write(`${rows.length}\n`);
}
await writeFile(`${out}.u8`, Buffer.concat(parts));
await writeFile(`${out}.json`, JSON.stringify(rows));
