import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { loadSeal } from '../../../src/core/seal.ts';
import { drawn, drawnSeal, sampleScan } from '../../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 60_000 });

const seal = await loadSeal();
/** Among the figures: how far one frequency stands out (assembly/seal/stripes.ts). */
const STRIPES = 25;
/** How far colours repeat out of step (assembly/seal/fringes.ts). */
const FRINGES = 29;

test('B6: a printed copy of a genuine imprint never passes by itself, whatever the vendors say', () => {
  const reserved = sampleScan('r01-reserved.jpg', 300);
  const copied = seal.verify(reserved, sampleScan('r01-f-rescan0.jpg', 300));
  expect(copied.reasons.map(({ code }) => code)).toContain('copy_suspected');
  expect(copied.verdict).not.toBe('pass');
  const stamped = seal.verify(reserved, sampleScan('r01-g0.jpg', 200));
  expect(stamped.reasons.map(({ code }) => code)).not.toContain('copy_suspected');
});

test.each([
  ['fine and turned by 17°', 3.1, 17, 0.2],
  ['fine and turned by 62°', 2.6, 62, 0.25],
])(
  'B6: the stripes of a display stand out and speak for a copy: %s',
  (_, pitch, degrees, depth) => {
    const stamped = sampleScan('r01-g0.jpg', 200);
    const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
    const rgba = stamped.rgba.map((value, i) => {
      if (i % 4 === 3) return value;
      const pixel = Math.floor(i / 4);
      const [x, y] = [pixel % stamped.width, Math.floor(pixel / stamped.width)];
      // Red, green and blue lie side by side.
      const phase = 2 * Math.PI * ((c * x + s * y) / pitch + (i % 4) / 3);
      return (0.8 * value + 14) * (1 + depth * Math.cos(phase));
    });
    const shown = seal.examine({ ...stamped, rgba });
    const before = seal.examine(stamped);
    expect(shown?.figures[STRIPES]).toBeGreaterThan(10);
    expect(before?.figures[STRIPES]).toBeLessThan(6);
    expect(shown?.figures[FRINGES]).toBeGreaterThan(8);
    expect(before?.figures[FRINGES]).toBeLessThan(5);
    expect(shown?.copyOdds).toBeGreaterThan(before?.copyOdds ?? Number.POSITIVE_INFINITY);
  },
);

test('the largest picture that is taken, four megapixels in colour, is examined', () => {
  const small = sampleScan('r01-g0.jpg', 200);
  const side = 2000;
  const large = drawn(side, side, (x, y) => {
    const at = 4 * ((y % small.height) * small.width + (x % small.width));
    return [...small.rgba.subarray(at, at + 3)];
  });
  expect(seal.examine(large)?.figures.every(Number.isFinite)).toBe(true);
});

test('a canonical picture, an empty page and a tiny picture tell nothing, and the same picture the same', () => {
  expect(seal.examine(drawnSeal())).toBeUndefined();
  expect(seal.examine(drawn(300, 300, () => [255, 250, 240]))).toBeUndefined();
  expect(seal.examine(drawn(9, 9, () => [200, 30, 40]))).toBeUndefined();
  const first = seal.examine(sampleScan('t05-g0.jpg', 300));
  expect(first?.figures).toHaveLength(31);
  expect(first?.figures.every(Number.isFinite)).toBe(true);
  seal.examine(sampleScan('r01-g0.jpg', 200));
  expect(seal.examine(sampleScan('t05-g0.jpg', 300))).toEqual(first);
});

const shared = new URL('../../../../shared/seals/', import.meta.url);
const isThere = existsSync(new URL('manifest.json', shared));
if (!isThere)
  console.warn('../shared/seals is not there: copies of the shared set are not examined');

describe.skipIf(!isThere)('the shared set', () => {
  test('most copies in colour are noticed, and stamped imprints are left alone', () => {
    const { pairs } = JSON.parse(readFileSync(new URL('manifest.json', shared), 'utf8')) as {
      pairs: { query: string; genuine: boolean; forgery: string | null; dpi: number }[];
    };
    const oddsOf = (query: string, dpi: number) =>
      seal.examine({ ...seal.decode(readFileSync(new URL(query, shared))), dpi })?.copyOdds;
    const answers = (wanted: (pair: (typeof pairs)[number]) => boolean) =>
      pairs
        .filter(wanted)
        .map(({ query, dpi }) => oddsOf(query, dpi))
        .filter((odds) => odds !== undefined);
    const copies = answers(({ forgery }) => forgery === 'rescan');
    const stamped = answers(({ genuine }) => genuine);
    expect(copies.length).toBeGreaterThan(2);
    expect(copies.filter((odds) => odds > 0).length).toBeGreaterThan(0.6 * copies.length);
    expect(stamped.filter((odds) => odds > 0).length).toBeLessThan(0.15 * stamped.length);
  });
});
