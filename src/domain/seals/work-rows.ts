import type { ErrorCode } from '../errors.ts';
import type { SealPolicy } from './policy.ts';
import type { EncryptedObject, Money, Verdict } from './types.ts';

export interface PolicyHeadBody {
  readonly policy: SealPolicy;
  /** 0 while the institution has set nothing. */
  readonly policyVersion: number;
  /** The change that put it in force; empty for the first. */
  readonly changeId: string;
}

export interface PolicyChangeBody {
  readonly policy: SealPolicy;
  /** The version that the proposer saw and means to replace. */
  readonly baseVersion: number;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly decidedBy?: string;
  readonly decidedAtMs?: number;
  readonly decisionReason?: string;
}

export interface ReviewBody {
  readonly sealId: string;
  readonly verdict: Verdict;
  readonly money: Money;
  readonly branch: string;
  readonly requestedBy: string;
  readonly queuedAtMs: number;
  readonly needsSecond: boolean;
  readonly step: ReviewStep;
  /** Who has it; empty when nobody. */
  readonly holder: string;
  /** Whose decisions are final, in their order. */
  readonly reviewers: readonly string[];
  readonly outcome?: 'pass' | 'fail';
  readonly settledAtMs?: number;
}

export interface DecisionBody {
  readonly decision: 'pass' | 'fail';
  readonly reason: DecisionReason;
  readonly note: string;
  readonly reviewer: string;
  readonly decidedAtMs: number;
  /** What was signed, as canonical JSON; absent until the decision is final. */
  readonly statement?: string;
  readonly signature?: DecisionSignature;
  /** Where the hash of the statement stands in the ledger. */
  readonly ledger?: { readonly index: number; readonly leafHash: string };
}

/** What a revision of a seal does, as the audit record names it. */
export type RevisionAction = 'seal.enrol' | 'seal.rebuild' | 'seal.add-imprint' | 'seal.status';

export interface SealChangeBody {
  readonly action: RevisionAction;
  /** The revision as it will be stored, wrapped keys as hex. */
  readonly sealJson: string;
  /** Encrypted templates that wait with it. */
  readonly objectKeys: readonly string[];
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly decidedBy?: string;
  readonly decidedAtMs?: number;
  readonly decisionReason?: string;
}

export interface ReplacementBody {
  readonly from: string;
  readonly to: string;
  readonly deleteOld: boolean;
  readonly dryRun: boolean;
  /** The template after which the next step begins. */
  readonly cursor: string;
  /** `sweep` removes replaced templates that nothing refers to. */
  readonly phase: 'replace' | 'sweep' | 'finished';
  /** Templates of the new vendor made, or in a dry run makeable, and proved. */
  readonly replaced: number;
  /** Where the new vendor had its template already. */
  readonly already: number;
  readonly failures: readonly ReplacementFailure[];
  /** In a dry run: what the new vendor says of kept queries. Absent in jobs of earlier versions. */
  readonly replayed?: Replayed;
  readonly removed: number;
  /** Replaced templates that stay, because a verification was compared with them. */
  readonly kept: number;
}

export interface JobBody {
  readonly type: (typeof jobTypes)[number];
  readonly title: string;
  /** For whom it works: its pieces are done in this person's name. */
  readonly requestedBy: string;
  readonly branch: string;
  readonly createdAtMs: number;
  readonly finishedAtMs?: number;
  /** How many pieces there are. */
  readonly total: number;
  readonly replacement?: ReplacementBody;
}

export interface VoucherBody {
  /** The row of the manifest, from 1. */
  readonly position: number;
  /** What the institution calls the voucher. */
  readonly reference: string;
  readonly sealId: string;
  readonly money: Money;
  readonly branch: string;
  readonly dpi?: number;
  /** The uploaded picture, encrypted; it is removed when the voucher is done. */
  readonly picture: Omit<EncryptedObject, 'wrappedKey'> & {
    readonly wrappedKey: readonly number[];
  };
  readonly objectKeys: readonly string[];
  readonly attempts: number;
  readonly verdict?: Verdict;
  readonly errorCode?: ErrorCode;
}

export interface VendorBody {
  /** The job that replaces it. */
  readonly jobId: string;
}

/** What is written in a row of work, by its kind. */
export interface WorkBodies {
  /** The institution's policy in force; one row, `current`. */
  readonly policy: PolicyHeadBody;
  /** A policy as it was proposed, and what became of it. */
  readonly 'policy-change': PolicyChangeBody;
  /** A verification that waits for a person; the id is the verification's. */
  readonly review: ReviewBody;
  /** One person's decision on a review; the parent is the verification. */
  readonly decision: DecisionBody;
  /** A revision of a seal that waits for a second person; the id is the revision's. */
  readonly 'seal-change': SealChangeBody;
  /** A long piece of work. */
  readonly job: JobBody;
  /** One voucher of a batch; the parent is the job, the id that of its verification. */
  readonly voucher: VoucherBody;
  /** What became of an installed vendor in the institution; the id is its code. */
  readonly vendor: VendorBody;
}

export type WorkKind = keyof WorkBodies;

/** One row of work: a state machine that people and queue consumers move step by step. */
export interface Work<K extends WorkKind = WorkKind> {
  readonly tenant: string;
  readonly kind: K;
  readonly id: string;
  /** The row it belongs to; empty when it belongs to none. */
  readonly parent: string;
  readonly state: string;
  /** When a lease ends or a wait is over, in epoch milliseconds; 0 when nothing is due. */
  readonly dueAtMs: number;
  /** Counts moves; 1 when the row was added. */
  readonly version: number;
  readonly body: WorkBodies[K];
}

export const workMessageKinds = ['decision', 'voucher', 'job'] as const;

/** Names a row of work that somebody should look at now. It carries nothing else. */
export interface WorkMessage {
  readonly tenant: string;
  readonly kind: (typeof workMessageKinds)[number];
  readonly id: string;
}

export const jobTypes = ['verification-batch', 'vendor-replacement'] as const;

export interface ReplacementFailure {
  readonly templateId: string;
  readonly sealId: string;
  readonly code: ErrorCode | 'picture_differs' | 'does_not_match_itself';
}

/** What a coming vendor says of queries that the leaving one decided about. */
export interface Replayed {
  readonly same: number;
  /** Matched before, and would not match any more. */
  readonly refused: number;
  /** Did not match before, and would now. */
  readonly accepted: number;
}

export const reviewSteps = ['waiting', 'claimed', 'undoable'] as const;
export type ReviewStep = (typeof reviewSteps)[number];

export const passReasons = ['strokes_agree', 'ink_or_pressure', 'covered_by_print'] as const;

export const failReasons = [
  'strokes_differ',
  'other_seal',
  'suspected_copy',
  'unclear_imprint',
] as const;

export const decisionReasons = [...passReasons, ...failReasons, 'other'] as const;
export type DecisionReason = (typeof decisionReasons)[number];

export interface DecisionSignature {
  readonly keyId: string;
  readonly scheme: 'sm2-sm3';
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeyHex: string;
  /** DER. */
  readonly valueHex: string;
}
