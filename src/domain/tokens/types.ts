import type { Permit, PublicIdentity } from '../../core/token/claims.ts';
import type { IssuerJwk, SealingJwk } from '../../core/token/jwk.ts';
import type { RecoveryJwk } from '../../core/token/literal.ts';
import type { SealableLabel } from '../../core/token/open.ts';
import type { ProfileName } from '../../core/token/profiles.ts';
import type { Actor } from '../actor.ts';
import type { Row } from '../row-store.ts';

/** Somebody who can authenticate here; the id is that of the actor. */
export interface Account extends Row {
  readonly actor: Actor;
  /** What an authenticator knows the person by: random, so that it says nothing (WebAuthn §14.6.1). */
  readonly userHandle: string;
}

/** A credential of an authenticator. The id is the credential id in base64url. */
export interface Passkey extends Row {
  readonly actor: string;
  readonly label: string;
  readonly state: 'active' | 'revoked';
  readonly attestation: Attestation;
  /** COSE_Key in base64url (WebAuthn §6.5.1). */
  readonly publicKey: string;
  /** Of the last use; a lower one later means a copy of the authenticator. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly backedUp: boolean;
  readonly createdAtMs: number;
  readonly usedAtMs?: number;
}

/**
 * `verified`: a chain of certificates up to a maker whose root is known here; `unverified`: one that
 * nothing here knows; `self`: signed by the passkey itself; `none`: the authenticator says nothing.
 */
export const attestationLevels = ['none', 'self', 'unverified', 'verified'] as const;

/** What an authenticator said of itself when it made a passkey (WebAuthn §6.5.4). */
export interface Attestation {
  readonly level: (typeof attestationLevels)[number];
  /** Its format, as registered with IANA. */
  readonly format: string;
  /** The model of the authenticator; zeros when it does not say. */
  readonly aaguid: string;
  /** Whether the passkey may be copied to other devices of the person. */
  readonly copied: boolean;
}

/** A challenge for an authenticator, answered at most once. */
export interface Challenge extends Row {
  readonly purpose: 'registration' | 'authentication';
  readonly nonce: string;
  /** Whose authenticator must answer; anybody's of the institution when absent. */
  readonly actor?: string;
  readonly state: 'open' | 'used';
  readonly expiresAtMs: number;
}

export const issuerKeyStates = ['next', 'active', 'passive', 'revoked', 'retired'] as const;
/**
 * `next`: published, not yet used; `active`: signs; `passive`: signs no more, verifies until the
 * last token has ended; `revoked`: verifies nothing from now on; `retired`: its time was over.
 */
export type IssuerKeyState = (typeof issuerKeyStates)[number];

/** A key of the authentication centre. Its private part is in the chips under the same id. */
export interface IssuerKey extends Row {
  readonly jwk: IssuerJwk | RecoveryJwk;
  readonly state: IssuerKeyState;
  readonly createdAtMs: number;
  /** When it came into its state. */
  readonly changedAtMs: number;
}

export interface ReleasePolicy {
  /** Labels whose facts may be sealed to this system; all others are left out. */
  readonly labels: readonly SealableLabel[];
  /** What for: shown to the person, and on record. */
  readonly purpose: string;
}

/** A business system that proved to hold the key that tokens are sealed to. The id is its name. */
export interface BusinessSystem extends Row {
  readonly title: string;
  readonly state: 'pending' | 'active' | 'suspended';
  readonly key: SealingJwk;
  /** The key to follow. Its holder has proved it once the hash of the challenge is gone. */
  readonly nextKey?: { readonly key: SealingJwk; readonly challengeHash?: string };
  /** The key before, and when the last token that is sealed to it has ended. */
  readonly oldKey?: { readonly kid: string; readonly untilMs: number };
  readonly release: ReleasePolicy;
  /** SHA-256 of what only the holder of the private key can read, until it was answered. */
  readonly challengeHash?: string;
  /** SHA-256 of the secret by which the system introspects. */
  readonly secretHash?: string;
  readonly createdAtMs: number;
}

/** Somebody asked, a refresh token came twice, or the passkey was revoked. */
export type EndReason = 'request' | 'reuse' | 'passkey';

/** Everything that was issued from one authentication. Withdrawing it ends all of it. */
export interface Family extends Row {
  readonly actor: Actor;
  readonly state: 'active' | 'revoked';
  readonly revokedFor?: EndReason;
  readonly profile: ProfileName;
  readonly audiences: readonly string[];
  readonly amr: readonly string[];
  readonly pub: PublicIdentity;
  /** Serial number of the certificate whose settings are the permit. */
  readonly certificate?: string;
  readonly jkt?: string;
  /** The passkey of the authentication: it ends with it. */
  readonly passkey?: string;
  /** The family whose token asked for this one: it ends with it, and has no refresh token. */
  readonly within?: string;
  /** SHA-256 of the refresh token in force, and of those that it replaced. */
  readonly refreshHash: string;
  readonly usedHashes: readonly string[];
  /** The facts, encrypted under a key that is wrapped in the chips; absent when there are none. */
  readonly vault?: Vault;
  readonly expiresAtMs: number;
}

export interface Vault {
  readonly wrappedKey: string;
  readonly ciphertext: string;
}

/** A token that was issued. It holds what was sealed for whom by label, and no value. */
export interface IssuedToken extends Row {
  readonly actor: string;
  readonly family: string;
  readonly profile: ProfileName;
  readonly kid: string;
  readonly audiences: readonly string[];
  readonly sub: string;
  readonly perm: Permit;
  readonly released: readonly Released[];
  readonly state: 'active' | 'revoked';
  readonly jkt?: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

export interface Released {
  readonly system: string;
  readonly labels: readonly SealableLabel[];
}

/** Something that may be seen once: the `jti` of a proof. */
export interface Seen extends Row {}

/** What proofs of one stretch of time must repeat; the id is the number of the stretch. */
export interface Nonce extends Row {
  readonly value: string;
}

/** The key of pseudonyms, wrapped in the chips: kept as it is nowhere. */
export interface Pepper extends Row {
  readonly wrappedKey: string;
}
