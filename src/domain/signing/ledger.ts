import { parseCheckpoint } from '../../core/ledger/checkpoint.ts';
import { parseNote } from '../../core/ledger/note.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { CinnabarError } from '../errors.ts';
import type { LedgerEvent } from '../ledger/events.ts';
import type { Appended, Ledger } from '../ledger/ports.ts';

type WithoutPrev<T> = T extends unknown ? Omit<T, 'prev'> : never;

/** How often an event is tried anew after another one took its place. */
const attemptsMax = 16;

/**
 * Appends an event behind the newest one of its subject, whichever that is by then: for subjects
 * whose events do not exclude each other. An event that says the same as one that is there already
 * is not written again.
 *
 * @throws CinnabarError `ledger_unavailable`, `ledger_conflict` when others keep coming first
 */
export async function appendAfterHead(
  ledger: Ledger,
  event: WithoutPrev<LedgerEvent>,
  requestId: string,
): Promise<Appended> {
  for (let attempt = 1; ; attempt++) {
    const history = await ledger.history(event.subject);
    const there = history.find((entry) => saying(entry.event) === saying(event));
    if (there) return placeOf(ledger, there.index);
    const prev = history.at(-1)?.leafHash ?? null;
    try {
      return await ledger.append({ ...event, prev } as LedgerEvent, { requestId });
    } catch (error) {
      const isLate = error instanceof CinnabarError && error.code === 'ledger_conflict';
      if (!isLate || attempt === attemptsMax) throw error;
    }
  }
}

/** What an event says, without when and where in the chain it was said. */
function saying(event: WithoutPrev<LedgerEvent> | LedgerEvent): string {
  const { at: _, signature: __, ...rest } = event;
  return canonicalJson({ ...rest, prev: undefined } as Json);
}

async function placeOf(ledger: Ledger, index: number): Promise<Appended> {
  const checkpoint = await ledger.checkpoint();
  const { size } = parseCheckpoint(parseNote(checkpoint).text);
  const { leafHash, proof } = await ledger.proveInclusion(index, size);
  return { index, leafHash, size, checkpoint, proof };
}
