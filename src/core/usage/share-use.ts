import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Gm } from '../gm.ts';
import { type Receipt, verifyReceipt } from './receipt.ts';

// What a chip says of the share of a personal key that it holds, and of each answer with it: the
// same bytes in the chip, at the terminal, and wherever it is judged who broke the protocol.

/** One answer with a share, as the receipt names what went in. */
export interface ShareInput {
  readonly kind: 'sign' | 'decrypt';
  /** Of both shares. */
  readonly epoch: number;
  /** The digest of what is signed; empty of a decryption. */
  readonly e: Uint8Array;
  readonly ctx: Uint8Array;
  /** The terminal's message. */
  readonly message: Uint8Array;
}

/** The input of the receipt: 64 hex digits. */
export function shareUseHash(gm: Gm, { kind, epoch, e, ctx, message }: ShareInput): string {
  return bytesToHex(gm.sm3(tupleBytes('cinnabar share use 1', kind, epoch, e, ctx, message)));
}

/** What is public about the two shares of a key, in one epoch. Points are 04 || x || y in hex. */
export interface SharePoints {
  readonly epoch: number;
  /** P1, of the terminal. */
  readonly terminalHex: string;
  /** P2, of the chips. */
  readonly chipsHex: string;
  /** P, the public key. */
  readonly jointHex: string;
}

/**
 * A chip's word on the shares: after this whoever holds it can say of any answer with a receipt
 * whether it was the right one.
 */
export interface ShareAttestation {
  readonly points: SharePoints;
  /** Its result is `sharePointsBytes`; of the operation `share.points`. */
  readonly receipt: Receipt;
}

export const sharePointsOperation = 'share.points';

export function sharePointsBytes(points: SharePoints): Uint8Array {
  const { epoch, terminalHex, chipsHex, jointHex } = points;
  return tupleBytes('cinnabar share points 1', epoch, terminalHex, chipsHex, jointHex);
}

/** Whether a chip attested these points for this key. */
export function isAttested(
  gm: Gm,
  key: { readonly tenant: string; readonly keyId: string },
  { points, receipt }: ShareAttestation,
): boolean {
  return (
    receipt.tenant === key.tenant &&
    receipt.keyId === key.keyId &&
    receipt.operation === sharePointsOperation &&
    receipt.resultHashHex === bytesToHex(gm.sm3(sharePointsBytes(points))) &&
    verifyReceipt(gm, hexToBytes(receipt.chipPublicKeyHex), receipt)
  );
}
