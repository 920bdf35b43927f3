import type { Waits } from '../domain/chips/ports.ts';
import type { Clock, Random } from '../domain/ports.ts';

/** In a Worker the time stands still between two inputs or outputs; it never runs backwards. */
export const systemClock: Clock = { now: () => Date.now() };

/** What ids take; keys are longer, and are drawn one by one. */
const pooledBytesMax = 16;
const pool = new Uint8Array(1024);
let poolUsed = pool.length;

/** Asking the platform costs more than the bytes, so those of ids are drawn many at a time. */
function pooledBytes(length: number): Uint8Array<ArrayBuffer> {
  if (poolUsed + length > pool.length) {
    crypto.getRandomValues(pool);
    poolUsed = 0;
  }
  const bytes = pool.slice(poolUsed, poolUsed + length);
  // Nobody finds out later what was given out.
  pool.fill(0, poolUsed, poolUsed + length);
  poolUsed += length;
  return bytes;
}

export const systemRandom: Random = {
  bytes: (length) =>
    length <= pooledBytesMax ? pooledBytes(length) : crypto.getRandomValues(new Uint8Array(length)),
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
