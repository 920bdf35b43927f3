import { bytesToHex } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { DecryptRequest, SignRequest } from './keys.ts';
import type { KeyKind } from './types.ts';

/** A sign or decrypt request. */
export type KeyOperation =
  | { readonly kind: 'sign'; readonly request: SignRequest }
  | { readonly kind: 'decrypt'; readonly request: DecryptRequest };

/** What a key is for, as text: two askings for one key are the same when this is equal. */
export function definitionOf({
  algorithm,
  uses,
  policy,
}: Pick<KeyKind, 'algorithm' | 'uses' | 'policy'>): string {
  return canonicalJson({ algorithm, uses: uses.toSorted(), policy } as unknown as Json);
}

/** What receipts and statements call the operation: `sign:sm2-sm3`. */
export function operationName({ kind, request }: KeyOperation): string {
  return `${kind}:${request.scheme}`;
}

/**
 * What a person states about the input, 64 hex digits: of an SM2 signature the digest e, of
 * everything else SM3 of the message, ciphertext or peer's point.
 */
export function inputDigest(gm: Gm, publicKey: Uint8Array, operation: KeyOperation): string {
  const { kind, request } = operation;
  if (kind === 'decrypt') {
    const input = request.scheme === 'ecdh-p256' ? request.peerPublicKey : request.ciphertext;
    return bytesToHex(gm.sm3(input));
  }
  if (request.digest) return bytesToHex(request.digest);
  if (request.scheme !== 'sm2-sm3') return bytesToHex(gm.sm3(request.message));
  return bytesToHex(gm.sm2.digest(gm.keys.decodeSpki(publicKey), request.message));
}

/** Two requests under one id are the same request when this is equal. 64 hex digits. */
export function requestHash(gm: Gm, digestHex: string, operation: KeyOperation): string {
  const { request } = operation;
  const format = 'format' in request ? (request.format ?? 'der') : 'der';
  const bytes = tupleBytes('cinnabar key use 1', operationName(operation), format, digestHex);
  return bytesToHex(gm.sm3(bytes));
}
