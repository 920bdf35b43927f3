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
  DemoIdentity,
  DemoToken,
  IdentityFinding,
  InstalledVendor,
  LedgerConsistencyProof,
  LedgerEntry,
  LedgerHistory,
  LedgerInclusionProof,
  LedgerPage,
  LedgerStatus,
  LedgerTrust,
  NewCertificateApplication,
  Notice,
  PicturePair,
  Problem,
  Quality,
  Readiness,
  Seal,
  Transform,
  Vendor,
  Verification,
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
