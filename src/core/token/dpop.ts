import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { CompactSign, type CryptoKey, compactVerify } from 'jose';
import { base64urlText } from '../../lib/base64url.ts';
import { hasExactly, readCompactJws, textOf } from './compact.ts';
import { assertToken, TokenError } from './error.ts';
import { imported, isSoundJwk, type PublicJwk, thumbprintOf } from './jwk.ts';
import { isObject, type JsonObject, parseStrictObject } from './strict-json.ts';

/** A proof is good for this long around the moment of its making (RFC 9449 §11.1). */
export const proofSeconds = 60;
const proofType = 'dpop+jwt';
const idPattern = /^[A-Za-z0-9_-]{16,64}$/;

/** What a proof must be about. */
export interface ProofExpectation {
  readonly method: string;
  /** Without query and fragment (RFC 9449 §4.2). */
  readonly url: string;
  readonly nowMs: number;
  /** The access token that the proof accompanies. */
  readonly accessToken?: string;
  /** Those that the server gave out and still accepts; none are demanded when it is left out. */
  readonly nonces?: readonly string[];
}

export interface ProvenKey {
  /** Thumbprint of the key (RFC 7638), to be compared with `cnf.jkt`. */
  readonly jkt: string;
  /** To be accepted once. */
  readonly jti: string;
  readonly expiresAtMs: number;
  /** What the proof repeats of the server; whether that is right remains to the caller. */
  readonly nonce?: string;
}

export interface ProofInput {
  readonly key: CryptoKey;
  readonly publicJwk: PublicJwk;
  readonly method: string;
  readonly url: string;
  readonly jti: string;
  readonly nowMs: number;
  readonly accessToken?: string;
  readonly nonce?: string;
}

/** A proof of possession of a P-256 key for one request (RFC 9449 §4.2). */
export function makeProof(input: ProofInput): Promise<string> {
  const { kty, crv, x, y } = input.publicJwk;
  const payload = {
    jti: input.jti,
    htm: input.method,
    htu: input.url,
    iat: Math.floor(input.nowMs / 1000),
    ...(input.accessToken === undefined ? {} : { ath: tokenHash(input.accessToken) }),
    ...(input.nonce === undefined ? {} : { nonce: input.nonce }),
  };
  return new CompactSign(utf8ToBytes(JSON.stringify(payload)))
    .setProtectedHeader({ typ: proofType, alg: 'ES256', jwk: { kty, crv, x, y } as never })
    .sign(input.key);
}

/** `ath` of a proof (RFC 9449 §4.2), and a name for a token that does not give it away. */
export function tokenHash(token: string): string {
  return base64urlText(sha256(utf8ToBytes(token)));
}

/**
 * Checks a proof (RFC 9449 §4.3). That its `jti` is new, and that its key is the one that the
 * token is bound to, remains to the caller.
 *
 * @throws TokenError `proof`, `malformed`, `too_large`
 */
export async function verifyProof(proof: string, expected: ProofExpectation): Promise<ProvenKey> {
  const jws = readCompactJws(proof);
  const jwk = await proofKey(jws.header);
  try {
    await compactVerify(proof, await imported(jwk, 'ES256'), { algorithms: ['ES256'] });
  } catch (cause) {
    throw new TokenError('proof', { cause });
  }
  const body = parseStrictObject(textOf(jws.payload));
  const { jti, iat } = body;
  const now = Math.floor(expected.nowMs / 1000);
  const ath = expected.accessToken === undefined ? undefined : tokenHash(expected.accessToken);
  const holds =
    body.htm === expected.method &&
    body.htu === expected.url &&
    Number.isSafeInteger(iat) &&
    Math.abs((iat as number) - now) <= proofSeconds &&
    typeof jti === 'string' &&
    idPattern.test(jti) &&
    body.ath === ath;
  assertToken(holds, 'proof');
  if (expected.nonces)
    assertToken(
      expected.nonces.some((one) => one === body.nonce),
      'proof',
    );
  const expiresAtMs = ((iat as number) + proofSeconds + 1) * 1000;
  const { nonce } = body;
  return {
    jkt: thumbprintOf(jwk),
    jti: jti as string,
    expiresAtMs,
    ...(typeof nonce === 'string' ? { nonce } : {}),
  };
}

/** The public key in a proof's header: of one kind, in one form, and nothing beside it. */
async function proofKey(header: JsonObject): Promise<PublicJwk> {
  const { jwk } = header;
  const isProof =
    hasExactly(header, ['alg', 'jwk', 'typ']) &&
    header.typ === proofType &&
    header.alg === 'ES256' &&
    isObject(jwk) &&
    hasExactly(jwk, ['crv', 'kty', 'x', 'y']) &&
    jwk.kty === 'EC' &&
    jwk.crv === 'P-256';
  assertToken(isProof, 'proof');
  const key = jwk as unknown as PublicJwk;
  assertToken(await isSoundJwk(key), 'proof');
  return key;
}
