import type { BehaviourEvent, Outcome } from '../../core/business/event.ts';
import type { RiskCode } from '../../core/business/hints.ts';
import { keyDataOf, referenceBehaviourRules } from '../../core/business/key-data.ts';
import type { RecentOrder } from './book.ts';
import type { OrderTerms } from './types.ts';

/** The one thing that is done here, as the business library names actions. */
const action = 'pay';

/**
 * What is unlike the payer about a payment, by the business library's profile of their newest orders
 * (E7): an amount beyond three scaled deviations of theirs, an hour of the day that is not theirs, a
 * burst, failures in a row.
 */
export function behaviourHints(
  recent: readonly RecentOrder[],
  { amountMinor, currency }: OrderTerms,
  at: { readonly nowMs: number; readonly utcOffsetMinutes: number },
): readonly RiskCode[] {
  const { nowMs, utcOffsetMinutes } = at;
  const rules = { ...referenceBehaviourRules, actions: [action], utcOffsetMinutes };
  const intended = { action, atMs: nowMs, amount: { currency, minor: amountMinor } };
  const events = recent.map(eventOf).sort((a, b) => a.atMs - b.atMs);
  return keyDataOf(events, rules, { nowMs, intended }).risk.map(({ code }) => code);
}

function eventOf({ id, createdAtMs, currency, amountMinor, end }: RecentOrder): BehaviourEvent {
  const amount = { currency, minor: amountMinor };
  const outcome = outcomes[end];
  return { id, atMs: createdAtMs, session: id, action, outcome, durationMs: 0, amount };
}

/** What the service refused has failed; what its person left or stopped was given up. */
const outcomes: Readonly<Record<RecentOrder['end'], Outcome>> = {
  executed: 'done',
  risk: 'failed',
  officer: 'failed',
  key_refused: 'failed',
  stopped: 'abandoned',
  expired: 'abandoned',
  open: 'abandoned',
};
