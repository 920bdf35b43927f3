import type { Entry, SigningKind, SigningStore } from '../../domain/signing/ports.ts';

/** Rows of signing in RAM. */
export function memorySigningStore(): SigningStore {
  const entries = new Map<string, Entry>();
  const keyOf = (tenant: string, kind: SigningKind, id: string) =>
    JSON.stringify([tenant, kind, id]);

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
    async find(tenant, kind, id) {
      const found = entries.get(keyOf(tenant, kind, id)) as Entry<typeof kind> | undefined;
      return found && structuredClone(found.row);
    },
    async list(tenant, kind, { owner, parent, state }, { limit, before }) {
      return [...entries.values()]
        .filter((entry): entry is Entry<typeof kind> => entry.kind === kind)
        .filter(
          (entry) =>
            entry.row.tenant === tenant &&
            (owner === undefined || entry.owner === owner) &&
            (parent === undefined || entry.parent === parent) &&
            (state === undefined || entry.state === state) &&
            (before === undefined || entry.row.id < before),
        )
        .sort((a, b) => (a.row.id < b.row.id ? 1 : -1))
        .slice(0, limit)
        .map((entry) => structuredClone(entry.row));
    },
  };
}
