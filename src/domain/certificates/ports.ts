import type { AuditLog } from '../audit/ports.ts';
import type { KeyService } from '../chips/keys.ts';
import type { Tier } from '../federation/settings.ts';
import type { Ledger, LedgerTrust } from '../ledger/ports.ts';
import type { Clock, PageRequest, Random } from '../ports.ts';
import type { KeyAlgorithm } from './profiles.ts';
import type { ApplicationState, CertificateState } from './states.ts';
import type {
  Application,
  Certificate,
  IdentityFinding,
  PendingMove,
  SettingsDecision,
} from './types.ts';
import type { CrlReason } from './x509/crl.ts';

export interface ApplicationFilter {
  readonly states?: readonly ApplicationState[];
  readonly applicant?: string;
}

export interface CertificateFilter {
  /**
   * Matches anywhere in the subject's names and the serial number; 16 hex digits or more only at the
   * start of the serial number.
   */
  readonly query?: string;
  readonly state?: CertificateState;
  /** Only certificates that are not revoked and end within, the earliest end first. */
  readonly ending?: { readonly fromMs: number; readonly beforeMs: number };
  readonly applicationId?: string;
  readonly holder?: string;
}

/** What a revocation list is made of: one certificate that is, or was lately, not in force. */
export interface StatusRow {
  readonly serialHex: string;
  readonly state: CertificateState;
  readonly pending?: PendingMove;
  readonly reason?: CrlReason;
  readonly changedAtMs: number;
  /** Number, among the changes of its issuer, of the one that its status had last. */
  readonly change: number;
}

/** `root_list`: no certificate, but the root's own revocation list. */
export const authorityRoles = ['root', 'issuing', 'ocsp', 'root_list'] as const;
export type AuthorityRole = (typeof authorityRoles)[number];

/** Reasons for which an issuing authority is revoked (RFC 5280 §5.3.1). */
export const authorityReasons = ['cACompromise', 'superseded', 'cessationOfOperation'] as const;
export type AuthorityReason = (typeof authorityReasons)[number];

/** The end of an issuing authority, which takes two people. */
export interface AuthorityRevocation {
  readonly reason: AuthorityReason;
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  /** Who agreed, and when: from then on it is revoked. */
  readonly by?: string;
  readonly atMs?: number;
}

/** What the service itself is certified with, by hierarchy and role. */
export interface AuthorityRow {
  readonly algorithm: KeyAlgorithm;
  readonly role: AuthorityRole;
  /** Of a responder, the generation of the issuing authority that it answers for; otherwise 0. */
  readonly under: number;
  /** Counts renewals of the role; the highest one signs. Of a list, its number. */
  readonly generation: number;
  readonly keyId: string;
  readonly der: Uint8Array;
  /** Of an issuing authority. */
  readonly revocation?: AuthorityRevocation;
}

/** One issuing authority: its hierarchy, and which of those it has. */
export interface IssuerName {
  readonly algorithm: KeyAlgorithm;
  readonly generation: number;
}

export interface StoredCrl {
  readonly issuer: IssuerName;
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  /** The newest change of the issuer's certificates before the rows of the list were read. */
  readonly throughChange: number;
  readonly der: Uint8Array;
}

/**
 * Applications, certificates, and what the authorities remember. Rows of a tenant are absent for
 * another; revocation data belongs to the issuer, so it is read across tenants.
 *
 * Every change is one conditional step. When the store does not answer, every call throws
 * CinnabarError `storage_unavailable`.
 */
export interface CertificateStore {
  /** Does nothing when an application with this id is there already. */
  addApplication(application: Application): Promise<void>;
  /**
   * @throws CinnabarError `application_changed` unless the stored revision is one less, and when one
   * is closed that has a certificate
   */
  replaceApplication(application: Application): Promise<void>;
  findApplication(tenant: string, id: string): Promise<Application | undefined>;
  listApplications(
    tenant: string,
    filter: ApplicationFilter,
    page: PageRequest,
  ): Promise<readonly Application[]>;

  /**
   * Does nothing when the application has a certificate for this purpose already or is closed, or
   * another application has one that holds this key as `hasKey` says: who comes first is decided here.
   */
  addCertificate(certificate: Certificate): Promise<void>;
  /** @throws CinnabarError `certificate_changed` unless the stored revision is one less */
  replaceCertificate(certificate: Certificate): Promise<void>;
  findCertificate(serialHex: string): Promise<Certificate | undefined>;
  /**
   * Whether a certificate of any tenant holds this key: one that is not revoked, or, for ever, one
   * that was revoked as `keyCompromise`.
   */
  hasKey(spki: Uint8Array): Promise<boolean>;
  /** Newest first by id, but as `ending` says. */
  listCertificates(
    tenant: string,
    filter: CertificateFilter,
    page: PageRequest,
  ): Promise<readonly Certificate[]>;
  /** With a move or a delivery that was begun before `beforeMs` and not finished. */
  unfinished(beforeMs: number, limit: number): Promise<readonly Certificate[]>;
  /** Every certificate of the issuer that has not ended and is not plainly in force. */
  notInForce(issuer: IssuerName, atMs: number): Promise<readonly StatusRow[]>;
  /**
   * How often the status of the issuer's certificates changed: a new one, another state, a move that
   * began or was given up. Numbered in the step that writes the row, so whoever reads this number and
   * then the rows has seen every change up to it, whatever the clocks say.
   */
  newestChange(issuer: IssuerName): Promise<number>;
  /** Certificates that came into force after that change. */
  backInForce(issuer: IssuerName, afterChange: number): Promise<readonly StatusRow[]>;
  /**
   * Writes the same pending revocation into every certificate of the issuer that is frozen, active
   * or suspended and has no move pending, in one step.
   */
  revokeAllUnder(issuer: IssuerName, move: PendingMove): Promise<void>;
  /** Certificates of the issuer with a revocation that is pending, and how many there are. */
  revocationsUnder(
    issuer: IssuerName,
    limit: number,
  ): Promise<{ readonly some: readonly Certificate[]; readonly left: number }>;
  /** How many of the issuer's certificates end after `atMs` and are not revoked. */
  countUnder(issuer: IssuerName, atMs: number): Promise<number>;

  /** The one with the highest generation; of responders, under this issuing authority. */
  findAuthority(
    algorithm: KeyAlgorithm,
    role: AuthorityRole,
    under?: number,
  ): Promise<AuthorityRow | undefined>;
  /** All generations of the issuing authority, the newest last. */
  listIssuing(algorithm: KeyAlgorithm): Promise<readonly AuthorityRow[]>;
  /** Does nothing when this generation of the role is there already. */
  addAuthority(row: AuthorityRow): Promise<void>;
  /** @throws CinnabarError `authority_changed` unless `known` is what is stored */
  setRevocation(
    issuer: IssuerName,
    known: AuthorityRevocation | undefined,
    revocation: AuthorityRevocation,
  ): Promise<void>;

  /** The list with the highest number. */
  newestCrl(issuer: IssuerName): Promise<StoredCrl | undefined>;
  /** The list with the lowest number that counts until after `atMs`. */
  oldestCrl(issuer: IssuerName, atMs: number): Promise<Omit<StoredCrl, 'der'> | undefined>;
  /**
   * Forgets the bytes of the list before, and lists that do not count any more.
   *
   * @returns `false` when another list took this number
   */
  addCrl(crl: StoredCrl): Promise<boolean>;

  /** The newest checkpoint that a verification here accepted, kept out of the ledger's reach. */
  rememberedCheckpoint(): Promise<{ readonly size: number; readonly note: string } | undefined>;
  /** Keeps it if it is larger than the one that is kept. */
  rememberCheckpoint(checkpoint: { readonly size: number; readonly note: string }): Promise<void>;
}

/** How a text that is looked for begins a serial number, and nothing else. */
export const serialStart = /^[0-9a-f]{16,40}$/;

/** A check of identity that asks others than the officer at the counter. */
export interface IdentityCheck {
  check(application: Application): Promise<Pick<IdentityFinding, 'passed' | 'reference'>>;
}

/** From which tier two officers may depart, and the best one that they may give. */
export interface TierRange {
  readonly tier: Tier;
  readonly bestTier: Tier;
  /** Why `bestTier` is no better than `tier`, where a rule forbids it. */
  readonly isFinal: boolean;
}

/** What an override departs from, verified. */
export interface TierBasis extends TierRange {
  /** Names it in what both officers sign. */
  readonly names: Readonly<Record<string, string>>;
  /** Subject of the ledger under which the override stands, and the decision that it changes. */
  readonly ledgerSubject: string;
  readonly decisionSha256: string;
}

/** Says what a certificate may permit: from a table of rules, or from a federated score. */
export interface SettingsSource {
  /** For showing: nothing is verified here. */
  tierRange(application: Application): Promise<TierRange>;
  /** @throws CinnabarError `decision_unusable`, `override_refused` for another policy's decision */
  tierBasis(application: Application): Promise<TierBasis>;
  /** Refuses at once what could not be approved later. @throws CinnabarError `decision_unusable` */
  accept(application: Application): Promise<void>;
  /** @throws CinnabarError `decision_unusable` when the application's decision no longer counts */
  settingsFor(application: Application): Promise<SettingsDecision>;
}

export interface CertificateDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly keys: KeyService;
  readonly ledger: Ledger;
  /**
   * The keys of log and witnesses that are believed, from configuration: never asked of the log.
   *
   * @throws CinnabarError `ledger_untrusted` where none are pinned
   */
  readonly ledgerTrust: () => Promise<LedgerTrust>;
  readonly certificates: CertificateStore;
  readonly settingsSource: SettingsSource;
  /** Present where a registry or a federation answers. */
  readonly identityCheck?: IdentityCheck;
  /** Where `/pki/...` is reached from outside, without a slash at the end. */
  readonly pkiBase: string;
}
