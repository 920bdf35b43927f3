import type { VerifiedToken } from '../../core/token/verify.ts';
import type { TokenDeps } from './ports.ts';
import { isInForce } from './revoke.ts';
import type { IssuedToken } from './types.ts';
import { acceptedBy, verifierFor } from './verifier.ts';

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
  const verified = await acceptedBy(await verifierFor(deps, audience), token, deps.clock.now());
  if (!verified) return undefined;
  // Of another institution's token there is no row here.
  const issued = await deps.tokens.find(tenant, 'token', verified.claims.jti);
  return issued && (await isInForce(deps, tenant, issued.id)) ? { verified, issued } : undefined;
}
