import type { Clock } from '../ports.ts';

/** What one tenant may ask of one chip: so many tasks a second, and so many at once after a pause. */
export interface TenantRate {
  readonly perSecond: number;
  readonly burst: number;
}

/** Far above what people do, and below what would fill the queue of a chip for everybody else. */
export const tenantRateDefault: TenantRate = { perSecond: 500, burst: 1_000 };

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

/** Buckets that are looked through for full ones when there are more. */
const bucketsMany = 1_000;

/** Token buckets, one for each tenant. They are in memory: a chip that starts anew begins with full ones. */
export function tenantBuckets({ perSecond, burst }: TenantRate, clock: Clock) {
  const buckets = new Map<string, Bucket>();

  function level({ tokens, atMs }: Bucket, nowMs: number): number {
    return Math.min(burst, tokens + (Math.max(0, nowMs - atMs) * perSecond) / 1_000);
  }

  /** A full bucket says no more than none. */
  function forgetFull(nowMs: number): void {
    for (const [tenant, bucket] of buckets) {
      if (level(bucket, nowMs) >= burst) buckets.delete(tenant);
    }
  }

  return {
    /** Takes a token, if there is one. */
    take(tenant: string): boolean {
      const nowMs = clock.now();
      if (buckets.size >= bucketsMany) forgetFull(nowMs);
      const bucket = buckets.get(tenant);
      const tokens = bucket ? level(bucket, nowMs) : burst;
      if (tokens < 1) return false;
      buckets.set(tenant, { tokens: tokens - 1, atMs: nowMs });
      return true;
    },
  };
}
