import { expect, it } from 'vitest';
import type { Row, RowEntry, RowStore } from '../../src/domain/row-store.ts';
import { freshId, freshTenant } from './fresh.ts';

/** Two kinds of rows, as a domain would have. */
export interface SampleRows {
  readonly order: Row & { readonly note: string };
  readonly count: Row & { readonly used: number };
}

type Entry = RowEntry<SampleRows>;

function order(tenant: string, more: Partial<Entry> & { id?: string; note?: string } = {}): Entry {
  const { id = freshId(), note = '', ...places } = more;
  const row = { tenant, id, revision: 1, note };
  return { kind: 'order', row, owner: 'a', parent: '', state: 'open', ...places };
}

const next = (entry: Entry, changes: object = {}): Entry => ({
  ...entry,
  row: { ...entry.row, ...changes, revision: entry.row.revision + 1 },
});

/** What every store of rows must do. */
export function rowStoreContract(open: () => RowStore<SampleRows>): void {
  it('gives back what was written, under its kind and to its tenant only', async () => {
    const store = open();
    const entry = order(freshTenant(), { note: '用途：货款' });
    const { tenant, id } = entry.row;
    expect(await store.write(tenant, [entry])).toBe(true);
    expect(await store.find(tenant, 'order', id)).toEqual(entry.row);
    expect(await store.find(tenant, 'count', id)).toBeUndefined();
    expect(await store.find(freshTenant(), 'order', id)).toBeUndefined();
  });

  it('of many simultaneous writes of one row exactly one happens', async () => {
    const store = open();
    const entry = order(freshTenant());
    const { tenant, id } = entry.row;
    await store.write(tenant, [entry]);
    const notes = Array.from({ length: 16 }, (_, i) => `writer ${i}`);
    const written = await Promise.all(
      notes.map((note) => store.write(tenant, [next(entry, { note })])),
    );
    expect(written.filter(Boolean)).toHaveLength(1);
    const kept = await store.find(tenant, 'order', id);
    expect(kept?.note).toBe(notes[written.indexOf(true)]);
    expect(kept?.revision).toBe(2);
  });

  it('writes all rows or none', async () => {
    const store = open();
    const first = order(freshTenant());
    const { tenant } = first.row;
    await store.write(tenant, [first]);
    const count: Entry = {
      kind: 'count',
      row: { tenant, id: freshId(), revision: 1, used: 1 },
      owner: '',
      parent: '',
      state: '',
    };
    const stale = { ...first, row: { ...first.row, revision: 3 } };
    expect(await store.write(tenant, [count, stale])).toBe(false);
    expect(await store.find(tenant, 'count', count.row.id)).toBeUndefined();
    expect(await store.write(tenant, [first])).toBe(false);
  });

  it('lists by owner, parent and state, newest first, page by page', async () => {
    const store = open();
    const tenant = freshTenant();
    const entries = [
      order(tenant, { owner: 'a', parent: 'p' }),
      order(tenant, { owner: 'a', state: 'closed' }),
      order(tenant, { owner: 'b', parent: 'p' }),
    ];
    for (const entry of entries) await store.write(tenant, [entry]);
    const [first, second, third] = entries.map(({ row }) => row.id);
    const ids = async (filter: Parameters<typeof store.list>[2], page = { limit: 10 }) =>
      (await store.list(tenant, 'order', filter, page)).map(({ id }) => id);
    expect(await ids({})).toEqual([third, second, first]);
    expect(await ids({ owner: 'a' })).toEqual([second, first]);
    expect(await ids({ parent: 'p' })).toEqual([third, first]);
    expect(await ids({ owner: 'a', state: 'closed' })).toEqual([second]);
    expect(await ids({}, { limit: 2, before: third ?? '' } as { limit: number })).toEqual([
      second,
      first,
    ]);
  });

  it('a row that changes its state is found under the new one only', async () => {
    const store = open();
    const entry = order(freshTenant());
    const { tenant, id } = entry.row;
    await store.write(tenant, [entry]);
    await store.write(tenant, [{ ...next(entry), state: 'closed' }]);
    const page = { limit: 10 };
    expect(await store.list(tenant, 'order', { state: 'open' }, page)).toEqual([]);
    const [found] = await store.list(tenant, 'order', { state: 'closed' }, page);
    expect(found?.id).toBe(id);
  });
}
