import type { Clock } from '../ports.ts';

/** So many a second, and so many at once after a pause. */
export interface UseRate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * What one tenant may ask of one chip: far above what people do, and below what would fill its queue
 * for everybody else.
 */
export const tenantRateDefault: UseRate = { perSecond: 500, burst: 1_000 };

/** How often one key may be used: a thief with a token empties no limit in a second. */
export const keyRateDefault: UseRate = { perSecond: 100, burst: 500 };

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** Buckets that are looked through for full ones when there are more. */
const bucketsMany = 1_000;

/** Token buckets, one for each name. They are in memory: what starts anew begins with full ones. */
export function rateBuckets({ perSecond, burst }: UseRate, clock: Clock) {
  const buckets = new Map<string, Bucket>();

  function level({ tokens, atMs }: Bucket, nowMs: number): number {
    return Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * perSecond) / 1_000);
  }

  /** A full bucket says no more than none. */
  function forgetFull(nowMs: number): void {
    for (const [name, bucket] of buckets) {
      if (level(bucket, nowMs) >= burst) buckets.delete(name);
    }
  }

  return {
    /** Takes a token, if there is one. */
    take(name: string): boolean {
      const nowMs = clock.now();
      if (buckets.size >= bucketsMany) forgetFull(nowMs);
      const bucket = buckets.get(name);
      const tokens = bucket ? level(bucket, nowMs) : burst;
      if (tokens < 1) return false;
      buckets.set(name, { tokens: tokens - 1, atMs: nowMs });
      return true;
    },
  };
}
