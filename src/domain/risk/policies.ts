import type { Actor, Caller } from '../actor.ts';
import { audited, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { changed, type Row, type RowEntry, settleRows } from '../row-store.ts';
import {
  defaultRiskPolicy,
  policyErrors,
  policyHash,
  type RiskPolicy,
  wholePolicy,
} from './policy.ts';
import type { RiskDeps, RiskRows } from './ports.ts';

export interface PolicyHead {
  readonly policy: RiskPolicy;
  readonly policyVersion: number;
}

export const policyChangeStates = ['proposed', 'approved', 'rejected'] as const;
export type PolicyChangeState = (typeof policyChangeStates)[number];

export interface PolicyChange {
  readonly id: string;
  readonly state: PolicyChangeState;
  readonly policy: RiskPolicy;
  /** The version that the proposer saw and means to replace. */
  readonly baseVersion: number;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly decision?: { readonly by: string; readonly atMs: number; readonly reason: string };
}

const headId = 'current';

/** The policy by which orders are assessed now. Version 0 is the one of the product. */
export async function riskPolicyInForce(
  deps: Pick<RiskDeps, 'riskRows'>,
  tenant: string,
): Promise<{ readonly version: number; readonly policy: RiskPolicy }> {
  const head = await deps.riskRows.find(tenant, 'policy', headId);
  if (!head) return { version: 0, policy: defaultRiskPolicy };
  return { version: head.policyVersion, policy: wholePolicy(head.policy) };
}

export type ProposedRiskPolicy = Pick<PolicyChange, 'id' | 'policy' | 'baseVersion' | 'reason'>;

/**
 * Puts a policy before a second person. Nothing changes yet; repeated, it is the same proposal.
 *
 * @throws CinnabarError `invalid_request` naming the numbers that are wrong, `policy_changed` when
 * another version is in force by now, `audit_unavailable`
 */
export async function proposeRiskPolicy(
  deps: RiskDeps,
  caller: Caller,
  proposal: ProposedRiskPolicy,
): Promise<PolicyChange> {
  const { tenant, id: proposedBy } = caller.actor;
  const fields = policyErrors(proposal.policy).map(({ pointer, code }) => ({
    pointer: `/body/policy${pointer}`,
    code,
  }));
  if (fields.length > 0) throw new CinnabarError('invalid_request', { fields });
  const operation = operationOf('risk_policy.propose', proposal);
  return audited(deps.audit, caller, operation, () =>
    settleRows(deps.riskRows, tenant, async () => {
      const earlier = await deps.riskRows.find(tenant, 'policy-change', proposal.id);
      if (earlier) return { result: earlier, write: [] };
      const { version } = await riskPolicyInForce(deps, tenant);
      if (version !== proposal.baseVersion) throw new CinnabarError('policy_changed');
      const proposedAtMs = deps.clock.now();
      const fresh = { ...proposal, tenant, revision: 1, proposedBy, proposedAtMs };
      const change: RiskRows['policy-change'] = { ...fresh, state: 'proposed' };
      return { result: change, write: [changeEntry(change)] };
    }),
  );
}

/**
 * Approves or rejects a proposed policy (maker-checker). An approved one assesses the next order.
 *
 * @throws CinnabarError `policy_change_not_found`, `own_work` for the proposer's own,
 * `policy_changed` when it was decided already or another version is in force by now,
 * `audit_unavailable`
 */
export async function decideRiskPolicy(
  deps: RiskDeps,
  caller: Caller,
  request: {
    readonly id: string;
    readonly decision: 'approve' | 'reject';
    readonly reason: string;
  },
): Promise<PolicyChange> {
  const { tenant, id: by } = caller.actor;
  const found = await changeWith(deps, tenant, request.id);
  const operation = operationOf(`risk_policy.${request.decision}`, found);
  if (found.proposedBy === by) {
    await record(deps.audit, caller, operation, 'refused');
    throw new CinnabarError('own_work');
  }
  const state = request.decision === 'approve' ? 'approved' : 'rejected';
  return audited(deps.audit, caller, operation, () =>
    settleRows(deps.riskRows, tenant, async () => {
      const change = await changeWith(deps, tenant, request.id);
      if (change.state === state && change.decision?.by === by) {
        return { result: change, write: [] };
      }
      if (change.state !== 'proposed') throw new CinnabarError('policy_changed');
      const decision = { by, atMs: deps.clock.now(), reason: request.reason };
      const decided = changed(change, { state, decision });
      const head = state === 'approved' ? [await nextHead(deps, tenant, change)] : [];
      return { result: decided, write: [changeEntry(decided), ...head] };
    }),
  );
}

/** The policy in force after the change: two first approvals meet at this one row. */
async function nextHead(
  deps: RiskDeps,
  tenant: string,
  { policy, baseVersion }: PolicyChange,
): Promise<RowEntry<RiskRows>> {
  const head = await deps.riskRows.find(tenant, 'policy', headId);
  if ((head?.policyVersion ?? 0) !== baseVersion) throw new CinnabarError('policy_changed');
  const revision = (head?.revision ?? 0) + 1;
  const row = { tenant, id: headId, revision, policy, policyVersion: baseVersion + 1 };
  return { kind: 'policy', row, owner: '', parent: '', state: 'in-force' };
}

async function changeWith(deps: RiskDeps, tenant: string, id: string) {
  const change = await deps.riskRows.find(tenant, 'policy-change', id);
  if (!change) throw new CinnabarError('policy_change_not_found');
  return change;
}

function changeEntry(row: PolicyChange & Row): RowEntry<RiskRows> {
  return { kind: 'policy-change', row, owner: row.proposedBy, parent: '', state: row.state };
}

/** Every policy that was ever proposed, newest first: the history and what waits. */
export function listRiskPolicyChanges(
  deps: RiskDeps,
  { tenant }: Actor,
  filter: { readonly state?: PolicyChangeState },
  page: PageRequest,
): Promise<Page<PolicyChange>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => deps.riskRows.list(tenant, 'policy-change', filter, request),
  );
}

function operationOf(action: string, { id, policy, baseVersion }: ProposedRiskPolicy) {
  const detail = { base: baseVersion, policyHash: policyHash(wholePolicy(policy)) };
  return { action, subject: `risk-policy:${id}`, detail };
}
