import { jsonHash } from '../../core/federation/envelope.ts';
import { asJson } from '../../core/federation/read.ts';
import type { Caller } from '../actor.ts';
import {
  decidePolicy,
  listPolicyChanges,
  type PolicyChange,
  type PolicyDesk,
  type PolicyRows,
  type ProposedPolicy,
  policyHead,
  proposePolicy,
} from '../audit/policy-changes.ts';
import type { AuditLog } from '../audit/ports.ts';
import type { FieldError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { RowStore } from '../row-store.ts';
import { policyHash } from './decide.ts';
import type { PolicyTable } from './policy.ts';
import { policyFaults, type TierTable } from './policy-check.ts';
import type { Cap, Caps } from './settings.ts';

/** Ceilings of an institution, of each account in it, and of accounts that have one of their own. */
export interface InstitutionCaps {
  readonly enterprise?: Cap;
  /** Of every account without one of its own. An account is an applicant here. */
  readonly account?: Cap;
  /** By applicant. */
  readonly accounts?: Readonly<Record<string, Cap>>;
}

/** What an institution rules about the scoring of its people; two persons change it. */
export interface ScoringPolicy {
  readonly table: TierTable;
  /** Applications that one person may begin in an hour (rule R4). */
  readonly requestsPerHour: number;
  readonly caps: InstitutionCaps;
}

export type ScoringPolicyChange = PolicyChange<ScoringPolicy>;
export type ScoringPolicyRows = PolicyRows<ScoringPolicy>;

/** Applications of one actor in an hour: a model can be read off by many chosen queries (rule R4). */
export const requestsPerHourMax = 60;
export const ownCapsMax = 200;

export interface ScoringPolicyDeps {
  /** The table of the federation, which the decision service holds everybody to. */
  readonly policy: PolicyTable;
  readonly policyRows: RowStore<ScoringPolicyRows>;
}

export interface PolicyInForce {
  /** 0 is the table of the federation, without caps. */
  readonly version: number;
  readonly policy: ScoringPolicy;
  /** The table with its name and version, as decisions name it. */
  readonly table: PolicyTable;
}

/** What rules the scoring of an institution's people now. */
export async function scoringPolicyInForce(
  deps: ScoringPolicyDeps,
  tenant: string,
): Promise<PolicyInForce> {
  const head = await policyHead(deps.policyRows, tenant);
  if (head) {
    const { policy, policyVersion: version } = head;
    return { version, policy, table: tableOf(tenant, policy, version) };
  }
  const { name: _, version: __, ...table } = deps.policy;
  const policy = { table, requestsPerHour: requestsPerHourMax, caps: {} };
  return { version: 0, policy, table: deps.policy };
}

function tableOf(tenant: string, { table }: ScoringPolicy, version: number): PolicyTable {
  return { ...table, name: tenant, version };
}

/** Tables that were in force lately: a decision counts for a day, and goes by the one it was made by. */
const tablesLookedThrough = 50;

/** The table of that hash, if it is or lately was in force for the institution. */
export async function tableOfHash(
  deps: ScoringPolicyDeps,
  tenant: string,
  hash: string,
): Promise<PolicyTable | undefined> {
  if (policyHash(deps.policy) === hash) return deps.policy;
  const page = { limit: tablesLookedThrough };
  const filter = { state: 'approved' } as const;
  const changes = await deps.policyRows.list(tenant, 'policy-change', filter, page);
  return changes
    .map(({ policy, baseVersion }) => tableOf(tenant, policy, baseVersion + 1))
    .find((table) => policyHash(table) === hash);
}

/** What enterprise and account allow one applicant of the institution today. */
export async function capsFor(
  deps: ScoringPolicyDeps,
  tenant: string,
  applicant: string,
): Promise<Caps> {
  const { enterprise, account, accounts } = (await scoringPolicyInForce(deps, tenant)).policy.caps;
  const own = accounts && Object.hasOwn(accounts, applicant) ? accounts[applicant] : account;
  return { ...(enterprise ? { enterprise } : {}), ...(own ? { account: own } : {}) };
}

export interface ScoringPolicyDesk extends ScoringPolicyDeps {
  readonly audit: AuditLog;
  readonly clock: Clock;
}

/** As `proposePolicy`: nothing changes before a second person approves. */
export function proposeScoringPolicy(
  deps: ScoringPolicyDesk,
  caller: Caller,
  proposal: ProposedPolicy<ScoringPolicy>,
): Promise<ScoringPolicyChange> {
  return proposePolicy(deskOf(deps), caller, proposal);
}

/** As `decidePolicy`. The next application is decided by an approved one. */
export function decideScoringPolicy(
  deps: ScoringPolicyDesk,
  caller: Caller,
  request: Parameters<typeof decidePolicy>[2],
): Promise<ScoringPolicyChange> {
  return decidePolicy(deskOf(deps), caller, request);
}

export function listScoringPolicyChanges(
  { policyRows }: ScoringPolicyDeps,
  ...rest: Parameters<typeof listPolicyChanges> extends [unknown, ...infer R] ? R : never
) {
  return listPolicyChanges(policyRows, ...rest);
}

function deskOf({
  policy,
  policyRows,
  audit,
  clock,
}: ScoringPolicyDesk): PolicyDesk<ScoringPolicy> {
  return {
    rows: policyRows,
    audit,
    clock,
    name: 'scoring_policy',
    errors: (proposed) => faultsOf(proposed, policy),
    hash: (proposed) => jsonHash(asJson(proposed)),
  };
}

function faultsOf(
  { table, requestsPerHour, caps }: ScoringPolicy,
  ceiling: PolicyTable,
): FieldError[] {
  const faults = policyFaults(table, ceiling).map(({ pointer, code }) => ({
    pointer: `/table${pointer}`,
    code,
  }));
  if (requestsPerHour < 1 || requestsPerHour > requestsPerHourMax) {
    faults.push({ pointer: '/requestsPerHour', code: 'out_of_range' });
  }
  if (Object.keys(caps.accounts ?? {}).length > ownCapsMax) {
    faults.push({ pointer: '/caps/accounts', code: 'too_many' });
  }
  return faults;
}
