import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../core/gm.ts';
import { signContext } from '../core/two-party-context.ts';
import {
  type Receipt as ChipReceipt,
  verifyReceipt as verifyChipReceipt,
} from '../core/usage/receipt.ts';
import { recordHash, type UsageRecordBody } from '../core/usage/record.ts';
import { shareUseHash } from '../core/usage/share-use.ts';
import { base64urlBytes } from '../lib/base64url.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import type { Payment, UsageRecord } from './types.ts';

type Receipt = NonNullable<Payment['receipt']>;

/** What does not hold about a receipt. */
export const receiptFaults = [
  'record_differs',
  'signature_invalid',
  'assessment_differs',
  'chip_signature_invalid',
  'chip_of_other_text',
] as const;
export type ReceiptVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: (typeof receiptFaults)[number] };

/**
 * Whether the receipt of a payment is whole in itself, and if not, what is wrong first: `recordSha256`
 * is over exactly this receipt; the text carries the signature of the key that the receipt names; the
 * risk engine's reasons are those whose hash stands in the text; and a chip signed that
 * it gave its half of a signature over this very text. Whose the key is says the certificate of the serial
 * in the text; that the payment took place, the ledger's entry with `recordSha256`: neither is read here.
 *
 * @param chips identity keys of chips in hex, from a place that the caller trusts; without them
 *   whichever chip signed is taken
 */
export async function verifyReceipt(
  receipt: Receipt,
  chips?: readonly string[],
): Promise<ReceiptVerdict> {
  const { recordSha256, executedAt, ledgerIndex: _, ...rest } = receipt;
  const body = { ...rest, executedAtMs: Date.parse(executedAt) };
  if (jsonHash(body) !== recordSha256) return fault('record_differs');
  const { text, publicKeyHex, signatureHex } = receipt;
  if (!(await isSigned(publicKeyHex, text, signatureHex))) return fault('signature_invalid');
  if (!isAssessedSo(receipt)) return fault('assessment_differs');
  return chipFault(receipt, chips);
}

const fault = (code: (typeof receiptFaults)[number]) => ({ ok: false, code }) as const;

function isAssessedSo({ text, assessment, assessmentHash }: Receipt): boolean {
  const signed = (JSON.parse(text) as { readonly assessment?: unknown }).assessment;
  return signed === assessmentHash && jsonHash(assessment) === assessmentHash;
}

async function chipFault(receipt: Receipt, chips?: readonly string[]): Promise<ReceiptVerdict> {
  const gm = await loadGm();
  const chip = receipt.chipReceipt as unknown as ChipReceipt;
  const isKnown = chips === undefined || chips.includes(chip.chipPublicKeyHex);
  const isWhole = trying(() => verifyChipReceipt(gm, hexToBytes(chip.chipPublicKeyHex), chip));
  if (!isKnown || !isWhole) return fault('chip_signature_invalid');
  const { tenant, keyId, requestId, operation } = chip;
  const { epoch } = receipt.chipAsked;
  const { institution } = JSON.parse(receipt.text) as { readonly institution?: unknown };
  const isAnswer = trying(() => {
    const e = gm.sm2.digest(hexToBytes(receipt.publicKeyHex), utf8ToBytes(receipt.text));
    const ctx = signContext({ tenant, keyId }, epoch, requestId);
    const message = base64urlBytes(receipt.chipAsked.message) ?? new Uint8Array();
    return chip.inputHashHex === shareUseHash(gm, { kind: 'sign', epoch, e, ctx, message });
  });
  const isOfOrder = operation === 'share.sign' && tenant === institution && isAnswer;
  return isOfOrder ? { ok: true } : fault('chip_of_other_text');
}

function jsonHash(value: object): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value as unknown as Json))));
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
  return trying(() =>
    sm2.verify(hexToBytes(publicKeyHex), utf8ToBytes(text), hexToBytes(signatureHex)),
  );
}

function trying(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    // No key, or no signature at all.
    return false;
  }
}
