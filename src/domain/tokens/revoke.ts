import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { TokenDeps, TokenEntry } from './ports.ts';
import { changed, entryOf, settle } from './rows.ts';
import type { EndReason, Family, IssuedToken, Passkey } from './types.ts';

type RevokeDeps = Pick<TokenDeps, 'audit' | 'clock' | 'tokens'>;

/** Tokens of one family, and families within it, that can be alive at the same time, with room. */
const aliveMax = 200;

/**
 * Ends a family: its refresh token, every token of it, the facts that were kept for it, and the
 * families that one of its tokens asked for.
 *
 * @throws CinnabarError `audit_unavailable`, `storage_unavailable`
 */
export function endFamily(
  deps: RevokeDeps,
  caller: Caller,
  { tenant, id }: Family,
  reason: EndReason,
): Promise<void> {
  const operation: Operation = {
    action: 'token.revoke',
    subject: `family:${id}`,
    detail: { reason },
  };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, tenant, async () => {
      const family = await deps.tokens.find(tenant, 'family', id);
      if (!family || family.state === 'revoked') return { result: undefined, write: [] };
      const aliveIn = { parent: id, state: 'active' };
      const within = await deps.tokens.list(tenant, 'family', aliveIn, { limit: aliveMax });
      const ends = [family, ...within].map((one) => entriesOfEnd(deps, one, reason));
      return { result: undefined, write: (await Promise.all(ends)).flat() };
    }),
  );
}

async function entriesOfEnd(
  deps: RevokeDeps,
  { vault: _, ...family }: Family,
  reason: EndReason,
): Promise<TokenEntry[]> {
  const aliveIn = { parent: family.id, state: 'active' };
  const alive = await deps.tokens.list(family.tenant, 'token', aliveIn, { limit: aliveMax });
  const ended = changed<Family>(family, { state: 'revoked', revokedFor: reason });
  const tokens = alive.map((token) => changed(token, { state: 'revoked' }));
  return [entryOf('family', ended), ...tokens.map((token) => entryOf('token', token))];
}

/** Whether the passkey that a family came from, if it came from one, is still in use. */
export async function hasPasskey(
  { tokens }: Pick<TokenDeps, 'tokens'>,
  family: Family | undefined,
): Promise<boolean> {
  if (family?.passkey === undefined) return true;
  const passkey = await tokens.find(family.tenant, 'passkey', family.passkey);
  return passkey?.state === 'active';
}

/** Ends what came from a passkey that was revoked: it counts no more already, and now says so. */
export async function endFamiliesOf(
  deps: RevokeDeps,
  caller: Caller,
  { id, actor: owner }: Passkey,
): Promise<void> {
  const { tenant } = caller.actor;
  const filter = { owner, state: 'active' };
  for (let before: string | undefined; ; ) {
    const page = { limit: aliveMax, ...(before && { before }) };
    const families = await deps.tokens.list(tenant, 'family', filter, page);
    for (const family of families)
      if (family.passkey === id) await endFamily(deps, caller, family, 'passkey');
    before = families.at(-1)?.id;
    if (families.length < aliveMax) return;
  }
}

/**
 * Whether a token is in force: it, its family, and the family whose token asked for that one. So an
 * end counts at once for all that came from it, however much that is.
 */
export async function isInForce(
  { tokens }: Pick<TokenDeps, 'tokens'>,
  tenant: string,
  jti: string,
): Promise<boolean> {
  const token = await tokens.find(tenant, 'token', jti);
  if (token?.state !== 'active') return false;
  let next: string | undefined = token.family;
  while (next !== undefined) {
    // One that is gone was not ended, but came to its end.
    const family: Family | undefined = await tokens.find(tenant, 'family', next);
    if (family?.state === 'revoked' || !(await hasPasskey({ tokens }, family))) return false;
    next = family?.within;
  }
  return true;
}

/**
 * Withdraws a token and everything that came from the same authentication (RFC 7009 §2.1). A
 * person withdraws its own, an administrator anybody's of the institution.
 *
 * @throws CinnabarError `token_not_found`
 */
export async function revokeToken(deps: RevokeDeps, caller: Caller, jti: string): Promise<void> {
  const token = await getToken(deps, caller.actor, jti);
  const family = await deps.tokens.find(token.tenant, 'family', token.family);
  if (family) await endFamily(deps, caller, family, 'request');
}

/** @throws CinnabarError `token_not_found` */
export async function getToken(
  deps: Pick<TokenDeps, 'tokens'>,
  actor: Actor,
  jti: string,
): Promise<IssuedToken> {
  const token = await deps.tokens.find(actor.tenant, 'token', jti);
  if (!token || (token.actor !== actor.id && !seesAll(actor))) {
    throw new CinnabarError('token_not_found');
  }
  return token;
}

function seesAll({ roles }: Actor): boolean {
  return roles.some((role) => role === 'administrator' || role === 'auditor');
}

/** Tokens that are remembered, newest first: a person's own, or the institution's. */
export function listTokens(
  deps: Pick<TokenDeps, 'tokens'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<IssuedToken>> {
  const filter = seesAll(actor) ? {} : { owner: actor.id };
  return readPage(
    page,
    (token) => token.id,
    (request) => deps.tokens.list(actor.tenant, 'token', filter, request),
  );
}
