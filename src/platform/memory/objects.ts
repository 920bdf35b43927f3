import type { Clock } from '../../domain/ports.ts';
import {
  type ObjectStore,
  type ObjectWatch,
  type OrphanQueue,
  orphanGraceMs,
} from '../../domain/seals/ports.ts';

/** Encrypted objects in RAM. */
export function memoryObjectStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  return {
    async put(objectKey, bytes) {
      objects.set(objectKey, bytes.slice());
    },
    async get(objectKey) {
      return objects.get(objectKey)?.slice();
    },
    async remove(objectKeys) {
      for (const objectKey of objectKeys) objects.delete(objectKey);
    },
  };
}

export interface MemoryOrphanQueue extends OrphanQueue {
  /** The watches whose time has come. Each is handed out once. */
  takeDue(): readonly ObjectWatch[];
}

export function memoryOrphanQueue(clock: Clock): MemoryOrphanQueue {
  let waiting: { readonly watch: ObjectWatch; readonly dueAtMs: number }[] = [];
  return {
    async watch(watch) {
      waiting.push({ watch, dueAtMs: clock.now() + orphanGraceMs });
    },
    takeDue() {
      const nowMs = clock.now();
      const due = waiting.filter(({ dueAtMs }) => dueAtMs <= nowMs);
      waiting = waiting.filter(({ dueAtMs }) => dueAtMs > nowMs);
      return due.map(({ watch }) => watch);
    },
  };
}
