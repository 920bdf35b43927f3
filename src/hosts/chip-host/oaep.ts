import { createHash } from 'node:crypto';
import { CinnabarError } from '../../domain/errors.ts';

const hashBytes = 32;

/**
 * EME-OAEP decoding with SHA-256, MGF1 with SHA-256 and an empty label (RFC 8017 §7.1.2 step 3), of
 * a block that a token decrypted. What is wrong inside neither shows nor takes another path, as the
 * note there demands: all is looked at, then one answer given.
 *
 * @throws CinnabarError `decryption_failed`
 */
export function decodeOaep(block: Uint8Array): Uint8Array {
  const seed = masked(block.subarray(1, 1 + hashBytes), block.subarray(1 + hashBytes));
  const data = masked(block.subarray(1 + hashBytes), seed);
  const label = createHash('sha256').digest();
  let wrong = block[0] ?? 1;
  for (let i = 0; i < hashBytes; i++) wrong |= (data[i] ?? 0) ^ (label[i] ?? 0);
  // 0 while only zero bytes were seen, then all ones.
  let found = 0;
  let start = 0;
  for (let i = hashBytes; i < data.length; i++) {
    const byte = data[i] ?? 0;
    const isOne = mask(byte ^ 1);
    const isZero = mask(byte);
    start |= i & isOne & ~found;
    wrong |= ~isZero & ~isOne & ~found & 1;
    found |= isOne;
  }
  wrong |= ~found & 1;
  if (wrong !== 0) throw new CinnabarError('decryption_failed');
  return data.slice(start + 1);
}

/** All ones for zero, else zero; `value` is a byte. */
function mask(value: number): number {
  return (value - 1) >> 31;
}

/** XOR with MGF1 of the seed (RFC 8017 B.2.1). */
function masked(bytes: Uint8Array, seed: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let at = 0, counter = 0; at < bytes.length; at += hashBytes, counter++) {
    const number = Buffer.alloc(4);
    number.writeUInt32BE(counter);
    const block = createHash('sha256').update(seed).update(number).digest();
    for (let i = 0; i < hashBytes && at + i < bytes.length; i++) {
      result[at + i] = (bytes[at + i] ?? 0) ^ (block[i] ?? 0);
    }
  }
  return result;
}
