import type { DemoIdentity, Seal } from './types.gen.ts';

export type {
  Account,
  AccountDetail,
  AuditPage,
  AuditRecord,
  Card,
  Certificate,
  CertificateApplication,
  CertificateBundle,
  CertificateRevocation,
  CertificateVerification,
  Chip,
  ChipCluster,
  ChipHalt,
  ClaimedReview,
  Decision,
  DemoIdentity,
  DemoToken,
  IdentityFinding,
  InstalledVendor,
  Job,
  LedgerConsistencyProof,
  LedgerEntry,
  LedgerHistory,
  LedgerInclusionProof,
  LedgerPage,
  LedgerStatus,
  LedgerTrust,
  NewCertificateApplication,
  NewDecision,
  Notice,
  Payment,
  PaymentStatement,
  PersonalKey,
  PicturePair,
  Problem,
  Quality,
  Readiness,
  Review,
  ReviewDetail,
  ReviewPage,
  Seal,
  SealChange,
  SealPolicy,
  SealPolicyChange,
  SealPolicyInForce,
  SealPolicyPreview,
  Transform,
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
