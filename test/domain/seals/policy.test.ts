import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  choosePolicy,
  defaultPolicy,
  drawVendors,
  replayDraw,
  type SealPolicy,
} from '../../../src/domain/seals/policy.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const policy: SealPolicy = {
  defaultCount: 1,
  branches: { '0102': 2, '0203': 3, '0304': 1, '0405': 'all' },
  levels: [
    { currency: 'CNY', fromMinor: 10_000_000, vendorCount: 2 },
    { currency: 'CNY', fromMinor: 50_000_000, vendorCount: 3, secondReviewer: true },
    { currency: 'USD', fromMinor: 0, vendorCount: 2 },
  ],
};

describe('B5: the policy of a verification', () => {
  it.each([
    // Listed branches: branch against level, the larger wins, the branch is named on a tie.
    ['0304', 'CNY', 9_999_999, 'branch', 1],
    ['0304', 'CNY', 10_000_000, 'level', 2],
    ['0304', 'CNY', 49_999_999, 'level', 2],
    ['0304', 'CNY', 50_000_000, 'level', 3],
    ['0304', 'USD', 0, 'level', 2],
    ['0102', 'CNY', 0, 'branch', 2],
    ['0102', 'CNY', 10_000_000, 'branch', 2],
    ['0102', 'CNY', 50_000_000, 'level', 3],
    ['0203', 'CNY', 50_000_000, 'branch', 3],
    ['0405', 'CNY', 50_000_000, 'branch', 4],
    // A currency without levels gets the strictest one.
    ['0304', 'JPY', 0, 'level', 3],
    // An unlisted branch gets the strictest branch rule, whatever its name.
    ['9999', 'CNY', 0, 'default', 4],
    ['constructor', 'CNY', 0, 'default', 4],
    ['', 'CNY', 50_000_000, 'default', 4],
  ] as const)(
    'branch %s, %s %i: the one with more vendors wins',
    (branch, currency, amountMinor, source, vendorCount) => {
      const choice = choosePolicy(policy, branch, { currency, amountMinor }, 4);
      expect(choice).toMatchObject({ source, vendorCount });
    },
  );

  it('says what each rule alone would have asked, and who else must look', () => {
    const money = { currency: 'CNY', amountMinor: 50_000_000 };
    expect(choosePolicy(policy, '0102', money, 4)).toEqual({
      source: 'level',
      vendorCount: 3,
      branch: { isListed: true, vendorCount: 2 },
      level: { currency: 'CNY', fromMinor: 50_000_000, vendorCount: 3 },
      secondReviewer: true,
    });
    const small = choosePolicy(policy, '0102', { ...money, amountMinor: 1 }, 4);
    expect(small).toMatchObject({ level: undefined, secondReviewer: false });
    const middle = choosePolicy(policy, '0102', { ...money, amountMinor: 10_000_000 }, 4);
    expect(middle).toMatchObject({ level: { vendorCount: 2 }, secondReviewer: false });
  });

  it('never asks less when an amount or a rule grows (property)', () => {
    const demand = fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant('all' as const));
    const level = fc.record({
      currency: fc.constantFrom('CNY', 'USD'),
      fromMinor: fc.nat(100),
      vendorCount: demand,
    });
    const anyPolicy = fc.record({
      defaultCount: demand,
      branches: fc.dictionary(fc.constantFrom('a', 'b'), demand),
      levels: fc.array(level, { maxLength: 4 }),
    });
    const branches = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(anyPolicy, branches, fc.nat(100), fc.nat(100), (any, branch, one, more) => {
        const ask = (amountMinor: number) =>
          choosePolicy(any, branch, { currency: 'CNY', amountMinor }, 4).vendorCount;
        expect(ask(one)).toBeGreaterThanOrEqual(1);
        expect(ask(one + more)).toBeGreaterThanOrEqual(ask(one));
        const unlisted = choosePolicy(any, 'nobody', { currency: 'CNY', amountMinor: one }, 4);
        expect(unlisted.vendorCount).toBeGreaterThanOrEqual(ask(one));
      }),
    );
  });

  it('is every installed vendor where nothing was set, and never "no check"', () => {
    const money = { currency: 'CNY', amountMinor: 0 };
    expect(choosePolicy(defaultPolicy, '', money, 3).vendorCount).toBe(3);
    expect(choosePolicy(defaultPolicy, '', money, 0).vendorCount).toBe(1);
  });
});

describe('B5: the draw of vendors', () => {
  const vendors = ['a', 'b', 'c'].map((code) => ({ code, name: code, version: '1' }));

  it('draws as many as asked, each at most once, and all when more are asked', () => {
    const random = seededRandom(3);
    for (let count = 0; count <= 4; count++) {
      const { drawn, draw } = drawVendors(count, vendors, random);
      expect(replayDraw(count, draw)).toEqual(drawn.map(({ code }) => code));
      expect(drawn).toHaveLength(Math.min(count, 3));
      expect(new Set(drawn).size).toBe(drawn.length);
    }
  });

  it('draws every vendor equally often', () => {
    const random = seededRandom(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      for (const { code } of drawVendors(1, vendors, random).drawn) {
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
    }
    // Six standard deviations around 2000.
    for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(220);
    expect(counts.size).toBe(3);
  });

  it('skips the bytes that would favour some', () => {
    const fed = [255, 4];
    const random = { bytes: () => Uint8Array.of(fed.shift() ?? 0) };
    const { drawn, draw } = drawVendors(1, vendors, random);
    expect(drawn).toEqual([vendors[1]]);
    expect(fed).toEqual([]);
    expect(draw).toEqual({ candidates: ['a', 'b', 'c'], bytesHex: 'ff04' });
    expect(replayDraw(1, draw)).toEqual(['b']);
    expect(() => replayDraw(1, { ...draw, bytesHex: 'ff' })).toThrow(RangeError);
  });
});
