import type { TokenClaims } from '../token/claims.ts';
import { verifyProof } from '../token/dpop.ts';
import { assertToken, TokenError } from '../token/error.ts';
import type { IssuerJwk } from '../token/jwk.ts';
import { openSealed, type SealableLabel, type SensitiveFact } from '../token/open.ts';
import type { ProfileName } from '../token/profiles.ts';
import type { OpeningKey } from '../token/sealing.ts';
import { type TokenVerifier, tokenVerifier, type VerifiedToken } from '../token/verify.ts';
import type { KeySet } from './key-set.ts';

/** Remembers what may be seen once. */
export interface SeenOnce {
  /** Whether `id` is seen for the first time; it is remembered until `untilMs`. */
  first(id: string, untilMs: number): Promise<boolean>;
}

export interface ReaderOptions {
  /** The authentication centre, as it stands in `iss`. */
  readonly issuer: string;
  /** The name under which this system is registered there. */
  readonly name: string;
  readonly keys: KeySet;
  /** Private keys that tokens are sealed to; old ones stay until their last token has ended. */
  readonly openingKeys: readonly OpeningKey[];
  readonly profiles?: readonly ProfileName[];
  /** For proofs of possession. Without it tokens that are bound to a key are refused. */
  readonly seen?: SeenOnce;
  readonly now: () => number;
}

/** The request that brought a token: what a proof of possession must be about. */
export interface Presented {
  readonly method: string;
  readonly url: string;
  /** The `DPoP` header (RFC 9449). */
  readonly proof?: string | undefined;
}

/** A token as this system may read it. */
export interface OpenedToken {
  readonly claims: TokenClaims;
  /** The holder's name here: the same in each token, unlike that at any other system. */
  readonly subject: string;
  readonly facts: readonly SensitiveFact[];
  /** Of `cin-sd-1`: in the order of `facts`, to show single ones onward. */
  readonly disclosures: readonly string[];
  /** The first fact with this label. */
  fact(label: SealableLabel): string | undefined;
  isPermitted(permission: string): boolean;
  /** Most that one operation may move, in minor units; `undefined` when the token states none. */
  single(channel: string, currency: string): bigint | undefined;
}

export interface TokenReader {
  /** @throws TokenError, always with the same code, whatever is wrong */
  open(token: string, presented?: Presented): Promise<OpenedToken>;
}

/** Whoever holds a token shows it often while it lives. */
const remembered = 1_000;

/** Opens tokens without asking the centre about them. */
export function tokenReader(options: ReaderOptions): TokenReader {
  const { issuer, name, keys: source, profiles, now } = options;
  const openingKeys = options.openingKeys.map((key) =>
    key.alg === 'SM2' ? key : { ...key, known: new Map<string, CryptoKey>() },
  );
  let made:
    | { readonly keys: readonly IssuerJwk[]; readonly verifier: Promise<TokenVerifier> }
    | undefined;

  function verifierOf(keys: readonly IssuerJwk[]): Promise<TokenVerifier> {
    if (made?.keys !== keys) {
      const trust = { issuer, audience: name, keys, remembered, ...(profiles ? { profiles } : {}) };
      made = { keys, verifier: tokenVerifier(trust) };
    }
    return made.verifier;
  }

  async function verified(token: string): Promise<VerifiedToken> {
    try {
      return await (await verifierOf(await source.keys())).verify(token, now());
    } catch (error) {
      if (!(error instanceof TokenError) || error.reason !== 'key_unknown') throw error;
      return (await verifierOf(await source.refreshed())).verify(token, now());
    }
  }

  return {
    async open(token, presented) {
      const result = await verified(token);
      await checkPossession(options, token, result.claims, presented);
      const part = await openSealed(result, name, openingKeys);
      return { claims: result.claims, ...part, ...views(result.claims, part.facts) };
    },
  };
}

async function checkPossession(
  { seen, now }: ReaderOptions,
  token: string,
  { jkt }: TokenClaims,
  presented: Presented | undefined,
): Promise<void> {
  if (jkt === undefined) return;
  assertToken(presented?.proof !== undefined && seen !== undefined, 'proof');
  const { method, url, proof } = presented as Required<Presented> & { readonly proof: string };
  const proven = await verifyProof(proof, { method, url, nowMs: now(), accessToken: token });
  assertToken(proven.jkt === jkt, 'binding');
  const isFirst = await (seen as SeenOnce).first(`${jkt}.${proven.jti}`, proven.expiresAtMs);
  assertToken(isFirst, 'replayed');
}

function views({ perm }: TokenClaims, facts: readonly SensitiveFact[]) {
  return {
    fact: (label: SealableLabel) => facts.find((one) => one.label === label)?.value,
    isPermitted: (permission: string) => perm.permissions.includes(permission),
    single(channel: string, currency: string) {
      const limit = perm.limits.find((one) => one.channel === channel && one.currency === currency);
      return limit && BigInt(limit.single);
    },
  };
}
