import { hexToBytes } from '@noble/hashes/utils.js';
import { base64Bytes } from '../../lib/base64.ts';
import {
  assertSuccessor,
  type Checkpoint,
  type LedgerPolicy,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { leafHash, verifyInclusion } from './merkle.ts';
import { parseNoteKey } from './note.ts';

/** One entry with what proves it, as a file that travels with a certificate or a receipt. */
export interface ProofFile {
  /** The signed note. */
  readonly checkpoint: string;
  readonly index: number;
  /** The exact bytes of the entry, base64. */
  readonly entry: string;
  readonly proof: readonly string[];
}

/** The keys of log and witnesses in text, as `/ledger/trust` gives them. */
export interface TrustFile {
  readonly log: string;
  readonly logSm2?: string;
  readonly witnesses: readonly string[];
  readonly quorum: number;
}

/** @throws LedgerError `bundle_malformed`, `key_malformed` */
export function policyFrom(trust: TrustFile, ageSecondsMax?: number): LedgerPolicy {
  const { log, logSm2, witnesses, quorum } = trust;
  const isFormed =
    typeof log === 'string' &&
    (logSm2 === undefined || typeof logSm2 === 'string') &&
    isTexts(witnesses) &&
    Number.isInteger(quorum) &&
    quorum >= 0 &&
    quorum <= witnesses.length;
  if (!isFormed) throw new LedgerError('bundle_malformed', 'these are not the keys of a log');
  // One witness that is listed twice must not count as two.
  if (new Set(witnesses).size !== witnesses.length) {
    throw new LedgerError('bundle_malformed', 'a witness is listed twice');
  }
  return {
    log: parseNoteKey(log),
    ...(logSm2 === undefined ? {} : { logSm2: parseNoteKey(logSm2) }),
    witnesses: witnesses.map(parseNoteKey),
    quorum,
    ...(ageSecondsMax === undefined ? {} : { ageSecondsMax }),
  };
}

/**
 * Checks a proof without asking anyone.
 *
 * @throws LedgerError: see its codes
 */
export async function verifyProofFile(
  file: ProofFile,
  policy: LedgerPolicy,
  nowSeconds?: number,
): Promise<{ readonly checkpoint: VerifiedCheckpoint; readonly entry: Uint8Array }> {
  const entry = typeof file.entry === 'string' ? base64Bytes(file.entry) : undefined;
  if (!entry || typeof file.checkpoint !== 'string' || !isTexts(file.proof)) {
    throw new LedgerError('bundle_malformed', 'this is not a proof of an entry');
  }
  const checkpoint = await verifyCheckpoint(file.checkpoint, policy, nowSeconds);
  const isIncluded = verifyInclusion({
    index: file.index,
    size: checkpoint.size,
    leafHash: leafHash(entry),
    root: checkpoint.root,
    proof: hashesOf(file.proof),
  });
  if (!isIncluded) {
    throw new LedgerError('inclusion_failed', 'the entry is not in the tree', file.index);
  }
  return { checkpoint, entry };
}

/** As `assertSuccessor`, with the hashes of the proof in hex. @throws LedgerError */
export function verifySuccessor(
  known: Checkpoint,
  next: Checkpoint,
  proof: readonly string[],
): void {
  assertSuccessor(known, next, hashesOf(proof));
}

function hashesOf(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => {
    if (!/^[0-9a-f]{64}$/.test(text)) throw new LedgerError('bundle_malformed', 'not a hash');
    return hexToBytes(text);
  });
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
