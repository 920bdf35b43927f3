import { createPublicKey, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NoteKey } from '../../src/core/ledger/note.ts';

/** One entry with its proof, as Sigstore's verifier takes it. */
interface SigstoreEntry {
  readonly canonicalizedBody: Buffer;
  readonly inclusionProof: {
    readonly logIndex: string;
    readonly hashes: readonly Buffer[];
    readonly checkpoint: { readonly envelope: string };
  };
}

interface SigstoreLog {
  readonly logID: Buffer;
  /** A signature line must be in this name. */
  readonly baseURL: string;
  readonly publicKey: KeyObject;
}

interface SigstoreCheckpoint {
  readonly origin: string;
  readonly logSize: bigint;
  readonly logHash: Buffer;
}

export interface SigstoreVerifier {
  /** @throws when no signature line is a valid one of the logs */
  verifyCheckpoint(entry: SigstoreEntry, logs: readonly SigstoreLog[]): SigstoreCheckpoint;
  /** @throws when the proof does not lead from the entry to the root */
  verifyMerkleInclusion(entry: SigstoreEntry, checkpoint: SigstoreCheckpoint): void;
}

/**
 * The verifier of transparency logs that npm brings along to check where packages come from
 * (`@sigstore/verify`): written by others for another log of the same kind.
 */
export function sigstoreVerifier(): SigstoreVerifier | undefined {
  const npm = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'package.json');
  try {
    const require = createRequire(npm);
    const folder = dirname(require.resolve('@sigstore/verify/package.json'));
    return {
      ...require(join(folder, 'dist/tlog/checkpoint.js')),
      ...require(join(folder, 'dist/tlog/merkle.js')),
    };
  } catch {
    console.warn(
      'LEFT OUT: the verifier of Sigstore, because no npm with it lies beside this Node',
    );
    return undefined;
  }
}

/** A log's Ed25519 key (SubjectPublicKeyInfo by RFC 8410 §4). */
export function sigstoreLog({ id, name, publicKey }: NoteKey): SigstoreLog {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return {
    logID: Buffer.from(id),
    baseURL: name,
    publicKey: createPublicKey({ key: spki, format: 'der', type: 'spki' }),
  };
}

export function sigstoreEntry(
  index: number,
  bytes: Uint8Array,
  proof: readonly string[],
  checkpoint: string,
): SigstoreEntry {
  return {
    canonicalizedBody: Buffer.from(bytes),
    inclusionProof: {
      logIndex: String(index),
      hashes: proof.map((hash) => Buffer.from(hash, 'hex')),
      checkpoint: { envelope: checkpoint },
    },
  };
}
