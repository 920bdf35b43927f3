import { describe, expect, it } from 'vitest';
import { fairnessOf, groupRowsMin } from '../../../src/domain/federation/fairness.ts';

describe('A10: groups of a protected column', () => {
  it('are compared by share, mean and outcome; small ones are put together', () => {
    const cells = Array.from({ length: 500 }, (_, row) =>
      row < 250 ? 'a' : row < 490 ? 'b' : 'c',
    );
    const small = Array.from({ length: groupRowsMin - 10 }, (_, row) => `only-${row}`);
    const probabilities = [
      ...cells.map((cell) => (cell === 'a' ? 0.1 : 0.3)),
      ...small.map(() => 0.1),
    ];
    // Every fourth of a, every third of b: some of both among each.
    const labels = probabilities.map((p, row) => (row % (p < 0.2 ? 4 : 3) === 0 ? 1 : 0));
    // One in five of b is admitted.
    for (let row = 250; row < 490; row += 5) probabilities[row] = 0.1;
    const [found] = fairnessOf(
      probabilities,
      labels,
      new Map([['SEX', [...cells, ...small]]]),
      0.16,
    );
    expect(found?.groups.map(({ group, rows }) => [group, rows])).toEqual([
      ['a', 250],
      ['b', 240],
      ['other', 100],
    ]);
    expect(found?.groups.map(({ admitted }) => admitted)).toEqual([1, 0.2, 0.9]);
    expect(found?.ratio).toBeCloseTo(0.2);
    expect(found?.groups[0]?.defaultRate).toBeCloseTo(63 / 250);
    expect(found?.groups[0]?.meanPd).toBeCloseTo(0.1);
  });

  it('have no ratio where no group is large enough, and are equal where nobody is admitted', () => {
    const rows = 2 * groupRowsMin;
    const labels = Array.from({ length: rows }, (_, row) => row % 3 === 0);
    const ratioOf = (count: number) => {
      const cells = Array.from({ length: count }, (_, row) => (row % 2 === 0 ? 'a' : 'b'));
      const outcomes = labels.slice(0, count).map(Number);
      const [found] = fairnessOf(
        outcomes.map(() => 0.9),
        outcomes,
        new Map([['SEX', cells]]),
        0.16,
      );
      return found;
    };
    expect(ratioOf(groupRowsMin - 2)).not.toHaveProperty('ratio');
    expect(ratioOf(groupRowsMin - 2)?.groups.map(({ group }) => group)).toEqual(['other']);
    expect(ratioOf(rows)?.ratio).toBe(1);
  });
});
