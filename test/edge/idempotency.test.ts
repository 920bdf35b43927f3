import { describe, expect, it } from 'vitest';
import { idempotencyLeaseMs, idempotencyTtlMs } from '../../src/domain/ports.ts';
import { account, bodyOf, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';

const headers = { 'idempotency-key': 'key-1' };

describe('idempotency keys', () => {
  it('repeat the first answer and make nothing new', async () => {
    const edge = await startEdge();
    const first = await edge.call('/v1/seals/accounts', { json: account, headers });
    const again = await edge.call('/v1/seals/accounts', { json: account, headers });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await bodyOf(again)).toEqual(await bodyOf(first));
    expect(await bodyOf(await edge.call('/v1/seals/accounts'))).toMatchObject({
      items: [{ number: '6222-0001' }],
    });
  });

  it('know an upload again by its content, whatever its framing', async () => {
    const edge = await startEdge();
    const { sealId } = await enrolled(edge, ringWithCross);
    const send = (imprint: Uint8Array, sealed = sealId) =>
      edge.call('/v1/seal-verifications', { form: verificationForm(sealed, imprint), headers });
    const first = await bodyOf(await send(ringWithCross));
    const again = await send(ringWithCross);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await bodyOf(again)).toEqual(first);
    const other = await send(ringWithSquare);
    expect(other.status).toBe(422);
    expect(await bodyOf(other)).toMatchObject({ code: 'idempotency_key_reused' });
    expect(await edge.deps.seals.listVerifications('beichen-bank', {}, { limit: 9 })).toHaveLength(
      1,
    );
  });

  it('belong to one actor and one request', async () => {
    const edge = await startEdge();
    await edge.call('/v1/seals/accounts', { json: account, headers });
    const reused = await edge.call('/v1/seals/accounts', {
      json: { ...account, number: '6222-0002' },
      headers,
    });
    expect(await bodyOf(reused)).toMatchObject({ status: 422, code: 'idempotency_key_reused' });
    const asked = await edge.call('/v1/seals/accounts?x=1', { json: account, headers });
    expect(await bodyOf(asked)).toMatchObject({ code: 'idempotency_key_reused' });
    const colleague = await edge.call('/v1/seals/accounts', {
      as: 'administrator-lin',
      json: { ...account, number: '6222-0003' },
      headers,
    });
    expect(colleague.status).toBe(201);
    expect(colleague.headers.get('idempotency-replayed')).toBeNull();
    const elsewhere = await edge.call('/v1/seals/accounts', {
      as: 'teller-wu',
      json: account,
      headers,
    });
    expect(elsewhere.headers.get('idempotency-replayed')).toBeNull();
  });

  it('refuse every request that comes while the first still runs', async () => {
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const edge = await startEdge((deps) => ({
      seals: {
        ...deps.seals,
        addAccount: async (added) => {
          await gate;
          await deps.seals.addAccount(added);
        },
      },
    }));
    const send = () => edge.call('/v1/seals/accounts', { json: account, headers });
    const calls = Array.from({ length: 12 }, send);
    const refused: Response[] = [];
    const all = calls.map(async (call) => {
      const response = await call;
      if (response.status !== 201) refused.push(response);
      if (refused.length === 11) open();
      return response.status;
    });
    const statuses = await Promise.all(all);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    for (const response of refused) {
      expect(response.headers.get('retry-after')).toBe('1');
      expect(await bodyOf(response)).toMatchObject({ code: 'idempotency_in_progress' });
    }
    expect(await edge.deps.seals.listAccounts('beichen-bank', {}, { limit: 9 })).toHaveLength(1);
    const chain = await edge.deps.audit.list('beichen-bank', { limit: 99 });
    expect(chain.map(({ outcome }) => outcome)).toEqual(['done', 'intended']);
  });

  it('are free again after a refusal, for the same request', async () => {
    const edge = await startEdge();
    await edge.call('/v1/seals/accounts', { json: account });
    const taken = await edge.call('/v1/seals/accounts', { json: account, headers });
    expect(taken.status).toBe(409);
    const again = await edge.call('/v1/seals/accounts', { json: account, headers });
    expect(await bodyOf(again)).toMatchObject({ code: 'account_number_taken' });
  });

  it('are new after a day', async () => {
    const edge = await startEdge();
    await edge.call('/v1/seals/accounts', { json: account, headers });
    edge.clock.advance(idempotencyTtlMs);
    const other = await edge.call('/v1/seals/accounts', {
      json: { ...account, number: '6222-0009' },
      headers,
    });
    expect(other.status).toBe(201);
    expect(other.headers.get('idempotency-replayed')).toBeNull();
  });

  it('answer although the kept answer could not be written, and repeat without a second effect', async () => {
    const edge = await startEdge((deps) => ({
      idempotency: { ...deps.idempotency, complete: async () => undefined },
    }));
    const first = await bodyOf(await edge.call('/v1/seals/accounts', { json: account, headers }));
    edge.clock.advance(idempotencyLeaseMs);
    const again = await edge.call('/v1/seals/accounts', { json: account, headers });
    expect(again.status).toBe(201);
    expect(await bodyOf(again)).toEqual(first);
    expect(await edge.deps.seals.listAccounts('beichen-bank', {}, { limit: 9 })).toHaveLength(1);
  });

  it('are taken by routes that read no body', async () => {
    const edge = await startEdge();
    const path = '/v1/certificates/0123456789abcdef/thaw';
    const answer = await edge.call(path, { as: 'administrator-lin', method: 'POST', headers });
    expect(await bodyOf(answer)).toMatchObject({ code: 'certificate_not_found' });
  });
});
