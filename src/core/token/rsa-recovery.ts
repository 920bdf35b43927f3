import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { base64urlBytes } from '../../lib/base64url.ts';
import { assertToken, TokenError } from './error.ts';
import { isSoundJwk, type PublicJwk } from './jwk.ts';

// The transform of RFC 8017 §5.2 with the block of PKCS #1 v1.5 type 1 (RFC 2313 §8.1) over the
// data itself. It hides nothing: whoever has the public key undoes it. See docs/literal-profile.md.

const frameBytes = 3;
const fillBytesMin = 8;

/** Numbers of an RSA key. `d` is there in a private one. */
export interface RsaNumbers {
  readonly n: bigint;
  readonly e: bigint;
  /** Bytes of the modulus. */
  readonly size: number;
}

/** Most bytes of data in one block. */
export function blockRoom(size: number): number {
  return size - frameBytes - fillBytesMin;
}

export function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`);
}

/** @throws RangeError when the number needs more bytes */
export function bytesOfNumber(value: bigint, size: number): Uint8Array {
  const hex = value.toString(16).padStart(size * 2, '0');
  if (hex.length > size * 2) throw new RangeError('the number is too large');
  return hexToBytes(hex);
}

/** base ^ exponent mod modulus. Its time depends on the exponent. */
export function powerMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** 00 01 FF … FF 00 data: no randomness, so equal data gives an equal block. */
export function typeOneBlock(data: Uint8Array, size: number): Uint8Array {
  if (data.length > blockRoom(size)) throw new RangeError('the data does not fit into one block');
  const fill = new Uint8Array(size - frameBytes - data.length).fill(0xff);
  return concatBytes(Uint8Array.of(0, 1), fill, Uint8Array.of(0), data);
}

/** What stands in a block. @throws TokenError unless it is the one form of its data */
export function dataOfBlock(block: Uint8Array): Uint8Array {
  const end = block.indexOf(0, 2);
  const isBlock = block[0] === 0 && block[1] === 1 && end >= 2 + fillBytesMin;
  assertToken(
    isBlock && block.subarray(2, end).every((byte) => byte === 0xff),
    'sealed_unreadable',
  );
  return block.slice(end + 1);
}

/** @throws TokenError for a key that is none */
export async function rsaNumbers(jwk: PublicJwk): Promise<RsaNumbers> {
  assertToken(jwk.kty === 'RSA' && (await isSoundJwk(jwk)), 'key_unknown');
  const modulus = base64urlBytes(jwk.n ?? '') ?? new Uint8Array();
  const exponent = base64urlBytes(jwk.e ?? '') ?? new Uint8Array();
  return { n: numberOf(modulus), e: numberOf(exponent), size: modulus.length };
}

/**
 * Undoes the transform with the public key: everybody can.
 *
 * @throws TokenError `sealed_unreadable`
 */
export function recoverData({ n, e, size }: RsaNumbers, blocks: readonly Uint8Array[]): Uint8Array {
  const parts = blocks.map((block) => {
    const value = numberOf(block);
    if (block.length !== size || value >= n) throw new TokenError('sealed_unreadable');
    return dataOfBlock(bytesOfNumber(powerMod(value, e, n), size));
  });
  return concatBytes(...parts);
}
