import { verifyProof } from '../../core/token/dpop.ts';
import { TokenError } from '../../core/token/error.ts';
import { CinnabarError } from '../errors.ts';
import type { TokenDeps } from './ports.ts';
import { firstSight } from './rows.ts';

/** Where proofs are remembered: no institution can have this name, and proofs belong to none. */
const proofs = '-proofs';

/**
 * The thumbprint of the key that a DPoP proof (RFC 9449) shows to be in the sender's hands. A proof
 * counts once.
 *
 * @throws CinnabarError `grant_refused` whatever is wrong with it, `storage_unavailable`
 */
export async function provenKey(
  deps: Pick<TokenDeps, 'clock' | 'tokens'>,
  proof: string,
  request: { readonly method: string; readonly url: string },
): Promise<string> {
  try {
    const { jkt, jti, expiresAtMs } = await verifyProof(proof, {
      ...request,
      nowMs: deps.clock.now(),
    });
    const isNew = await firstSight(deps, proofs, `${jkt}.${jti}`, expiresAtMs);
    if (!isNew) throw new TokenError('replayed');
    return jkt;
  } catch (cause) {
    if (cause instanceof TokenError) throw new CinnabarError('grant_refused', { cause });
    throw cause;
  }
}
