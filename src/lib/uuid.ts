import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

/** How many random bytes a UUID takes. */
export const uuidRandomBytes = 10;

/**
 * A UUID of version 7 (RFC 9562 §5.7): sorts by `nowMs`, then at random.
 *
 * `random` is `uuidRandomBytes` bytes; six of its bits give way to version and variant.
 */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  if (random.length !== uuidRandomBytes) throw new RangeError('uuid: 10 random bytes are needed');
  const hex = bytesToHex(random);
  const time = nowMs.toString(16).padStart(12, '0');
  const variant = ((Number.parseInt(hex.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}

/**
 * A UUID of version 7 that everyone derives alike from another one and some words; it sorts with
 * that one's time.
 */
export function uuidBeside(id: string, words: string): string {
  const time = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
  return uuidV7(time, sha256(utf8ToBytes(`${id} ${words}`)).slice(0, uuidRandomBytes));
}

/** A UUID of version 8 (RFC 9562 §5.8) that everyone derives alike from the same words. */
export function derivedUuid(words: string): string {
  const hex = bytesToHex(sha256(utf8ToBytes(words)));
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
