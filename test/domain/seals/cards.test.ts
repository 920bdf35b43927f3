import { describe, expect, it } from 'vitest';
import { isActive } from '../../../src/domain/seals/cards.ts';

const card = { startDate: '2026-03-02', endDate: '2026-03-04' };

describe('B4: the dates of a seal card', () => {
  it.each([
    ['2026-03-01T15:59:59.999Z', false],
    ['2026-03-01T16:00:00.000Z', true],
    ['2026-03-03T12:00:00.000Z', true],
    ['2026-03-04T15:59:59.999Z', true],
    ['2026-03-04T16:00:00.000Z', false],
  ])('at %s, by the clock of the banks: %s', (instant, active) => {
    expect(isActive(card, Date.parse(instant))).toBe(active);
  });
});
