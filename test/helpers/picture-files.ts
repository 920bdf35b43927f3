// Small pictures of every coding, from which tests make damaged ones.
import fc from 'fast-check';
import sharp from 'sharp';
import { type JpegKind, jpegFile } from './jpeg-file.ts';
import { type PngKind, pngFile } from './png-file.ts';

const noise = (x: number, y: number, c: number) =>
  (Math.imul((x * 7919) ^ (y * 104729) ^ (c * 31), 2654435761) >>> 24) & 255;
const smooth = (x: number, y: number) => (x * 6 + y * 9) & 255;

/** Valid files by name. */
export async function smallPictures(): Promise<Map<string, Uint8Array>> {
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

/** Several edits of one of the files: bytes set, inserted, removed. */
export function damaged(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edit = fc.record({
    at: fc.nat(),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 6 }),
    kind: fc.constantFrom('set', 'insert', 'remove'),
  });
  return fc
    .tuple(fc.constantFrom(...files), fc.array(edit, { minLength: 1, maxLength: 6 }))
    .map(([original, edits]) => {
      let file = Buffer.from(original);
      for (const { at, bytes, kind } of edits) {
        const place = at % file.length;
        const rest = file.subarray(kind === 'insert' ? place : place + bytes.length);
        const middle = kind === 'remove' ? new Uint8Array() : bytes;
        file = Buffer.concat([file.subarray(0, place), middle, rest]);
      }
      return file;
    });
}

/** The beginning of one of the files and random bytes behind it. */
export function continued(files: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(fc.constantFrom(...files), fc.nat(), fc.uint8Array({ maxLength: 600 }))
    .map(([file, cut, tail]) => Buffer.concat([file.subarray(0, cut % file.length), tail]));
}
