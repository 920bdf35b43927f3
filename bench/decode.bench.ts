// Picture decoding, the pre-check and the PNG writer in Node. The peer is sharp, which is native
// code (mozjpeg, libspng) behind a thread pool; CPU time of all threads is compared, interleaved.
// Prints one JSON document of the harness's form. The picture is drawn here: 600 by 600 pixels, a
// ring and strokes in red on slightly noisy paper, as a scan of an imprint at 300 dpi is.
import sharp from 'sharp';
import { loadPictures } from '../src/core/pictures.ts';
import { type Bitmap1, bitmapStride, type Raster } from '../src/core/raster.ts';
import type { Figure, RowResult } from './harness.ts';

const rounds = Math.max(15, Number(process.env.BENCH_ROUNDS ?? 21));
const sampleMicros = Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000);
const SIDE = 600;

interface Way {
  readonly name: string;
  readonly run: () => unknown;
}

sharp.concurrency(1);
sharp.cache(false);
const pictures = await loadPictures();

function scan(): Raster {
  const rgba = new Uint8Array(SIDE * SIDE * 4);
  for (let at = 0; at < SIDE * SIDE; at++) {
    const [x, y] = [(at % SIDE) - SIDE / 2, Math.floor(at / SIDE) - SIDE / 2];
    const radius = Math.hypot(x, y);
    const stroke = Math.sin(x / 9) * Math.sin(y / 13) > 0.45 && radius < 200;
    const ink = stroke || (radius > 235 && radius < 247);
    const grain = (Math.imul(at, 2654435761) >>> 28) - 8;
    const colour = ink ? [200, 60, 70] : [250, 248, 243];
    rgba.set([...colour.map((value) => Math.max(0, Math.min(255, value + grain))), 255], at * 4);
  }
  return { width: SIDE, height: SIDE, rgba };
}

function bitmapOf({ width, height, rgba }: Raster): Bitmap1 {
  const stride = bitmapStride(width);
  const bits = new Uint8Array(stride * height);
  for (let at = 0; at < width * height; at++) {
    if ((rgba[at * 4 + 1] ?? 255) >= 150) continue;
    const place = Math.floor(at / width) * stride + ((at % width) >> 3);
    bits[place] = (bits[place] ?? 0) | (0x80 >> ((at % width) & 7));
  }
  return { width, height, bits };
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function spent(way: Way, count: number): Promise<number> {
  const start = cpuMicros();
  for (let i = 0; i < count; i++) await way.run();
  return cpuMicros() - start;
}

async function row(id: string, title: string, ways: readonly Way[]): Promise<RowResult> {
  process.stderr.write(`  ${title}\n`);
  const counts: number[] = [];
  for (const way of ways) {
    await spent(way, 20);
    const elapsed = await spent(way, 20);
    counts.push(Math.max(1, Math.round((20 * sampleMicros) / Math.max(1, elapsed))));
  }
  const samples: number[][] = ways.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, way] of ways.entries()) {
      const count = counts[index] ?? 1;
      samples[index]?.push((await spent(way, count)) / count);
    }
  }
  const figures: Figure[] = ways.map(({ name }, index) => {
    const sorted = (samples[index] ?? []).sort((a, b) => a - b);
    const at = (share: number) => sorted[Math.round((sorted.length - 1) * share)] ?? 0;
    return { name, micros: at(0.5), low: at(0.25), high: at(0.75), rounds };
  });
  return { id, title, figures };
}

const raster = scan();
const source = () => sharp(raster.rgba, { raw: { width: SIDE, height: SIDE, channels: 4 } });
const files: [string, string, Buffer][] = [
  ['jpeg', 'JPEG 4:2:0, quality 80', await source().removeAlpha().jpeg().toBuffer()],
  [
    'jpeg-444',
    'JPEG 4:4:4, quality 80',
    await source().removeAlpha().jpeg({ chromaSubsampling: '4:4:4' }).toBuffer(),
  ],
  [
    'jpeg-progressive',
    'JPEG progressive',
    await source().removeAlpha().jpeg({ progressive: true }).toBuffer(),
  ],
  ['jpeg-grey', 'JPEG grey', await source().removeAlpha().greyscale().jpeg().toBuffer()],
  [
    'png',
    'PNG true colour',
    await source().removeAlpha().png({ adaptiveFiltering: true }).toBuffer(),
  ],
  ['png-indexed', 'PNG indexed', await source().removeAlpha().png({ palette: true }).toBuffer()],
];

const results: RowResult[] = [];
for (const [id, title, file] of files) {
  const name = `Decode ${title}, ${SIDE} x ${SIDE}, ${Math.round(file.length / 1024)} KB`;
  results.push(
    await row(id, name, [
      { name: 'cinnabar', run: () => pictures.decode(file) },
      { name: 'sharp', run: () => sharp(file).ensureAlpha().raw().toBuffer() },
    ]),
  );
}
const bitmap = bitmapOf(raster);
results.push(
  await row('precheck', `Pre-check, ${SIDE} x ${SIDE}`, [
    { name: 'cinnabar', run: () => pictures.precheck(raster) },
    { name: 'cinnabar, with a reserved one', run: () => pictures.precheck(raster, raster) },
  ]),
  await row('png-bitmap', `Write a one-bit PNG, ${SIDE} x ${SIDE}`, [
    { name: 'cinnabar', run: () => pictures.encodeBitmapPng(bitmap, 300) },
  ]),
);
const { vips } = sharp.versions;
process.stdout.write(
  `${JSON.stringify({
    host: `Node ${process.versions.node}, sharp on libvips ${vips}`,
    clock: 'CPU time of the process with all threads',
    results,
  })}\n`,
);
