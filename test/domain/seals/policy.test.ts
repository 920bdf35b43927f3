import { describe, expect, it } from 'vitest';
import {
  choosePolicy,
  defaultPolicy,
  drawVendors,
  type SealPolicy,
} from '../../../src/domain/seals/policy.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const policy: SealPolicy = {
  defaultCount: 1,
  branches: { '0102': 2, '0203': 3, '0304': 0 },
  levels: [
    { currency: 'CNY', fromMinor: 10_000_000, vendorCount: 2 },
    { currency: 'CNY', fromMinor: 50_000_000, vendorCount: 3 },
    { currency: 'USD', fromMinor: 0, vendorCount: 2 },
  ],
};

describe('B5: the policy of a verification', () => {
  it.each([
    ['9999', 'CNY', 9_999_999, { source: 'default', vendorCount: 1 }],
    ['9999', 'CNY', 10_000_000, { source: 'level', vendorCount: 2 }],
    ['9999', 'CNY', 49_999_999, { source: 'level', vendorCount: 2 }],
    ['9999', 'CNY', 50_000_000, { source: 'level', vendorCount: 3 }],
    ['9999', 'JPY', 50_000_000, { source: 'default', vendorCount: 1 }],
    ['9999', 'USD', 0, { source: 'level', vendorCount: 2 }],
    ['0102', 'CNY', 0, { source: 'branch', vendorCount: 2 }],
    ['0102', 'CNY', 50_000_000, { source: 'level', vendorCount: 3 }],
    ['0203', 'CNY', 10_000_000, { source: 'branch', vendorCount: 3 }],
    ['0203', 'CNY', 50_000_000, { source: 'branch', vendorCount: 3 }],
    ['0304', 'CNY', 0, { source: 'default', vendorCount: 1 }],
    ['constructor', 'CNY', 0, { source: 'default', vendorCount: 1 }],
  ] as const)(
    'branch %s, %s %i: the one with more vendors wins',
    (branch, currency, amountMinor, choice) => {
      expect(choosePolicy(policy, branch, { currency, amountMinor })).toEqual(choice);
    },
  );

  it('is never "no check"', () => {
    const money = { currency: 'CNY', amountMinor: 0 };
    expect(choosePolicy(defaultPolicy, '', money).vendorCount).toBeGreaterThan(0);
  });
});

describe('B5: the draw of vendors', () => {
  const vendors = ['a', 'b', 'c'].map((code) => ({ code, name: code, version: '1' }));

  it('draws as many as asked, each at most once, and all when more are asked', () => {
    const random = seededRandom(3);
    for (let count = 0; count <= 4; count++) {
      const drawn = drawVendors(count, vendors, random);
      expect(drawn).toHaveLength(Math.min(count, 3));
      expect(new Set(drawn).size).toBe(drawn.length);
    }
  });

  it('draws every vendor equally often', () => {
    const random = seededRandom(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      for (const { code } of drawVendors(1, vendors, random)) {
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
    expect(drawVendors(1, vendors, random)).toEqual([vendors[1]]);
    expect(fed).toEqual([]);
  });
});
