import type { PolicyChange } from '../../domain/audit/policy-changes.ts';
import { instantText } from '../../lib/time.ts';
import { present } from './input.ts';

/** A proposal as it is shown; `view` shows the policy. */
export function policyChangeView<P, V>(change: PolicyChange<P>, view: (policy: P) => V) {
  const { id, state, policy, baseVersion, reason, proposedBy, proposedAtMs, decision } = change;
  return {
    id,
    state,
    policy: view(policy),
    baseVersion,
    reason,
    proposedBy,
    proposedAt: instantText(proposedAtMs),
    ...present({
      decision: decision && {
        by: decision.by,
        at: instantText(decision.atMs),
        reason: decision.reason,
      },
    }),
  };
}
