import { expect, test, vi } from 'vitest';
import { loadSeal } from '../../../src/core/seal.ts';
import { drawn, drawnSeal, sampleScan } from '../../helpers/seal-rasters.ts';

vi.setConfig({ testTimeout: 60_000 });

const seal = await loadSeal();
const others = seal.vendors.map(({ code }) => code).filter((code) => code !== 'stroke');

test.each(others)('B2: %s finds the turn of a genuine imprint by itself', (code) => {
  const reserved = seal.enrol(sampleScan('s06-reserved.jpg', 300), code, 'reserved');
  const query = seal.enrol(sampleScan('s06-g0.jpg', 300), code);
  const stroke = seal.match(
    'stroke',
    seal.enrol(sampleScan('s06-reserved.jpg', 300), 'stroke', 'reserved'),
    seal.enrol(sampleScan('s06-g0.jpg', 300), 'stroke'),
  );
  const turnOf = ([a, , c]: readonly number[]) => Math.atan2(c ?? 0, a ?? 1);
  const { transform } = seal.match(code, reserved, query);
  // Two algorithms that share no step of registration agree on the motion to a quarter of a degree.
  expect(Math.abs(turnOf(transform) - turnOf(stroke.transform))).toBeLessThan(0.0044);
  expect(Math.abs(transform[4] - stroke.transform[4])).toBeLessThan(3);
});

test.each(['stroke', ...others])('B2: %s tells the same seal in any ink', (code) => {
  const inked = (ink: readonly number[]) => {
    const { width, height, rgba } = drawnSeal();
    return drawn(width, height, (x, y) => {
      const isInk = (rgba[4 * (y * width + x) + 1] ?? 255) < 128;
      // A third tone, so that the picture is a scan and no canonical picture.
      return isInk ? ink : x === 0 && y === 0 ? [250, 250, 252] : [255, 255, 255];
    });
  };
  const reserved = seal.enrol(drawnSeal(), code, 'reserved');
  for (const ink of [
    [200, 30, 40],
    [40, 70, 170],
    [110, 40, 140],
    [30, 30, 34],
  ]) {
    expect(seal.match(code, reserved, seal.enrol(inked(ink), code)).match).toBe(true);
  }
});

test.each(['stroke', ...others])(
  '%s finds the scale of a picture that names no resolution',
  (code) => {
    const { width, height, rgba } = drawnSeal();
    const factor = 1.25;
    const large = drawn(Math.round(width * factor), Math.round(height * factor), (x, y) => {
      const at = 4 * (Math.floor(y / factor) * width + Math.floor(x / factor));
      return [...rgba.subarray(at, at + 3)];
    });
    const reserved = seal.enrol(drawnSeal(), code, 'reserved');
    const { dpi: _, ...unscaled } = large;
    const { transform } = seal.match(code, reserved, seal.enrol(unscaled, code));
    expect(Math.hypot(transform[0], transform[2])).toBeCloseTo(1 / factor, 1);
    const stated = seal.match(code, reserved, seal.enrol({ ...large, dpi: 300 }, code));
    expect(Math.hypot(stated.transform[0], stated.transform[2])).toBeGreaterThan(0.95);
  },
);
