import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type LedgerPolicy, verifyCheckpoint } from '../../core/ledger/checkpoint.ts';
import { LedgerError } from '../../core/ledger/error.ts';
import { verifySuccessor } from '../../core/ledger/proof-file.ts';
import { CinnabarError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { Anchor, Ledger } from './ports.ts';

export interface AnchoringDeps {
  readonly clock: Clock;
  /** The log as anybody sees it. */
  readonly ledger: Pick<Ledger, 'checkpoint' | 'proveConsistency'>;
  /** Pinned: whoever anchors must not ask the log itself whom to trust. */
  readonly policy: LedgerPolicy;
  readonly anchor: Anchor;
}

export interface Anchoring {
  readonly origin: string;
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
  /** Of the transaction; absent when this tree was anchored already. */
  readonly reference?: string;
}

/**
 * Anchors the newest checkpoint of a log, after the checks that a witness makes: its signatures,
 * quorum and age, and that it continues the tree that was anchored last.
 *
 * Safe to repeat and to run twice at once: the anchor itself refuses a second root of one size.
 *
 * @throws CinnabarError `ledger_proof_invalid` with the failed check in `detail`,
 *   `ledger_conflict`, `ledger_unavailable`
 */
export async function anchorNewest(deps: AnchoringDeps): Promise<Anchoring> {
  const { anchor, clock, ledger, policy } = deps;
  try {
    const note = await ledger.checkpoint();
    const next = await verifyCheckpoint(note, policy, Math.floor(clock.now() / 1000));
    const { origin, size } = next;
    const root = bytesToHex(next.root);
    const last = await anchor.last(origin);
    if (last?.size === size && last.root === root) return { origin, size, root };
    if (last) {
      const { proof } =
        size > last.size ? await ledger.proveConsistency(last.size, size) : { proof: [] };
      verifySuccessor({ origin, size: last.size, root: hexToBytes(last.root) }, next, proof);
    }
    const { reference } = await anchor.anchor({ origin, size, root });
    return { origin, size, root, reference };
  } catch (error) {
    if (!(error instanceof LedgerError)) throw error;
    const detail = `${error.code}: ${error.message}`;
    throw new CinnabarError('ledger_proof_invalid', { detail, cause: error });
  }
}
