import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import type { TokenDeps } from './ports.ts';
import { entryOf } from './rows.ts';

type PseudonymDeps = Pick<TokenDeps, 'random' | 'templateKeys' | 'tokens'>;

const pepperBytes = 32;
const pepperId = 'pairwise';
const context = tupleBytes('cinnabar pairwise pepper 1');

/** Names people for business systems: the same at one, and unlike at any two of them. */
export interface Pseudonyms {
  of(audiences: readonly string[], actor: string): string;
}

/**
 * The pseudonyms of an institution: HMAC-SHA-256 of audience and person under a key that only the
 * chips can unwrap.
 *
 * @throws CinnabarError `chips_unavailable`, `template_unreadable`
 */
export async function openPseudonyms(deps: PseudonymDeps, tenant: string): Promise<Pseudonyms> {
  const pepper = await pepperOf(deps, tenant);
  return {
    of: (audiences, actor) =>
      base64urlText(hmac(sha256, pepper, tupleBytes(...[...audiences].sort(), actor))),
  };
}

async function pepperOf(deps: PseudonymDeps, tenant: string): Promise<Uint8Array> {
  const stored = await deps.tokens.find(tenant, 'pepper', pepperId);
  if (stored) {
    const wrappedKey = base64urlBytes(stored.wrappedKey) ?? new Uint8Array();
    const [pepper] = await deps.templateKeys.unwrap(tenant, [{ wrappedKey, context }]);
    if (!pepper) throw new CinnabarError('chips_unavailable');
    return pepper;
  }
  const dataKey = deps.random.bytes(pepperBytes);
  const [wrapped] = await deps.templateKeys.wrap(tenant, [{ dataKey, context }]);
  if (!wrapped) throw new CinnabarError('chips_unavailable');
  const row = { tenant, id: pepperId, revision: 1, wrappedKey: base64urlText(wrapped) };
  const isFirst = await deps.tokens.write(tenant, [entryOf('pepper', row)]);
  return isFirst ? dataKey : pepperOf(deps, tenant);
}
