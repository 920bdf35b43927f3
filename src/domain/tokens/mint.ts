import { utf8ToBytes } from '@noble/hashes/utils.js';
import { tokenCharactersMax } from '../../core/token/compact.ts';
import { disclosureDigest, makeDisclosure } from '../../core/token/disclosures.ts';
import { partText } from '../../core/token/open.ts';
import { profiles, type TokenProfile } from '../../core/token/profiles.ts';
import { sealedBytesMax, sealText } from '../../core/token/sealing.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { certificateStateOf } from '../certificates/find.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { type Entitlement, identityTooLarge } from './identity.ts';
import { activeKey, type IssuerAlgorithm, signWithKey } from './issuer-keys.ts';
import { literalParts } from './literal.ts';
import type { TokenDeps } from './ports.ts';
import { openPseudonyms } from './pseudonyms.ts';
import { type KnownFact, labelsIn, releasedBy } from './release.ts';
import type { BusinessSystem, Family, IssuedToken, Released } from './types.ts';

/** The audience of tokens for this service's own routes. */
export const ownAudience = 'cinnabar';

export interface MintInput {
  readonly family: Family;
  readonly entitlement: Entitlement;
  readonly facts: readonly KnownFact[];
  /** Empty for a token for this service itself. */
  readonly systems: readonly BusinessSystem[];
  /** A business system that acts for the person (RFC 8693 §4.1). */
  readonly actingFor?: string;
  /** Binds the token to a key (RFC 9449 §6); that of the family when left out. */
  readonly jkt?: string;
}

export interface Minted {
  readonly token: string;
  readonly row: IssuedToken;
}

/**
 * Makes one token: seals to each business system what it may have, then signs public and sealed
 * claims together in the chips (D3). The life of the token counts from the sealing.
 *
 * @throws CinnabarError `invalid_request` when it would be longer than 8 KiB, or what one system may
 * have longer than 4, `certificate_not_active` where the certificate lost its standing meanwhile,
 * `chips_unavailable`
 */
export async function mintToken(deps: TokenDeps, input: MintInput): Promise<Minted> {
  const { family, entitlement, facts, systems } = input;
  const profile = profiles[family.profile];
  const key = await activeKey(deps, profile.algorithm as IssuerAlgorithm);
  const jti = newId(deps);
  const iat = Math.floor(deps.clock.now() / 1000);
  const exp = Math.min(iat + profile.ttlSecondsMax, Math.floor(entitlement.untilMs / 1000));
  if (exp <= iat) throw new CinnabarError('certificate_not_active');
  const jkt = input.jkt ?? family.jkt;
  const audiences = systems.length === 0 ? [ownAudience] : systems.map(({ id }) => id);
  const { sub, parts, digests, ...more } = await sealedParts(deps, input, profile, jti);
  const literal =
    profile.sealing === 'rsa-transform' ? await literalParts(deps, facts, systems, jti) : undefined;
  const released = literal?.released ?? more.released;
  const body = {
    iss: deps.issuer,
    sub,
    aud: audiences.length === 1 ? audiences[0] : audiences,
    iat,
    nbf: iat,
    exp,
    jti,
    amr: family.amr,
    pub: entitlement.pub,
    perm: entitlement.perm,
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    ...(input.actingFor === undefined ? {} : { act: { sub: input.actingFor } }),
    ...(parts.length > 0 ? { sealed: parts } : {}),
    ...literal?.claims,
    ...(profile.selective ? { _sd_alg: 'sha-256', _sd: digests } : {}),
  };
  const header = { alg: literal?.alg ?? profile.algorithm, typ: profile.typ, kid: key.jwk.kid };
  const signingInput = [header, body].map((part) => encoded(JSON.stringify(part))).join('.');
  const message = utf8ToBytes(signingInput);
  await assertStanding(deps, entitlement);
  const signature = await signWithKey(deps, key, `token:${jti}`, message);
  const token = `${signingInput}.${base64urlText(signature)}`;
  if (token.length > tokenCharactersMax) throw identityTooLarge();
  const row: IssuedToken = {
    tenant: family.tenant,
    id: jti,
    revision: 1,
    actor: family.actor.id,
    family: family.id,
    profile: profile.name,
    kid: key.jwk.kid,
    audiences,
    sub,
    perm: entitlement.perm,
    released: facts.length > 0 ? released : [],
    state: 'active',
    ...(jkt === undefined ? {} : { jkt }),
    issuedAtMs: iat * 1000,
    expiresAtMs: exp * 1000,
  };
  return { token, row };
}

/** Whoever froze the certificate while the token was made is heard before the chips are. */
async function assertStanding(deps: TokenDeps, { perm }: Entitlement): Promise<void> {
  const { certificate } = perm;
  if (certificate !== undefined && (await certificateStateOf(deps, certificate)) !== 'good') {
    throw new CinnabarError('certificate_not_active');
  }
}

async function sealedParts(
  deps: TokenDeps,
  { family, facts, systems }: MintInput,
  profile: TokenProfile,
  jti: string,
) {
  if (systems.length === 0) return { sub: family.actor.id, parts: [], digests: [], released: [] };
  const pseudonyms = await openPseudonyms(deps, family.tenant);
  const nameAt = (audiences: readonly string[]) => pseudonyms.of(audiences, family.actor.id);
  const sub = nameAt(systems.map(({ id }) => id));
  const disclosures = new Map(
    profile.selective ? facts.map((fact) => [fact, makeDisclosure(fact.name, fact.value)]) : [],
  );
  const parts: string[] = [];
  const released: Released[] = [];
  const shown = new Set<string>();
  if (profile.sealing === 'rsa-transform') return { sub, parts, digests: [], released };
  for (const { id, key, release } of systems) {
    const theirs = releasedBy(release, facts);
    const secrets = theirs.flatMap((fact) => disclosures.get(fact) ?? []);
    for (const secret of secrets) shown.add(disclosureDigest(secret));
    const text = partText(nameAt([id]), theirs, profile.selective ? secrets : undefined);
    if (utf8ToBytes(text).length > sealedBytesMax) throw identityTooLarge();
    parts.push(await sealText(text, key, { iss: deps.issuer, sub, jti, aud: id }));
    released.push({ system: id, labels: labelsIn(theirs) });
  }
  // Sorted, so that their order says nothing about the facts (RFC 9901 §4.2.4.1).
  return { sub, parts, digests: [...shown].sort(), released };
}

function encoded(text: string): string {
  return base64urlText(utf8ToBytes(text));
}
