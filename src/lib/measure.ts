// What measuring means, on any host that hands in a clock: batches long against the clock's step,
// and the median and quartiles of several. No trade words, no host.

/** Microseconds that have passed since some moment: CPU time where the host tells it, else wall. */
export type Clock = () => number;

/** Microseconds for one run: the median, and the quartiles around it. */
export interface Summary {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly samples: number;
}

export interface MeasureRunOptions {
  readonly clock: Clock;
  /** How many samples are kept; at least 1. */
  readonly rounds: number;
  /** What a sample should last. */
  readonly sampleMicros: number;
  /** What it must last: a shorter one is taken again with twice the runs. */
  readonly floorMicros: number;
  /** Told after every sample that is kept. */
  readonly progress?: (samples: number) => void;
}

/** A run that takes no time at all must not keep the loops here for ever. */
const doublingsMax = 40;

/** The value below which `share` (0 to 1) of the ascending values lie, between neighbours linear. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)] ?? 0;
  const high = sorted[Math.ceil(at)] ?? 0;
  return low + (high - low) * (at - Math.floor(at));
}

export function summarise(samples: readonly number[]): Summary {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    samples: sorted.length,
  };
}

export function timeOf(clock: Clock, run: () => unknown, count: number): number {
  const start = clock();
  for (let i = 0; i < count; i++) run();
  return clock() - start;
}

/** How many runs fill one sample; finding it out also warms the code up. */
export function runsFor(clock: Clock, sampleMicros: number, run: () => unknown): number {
  let count = 1;
  for (let doublings = 0; doublings < doublingsMax; doublings++) {
    const elapsed = timeOf(clock, run, count);
    if (elapsed >= sampleMicros) return Math.max(1, Math.round((count * sampleMicros) / elapsed));
    count *= 2;
  }
  return count;
}

/** Measures one thing: warm-up, then `rounds` samples that each last `floorMicros` or longer. */
export function measureRun(run: () => unknown, options: MeasureRunOptions): Summary {
  const { clock, rounds, sampleMicros, floorMicros, progress } = options;
  // Twice: the second count is found with code that the engine has already optimised.
  runsFor(clock, sampleMicros, run);
  let count = runsFor(clock, sampleMicros, run);
  const samples: number[] = [];
  let doublings = 0;
  while (samples.length < rounds) {
    const elapsed = timeOf(clock, run, count);
    if (elapsed < floorMicros && doublings < doublingsMax) {
      count *= 2;
      doublings += 1;
      continue;
    }
    samples.push(elapsed / count);
    progress?.(samples.length);
  }
  return summarise(samples);
}

const stepsWatched = 8;
const readingsMax = 1_000_000;

/** The smallest step that the clock was seen to make; undefined when it stands still. */
export function clockStep(clock: Clock): number | undefined {
  let smallest: number | undefined;
  let before = clock();
  let steps = 0;
  for (let readings = 0; readings < readingsMax && steps < stepsWatched; readings++) {
    const now = clock();
    if (now === before) continue;
    smallest = Math.min(smallest ?? Number.POSITIVE_INFINITY, now - before);
    before = now;
    steps += 1;
  }
  return smallest;
}
