import type { RateLimiter } from '../domain/ports.ts';

/** Cloudflare's limiter: counts per caller and location, with the limits of wrangler.toml. */
export function bindingRateLimiter(limit: RateLimit): RateLimiter {
  return {
    async allow(caller) {
      return (await limit.limit({ key: caller })).success;
    },
  };
}
