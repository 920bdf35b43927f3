import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { CryptoKey } from 'jose';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { assertToken } from '../token/error.ts';
import { type PublicJwk, thumbprintOf } from '../token/jwk.ts';
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

/**
 * The keys of a business system from its one secret: an X25519 pair to which tokens are sealed, and
 * the key of its pseudonyms (HKDF, RFC 5869).
 *
 * @throws RangeError unless the secret is 32 bytes long
 */
export async function systemKeys(secret: Uint8Array): Promise<SystemKeys> {
  if (secret.length !== seedBytes) throw new RangeError('a system secret has 32 bytes');
  const derived = (purpose: string) =>
    hkdf(sha256, secret, undefined, utf8ToBytes(`cinnabar business ${purpose} 1`), seedBytes);
  const pkcs8 = new Uint8Array(concatBytes(pkcs8Prefix, derived('opening')));
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
    pseudonymKey: derived('pseudonyms'),
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
