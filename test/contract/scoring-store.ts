import { expect, it } from 'vitest';
import type { ScoringRequest, ScoringStore } from '../../src/domain/federation/scoring-request.ts';
import { freshTenant } from './fresh.ts';

const hex = (bytes: number) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');

function begun(more: Partial<ScoringRequest> = {}): ScoringRequest {
  const requestId = hex(16);
  return {
    tenant: freshTenant(),
    requestId,
    requestedBy: 'customer-chen',
    consent: {
      consent: {
        v: 1,
        purpose: 'certificate-settings',
        requestId,
        rosterHash: hex(32),
        modelHash: hex(32),
        parties: ['bank', 'operator', 'registry', 'decision'],
        subject: hex(32),
        request: hex(32),
        name: hex(32),
        replyKey: 'AAAA',
        issuedAt: '2026-03-02T03:00:00.000Z',
        expiresAt: '2026-03-02T03:10:00.000Z',
      },
      signKey: 'AAAA',
      signature: 'BBBB',
    },
    state: 'running',
    stage: 'open',
    nodes: [{ node: 'bank', state: 'waiting' }],
    contributors: [],
    createdAtMs: 1_000,
    ...more,
  };
}

const decided = (request: ScoringRequest): ScoringRequest => ({
  ...request,
  state: 'decided',
  stage: 'record',
  nodes: [
    { node: 'bank', state: 'settled' },
    { node: 'operator', state: 'refused', code: 'answer_repeated' },
  ],
  contributors: ['bank', 'registry'],
  outcome: {
    decision: Uint8Array.of(1, 2, 3),
    reasons: [{ party: 'bank', box: Uint8Array.of(4, 5) }],
    record: {
      requestId: request.requestId,
      decisionHash: hex(32),
      modelHash: hex(32),
      policyHash: hex(32),
      contributorsHash: hex(32),
    },
    signature: Uint8Array.of(6),
    ledgerIndex: 7,
    elapsedMs: 120,
  },
});

const unlimited = { requestsMax: 1_000, sinceMs: 0 };

/** What every store of the coordinator must do. */
export function scoringStoreContract(open: () => ScoringStore): void {
  it('gives back what was begun and saved, to its tenant only', async () => {
    const store = open();
    const request = begun();
    const { tenant, requestId } = request;
    await store.begin(request, unlimited);
    expect(await store.find(tenant, requestId)).toEqual(request);
    await store.save(decided(request));
    expect(await store.find(tenant, requestId)).toMatchObject({
      state: 'decided',
      outcome: { ledgerIndex: 7, decision: Uint8Array.of(1, 2, 3) },
    });
    expect(await store.find(freshTenant(), requestId)).toBeUndefined();
    expect(await store.find(tenant, hex(16))).toBeUndefined();
  });

  it('keeps a request exactly as it was saved', async () => {
    const store = open();
    const request = begun();
    await store.begin(request, unlimited);
    const failed = { ...request, state: 'failed', code: 'federation_refused' } as const;
    await store.save(failed);
    expect(await store.find(request.tenant, request.requestId)).toEqual(failed);
    const saved = decided(request);
    await store.save(saved);
    expect(await store.find(request.tenant, request.requestId)).toEqual(saved);
  });

  it('R1: a request id begins once, also of many at the same time and in another tenant', async () => {
    const store = open();
    const request = begun();
    const tries = [request, request, { ...request, tenant: freshTenant() }, request];
    const results = await Promise.allSettled(tries.map((one) => store.begin(one, unlimited)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') {
        expect(result.reason).toMatchObject({ code: 'federation_request_used' });
      }
    }
  });

  it('R4: begins so many of one actor since a moment, also of many at the same time', async () => {
    const store = open();
    const tenant = freshTenant();
    const limit = { requestsMax: 3, sinceMs: 2_000 };
    const mine = (createdAtMs: number) => begun({ tenant, createdAtMs });
    await store.begin(mine(1_999), limit);
    await store.begin(mine(2_000), limit);
    await store.begin(begun({ tenant, requestedBy: 'teller-zhou', createdAtMs: 3_000 }), limit);
    const tries = Array.from({ length: 8 }, () => mine(3_000));
    const results = await Promise.allSettled(tries.map((one) => store.begin(one, limit)));
    const refused = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    expect(refused).toHaveLength(6);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'rate_limited' });
    const kept = await Promise.all(tries.map(({ requestId }) => store.find(tenant, requestId)));
    expect(kept.filter((request) => request !== undefined)).toHaveLength(2);

    await store.begin(begun({ createdAtMs: 3_000 }), limit);
    await store.begin(begun({ tenant, requestedBy: 'teller-zhou', createdAtMs: 3_000 }), limit);
    await store.begin(mine(4_000), { requestsMax: 3, sinceMs: 3_001 });
  });
}
