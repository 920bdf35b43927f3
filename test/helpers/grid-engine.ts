import { loadPictures } from '../../src/core/pictures.ts';
import { type Bitmap1, bitmapStride, type Raster } from '../../src/core/raster.ts';
import { SealError } from '../../src/core/seal-error.ts';
import type { SealEngine } from '../../src/domain/seals/ports.ts';
import type { Vendor } from '../../src/domain/seals/types.ts';

/**
 * A second seal engine: real pictures, and as many simple vendors as a test wants.
 *
 * Each vendor lays a grid of its own size over the ink and compares cell by cell. That is no way to
 * catch a forger, but rules about several vendors (all or none, unanimity, one of them breaking
 * down) need several vendors.
 */
export async function gridEngine(codes: readonly string[] = ['grid']): Promise<SealEngine> {
  const { decode, encodeBitmapPng, examine } = await loadPictures();
  const vendors: readonly Vendor[] = codes.map((code) => ({
    code,
    name: `Grid ${code}`,
    version: '1.0.0',
  }));

  function sideOf(code: string): number {
    const index = codes.indexOf(code);
    if (index < 0) throw new SealError('vendor_unknown', 'No such vendor.');
    return 32 + 8 * index;
  }

  return {
    vendors,
    decode,
    encodeBitmapPng,
    examine,
    precheck: () => ({ ok: true, sharpness: 1, completeness: 1, reasons: [] }),
    enrol: (raster, code) => gridOf(raster, sideOf(code)),
    match(code, reserved, query) {
      const cells = sideOf(code) ** 2;
      if (reserved.length !== query.length || reserved.length !== Math.ceil(cells / 8)) {
        throw new SealError('template_invalid', 'Not a template of this vendor.');
      }
      const score = 1 - differing(reserved, query) / cells;
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
    restore(code, template): Bitmap1 {
      const side = sideOf(code);
      return { width: side, height: side, bits: template.slice() };
    },
  };
}

function gridOf(raster: Raster, side: number): Uint8Array {
  const bits = new Uint8Array(bitmapStride(side) * side);
  let ink = 0;
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const px = Math.floor(((x + 0.5) * raster.width) / side);
      const py = Math.floor(((y + 0.5) * raster.height) / side);
      const green = raster.rgba[(py * raster.width + px) * 4 + 1] ?? 255;
      if (green > 128) continue;
      ink += 1;
      const at = y * bitmapStride(side) + (x >> 3);
      bits[at] = (bits[at] ?? 0) | (0x80 >> (x & 7));
    }
  }
  if (ink === 0) throw new SealError('imprint_not_found', 'No ink.');
  return bits;
}

function differing(a: Uint8Array, b: Uint8Array): number {
  let count = 0;
  a.forEach((byte, i) => {
    for (let rest = byte ^ (b[i] ?? 0); rest !== 0; rest &= rest - 1) count += 1;
  });
  return count;
}
