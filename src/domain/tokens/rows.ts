import { settleRows } from '../row-store.ts';
import type { TokenDeps, TokenEntry, TokenKind, TokenRows } from './ports.ts';

export { changed } from '../row-store.ts';

type Places = {
  readonly [K in TokenKind]: (row: TokenRows[K]) => Omit<TokenEntry<K>, 'kind' | 'row'>;
};

const plain = { owner: '', parent: '', state: '' };

/** What each kind of row is found by, and when it may go. */
const places: Places = {
  account: ({ id }) => ({ ...plain, owner: id }),
  passkey: ({ actor, state }) => ({ ...plain, owner: actor, state }),
  challenge: ({ state, expiresAtMs }) => ({ ...plain, state, expiresAtMs }),
  'issuer-key': ({ jwk, state }) => ({ ...plain, parent: jwk.alg, state }),
  system: ({ state }) => ({ ...plain, state }),
  family: ({ actor, within = '', state, expiresAtMs }) => ({
    owner: actor.id,
    parent: within,
    state,
    expiresAtMs,
  }),
  token: ({ actor, family, state, expiresAtMs }) => ({
    owner: actor,
    parent: family,
    state,
    expiresAtMs,
  }),
  seen: () => plain,
  nonce: () => plain,
  pepper: () => plain,
};

/** A row in the form in which it is written. */
export function entryOf<K extends TokenKind>(kind: K, row: TokenRows[K]): TokenEntry<K> {
  return { kind, row, ...places[kind](row) };
}

/** @throws CinnabarError `rows_contended` when others keep writing the same rows */
export function settle<T>(
  deps: Pick<TokenDeps, 'tokens'>,
  tenant: string,
  step: () => Promise<{ readonly result: T; readonly write: readonly TokenEntry[] }>,
): Promise<T> {
  return settleRows(deps.tokens, tenant, step);
}

/**
 * Whether `id` is seen for the first time. Of any number of simultaneous calls one is told so.
 * It is remembered until `untilMs`.
 */
export function firstSight(
  deps: Pick<TokenDeps, 'tokens'>,
  tenant: string,
  id: string,
  untilMs: number,
): Promise<boolean> {
  const entry = { ...entryOf('seen', { tenant, id, revision: 1 }), expiresAtMs: untilMs };
  return deps.tokens.write(tenant, [entry]);
}
