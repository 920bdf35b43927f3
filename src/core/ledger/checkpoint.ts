import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { LedgerError } from './error.ts';
import { hashBytes, sameBytes, verifyConsistency } from './merkle.ts';
import { type Note, type NoteKey, parseNote, verifyNote } from './note.ts';

/** What a log says about itself at one moment (C2SP tlog-checkpoint). */
export interface Checkpoint {
  /** The name of the log, which is also the name of its keys. */
  readonly origin: string;
  /** How many entries. */
  readonly size: number;
  readonly root: Uint8Array;
}

/** What a verifier trusts: one log, and `quorum` of the witnesses. */
export interface LedgerPolicy {
  /** Ed25519. */
  readonly log: NoteKey;
  /** When given, the SM2 line must be there and valid too. */
  readonly logSm2?: NoteKey;
  readonly witnesses: readonly NoteKey[];
  readonly quorum: number;
  /** When given, a checkpoint whose quorum cosigned it longer ago is stale. */
  readonly ageSecondsMax?: number;
}

/** A checkpoint whose signatures have been verified. */
export interface VerifiedCheckpoint extends Checkpoint {
  /** When the quorum had cosigned it; absent for a policy without witnesses. */
  readonly atSeconds?: number;
  /** Witnesses that cosigned, by name. */
  readonly cosignedBy: readonly string[];
}

/** A witness whose clock is this far ahead is not believed. */
const aheadSecondsMax = 300;

export function formatCheckpoint({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${base64Text(root)}\n`;
}

/** Reads the text of a checkpoint. Lines of extensions may follow. @throws LedgerError */
export function parseCheckpoint(text: string): Checkpoint {
  const [origin = '', sizeText = '', rootText = ''] = text.split('\n');
  const root = base64Bytes(rootText);
  const size = Number(sizeText);
  const isFormed = /^(0|[1-9][0-9]{0,15})$/.test(sizeText) && Number.isSafeInteger(size);
  if (origin === '' || !isFormed || root?.length !== hashBytes) {
    throw new LedgerError('checkpoint_malformed', 'this is not a checkpoint');
  }
  return { origin, size, root };
}

/**
 * Checks the form, the signatures of the log, the quorum of witnesses and the age of a checkpoint.
 *
 * @throws LedgerError `note_malformed`, `checkpoint_malformed`, `checkpoint_other_log`,
 *   `checkpoint_unsigned`, `quorum_missing`, `checkpoint_stale`
 */
export async function verifyCheckpoint(
  signed: string,
  policy: LedgerPolicy,
  nowSeconds?: number,
): Promise<VerifiedCheckpoint> {
  const note = parseNote(signed);
  const checkpoint = parseCheckpoint(note.text);
  if (checkpoint.origin !== policy.log.name) {
    throw new LedgerError('checkpoint_other_log', 'the checkpoint is of another log');
  }
  for (const key of policy.logSm2 ? [policy.log, policy.logSm2] : [policy.log]) {
    if (!(await verifyNote(note, key)).valid) {
      throw new LedgerError('checkpoint_unsigned', 'the checkpoint lacks a signature of its log');
    }
  }
  const cosigned = await cosignaturesOf(note, policy, nowSeconds);
  if (cosigned.length < policy.quorum) {
    const text = `${cosigned.length} of the required ${policy.quorum} witnesses have cosigned`;
    throw new LedgerError('quorum_missing', text);
  }
  const cosignedBy = cosigned.map(({ name }) => name);
  // The moment since which a quorum stands behind it: the quorum-th newest cosignature.
  const atSeconds = cosigned.map((one) => one.atSeconds).sort((a, b) => b - a)[policy.quorum - 1];
  if (atSeconds === undefined) return { ...checkpoint, cosignedBy };
  const { ageSecondsMax } = policy;
  if (ageSecondsMax !== undefined && nowSeconds !== undefined) {
    if (nowSeconds - atSeconds > ageSecondsMax) {
      throw new LedgerError('checkpoint_stale', 'the checkpoint is older than allowed');
    }
  }
  return { ...checkpoint, atSeconds, cosignedBy };
}

async function cosignaturesOf(
  note: Note,
  policy: LedgerPolicy,
  nowSeconds: number | undefined,
): Promise<{ name: string; atSeconds: number }[]> {
  const found: { name: string; atSeconds: number }[] = [];
  for (const witness of policy.witnesses) {
    const proof = await verifyNote(note, witness);
    if (!proof.valid || proof.atSeconds === undefined) continue;
    const isAhead = nowSeconds !== undefined && proof.atSeconds > nowSeconds + aheadSecondsMax;
    if (!isAhead) found.push({ name: witness.name, atSeconds: proof.atSeconds });
  }
  return found;
}

/**
 * Checks that `next` is a later state of the log that was in state `known`.
 *
 * @throws LedgerError `log_truncated`, `checkpoint_forked`, `consistency_failed`
 */
export function assertSuccessor(
  known: Checkpoint,
  next: Checkpoint,
  proof: readonly Uint8Array[],
): void {
  if (next.size < known.size) {
    throw new LedgerError('log_truncated', 'a larger tree of this log is known', next.size);
  }
  if (next.size === known.size && !sameBytes(next.root, known.root)) {
    throw new LedgerError('checkpoint_forked', 'another tree of the same size is known');
  }
  const isConsistent = verifyConsistency({
    first: known.size,
    second: next.size,
    firstRoot: known.root,
    secondRoot: next.root,
    proof,
  });
  if (!isConsistent) {
    throw new LedgerError('consistency_failed', 'the tree does not begin with the known one');
  }
}
