import { type ProvenKey, verifyProof } from '../../core/token/dpop.ts';
import { TokenError } from '../../core/token/error.ts';
import { CinnabarError } from '../errors.ts';
import { type Nonces, proofsTenant } from './nonces.ts';
import type { TokenDeps } from './ports.ts';
import { firstSight } from './rows.ts';

type ProofDeps = Pick<TokenDeps, 'clock' | 'tokens'>;

/** Where proofs of a key are remembered: many places, so that no single one sees them all. */
const placeOf = (jkt: string) => `${proofsTenant}-${jkt.slice(0, 1)}`;

interface ProvenRequest {
  readonly method: string;
  readonly url: string;
}

/**
 * The thumbprint of the key that a DPoP proof (RFC 9449) shows to be in the sender's hands. A proof
 * counts once.
 *
 * @throws CinnabarError `grant_refused` whatever is wrong with it, `storage_unavailable`
 */
export async function provenKey(
  deps: ProofDeps,
  proof: string,
  request: ProvenRequest,
): Promise<string> {
  return refusedAs('grant_refused', async () => {
    const proven = await verifyProof(proof, { ...request, nowMs: deps.clock.now() });
    await assertNew(deps, proven);
    return proven.jkt;
  });
}

/** A token that is bound to a key, and the proof that came with it. */
export interface BoundToken extends ProvenRequest {
  readonly token: string;
  /** Thumbprint in the token's `cnf`. */
  readonly jkt: string;
  readonly proof: string | undefined;
}

/**
 * Checks that whoever shows a bound token holds its key now (RFC 9449 §7): a proof over this
 * request and this token, with a nonce of ours, not seen before.
 *
 * @throws CinnabarError `proof_nonce_required` when only the nonce is not one of ours,
 * `unauthenticated` for whatever else is wrong, `storage_unavailable`
 */
export async function proveHolder(
  deps: ProofDeps & { readonly nonces: Nonces },
  { token, jkt, proof, method, url }: BoundToken,
): Promise<void> {
  await refusedAs('unauthenticated', async () => {
    if (proof === undefined) throw new TokenError('proof');
    const nowMs = deps.clock.now();
    const proven = await verifyProof(proof, { method, url, nowMs, accessToken: token });
    if (proven.jkt !== jkt) throw new TokenError('binding');
    const nonces = await deps.nonces.accepted();
    if (!nonces.some((nonce) => nonce === proven.nonce)) {
      throw new CinnabarError('proof_nonce_required');
    }
    await assertNew(deps, proven);
  });
}

async function assertNew(deps: ProofDeps, { jkt, jti, expiresAtMs }: ProvenKey): Promise<void> {
  const isNew = await firstSight(deps, placeOf(jkt), `${jkt}.${jti}`, expiresAtMs);
  if (!isNew) throw new TokenError('replayed');
}

async function refusedAs<T>(
  code: 'grant_refused' | 'unauthenticated',
  check: () => Promise<T>,
): Promise<T> {
  try {
    return await check();
  } catch (cause) {
    if (cause instanceof TokenError) throw new CinnabarError(code, { cause });
    throw cause;
  }
}
