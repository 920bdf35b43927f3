import type { DemoIdentity, Seal } from './types.gen.ts';

export type {
  Account,
  AccountDetail,
  AppliedKeys,
  AuditPage,
  AuditRecord,
  BackupEntry,
  BackupManifest,
  BackupPage,
  Card,
  Certificate,
  CertificateApplication,
  CertificateBundle,
  CertificateRevocation,
  CertificateVerification,
  Chip,
  ChipBackup,
  ChipBackups,
  ChipCluster,
  ChipHalt,
  ChipRestore,
  ClaimedReview,
  CompletedOperation,
  Decision,
  DemoIdentity,
  DemoToken,
  DocumentVerdict,
  Grant,
  GrantChange,
  IdentityFinding,
  InstalledVendor,
  Institution,
  InstitutionKey,
  Job,
  KeyHolder,
  LedgerConsistencyProof,
  LedgerEntry,
  LedgerHistory,
  LedgerInclusionProof,
  LedgerPage,
  LedgerStatus,
  LedgerTrust,
  ListedPayee,
  NewCertificateApplication,
  NewDecision,
  NewGrant,
  NewInstitution,
  NewInstitutionKeys,
  NewOfficers,
  NewOperation,
  NewPayment,
  NewSession,
  NewTerminalKeys,
  NextTerminalKeys,
  Notice,
  OpenBackup,
  Operation,
  Passkey,
  PasskeyOptions,
  Payment,
  PaymentStatement,
  PaymentTerminal,
  PendingApprovals,
  PersonalKey,
  PicturePair,
  Problem,
  Quality,
  Readiness,
  RestoredKeys,
  Review,
  ReviewDetail,
  ReviewPage,
  RiskPolicy,
  RiskPolicyChange,
  RiskPolicyInForce,
  RiskSimulation,
  Seal,
  SealChange,
  SealPolicy,
  SealPolicyChange,
  SealPolicyInForce,
  SealPolicyPreview,
  Session,
  SessionAnswer,
  SessionRequest,
  SessionService,
  TerminalKeySet,
  TierOverride,
  TokenAnswer,
  Transform,
  UsageRecord,
  Vendor,
  Verification,
  VerificationTemplates,
  Voucher,
} from './types.gen.ts';

export type Role = DemoIdentity['role'];
export type SealShape = Seal['shape'];

export interface Bilingual {
  zh: string;
  en: string;
}

export interface Money {
  currency: string;
  amountMinor: number;
}

/** A list that goes on where `nextCursor` says; null ends it. */
export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}
