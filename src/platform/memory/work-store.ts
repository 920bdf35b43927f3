import type { WorkStore } from '../../domain/seals/ports.ts';
import type { Work, WorkKind } from '../../domain/seals/work-rows.ts';

/** Rows of work in RAM. */
export function memoryWorkStore(): WorkStore {
  const rows = new Map<string, Work>();
  const keyOf = (tenant: string, kind: WorkKind, id: string) => JSON.stringify([tenant, kind, id]);

  function select<K extends WorkKind>(kind: K, isWanted: (work: Work<K>) => boolean): Work<K>[] {
    const ofKind = [...rows.values()].filter((work): work is Work<K> => work.kind === kind);
    return ofKind.filter(isWanted).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  return {
    async apply({ add, move }) {
      const isLost = move.some((work) => {
        const stored = rows.get(keyOf(work.tenant, work.kind, work.id));
        return stored !== undefined && stored.version !== work.version - 1;
      });
      if (isLost) return false;
      for (const work of add) {
        const key = keyOf(work.tenant, work.kind, work.id);
        if (!rows.has(key)) rows.set(key, copied(work));
      }
      for (const work of move) {
        const key = keyOf(work.tenant, work.kind, work.id);
        if (rows.has(key)) rows.set(key, copied(work));
      }
      return true;
    },
    async find(tenant, kind, id) {
      const [found] = select(kind, (work) => work.tenant === tenant && work.id === id);
      return found && copied(found);
    },
    async list(tenant, kind, { state, parent, order = 'newest' }, { limit, before }) {
      const found = select(
        kind,
        (work) =>
          work.tenant === tenant &&
          (state === undefined || work.state === state) &&
          (parent === undefined || work.parent === parent) &&
          (before === undefined || (order === 'newest' ? work.id < before : work.id > before)),
      );
      return (order === 'newest' ? found.reverse() : found).slice(0, limit).map(copied);
    },
    async count(tenant, kind, { parent }) {
      const counts: Record<string, number> = {};
      const found = select(
        kind,
        (work) => work.tenant === tenant && (parent === undefined || work.parent === parent),
      );
      for (const { state } of found) counts[state] = (counts[state] ?? 0) + 1;
      return counts;
    },
    async due(kind, state, nowMs, limit) {
      return select(kind, (work) => work.state === state && work.dueAtMs <= nowMs)
        .sort((a, b) => a.dueAtMs - b.dueAtMs)
        .slice(0, limit)
        .map(copied);
    },
  };
}

/** As a store does, it gives and takes copies. */
function copied<T extends Work>(work: T): T {
  return structuredClone(work);
}
