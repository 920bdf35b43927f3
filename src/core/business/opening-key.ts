import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CryptoKey } from 'jose';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { GmError, loadGm } from '../gm.ts';
import { assertToken } from '../token/error.ts';
import { jwkOfPoint, type PublicJwk, thumbprintOf } from '../token/jwk.ts';
import { type OpeningKey, openPart } from '../token/sealing.ts';

/** RFC 8410 §7: PKCS #8 of an X25519 private key, up to the key. */
const pkcs8Prefix = hexToBytes('302e020100300506032b656e04220420');
const seedBytes = 32;
const algorithm = { name: 'X25519' };
const registration = 'registration';

/** A key pair of a business system; `jwk` is what it registers. */
export interface SystemKeys {
  readonly jwk: PublicJwk;
  readonly key: OpeningKey;
  /** For `pseudonymKey`: of the same secret, and independent of the pair. */
  readonly pseudonymKey: Uint8Array;
}

/** On which curve the pair of a business system is; `SM2` is for tokens of the GM profile. */
export type SystemCurve = 'X25519' | 'SM2';

/**
 * The keys of a business system from its one secret: a pair to which tokens are sealed, and the key
 * of its pseudonyms (HKDF, RFC 5869).
 *
 * @throws RangeError unless the secret is 32 bytes long
 */
export async function systemKeys(
  secret: Uint8Array,
  curve: SystemCurve = 'X25519',
): Promise<SystemKeys> {
  if (secret.length !== seedBytes) throw new RangeError('a system secret has 32 bytes');
  const derived = (purpose: string) =>
    hkdf(sha256, secret, undefined, utf8ToBytes(`cinnabar business ${purpose} 1`), seedBytes);
  const pair = curve === 'SM2' ? await sm2Pair(derived) : await x25519Pair(derived('opening'));
  return { ...pair, pseudonymKey: derived('pseudonyms') };
}

type Pair = Omit<SystemKeys, 'pseudonymKey'>;

/** SM2 takes private keys from 1 to n - 2: the first that fits, as FIPS 186-5 §A.2.2 draws them. */
async function sm2Pair(derived: (purpose: string) => Uint8Array): Promise<Pair> {
  const { sm2 } = await loadGm();
  for (let tried = 0; ; tried++) {
    const privateKey = derived(`opening sm2 ${tried}`);
    const publicKey = publicKeyIfFit(() => sm2.publicKey(privateKey));
    if (!publicKey) continue;
    const jwk = jwkOfPoint('SM2', publicKey);
    return { jwk, key: { kid: thumbprintOf(jwk), alg: 'SM2', key: privateKey } };
  }
}

function publicKeyIfFit(make: () => Uint8Array): Uint8Array | undefined {
  try {
    return make();
  } catch (error) {
    if (error instanceof GmError && error.code === 'key_invalid') return undefined;
    throw error;
  }
}

async function x25519Pair(seed: Uint8Array): Promise<Pair> {
  const pkcs8 = new Uint8Array(concatBytes(pkcs8Prefix, seed));
  const { subtle } = crypto;
  const open = await subtle.importKey('pkcs8', pkcs8, algorithm, true, ['deriveBits']);
  const { x = '' } = (await subtle.exportKey('jwk', open)) as { readonly x?: string };
  const key = await subtle.importKey('pkcs8', pkcs8, algorithm, false, ['deriveBits']);
  pkcs8.fill(0);
  // Some exports pad; the form that tokens carry is one.
  const jwk: PublicJwk = {
    kty: 'OKP',
    crv: 'X25519',
    x: base64urlText(base64urlBytes(x) ?? new Uint8Array()),
  };
  return {
    jwk,
    key: { kid: thumbprintOf(jwk), alg: 'ECDH-ES', crv: 'X25519', key: key as CryptoKey },
  };
}

/**
 * Reads the challenge of a registration. The answer shows that this system holds its key.
 *
 * @throws TokenError
 */
export async function answerChallenge(
  challenge: string,
  key: OpeningKey,
  { issuer, name }: { readonly issuer: string; readonly name: string },
): Promise<string> {
  const binding = { iss: issuer, sub: registration, jti: registration, aud: name };
  const { challenge: answer } = await openPart([challenge], [key], binding);
  assertToken(typeof answer === 'string', 'sealed_unreadable');
  return answer as string;
}
