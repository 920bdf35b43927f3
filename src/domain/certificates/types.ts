import type { ReasonCode, RequestedSettings, Settings, Tier } from '../federation/settings.ts';
import type { SignedStatement } from '../federation/statement.ts';
import type { ApplicationKind, KeyAlgorithm, Purpose } from './profiles.ts';
import type { ApplicationState, CertificateState, DeliveryStep, MoveAction } from './states.ts';
import type { SubjectName } from './x509/build.ts';
import type { CrlReason } from './x509/crl.ts';

/** A key that a certificate is asked for, known to be held by whom it belongs to. */
export interface SubjectKey {
  readonly purpose: Purpose;
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  /** Of a key in the chips; absent when the subject holds it and proved so with a request. */
  readonly keyId?: string;
}

/** A federated decision that the applicant opened, and what shows that it is about the applicant. */
export interface ScoredDecision extends SignedStatement {
  /** 32 bytes in base64url, to compare the name with (`nameKeyOf`). */
  readonly nameKey: string;
}

/** One of the two signatures of an override, by a key in the chips that is this officer's own. */
export interface OverrideSignature {
  readonly by: string;
  /** SubjectPublicKeyInfo, DER, base64url. */
  readonly publicKey: string;
  /** SM2 with SM3, DER, base64url. */
  readonly value: string;
}

/** A person gives another tier than the score did. It counts once a second person has signed. */
export interface TierOverride {
  readonly fromTier: Tier;
  readonly tier: Tier;
  readonly reason: string;
  readonly maker: string;
  readonly proposedAtMs: number;
  /** Canonical JSON (RFC 8785): what both sign. */
  readonly statement: string;
  /** The maker's, then the checker's. */
  readonly signatures: readonly OverrideSignature[];
  readonly checker?: string;
}

export const identityMethods = ['officer', 'federated'] as const;
export type IdentityMethod = (typeof identityMethods)[number];

/** Who found out whether applicant and name belong together, and how (A6). */
export interface IdentityFinding {
  readonly method: IdentityMethod;
  readonly passed: boolean;
  /** Number of the file or transcript that holds the evidence; never the evidence itself. */
  readonly reference: string;
  /** The actor who found it. */
  readonly by: string;
  readonly atMs: number;
}

/** Settings as decided, before there is a certificate that they could be bound to. */
export interface SettingsDecision {
  readonly settings: Settings;
  readonly reasons: readonly ReasonCode[];
}

/** An application for a certificate, or for the pair of an institution. */
export interface Application {
  readonly id: string;
  readonly tenant: string;
  readonly kind: ApplicationKind;
  readonly algorithm: KeyAlgorithm;
  readonly subject: SubjectName;
  readonly dnsNames: readonly string[];
  readonly keys: readonly SubjectKey[];
  readonly requested: RequestedSettings;
  /** An end before that of the profile, as the applicant asked for. */
  readonly notAfterMs?: number;
  readonly scored?: ScoredDecision;
  readonly state: ApplicationState;
  readonly identity?: IdentityFinding;
  readonly override?: TierOverride;
  readonly decision?: SettingsDecision;
  /** Who approved or rejected, and in the latter case why. */
  readonly decidedBy?: string;
  readonly reason?: string;
  /** The certificate that this one follows, by its serial. */
  readonly renews?: string;
  readonly applicant: string;
  readonly branch: string;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
  /** Counts changes; a change names the one it was made on. */
  readonly revision: number;
}

/** A move that was decided and perhaps not yet written to the ledger. */
export interface PendingMove {
  readonly action: MoveAction;
  /** Under which the ledger writes it once, however often it is tried. */
  readonly requestId: string;
  readonly reason?: CrlReason;
  readonly atMs: number;
}

/** Two signatures over the canonical JSON of a settings statement, by the issuing authorities. */
export interface SettingsStatement {
  /** RFC 8785; what was signed is its UTF-8. */
  readonly payload: string;
  readonly signatures: readonly {
    readonly scheme: 'sm2-sm3' | 'ecdsa-p256-sha256';
    /** SHA-256 of the signing key's SubjectPublicKeyInfo, hex. */
    readonly spkiSha256: string;
    /** DER, base64url. */
    readonly value: string;
  }[];
}

/** A certificate from the moment its number was given out. */
export interface Certificate {
  /** Sorts by the time of its making, which is the order of every list. */
  readonly id: string;
  readonly serialHex: string;
  readonly tenant: string;
  /** The actor who applied for it. */
  readonly holder: string;
  /** The random name under which the ledger knows it: `cert/<32 hex digits>`. */
  readonly ledgerSubject: string;
  readonly applicationId: string;
  readonly kind: ApplicationKind;
  readonly purpose: Purpose;
  readonly algorithm: KeyAlgorithm;
  /** Generation of the issuing authority that signs it. */
  readonly issuer: number;
  readonly subject: SubjectName;
  readonly spki: Uint8Array;
  readonly keyId?: string;
  /** All absent until it was signed; the others are digests of the first. */
  readonly der?: Uint8Array;
  readonly sha256Hex?: string;
  readonly sm3Hex?: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly state: CertificateState;
  readonly delivery: DeliveryStep;
  readonly pending?: PendingMove;
  /** Leaf hash of its newest ledger event, and the index of its first. */
  readonly headHash?: string;
  readonly frozenIndex?: number;
  /** Why it is on hold or revoked. */
  readonly reason?: CrlReason;
  /** The request of its last move: a retry of it is answered, others move or are refused. */
  readonly movedBy?: string;
  readonly statement?: SettingsStatement;
  /** The ledger's name of the certificate that this one follows. */
  readonly renewsSubject?: string;
  readonly createdAtMs: number;
  /** When its status last changed, as CRL and OCSP tell it. */
  readonly changedAtMs: number;
  readonly revision: number;
}
