import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../core/gm.ts';
import { recordHash, type UsageRecordBody } from '../core/usage/record.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import type { Payment, UsageRecord } from './types.ts';

type Receipt = NonNullable<Payment['receipt']>;

/**
 * Whether the receipt of a payment is whole: the text carries the signature of the payer's joint
 * key, and `recordSha256`, which stands in the ledger, is over exactly this receipt.
 */
export async function verifyReceipt(receipt: Receipt): Promise<boolean> {
  const { text, signatureHex, publicKeyHex, chipReceipt, assessmentHash, executedAt } = receipt;
  const executedAtMs = Date.parse(executedAt);
  const body = { text, signatureHex, publicKeyHex, chipReceipt, assessmentHash, executedAtMs };
  const hash = bytesToHex(sha256(utf8ToBytes(canonicalJson(body as unknown as Json))));
  return hash === receipt.recordSha256 && isSigned(publicKeyHex, text, signatureHex);
}

/**
 * Whether the record of a use is whole: statement and outcome carry the person's signatures, and
 * `recordSha256` is over exactly this record.
 */
export async function verifyUse(record: UsageRecord): Promise<boolean> {
  const body = record.body as unknown as UsageRecordBody;
  const { statement, statementSignatureHex, outcome, outcomeSignatureHex } = body;
  const signed = await Promise.all([
    isSigned(body.personPublicKeyHex, statement, statementSignatureHex),
    isSigned(body.personPublicKeyHex, outcome, outcomeSignatureHex),
  ]);
  return signed.every(Boolean) && recordHash(body) === record.recordSha256;
}

async function isSigned(publicKeyHex: string, text: string, signatureHex: string) {
  const { sm2 } = await loadGm();
  try {
    return sm2.verify(hexToBytes(publicKeyHex), utf8ToBytes(text), hexToBytes(signatureHex));
  } catch {
    // No key, or no signature at all.
    return false;
  }
}
