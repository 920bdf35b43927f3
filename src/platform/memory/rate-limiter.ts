import type { Clock, RateLimiter } from '../../domain/ports.ts';

/** At most `limit` requests per caller in each period of `periodMs`, counted in RAM. */
export function memoryRateLimiter(clock: Clock, limit: number, periodMs: number): RateLimiter {
  let period = 0;
  let counts = new Map<string, number>();
  return {
    async allow(caller) {
      const current = Math.floor(clock.now() / periodMs);
      if (current !== period) {
        period = current;
        counts = new Map();
      }
      const count = (counts.get(caller) ?? 0) + 1;
      counts.set(caller, count);
      return count <= limit;
    },
  };
}
