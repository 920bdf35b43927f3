import { verifyCheckpoint } from '../core/ledger/checkpoint.ts';
import { policyFrom } from '../core/ledger/proof-file.ts';
import { CinnabarError } from '../domain/errors.ts';
import { PartyRefusal } from '../domain/federation/messages.ts';
import type { Ledger, LedgerTrust } from '../domain/ledger/ports.ts';
import { createCounter, createHistogram, gaugeLines } from '../lib/prometheus.ts';

// What this isolate sees of those it calls, for `/metrics`. Module state, as an isolate has one life.

const calls = createHistogram(
  'cinnabar_isolate_call_duration_seconds',
  'Calls to chips and parties of the federation by how they ended, since this isolate started.',
);
const messages = createCounter(
  'cinnabar_isolate_queue_messages_total',
  'Messages of the queues: sent, send_failed, done, again (comes back later), dead.',
);

/** `late` where nobody answered in time, otherwise the code of the refusal. */
function outcomeOf(error: unknown): string {
  if (error instanceof CinnabarError || error instanceof PartyRefusal) return error.code;
  return error instanceof Error && error.name === 'TimeoutError' ? 'late' : 'failed';
}

/** Counts and times a call of the part `to`: by its name, and by how it ended. */
export async function metered<T>(to: string, call: string, work: () => Promise<T>): Promise<T> {
  const startMs = Date.now();
  let outcome = 'ok';
  try {
    return await work();
  } catch (error) {
    outcome = outcomeOf(error);
    throw error;
  } finally {
    calls.observe({ to, call, outcome }, Date.now() - startMs);
  }
}

/** How often a message comes back before it is dead, as wrangler.toml says it of each queue. */
export const retriesMax = { cleanup: 10, 'seal-work': 20 } as const;
type QueueName = keyof typeof retriesMax;
type QueueOutcome = 'sent' | 'send_failed' | 'done' | 'again' | 'dead';

export function countMessages(queue: QueueName, outcome: QueueOutcome, count = 1): void {
  messages.add({ queue, outcome }, count);
}

/** A message that was not done: it comes back, unless it has come back as often as it may. */
export function countReturned(queue: QueueName, attempts: number): void {
  countMessages(queue, attempts > retriesMax[queue] ? 'dead' : 'again');
}

interface LedgerWatch {
  readonly ledger: Pick<Ledger, 'checkpoint'>;
  readonly ledgerTrust: () => Promise<LedgerTrust>;
}

/** Everything above, and how far the ledger is. */
export async function meterLines(watch: LedgerWatch): Promise<string[]> {
  return [...calls.lines(), ...messages.lines(), ...(await ledgerLines(watch))];
}

/** Nothing where the ledger does not answer or is not to be trusted: `/readyz` says which. */
async function ledgerLines({ ledger, ledgerTrust }: LedgerWatch): Promise<string[]> {
  try {
    const policy = policyFrom(await ledgerTrust());
    const { size, atSeconds } = await verifyCheckpoint(await ledger.checkpoint(), policy);
    return [
      ...gaugeLines('cinnabar_ledger_entries', 'Entries of the newest cosigned checkpoint.', size),
      ...gaugeLines(
        'cinnabar_ledger_checkpoint_timestamp_seconds',
        'When its quorum cosigned it; a log that nobody writes to has an old one.',
        atSeconds ?? 0,
      ),
    ];
  } catch {
    return [];
  }
}
