// Packs trained weights as the model file that the product loads: int8 with a scale for each
// column. export.ts --from FOLDER [--out assembly/tagger/model.bin]
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { labels } from '../../src/core/tagger/labels.ts';
import { filterNames, HEADER_WORDS, MAGIC, operatingPoints } from '../../src/core/tagger/model.ts';
import { lexiconOf } from './encode.ts';
import { tensorsOf } from './network.ts';
import { shape } from './shape.ts';
import { readWords } from './words.ts';

const { values: options } = parseArgs({
  options: {
    from: { type: 'string', default: 'wasm-build/out/training' },
    out: { type: 'string', default: 'assembly/tagger/model.bin' },
    points: { type: 'string', default: 'training/tagger/operating-points.json' },
  },
});

class Writer {
  readonly #parts: Buffer[] = [];
  length = 0;
  bytes(part: Uint8Array): void {
    this.#parts.push(Buffer.from(part));
    this.length += part.length;
  }
  words(...list: number[]): void {
    this.bytes(new Uint8Array(Uint32Array.from(list).buffer));
  }
  floats(list: ArrayLike<number>): void {
    this.bytes(new Uint8Array(Float32Array.from(list).buffer));
  }
  pad(): void {
    this.bytes(new Uint8Array((4 - (this.length % 4)) % 4));
  }
  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** int8 rows and the size of one unit of each column. */
function quantised(values: Float32Array, rows: number, columns: number) {
  const scales = new Float32Array(columns);
  for (let j = 0; j < columns; j++) {
    let top = 1e-9;
    for (let i = 0; i < rows; i++) top = Math.max(top, Math.abs(values[i * columns + j] ?? 0));
    scales[j] = top / 127;
  }
  const codes = new Int8Array(values.length);
  for (let i = 0; i < values.length; i++) {
    codes[i] = Math.round((values[i] ?? 0) / (scales[i % columns] ?? 1));
  }
  return { scales, codes: new Uint8Array(codes.buffer) };
}

const characters = readFileSync(`${options.from}/vocabulary.txt`, 'utf8');
const raw = readFileSync(`${options.from}/weights.bin`);
const weights = new Float32Array(raw.buffer.slice(raw.byteOffset, raw.byteOffset + raw.length));
const lexicon = lexiconOf(readWords('training/tagger/words'));
const points = JSON.parse(readFileSync(options.points, 'utf8')) as Record<
  string,
  Record<string, number>
>;

const head = new Writer();
const { convolution, recurrence, attention, dense, outputs, channels } = shape;
head.words(MAGIC, 0, convolution, recurrence, attention, dense, outputs);
for (const { rows, width } of channels) head.words(rows, width);
if (head.length !== HEADER_WORDS * 4) throw new Error('the header has another size');
head.words(characters.length, ...filterNames.map((name) => lexicon[name].length));
for (const point of operatingPoints)
  head.floats(labels.map((label) => points[point]?.[label] ?? 0));
head.bytes(new Uint8Array(Uint16Array.from(characters, (c) => c.charCodeAt(0)).buffer));
for (const name of filterNames) head.bytes(lexicon[name]);
head.pad();

const body = new Writer();
let at = 0;
for (const [name, rows, columns] of tensorsOf(shape)) {
  const values = weights.subarray(at, at + rows * columns);
  at += rows * columns;
  if (name.endsWith('Bias')) {
    body.floats(values);
    continue;
  }
  const { scales, codes } = quantised(values, rows, columns);
  body.floats(scales);
  body.bytes(codes);
  body.pad();
}
const file = Buffer.concat([head.done(), body.done()]);
file.writeUInt32LE(head.length, 4);
writeFileSync(options.out, file);
const hash = createHash('sha256').update(file).digest('hex');
process.stdout.write(`${options.out}: ${file.length} bytes, sha256 ${hash}\n`);
