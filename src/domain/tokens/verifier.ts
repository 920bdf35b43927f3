import { typeOf } from '../../core/token/compact.ts';
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

/** What is known for `staleMs`: the published keys, and what a token is worth by them. */
interface Known {
  readonly takenAtMs: number;
  readonly verifier: Promise<TokenVerifier>;
  readonly worth: Map<string, Promise<VerifiedToken | undefined>>;
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
 * which tokens are good, by their whole text, so that a token costs its signature and a look at the
 * store once, however many requests come with it.
 */
export function ownVerifier(deps: VerifierDeps): OwnVerifier {
  let known: Known | undefined;

  function knownAt(nowMs: number): Known {
    // A clock that is set back makes nothing fresh again.
    if (known && Math.abs(nowMs - known.takenAtMs) < staleMs) return known;
    const verifier = verifierFor(deps, ownAudience);
    const fresh: Known = { takenAtMs: nowMs, verifier, worth: new Map() };
    verifier.catch(() => {
      if (known === fresh) known = undefined;
    });
    known = fresh;
    return fresh;
  }

  return {
    async verify(token) {
      const nowMs = deps.clock.now();
      const { verifier, worth } = knownAt(nowMs);
      const found = await remembered(worth, token, async () =>
        worthOf(deps, await verifier, token, nowMs),
      );
      if (!found || found.claims.exp * 1000 > nowMs) return found;
      // What was good a moment ago may have ended since.
      return worthOf(deps, await verifier, token, nowMs);
    },
  };
}

/** Remembers what is good; what is not is asked for again. */
function remembered(worth: Known['worth'], token: string, ask: () => ReturnType<typeof worthOf>) {
  const known = worth.get(token);
  if (known) return known;
  const asked = ask();
  if (worth.size >= rememberedMax) worth.clear();
  worth.set(token, asked);
  const forget = () => worth.delete(token);
  asked.then((found) => found ?? forget(), forget);
  return asked;
}

async function worthOf(
  deps: VerifierDeps,
  verifier: TokenVerifier,
  token: string,
  nowMs: number,
): Promise<VerifiedToken | undefined> {
  const verified = await acceptedBy(verifier, token, nowMs);
  if (!verified) return undefined;
  const { pub, jti } = verified.claims;
  return (await isInForce(deps, pub.tenant, jti)) ? verified : undefined;
}

/** `undefined` for a token that is not accepted, for whatever reason. */
export async function acceptedBy(
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

/**
 * Verifies tokens of ours for one audience, by the keys that are published now.
 *
 * @throws CinnabarError `storage_unavailable`
 */
export async function verifierFor(deps: VerifierDeps, audience: string): Promise<TokenVerifier> {
  return tokenVerifier({
    issuer: deps.issuer,
    audience,
    keys: await publishedKeys(deps),
    profiles: deps.profiles.filter((name) => name !== 'cin-003-literal'),
  });
}

/** Whether its header says that our own authentication centre made it. Nothing is verified. */
export function isOwnToken(token: string): boolean {
  try {
    const typ = typeOf(token);
    return Object.values(profiles).some((profile) => profile.typ === typ);
  } catch {
    return false;
  }
}
