import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CompactEncrypt, compactDecrypt } from 'jose';
import { checkClaims, type TokenClaims } from './claims.ts';
import { hasExactly, part, readCompactJws, textOf } from './compact.ts';
import { assertToken, TokenError } from './error.ts';
import {
  type IssuerJwk,
  imported,
  kidPattern,
  type PublicJwk,
  type SealingJwk,
  thumbprintOf,
  verificationKey,
} from './jwk.ts';
import { factsOf, type SensitiveFact } from './open.ts';
import { profiles } from './profiles.ts';
import { recoverData, rsaNumbers } from './rsa-recovery.ts';
import type { OpeningKey } from './sealing.ts';
import { isObject, type JsonObject, parseStrictObject } from './strict-json.ts';

/** How an encrypted `alg` is made; there is one way, and it takes no parameters. */
export const algMethod = 'ECDH-ES+A256GCM';
const blocksMax = 8;
const signed = 'RS256';

/** A key that only recovers; it signs no token. */
export interface RecoveryJwk extends PublicJwk {
  readonly kid: string;
  readonly alg: 'RSA-RECOVERY';
  readonly use: 'recovery';
}

export interface LiteralTrust {
  readonly issuer: string;
  readonly audience: string;
  /** Keys that sign: RS256, and of no other use. */
  readonly signing: readonly IssuerJwk[];
  /** Keys that recover. A key that a token carries must be one of these, by its thumbprint. */
  readonly recovery: readonly RecoveryJwk[];
  /** For tokens whose `alg` is encrypted. */
  readonly openingKeys?: readonly OpeningKey[];
}

export interface LiteralToken {
  readonly claims: TokenClaims;
  readonly facts: readonly SensitiveFact[];
}

/** `alg` encrypted to a business system: a compact JWE over the name alone (D6). */
export async function encryptAlg(to: SealingJwk): Promise<string> {
  if (to.alg !== 'ECDH-ES') throw new TypeError('an encrypted alg needs a key on P-256 or X25519');
  return new CompactEncrypt(utf8ToBytes(signed))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', kid: to.kid })
    .encrypt(await imported(to, 'ECDH-ES'));
}

/**
 * Verifies a token of the compatibility profile and recovers what it carries. This is not
 * decryption: everybody with the public key can do it (docs/literal-profile.md).
 *
 * An encrypted `alg` decides nothing: it must be the one algorithm of the profile. Reading the
 * payload's method before the signature is verified is what the scheme asks for, so the method is
 * one of a closed list without parameters.
 *
 * @throws TokenError
 */
export async function openLiteral(
  token: string,
  trust: LiteralTrust,
  nowMs: number,
): Promise<LiteralToken> {
  assertSeparated(trust);
  const jws = readCompactJws(token);
  const { header } = jws;
  const profile = profiles['cin-003-literal'];
  assertToken(hasExactly(header, ['alg', 'kid', 'typ']) && header.typ === profile.typ, 'header');
  const body = parseStrictObject(textOf(jws.payload));
  assertToken((await algOf(header, body, trust)) === signed, 'header');
  const kid = header.kid;
  assertToken(typeof kid === 'string' && kidPattern.test(kid), 'header');
  const jwk = trust.signing.find((key) => key.kid === kid && key.alg === signed);
  assertToken(jwk !== undefined, 'key_unknown');
  await verifySigned(jws.signed, jws.signature, jwk as IssuerJwk);
  const { issuer, audience } = trust;
  const claims = checkClaims(body, profile, { issuer, audience, nowMs });
  return { claims, facts: await factsIn(body, trust) };
}

/** One RSA key in both lists would make the transform an oracle for signatures. */
function assertSeparated({ signing, recovery }: LiteralTrust): void {
  const moduli = [...signing, ...recovery].map(({ n }) => n);
  if (new Set(moduli).size !== moduli.length) {
    throw new TypeError('a key that signs tokens must not recover, nor the other way round');
  }
}

async function algOf(header: JsonObject, body: JsonObject, trust: LiteralTrust): Promise<unknown> {
  if (body.alg_method === undefined) return header.alg;
  assertToken(body.alg_method === algMethod && typeof header.alg === 'string', 'header');
  const [first = ''] = (header.alg as string).split('.');
  const { kid } = parseStrictObject(textOf(part(first, 'header')));
  const key = trust.openingKeys?.find((one) => one.kid === kid);
  if (key?.alg !== 'ECDH-ES') throw new TokenError('header');
  try {
    const { plaintext } = await compactDecrypt(header.alg as string, key.key, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    return textOf(plaintext);
  } catch (cause) {
    throw new TokenError('header', { cause });
  }
}

/** RSASSA-PKCS1-v1_5 (RFC 8017 §8.2) over the text as it was sent, by WebCrypto. */
async function verifySigned(text: string, signature: Uint8Array, jwk: IssuerJwk): Promise<void> {
  const key = await verificationKey(jwk);
  assertToken(key.algorithm === signed, 'key_unknown');
  const parameters = { name: 'RSASSA-PKCS1-v1_5' };
  const holds = await crypto.subtle.verify(
    parameters,
    key.key as CryptoKey,
    new Uint8Array(signature),
    new Uint8Array(utf8ToBytes(text)),
  );
  assertToken(holds, 'signature');
}

async function factsIn(body: JsonObject, trust: LiteralTrust): Promise<readonly SensitiveFact[]> {
  const { sensitive, recovery_kid: kid, key } = body;
  const isList = Array.isArray(sensitive) && sensitive.length > 0 && sensitive.length <= blocksMax;
  assertToken(isList && sensitive.every((one) => typeof one === 'string'), 'sealed_absent');
  const jwk = trust.recovery.find((one) => one.kid === kid);
  assertToken(jwk !== undefined, 'key_unknown');
  // A key that the token brings is a hint at best: what counts is the list (RFC 7638 thumbprint).
  if (key !== undefined) {
    assertToken(isObject(key) && thumbprintOf(key as unknown as PublicJwk) === kid, 'key_unknown');
  }
  const blocks = (sensitive as string[]).map((one) => part(one, 'sealed_unreadable'));
  const data = recoverData(await rsaNumbers(jwk as RecoveryJwk), blocks);
  return factsOf(parseStrictObject(textOf(data, 'sealed_unreadable')).facts);
}
