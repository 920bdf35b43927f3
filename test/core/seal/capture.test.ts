import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import { loadSeal } from '../../../src/core/seal.ts';
import { drawn, drawnSeal, sampleScan } from '../../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 60_000 });

const seal = await loadSeal();

test('B6: a printed copy of a genuine imprint never passes by itself, whatever the vendors say', () => {
  const reserved = sampleScan('r01-reserved.jpg', 300);
  const copied = seal.verify(reserved, sampleScan('r01-f-rescan0.jpg', 300));
  expect(copied.reasons.map(({ code }) => code)).toContain('copy_suspected');
  expect(copied.verdict).not.toBe('pass');
  const stamped = seal.verify(reserved, sampleScan('r01-g0.jpg', 200));
  expect(stamped.reasons.map(({ code }) => code)).not.toContain('copy_suspected');
});

test('a canonical picture, an empty page and a tiny picture tell nothing, and the same picture the same', () => {
  expect(seal.examine(drawnSeal())).toBeUndefined();
  expect(seal.examine(drawn(300, 300, () => [255, 250, 240]))).toBeUndefined();
  expect(seal.examine(drawn(9, 9, () => [200, 30, 40]))).toBeUndefined();
  const first = seal.examine(sampleScan('t05-g0.jpg', 300));
  expect(first?.figures).toHaveLength(25);
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
