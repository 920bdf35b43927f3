/** The service's own schemas are the single source of these shapes; here they get one door. */
export type { AuditPage, AuditRecord } from '../edge/schemas/audit.ts';
export type { DemoIdentity, DemoToken } from '../edge/schemas/demo.ts';
export type { Notice, Readiness } from '../edge/schemas/operation.ts';
export type { Problem } from '../edge/schemas/problem.ts';
export type { Account, AccountDetail, Card, Quality, Seal, Vendor } from '../edge/schemas/seals.ts';
export type { PicturePair, Transform, Verification } from '../edge/schemas/verifications.ts';

import type { DemoIdentity } from '../edge/schemas/demo.ts';
import type { Seal } from '../edge/schemas/seals.ts';

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
