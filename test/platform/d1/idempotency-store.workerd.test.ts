import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { idempotencyTtlMs } from '../../../src/domain/ports.ts';
import {
  d1IdempotencyStore,
  removeExpiredKeys,
} from '../../../src/platform/d1/idempotency-store.ts';
import { freshTenant } from '../../contract/fresh.ts';

test('keys past their time are removed, and no others', async () => {
  const store = d1IdempotencyStore(env.DB);
  const nowMs = 1_767_225_600_000;
  const scope = { tenant: freshTenant(), actor: 'teller-1', key: 'old' };
  const claim = { fingerprintHex: 'aa', operationId: 'one' };
  await store.begin(scope, { ...claim, nowMs: nowMs - idempotencyTtlMs });
  await store.begin({ ...scope, key: 'new' }, { ...claim, nowMs: nowMs - idempotencyTtlMs + 1 });
  await removeExpiredKeys(env.DB, nowMs);
  const { results } = await env.DB.prepare('SELECT key FROM idempotency WHERE tenant = ?')
    .bind(scope.tenant)
    .all();
  expect(results).toEqual([{ key: 'new' }]);
});
