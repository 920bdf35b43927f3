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

export interface SamplerOptions {
  readonly clock: Clock;
  /** What a sample should last. */
  readonly sampleMicros: number;
  /** What it must last: a shorter one is taken again with twice the runs. */
  readonly floorMicros: number;
}

/** Runs in one sample. A clock that stands still must not keep the loops here for ever. */
const runsMax = 2 ** 24;

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

function timeOf(clock: Clock, run: () => unknown, count: number): number {
  const start = clock();
  for (let i = 0; i < count; i++) run();
  return clock() - start;
}

/** How many runs fill one sample; finding it out also warms the code up. */
function runsFor(clock: Clock, sampleMicros: number, run: () => unknown): number {
  let count = 1;
  while (count < runsMax) {
    const elapsed = timeOf(clock, run, count);
    if (elapsed >= sampleMicros) return Math.max(1, Math.round((count * sampleMicros) / elapsed));
    count *= 2;
  }
  return count;
}

/**
 * Warms `run` up, and gives a function that takes one sample of it: microseconds for one run.
 *
 * Whoever compares several takes their samples in turn, so that what disturbs the machine disturbs
 * all of them.
 */
export function sampler(run: () => unknown, options: SamplerOptions): () => number {
  const { clock, sampleMicros, floorMicros } = options;
  // Twice: the second count is found with code that the engine has already optimised.
  runsFor(clock, sampleMicros, run);
  let count = runsFor(clock, sampleMicros, run);
  return () => {
    let elapsed = timeOf(clock, run, count);
    while (elapsed < floorMicros && count < runsMax) {
      count *= 2;
      elapsed = timeOf(clock, run, count);
    }
    return elapsed / count;
  };
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
