import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import type { Federated } from '../../../core/federated.ts';

/** A key of 32 bytes for one use, by HKDF-SHA-256 (RFC 5869). */
export function deriveKey(seed: Uint8Array, ...use: readonly (string | number)[]): Uint8Array {
  return hkdf(sha256, seed, undefined, utf8ToBytes(`cinnabar training ${use.join('/')}`), 32);
}

/** Uniform words mod 2^64 for one use of a seed. */
export function maskWords(
  federated: Pick<Federated, 'keystream'>,
  seed: Uint8Array,
  count: number,
  ...use: readonly (string | number)[]
): BigUint64Array<ArrayBuffer> {
  return federated.keystream(deriveKey(seed, ...use), new Uint8Array(12), count);
}

/** Uniform words mod 2^32 for one use of a seed. */
export function maskInts(
  federated: Pick<Federated, 'keystream'>,
  seed: Uint8Array,
  count: number,
  ...use: readonly (string | number)[]
): Int32Array<ArrayBuffer> {
  const words = maskWords(federated, seed, Math.ceil(count / 2), ...use);
  return new Int32Array(words.buffer, 0, count);
}
