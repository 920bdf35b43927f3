import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { bindingRateLimiter } from '../../src/platform/rate-limiter.ts';

test('a caller over its share is refused, another one is not', async () => {
  const limiter = bindingRateLimiter(env.RATE_LIMIT);
  let allowed = 0;
  // More than wrangler.toml allows, twice over in case the minute turns in between.
  for (let i = 0; i < 1300; i++) if (await limiter.allow('actor:bank/eager')) allowed++;
  expect(allowed).toBeGreaterThanOrEqual(600);
  expect(allowed).toBeLessThan(1300);
  expect(await limiter.allow('actor:bank/calm')).toBe(true);
});
