import { timingSafeEqual } from 'node:crypto';
import { concatBytes } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import { ChipFault } from '../../domain/chips/faults.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { readDer } from '../../lib/der.ts';

const coordinateBytes = 32;
const hashBytes = 32;
const pointBytes = 65;

interface Parts {
  readonly point: Uint8Array;
  readonly hash: Uint8Array;
  readonly data: Uint8Array;
}

/**
 * Decrypts SM2 (GB/T 32918.4 §7.1) with a key that only agrees: the token gives the x-coordinate of
 * d·C1, and of the two points with it the digest C3 tells which one it was.
 *
 * @throws CinnabarError `decryption_failed` whatever is wrong inside; what `agree` says of the key
 */
export function openSm2(
  gm: Gm,
  ciphertext: Uint8Array,
  format: 'der' | 'raw',
  agree: (point: Uint8Array) => Uint8Array,
): Uint8Array {
  try {
    const { point, hash, data } = format === 'der' ? derParts(ciphertext) : rawParts(ciphertext);
    // Refuses what is not on the curve: the answer would tell about the key.
    const x = agree(gm.sm2.decodePoint(point));
    const opened = [2, 3].map((sign) => {
      const shared = gm.sm2.decodePoint(concatBytes(Uint8Array.of(sign), x)).subarray(1);
      const stream = gm.kdf(shared, data.length);
      const plaintext = data.map((byte, i) => byte ^ (stream[i] ?? 0));
      const [x2, y2] = [shared.subarray(0, coordinateBytes), shared.subarray(coordinateBytes)];
      return { plaintext, isIt: timingSafeEqual(gm.sm3(concatBytes(x2, plaintext, y2)), hash) };
    });
    const right = opened.find(({ isIt }) => isIt);
    if (!right || data.length === 0) throw new Error('neither point fits the digest');
    return right.plaintext;
  } catch (cause) {
    if (cause instanceof ChipFault) throw cause;
    throw new CinnabarError('decryption_failed', { cause });
  }
}

/** SM2Cipher of GB/T 35276 §7.2. */
function derParts(ciphertext: Uint8Array): Parts {
  return readDer(ciphertext, (reader) => {
    const parts = reader.sequence();
    const [x, y] = [parts.unsignedOf(coordinateBytes), parts.unsignedOf(coordinateBytes)];
    const hash = parts.octetString();
    const data = parts.octetString();
    parts.end();
    if (hash.length !== hashBytes) throw new Error('the digest is not 32 bytes');
    return { point: concatBytes(Uint8Array.of(4), x, y), hash, data };
  });
}

function rawParts(ciphertext: Uint8Array): Parts {
  if (ciphertext.length <= pointBytes + hashBytes) throw new Error('the ciphertext is cut off');
  return {
    point: ciphertext.subarray(0, pointBytes),
    hash: ciphertext.subarray(pointBytes, pointBytes + hashBytes),
    data: ciphertext.subarray(pointBytes + hashBytes),
  };
}
