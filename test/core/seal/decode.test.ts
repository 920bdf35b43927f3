import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, test, vi } from 'vitest';
import { loadPictures } from '../../../src/core/pictures.ts';
import type { Raster } from '../../../src/core/raster.ts';
import { adobe, exif, exifSegment, jfif, jpegFile } from '../../helpers/jpeg-file.ts';
import { chunk, type PngKind, pngFile } from '../../helpers/png-file.ts';

// Thousands of pictures a test: a busy machine may take longer than the default.
vi.setConfig({ testTimeout: 60_000 });

const pictures = await loadPictures();

/** The same file read by sharp (libspng, mozjpeg), upright and on white paper. */
async function reference(file: Uint8Array): Promise<Raster> {
  const { data, info } = await sharp(file)
    .autoOrient()
    .flatten({ background: '#fff' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, rgba: data };
}

/** The largest difference of any byte; infinite when the sizes differ. */
function difference(a: Raster, b: Raster): number {
  if (a.width !== b.width || a.height !== b.height || a.rgba.length !== b.rgba.length) {
    return Number.POSITIVE_INFINITY;
  }
  let most = 0;
  for (let at = 0; at < a.rgba.length; at++) {
    most = Math.max(most, Math.abs((a.rgba[at] ?? 0) - (b.rgba[at] ?? 0)));
  }
  return most;
}

/** A reproducible texture: flat parts, ramps and noise, so that all code paths of coders are met. */
function texture(seed: number): (x: number, y: number, channel: number) => number {
  return (x, y, channel) => {
    const patch = ((x >> 4) + (y >> 4) + seed) & 3;
    const noise = Math.imul((x * 7919) ^ (y * 104729) ^ (channel * 31 + seed), 2654435761) >>> 16;
    if (patch === 0) return 0xffff;
    if (patch === 1) return (x * 523 + y * 1291 + channel * 9000) & 0xffff;
    return patch === 2 ? noise & 0xffff : (noise & 0x1fff) + 0x4000;
  };
}

const pngKinds: fc.Arbitrary<PngKind> = fc
  .record({
    form: fc.constantFrom<[PngKind['colourType'], PngKind['bitDepth']]>(
      [0, 1],
      [0, 2],
      [0, 4],
      [0, 8],
      [0, 16],
      [2, 8],
      [2, 16],
      [3, 1],
      [3, 2],
      [3, 4],
      [3, 8],
      [4, 8],
      [4, 16],
      [6, 8],
      [6, 16],
    ),
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 50 }),
    interlaced: fc.boolean(),
    clear: fc.boolean(),
    filters: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 7 }),
    level: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ form: [colourType, bitDepth], clear, ...rest }) => {
    const entries = 1 << Math.min(8, bitDepth);
    const palette = Uint8Array.from({ length: entries * 3 }, (_, index) => (index * 89) & 255);
    const alphas = Uint8Array.from({ length: entries >> 1 }, (_, index) => (index * 37) & 255);
    // The sample value that every texture holds: all ones in the depth.
    const ones = bitDepth === 16 ? [0xff, 0xff] : [0, (1 << bitDepth) - 1];
    const transparency =
      colourType === 3
        ? alphas
        : Uint8Array.from(colourType === 0 ? ones : ones.concat(ones, ones));
    return {
      colourType,
      bitDepth,
      ...rest,
      ...(colourType === 3 ? { palette } : {}),
      ...(clear && colourType <= 3 ? { transparency } : {}),
    };
  });

describe('PNG', () => {
  test('every colour type, depth, filter, interlacing and transparency agrees with sharp', async () => {
    await fc.assert(
      fc.asyncProperty(pngKinds, fc.nat(1000), async (kind, seed) => {
        const texel = texture(seed);
        const file = pngFile(kind, (x, y, c) => texel(x, y, c) >> (16 - kind.bitDepth));
        // sharp rounds once otherwise when it cuts 16 bits to 8, and once when it composites.
        const most = kind.bitDepth === 16 ? 2 : 1;
        expect(difference(pictures.decode(file), await reference(file))).toBeLessThanOrEqual(most);
      }),
      { numRuns: 250, seed: 20 },
    );
  });

  test('rows that cross window and band borders agree with sharp', async () => {
    for (const [width, height, colourType] of [
      [4096, 70, 2],
      [3, 4096, 0],
      [700, 900, 6],
    ] as const) {
      for (const interlaced of [false, true]) {
        const texel = texture(width);
        const kind = {
          width,
          height,
          colourType,
          bitDepth: 8,
          interlaced,
          filters: [0, 4],
        } as const;
        const file = pngFile(kind, (x, y, c) => (c === 3 ? 255 : texel(x, y, c) >> 8));
        expect(difference(pictures.decode(file), await reference(file))).toBe(0);
      }
    }
  });

  test('what is hidden under full transparency is paper, not ink', () => {
    const kind = { width: 9, height: 9, colourType: 6, bitDepth: 8 } as const;
    const file = pngFile(kind, (x, y, c) => (c === 3 ? 0 : (x * y) & 255));
    expect(pictures.decode(file).rgba.every((value) => value === 255)).toBe(true);
  });

  test('ancillary chunks, split data and bytes after the end do not disturb', async () => {
    const kind = { width: 40, height: 30, colourType: 2, bitDepth: 8 } as const;
    const texel = texture(5);
    const whole = pngFile(kind, (x, y, c) => texel(x, y, c) >> 8);
    const at = Buffer.from(whole).indexOf('IDAT') - 4;
    const length = Buffer.from(whole).readUInt32BE(at);
    const data = whole.subarray(at + 8, at + 8 + length);
    const parts = [
      data.subarray(0, 1),
      data.subarray(1, 1),
      data.subarray(1, 777),
      data.subarray(777),
    ];
    const split = new Uint8Array(
      Buffer.concat([
        whole.subarray(0, at),
        chunk('tEXt', Buffer.from('Title\0imprint')),
        ...parts.map((part) => chunk('IDAT', part)),
        chunk('tIME', new Uint8Array(7)),
        chunk('IEND'),
        Buffer.from('trailing bytes'),
      ]),
    );
    expect(difference(pictures.decode(split), pictures.decode(whole))).toBe(0);
  });
});

describe('JPEG', () => {
  test('every encoder setting of sharp decodes to the same bytes', async () => {
    const settings = fc.record({
      width: fc.integer({ min: 1, max: 90 }),
      height: fc.integer({ min: 1, max: 70 }),
      quality: fc.integer({ min: 1, max: 100 }),
      chromaSubsampling: fc.constantFrom('4:4:4', '4:2:0'),
      progressive: fc.boolean(),
      optimiseCoding: fc.boolean(),
      trellisQuantisation: fc.boolean(),
      optimiseScans: fc.boolean(),
      quantisationTable: fc.integer({ min: 0, max: 8 }),
      grey: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        settings,
        fc.nat(1000),
        async ({ width, height, grey, ...options }, seed) => {
          const texel = texture(seed);
          const raw = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
            const pixel = Math.floor(at / 3);
            return texel(pixel % width, Math.floor(pixel / width), at % 3) >> 8;
          });
          const source = sharp(raw, { raw: { width, height, channels: 3 } });
          const file = await (grey ? source.greyscale() : source).jpeg(options).toBuffer();
          expect(difference(pictures.decode(file), await reference(file))).toBe(0);
        },
      ),
      { numRuns: 120, seed: 20 },
    );
  });

  const factors = fc.tuple(fc.constantFrom(1, 2, 3, 4), fc.constantFrom(1, 2, 3, 4));
  const fitsMcu = (sampling: readonly (readonly [number, number])[]) =>
    sampling.reduce((sum, [h, v]) => sum + h * v, 0) <= 10;
  const isWhole = (sampling: readonly (readonly [number, number])[]) => {
    const [h, v] = [0, 1].map((axis) => Math.max(...sampling.map((each) => each[axis] ?? 1)));
    return sampling.every((each) => (h ?? 1) % each[0] === 0 && (v ?? 1) % each[1] === 0);
  };
  const sampled = fc.record({
    width: fc.integer({ min: 1, max: 80 }),
    height: fc.integer({ min: 1, max: 60 }),
    sampling: fc.oneof(
      fc.tuple(factors),
      fc.tuple(factors, factors, factors).filter(fitsMcu).filter(isWhole),
    ),
    restartInterval: fc.integer({ min: 0, max: 5 }),
    separateScans: fc.boolean(),
    step: fc.integer({ min: 1, max: 40 }),
  });

  test('every whole sampling ratio, restart interval and scan layout agrees with sharp', async () => {
    await fc.assert(
      fc.asyncProperty(sampled, fc.nat(1000), async (kind, seed) => {
        const texel = texture(seed);
        const file = jpegFile(kind, (component, x, y) => texel(x, y, component) >> 8);
        expect(difference(pictures.decode(file), await reference(file))).toBe(0);
      }),
      { numRuns: 120, seed: 20 },
    );
  });

  test('sampling ratios that are no whole numbers keep flat colours where they belong', () => {
    const sampling = [
      [3, 2],
      [2, 1],
      [1, 1],
    ] as const;
    // Luma 120 everywhere, Cb and Cr at their middle left of the centre and high right of it.
    const file = jpegFile({ width: 96, height: 64, sampling, step: 1 }, (component, x) => {
      if (component === 0) return 120;
      const columns = 96 * ((sampling[component] ?? [1, 1])[0] / 3);
      return x < columns / 2 ? 128 : 160;
    });
    const { rgba } = pictures.decode(file);
    const pixel = (x: number) => [...rgba.subarray(x * 4, x * 4 + 3)];
    expect(pixel(10)).toEqual([120, 120, 120]);
    expect(pixel(85)).toEqual([165, 86, 177]);
  });

  test('Adobe RGB, and component names R, G, B, are not turned into YCbCr', () => {
    const sampling = [
      [1, 1],
      [1, 1],
      [1, 1],
    ] as const;
    const kind = { width: 8, height: 8, sampling, step: 1 };
    const value = (component: number) => [200, 30, 90][component] ?? 0;
    const plain = [200, 30, 90, 255];
    const named = pictures.decode(jpegFile({ ...kind, ids: [0x52, 0x47, 0x42] }, value));
    expect([...named.rgba.subarray(0, 4)]).toEqual(plain);
    const marked = pictures.decode(jpegFile({ ...kind, segments: [adobe(0)] }, value));
    expect([...marked.rgba.subarray(0, 4)]).toEqual(plain);
    const converted = pictures.decode(jpegFile(kind, value));
    expect([...converted.rgba.subarray(0, 4)]).toEqual([147, 255, 26, 255]);
  });

  test('CMYK is ink over white, also inverted and as YCCK in the Adobe way', () => {
    const sampling = [
      [1, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ] as const;
    const kind = { width: 8, height: 8, sampling, step: 1 };
    const first = (file: Uint8Array) => [...pictures.decode(file).rgba.subarray(0, 4)];
    const inks = (component: number) => [0, 255, 255, 51][component] ?? 0;
    expect(first(jpegFile(kind, inks))).toEqual([204, 0, 0, 255]);
    const inverted = (component: number) => 255 - inks(component);
    expect(first(jpegFile({ ...kind, segments: [adobe(0)] }, inverted))).toEqual([204, 0, 0, 255]);
    // Y 76, Cb 85, Cr 255 is red within rounding; K is inverted like the rest.
    const ycck = (component: number) => [76, 85, 255, 204][component] ?? 0;
    const [red, green, blue] = first(jpegFile({ ...kind, segments: [adobe(2)] }, ycck));
    expect([red, green, blue]).toEqual([203, 0, 0]);
  });
});

describe('orientation', () => {
  const texel = texture(3);
  const kind = { width: 37, height: 21, colourType: 2, bitDepth: 8 } as const;

  test('all eight EXIF orientations stand upright, in JPEG and PNG, in both byte orders', async () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      for (const little of [true, false]) {
        const block = exif({ orientation }, little);
        const jpeg = jpegFile(
          { width: 37, height: 21, sampling: [[1, 1]], segments: [exifSegment(block)] },
          (component, x, y) => texel(x, y, component) >> 8,
        );
        expect(difference(pictures.decode(jpeg), await reference(jpeg))).toBe(0);
        const png = pngFile(
          { ...kind, chunks: [chunk('eXIf', block)] },
          (x, y, c) => texel(x, y, c) >> 8,
        );
        expect(difference(pictures.decode(png), await reference(png))).toBe(0);
      }
    }
  });

  test('nonsense in EXIF leaves the picture as it is stored', () => {
    const plain = pictures.decode(pngFile(kind, (x, y, c) => texel(x, y, c) >> 8));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (noise) => {
        const block = Uint8Array.from([0x49, 0x49, 42, 0, 8, 0, 0, 0, ...noise]);
        const chunks = [chunk('eXIf', block.subarray(0, noise.length))];
        const read = pictures.decode(
          pngFile({ ...kind, chunks }, (x, y, c) => texel(x, y, c) >> 8),
        );
        expect(read.rgba.length).toBe(plain.rgba.length);
      }),
      { seed: 20 },
    );
    const zero = exif({ orientation: 9, dpi: 0 });
    const read = pictures.decode(
      pngFile({ ...kind, chunks: [chunk('eXIf', zero)] }, (x, y, c) => texel(x, y, c) >> 8),
    );
    expect(difference(read, plain)).toBe(0);
    expect(read.dpi).toBeUndefined();
  });
});

describe('resolution', () => {
  const dpiOf = (segments: Uint8Array[]) =>
    pictures.decode(jpegFile({ width: 8, height: 8, sampling: [[1, 1]], segments }, () => 90)).dpi;
  const physical = (x: number, y: number, unit: number) => {
    const body = Buffer.alloc(9);
    body.writeUInt32BE(x, 0);
    body.writeUInt32BE(y, 4);
    body[8] = unit;
    return chunk('pHYs', body);
  };
  const dpiOfPng = (chunks: Uint8Array[]) =>
    pictures.decode(pngFile({ width: 1, height: 1, colourType: 0, bitDepth: 8, chunks }, () => 0))
      .dpi;

  test('JFIF, EXIF and pHYs tell it', () => {
    expect(dpiOf([jfif(1, 300, 300)])).toBe(300);
    expect(dpiOf([jfif(2, 118, 118)])).toBe(299.72);
    expect(dpiOf([exifSegment(exif({ dpi: 200 }))])).toBe(200);
    expect(dpiOf([exifSegment(exif({ dpi: 118, unit: 3 }, false))])).toBe(299.72);
    expect(dpiOfPng([physical(11811, 11811, 1)])).toBe(300);
  });

  test('placeholders, ratios and unequal axes are not taken for it', () => {
    expect(dpiOf([])).toBeUndefined();
    expect(dpiOf([jfif(0, 1, 1)])).toBeUndefined();
    expect(dpiOf([jfif(1, 72, 72)])).toBeUndefined();
    expect(dpiOf([jfif(1, 99, 99)])).toBeUndefined();
    expect(dpiOf([jfif(1, 100, 100)])).toBe(100);
    expect(dpiOf([jfif(1, 2400, 2400)])).toBe(2400);
    expect(dpiOf([jfif(1, 2401, 2401)])).toBeUndefined();
    expect(dpiOf([jfif(1, 300, 200)])).toBeUndefined();
    expect(dpiOf([jfif(1, 72, 72), exifSegment(exif({ dpi: 300 }))])).toBe(300);
    expect(dpiOfPng([physical(11811, 11811, 0)])).toBeUndefined();
  });
});

const samples = join(import.meta.dirname, '../../../../shared/seals');

test.runIf(existsSync(samples))(
  'sample imprints decode to the same bytes as with sharp',
  async () => {
    for (const folder of readdirSync(samples, { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      for (const name of readdirSync(join(samples, folder.name))) {
        const file = readFileSync(join(samples, folder.name, name));
        expect(difference(pictures.decode(file), await reference(file)), name).toBe(0);
      }
    }
  },
);
