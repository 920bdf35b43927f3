import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { KeyPair, Suite } from './suite.ts';

/**
 * What travels in a box: the hash of its context, then JSON, padded to one length per step, so that
 * a length tells nothing (rule R6). A box that was made for another request, step or pair of
 * parties does not open.
 */
export interface BoxContext {
  readonly requestId: string;
  readonly rosterHash: string;
  readonly step: Step;
  readonly from: string;
  readonly to: string;
}

/** Bytes of content per step, before encryption. */
export const stepBytes = {
  /** Applicant to node, applicant to decision service. */
  apply: 2048,
  request: 6144,
  /** Node to node: one word, encrypted under the key of the pair. */
  piece: 8,
  /** Node to decision service: what it says of the person, and its sums. */
  statement: 320,
  sums: 384,
  /** Node to applicant: its reasons. */
  reasons: 512,
  /** Decision service to applicant. */
  decision: 6144,
} as const;
export type Step = keyof typeof stepBytes;

const hashBytes = 32;
const lengthBytes = 2;

export function contextHash(context: BoxContext): Uint8Array {
  return sha256(utf8ToBytes(canonicalJson({ v: 1, ...context })));
}

/** SHA-256 in hex of the canonical JSON of a value. */
export function jsonHash(value: Json): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}

/** @throws RangeError when the content is longer than its step allows */
export function sealJson(
  suite: Suite,
  publicKey: Uint8Array,
  context: BoxContext,
  content: Json,
): Uint8Array {
  const text = utf8ToBytes(canonicalJson(content));
  const room = stepBytes[context.step] - lengthBytes;
  if (text.length > room) throw new RangeError(`${context.step}: content is too long`);
  const length = Uint8Array.of(text.length >> 8, text.length & 0xff);
  const padding = new Uint8Array(room - text.length);
  return suite.seal(publicKey, concatBytes(contextHash(context), length, text, padding));
}

/** The content, or `undefined` when the box is not what it should be, whatever the reason. */
export function openJson(
  suite: Suite,
  keys: KeyPair,
  context: BoxContext,
  box: Uint8Array,
): unknown {
  const plaintext = suite.open(keys, box);
  if (plaintext?.length !== hashBytes + stepBytes[context.step]) return undefined;
  if (bytesToHex(plaintext.subarray(0, hashBytes)) !== bytesToHex(contextHash(context))) {
    return undefined;
  }
  const [high = 0, low = 0] = plaintext.subarray(hashBytes, hashBytes + lengthBytes);
  const start = hashBytes + lengthBytes;
  const end = start + high * 256 + low;
  if (end > plaintext.length || plaintext.subarray(end).some((byte) => byte !== 0))
    return undefined;
  try {
    return JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
        plaintext.subarray(start, end),
      ),
    );
  } catch {
    return undefined;
  }
}
