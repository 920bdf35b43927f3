/** How many random bytes a UUID takes. */
export const uuidRandomBytes = 10;

/**
 * A UUID of version 7 (RFC 9562 §5.7): sorts by `nowMs`, then at random.
 *
 * `random` is `uuidRandomBytes` bytes; six of its bits give way to version and variant.
 */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  if (random.length !== uuidRandomBytes) throw new RangeError('uuid: 10 random bytes are needed');
  const hex = Array.from(random, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const time = nowMs.toString(16).padStart(12, '0');
  const variant = ((Number.parseInt(hex.slice(3, 4), 16) & 0x3) | 0x8).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(7, 19)}`;
}
