import type { Actor, Caller } from '../actor.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Clock, Page, PageRequest } from '../ports.ts';
import { changed, type Row, type RowEntry, type RowStore, settleRows } from '../row-store.ts';
import type { AuditLog } from './ports.ts';
import { audited, record } from './record.ts';

// Policies that two people change (maker-checker), with what is written into the audit log about it.

/** The policy in force and how often it was changed. */
export interface PolicyHead<P> {
  readonly policy: P;
  readonly policyVersion: number;
}

export const policyChangeStates = ['proposed', 'approved', 'rejected'] as const;
export type PolicyChangeState = (typeof policyChangeStates)[number];

export interface PolicyChange<P> {
  readonly id: string;
  readonly state: PolicyChangeState;
  readonly policy: P;
  /** The version that the proposer saw and means to replace. */
  readonly baseVersion: number;
  readonly reason: string;
  readonly proposedBy: string;
  readonly proposedAtMs: number;
  readonly decision?: { readonly by: string; readonly atMs: number; readonly reason: string };
}

export type ProposedPolicy<P> = Pick<PolicyChange<P>, 'id' | 'policy' | 'baseVersion' | 'reason'>;

/** What an institution keeps of one policy, by kind. */
export interface PolicyRows<P> {
  readonly policy: PolicyHead<P> & Row;
  readonly 'policy-change': PolicyChange<P> & Row;
}

/** A kind of policy: where it is kept, what is wrong with one, and its name in the audit log. */
export interface PolicyDesk<P> {
  readonly rows: RowStore<PolicyRows<P>>;
  readonly audit: AuditLog;
  readonly clock: Clock;
  /** `risk_policy` makes `risk_policy.propose` and the subject `risk-policy:ID`. */
  readonly name: 'risk_policy' | 'scoring_policy';
  /** Pointers begin at the policy. */
  errors(policy: P): readonly FieldError[];
  /** SHA-256 in hex. */
  hash(policy: P): string;
}

const headId = 'current';

/** The policy in force; `undefined` before the first change. */
export function policyHead<P>(
  rows: RowStore<PolicyRows<P>>,
  tenant: string,
): Promise<PolicyHead<P> | undefined> {
  return rows.find(tenant, 'policy', headId);
}

/**
 * Puts a policy before a second person. Nothing changes yet; repeated, it is the same proposal.
 *
 * @throws CinnabarError `invalid_request` naming what is wrong, `policy_changed` when another version
 * is in force by now, `audit_unavailable`
 */
export async function proposePolicy<P>(
  desk: PolicyDesk<P>,
  caller: Caller,
  proposal: ProposedPolicy<P>,
): Promise<PolicyChange<P>> {
  const { tenant, id: proposedBy } = caller.actor;
  const fields = desk.errors(proposal.policy).map(({ pointer, code }) => ({
    pointer: `/body/policy${pointer}`,
    code,
  }));
  if (fields.length > 0) throw new CinnabarError('invalid_request', { fields });
  return audited(desk.audit, caller, operationOf(desk, 'propose', proposal), () =>
    settleRows(desk.rows, tenant, async () => {
      const earlier = await desk.rows.find(tenant, 'policy-change', proposal.id);
      if (earlier) return { result: earlier, write: [] };
      const version = (await policyHead(desk.rows, tenant))?.policyVersion ?? 0;
      if (version !== proposal.baseVersion) throw new CinnabarError('policy_changed');
      const proposedAtMs = desk.clock.now();
      const fresh = { ...proposal, tenant, revision: 1, proposedBy, proposedAtMs };
      const change: PolicyChange<P> & Row = { ...fresh, state: 'proposed' };
      return { result: change, write: [changeEntry(change)] };
    }),
  );
}

/**
 * Approves or rejects a proposed policy. An approved one is in force at once.
 *
 * @throws CinnabarError `policy_change_not_found`, `own_work` for the proposer's own,
 * `policy_changed` when it was decided already or another version is in force by now,
 * `audit_unavailable`
 */
export async function decidePolicy<P>(
  desk: PolicyDesk<P>,
  caller: Caller,
  request: {
    readonly id: string;
    readonly decision: 'approve' | 'reject';
    readonly reason: string;
  },
): Promise<PolicyChange<P>> {
  const { tenant, id: by } = caller.actor;
  const found = await changeWith(desk, tenant, request.id);
  const operation = operationOf(desk, request.decision, found);
  if (found.proposedBy === by) {
    await record(desk.audit, caller, operation, 'refused');
    throw new CinnabarError('own_work');
  }
  const state = request.decision === 'approve' ? 'approved' : 'rejected';
  return audited(desk.audit, caller, operation, () =>
    settleRows(desk.rows, tenant, async () => {
      const change = await changeWith(desk, tenant, request.id);
      if (change.state === state && change.decision?.by === by) {
        return { result: change, write: [] };
      }
      if (change.state !== 'proposed') throw new CinnabarError('policy_changed');
      const decision = { by, atMs: desk.clock.now(), reason: request.reason };
      const decided = changed<PolicyChange<P> & Row>(change, { state, decision });
      const head = state === 'approved' ? [await nextHead(desk, tenant, change)] : [];
      return { result: decided, write: [changeEntry(decided), ...head] };
    }),
  );
}

/** The policy in force after the change: two first approvals meet at this one row. */
async function nextHead<P>(
  desk: PolicyDesk<P>,
  tenant: string,
  { policy, baseVersion }: PolicyChange<P>,
): Promise<RowEntry<PolicyRows<P>>> {
  const head = await desk.rows.find(tenant, 'policy', headId);
  if ((head?.policyVersion ?? 0) !== baseVersion) throw new CinnabarError('policy_changed');
  const revision = (head?.revision ?? 0) + 1;
  const row = { tenant, id: headId, revision, policy, policyVersion: baseVersion + 1 };
  return { kind: 'policy', row, owner: '', parent: '', state: 'in-force' };
}

async function changeWith<P>(desk: PolicyDesk<P>, tenant: string, id: string) {
  const change = await desk.rows.find(tenant, 'policy-change', id);
  if (!change) throw new CinnabarError('policy_change_not_found');
  return change;
}

function changeEntry<P>(row: PolicyChange<P> & Row): RowEntry<PolicyRows<P>> {
  return { kind: 'policy-change', row, owner: row.proposedBy, parent: '', state: row.state };
}

/** Every policy that was ever proposed, newest first: the history and what waits. */
export function listPolicyChanges<P>(
  rows: RowStore<PolicyRows<P>>,
  { tenant }: Pick<Actor, 'tenant'>,
  filter: { readonly state?: PolicyChangeState },
  page: PageRequest,
): Promise<Page<PolicyChange<P>>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => rows.list(tenant, 'policy-change', filter, request),
  );
}

function operationOf<P>(
  { name, hash }: PolicyDesk<P>,
  act: 'propose' | 'approve' | 'reject',
  { id, policy, baseVersion }: ProposedPolicy<P>,
) {
  const detail = { base: baseVersion, policyHash: hash(policy) };
  const action = `${name}.${act}` as const;
  return { action, subject: `${name.replaceAll('_', '-')}:${id}`, detail };
}
