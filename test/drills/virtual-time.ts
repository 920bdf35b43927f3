import type { Waits } from '../../src/domain/chips/ports.ts';
import type { Clock } from '../../src/domain/ports.ts';

/** Time that passes only when nothing else is left to do, so that seconds of waiting cost nothing. */
export interface VirtualTime {
  readonly clock: Clock;
  readonly waits: Waits;
  /** Lets time pass until the promise settles. @throws Error when it never would */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

export function virtualTime(startMs = Date.UTC(2026, 2, 2, 3)): VirtualTime {
  let nowMs = startMs;
  let order = 0;
  const timers = new Set<Timer>();

  function earliest(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of timers) {
      const isBefore =
        !first ||
        timer.atMs < first.atMs ||
        (timer.atMs === first.atMs && timer.order < first.order);
      if (isBefore) first = timer;
    }
    return first;
  }

  return {
    clock: { now: () => Math.floor(nowMs) },
    waits: {
      after(ms) {
        order += 1;
        let timer: Timer | undefined;
        const done = new Promise<void>((wake) => {
          timer = { atMs: nowMs + ms, order, wake };
          timers.add(timer);
        });
        return { done, cancel: () => void (timer && timers.delete(timer)) };
      },
    },
    async run(work) {
      let isSettled = false;
      const settle = () => {
        isSettled = true;
      };
      work.then(settle, settle);
      while (!isSettled) {
        // One turn of the event loop runs everything that is ready.
        await new Promise((turn) => setImmediate(turn));
        if (isSettled) break;
        const timer = earliest();
        if (!timer) continue;
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.wake();
      }
      return work;
    },
  };
}
