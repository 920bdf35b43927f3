import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Gm } from '../gm.ts';

/**
 * What a chip signs about each use of a key, with its identity key: SM2 with SM3 over
 * `receiptBytes`. It binds who was asked, in which order, what went in and what came out.
 */
export interface Receipt {
  readonly chip: string;
  /** Rises by one with every entry of the chip's log. */
  readonly sequence: number;
  readonly tenant: string;
  readonly keyId: string;
  readonly epoch: number;
  readonly requestId: string;
  /** The fencing number under which the chip acted. */
  readonly ticket: number;
  /** `sign:sm2-sm3`, `decrypt:sm2`, `share.sign`, … */
  readonly operation: string;
  /** SM3 of the canonical request. */
  readonly inputHashHex: string;
  /** SM3 of the result; of a decryption, of nothing: a digest of a short plaintext would tell it. */
  readonly resultHashHex: string;
  /** SM3 of the activation statement; empty when the key demands none. */
  readonly statementHashHex: string;
  readonly atMs: number;
  /** Head of the chip's log after this use. */
  readonly logHashHex: string;
  /** 04 || x || y in hex. */
  readonly chipPublicKeyHex: string;
  /** SM2 signature, DER, in hex. */
  readonly signatureHex: string;
}

export type ReceiptBody = Omit<Receipt, 'signatureHex'>;

/** What the signature of a receipt is over. */
export function receiptBytes(body: ReceiptBody): Uint8Array {
  return tupleBytes(
    'cinnabar chip receipt 1',
    body.chip,
    body.sequence,
    body.tenant,
    body.keyId,
    body.epoch,
    body.requestId,
    body.ticket,
    body.operation,
    body.inputHashHex,
    body.resultHashHex,
    body.statementHashHex,
    body.atMs,
    body.logHashHex,
    body.chipPublicKeyHex,
  );
}

/** Whether the chip with this public key (65 bytes) made the receipt as it stands. */
export function verifyReceipt(gm: Gm, chipPublicKey: Uint8Array, receipt: Receipt): boolean {
  if (receipt.chipPublicKeyHex !== bytesToHex(chipPublicKey)) return false;
  if (!/^(?:[0-9a-f]{2})+$/.test(receipt.signatureHex)) return false;
  return gm.sm2.verify(chipPublicKey, receiptBytes(receipt), hexToBytes(receipt.signatureHex));
}

/** What a person signs the SM3 of: the receipt as canonical JSON. */
export function receiptJson(receipt: Receipt): Uint8Array {
  return utf8ToBytes(canonicalJson({ ...receipt }));
}
