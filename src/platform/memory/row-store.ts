import type { Row, RowEntry, RowStore } from '../../domain/row-store.ts';

/** Rows in RAM. */
export function memoryRowStore<Rows>(): RowStore<Rows> {
  const entries = new Map<string, RowEntry<Rows>>();
  const keyOf = (tenant: string, kind: keyof Rows, id: string) =>
    JSON.stringify([tenant, String(kind), id]);

  return {
    async write(tenant, written) {
      const isLost = written.some(({ kind, row }) => {
        const stored = entries.get(keyOf(tenant, kind, row.id));
        return row.revision !== (stored?.row.revision ?? 0) + 1;
      });
      if (isLost) return false;
      for (const entry of written) {
        entries.set(keyOf(tenant, entry.kind, entry.row.id), structuredClone(entry));
      }
      return true;
    },
    async find<K extends keyof Rows>(tenant: string, kind: K, id: string) {
      const found = entries.get(keyOf(tenant, kind, id));
      // What was written under a kind is a row of that kind.
      return found && (structuredClone(found.row) as Rows[K] & Row);
    },
    async list<K extends keyof Rows>(
      tenant: string,
      kind: K,
      { owner, parent, state }: Parameters<RowStore<Rows>['list']>[2],
      { limit, before }: Parameters<RowStore<Rows>['list']>[3],
    ) {
      return [...entries.values()]
        .filter(
          (entry) =>
            entry.kind === kind &&
            entry.row.tenant === tenant &&
            (owner === undefined || entry.owner === owner) &&
            (parent === undefined || entry.parent === parent) &&
            (state === undefined || entry.state === state) &&
            (before === undefined || entry.row.id < before),
        )
        .sort((a, b) => (a.row.id < b.row.id ? 1 : -1))
        .slice(0, limit)
        .map((entry) => structuredClone(entry.row) as Rows[K] & Row);
    },
  };
}
