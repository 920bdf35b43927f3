// The rows of tagger-rows.ts in a page.
import { loadTagger } from '../src/core/tagger.ts';
import { measure, type RowResult } from './harness.ts';
import { taggerRows } from './tagger-rows.ts';

/** Wall time: a page has no other. The sample is long against the clock's step of 0.1 ms. */
export async function runBenchmark(
  rounds: number,
  sampleMicros: number,
): Promise<readonly RowResult[]> {
  const clock = () => performance.now() * 1000;
  return measure(taggerRows(await loadTagger()), { rounds, clock, sampleMicros });
}

Object.assign(globalThis, { runBenchmark });
