import { loadPictures } from '../../src/core/pictures.ts';
import { type Bitmap1, bitmapStride, type Raster } from '../../src/core/raster.ts';
import { SealError } from '../../src/core/seal-error.ts';
import type { SealEngine } from '../../src/domain/seals/ports.ts';

/**
 * A seal engine whose vendors keep the rule of the vendor ABI that replacement rests on: each
 * template holds the canonical picture, and only that is compared.
 *
 * The vendors differ in the grid over which they compare, so their scores differ. `faulty` names
 * vendors whose picture loses a column of ink.
 */
export async function pictureEngine(
  codes: readonly string[],
  faulty: readonly string[] = [],
): Promise<SealEngine> {
  const { decode, encodeBitmapPng, examine } = await loadPictures();

  function open(code: string, template: Uint8Array): Bitmap1 {
    const [index = -1, ...rest] = template;
    if (codes[index] !== code) throw new SealError('template_invalid', 'Not of this vendor.');
    const view = new DataView(Uint8Array.from(rest.slice(0, 4)).buffer);
    return {
      width: view.getUint16(0),
      height: view.getUint16(2),
      bits: Uint8Array.from(rest.slice(4)),
    };
  }

  return {
    vendors: codes.map((code) => ({ code, name: `Picture ${code}`, version: '1.0.0' })),
    decode,
    encodeBitmapPng,
    examine,
    precheck: () => ({ ok: true, sharpness: 1, completeness: 1, reasons: [] }),
    enrol(raster, code) {
      const { width, height, bits } = pictureOf(raster, faulty.includes(code) ? 1 : 0);
      const head = [codes.indexOf(code), width >> 8, width & 255, height >> 8, height & 255];
      return Uint8Array.from([...head, ...bits]);
    },
    match(code, reserved, query) {
      const score = likeness(open(code, reserved), open(code, query), 6 + codes.indexOf(code));
      return {
        match: score >= 0.95,
        score,
        threshold: 0.95,
        rejectBelow: 0.9,
        transform: [1, 0, 0, 1, 0, 0],
        unknownShare: 0,
        tiles: [],
      };
    },
    keptPart: (evidence) => evidence,
    restore: open,
  };
}

/** Ink within its box, and one pixel of paper around it. */
function pictureOf(raster: Raster, lostColumns: number): Bitmap1 {
  const isInk = (x: number, y: number) =>
    (raster.rgba[(y * raster.width + x) * 4 + 1] ?? 255) < 128;
  let [left, right, top, bottom] = [raster.width, -1, raster.height, -1];
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < raster.width; x++) {
      if (!isInk(x, y)) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), y];
    }
  }
  if (right < 0) throw new SealError('imprint_not_found', 'No ink.');
  const width = right - left + 3 - lostColumns;
  const height = bottom - top + 3;
  const bits = new Uint8Array(bitmapStride(width) * height);
  for (let y = top; y <= bottom; y++) {
    for (let x = left + lostColumns; x <= right; x++) {
      if (!isInk(x, y)) continue;
      const column = x - left + 1 - lostColumns;
      const at = (y - top + 1) * bitmapStride(width) + (column >> 3);
      bits[at] = (bits[at] ?? 0) | (0x80 >> (column & 7));
    }
  }
  return { width, height, bits };
}

function likeness(a: Bitmap1, b: Bitmap1, cells: number): number {
  let same = 0;
  const sides = cells * cells;
  for (let i = 0; i < sides * sides; i++) {
    const x = (i % sides) / sides;
    const y = Math.floor(i / sides) / sides;
    if (inkAt(a, x, y) === inkAt(b, x, y)) same += 1;
  }
  return same / (sides * sides);
}

function inkAt({ width, height, bits }: Bitmap1, x: number, y: number): number {
  const column = Math.floor(x * width);
  const row = Math.floor(y * height);
  return ((bits[row * bitmapStride(width) + (column >> 3)] ?? 0) >> (7 - (column & 7))) & 1;
}
