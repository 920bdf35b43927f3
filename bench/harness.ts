// Interleaved measurement: in every round each contestant of each row runs once, for about the same
// time, so that whatever disturbs the machine disturbs all of them. Works in any host that hands in
// a clock.

import { sampler, summarise } from '../src/lib/measure.ts';

/** One way of doing what the row is about; `run` does it once. */
export interface Contestant {
  readonly name: string;
  readonly run: () => unknown;
}

export interface Row {
  readonly id: string;
  readonly title: string;
  /** Bytes that one run takes in; the figure is then a rate instead of a time. */
  readonly bytes?: number;
  /** Runs of ours that one call of `run` stands for, such as the items of a batch. */
  readonly perRun?: number;
  readonly contestants: readonly Contestant[];
}

export interface Figure {
  readonly name: string;
  /** Microseconds for one operation: median, and the quartiles around it. */
  readonly micros: number;
  readonly low: number;
  readonly high: number;
  readonly rounds: number;
}

export interface RowResult {
  readonly id: string;
  readonly title: string;
  readonly bytes?: number;
  readonly figures: readonly Figure[];
}

export interface MeasureOptions {
  /** At least 15. */
  readonly rounds: number;
  /** Microseconds of work that have passed: CPU time where the host tells it, else wall time. */
  readonly clock: () => number;
  /** Length of one sample, long against the clock's step. */
  readonly sampleMicros: number;
  readonly progress?: (text: string) => void;
}

/** Measures all rows. The first contestant of a row is the one that the others are compared with. */
export function measure(rows: readonly Row[], options: MeasureOptions): RowResult[] {
  return rows.map((row) => {
    options.progress?.(row.title);
    const { clock, sampleMicros } = options;
    const takes = row.contestants.map(({ run }) =>
      sampler(run, { clock, sampleMicros, floorMicros: 0 }),
    );
    const samples: number[][] = row.contestants.map(() => []);
    for (let round = 0; round < options.rounds; round++) {
      takes.forEach((take, i) => {
        samples[i]?.push(take() / (row.perRun ?? 1));
      });
    }
    const figures = row.contestants.map(({ name }, i) => {
      const { median, low, high, samples: rounds } = summarise(samples[i] ?? []);
      return { name, micros: median, low, high, rounds };
    });
    const { id, title, bytes } = row;
    return bytes === undefined ? { id, title, figures } : { id, title, bytes, figures };
  });
}

/** How many times as fast the first figure is as the one of that name. */
export function ratio(result: RowResult, name: string): number | undefined {
  const ours = result.figures[0];
  const theirs = result.figures.find((figure) => figure.name === name);
  return ours && theirs ? theirs.micros / ours.micros : undefined;
}
