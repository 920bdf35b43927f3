import type { Caller } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import type { SealChangeBody } from './changes.ts';
import type { JobBody } from './jobs.ts';
import type { PolicyChangeBody, PolicyHeadBody } from './policies.ts';
import type { SealDeps } from './ports.ts';
import type { DecisionBody, ReviewBody } from './reviews.ts';
import type { VendorBody } from './vendors.ts';
import type { VoucherBody } from './vouchers.ts';

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

/** The row after one move. */
export function moved<K extends WorkKind>(
  work: Work<K>,
  change: Partial<Pick<Work<K>, 'state' | 'dueAtMs' | 'body'>>,
): Work<K> {
  return { ...work, ...change, version: work.version + 1 };
}

/** How often a move is tried anew after somebody else moved the row in between. */
const attemptsMax = 8;

/**
 * Reads and moves until nobody else moved in between. `step` sees the rows as they are and answers
 * what to write, or throws.
 *
 * @throws CinnabarError `work_contended` when others keep moving the same rows
 */
export async function settleMove<T>(
  deps: Pick<SealDeps, 'work'>,
  step: () => Promise<{
    readonly result: T;
    readonly add?: readonly Work[];
    readonly move?: readonly Work[];
  }>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { result, add = [], move = [] } = await step();
    if (add.length + move.length === 0) return result;
    if (await deps.work.apply({ add, move })) return result;
  }
  throw new CinnabarError('work_contended');
}

/** Nobody approves or reviews what they asked for. @throws CinnabarError `own_work` */
export function assertOtherThan(caller: Caller, ...people: readonly string[]): void {
  if (people.includes(caller.actor.id)) throw new CinnabarError('own_work');
}
