import type { Amount, BehaviourEvent } from './event.ts';
import type { Likely } from './next.ts';
import { visitEnd } from './next.ts';
import { median, type UsualPath } from './visits.ts';

/** Where the rules of the hints draw their lines. */
export interface HintRules {
  /** An action is offered at once from this probability on. */
  readonly offerFrom: number;
  /** The usual path is shown as one form from this share on. */
  readonly pathFrom: number;
  /** Help is offered for an action from this share of failures on, after `triesMin` tries. */
  readonly assistFrom: number;
  readonly triesMin: number;
  /** Amounts that say what is typical, at least. */
  readonly amountsMin: number;
  /** Events before anything is called unusual, at least. */
  readonly eventsMin: number;
  /** An action is a surprise from this many bits on. */
  readonly surpriseBits: number;
  /** An hour is unusual below this share of events within two hours of it. */
  readonly hourShare: number;
  /** Actions within ten minutes that are a burst. */
  readonly burst: number;
  /** Failures in a row, within an hour, that raise the risk. */
  readonly failures: number;
  /** How far the clocks of the people are ahead of UTC. */
  readonly utcOffsetMinutes: number;
}

/** How to handle somebody's business quickly. Every hint says by which figures it came about. */
export type HandlingHint =
  | { readonly code: 'offer_next'; readonly action: string; readonly probability: number }
  | { readonly code: 'offer_path'; readonly actions: readonly string[]; readonly share: number }
  | {
      readonly code: 'assist';
      readonly action: string;
      readonly failed: number;
      readonly of: number;
    };

export function handlingHints(
  events: readonly BehaviourEvent[],
  next: readonly Likely[],
  path: UsualPath | undefined,
  rules: HintRules,
): readonly HandlingHint[] {
  const hints: HandlingHint[] = [];
  const [first] = next;
  if (first && first.action !== visitEnd && first.probability >= rules.offerFrom) {
    hints.push({ code: 'offer_next', ...first });
  }
  if (path && path.actions.length > 1 && path.share >= rules.pathFrom) {
    hints.push({ code: 'offer_path', actions: path.actions, share: path.share });
  }
  const actions = [...new Set(events.map(({ action }) => action))].sort();
  for (const action of actions) {
    const tries = events.filter((event) => event.action === action);
    const failed = tries.filter(({ outcome }) => outcome !== 'done').length;
    if (tries.length >= rules.triesMin && failed / tries.length >= rules.assistFrom) {
      hints.push({ code: 'assist', action, failed, of: tries.length });
    }
  }
  return hints;
}

/** What somebody usually moves with an action, in one currency. */
export interface LimitHint {
  readonly action: string;
  readonly currency: string;
  readonly medianMinor: number;
  /** Above this an amount is unusual for this person. It suggests a limit and is none. */
  readonly typicalMaxMinor: number;
  readonly amounts: number;
}

/** Makes the median absolute deviation comparable with a standard deviation of a normal law. */
const normalConsistency = 1.4826;
const deviations = 3;
/** So that somebody who always pays the same is not unusual by a cent. */
const deviationShareMin = 0.1;

/**
 * Typical amounts by the rule of Hampel (The influence curve and its role in robust estimation,
 * JASA 69, 1974): median and three scaled median absolute deviations, which a few outliers do not
 * move. Only of actions that were done.
 */
export function limitHints(
  events: readonly BehaviourEvent[],
  { amountsMin }: HintRules,
): readonly LimitHint[] {
  const groups = new Map<string, { action: string; currency: string; minors: number[] }>();
  for (const { action, amount, outcome } of events) {
    if (!amount || outcome !== 'done') continue;
    const name = `${action} ${amount.currency}`;
    const group = groups.get(name) ?? { action, currency: amount.currency, minors: [] };
    group.minors.push(amount.minor);
    groups.set(name, group);
  }
  return [...groups.values()]
    .filter(({ minors }) => minors.length >= amountsMin)
    .sort((a, b) => (`${a.action} ${a.currency}` < `${b.action} ${b.currency}` ? -1 : 1))
    .map(({ action, currency, minors }) => {
      const middle = median(minors);
      const deviation = median(minors.map((minor) => Math.abs(minor - middle)));
      const spread = Math.max(deviation * normalConsistency, middle * deviationShareMin);
      return {
        action,
        currency,
        medianMinor: Math.round(middle),
        typicalMaxMinor: Math.ceil(middle + deviations * spread),
        amounts: minors.length,
      };
    });
}

/** What is about to be done. */
export interface Intended {
  readonly action: string;
  readonly atMs: number;
  readonly amount?: Amount;
}

export const riskCodes = [
  'new_action',
  'unexpected_action',
  'unusual_amount',
  'unusual_hour',
  'burst',
  'failures',
] as const;
export type RiskCode = (typeof riskCodes)[number];

export interface RiskHint {
  readonly code: RiskCode;
  /** The figure that was found, and the line that it is beyond. */
  readonly found: number;
  readonly line: number;
}

const tenMinutesMs = 10 * 60 * 1000;
const hourMs = 60 * 60 * 1000;
const dayHours = 24;

/**
 * What is unlike this person about an intended action. It is a reason to look again, to ask for
 * more or to wait; whether something is allowed is decided by the token and its limits alone.
 */
export function riskHints(
  events: readonly BehaviourEvent[],
  intended: Intended,
  next: readonly Likely[],
  rules: HintRules,
): readonly RiskHint[] {
  const hints: RiskHint[] = [];
  const add = (code: RiskCode, found: number, line: number) => hints.push({ code, found, line });
  const past = events.filter(({ atMs }) => atMs <= intended.atMs);
  const recent = past.filter(({ atMs }) => atMs > intended.atMs - tenMinutesMs).length;
  if (recent >= rules.burst) add('burst', recent, rules.burst);
  const failures = failuresInRow(past, intended.atMs);
  if (failures >= rules.failures) add('failures', failures, rules.failures);
  if (past.length < rules.eventsMin) return hints;

  const chance = next.find(({ action }) => action === intended.action)?.probability ?? 0;
  const bits = chance > 0 ? -Math.log2(chance) : Number.POSITIVE_INFINITY;
  if (!past.some(({ action }) => action === intended.action)) add('new_action', 0, 1);
  else if (bits > rules.surpriseBits) add('unexpected_action', bits, rules.surpriseBits);
  const { amount } = intended;
  const typical = limitHints(past, rules).find(
    ({ action, currency }) => action === intended.action && currency === amount?.currency,
  );
  if (amount && typical && amount.minor > typical.typicalMaxMinor) {
    add('unusual_amount', amount.minor, typical.typicalMaxMinor);
  }
  const share = shareAround(past, intended.atMs, rules.utcOffsetMinutes);
  if (share < rules.hourShare) add('unusual_hour', share, rules.hourShare);
  return hints;
}

function failuresInRow(events: readonly BehaviourEvent[], atMs: number): number {
  const lately = events.filter((event) => event.atMs > atMs - hourMs);
  const lastDone = lately.findLastIndex(({ outcome }) => outcome !== 'failed');
  return lately.length - 1 - lastDone;
}

/** The hour of the day, 0 to 23, where the people are. */
export function hourOf(atMs: number, utcOffsetMinutes: number): number {
  const hours = Math.floor((atMs / 60_000 + utcOffsetMinutes) / 60);
  return ((hours % dayHours) + dayHours) % dayHours;
}

/** The part of the events within two hours of the hour, around the clock. */
function shareAround(
  events: readonly BehaviourEvent[],
  atMs: number,
  utcOffsetMinutes: number,
): number {
  const hour = hourOf(atMs, utcOffsetMinutes);
  const near = events.filter((event) => {
    const apart = Math.abs(hourOf(event.atMs, utcOffsetMinutes) - hour);
    return Math.min(apart, dayHours - apart) <= 2;
  });
  return events.length === 0 ? 1 : near.length / events.length;
}
