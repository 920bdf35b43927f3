import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, test } from 'vitest';
import type { ObjectWatch } from '../../../src/domain/seals/ports.ts';
import { d1SealStore } from '../../../src/platform/d1/seal-store.ts';
import worker from '../../../src/workers/edge.ts';
import { freshId, freshTenant } from '../../contract/fresh.ts';

const digestHex = 'ab'.repeat(32);
const nowMs = 1_767_225_600_000;

/** Delivers watches as the queue does and answers what became of the messages. */
async function deliver(...bodies: unknown[]) {
  const messages = bodies.map((body, at) => ({
    id: `message-${at}`,
    timestamp: new Date(nowMs),
    attempts: 3,
    body,
  }));
  const batch = createMessageBatch<unknown>('cinnabar-cleanup', messages);
  const ctx = createExecutionContext();
  await worker.queue(batch, env);
  return getQueueResult(batch, ctx);
}

async function addCardWithImage(tenant: string, objectKey: string): Promise<void> {
  const seals = d1SealStore(env.DB);
  const account = {
    id: freshId(),
    tenant,
    number: freshId(),
    name: 'n',
    contact: 'c',
    createdAtMs: nowMs,
  };
  await seals.addAccount(account);
  await seals.addCard({
    id: freshId(),
    tenant,
    accountId: account.id,
    number: freshId(),
    startDate: '2026-01-01',
    endDate: '2026-12-31',
    image: {
      objectKey,
      wrappedKey: Uint8Array.of(1),
      digestHex,
      bytes: 1,
      mediaType: 'image/png',
    },
    status: 'active',
    combinations: [],
    version: 1,
    createdAtMs: nowMs,
  });
}

describe('clean-up of objects that no row names', () => {
  test('abandoned objects are removed, those of a committed row stay', async () => {
    const tenant = freshTenant();
    const kept = `${tenant}/card/kept`;
    const abandoned = `${tenant}/card/abandoned`;
    await env.OBJECTS.put(kept, 'a');
    await env.OBJECTS.put(abandoned, 'b');
    await addCardWithImage(tenant, kept);

    const watch: ObjectWatch = { tenant, objectKeys: [kept, abandoned] };
    const first = await deliver(watch);
    expect(first.explicitAcks).toEqual(['message-0']);
    expect(await env.OBJECTS.head(kept)).not.toBeNull();
    expect(await env.OBJECTS.head(abandoned)).toBeNull();
    // The queue delivers at least once.
    expect((await deliver(watch)).explicitAcks).toEqual(['message-0']);
    expect(await env.OBJECTS.head(kept)).not.toBeNull();
  });

  test('a row of another tenant does not keep an object', async () => {
    const [tenant, other] = [freshTenant(), freshTenant()];
    const objectKey = `${tenant}/card/1`;
    await env.OBJECTS.put(objectKey, 'a');
    await addCardWithImage(other, objectKey);
    await deliver({ tenant, objectKeys: [objectKey] });
    expect(await env.OBJECTS.head(objectKey)).toBeNull();
  });

  test('a message that cannot be read comes back later and does not hold up the others', async () => {
    const tenant = freshTenant();
    const objectKey = `${tenant}/template/1`;
    await env.OBJECTS.put(objectKey, 'a');
    const result = await deliver({ tenant, objectKeys: 7 }, { tenant, objectKeys: [objectKey] });
    expect(result.explicitAcks).toEqual(['message-1']);
    expect(result.retryMessages).toEqual([{ msgId: 'message-0' }]);
    expect(await env.OBJECTS.head(objectKey)).toBeNull();
  });
});
