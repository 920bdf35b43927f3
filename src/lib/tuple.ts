import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/**
 * One encoding for a list of fields: each as its length (4 bytes, big-endian) and its bytes, text
 * as UTF-8, whole numbers in decimal. No two lists of fields give the same bytes.
 */
export function tupleBytes(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  return concatBytes(
    ...parts.flatMap((part) => {
      const bytes = part instanceof Uint8Array ? part : utf8ToBytes(String(part));
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return [length, bytes];
    }),
  );
}
