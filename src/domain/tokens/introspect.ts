import { TokenError } from '../../core/token/error.ts';
import { tokenVerifier, type VerifiedToken } from '../../core/token/verify.ts';
import { publishedKeys } from './issuer-keys.ts';
import type { TokenDeps } from './ports.ts';
import { isInForce } from './revoke.ts';
import type { IssuedToken } from './types.ts';

/** A token as its audience may know it (RFC 7662 §2.2). */
export interface Introspected {
  readonly verified: VerifiedToken;
  readonly issued: IssuedToken;
}

/**
 * What a token is worth now to `audience`: `undefined` when it is not accepted, ended, was
 * withdrawn, or is meant for others. Which of these is not said (RFC 7662 §2.2).
 *
 * @throws CinnabarError `storage_unavailable`
 */
export async function introspectToken(
  deps: Pick<TokenDeps, 'clock' | 'tokens' | 'issuer' | 'profiles'>,
  tenant: string,
  audience: string,
  token: string,
): Promise<Introspected | undefined> {
  const verifier = await tokenVerifier({
    issuer: deps.issuer,
    audience,
    keys: await publishedKeys(deps),
    profiles: deps.profiles.filter((name) => name !== 'cin-003-literal'),
  });
  try {
    const verified = await verifier.verify(token, deps.clock.now());
    if (verified.claims.pub.tenant !== tenant) return undefined;
    const issued = await deps.tokens.find(tenant, 'token', verified.claims.jti);
    return issued && (await isInForce(deps, tenant, issued.id)) ? { verified, issued } : undefined;
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}
