import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { base64urlBytes } from '../../lib/base64url.ts';
import type { Gm } from '../gm.ts';
import { signContext } from '../two-party-context.ts';
import { type Receipt, verifyReceipt } from './receipt.ts';
import { isAttested, type ShareAttestation, shareUseHash } from './share-use.ts';

/** What a terminal kept of a run in which the answer was no half of a signature. */
export interface Transcript {
  readonly requestId: string;
  /** All as they went over the line, base64url. */
  readonly digest: string;
  readonly context: string;
  readonly message: string;
  readonly reply: string;
  /**
   * The terminal's nonces u and v, 64 bytes: with them everybody can repeat its check. They were for
   * this one signature, which never came into being, and say nothing about the share.
   */
  readonly nonces?: string | undefined;
  /** As it came with the reply; the chip's signature in it covers input and reply. */
  readonly receipt?: Readonly<Record<string, unknown>> | undefined;
}

/** All that is needed to judge, without asking anybody. */
export interface MisbehaviourCase {
  readonly tenant: string;
  readonly keyId: string;
  readonly transcript: Transcript;
  /** As the terminal kept it when the key was made, or its shares were last changed. */
  readonly attestation?: ShareAttestation | undefined;
}

export const misbehaviourVerdicts = [
  'proved',
  'answer_right',
  'not_receipted',
  'not_attested',
  'nonces_differ',
  'chip_untrusted',
  'malformed',
] as const;

/**
 * `proved`: a chip that is trusted signed this answer to exactly this question, and it is wrong.
 * `answer_right`: it is not. `not_receipted`: no chip signed it, so somebody on the way may have
 * changed it; `not_attested`: no chip said what its share is; `nonces_differ`: they are not those of
 * the terminal's message.
 */
export type MisbehaviourVerdict = (typeof misbehaviourVerdicts)[number];

/**
 * Judges a report that the cloud answered wrongly (C8). The one judge there is: for the service that
 * keeps the report, for `cinnabar audit judge`, and for the auditor's page.
 *
 * @param chips identity keys of the chips that are trusted, in hex; absent: any chip's
 */
export function judgeMisbehaviour(
  gm: Gm,
  report: MisbehaviourCase,
  chips: readonly string[] | undefined,
): MisbehaviourVerdict {
  try {
    return judged(gm, report, chips);
  } catch {
    // Of any form: it comes from outside.
    return 'malformed';
  }
}

function judged(
  gm: Gm,
  { tenant, keyId, transcript, attestation }: MisbehaviourCase,
  chips: readonly string[] | undefined,
): MisbehaviourVerdict {
  const [e, ctx, message, reply, nonces] = [
    bytesOf(transcript.digest),
    bytesOf(transcript.context),
    bytesOf(transcript.message),
    bytesOf(transcript.reply),
    bytesOf(transcript.nonces ?? ''),
  ];
  if (!attestation || !isAttested(gm, { tenant, keyId }, attestation)) return 'not_attested';
  const { points } = attestation;
  const { epoch } = points;
  const { requestId } = transcript;
  // The question was this key's, in this epoch, under this name.
  const isAsked = isSame(ctx, signContext({ tenant, keyId }, epoch, requestId));
  const receipt = transcript.receipt as unknown as Receipt | undefined;
  const isReceipted =
    isAsked &&
    receipt?.tenant === tenant &&
    receipt.keyId === keyId &&
    receipt.requestId === requestId &&
    receipt.operation === 'share.sign' &&
    receipt.inputHashHex === shareUseHash(gm, { kind: 'sign', epoch, e, ctx, message }) &&
    receipt.resultHashHex === bytesToHex(gm.sm3(reply)) &&
    verifyReceipt(gm, hexToBytes(receipt.chipPublicKeyHex), receipt);
  if (!isReceipted) return 'not_receipted';
  const named = [receipt.chipPublicKeyHex, attestation.receipt.chipPublicKeyHex];
  if (chips && !named.every((chip) => chips.includes(chip))) return 'chip_untrusted';
  if (!areNonces(gm, message, nonces)) return 'nonces_differ';
  const [publicKey, peer] = [hexToBytes(points.jointHex), hexToBytes(points.chipsHex)];
  const isRight = gm.twoParty.sign.isAnswer({
    publicKey,
    peer,
    epoch,
    ctx,
    message,
    nonces,
    reply,
  });
  return isRight ? 'answer_right' : 'proved';
}

const pointBytes = 33;

/** D = u G and E = v G of the message. */
function areNonces({ sm2 }: Gm, message: Uint8Array, nonces: Uint8Array): boolean {
  const [u, v] = [nonces.subarray(0, 32), nonces.subarray(32, 64)];
  return (
    nonces.length === 64 &&
    isSame(sm2.compressPoint(sm2.publicKey(u)), message.subarray(0, pointBytes)) &&
    isSame(sm2.compressPoint(sm2.publicKey(v)), message.subarray(pointBytes, 2 * pointBytes))
  );
}

const isSame = (one: Uint8Array, other: Uint8Array) => bytesToHex(one) === bytesToHex(other);

function bytesOf(text: string): Uint8Array {
  const bytes = base64urlBytes(text);
  if (!bytes) throw new TypeError('not base64url');
  return bytes;
}
