import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import {
  type LedgerPolicy,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from '../../core/ledger/checkpoint.ts';
import { LedgerError } from '../../core/ledger/error.ts';
import { leafHash, verifyInclusion } from '../../core/ledger/merkle.ts';
import { parseNoteKey } from '../../core/ledger/note.ts';
import { verifyStatus } from '../../core/ledger/status.ts';
import { CinnabarError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import { type LedgerEvent, parseEntry } from './events.ts';
import type { InclusionProof, Ledger, LedgerEntry, LedgerTrust } from './ports.ts';

/** One event with all that convinces somebody who trusts only the policy. */
export interface ProvenEvent extends LedgerEntry {
  readonly inclusion: InclusionProof;
}

/** Everything the ledger says about a subject, checked. */
export interface ProvenHistory {
  /** Oldest first, each the successor of the one before; never empty. */
  readonly events: readonly [ProvenEvent, ...ProvenEvent[]];
  readonly checkpoint: VerifiedCheckpoint;
  /** The signed notes that were checked, to be kept as evidence. */
  readonly checkpointNote: string;
  readonly statusNote: string;
}

/** The policy that a ledger's own keys make; `trust` must come from a place one trusts. */
export function policyOf(trust: LedgerTrust, ageSecondsMax?: number): LedgerPolicy {
  return {
    log: parseNoteKey(trust.log),
    logSm2: parseNoteKey(trust.logSm2),
    witnesses: trust.witnesses.map(parseNoteKey),
    quorum: trust.quorum,
    ...(ageSecondsMax === undefined ? {} : { ageSecondsMax }),
  };
}

/**
 * Reads the events of a subject and believes none of them unchecked: the checkpoint's signatures
 * and quorum, the inclusion of each entry's exact bytes, the chain of `prev`, and that the signed
 * status names the last one as the newest.
 *
 * @throws CinnabarError `ledger_proof_invalid` with the failed check in `detail`,
 *   `ledger_entry_not_found` for a subject without events, `ledger_unavailable`
 */
export async function proveHistory(
  deps: { readonly ledger: Ledger; readonly policy: LedgerPolicy; readonly clock: Clock },
  subject: string,
): Promise<ProvenHistory> {
  const { ledger, policy, clock } = deps;
  const history = await ledger.history(subject);
  const [first] = history;
  if (!first) throw new CinnabarError('ledger_entry_not_found');
  try {
    const status = await ledger.status(subject);
    const checkpointNote = await ledger.checkpoint();
    const nowMs = clock.now();
    const checkpoint = await verifyCheckpoint(checkpointNote, policy, Math.floor(nowMs / 1000));
    const events = await Promise.all(
      history.map((entry) => proveEntry(ledger, checkpoint, entry, subject)),
    );
    assertChain(events);
    const { newest } = await verifyStatus(status.note, policy.log, nowMs);
    if (newest?.leafHash !== events.at(-1)?.leafHash) {
      throw new LedgerError('chain_broken', 'a newer event of the subject is kept back');
    }
    const [head, ...rest] = events;
    if (!head) throw new CinnabarError('ledger_entry_not_found');
    return { events: [head, ...rest], checkpoint, checkpointNote, statusNote: status.note };
  } catch (error) {
    throw asRefusal(error);
  }
}

function asRefusal(error: unknown): unknown {
  if (!(error instanceof LedgerError)) return error;
  const place = error.index === undefined ? '' : ` (entry ${error.index})`;
  const detail = `${error.code}: ${error.message}${place}`;
  return new CinnabarError('ledger_proof_invalid', { detail, cause: error });
}

async function proveEntry(
  ledger: Ledger,
  checkpoint: VerifiedCheckpoint,
  { index, bytes }: LedgerEntry,
  subject: string,
): Promise<ProvenEvent> {
  const inclusion = await ledger.proveInclusion(index, checkpoint.size);
  // From the bytes, never from what came with them.
  const hash = leafHash(bytes);
  const isIncluded = verifyInclusion({
    index,
    size: checkpoint.size,
    leafHash: hash,
    root: checkpoint.root,
    proof: inclusion.proof.map((item) => hexToBytes(item)),
  });
  if (!isIncluded) {
    throw new LedgerError('inclusion_failed', 'the entry is not the one that was logged', index);
  }
  const event: LedgerEvent | undefined = parseEntry(bytes);
  if (event?.subject !== subject) {
    throw new LedgerError('entry_malformed', 'the entry is not an event of the subject', index);
  }
  return { index, bytes, event, leafHash: bytesToHex(hash), inclusion };
}

function assertChain(events: readonly ProvenEvent[]): void {
  let previous: string | null = null;
  for (const { index, event, leafHash: hash } of events) {
    if (event.prev !== previous) {
      throw new LedgerError('chain_broken', 'an event before this one is missing', index);
    }
    previous = hash;
  }
}
