import { describe, expect, it } from 'vitest';
import { formatBytes, formatDate, inFours, shortHash } from '../../src/console/format.ts';
import { normaliseNumber } from '../../src/lib/number-text.ts';

describe('numbers that are codes', () => {
  it('stand in fours, unless they bring their own separators', () => {
    expect(inFours('3301042888001957')).toBe('3301 0428 8800 1957');
    expect(inFours('62841')).toBe('6284 1');
    expect(inFours('6222-0200-0001')).toBe('6222-0200-0001');
  });

  it('are taken as pasted', () => {
    expect(normaliseNumber(' 3301-0428 8800·1957 ')).toBe('3301042888001957');
    expect(normaliseNumber('ｋ－０１')).toBe('K01');
  });
});

describe('short forms', () => {
  it('show both ends of a hash', () => {
    const hash = `f569a86d${'0'.repeat(52)}7850`;
    expect(shortHash(hash)).toBe('f569 a86d … 7850');
    expect(shortHash('a41f09c9')).toBe('a41f09c9');
  });

  it('say bytes and dates in one way', () => {
    expect(formatBytes(1023)).toBe('1023 B');
    expect(formatBytes(5160)).toBe('5.0 KB');
    expect(formatDate(new Date(2026, 0, 9))).toBe('2026-01-09');
  });
});
