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

/** What a right allows, as its officers sign it: beside the list, which the chips enforce. */
export interface GrantTerms {
  readonly grantId: string;
  readonly actor: string;
  /** 04 || x || y, 130 hex digits. */
  readonly publicKeyHex: string;
  readonly operations: readonly ('sign' | 'decrypt')[];
  readonly validFromMs: number;
  readonly validUntilMs: number;
  readonly usesMax: number;
  /** Empty when the document may be of any type. */
  readonly documentTypes: readonly string[];
  /** Largest amount of one document; absent when it may name none. */
  readonly amountMax?: { readonly currency: string; readonly minor: number };
  readonly approvalsNeeded: number;
}

/** SM3 of the terms; 64 hex digits. */
export function grantTermsHash(gm: Gm, terms: GrantTerms): string {
  const { operations, documentTypes, amountMax } = terms;
  const parts = [
    terms.grantId,
    terms.actor,
    terms.publicKeyHex,
    operations.length,
    ...operations,
    terms.validFromMs,
    terms.validUntilMs,
    terms.usesMax,
    documentTypes.length,
    ...documentTypes,
    amountMax?.currency ?? '',
    amountMax?.minor ?? '',
    terms.approvalsNeeded,
  ];
  return bytesToHex(gm.sm3(tupleBytes('cinnabar grant terms 1', ...parts)));
}

/** A change of the grant list of a key, and with `officers` of who decides from then on. */
export interface GrantsChange {
  readonly tenant: string;
  readonly keyId: string;
  readonly grantsHashHex: string;
  readonly officers?: Officers;
  /** `grantTermsHash` of the right that the change gives; absent when it gives none. */
  readonly termsHashHex?: string;
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
  const { tenant, keyId, grantsHashHex, officers, termsHashHex, epoch } = change;
  const names = [tenant, keyId, epoch, grantsHashHex] as const;
  if (!officers && termsHashHex !== undefined) {
    return tupleBytes('cinnabar grant change 2', ...names, termsHashHex);
  }
  if (!officers) return tupleBytes('cinnabar grant change 1', ...names);
  const { threshold, publicKeysHex } = officers;
  return tupleBytes('cinnabar officers change 1', ...names, threshold, ...publicKeysHex);
}
