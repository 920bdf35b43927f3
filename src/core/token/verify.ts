import { utf8ToBytes } from '@noble/hashes/utils.js';
import { checkClaims, type TokenClaims } from './claims.ts';
import { type CompactJws, hasExactly, readCompactJws, textOf } from './compact.ts';
import { assertToken } from './error.ts';
import { type IssuerJwk, kidPattern, type VerificationKey, verificationKey } from './jwk.ts';
import { type ProfileName, profileOfType, type TokenProfile } from './profiles.ts';
import { parseStrictObject } from './strict-json.ts';

/** Whose tokens are accepted, for whom, and of which kinds. Nothing of it comes from a token. */
export interface TokenTrust {
  readonly issuer: string;
  /** The name of who verifies: the token must be meant for it. */
  readonly audience: string;
  /** The issuer's published keys. */
  readonly keys: readonly IssuerJwk[];
  /** `cin-sealed-1` when left out. The literal profile is never among them unless named. */
  readonly profiles?: readonly ProfileName[];
  /**
   * Of so many tokens the signature is verified once only: the same characters under the same keys
   * give the same answer. Times and everything else are checked every time. None when left out.
   */
  readonly remembered?: number;
}

export interface VerifiedToken {
  readonly profile: TokenProfile;
  readonly claims: TokenClaims;
  /** The key that signed. */
  readonly kid: string;
}

export interface TokenVerifier {
  /** @throws TokenError for a token that is not accepted, whatever the reason */
  verify(token: string, nowMs: number): Promise<VerifiedToken>;
}

const headerNames = ['alg', 'kid', 'typ'];

/**
 * Makes ready the keys of a set, once. Keys of a profile that is not accepted are left out.
 *
 * @throws TypeError for a key that cannot be used
 */
export async function tokenVerifier(trust: TokenTrust): Promise<TokenVerifier> {
  const { issuer, audience, profiles: allowed = ['cin-sealed-1'], remembered = 0 } = trust;
  const keys = new Map<string, VerificationKey>();
  for (const jwk of trust.keys) keys.set(jwk.kid, await verificationKey(jwk));
  const genuine = new Set<string>();

  return {
    async verify(token, nowMs) {
      const jws = readCompactJws(token);
      const { header } = jws;
      // Nothing beside these: no key, address, certificate or extension that a token brings along.
      assertToken(hasExactly(header, headerNames), 'header');
      const profile = profileOfType(header.typ, allowed);
      assertToken(header.alg === profile.algorithm, 'header');
      const { kid } = header;
      assertToken(typeof kid === 'string' && kidPattern.test(kid), 'header');
      const key = keys.get(kid as string);
      assertToken(key !== undefined && key.algorithm === profile.algorithm, 'key_unknown');
      if (!genuine.has(token)) {
        await verifySignature(key, jws);
        if (genuine.size >= remembered) genuine.clear();
        if (remembered > 0) genuine.add(token);
      }
      const body = parseStrictObject(textOf(jws.payload));
      const claims = checkClaims(body, profile, { issuer, audience, nowMs });
      return { profile, claims, kid: kid as string };
    },
  };
}

const rawSignatureBytes = 64;
const webCrypto = {
  ES256: { name: 'ECDSA', hash: 'SHA-256' },
  RS256: { name: 'RSASSA-PKCS1-v1_5' },
} as const;

/**
 * Over the very characters that were read above: a library that reads the token again would be a
 * second opinion of what it says.
 */
async function verifySignature(
  key: VerificationKey,
  { signed, signature }: CompactJws,
): Promise<void> {
  const message = utf8ToBytes(signed);
  const isRaw = key.algorithm === 'RS256' || signature.length === rawSignatureBytes;
  assertToken(isRaw && (await isSignature(key, message, signature)), 'signature');
}

async function isSignature(
  key: VerificationKey,
  message: Uint8Array<ArrayBuffer>,
  signature: Uint8Array,
): Promise<boolean> {
  if (key.algorithm === 'SM2-SM3') {
    return key.gm.sm2.verify(key.key, message, signature, { format: 'raw' });
  }
  const algorithm = webCrypto[key.algorithm];
  return crypto.subtle.verify(algorithm, key.key, Uint8Array.from(signature), message);
}
