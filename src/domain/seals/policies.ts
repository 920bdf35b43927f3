import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { choosePolicy, type SealPolicy } from './policy.ts';
import type { SealDeps } from './ports.ts';
import type { Money, PolicyChoice } from './types.ts';
import { assertOtherThan, moved, settleMove } from './work.ts';
import type { PolicyChangeBody, Work } from './work-rows.ts';

export const policyChangeStates = ['proposed', 'approved', 'rejected'] as const;
export type PolicyChangeState = (typeof policyChangeStates)[number];

export interface PolicyInForce {
  readonly version: number;
  readonly policy: SealPolicy;
}

export interface PolicyChange extends PolicyChangeBody {
  readonly id: string;
  readonly state: PolicyChangeState;
}

const headId = 'current';

/** The policy that verifications of this institution follow now. */
export async function policyInForce(deps: SealDeps, tenant: string): Promise<PolicyInForce> {
  const head = await deps.work.find(tenant, 'policy', headId);
  if (!head) return { version: 0, policy: deps.policy };
  return { version: head.body.policyVersion, policy: head.body.policy };
}

export interface ProposedPolicy {
  /** The id to give. A retry passes the same one. */
  readonly id: string;
  readonly policy: SealPolicy;
  readonly baseVersion: number;
  readonly reason: string;
}

/**
 * Puts a policy before a second person (maker-checker). Nothing changes yet.
 *
 * @throws CinnabarError `policy_changed` when another version is in force by now,
 * `audit_unavailable`
 */
export async function proposePolicy(
  deps: SealDeps,
  caller: Caller,
  request: ProposedPolicy,
): Promise<PolicyChange> {
  const { tenant } = caller.actor;
  const { id, ...fields } = request;
  const earlier = await deps.work.find(tenant, 'policy-change', id);
  if (earlier) return changeOf(earlier);
  const { version } = await policyInForce(deps, tenant);
  if (version !== request.baseVersion) throw new CinnabarError('policy_changed');
  const change: Work<'policy-change'> = {
    tenant,
    kind: 'policy-change',
    id,
    parent: '',
    state: 'proposed',
    dueAtMs: 0,
    version: 1,
    body: { ...fields, proposedBy: caller.actor.id, proposedAtMs: deps.clock.now() },
  };
  await audited(deps.audit, caller, operationOf('policy.propose', change), () =>
    deps.work.apply({ add: [change], move: [] }),
  );
  return changeOf(change);
}

export interface PolicyDecision {
  readonly id: string;
  readonly decision: 'approve' | 'reject';
  readonly reason: string;
}

/**
 * Approves or rejects a proposed policy. An approved one is in force from the next verification on.
 *
 * @throws CinnabarError `policy_change_not_found`, `own_work` for the proposer's own,
 * `policy_changed` when it was decided already or another version is in force by now,
 * `audit_unavailable`
 */
export async function decidePolicy(
  deps: SealDeps,
  caller: Caller,
  request: PolicyDecision,
): Promise<PolicyChange> {
  const { tenant } = caller.actor;
  const found = await deps.work.find(tenant, 'policy-change', request.id);
  if (!found) throw new CinnabarError('policy_change_not_found');
  const operation = operationOf(`policy.${request.decision}`, found);
  if (found.body.proposedBy === caller.actor.id) {
    await record(deps.audit, caller, operation, 'refused');
  }
  assertOtherThan(caller, found.body.proposedBy);
  return audited(deps.audit, caller, operation, () =>
    settleMove(deps, () => decideOnce(deps, caller, request)),
  );
}

async function decideOnce(deps: SealDeps, caller: Caller, request: PolicyDecision) {
  const { tenant } = caller.actor;
  const change = await deps.work.find(tenant, 'policy-change', request.id);
  if (!change) throw new CinnabarError('policy_change_not_found');
  const approves = request.decision === 'approve';
  const state = approves ? 'approved' : 'rejected';
  if (change.state === state && change.body.decidedBy === caller.actor.id) {
    return { result: changeOf(change) };
  }
  if (change.state !== 'proposed') throw new CinnabarError('policy_changed');
  const decided = moved(change, {
    state,
    body: {
      ...change.body,
      decidedBy: caller.actor.id,
      decidedAtMs: deps.clock.now(),
      decisionReason: request.reason,
    },
  });
  const result = changeOf(decided);
  if (!approves) return { result, move: [decided] };
  const head = await headOf(deps, tenant);
  if (head.body.policyVersion !== change.body.baseVersion) {
    throw new CinnabarError('policy_changed');
  }
  const body = {
    policy: change.body.policy,
    policyVersion: head.body.policyVersion + 1,
    changeId: change.id,
  };
  return { result, move: [decided, moved(head, { body })] };
}

/** The head row, made when there is none: two first approvals then meet at one row. */
async function headOf(deps: SealDeps, tenant: string): Promise<Work<'policy'>> {
  const first: Work<'policy'> = {
    tenant,
    kind: 'policy',
    id: headId,
    parent: '',
    state: 'in-force',
    dueAtMs: 0,
    version: 1,
    body: { policy: deps.policy, policyVersion: 0, changeId: '' },
  };
  await deps.work.apply({ add: [first], move: [] });
  return (await deps.work.find(tenant, 'policy', headId)) ?? first;
}

/** Every policy that was ever proposed, newest first: the history and what waits. */
export async function listPolicyChanges(
  deps: SealDeps,
  actor: Actor,
  filter: { readonly state?: PolicyChangeState },
  page: PageRequest,
): Promise<Page<PolicyChange>> {
  const found = await readPage(
    page,
    (work: Work<'policy-change'>) => work.id,
    (request) => deps.work.list(actor.tenant, 'policy-change', filter, request),
  );
  return { ...found, items: found.items.map(changeOf) };
}

export interface PolicyPreview extends PolicyChoice {
  readonly version: number;
  /** Which vendors could be drawn. */
  readonly installed: readonly string[];
  /** Fewer are installed than the policy wants: such a request goes to a person. */
  readonly tooFew: boolean;
}

/** What a request would be asked, by the policy in force or by a draft. Draws nothing. */
export async function previewPolicy(
  deps: SealDeps,
  actor: Actor,
  request: { readonly branch: string; readonly money: Money; readonly draft?: SealPolicy },
): Promise<PolicyPreview> {
  const { version, policy } = await policyInForce(deps, actor.tenant);
  const installed = deps.engine.vendors.map(({ code }) => code);
  const choice = choosePolicy(
    request.draft ?? policy,
    request.branch,
    request.money,
    installed.length,
  );
  return { ...choice, version, installed, tooFew: choice.vendorCount > installed.length };
}

function changeOf(work: Work<'policy-change'>): PolicyChange {
  const state = policyChangeStates.find((known) => known === work.state);
  if (!state) throw new TypeError('policy change: unknown state');
  return { ...work.body, id: work.id, state };
}

function operationOf(action: AuditAction, change: Work<'policy-change'>): Operation {
  return {
    action,
    subject: `seal-policy:${change.id}`,
    detail: { base: change.body.baseVersion, proposedBy: change.body.proposedBy },
  };
}
