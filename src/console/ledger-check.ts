import type { InclusionStep, VerifiedCheckpoint } from '../core/ledger.ts';
import { base64Bytes, base64Text } from '../lib/base64.ts';
import { openClient } from './session.ts';
import { remember, remembered } from './storage.ts';

/** What this browser found out about one entry, by itself. */
export interface LedgerCheck {
  readonly checkpoint: VerifiedCheckpoint;
  /** Whether the keys had been kept before. */
  readonly keysKnown: boolean;
  /** Size of the tree that this browser saw last; absent at the first contact. */
  readonly knownSize: number | undefined;
  readonly leaf: Uint8Array;
  readonly steps: readonly InclusionStep[];
}

/** A failed check: a code of `LedgerError`, or `keys_changed`. */
export class LedgerRefusal extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/**
 * Verifies an entry from its bytes up to a checkpoint that a quorum has cosigned, and that the log
 * continues the tree that this browser saw last; then this tree is the last one seen.
 *
 * @throws LedgerRefusal for a check that failed, ApiError when the service does not answer
 */
export async function checkEntry(index: number): Promise<LedgerCheck> {
  // Only whoever verifies pays for the code.
  const core = await import('../core/ledger.ts');
  try {
    const { trust, keysKnown } = await pinnedTrust();
    const note = await openClient.ledger.checkpoint();
    const nowSeconds = Math.floor(Date.now() / 1000);
    const checkpoint = await core.verifyCheckpoint(note, core.policyFrom(trust), nowSeconds);
    const known = lastSeen(checkpoint.origin);
    if (known) {
      const { proof } =
        known.size <= checkpoint.size
          ? await openClient.ledger.consistency(known.size, checkpoint.size)
          : { proof: [] };
      core.verifySuccessor(known, checkpoint, proof);
    }
    const entry = await openClient.ledger.entry(index);
    const { proof } = await openClient.ledger.inclusion(index, checkpoint.size);
    await core.verifyProofFile(
      { checkpoint: note, index, entry: entry.bytes, proof },
      core.policyFrom(trust),
    );
    const leaf = core.leafHash(base64Bytes(entry.bytes) ?? new Uint8Array(0));
    const hashes = proof.map(bytesOfHex);
    const steps =
      core.inclusionSteps({ index, size: checkpoint.size, leafHash: leaf, proof: hashes }) ?? [];
    keepSeen(checkpoint);
    return { checkpoint, keysKnown, knownSize: known?.size, leaf, steps };
  } catch (error) {
    if (error instanceof core.LedgerError) throw new LedgerRefusal(error.code);
    throw error;
  }
}

/**
 * The keys of log and witnesses as the service names them: at the first contact they are kept, and
 * from then on this browser believes no others.
 *
 * @throws LedgerRefusal `keys_changed`, ApiError when the service does not answer
 */
export async function pinnedTrust() {
  const trust = await openClient.ledger.trust();
  const text = JSON.stringify(trust);
  const kept = remembered('ledger.keys');
  if (kept !== undefined && kept !== text) throw new LedgerRefusal('keys_changed');
  remember('ledger.keys', text);
  return { trust, keysKnown: kept !== undefined };
}

function lastSeen(origin: string) {
  const [name, size, root = ''] = (remembered('ledger.seen') ?? '').split('\n');
  const bytes = base64Bytes(root);
  if (name !== origin || bytes?.length !== 32) return undefined;
  return { origin, size: Number(size), root: bytes };
}

function keepSeen({ origin, size, root }: VerifiedCheckpoint): void {
  remember('ledger.seen', `${origin}\n${size}\n${base64Text(root)}`);
}

function bytesOfHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function hexOfBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
