import { describe, expect, it } from 'vitest';
import {
  clockStep,
  measureRun,
  quantile,
  runsFor,
  summarise,
  timeOf,
} from '../../src/lib/measure.ts';

/** A clock that moves only by what is run, so that every figure is known beforehand. */
function machine(costs: () => number) {
  let now = 0;
  let runs = 0;
  const run = () => {
    runs += 1;
    now += costs();
  };
  return { clock: () => now, run, runs: () => runs };
}

describe('quantiles', () => {
  it('lie between neighbours in proportion', () => {
    expect(quantile([10, 20, 30, 40, 50], 0.5)).toBe(30);
    expect(quantile([10, 20, 30, 40], 0.5)).toBe(25);
    expect(quantile([10, 20, 30, 40], 0.25)).toBe(17.5);
    expect(quantile([7], 0.75)).toBe(7);
  });

  it('summarise samples in any order, without changing them', () => {
    const samples = [5, 1, 4, 2, 3];
    expect(summarise(samples)).toEqual({ median: 3, low: 2, high: 4, samples: 5 });
    expect(samples).toEqual([5, 1, 4, 2, 3]);
  });

  it('do not follow one wild sample', () => {
    const { median, high } = summarise([10, 10, 11, 10, 10, 5_000, 11]);
    expect(median).toBe(10);
    expect(high).toBe(11);
  });
});

describe('batches', () => {
  it('are as many runs as fill a sample', () => {
    const { clock, run } = machine(() => 3);
    expect(timeOf(clock, run, 7)).toBe(21);
    expect(runsFor(clock, 3_000, run)).toBe(1_000);
  });

  it('are one run when one is longer than a sample', () => {
    const { clock, run, runs } = machine(() => 80_000);
    expect(runsFor(clock, 10_000, run)).toBe(1);
    expect(runs()).toBe(1);
  });

  it('are taken again with more runs when they fall short, and only whole ones count', () => {
    // Slow until warm: the count found first is far too small afterwards.
    let left = 30;
    const { clock, run } = machine(() => (left-- > 0 ? 1_000 : 1));
    const told: number[] = [];
    const summary = measureRun(run, {
      clock,
      rounds: 9,
      sampleMicros: 10_000,
      floorMicros: 5_000,
      progress: (samples) => told.push(samples),
    });
    expect(summary).toEqual({ median: 1, low: 1, high: 1, samples: 9 });
    expect(told).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('give the quartiles of costs that differ', () => {
    let turn = 0;
    const { clock, run } = machine(() => [100, 200, 300, 400, 500][turn++ % 5] ?? 0);
    const { median, low, high, samples } = measureRun(run, {
      clock,
      rounds: 5,
      sampleMicros: 1,
      floorMicros: 1,
    });
    expect({ median, low, high, samples }).toEqual({
      median: 300,
      low: 200,
      high: 400,
      samples: 5,
    });
  });
});

describe('the step of a clock', () => {
  it('is the smallest move that is seen', () => {
    let readings = 0;
    expect(clockStep(() => Math.floor(readings++ / 10) * 100)).toBe(100);
  });

  it('is unknown when the clock stands still, and asking ends all the same', () => {
    expect(clockStep(() => 42)).toBeUndefined();
  });
});
