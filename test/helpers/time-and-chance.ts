import type { Waits } from '../../src/domain/chips/ports.ts';
import type { Clock, Random } from '../../src/domain/ports.ts';

export interface TestClock extends Clock {
  advance(ms: number): void;
}

/** 2026-03-02, eleven in the morning where the banks are. Each look at it takes a millisecond. */
export function tickingClock(startMs = Date.UTC(2026, 2, 2, 3)): TestClock {
  let nowMs = startMs;
  return {
    now: () => nowMs++,
    advance(ms) {
      nowMs += ms;
    },
  };
}

/** The same bytes for the same seed (mulberry32). Nothing that a test keeps secret depends on it. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let word = state;
    word = Math.imul(word ^ (word >>> 15), word | 1);
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61);
    return (word ^ (word >>> 14)) >>> 24;
  }
  return { bytes: (length) => Uint8Array.from({ length }, next) };
}

/**
 * Time-outs that never come: on a busy machine a real one would end what a test waits for. Where
 * time-outs are the subject, a test brings its own.
 */
export const patientWaits: Waits = {
  after: () => ({ done: new Promise<void>(() => undefined), cancel: () => undefined }),
};
