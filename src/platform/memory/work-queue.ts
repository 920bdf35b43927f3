import type { Clock } from '../../domain/ports.ts';
import type { WorkQueue } from '../../domain/seals/ports.ts';
import type { WorkMessage } from '../../domain/seals/work-rows.ts';

export interface MemoryWorkQueue extends WorkQueue {
  /** The messages whose time has come. Each is handed out once. */
  takeDue(): readonly WorkMessage[];
}

/** A queue of work in RAM. */
export function memoryWorkQueue(clock: Clock): MemoryWorkQueue {
  let waiting: { readonly message: WorkMessage; readonly dueAtMs: number }[] = [];
  return {
    async send(messages, delayMs) {
      const dueAtMs = clock.now() + delayMs;
      waiting.push(...messages.map((message) => ({ message, dueAtMs })));
    },
    takeDue() {
      const nowMs = clock.now();
      const due = waiting.filter(({ dueAtMs }) => dueAtMs <= nowMs);
      waiting = waiting.filter(({ dueAtMs }) => dueAtMs > nowMs);
      return due.map(({ message }) => message);
    },
  };
}
