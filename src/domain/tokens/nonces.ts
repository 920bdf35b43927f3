import { base64urlText } from '../../lib/base64url.ts';
import type { TokenDeps } from './ports.ts';
import { entryOf } from './rows.ts';

type NonceDeps = Pick<TokenDeps, 'clock' | 'random' | 'tokens'>;

/** Where nonces are: no institution can have this name, and they belong to none. */
export const proofsTenant = '-proofs';
/** A nonce is given out this long, and accepted for as long again. */
export const nonceWindowMs = 5 * 60 * 1000;
const nonceBytes = 16;

/**
 * Values that a proof of possession must repeat (RFC 9449 §8), so that nobody makes proofs ahead
 * of time with a key that they hold for a moment.
 */
export interface Nonces {
  /** Newest first; the first one is given out. @throws CinnabarError `storage_unavailable` */
  accepted(): Promise<readonly [string, ...string[]]>;
}

/** Nonces that all isolates share: one for each stretch of time, made by whoever comes first. */
export function sharedNonces(deps: NonceDeps): Nonces {
  const known = new Map<number, string>();

  async function nonceOf(window: number): Promise<string> {
    const kept = known.get(window);
    if (kept !== undefined) return kept;
    const value = await agreedNonce(deps, window);
    known.set(window, value);
    for (const old of known.keys()) if (old < window - 1) known.delete(old);
    return value;
  }

  return {
    async accepted() {
      const window = Math.floor(deps.clock.now() / nonceWindowMs);
      return [await nonceOf(window), await nonceOf(window - 1)];
    },
  };
}

/** Of several that make one for the same stretch the first is written, and all take that. */
async function agreedNonce(deps: NonceDeps, window: number): Promise<string> {
  const id = String(window);
  const stored = await deps.tokens.find(proofsTenant, 'nonce', id);
  if (stored) return stored.value;
  const value = base64urlText(deps.random.bytes(nonceBytes));
  const entry = entryOf('nonce', { tenant: proofsTenant, id, revision: 1, value });
  const expiresAtMs = (window + 3) * nonceWindowMs;
  const isFirst = await deps.tokens.write(proofsTenant, [{ ...entry, expiresAtMs }]);
  return isFirst ? value : agreedNonce(deps, window);
}
