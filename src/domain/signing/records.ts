import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { Receipt } from '../chips/receipts.ts';
import type { Appended } from '../ledger/ports.ts';
import type { Approval } from './types.ts';

/**
 * What somebody did with an institution's key (C7), complete in itself: with the certificates of
 * person and institution and the keys of chips and ledger, anyone can check it offline (C8).
 *
 * The person signed `statement` before the key moved and `outcome` after, so that neither can be
 * denied, and nobody who lacks the person's share can make one.
 */
export interface UsageRecordBody {
  readonly v: 1;
  readonly tenant: string;
  readonly institutionKeyId: string;
  readonly institutionPublicKeyHex: string;
  readonly operationId: string;
  readonly actor: string;
  readonly personalKeyId: string;
  readonly personPublicKeyHex: string;
  readonly documentType: string;
  readonly reason: string;
  /** Canonical JSON; the statement names its hash. */
  readonly decision: string;
  readonly approvals: readonly Approval[];
  readonly statement: string;
  readonly statementSignatureHex: string;
  readonly receipt: Receipt;
  readonly outcome: string;
  readonly outcomeSignatureHex: string;
}

export interface UsageRecord {
  readonly tenant: string;
  readonly institutionKeyId: string;
  readonly actor: string;
  readonly body: UsageRecordBody;
  /** SHA-256 of the body's canonical JSON; what the ledger has. */
  readonly recordSha256: string;
  /** Where it stands in the ledger; absent for the moment until it does. */
  readonly place?: Appended;
}

const utf8 = new TextEncoder();

export function recordHash(body: UsageRecordBody): string {
  return bytesToHex(sha256(utf8.encode(canonicalJson(body as unknown as Json))));
}

/** The ledger's subject for the uses of one key; its events are all the records there are. */
export function usageSubject(institutionKeyId: string): string {
  return `use/${institutionKeyId}`;
}

/** What the person signs about the end of an operation. Every member is checked again by readers. */
export interface Outcome {
  readonly v: 1;
  readonly operationId: string;
  /** SM3 of the statement. */
  readonly statementHashHex: string;
  /** As the chip's receipt has it. */
  readonly resultHashHex: string;
  /** SM3 of the receipt's canonical JSON. */
  readonly receiptHashHex: string;
}

export function outcomeText(outcome: Outcome): string {
  return canonicalJson({ ...outcome });
}

export function receiptJson(receipt: Receipt): Uint8Array {
  return utf8.encode(canonicalJson({ ...receipt }));
}
