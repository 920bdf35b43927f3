import { parseEntry } from './events.ts';
import type { Ledger, LedgerEntry } from './ports.ts';

/** A ledger that can be made to lie, so that one can see what happens then. For demo mode only. */
export interface DemoLedger {
  readonly ledger: Ledger;
  /** From now on the first event of the subject is served with one byte changed. */
  alter(subject: string): void;
  /** Everything is served as it was written again. */
  restore(): void;
  altered(): readonly string[];
}

/**
 * Wraps a ledger. What is stored is never touched: only copies on their way out are, and only in
 * this process. Checkpoints and proofs stay true, which is why the lie is found.
 */
export function demoLedger(ledger: Ledger): DemoLedger {
  const subjects = new Set<string>();

  function served(entry: LedgerEntry): LedgerEntry {
    const { event } = entry;
    if (!subjects.has(event.subject) || event.prev !== null) return entry;
    const bytes = withOneByteChanged(entry.bytes);
    return { ...entry, bytes, event: parseEntry(bytes) ?? event };
  }

  return {
    ledger: {
      ...ledger,
      head: async (subject) => {
        const entry = await ledger.head(subject);
        return entry && served(entry);
      },
      history: async (subject, range) => (await ledger.history(subject, range)).map(served),
      entry: async (index) => served(await ledger.entry(index)),
      entries: async (first, count) => (await ledger.entries(first, count)).map(served),
    },
    alter: (subject) => void subjects.add(subject),
    restore: () => subjects.clear(),
    altered: () => [...subjects].sort(),
  };
}

/** The last digit of the first long hash is another one: still an event, but not this one. */
function withOneByteChanged(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder().decode(bytes);
  const changed = text.replace(/([0-9a-f]{63})([0-9a-f])/, (_all, head: string, last: string) => {
    return `${head}${last === '0' ? '1' : '0'}`;
  });
  return new TextEncoder().encode(changed);
}
