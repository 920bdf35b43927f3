import fc from 'fast-check';
import { Webhook as Receiver } from 'standardwebhooks';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuditAction } from '../../../src/domain/audit/actions.ts';
import type { Outcome } from '../../../src/domain/audit/types.ts';
import {
  changeWebhook,
  createWebhook,
  removeWebhook,
  rotateWebhookSecret,
  secretOverlapMs,
  testWebhook,
} from '../../../src/domain/webhooks/administer.ts';
import { deliver, givenUpAfterMs, retryAfterMs } from '../../../src/domain/webhooks/deliver.ts';
import type { WebhookRows } from '../../../src/domain/webhooks/ports.ts';
import { getWebhook, webhooksMax } from '../../../src/domain/webhooks/rows.ts';
import { memoryAuditLog } from '../../../src/platform/memory/audit-log.ts';
import { memoryRowStore } from '../../../src/platform/memory/row-store.ts';
import { memoryTemplateKeys } from '../../../src/platform/memory/template-keys.ts';
import { seededRandom, tickingClock } from '../../helpers/time-and-chance.ts';

const tenant = 'beichen-bank';
const actor = { id: 'lin', tenant, branch: '0101', roles: ['administrator'], name: '林' } as const;
const caller = { actor, requestId: 'r-1' };
const url = 'https://bank.example/hooks';

interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A service with one institution, and a receiver that answers as it is told. */
function start() {
  const clock = tickingClock();
  const random = seededRandom(3);
  const sent: Sent[] = [];
  const receiver = { answer: (_message: Sent): number => 204 };
  const watched: boolean[] = [];
  const deps = {
    clock,
    random,
    audit: memoryAuditLog(clock),
    webhooks: memoryRowStore<WebhookRows>(),
    templateKeys: memoryTemplateKeys(random),
    webhookSender: {
      async post(to: string, headers: Readonly<Record<string, string>>, body: string) {
        const message = { url: to, headers, body };
        sent.push(message);
        return receiver.answer(message);
      },
    },
    webhookCourier: {
      watch: async (_tenant: string, isWatched: boolean) => void watched.push(isWatched),
      wake: async () => undefined,
    },
    webhooksToLoopback: false,
  };
  const append = (action: string, outcome: Outcome = 'done') =>
    deps.audit.append(tenant, {
      // Invented names too: what is taken is told by their beginning.
      action: action as AuditAction,
      outcome,
      actor: 'zhou',
      subject: 'order:1',
      requestId: 'r-2',
      detail: { code: 'x' },
    });
  const idsOf = () => sent.map(({ headers }) => headers['webhook-id']);
  return { deps, clock, sent, receiver, watched, append, idsOf };
}

let bank: ReturnType<typeof start>;
beforeEach(() => {
  bank = start();
});

const create = (actions = ['payment.*']) => createWebhook(bank.deps, caller, { url, actions });

describe('a webhook', () => {
  it('hears of what it asked for, from its making on, in order and once', async () => {
    await bank.append('payment.before');
    await create(['payment.*', 'seal.enrol']);
    const first = await bank.append('payment.execute', 'intended');
    const second = await bank.append('payment.execute');
    await bank.append('seal.verify');
    await bank.append('payments.other');
    const third = await bank.append('seal.enrol', 'refused');
    expect((await deliver(bank.deps, tenant)).againAtMs).toBeUndefined();
    expect(first.index).toBeLessThan(second.index);
    expect(bank.idsOf()).toEqual([`audit_${second.index}`, `audit_${third.index}`]);
    await deliver(bank.deps, tenant);
    expect(bank.sent).toHaveLength(2);
    expect(JSON.parse(bank.sent[0]?.body ?? '')).toEqual({
      type: 'payment.execute',
      timestamp: new Date(second.atMs).toISOString(),
      data: {
        index: second.index,
        actor: 'zhou',
        subject: 'order:1',
        outcome: 'done',
        requestId: 'r-2',
        detail: { code: 'x' },
      },
    });
  });

  it('signs so that the reference library accepts it, and nothing that was changed', async () => {
    const { secret, webhook } = await create();
    // The library compares with the clock of this machine.
    bank.clock.advance(Date.now() - bank.clock.now());
    await testWebhook(bank.deps, caller, webhook.id);
    const [message] = bank.sent;
    if (!message) throw new Error('nothing was sent');
    const receiver = new Receiver(secret);
    expect(receiver.verify(message.body, { ...message.headers })).toMatchObject({
      type: 'webhook.test',
    });
    const other = { ...message.headers, 'webhook-id': 'audit_1' };
    expect(() => receiver.verify(`${message.body} `, { ...message.headers })).toThrow();
    expect(() => receiver.verify(message.body, other)).toThrow();
    const late = Number(message.headers['webhook-timestamp']) + 1;
    const shifted = { ...message.headers, 'webhook-timestamp': String(late) };
    expect(() => receiver.verify(message.body, shifted)).toThrow();
  });

  it('signs with both secrets for a day after a change, and then with the new one alone', async () => {
    const { secret: old, webhook } = await create();
    const { secret: fresh } = await rotateWebhookSecret(bank.deps, caller, webhook.id);
    expect(fresh).not.toBe(old);
    bank.clock.advance(Date.now() - bank.clock.now());
    await changeWebhook(bank.deps, caller, webhook.id, { state: 'active' });
    const accepts = (secret: string, message: Sent | undefined) => {
      try {
        new Receiver(secret).verify(message?.body ?? '', { ...message?.headers });
        return true;
      } catch {
        return false;
      }
    };
    // The overlap counts from the change, which was in the past of this machine.
    const { secret: third } = await rotateWebhookSecret(bank.deps, caller, webhook.id);
    await testWebhook(bank.deps, caller, webhook.id);
    const both = bank.sent.at(-1);
    expect([third, fresh, old].map((secret) => accepts(secret, both))).toEqual([true, true, false]);
    bank.clock.advance(secretOverlapMs);
    await testWebhook(bank.deps, caller, webhook.id);
    expect(bank.sent.at(-1)?.headers['webhook-signature']?.split(' ')).toHaveLength(1);
  });

  it('is tried again, later and later, and misses nothing meanwhile', async () => {
    const { webhook } = await create();
    bank.receiver.answer = () => 500;
    const first = await bank.append('payment.a');
    const second = await bank.append('payment.b');
    for (const [failed, waitMs] of retryAfterMs.entries()) {
      const { againAtMs = 0 } = await deliver(bank.deps, tenant);
      expect(bank.sent).toHaveLength(failed + 1);
      const row = await getWebhook(bank.deps, actor, webhook.id);
      expect(row.notBeforeMs - (row.recent[0]?.atMs ?? 0)).toBe(waitMs);
      expect(againAtMs).toBe(row.notBeforeMs);
      // Too early is not at all.
      await deliver(bank.deps, tenant);
      expect(bank.sent).toHaveLength(failed + 1);
      bank.clock.advance(waitMs);
    }
    bank.receiver.answer = () => 200;
    bank.clock.advance(24 * 60 * 60 * 1000);
    await deliver(bank.deps, tenant);
    const names = bank.idsOf().slice(retryAfterMs.length);
    expect(names).toEqual([`audit_${first.index}`, `audit_${second.index}`]);
    expect(await getWebhook(bank.deps, actor, webhook.id)).not.toHaveProperty('failingSinceMs');
  });

  it.each([
    ['nobody answers for three days', 0, givenUpAfterMs],
    ['the receiver is gone', 410, 0],
  ])('is paused when %s, on record, and goes on where it stopped', async (_why, status, waitMs) => {
    const { webhook } = await create();
    const record = await bank.append('payment.a');
    bank.receiver.answer = () => status;
    await deliver(bank.deps, tenant);
    bank.clock.advance(waitMs);
    await deliver(bank.deps, tenant);
    expect(await getWebhook(bank.deps, actor, webhook.id)).toMatchObject({ state: 'paused' });
    const [newest] = await bank.deps.audit.list(tenant, { limit: 1 });
    expect(newest).toMatchObject({ action: 'webhook.pause', subject: `webhook:${webhook.id}` });
    bank.receiver.answer = () => 204;
    bank.sent.length = 0;
    await changeWebhook(bank.deps, caller, webhook.id, { state: 'active' });
    await deliver(bank.deps, tenant);
    expect(bank.idsOf()).toEqual([`audit_${record.index}`]);
  });

  it('resumed from now on leaves out what it missed', async () => {
    const { webhook } = await create();
    await changeWebhook(bank.deps, caller, webhook.id, { state: 'paused' });
    await bank.append('payment.missed');
    await changeWebhook(bank.deps, caller, webhook.id, { state: 'active', from: 'now' });
    const fresh = await bank.append('payment.fresh');
    await deliver(bank.deps, tenant);
    expect(bank.idsOf()).toEqual([`audit_${fresh.index}`]);
  });

  it('that fails holds up no other', async () => {
    await create(['*']);
    await createWebhook(bank.deps, caller, { url: 'https://other.example/', actions: ['seal.*'] });
    bank.receiver.answer = ({ url: to }) => (to === url ? 503 : 200);
    await bank.append('seal.enrol');
    await deliver(bank.deps, tenant);
    const others = bank.sent.filter(({ url: to }) => to !== url);
    expect(others).toHaveLength(1);
  });

  it('loses and doubles nothing, whatever the receiver answers', async () => {
    const answers = fc.array(fc.constantFrom(200, 204, 0, 302, 404, 500), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(answers, fc.integer({ min: 1, max: 130 }), async (statuses, count) => {
        bank = start();
        await create();
        const taken: string[] = [];
        const left = [...statuses];
        bank.receiver.answer = ({ headers }) => {
          const status = left.shift() ?? 200;
          if (status === 200 || status === 204) taken.push(headers['webhook-id'] ?? '');
          return status;
        };
        const wanted: string[] = [];
        for (let one = 0; one < count; one++) {
          const isWanted = one % 3 !== 0;
          const { index } = await bank.append(isWanted ? 'payment.a' : 'seal.b');
          if (isWanted) wanted.push(`audit_${index}`);
        }
        for (let turn = 0; turn < 60; turn++) {
          const { againAtMs } = await deliver(bank.deps, tenant);
          if (againAtMs === undefined) break;
          bank.clock.advance(Math.max(0, againAtMs - bank.clock.now()) + 1);
        }
        expect(taken).toEqual(wanted);
      }),
      { numRuns: 30 },
    );
  });

  it('is refused inward, beyond ten, and to others', async () => {
    const inward = { url: 'https://10.0.0.1/', actions: ['*'] };
    await expect(createWebhook(bank.deps, caller, inward)).rejects.toMatchObject({
      code: 'webhook_address_refused',
    });
    for (let one = 0; one < webhooksMax; one++) await create();
    await expect(create()).rejects.toMatchObject({ code: 'webhooks_too_many' });
    const { items } = { items: await bank.deps.webhooks.list(tenant, 'webhook', {}, { limit: 1 }) };
    const foreign = { ...actor, tenant: 'nanhu-bank' };
    await expect(getWebhook(bank.deps, foreign, items[0]?.id ?? '')).rejects.toMatchObject({
      code: 'webhook_not_found',
    });
  });

  it('once removed hears nothing, and the last one lets the chain rest', async () => {
    const { webhook } = await create();
    await removeWebhook(bank.deps, caller, webhook.id);
    await bank.append('payment.a');
    await deliver(bank.deps, tenant);
    expect(bank.sent).toEqual([]);
    expect(bank.watched).toEqual([true, false]);
    await expect(getWebhook(bank.deps, actor, webhook.id)).rejects.toMatchObject({
      code: 'webhook_not_found',
    });
  });
});
