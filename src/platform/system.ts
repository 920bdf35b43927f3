import type { Waits } from '../domain/chips/ports.ts';
import type { Clock, Random } from '../domain/ports.ts';

/** In a Worker the time stands still between two inputs or outputs; it never runs backwards. */
export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};

export const timerWaits: Waits = {
  after(ms) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const done = new Promise<void>((wake) => {
      timer = setTimeout(wake, ms);
    });
    return { done, cancel: () => clearTimeout(timer) };
  },
};
