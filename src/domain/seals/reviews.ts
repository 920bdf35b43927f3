import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { sendWork } from './messages.ts';
import type { SealDeps } from './ports.ts';
import { proveDecision } from './review-statement.ts';
import type { Verification } from './types.ts';
import { moved, settleMove } from './work.ts';
import type { DecisionBody, DecisionReason, ReviewBody, Work } from './work-rows.ts';

/** How long an item stays with the reviewer who took it. */
export const reviewLeaseMs = 5 * 60 * 1000;
/** How long a decision can be taken back. After that it is only added to. */
export const undoMs = 5000;

export const decisionStates = ['pending', 'withdrawn', 'final'] as const;
export type DecisionState = (typeof decisionStates)[number];

export interface Decision extends DecisionBody {
  readonly id: string;
  readonly state: DecisionState;
  /** From when on it can no longer be taken back. */
  readonly finalAtMs: number;
}

export interface Review extends ReviewBody {
  readonly verificationId: string;
  readonly isSettled: boolean;
  /** When the lease or the time to take back ends; 0 when neither runs. */
  readonly dueAtMs: number;
}

/** The row that puts a verification before a person. */
export function reviewFor(verification: Verification): Work<'review'> {
  return {
    tenant: verification.tenant,
    kind: 'review',
    id: verification.id,
    parent: '',
    state: 'open',
    dueAtMs: 0,
    version: 1,
    body: {
      sealId: verification.sealId,
      verdict: verification.verdict,
      money: verification.money,
      branch: verification.branch,
      requestedBy: verification.requestedBy,
      queuedAtMs: verification.createdAtMs,
      needsSecond: verification.policy.secondReviewer,
      step: 'waiting',
      holder: '',
      reviewers: [],
    },
  };
}

/** The queue, the oldest first, or what was settled, the newest first. */
export async function listReviews(
  deps: SealDeps,
  actor: Actor,
  state: 'open' | 'settled',
  page: PageRequest,
): Promise<Page<Review>> {
  const order = state === 'open' ? 'oldest' : 'newest';
  const found = await readPage(
    page,
    (work: Work<'review'>) => work.id,
    (request) => deps.work.list(actor.tenant, 'review', { state, order }, request),
  );
  return { ...found, items: found.items.map(reviewOf) };
}

/** How many wait for a person. */
export async function countOpenReviews(deps: SealDeps, actor: Actor): Promise<number> {
  const counts = await deps.work.count(actor.tenant, 'review', {});
  return counts.open ?? 0;
}

/**
 * One review with every decision on it, those taken back included.
 *
 * @throws CinnabarError `review_not_found` also for a verification that never needed one
 */
export async function describeReview(
  deps: SealDeps,
  actor: Actor,
  verificationId: string,
): Promise<{ readonly review: Review; readonly decisions: readonly Decision[] }> {
  const filter = { parent: verificationId, order: 'oldest' } as const;
  let decisions = await deps.work.list(actor.tenant, 'decision', filter, { limit: 100 });
  const due = decisions.filter((work) => isDue(deps, work));
  for (const { id } of due) await settleDecision(deps, actor.tenant, id);
  if (due.length > 0) {
    decisions = await deps.work.list(actor.tenant, 'decision', filter, { limit: 100 });
  }
  const review = await findReview(deps, actor.tenant, verificationId);
  return { review: reviewOf(review), decisions: decisions.map(decisionOf) };
}

const claimPageItems = 50;
const claimPagesMax = 20;

/** Takes the oldest item that this person may decide; `undefined` when there is none. */
export async function claimNext(deps: SealDeps, caller: Caller): Promise<Review | undefined> {
  const { tenant } = caller.actor;
  let before: string | undefined;
  for (let page = 0; page < claimPagesMax; page++) {
    const items = await deps.work.list(
      tenant,
      'review',
      { state: 'open', order: 'oldest' },
      { limit: claimPageItems, ...(before === undefined ? {} : { before }) },
    );
    for (const item of items) {
      if (refusalOf(deps, caller, item) !== undefined) continue;
      const claimed = claimedBy(deps, caller, item);
      if (await deps.work.apply({ add: [], move: [claimed] })) return reviewOf(claimed);
    }
    before = items.at(-1)?.id;
    if (items.length < claimPageItems) return undefined;
  }
  return undefined;
}

/**
 * Takes one item, or prolongs one's own lease.
 *
 * @throws CinnabarError `review_not_found`, `review_settled`, `review_taken` while another person
 * has it, `own_work` for what the person asked for or decided before
 */
export function claimReview(deps: SealDeps, caller: Caller, id: string): Promise<Review> {
  return settleMove(deps, async () => {
    const item = await takeable(deps, caller, id);
    const claimed = claimedBy(deps, caller, item);
    return { result: reviewOf(claimed), move: [claimed] };
  });
}

/** Gives an item back to the queue. Somebody else's, or none, is left alone. */
export function releaseReview(deps: SealDeps, caller: Caller, id: string): Promise<Review> {
  return settleMove(deps, async () => {
    const item = await findReview(deps, caller.actor.tenant, id);
    const { step, holder } = item.body;
    if (step !== 'claimed' || holder !== caller.actor.id) return { result: reviewOf(item) };
    const body = { ...item.body, step: 'waiting', holder: '' } as const;
    const released = moved(item, { dueAtMs: 0, body });
    return { result: reviewOf(released), move: [released] };
  });
}

export interface DecisionRequest {
  /** The id to give. A retry passes the same one. */
  readonly id: string;
  readonly verificationId: string;
  readonly decision: 'pass' | 'fail';
  readonly reason: DecisionReason;
  readonly note: string;
}

/**
 * Decides about an imprint (B7). For `undoMs` the decision can be taken back; then it is signed and
 * stands. One "no" settles the review; a "yes" takes as many people as the policy says.
 *
 * @throws CinnabarError as `claimReview`, and `audit_unavailable`
 */
export async function decideReview(
  deps: SealDeps,
  caller: Caller,
  request: DecisionRequest,
): Promise<Decision> {
  const { tenant } = caller.actor;
  const earlier = await deps.work.find(tenant, 'decision', request.id);
  if (earlier) return decisionOf(earlier);
  const operation = operationOf('review.decide', request.verificationId, {
    decision: request.decision,
    reason: request.reason,
  });
  await takeable(deps, caller, request.verificationId).catch(async (error: unknown) => {
    const isOwn = error instanceof CinnabarError && error.code === 'own_work';
    if (isOwn) await record(deps.audit, caller, operation, 'refused');
    throw error;
  });
  const decision = await audited(deps.audit, caller, operation, () =>
    settleMove(deps, async () => {
      const item = await takeable(deps, caller, request.verificationId);
      const nowMs = deps.clock.now();
      const made = decisionFor(caller, request, nowMs);
      const body = { ...item.body, step: 'undoable', holder: caller.actor.id } as const;
      const next = moved(item, { dueAtMs: made.dueAtMs, body });
      return { result: made, add: [made], move: [next] };
    }),
  );
  await sendWork(deps, [{ tenant, kind: 'decision', id: decision.id }], undoMs);
  return decisionOf(decision);
}

function decisionFor(caller: Caller, request: DecisionRequest, nowMs: number): Work<'decision'> {
  const { id, verificationId, decision, reason, note } = request;
  return {
    tenant: caller.actor.tenant,
    kind: 'decision',
    id,
    parent: verificationId,
    state: 'pending',
    dueAtMs: nowMs + undoMs,
    version: 1,
    body: { decision, reason, note, reviewer: caller.actor.id, decidedAtMs: nowMs },
  };
}

/**
 * Takes one's own decision back while there is time; the item is then one's own again.
 *
 * @throws CinnabarError `undo_too_late` when there is none that can be taken back
 */
export async function withdrawDecision(
  deps: SealDeps,
  caller: Caller,
  verificationId: string,
): Promise<Review> {
  const { tenant } = caller.actor;
  const operation = operationOf('review.undo', verificationId, {});
  return audited(deps.audit, caller, operation, () =>
    settleMove(deps, async () => {
      const item = await findReview(deps, tenant, verificationId);
      const filter = { parent: verificationId, state: 'pending' };
      const [pending] = await deps.work.list(tenant, 'decision', filter, { limit: 1 });
      const isOwn = pending?.body.reviewer === caller.actor.id;
      if (!pending || !isOwn || isDue(deps, pending)) throw new CinnabarError('undo_too_late');
      const withdrawn = moved(pending, { state: 'withdrawn', dueAtMs: 0 });
      const claimed = claimedBy(deps, caller, item);
      return { result: reviewOf(claimed), move: [withdrawn, claimed] };
    }),
  );
}

/**
 * Makes a decision final once its time to be taken back is over: signs it and moves the review on.
 * Harmless to repeat.
 *
 * @returns whether nothing is left to do
 * @throws CinnabarError as `proveDecision`; the decision then waits
 */
export async function settleDecision(
  deps: SealDeps,
  tenant: string,
  decisionId: string,
): Promise<boolean> {
  const found = await deps.work.find(tenant, 'decision', decisionId);
  if (found?.state !== 'pending') return true;
  if (!isDue(deps, found)) return false;
  const verification = await deps.seals.findVerification(tenant, found.parent);
  if (!verification) throw new CinnabarError('verification_not_found');
  const proof = await proveDecision(deps, verification, found);
  return settleMove(deps, async () => {
    const decision = await deps.work.find(tenant, 'decision', decisionId);
    if (decision?.state !== 'pending') return { result: true };
    const review = await findReview(deps, tenant, decision.parent);
    const body = { ...decision.body, ...proof };
    const final = moved(decision, { state: 'final', dueAtMs: 0, body });
    return { result: true, move: [final, afterDecision(deps, review, final)] };
  });
}

/** Settles what nobody looked at since its time was over. */
export async function settleDueDecisions(deps: SealDeps, limit: number): Promise<void> {
  const due = await deps.work.due('decision', 'pending', deps.clock.now(), limit);
  for (const { tenant, id } of due) await settleDecision(deps, tenant, id);
}

function afterDecision(
  deps: SealDeps,
  review: Work<'review'>,
  { body: { decision, reviewer } }: Work<'decision'>,
): Work<'review'> {
  const reviewers = [...review.body.reviewers, reviewer];
  const isSettled = decision === 'fail' || !review.body.needsSecond || reviewers.length > 1;
  const body = { ...review.body, reviewers, step: 'waiting', holder: '' } as const;
  if (!isSettled) return moved(review, { dueAtMs: 0, body });
  const settled = { ...body, outcome: decision, settledAtMs: deps.clock.now() };
  return moved(review, { state: 'settled', dueAtMs: 0, body: settled });
}

async function findReview(deps: SealDeps, tenant: string, id: string): Promise<Work<'review'>> {
  const found = await deps.work.find(tenant, 'review', id);
  if (!found) throw new CinnabarError('review_not_found');
  return found;
}

/** The review as it stands, if this person may take it now. */
async function takeable(deps: SealDeps, caller: Caller, id: string): Promise<Work<'review'>> {
  const { tenant } = caller.actor;
  let item = await findReview(deps, tenant, id);
  if (item.body.step === 'undoable' && item.dueAtMs <= deps.clock.now()) {
    // Its decision is due and nobody settled it yet.
    const filter = { parent: id, state: 'pending' };
    const [pending] = await deps.work.list(tenant, 'decision', filter, { limit: 1 });
    if (pending) await settleDecision(deps, tenant, pending.id);
    item = await findReview(deps, tenant, id);
  }
  const refusal = refusalOf(deps, caller, item);
  if (refusal) throw new CinnabarError(refusal);
  return item;
}

function refusalOf(deps: SealDeps, caller: Caller, item: Work<'review'>) {
  const { requestedBy, reviewers, step, holder } = item.body;
  const me = caller.actor.id;
  if (item.state === 'settled') return 'review_settled';
  if (requestedBy === me || reviewers.includes(me)) return 'own_work';
  if (step === 'undoable') return 'review_taken';
  const isHeld = step === 'claimed' && item.dueAtMs > deps.clock.now();
  return isHeld && holder !== me ? 'review_taken' : undefined;
}

function claimedBy(deps: SealDeps, caller: Caller, item: Work<'review'>): Work<'review'> {
  const body = { ...item.body, step: 'claimed', holder: caller.actor.id } as const;
  return moved(item, { dueAtMs: deps.clock.now() + reviewLeaseMs, body });
}

function isDue(deps: SealDeps, decision: Work<'decision'>): boolean {
  return decision.state === 'pending' && decision.dueAtMs <= deps.clock.now();
}

function reviewOf(work: Work<'review'>): Review {
  return {
    ...work.body,
    verificationId: work.id,
    isSettled: work.state === 'settled',
    dueAtMs: work.dueAtMs,
  };
}

function decisionOf(work: Work<'decision'>): Decision {
  const state = decisionStates.find((known) => known === work.state);
  if (!state) throw new TypeError('decision: unknown state');
  return { ...work.body, id: work.id, state, finalAtMs: work.body.decidedAtMs + undoMs };
}

function operationOf(
  action: AuditAction,
  verificationId: string,
  detail: Operation['detail'],
): Operation {
  return { action, subject: `verification:${verificationId}`, detail };
}
