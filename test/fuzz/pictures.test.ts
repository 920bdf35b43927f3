import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test, vi } from 'vitest';
import { loadPictures } from '../../src/core/pictures.ts';
import { SealError } from '../../src/core/seal-error.ts';
import { type JpegKind, jpegFile } from '../helpers/jpeg-file.ts';
import { type PngKind, pngFile } from '../helpers/png-file.ts';

// Thousands of pictures a test: a busy machine may take longer than the default.
vi.setConfig({ testTimeout: 60_000 });

const pictures = await loadPictures();
const REFUSALS = ['picture_corrupt', 'picture_unsupported', 'picture_too_large'];

/** `decoded`, or the code of the refusal; a trap or any other error fails the test. */
function outcome(file: Uint8Array): string {
  try {
    const { width, height, rgba } = pictures.decode(file);
    expect(rgba.length).toBe(width * height * 4);
    return 'decoded';
  } catch (error) {
    if (error instanceof SealError && REFUSALS.includes(error.code)) return error.code;
    throw error;
  }
}

const noise = (x: number, y: number, c: number) =>
  (Math.imul((x * 7919) ^ (y * 104729) ^ (c * 31), 2654435761) >>> 24) & 255;
const smooth = (x: number, y: number) => (x * 6 + y * 9) & 255;

async function seeds(): Promise<Map<string, Uint8Array>> {
  const png = (kind: Partial<PngKind>) =>
    pngFile(
      { width: 13, height: 11, colourType: 2, bitDepth: 8, filters: [1, 2, 3, 4, 0], ...kind },
      noise,
    );
  const jpeg = (kind: Partial<JpegKind>) =>
    jpegFile(
      {
        width: 20,
        height: 18,
        sampling: [
          [2, 2],
          [1, 1],
          [1, 1],
        ],
        step: 6,
        ...kind,
      },
      (c, x, y) => (c === 0 ? noise(x, y, c) : smooth(x, y)),
    );
  const raw = Uint8Array.from({ length: 40 * 30 * 3 }, (_, at) =>
    smooth(at % 40, Math.floor(at / 120)),
  );
  const source = () => sharp(raw, { raw: { width: 40, height: 30, channels: 3 } });
  return new Map([
    ['png rgb', png({})],
    ['png stored', png({ level: 0 })],
    ['png interlaced', png({ interlaced: true, colourType: 6 })],
    ['png 16 bits', png({ bitDepth: 16, colourType: 4 })],
    [
      'png indexed',
      pngFile(
        { width: 9, height: 9, colourType: 3, bitDepth: 4, palette: new Uint8Array(48) },
        (x, y) => (x ^ y) & 15,
      ),
    ],
    ['png by sharp', new Uint8Array(await source().png({ palette: true }).toBuffer())],
    ['jpeg 4:2:0', jpeg({})],
    ['jpeg restarts', jpeg({ restartInterval: 1 })],
    ['jpeg scans', jpeg({ separateScans: true })],
    ['jpeg by sharp', new Uint8Array(await source().jpeg({ quality: 60 }).toBuffer())],
    ['jpeg progressive', new Uint8Array(await source().jpeg({ progressive: true }).toBuffer())],
  ]);
}

const files = await seeds();

test.each([...files])('%s cut after any byte is refused', (_, file) => {
  expect(outcome(file)).toBe('decoded');
  for (let length = 0; length < file.length; length++) {
    expect(outcome(file.subarray(0, length)), `${length} bytes`).not.toBe('decoded');
  }
});

test.each([...files])('%s with any one byte changed decodes or is refused', (name, file) => {
  for (let at = 0; at < file.length; at++) {
    for (const flip of [0x01, 0x80, 0xff]) {
      const changed = Uint8Array.from(file);
      changed[at] = (changed[at] ?? 0) ^ flip;
      const result = outcome(changed);
      // Checksums cover all of a PNG but the bytes behind its last chunk.
      if (name.startsWith('png')) expect(result, `byte ${at}`).not.toBe('decoded');
    }
  }
});

test('random changes of several bytes, cuts and splices never trap', () => {
  const sources = [...files.values()];
  const edit = fc.record({
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
    kind: fc.constantFrom('set', 'insert', 'remove'),
  });
  const edits = fc.array(edit, { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(fc.nat(sources.length - 1), edits, (index, changes) => {
      let file = Buffer.from(sources[index] ?? []);
      for (const { at, bytes, kind } of changes) {
        const place = at % file.length;
        const rest = file.subarray(kind === 'insert' ? place : place + bytes.length);
        file = Buffer.concat(
          [file.subarray(0, place), kind === 'remove' ? [] : [bytes], rest].flat(),
        );
      }
      outcome(file);
    }),
    { numRuns: 8000, seed: 20 },
  );
});

test('random bytes behind every valid beginning never trap', () => {
  const sources = [...files.values()];
  fc.assert(
    fc.property(
      fc.nat(sources.length - 1),
      fc.nat(),
      fc.uint8Array({ maxLength: 600 }),
      (index, cut, tail) => {
        const file = sources[index] ?? new Uint8Array();
        outcome(Buffer.concat([file.subarray(0, cut % file.length), tail]));
      },
    ),
    { numRuns: 4000, seed: 20 },
  );
});
