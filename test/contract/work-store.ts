import { expect, it } from 'vitest';
import type { WorkStore } from '../../src/domain/seals/ports.ts';
import { moved } from '../../src/domain/seals/work.ts';
import type { Work } from '../../src/domain/seals/work-rows.ts';
import { freshId, freshTenant } from './fresh.ts';

function change(tenant: string, state = 'proposed', parent = ''): Work<'policy-change'> {
  return {
    tenant,
    kind: 'policy-change',
    id: freshId(),
    parent,
    state,
    dueAtMs: 0,
    version: 1,
    body: {
      policy: { defaultCount: 'all', branches: { '0102': 2 }, levels: [] },
      baseVersion: 0,
      reason: '年度复核',
      proposedBy: 'administrator-1',
      proposedAtMs: 1_767_225_600_123,
    },
  };
}

/** What every store of work must do. */
export function workStoreContract(open: () => WorkStore): void {
  const add = (store: WorkStore, ...rows: Work[]) => store.apply({ add: rows, move: [] });

  it('gives back what was added, to its tenant only, and leaves an existing row alone', async () => {
    const store = open();
    const row = change(freshTenant());
    expect(await add(store, row)).toBe(true);
    expect(await add(store, { ...row, state: 'other' })).toBe(true);
    expect(await store.find(row.tenant, 'policy-change', row.id)).toEqual(row);
    expect(await store.find(freshTenant(), 'policy-change', row.id)).toBeUndefined();
    expect(await store.find(row.tenant, 'policy', row.id)).toBeUndefined();
  });

  it('of many simultaneous moves of one row exactly one happens', async () => {
    const store = open();
    const row = change(freshTenant());
    await add(store, row);
    const moves = Array.from({ length: 12 }, (_, i) =>
      store.apply({ add: [], move: [moved(row, { state: `taken-${i}` })] }),
    );
    const won = (await Promise.all(moves)).flatMap((done, i) => (done ? [i] : []));
    expect(won).toHaveLength(1);
    const after = await store.find(row.tenant, 'policy-change', row.id);
    expect(after).toMatchObject({ state: `taken-${won[0]}`, version: 2 });
  });

  it('one lost move undoes everything that was to be written with it', async () => {
    const store = open();
    const tenant = freshTenant();
    const [first, second, third] = [change(tenant), change(tenant), change(tenant)];
    await add(store, first, second);
    await store.apply({ add: [], move: [moved(second, { state: 'approved' })] });
    const late = {
      add: [third],
      move: [moved(first, { state: 'x' }), moved(second, { state: 'x' })],
    };
    expect(await store.apply(late)).toBe(false);
    expect(await store.find(tenant, 'policy-change', first.id)).toEqual(first);
    expect(await store.find(tenant, 'policy-change', third.id)).toBeUndefined();
  });

  it('lists by state and parent in both orders, page by page, and counts', async () => {
    const store = open();
    const tenant = freshTenant();
    const rows = [
      change(tenant),
      change(tenant, 'approved', 'p'),
      change(tenant),
      change(tenant, 'proposed', 'p'),
    ];
    await add(store, ...rows);
    const ids = async (filter: object, page = { limit: 9 }) =>
      (await store.list(tenant, 'policy-change', filter, page)).map(({ id }) =>
        rows.findIndex((row) => row.id === id),
      );
    expect(await ids({})).toEqual([3, 2, 1, 0]);
    expect(await ids({ state: 'proposed', order: 'oldest' })).toEqual([0, 2, 3]);
    expect(await ids({ parent: 'p' })).toEqual([3, 1]);
    const page = { limit: 2, before: rows[1]?.id ?? '' };
    expect(await ids({ order: 'oldest' }, page)).toEqual([2, 3]);
    expect(await ids({}, page)).toEqual([0]);
    expect(await store.count(tenant, 'policy-change', {})).toEqual({ proposed: 3, approved: 1 });
    expect(await store.count(tenant, 'policy-change', { parent: 'p' })).toEqual({
      proposed: 1,
      approved: 1,
    });
  });

  it('finds what is due across tenants, the longest due first', async () => {
    const store = open();
    const state = `wait-${freshId()}`;
    const rows = [30, 10, 20, 99].map((dueAtMs) => ({ ...change(freshTenant(), state), dueAtMs }));
    await add(store, ...rows);
    const due = await store.due('policy-change', state, 30, 2);
    expect(due.map(({ dueAtMs }) => dueAtMs)).toEqual([10, 20]);
  });
}
