import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Label } from '../../core/tagger/labels.ts';
import { audiencesMax } from '../../core/token/claims.ts';
import type { SensitiveFact } from '../../core/token/open.ts';
import { type ProfileName, profiles } from '../../core/token/profiles.ts';
import { base64urlText } from '../../lib/base64url.ts';
import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { type Entitlement, entitlementOf, splitIdentity } from './identity.ts';
import { introspectToken } from './introspect.ts';
import { type Minted, mintToken, ownAudience } from './mint.ts';
import type { TokenDeps } from './ports.ts';
import { releasedBy } from './release.ts';
import { endFamily, hasPasskey, isInForce } from './revoke.ts';
import { changed, entryOf, settle } from './rows.ts';
import { activeSystem } from './systems.ts';
import type { BusinessSystem, Family, IssuedToken, Passkey } from './types.ts';
import { closeVault, openVault } from './vault.ts';

export interface TokenRequest {
  /** Business systems by name, or `cinnabar` alone (RFC 8707). */
  readonly audiences: readonly string[];
  readonly profile: ProfileName;
  /** What the terminal knows about the person; the tagger decides what of it is sensitive. */
  readonly identity?: unknown;
  /** Serial number of a certificate of the person. */
  readonly certificate?: string;
  /** Thumbprint of the key that proved possession. */
  readonly jkt?: string;
}

/** Somebody who has authenticated, and how (RFC 8176). */
export interface Authenticated {
  readonly actor: Actor;
  readonly amr: readonly string[];
  /** The passkey that they used, if they did: what they get ends with it. */
  readonly passkey?: Passkey;
  /** Of the token of ours that asks, if one does: what it asks for ends with it. */
  readonly within?: Family;
}

export interface GrantAnswer {
  readonly token: string;
  readonly issued: IssuedToken;
  /** Absent for a token that a business system exchanged, or that a token of ours asked for. */
  readonly refreshToken?: string;
  /** Labels of what was found in `identity` and went no further. */
  readonly dropped: readonly Label[];
}

/** An authentication carries this long. */
export const familyLifeMs = 8 * 60 * 60 * 1000;
const refreshSecretBytes = 32;
const usedHashesMax = 64;

/**
 * Gives a token to somebody who has authenticated (D1, D2, D3).
 *
 * @throws CinnabarError `token_profile_off`, `business_system_not_found`, `certificate_not_active`,
 * `identity_mismatch`, `invalid_request`, `chips_unavailable`, `audit_unavailable`
 */
export async function grantToken(
  deps: TokenDeps,
  { actor, amr, passkey, within }: Authenticated,
  requestId: string,
  request: TokenRequest,
): Promise<GrantAnswer> {
  const systems = await systemsOf(deps, actor.tenant, request);
  // A token of ours gets none for ourselves: it would live on beyond its ten minutes.
  if (within && systems.length === 0) throw new CinnabarError('grant_refused');
  const { facts, dropped } = await splitIdentity(deps, request.identity);
  const entitlement = await entitlementOf(deps, actor, request.certificate, facts);
  const { tenant } = actor;
  const id = newId(deps);
  const refresh = within ? undefined : newRefresh(deps, tenant, id);
  const kept = systems.length === 0 ? [] : facts;
  const vault = await closeVault(deps, tenant, id, kept);
  const family: Family = {
    tenant,
    id,
    revision: 1,
    actor,
    state: 'active',
    profile: request.profile,
    audiences: request.audiences,
    amr,
    pub: entitlement.pub,
    ...(request.certificate === undefined ? {} : { certificate: request.certificate }),
    ...(request.jkt === undefined ? {} : { jkt: request.jkt }),
    ...(within && { within: within.id }),
    ...(passkey && { passkey: passkey.id }),
    refreshHash: refresh?.hash ?? '',
    usedHashes: [],
    ...(vault ? { vault } : {}),
    expiresAtMs: within?.expiresAtMs ?? deps.clock.now() + familyLifeMs,
  };
  const untilMs = Math.min(entitlement.untilMs, family.expiresAtMs);
  const granted = { family, entitlement: { ...entitlement, untilMs }, facts: kept, systems };
  const minted = await mintToken(deps, granted);
  const rows = [entryOf('family', family), entryOf('token', minted.row)];
  await recorded(deps, { actor, requestId }, 'token.issue', minted.row, () =>
    settle(deps, tenant, async () => {
      // Written again as it is: whoever ends it at the same time finds this one in it.
      const outer = within && (await activeFamily(deps, tenant, within.id));
      const write = outer ? [...rows, entryOf('family', changed(outer, {}))] : rows;
      return { result: undefined, write };
    }),
  );
  const { token, row: issued } = minted;
  return { token, issued, ...(refresh && { refreshToken: refresh.token }), dropped };
}

/**
 * Who asks with a token of ours, as they authenticated for it.
 *
 * @throws CinnabarError `grant_refused` for one that is good no more
 */
export async function authenticatedBy(
  deps: TokenDeps,
  actor: Actor,
  token: string,
): Promise<Authenticated> {
  const { tenant } = actor;
  const found = await introspectToken(deps, tenant, ownAudience, token);
  if (!found) throw new CinnabarError('grant_refused');
  const within = await activeFamily(deps, tenant, found.issued.family);
  return { actor, amr: within.amr, within };
}

/** @throws CinnabarError `grant_refused` unless it is active */
async function activeFamily(
  deps: Pick<TokenDeps, 'clock' | 'tokens'>,
  tenant: string,
  id: string,
): Promise<Family> {
  const family = await deps.tokens.find(tenant, 'family', id);
  const isAlive = family?.state === 'active' && family.expiresAtMs > deps.clock.now();
  if (!isAlive || !(await hasPasskey(deps, family))) throw new CinnabarError('grant_refused');
  return family;
}

export interface RefreshRequest {
  readonly refreshToken: string;
  /** Other audiences than before: the facts are sealed anew to them (RFC 8693). */
  readonly audiences?: readonly string[];
  /** The key that proved possession now; a family bound to a key takes no other. */
  readonly jkt?: string;
}

/**
 * A new token for a refresh token, which is replaced with it. One that was replaced before ends
 * everything that came from the same authentication: somebody has a copy (RFC 9700 §4.14.2).
 *
 * @throws CinnabarError `grant_refused` for whatever is wrong with the refresh token
 */
export async function refreshToken(
  deps: TokenDeps,
  requestId: string,
  request: RefreshRequest,
): Promise<GrantAnswer> {
  const { tenant, family, hash } = await familyOfRefresh(deps, request.refreshToken);
  const caller = { actor: family.actor, requestId };
  if (family.refreshHash !== hash) {
    if (family.usedHashes.includes(hash)) await endFamily(deps, caller, family, 'reuse');
    throw new CinnabarError('grant_refused');
  }
  if (family.jkt !== undefined && family.jkt !== request.jkt) {
    throw new CinnabarError('grant_refused');
  }
  const { audiences = family.audiences } = request;
  const systems = await systemsOf(deps, tenant, { audiences, profile: family.profile });
  const facts = await openVault(deps, tenant, family.id, family.vault);
  const entitlement = await entitlementAgain(deps, family, facts);
  const refresh = newRefresh(deps, tenant, family.id);
  const minted = await mintToken(deps, { family, entitlement, facts, systems });
  await recorded(deps, caller, 'token.refresh', minted.row, () =>
    settle(deps, tenant, async () => {
      const known = await activeFamily(deps, tenant, family.id);
      // Of two that come with the same refresh token, one is the second: it gets nothing.
      if (known.refreshHash !== hash) throw new CinnabarError('grant_refused');
      const usedHashes = [hash, ...known.usedHashes].slice(0, usedHashesMax);
      const next = changed(known, { refreshHash: refresh.hash, usedHashes });
      return { result: undefined, write: [entryOf('family', next), entryOf('token', minted.row)] };
    }),
  );
  return { token: minted.token, issued: minted.row, refreshToken: refresh.token, dropped: [] };
}

export interface ExchangeRequest {
  /** The business system that asks, and has authenticated. */
  readonly system: BusinessSystem;
  /** The token that it was sent, verified for it. */
  readonly jti: string;
  readonly audience: string;
  readonly jkt?: string;
}

/**
 * A token for another business system, asked for by one that was sent a token (RFC 8693): with what
 * both may have, and the name of who acts. The old token is not passed on.
 *
 * @throws CinnabarError `grant_refused`, `business_system_not_found`, `chips_unavailable`
 */
export async function exchangeToken(
  deps: TokenDeps,
  requestId: string,
  { system, jti, audience, jkt }: ExchangeRequest,
): Promise<GrantAnswer> {
  const { tenant } = system;
  const issued = await deps.tokens.find(tenant, 'token', jti);
  const isTheirs = issued?.audiences.includes(system.id) && issued.expiresAtMs > deps.clock.now();
  if (!issued || !isTheirs || !(await isInForce(deps, tenant, jti))) {
    throw new CinnabarError('grant_refused');
  }
  const family = await deps.tokens.find(tenant, 'family', issued.family);
  if (!family) throw new CinnabarError('grant_refused');
  const target = await fittingSystem(deps, tenant, audience, family.profile);
  const known = await openVault(deps, tenant, family.id, family.vault);
  const facts = releasedBy(system.release, known);
  const entitlement = await entitlementAgain(deps, family, known);
  const minted = await mintToken(deps, {
    family: withoutKey(family),
    entitlement,
    facts,
    systems: [target],
    actingFor: system.id,
    ...(jkt === undefined ? {} : { jkt }),
  });
  const caller = { actor: family.actor, requestId };
  await recorded(deps, caller, 'token.exchange', minted.row, async () => {
    await deps.tokens.write(tenant, [entryOf('token', minted.row)]);
  });
  return { token: minted.token, issued: minted.row, dropped: [] };
}

/** The key that the person's tokens are bound to is not in the hands of the system that acts. */
function withoutKey({ jkt: _, ...family }: Family): Family {
  return family;
}

/** What the person may still do. No token outlives the authentication that it comes from. */
async function entitlementAgain(
  deps: TokenDeps,
  family: Family,
  facts: readonly SensitiveFact[],
): Promise<Entitlement> {
  const found = await entitlementOf(deps, family.actor, family.certificate, facts);
  return { ...found, untilMs: Math.min(found.untilMs, family.expiresAtMs) };
}

/** @throws CinnabarError `token_profile_off`, `business_system_not_found`, `invalid_request` */
async function systemsOf(
  deps: TokenDeps,
  tenant: string,
  { audiences, profile }: Pick<TokenRequest, 'audiences' | 'profile'>,
): Promise<readonly BusinessSystem[]> {
  if (!deps.profiles.includes(profile)) throw new CinnabarError('token_profile_off');
  const distinct = new Set(audiences).size === audiences.length;
  // A token for ourselves carries the actor's own name, which no business system learns.
  const isMixed = audiences.includes(ownAudience) && audiences.length > 1;
  if (audiences.length === 0 || audiences.length > audiencesMax || !distinct || isMixed) {
    const fields = [{ pointer: '/body/audiences', code: 'invalid' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  if (audiences[0] === ownAudience) return [];
  return Promise.all(audiences.map((name) => fittingSystem(deps, tenant, name, profile)));
}

/** A system in service whose key the profile can seal to: no other could open the token. */
async function fittingSystem(
  deps: TokenDeps,
  tenant: string,
  name: string,
  profile: ProfileName,
): Promise<BusinessSystem> {
  const system = await activeSystem(deps, tenant, name);
  const { sealing } = profiles[profile];
  if ((sealing === 'sm') !== (system.key.alg === 'SM2')) {
    const fields = [{ pointer: '/body/profile', code: 'key_unfit' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  return system;
}

function newRefresh(deps: Pick<TokenDeps, 'random'>, tenant: string, family: string) {
  const token = `${tenant}.${family}.${base64urlText(deps.random.bytes(refreshSecretBytes))}`;
  return { token, hash: hashOf(token) };
}

function hashOf(token: string): string {
  return bytesToHex(sha256(utf8ToBytes(token)));
}

const refreshPattern = /^([A-Za-z0-9][A-Za-z0-9_-]{0,63})\.([0-9a-f-]{36})\.[A-Za-z0-9_-]{43}$/;

/** @throws CinnabarError `grant_refused` unless it names a family that is active */
async function familyOfRefresh(deps: Pick<TokenDeps, 'clock' | 'tokens'>, token: string) {
  const [, tenant, id] = refreshPattern.exec(token) ?? [];
  if (!tenant || !id) throw new CinnabarError('grant_refused');
  return { tenant, family: await activeFamily(deps, tenant, id), hash: hashOf(token) };
}

/**
 * Withdraws a refresh token and all that came with it (RFC 7009). One that is unknown, or not the
 * one in force, changes nothing, and nobody learns which it was.
 *
 * @throws CinnabarError `audit_unavailable`, `storage_unavailable`
 */
export async function withdrawRefresh(
  deps: TokenDeps,
  requestId: string,
  token: string,
): Promise<void> {
  try {
    const { family, hash } = await familyOfRefresh(deps, token);
    if (family.refreshHash !== hash) return;
    await endFamily(deps, { actor: family.actor, requestId }, family, 'request');
  } catch (error) {
    if (!(error instanceof CinnabarError) || error.code !== 'grant_refused') throw error;
  }
}

/** Audited by label, never by value (D8). */
function recorded(
  deps: TokenDeps,
  caller: Caller,
  action: AuditAction,
  row: Minted['row'],
  act: () => Promise<void>,
): Promise<void> {
  const released = row.released.map(({ system, labels }) => `${system}:${labels.join('+')}`);
  const detail = {
    profile: row.profile,
    audiences: row.audiences.join(' '),
    released: released.join(' '),
  };
  return audited(deps.audit, caller, { action, subject: `token:${row.id}`, detail }, act);
}
