import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { loadPictures } from '../../../src/core/pictures.ts';
import { type Bitmap1, bitmapStride } from '../../../src/core/raster.ts';

const pictures = await loadPictures();

/** Rows of stripes, blots and noise with the padding bits clear. */
function bitmapOf(width: number, height: number, seed: number): Bitmap1 {
  const stride = bitmapStride(width);
  const bits = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const noise = Math.imul((x * 7919) ^ (y * 104729) ^ seed, 2654435761) >>> 30 === 0;
      const blot = ((x >> 3) ^ (y >> 4) ^ seed) % 3 === 0;
      if (blot || ((x + seed) % 29 > 20 && noise)) {
        const at = y * stride + (x >> 3);
        bits[at] = (bits[at] ?? 0) | (0x80 >> (x & 7));
      }
    }
  }
  return { width, height, bits };
}

const sizes = fc.record({
  width: fc.integer({ min: 1, max: 300 }),
  height: fc.integer({ min: 1, max: 200 }),
  seed: fc.nat(1000),
});

test('an imprint picture is a PNG that others read: black ink, white paper, its resolution', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, async ({ width, height, seed }) => {
      const bitmap = bitmapOf(width, height, seed);
      const file = pictures.encodeBitmapPng(bitmap, 300);
      const { data, info } = await sharp(file)
        .greyscale()
        .raw()
        .toBuffer({ resolveWithObject: true });
      expect([info.width, info.height]).toEqual([width, height]);
      const stride = bitmapStride(width);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const ink = ((bitmap.bits[y * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
          if (data[y * width + x] !== (ink ? 0 : 255)) throw new Error(`pixel ${x},${y}`);
        }
      }
      const back = pictures.decode(file);
      expect([back.width, back.height, back.dpi]).toEqual([width, height, 300]);
    }),
    { numRuns: 60, seed: 20 },
  );
});

test('the same bitmap gives the same bytes, and far fewer than it has pixels', () => {
  const stride = bitmapStride(600);
  const bits = new Uint8Array(stride * 600);
  for (let at = 0; at < 600 * 600; at++) {
    const radius = Math.hypot((at % 600) - 300, Math.floor(at / 600) - 300);
    if (radius > 280 && radius < 295) bits[(at / 8) | 0] = 0xff;
  }
  const ring = { width: 600, height: 600, bits };
  const file = pictures.encodeBitmapPng(ring, 300);
  expect(pictures.encodeBitmapPng(ring, 300)).toEqual(file);
  expect(file.length).toBeLessThan(bits.length / 5);
});

test('the largest bitmaps, blank and of noise, are written', () => {
  const blank = { width: 4096, height: 4096, bits: new Uint8Array(512 * 4096) };
  expect(pictures.encodeBitmapPng(blank, 300).length).toBeLessThan((512 * 4096) / 64);
  const bits = Uint8Array.from({ length: 512 * 64 }, (_, at) => Math.imul(at, 2654435761) >>> 24);
  const noise = pictures.encodeBitmapPng({ width: 4096, height: 64, bits }, 300);
  expect(pictures.decode(noise).height).toBe(64);
});

test('a bitmap that contradicts itself is refused', () => {
  const invalid = expect.objectContaining({ code: 'picture_invalid' });
  const encode =
    (width: number, height: number, length: number, dpi = 300) =>
    () =>
      pictures.encodeBitmapPng({ width, height, bits: new Uint8Array(length) }, dpi);
  expect(encode(0, 8, 0)).toThrow(invalid);
  expect(encode(8, -1, 8)).toThrow(invalid);
  expect(encode(8.5, 8, 16)).toThrow(invalid);
  expect(encode(9, 8, 8)).toThrow(invalid);
  expect(encode(4097, 1, 513)).toThrow(invalid);
  expect(encode(8, 8, 8, 0)).toThrow(invalid);
  expect(encode(8, 8, 8, Number.NaN)).toThrow(invalid);
  expect(encode(8, 8, 8, 2401)).toThrow(invalid);
});
