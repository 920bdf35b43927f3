import type { Clock, Random } from '../domain/ports.ts';

/** In a Worker the time stands still between two inputs or outputs; it never runs backwards. */
export const systemClock: Clock = { now: () => Date.now() };

export const systemRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
