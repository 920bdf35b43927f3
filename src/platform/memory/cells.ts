import type { Cells } from '../../domain/chips/ports.ts';

export interface MemoryCells extends Cells {
  /** As a storage that was lost. */
  clear(): void;
  /** The state now, to be restored later as from a backup of the disk. */
  snapshot(): () => void;
}

/** An actor's storage in RAM. What goes in and out is copied, as a store would. */
export function memoryCells(): MemoryCells {
  let values = new Map<string, unknown>();
  return {
    get: (key) => structuredClone(values.get(key)),
    put: (key, value) => void values.set(key, structuredClone(value)),
    delete: (key) => void values.delete(key),
    *list(prefix, limit = Number.POSITIVE_INFINITY, after = '') {
      const keys = [...values.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      for (const key of keys.slice(0, limit))
        yield [key, structuredClone(values.get(key))] as const;
    },
    clear: () => values.clear(),
    snapshot() {
      const kept = new Map([...values].map(([key, value]) => [key, structuredClone(value)]));
      return () => {
        values = new Map([...kept].map(([key, value]) => [key, structuredClone(value)]));
      };
    },
  };
}
