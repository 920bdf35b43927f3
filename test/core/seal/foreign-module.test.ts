import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import wabt from 'wabt';
import { loadSeal } from '../../../src/core/seal.ts';
import { drawn, drawnSeal } from '../../helpers/seal-rasters.ts';

const text = readFileSync(new URL('../../helpers/tally-vendor.wat', import.meta.url), 'utf8');
const parsed = (await wabt()).parseWat('tally-vendor.wat', text);
const bytes = new Uint8Array(parsed.toBinary({}).buffer);
parsed.destroy();
const sha256 = createHash('sha256').update(bytes).digest('hex');
const seal = await loadSeal({ vendors: [{ bytes, sha256 }] });

test('B2: a module written by hand, without AssemblyScript, votes as a fourth vendor', () => {
  expect(seal.vendors.at(-1)).toEqual({ code: 'tally', name: 'tally', version: '1.0.0' });
  const { verdict, vendors } = seal.verify(drawnSeal(), drawnSeal());
  expect(verdict).toBe('pass');
  expect(vendors.map(({ code, match }) => [code, match])).toEqual([
    ['stroke', true],
    ['spectrum', true],
    ['glyphs', true],
    ['tally', true],
  ]);
});

test('B2: it tells an imprint from another one, restores its picture and refuses what is not its own', () => {
  const { width, height } = drawnSeal();
  const disc = drawn(width, height, (x, y) =>
    Math.hypot(x - width / 2, y - height / 2) < width / 5 ? [0, 0, 0] : [255, 255, 255],
  );
  const mine = seal.enrol(drawnSeal(), 'tally', 'reserved');
  expect(seal.match('tally', mine, seal.enrol(drawnSeal(), 'tally')).score).toBe(1);
  const other = seal.match('tally', mine, seal.enrol(disc, 'tally'));
  expect(other.match).toBe(false);
  expect(other.score).toBeLessThan(other.rejectBelow);
  const { width: w, height: h, bits } = seal.restore('tally', mine);
  expect([w, h]).toEqual([16, 16]);
  expect(bits.some((byte) => byte !== 0)).toBe(true);
  const refused = expect.objectContaining({ code: 'template_invalid' });
  const theirs = seal.enrol(drawnSeal(), 'stroke', 'reserved');
  expect(() => seal.match('tally', theirs, mine)).toThrow(refused);
  expect(() => seal.match('stroke', mine, theirs)).toThrow(refused);
});

test('B2: a module that is not the one pinned is refused, also for one bit', async () => {
  const changed = bytes.slice();
  changed[changed.length - 5] = (changed[changed.length - 5] ?? 0) ^ 1;
  await expect(loadSeal({ vendors: [{ bytes: changed, sha256 }] })).rejects.toMatchObject({
    code: 'core_failed',
  });
});
