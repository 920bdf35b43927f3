import type { Actor, Caller } from '../actor.ts';
import {
  decidePolicy,
  listPolicyChanges,
  type PolicyChangeState,
  type PolicyDesk,
  type PolicyRows,
  type ProposedPolicy,
  policyHead,
  proposePolicy,
} from '../audit/policy-changes.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { RowStore } from '../row-store.ts';
import type { PolicyChange } from './policy.ts';
import {
  defaultRiskPolicy,
  policyErrors,
  policyHash,
  type RiskPolicy,
  wholePolicy,
} from './policy.ts';
import type { RiskDeps } from './ports.ts';

export type ProposedRiskPolicy = ProposedPolicy<RiskPolicy>;

/** The policy by which orders are assessed now. Version 0 is the one of the product. */
export async function riskPolicyInForce(
  deps: Pick<RiskDeps, 'riskRows'>,
  tenant: string,
): Promise<{ readonly version: number; readonly policy: RiskPolicy }> {
  const head = await policyHead(policyRows(deps), tenant);
  if (!head) return { version: 0, policy: defaultRiskPolicy };
  return { version: head.policyVersion, policy: wholePolicy(head.policy) };
}

/** As `proposePolicy`. */
export function proposeRiskPolicy(
  deps: RiskDeps,
  caller: Caller,
  proposal: ProposedRiskPolicy,
): Promise<PolicyChange> {
  return proposePolicy(deskOf(deps), caller, proposal);
}

/** As `decidePolicy`. An approved one assesses the next order. */
export function decideRiskPolicy(
  deps: RiskDeps,
  caller: Caller,
  request: Parameters<typeof decidePolicy>[2],
): Promise<PolicyChange> {
  return decidePolicy(deskOf(deps), caller, request);
}

/** Every policy that was ever proposed, newest first: the history and what waits. */
export function listRiskPolicyChanges(
  deps: RiskDeps,
  actor: Actor,
  filter: { readonly state?: PolicyChangeState },
  page: PageRequest,
): Promise<Page<PolicyChange>> {
  return listPolicyChanges(policyRows(deps), actor, filter, page);
}

/** A store of more kinds of rows is one of these two, which TypeScript does not see. */
function policyRows({ riskRows }: Pick<RiskDeps, 'riskRows'>): RowStore<PolicyRows<RiskPolicy>> {
  return riskRows as unknown as RowStore<PolicyRows<RiskPolicy>>;
}

function deskOf(deps: RiskDeps): PolicyDesk<RiskPolicy> {
  const { audit, clock } = deps;
  return {
    rows: policyRows(deps),
    audit,
    clock,
    name: 'risk_policy',
    errors: policyErrors,
    hash: (policy) => policyHash(wholePolicy(policy)),
  };
}
