import { describe, expect, it } from 'vitest';
import type { EdgeDeps } from '../../src/edge/deps.ts';
import { startEdge } from '../helpers/edge.ts';

const operator = { as: 'operator-ma' };

describe('chips over HTTP', () => {
  it('E2: the operator sees the cluster, others do not', async () => {
    const { call } = await startEdge();
    const answer = await call('/v1/chips', operator);
    expect(answer.status).toBe(200);
    const { chips, mayHalt } = (await answer.json()) as {
      chips: { chip: string }[];
      mayHalt: boolean;
    };
    expect(chips.map(({ chip }) => chip)).toEqual(['chip-1', 'chip-2', 'chip-3', 'chip-4']);
    expect(mayHalt).toBe(true);
    expect((await call('/v1/chips')).status).toBe(403);
  });

  it('E2: a chip is drained, its keys stay usable, and it is taken back', async () => {
    const { call, deps } = await startEdge();
    const key = {
      tenant: 'beichen-bank',
      id: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10',
      algorithm: 'sm2' as const,
      uses: ['sign' as const],
    };
    const { replicas } = await deps.keys.create(key);
    const [home = ''] = replicas;
    const drain = () => call(`/v1/chips/${home}/drain`, { ...operator, method: 'POST' });
    expect((await drain()).status).toBe(202);
    await deps.chips.tick(10);
    expect((await deps.keys.find(key.tenant, key.id)).replicas).not.toContain(home);
    const signed = await deps.keys.sign({
      tenant: key.tenant,
      keyId: key.id,
      requestId: 'after-drain',
      scheme: 'sm2-sm3',
      message: new Uint8Array(3),
    });
    expect(signed.receipt.chip).not.toBe(home);
    expect(await (await drain()).json()).toMatchObject({ duty: 'drained', keysToMove: 0 });
    const order = (what: string, json?: object) =>
      call(`/v1/chips/${home}/${what}`, { ...operator, method: 'POST', ...(json ? { json } : {}) });
    expect(await (await order('readmit')).json()).toMatchObject({ code: 'chip_not_empty' });
    const emptied = await (await order('reset', {})).json();
    expect(emptied).toMatchObject({ chip: home, duty: 'empty', keys: 0 });
    const back = await order('readmit');
    expect(await back.json()).toMatchObject({ chip: home, duty: 'active', keys: 0 });
    const audited = await deps.audit.list('beichen-bank', { limit: 10 });
    const actions = audited.map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['chip.drain', 'chip.reset', 'chip.readmit']));
    const active = await call('/v1/chips/chip-1/reset', {
      ...operator,
      json: { acceptLoss: true },
    });
    expect(await active.json()).toMatchObject({ code: 'chip_active', status: 409 });
  });

  it('E2: a chip joins once, and too few chips are never left', async () => {
    const { call } = await startEdge();
    const add = () => call('/v1/chips', { ...operator, json: { chip: 'chip-5', zone: 'b' } });
    expect((await add()).status).toBe(201);
    expect(await (await add()).json()).toMatchObject({ code: 'chip_exists' });
    const post = (path: string) => call(path, { ...operator, method: 'POST' });
    for (const chip of ['chip-1', 'chip-2', 'chip-3']) {
      expect((await post(`/v1/chips/${chip}/drain`)).status).toBe(202);
    }
    const last = await post('/v1/chips/chip-4/drain');
    expect(await last.json()).toMatchObject({ code: 'chips_too_few', status: 409 });
    const unknown = await post('/v1/chips/chip-9/drain');
    expect(await unknown.json()).toMatchObject({ code: 'chip_not_found', status: 404 });
    const bad = await call('/v1/chips', { ...operator, json: { chip: 'Chip 6', zone: 'b' } });
    expect(bad.status).toBe(400);
  });

  it('E2: demo mode can stop a chip; outside it there is no such thing', async () => {
    const { call } = await startEdge();
    const halt = await call('/v1/chips/chip-2/halt', { ...operator, method: 'POST' });
    expect(await halt.json()).toEqual({ chip: 'chip-2', seconds: 60 });
    // A deployment without demo mode has no such member at all.
    const outside = { demo: undefined } as unknown as Partial<EdgeDeps>;
    const service = await startEdge(() => outside);
    const refused = await service.call('/v1/chips/chip-2/halt', { ...operator, method: 'POST' });
    expect(refused.status).toBe(404);
  });
});
