import { bytesToHex } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import { type Receipt, type ReceiptBody, receiptBytes } from '../../core/usage/receipt.ts';

export { type Receipt, type ReceiptBody, verifyReceipt } from '../../core/usage/receipt.ts';

export function signReceipt(gm: Gm, identity: Uint8Array, body: ReceiptBody): Receipt {
  return { ...body, signatureHex: bytesToHex(gm.sm2.sign(identity, receiptBytes(body))) };
}
