import type { MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import type { RateLimiter } from '../../domain/ports.ts';
import type { EdgeEnv } from '../context.ts';

/** Counts requests under `/v1`: of each actor, and of each address for requests without one. */
export function limitRate(limiter: RateLimiter): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const actor = c.get('actor');
    // Cloudflare sets this header itself; a caller's own is overwritten.
    const address = c.req.header('cf-connecting-ip') ?? 'unknown';
    const caller = actor ? `actor:${actor.tenant}/${actor.id}` : `address:${address}`;
    if (!(await limiter.allow(caller))) throw new CinnabarError('rate_limited');
    await next();
  };
}
