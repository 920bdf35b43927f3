import { describe, expect, test, vi } from 'vitest';
import { loadSeal, type Raster } from '../../../src/core/seal.ts';
import { drawn, drawnSeal } from '../../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 60_000 });

const seal = await loadSeal();
const codes = seal.vendors.map(({ code }) => code);
const plain = drawnSeal();

type Colour = readonly [number, number, number];

/** Red ink on paper, seen through `place` (from picture to imprint) and lit by `light`. */
function seen(
  place: (x: number, y: number) => readonly [number, number],
  light: (x: number, y: number) => number = () => 1,
  paper: (x: number, y: number) => Colour = () => [250, 248, 244],
): Raster {
  const { width, height, rgba } = plain;
  const inkAt = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && (rgba[4 * (y * width + x) + 1] ?? 255) < 128;
  return drawn(width, height, (x, y) => {
    // Four samples a pixel soften the edge as a lens does.
    let ink = 0;
    for (const [dx, dy] of [
      [0.25, 0.25],
      [0.75, 0.25],
      [0.25, 0.75],
      [0.75, 0.75],
    ] as const) {
      const [u, v] = place(x + dx - width / 2, y + dy - height / 2);
      if (inkAt(Math.floor(u + width / 2), Math.floor(v + height / 2))) ink += 0.25;
    }
    const bare = paper(x, y);
    const full: Colour = [198, 36, 44];
    return bare.map((value, c) => {
      const mixed = value + ink * (Math.min(value, full[c] ?? 0) - value);
      return Math.round(mixed * light(x / width, y / height));
    });
  });
}

const still = (x: number, y: number) => [x, y] as const;

function scoreOf(code: string, query: Raster) {
  return seal.match(code, seal.enrol(plain, code, 'reserved'), seal.enrol(query, code));
}

describe.each(codes)('B5: %s', (code) => {
  test('finds an imprint under light that falls to a half, and in a shadow', () => {
    const fading = seen(still, (x, y) => 1 - 0.3 * x - 0.2 * y);
    const shadow = seen(still, (x) => 1 - 0.35 * Math.min(1, Math.max(0, (x - 0.45) * 8)));
    for (const query of [fading, shadow]) {
      const { match, unknownShare } = scoreOf(code, query);
      expect(match).toBe(true);
      expect(unknownShare).toBeLessThan(0.1);
    }
  });

  test('looks through a camera that is held at a slant', () => {
    const span = Math.max(plain.width, plain.height);
    const slanted = seen((x, y) => {
      const depth = 1 + (0.05 * x - 0.04 * y) / span;
      return [x / depth, y / depth];
    });
    expect(scoreOf(code, slanted).match).toBe(true);
  });

  test('looks past dust on the paper', () => {
    const dusty = seen(
      still,
      () => 1,
      (x, y) => ((x * 7919 + y * 104_729) % 991 < 2 ? [90, 30, 30] : [250, 248, 244]),
    );
    expect(scoreOf(code, dusty).match).toBe(true);
  });
});
