import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kmBetween, placeFrom } from '../../../src/domain/risk/place.ts';

const at = (country: string, latitudeTenths: number, longitudeTenths: number) => ({
  country,
  latitudeTenths,
  longitudeTenths,
});
const hangzhou = at('CN', 303, 1202);

test('E7: distances are those of a globe', () => {
  // Nashville to Los Angeles, the usual example of the formula: 2,887 km.
  const nashville = at('US', 361, -867);
  expect(kmBetween(nashville, at('US', 339, -1184)) / 2_887).toBeCloseTo(1, 2);
  expect(kmBetween(at('FJ', -180, 1790), at('FJ', -180, -1790))).toBeLessThan(250);
  expect(kmBetween(at('XX', 900, 0), at('XX', -900, 0))).toBe(20_015);
  expect(kmBetween(hangzhou, hangzhou)).toBe(0);
});

test('E7: distance is symmetric and never more than half way round', () => {
  const place = fc.tuple(
    fc.integer({ min: -900, max: 900 }),
    fc.integer({ min: -1800, max: 1800 }),
  );
  fc.assert(
    fc.property(place, place, ([a, b], [c, d]) => {
      const km = kmBetween(at('XX', a, b), at('XX', c, d));
      expect(km).toBe(kmBetween(at('XX', c, d), at('XX', a, b)));
      expect(km).toBeGreaterThanOrEqual(0);
      expect(km).toBeLessThanOrEqual(20_016);
    }),
  );
});

test('E7: a place is whole or it is none, and no finer than a tenth of a degree', () => {
  expect(placeFrom({ country: 'CN', latitude: '30.27130', longitude: '120.15' })).toEqual(
    at('CN', 303, 1202),
  );
  expect(placeFrom({ country: 'T1', latitude: 0, longitude: -0.01 })).toEqual(at('T1', 0, 0));
  const corner = { country: 'XX', latitude: '90', longitude: '-180' };
  expect(placeFrom(corner)).toEqual(at('XX', 900, -1800));
  const wrong = [
    {},
    { ...corner, country: ['XX'] },
    { country: 'CN' },
    { country: 'CN', latitude: '30.2' },
    { country: 'cn', latitude: '30.2', longitude: '120.1' },
    { country: 'CHN', latitude: '30.2', longitude: '120.1' },
    { country: 'CN', latitude: '90.01', longitude: '120.1' },
    { country: 'CN', latitude: '30.2', longitude: '-180.1' },
    { country: 'CN', latitude: '1e1', longitude: '120' },
    { country: 'CN', latitude: 'NaN', longitude: '120' },
    { country: 'CN', latitude: Number.NaN, longitude: 120 },
    { country: 'CN', latitude: '', longitude: '' },
  ];
  for (const said of wrong) expect(placeFrom(said), JSON.stringify(said)).toBeUndefined();
});
