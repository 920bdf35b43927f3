import { bytesToHex } from '@noble/hashes/utils.js';
import { tupleBytes } from '../lib/tuple.ts';
import type { Gm } from './gm.ts';

// What officers of a key sign, and what the chips check: the same bytes at the terminal, which must
// know what it signs, and in the chips.

/** A person that may activate a key, and for what. */
export interface Grant {
  /** 04 || x || y, 130 hex digits. */
  readonly publicKeyHex: string;
  readonly operations: readonly ('sign' | 'decrypt')[];
}

/** Who together decide about a key: SM2 public keys (130 hex digits each), and how many of them. */
export interface Officers {
  readonly publicKeysHex: readonly string[];
  readonly threshold: number;
}

/** A change of the grant list of a key, and with `officers` of who decides from then on. */
export interface GrantsChange {
  readonly tenant: string;
  readonly keyId: string;
  readonly grantsHashHex: string;
  readonly officers?: Officers;
  /** The epoch that the change was approved for: an approval holds once. */
  readonly epoch: number;
}

/** SM3 of the grant list in the order in which it is given; 64 hex digits. */
export function grantsHash(gm: Gm, grants: readonly Grant[]): string {
  const parts = grants.flatMap(({ publicKeyHex, operations }) => [
    publicKeyHex,
    operations.length,
    ...operations,
  ]);
  return bytesToHex(gm.sm3(tupleBytes('cinnabar grant list 1', grants.length, ...parts)));
}

/** What an officer signs to change the grant list of a key, or its officers. */
export function grantsChangeBytes(change: GrantsChange): Uint8Array {
  const { tenant, keyId, grantsHashHex, officers, epoch } = change;
  const names = [tenant, keyId, epoch, grantsHashHex] as const;
  if (!officers) return tupleBytes('cinnabar grant change 1', ...names);
  const { threshold, publicKeysHex } = officers;
  return tupleBytes('cinnabar officers change 1', ...names, threshold, ...publicKeysHex);
}
