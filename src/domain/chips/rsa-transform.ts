import {
  blockRoom,
  bytesOfNumber,
  numberOf,
  powerMod,
  type RsaNumbers,
  recoverData,
  typeOneBlock,
} from '../../core/token/rsa-recovery.ts';
import { base64urlBytes } from '../../lib/base64url.ts';
import { CinnabarError } from '../errors.ts';
import type { ChipTools } from './tools.ts';

const parameters = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };

interface PrivateNumbers extends RsaNumbers {
  readonly d: bigint;
}

/**
 * The private RSA operation on a block of type 1 around the data itself (RFC 8017 §5.2.1, RFC 2313
 * §8.1), which WebCrypto does not offer. What is recovered from it is for everybody to read.
 *
 * The base is blinded, so that the time of the exponentiation says nothing about it; whole numbers
 * of the language are no constant-time arithmetic all the same, which is one more reason why a key
 * of this class does nothing else. The result is checked with the public key before it leaves
 * (a fault in the operation would give the key away).
 *
 * @throws CinnabarError `key_use_refused` for data that does not fit into one block
 */
export async function transformData(
  { sodium, subtle }: Pick<ChipTools, 'sodium' | 'subtle'>,
  pkcs8: Uint8Array,
  data: Uint8Array,
): Promise<Uint8Array> {
  const { n, e, d, size } = await privateNumbers(subtle, pkcs8);
  if (data.length > blockRoom(size)) throw new CinnabarError('key_use_refused');
  const block = numberOf(typeOneBlock(data, size));
  const blind = (numberOf(sodium.randombytes_buf(size)) % (n - 2n)) + 2n;
  const blinded = (block * powerMod(blind, e, n)) % n;
  const result = (powerMod(blinded, d, n) * inverse(blind, n)) % n;
  if (powerMod(result, e, n) !== block) throw new Error('the RSA operation went wrong');
  return bytesOfNumber(result, size);
}

/** Whether `transformed` recovers to `data`. */
export async function isTransformOf(
  subtle: SubtleCrypto,
  spki: Uint8Array,
  data: Uint8Array,
  transformed: Uint8Array,
): Promise<boolean> {
  const key = await subtle.importKey('spki', new Uint8Array(spki), parameters, true, ['verify']);
  const numbers = numbersOf((await subtle.exportKey('jwk', key)) as JsonWebKey);
  try {
    const recovered = recoverData(numbers, [transformed]);
    return recovered.length === data.length && recovered.every((byte, i) => byte === data[i]);
  } catch {
    return false;
  }
}

async function privateNumbers(subtle: SubtleCrypto, pkcs8: Uint8Array): Promise<PrivateNumbers> {
  const key = await subtle.importKey('pkcs8', new Uint8Array(pkcs8), parameters, true, ['sign']);
  const jwk = (await subtle.exportKey('jwk', key)) as JsonWebKey;
  return { ...numbersOf(jwk), d: numberOf(member(jwk.d)) };
}

function numbersOf({ n, e }: JsonWebKey): RsaNumbers {
  const modulus = member(n);
  return { n: numberOf(modulus), e: numberOf(member(e)), size: modulus.length };
}

function member(text: string | undefined): Uint8Array {
  return base64urlBytes(text ?? '') ?? new Uint8Array();
}

/** By the extended algorithm of Euclid. A blind that shares a factor with n would have found one. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [r, next] = [modulus, value];
  let [t, following] = [0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, following] = [following, t - quotient * following];
  }
  return ((t % modulus) + modulus) % modulus;
}
