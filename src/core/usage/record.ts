import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { Receipt } from './receipt.ts';

/**
 * What somebody did with an institution's key (C7), complete in itself: with the certificates of
 * person and institution and the keys of the ledger, anyone can check it offline (C8).
 *
 * The person signed `statement` before the key moved and `outcome` after, so that neither can be
 * denied, and nobody who lacks the person's share can make one.
 */
export interface UsageRecordBody {
  readonly v: 1;
  readonly tenant: string;
  readonly institutionKeyId: string;
  readonly institutionPublicKeyHex: string;
  /** The certificate of the institution's key, in force when it was used. */
  readonly institutionSerial: string;
  readonly operationId: string;
  readonly actor: string;
  readonly personalKeyId: string;
  readonly personPublicKeyHex: string;
  /** The certificate of the person's key, in force when it signed. */
  readonly personSerial: string;
  readonly documentType: string;
  readonly reason: string;
  /** Canonical JSON; the statement names its hash. */
  readonly decision: string;
  readonly approvals: readonly UsageApproval[];
  readonly statement: string;
  readonly statementSignatureHex: string;
  readonly receipt: Receipt;
  readonly outcome: string;
  readonly outcomeSignatureHex: string;
}

/** Another person's consent to one use. */
export interface UsageApproval {
  readonly actor: string;
  readonly publicKeyHex: string;
  readonly serial: string;
  /** SM2 over the approval's text, DER. */
  readonly signatureHex: string;
  readonly text: string;
}

/** SHA-256 of the body's canonical JSON, in hex: what the ledger has. */
export function recordHash(body: UsageRecordBody): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(body as unknown as Json))));
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
