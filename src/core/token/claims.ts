import { assertToken, TokenError } from './error.ts';
import type { TokenProfile } from './profiles.ts';
import { isObject, type JsonObject } from './strict-json.ts';

/** What the holder may do: from the settings of a certificate, or of the role alone. */
export interface Permit {
  readonly permissions: readonly string[];
  readonly limits: readonly PermitLimit[];
  /** Serial number of the certificate whose settings these are. */
  readonly certificate?: string;
}

export interface PermitLimit {
  readonly channel: string;
  readonly currency: string;
  /** Whole minor units in decimal. */
  readonly single: string;
  readonly daily: string;
  /** Operations a day. */
  readonly count: number;
}

/** The public identity: what everybody who holds the token may read. No personal data. */
export interface PublicIdentity {
  readonly tenant: string;
  readonly branch: string;
  readonly roles: readonly string[];
  /** How the identity was established: by a certificate, by nobody yet, or not at all. */
  readonly proofing: 'certificate' | 'self' | 'none';
}

/** The claims of a verified token. */
export interface TokenClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly iat: number;
  readonly nbf: number;
  readonly exp: number;
  readonly jti: string;
  readonly amr: readonly string[];
  readonly pub: PublicIdentity;
  readonly perm: Permit;
  /** Thumbprint of the key that must prove possession (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** Who acts for the holder (RFC 8693 §4.1). */
  readonly actor?: string;
  /** One encrypted part per business system. */
  readonly sealed: readonly string[];
  /** Digests of disclosures, where the profile has them. */
  readonly digests: readonly string[];
}

export interface ClaimExpectation {
  readonly issuer: string;
  readonly audience: string;
  readonly nowMs: number;
}

export const audiencesMax = 8;
const listMax = 64;
const digestsMax = 64;
const skewSeconds = 30;
const namePattern = /^[A-Za-z0-9._~:/-]{1,200}$/;
const idPattern = /^[A-Za-z0-9_-]{16,64}$/;
const compactJwePattern = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){4}$/;
const digestPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * Checks the claims of a body whose signature has been verified: everything that RFC 8725 §3.8 to
 * §3.10 asks for, and the form of every claim that is read later.
 *
 * @throws TokenError `claims`, `issuer`, `audience`, `expired`, `not_yet_valid`
 */
export function checkClaims(
  body: JsonObject,
  profile: TokenProfile,
  { issuer, audience, nowMs }: ClaimExpectation,
): TokenClaims {
  assertToken(body.iss === issuer, 'issuer');
  const aud = audiences(body.aud);
  assertToken(aud.includes(audience), 'audience');
  const times = checkTimes(body, profile, Math.floor(nowMs / 1000));
  const cnf = body.cnf === undefined ? undefined : objectOf(body.cnf);
  const act = body.act === undefined ? undefined : objectOf(body.act);
  const sealed = textsOf(body.sealed ?? [], compactJwePattern, audiencesMax);
  if (profile.selective) assertToken(body._sd_alg === 'sha-256', 'claims');
  else assertToken(body._sd === undefined && body._sd_alg === undefined, 'claims');
  return {
    iss: issuer,
    sub: textOf(body.sub, namePattern),
    aud,
    ...times,
    jti: textOf(body.jti, idPattern),
    amr: textsOf(body.amr, namePattern, listMax),
    pub: publicIdentity(objectOf(body.pub)),
    perm: permit(objectOf(body.perm)),
    ...(cnf ? { jkt: textOf(cnf.jkt, digestPattern) } : {}),
    ...(act ? { actor: textOf(act.sub, namePattern) } : {}),
    sealed,
    digests: textsOf(body._sd ?? [], digestPattern, digestsMax),
  };
}

function audiences(value: unknown): readonly string[] {
  const list = typeof value === 'string' ? [value] : value;
  const names = textsOf(list, namePattern, audiencesMax, 'audience');
  assertToken(names.length > 0 && new Set(names).size === names.length, 'audience');
  return names;
}

function checkTimes(body: JsonObject, profile: TokenProfile, now: number) {
  const [iat, nbf, exp] = [body.iat, body.nbf, body.exp].map(seconds) as [number, number, number];
  assertToken(exp > now - skewSeconds, 'expired');
  assertToken(nbf <= now + skewSeconds && iat <= now + skewSeconds, 'not_yet_valid');
  assertToken(iat <= nbf && nbf < exp && exp - iat <= profile.ttlSecondsMax, 'claims');
  return { iat, nbf, exp };
}

function publicIdentity(pub: JsonObject): PublicIdentity {
  const { proofing } = pub;
  assertToken(proofing === 'certificate' || proofing === 'self' || proofing === 'none', 'claims');
  return {
    tenant: textOf(pub.tenant, namePattern),
    branch: textOf(pub.branch, namePattern),
    roles: textsOf(pub.roles, namePattern, listMax),
    proofing,
  };
}

function permit(perm: JsonObject): Permit {
  const { limits, certificate } = perm;
  assertToken(Array.isArray(limits) && limits.length <= listMax, 'claims');
  return {
    permissions: textsOf(perm.permissions, namePattern, listMax),
    limits: limits.map((limit) => permitLimit(objectOf(limit))),
    ...(certificate === undefined ? {} : { certificate: textOf(certificate, namePattern) }),
  };
}

const amountPattern = /^(?:0|[1-9][0-9]{0,17})$/;

function permitLimit({ channel, currency, single, daily, count }: JsonObject): PermitLimit {
  assertToken(Number.isSafeInteger(count) && (count as number) >= 0, 'claims');
  return {
    channel: textOf(channel, namePattern),
    currency: textOf(currency, /^[A-Z]{3}$/),
    single: textOf(single, amountPattern),
    daily: textOf(daily, amountPattern),
    count: count as number,
  };
}

/** NumericDate (RFC 7519 §2) in whole seconds. */
function seconds(value: unknown): number {
  const isTime = Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < 1e11;
  assertToken(isTime, 'claims');
  return value as number;
}

function objectOf(value: unknown): JsonObject {
  if (!isObject(value)) throw new TokenError('claims');
  return value;
}

function textOf(value: unknown, pattern: RegExp): string {
  assertToken(typeof value === 'string' && pattern.test(value), 'claims');
  return value as string;
}

function textsOf(
  value: unknown,
  pattern: RegExp,
  most: number,
  reason: 'claims' | 'audience' = 'claims',
): readonly string[] {
  const isList = Array.isArray(value) && value.length <= most;
  const isFit = isList && value.every((item) => typeof item === 'string' && pattern.test(item));
  assertToken(isFit, reason);
  return value as readonly string[];
}
