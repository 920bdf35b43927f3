import { readCompactJws } from '../../core/token/compact.ts';
import { TokenError } from '../../core/token/error.ts';
import { profiles } from '../../core/token/profiles.ts';
import { type TokenVerifier, tokenVerifier, type VerifiedToken } from '../../core/token/verify.ts';
import { publishedKeys } from './issuer-keys.ts';
import { ownAudience } from './mint.ts';
import type { TokenDeps } from './ports.ts';
import { isInForce } from './revoke.ts';

type VerifierDeps = Pick<TokenDeps, 'clock' | 'tokens' | 'issuer' | 'profiles'>;

/** How old keys and withdrawals may be in one process: after so long a revocation is seen. */
export const staleMs = 5_000;
const rememberedMax = 2_000;

interface Snapshot<T> {
  readonly value: Promise<T>;
  readonly takenAtMs: number;
}

/** Verifies tokens for this service, and says who holds them. */
export interface OwnVerifier {
  /**
   * `undefined` for a token that is not accepted, was withdrawn, or is meant for others.
   *
   * @throws CinnabarError `storage_unavailable`
   */
  verify(token: string): Promise<VerifiedToken | undefined>;
}

/**
 * A verifier for tokens of this service to itself. It keeps for `staleMs` the published keys and
 * which tokens are in force, and remembers which tokens it has verified, by their whole text, so that a
 * token costs its signature once.
 */
export function ownVerifier(deps: VerifierDeps): OwnVerifier {
  let keys: Snapshot<TokenVerifier> | undefined;
  const standings = new Map<string, Snapshot<boolean>>();
  const verified = new Map<string, VerifiedToken>();

  // A clock that is set back makes nothing fresh again.
  const isFresh = (snapshot: Snapshot<unknown> | undefined, nowMs: number) =>
    snapshot !== undefined && Math.abs(nowMs - snapshot.takenAtMs) < staleMs;

  async function verifierAt(nowMs: number): Promise<TokenVerifier> {
    if (!keys || !isFresh(keys, nowMs)) {
      const fresh = { value: freshVerifier(deps), takenAtMs: nowMs };
      keys = fresh;
      verified.clear();
      fresh.value.catch(() => {
        if (keys === fresh) keys = undefined;
      });
    }
    return keys.value;
  }

  async function inForceAt(tenant: string, jti: string, nowMs: number): Promise<boolean> {
    const known = standings.get(jti);
    if (known && isFresh(known, nowMs)) return known.value;
    const fresh = { value: isInForce(deps, tenant, jti), takenAtMs: nowMs };
    if (standings.size >= rememberedMax) standings.clear();
    standings.set(jti, fresh);
    fresh.value.catch(() => standings.delete(jti));
    return fresh.value;
  }

  return {
    async verify(token) {
      const nowMs = deps.clock.now();
      const verifier = await verifierAt(nowMs);
      const known = verified.get(token);
      const isAlive = known && known.claims.exp * 1000 > nowMs;
      const result = isAlive ? known : await acceptedBy(verifier, token, nowMs);
      if (!result) return undefined;
      if (!isAlive) {
        if (verified.size >= rememberedMax) verified.clear();
        verified.set(token, result);
      }
      const { pub, jti } = result.claims;
      return (await inForceAt(pub.tenant, jti, nowMs)) ? result : undefined;
    },
  };
}

async function acceptedBy(
  verifier: TokenVerifier,
  token: string,
  nowMs: number,
): Promise<VerifiedToken | undefined> {
  try {
    return await verifier.verify(token, nowMs);
  } catch (error) {
    if (error instanceof TokenError) return undefined;
    throw error;
  }
}

/** Whether its header says that our own authentication centre made it. Nothing is verified. */
export function isOwnToken(token: string): boolean {
  try {
    const { typ } = readCompactJws(token).header;
    return Object.values(profiles).some((profile) => profile.typ === typ);
  } catch {
    return false;
  }
}

async function freshVerifier(deps: VerifierDeps): Promise<TokenVerifier> {
  return tokenVerifier({
    issuer: deps.issuer,
    audience: ownAudience,
    keys: await publishedKeys(deps),
    profiles: deps.profiles.filter((name) => name !== 'cin-003-literal'),
  });
}
