// Gives run.mjs a function that measures rows in a page, by wall time: a page has no other. The sample
// is long against the clock's step of 0.1 ms.
import { measure, type Row, type RowResult } from './harness.ts';

export function offerInPage(prepare: () => Promise<readonly Row[]>): void {
  async function runBenchmark(rounds: number, sampleMicros: number): Promise<RowResult[]> {
    const clock = () => performance.now() * 1000;
    return measure(await prepare(), { rounds, clock, sampleMicros });
  }
  Object.assign(globalThis, { runBenchmark });
}
