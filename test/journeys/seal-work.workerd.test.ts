import { createExecutionContext, createMessageBatch, getQueueResult } from 'cloudflare:test';
import { env, exports } from 'cloudflare:workers';
import { beforeAll, describe, expect, test } from 'vitest';
import forged from '../../src/console/public/samples/r01-f-text0.jpg?inline';
import genuine from '../../src/console/public/samples/r01-g0.jpg?inline';
import reserved from '../../src/console/public/samples/r01-reserved.jpg?inline';
import type { WorkMessage } from '../../src/domain/seals/work-rows.ts';
import type { Job, Voucher } from '../../src/edge/schemas/jobs.ts';
import type { ReviewDetail } from '../../src/edge/schemas/reviews.ts';
import type { Verification } from '../../src/edge/schemas/verifications.ts';
import worker from '../../src/workers/edge.ts';

async function call(who: string | undefined, path: string, init: RequestInit = {}) {
  const headers = new Headers(init.headers);
  if (who) headers.set('authorization', `Bearer ${await tokenOf(who)}`);
  return exports.default.fetch(new Request(`http://localhost${path}`, { ...init, headers }));
}

async function tokenOf(who: string): Promise<string> {
  const response = await call(undefined, '/v1/demo/token', json({ identity: who }));
  return (await response.json<{ token: string }>()).token;
}

function json(body: unknown): RequestInit {
  const headers = { 'content-type': 'application/json' };
  return { method: 'POST', headers, body: JSON.stringify(body) };
}

function jpeg(address: string, name: string): File {
  const binary = atob(address.slice(address.indexOf(',') + 1));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return new File([bytes], name, { type: 'image/jpeg' });
}

function form(fields: Record<string, string | File>): RequestInit {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return { method: 'POST', body };
}

async function answered<T>(who: string, path: string, init?: RequestInit): Promise<T> {
  const response = await call(who, path, init);
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return response.json<T>();
}

/** Delivers messages as the queue does. Answers those that were not done. */
async function deliver(...messages: WorkMessage[]) {
  const batch = createMessageBatch<unknown>(
    'cinnabar-seal-work',
    messages.map((body, at) => ({ id: `m${at}`, timestamp: new Date(0), attempts: 1, body })),
  );
  const ctx = createExecutionContext();
  await worker.queue(batch, env);
  return (await getQueueResult(batch, ctx)).retryMessages;
}

describe('the work behind seal verification, through the Worker', () => {
  let sealId: string;

  beforeAll(async () => {
    const account = await answered<{ id: string }>(
      'teller-zhou',
      '/v1/seals/accounts',
      json({ number: '6222-9001', name: '杭州市启明商务咨询有限责任公司', contact: '0571' }),
    );
    const dates = { startDate: '2020-01-01', endDate: '2099-12-31' };
    const card = await answered<{ id: string }>(
      'teller-zhou',
      '/v1/seals/cards',
      form({ accountId: account.id, number: 'YJK-9', ...dates }),
    );
    const imprint = jpeg(reserved, 'r.jpg');
    const seal = { cardId: card.id, serial: 'S-9', shape: 'round', dpi: '300', imprint };
    sealId = (await answered<{ id: string }>('teller-zhou', '/v1/seals', form(seal))).id;
  });

  test('B7: a mismatch is claimed, decided, taken back, decided again by another than the asker', async () => {
    const fields = { sealId, currency: 'CNY', amountMinor: '100', dpi: '200' };
    const { id, verdict } = await answered<Verification>(
      'teller-zhou',
      '/v1/seal-verifications',
      form({ ...fields, imprint: jpeg(forged, 'f.jpg') }),
    );
    expect(verdict).not.toBe('pass');
    const claim = await answered<{ review?: { verificationId: string } }>(
      'reviewer-he',
      '/v1/seal-reviews/claim',
      { method: 'POST' },
    );
    expect(claim.review?.verificationId).toBe(id);
    const path = `/v1/seal-verifications/${id}/decision`;
    const taken = await call(
      'reviewer-qin',
      path,
      json({ decision: 'fail', reason: 'other_seal' }),
    );
    expect(taken.status).toBe(409);
    await answered('reviewer-he', path, json({ decision: 'fail', reason: 'strokes_differ' }));
    await answered('reviewer-he', path, { method: 'DELETE' });
    const made = await answered<{ id: string }>(
      'reviewer-he',
      path,
      json({ decision: 'fail', reason: 'other', note: '电话核实' }),
    );
    // Too early to be final: the queue brings it again.
    const message = { tenant: 'beichen-bank', kind: 'decision', id: made.id } as const;
    expect(await deliver(message)).toHaveLength(1);
    const review = `/v1/seal-verifications/${id}/review`;
    const { decisions } = await answered<ReviewDetail>('auditor-gao', review);
    expect(decisions.map(({ state }) => state)).toEqual(['withdrawn', 'pending']);
    const handed = await answered<{ vendors: { code: string; reserved: string }[] }>(
      'reviewer-he',
      `/v1/seal-verifications/${id}/templates`,
    );
    expect(handed.vendors.length).toBeGreaterThan(0);
    expect((await call('teller-zhou', `/v1/seal-verifications/${id}/templates`)).status).toBe(403);
  });

  test('B9: a batch is taken at once, worked off by the queue, and reported voucher by voucher', async () => {
    const body = new FormData();
    const rows = ['g.jpg,S-9,CNY,100,甲,200', 'f.jpg,S-9,CNY,200,乙,200'];
    body.set('manifest', ['picture,seal,currency,amountMinor,reference,dpi', ...rows].join('\n'));
    body.append('pictures', jpeg(genuine, 'g.jpg'));
    body.append('pictures', jpeg(forged, 'f.jpg'));
    const job = await answered<Job>('teller-zhou', '/v1/seal-batches', { method: 'POST', body });
    const path = `/v1/jobs/${job.id}/vouchers`;
    const { items } = await answered<{ items: Voucher[] }>('teller-zhou', path);
    const messages = items.map(
      ({ id }) => ({ tenant: 'beichen-bank', kind: 'voucher', id }) as const,
    );
    // The Worker's own queue delivers them too; each voucher is verified once all the same.
    for (let round = 0; round < 20 && (await deliver(...messages)).length > 0; round++);
    const done = await answered<{ items: Voucher[] }>('teller-zhou', path);
    expect(done.items.map(({ reference, state }) => [reference, state])).toEqual([
      ['甲', 'done'],
      ['乙', 'done'],
    ]);
    expect(done.items[0]?.verdict).toBe('pass');
    expect(done.items[1]?.verdict).not.toBe('pass');
    const after = await answered<Job>('teller-zhou', `/v1/jobs/${job.id}`);
    expect(after).toMatchObject({ state: 'done', done: 2, failed: 0 });
  });
});
