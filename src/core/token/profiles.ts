import { assertToken } from './error.ts';

/** How the signature of a profile is made. Only this table chooses it, never a token. */
export type TokenAlgorithm = 'ES256' | 'SM2-SM3' | 'RS256';

/** How the sealed part of a profile is encrypted. */
export type Sealing = 'jwe' | 'sm' | 'rsa-transform';

export interface TokenProfile {
  readonly name: ProfileName;
  readonly typ: string;
  readonly algorithm: TokenAlgorithm;
  readonly sealing: Sealing;
  /** Facts are salted digests in the body (RFC 9901), their disclosures sealed. */
  readonly selective: boolean;
  /** Longest life in seconds. */
  readonly ttlSecondsMax: number;
}

export const profileNames = ['cin-sealed-1', 'cin-sd-1', 'cin-sm-1', 'cin-003-literal'] as const;
export type ProfileName = (typeof profileNames)[number];

const ttlSecondsMax = 10 * 60;

/**
 * Every kind of token that there is. `typ` selects one row, and the row says everything else: a
 * verifier has nothing to negotiate (RFC 8725 §3.1, §3.11).
 *
 * `SM2-SM3` and `SM4-GCM` are names of our own, because JOSE has registered none for them; they
 * exist inside `cin-sm-1` and nowhere else.
 */
export const profiles: Readonly<Record<ProfileName, TokenProfile>> = {
  'cin-sealed-1': row('cin-sealed-1', 'cin-at+jwt', 'ES256', 'jwe', false),
  'cin-sd-1': row('cin-sd-1', 'cin-sd+jwt', 'ES256', 'jwe', true),
  'cin-sm-1': row('cin-sm-1', 'cin-sm+jwt', 'SM2-SM3', 'sm', false),
  'cin-003-literal': row('cin-003-literal', 'cin-003+jwt', 'RS256', 'rsa-transform', false),
};

function row(
  name: ProfileName,
  typ: string,
  algorithm: TokenAlgorithm,
  sealing: Sealing,
  selective: boolean,
): TokenProfile {
  return { name, typ, algorithm, sealing, selective, ttlSecondsMax };
}

/** The row of a `typ`, among those that are allowed here. @throws TokenError `profile` */
export function profileOfType(typ: unknown, allowed: readonly ProfileName[]): TokenProfile {
  const found = allowed.map((name) => profiles[name]).find((profile) => profile.typ === typ);
  assertToken(found !== undefined, 'profile');
  return found;
}
