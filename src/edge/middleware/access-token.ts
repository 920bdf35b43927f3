import { z } from '@hono/zod-openapi';
import { type CryptoKey, errors, type JWTVerifyGetKey, jwtVerify, SignJWT } from 'jose';
import { type Actor, type Role, roles } from '../../domain/actor.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { newId } from '../../domain/id.ts';
import type { Clock, Random } from '../../domain/ports.ts';
import { proveHolder } from '../../domain/tokens/proofs.ts';
import { isOwnToken, type OwnVerifier } from '../../domain/tokens/verifier.ts';
import type { Authenticator, DemoTokens } from '../deps.ts';

/** The audience that every token for this service names. */
export const audience = 'cinnabar';
/** RFC 9068 §2.1. */
const tokenType = 'at+jwt';
const demoIssuer = 'cinnabar-demo';
const demoAlgorithm = 'HS256';
const demoTtlSeconds = 15 * 60;
const demoSecretBytesMin = 32;
const clockToleranceSeconds = 5;

const claimsSchema = z.object({
  sub: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  tenant: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  branch: z.string().regex(/^[0-9A-Za-z-]{1,32}$/),
  roles: z.array(z.enum(roles)).min(1).max(roles.length),
  name: z.string().min(1).max(100),
});

/** Whose tokens are accepted, and how they must be signed. Nothing of it comes from the token. */
export interface TokenTrust {
  readonly key: CryptoKey | Uint8Array | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
  readonly issuer: string;
  readonly ttlSecondsMax: number;
}

/** Accepts signed JWT access tokens (RFC 9068) of one issuer. */
export function tokenAuthenticator(trust: TokenTrust, clock: Clock): Authenticator {
  const getKey: JWTVerifyGetKey =
    typeof trust.key === 'function' ? trust.key : constantKey(trust.key);
  return {
    async authenticate(token, { scheme }) {
      // Tokens from outside are bound to no key: a proof with one proves nothing.
      if (scheme !== 'bearer') throw new CinnabarError('unauthenticated');
      try {
        const { payload } = await jwtVerify(token, getKey, {
          algorithms: [...trust.algorithms],
          typ: tokenType,
          issuer: trust.issuer,
          audience,
          requiredClaims: ['exp', 'iat', 'sub', 'jti'],
          maxTokenAge: trust.ttlSecondsMax,
          clockTolerance: clockToleranceSeconds,
          currentDate: new Date(clock.now()),
        });
        const claims = claimsSchema.parse(payload);
        return {
          id: claims.sub,
          tenant: claims.tenant,
          branch: claims.branch,
          roles: claims.roles,
          name: claims.name,
        };
      } catch (cause) {
        if (cause instanceof errors.JOSEError || cause instanceof z.ZodError) {
          throw new CinnabarError('unauthenticated', { cause });
        }
        throw cause;
      }
    },
  };
}

/**
 * Accepts the tokens of our own authentication centre beside those of `other`. The type in the
 * header says which of them looks at a token; each accepts only its own. A token that is bound to
 * a key is good only with a proof of that key, and only such a one comes with a proof.
 */
export function withOwnTokens(
  own: OwnVerifier,
  other: Authenticator,
  deps: Parameters<typeof proveHolder>[0],
): Authenticator {
  return {
    async authenticate(token, presented) {
      if (!isOwnToken(token)) return other.authenticate(token, presented);
      const verified = await own.verify(token);
      const jkt = verified?.claims.jkt;
      if (!verified || (jkt !== undefined) !== (presented.scheme === 'dpop')) {
        throw new CinnabarError('unauthenticated');
      }
      if (jkt !== undefined) {
        const { method, url, proof } = presented;
        await proveHolder(deps, { token, jkt, method, url, proof });
      }
      const { sub, pub } = verified.claims;
      const isRole = (role: string): role is Role => roles.some((known) => known === role);
      const { tenant, branch } = pub;
      return { id: sub, tenant, branch, roles: pub.roles.filter(isRole), name: sub };
    },
  };
}

function constantKey(key: CryptoKey | Uint8Array): JWTVerifyGetKey {
  return () => Promise.resolve(key);
}

/**
 * Tokens for demo mode: signed and checked with one secret that never leaves this deployment.
 *
 * @throws RangeError when the secret is shorter than 32 bytes
 */
export function demoTokens(
  secret: Uint8Array,
  deps: { readonly clock: Clock; readonly random: Random },
): { authenticator: Authenticator; demo: DemoTokens } {
  if (secret.length < demoSecretBytesMin) throw new RangeError('demo secret: 32 bytes are needed');
  const trust: TokenTrust = {
    key: secret,
    algorithms: [demoAlgorithm],
    issuer: demoIssuer,
    ttlSecondsMax: demoTtlSeconds,
  };
  return {
    authenticator: tokenAuthenticator(trust, deps.clock),
    demo: {
      async issue(actor: Actor) {
        const issuedAt = Math.floor(deps.clock.now() / 1000);
        const expiresAt = issuedAt + demoTtlSeconds;
        const { tenant, branch, name } = actor;
        const token = await new SignJWT({ tenant, branch, roles: [...actor.roles], name })
          .setProtectedHeader({ alg: demoAlgorithm, typ: tokenType })
          .setSubject(actor.id)
          .setIssuer(demoIssuer)
          .setAudience(audience)
          .setIssuedAt(issuedAt)
          .setExpirationTime(expiresAt)
          .setJti(newId(deps))
          .sign(secret);
        return { token, expiresAtMs: expiresAt * 1000 };
      },
    },
  };
}
