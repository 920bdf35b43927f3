import type { Caller } from '../actor.ts';
import { audited } from '../audit/record.ts';
import { type BiometricFinding, checkBiometric } from '../biometrics/check.ts';
import type { BiometricDeps, Modality } from '../biometrics/ports.ts';
import { CinnabarError } from '../errors.ts';
import { assessOrder } from '../risk/assess.ts';
import { wholeFacts } from '../risk/earlier.ts';
import { policyHash } from '../risk/policy.ts';
import { looksMax } from './book.ts';
import { assertThroughSession, auditOf, getOrder } from './order.ts';
import type { PaymentDeps } from './ports.ts';
import type { Order } from './types.ts';

/** What came of a look at the payer. */
export interface Looked {
  readonly order: Order;
  readonly finding: BiometricFinding;
}

/**
 * Looks at the payer for a challenged order whose policy takes a biometric match (E7). A match clears
 * it. Whatever else comes of it leaves the order challenged, and after the last look that found
 * somebody else the risk engine ends it. A look is counted before it is made, so looks at the same
 * time are no more than looks one after the other.
 *
 * @throws CinnabarError `order_not_found`, `session_required`, `order_state` when it is not
 * challenged, when the policy takes no match, or when no look is left; `audit_unavailable`
 */
export async function answerChallenge(
  deps: PaymentDeps & BiometricDeps,
  caller: Caller,
  request: { readonly id: string; readonly modality: Modality; readonly sample: Uint8Array },
): Promise<Looked> {
  const { tenant, id: payer } = caller.actor;
  const { id, modality, sample } = request;
  const order = await getOrder(deps, caller.actor, id);
  await assertThroughSession(deps, caller, order.terminalId);
  if (!order.biometric) throw new CinnabarError('order_state');
  return audited(deps.audit, caller, auditOf('payment.look', order), async () => {
    const { looks } = await deps.books.look(tenant, payer, id, deps.clock.now());
    const finding = await checkBiometric(deps, caller.actor, modality, sample);
    const isLast = looks === looksMax;
    const looked = await afterLook(deps, order, finding, isLast);
    await deps.riskRegister.keep(looked);
    return { order: looked, finding };
  });
}

async function afterLook(
  deps: PaymentDeps,
  { tenant, payer, id, facts }: Order,
  finding: BiometricFinding,
  isLast: boolean,
): Promise<Order> {
  const nowMs = deps.clock.now();
  if (finding === 'match') {
    return deps.books.clear(tenant, payer, id, { method: 'biometric', by: payer }, nowMs);
  }
  if (finding === 'no_match' && isLast) {
    const { version, policy } = await deps.riskRegister.policyInForce(tenant);
    const known = { ...wholeFacts(facts), biometric: 'no_match' } as const;
    const assessed = {
      facts: known,
      assessment: assessOrder(policy, known),
      policyVersion: version,
      policyHash: policyHash(policy),
    };
    return deps.books.reassess(tenant, payer, id, assessed, nowMs);
  }
  const order = await deps.books.find(tenant, payer, id, nowMs);
  if (!order) throw new CinnabarError('order_not_found');
  return order;
}
