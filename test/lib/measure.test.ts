import { describe, expect, it } from 'vitest';
import { clockStep, quantile, sampler, summarise } from '../../src/lib/measure.ts';

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

describe('a sampler', () => {
  it('fills each sample with as many runs as it takes, after a warm-up', () => {
    const { clock, run, runs } = machine(() => 3);
    const take = sampler(run, { clock, sampleMicros: 3_000, floorMicros: 2_000 });
    const before = runs();
    expect(before).toBeGreaterThan(1_000);
    expect(take()).toBe(3);
    expect(runs() - before).toBe(1_000);
  });

  it('runs once for a sample when one run is longer', () => {
    const { clock, run, runs } = machine(() => 80_000);
    const take = sampler(run, { clock, sampleMicros: 10_000, floorMicros: 5_000 });
    const before = runs();
    expect(take()).toBe(80_000);
    expect(runs() - before).toBe(1);
  });

  it('takes a sample that falls short again with more runs', () => {
    // Slow until warm: the count found first is far too small afterwards.
    let left = 30;
    const { clock, run, runs } = machine(() => (left-- > 0 ? 1_000 : 1));
    const take = sampler(run, { clock, sampleMicros: 10_000, floorMicros: 5_000 });
    take();
    const before = runs();
    expect(take()).toBe(1);
    expect(runs() - before).toBeGreaterThanOrEqual(5_000);
  });

  it('ends even when the clock stands still', () => {
    let runs = 0;
    const run = () => {
      runs += 1;
    };
    const take = sampler(run, { clock: () => 0, sampleMicros: 10_000, floorMicros: 5_000 });
    expect(take()).toBe(0);
    expect(runs).toBeLessThan(2 ** 27);
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
