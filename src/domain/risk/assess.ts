import { type RiskPolicy, scoreMax } from './policy.ts';
import type {
  Assessment,
  Habit,
  HardRule,
  RiskFacts,
  RiskReason,
  RiskVerdict,
  WeighedRule,
} from './types.ts';

const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;
/** With fewer earlier orders nothing can be called unusual. */
const ordersForHabit = 8;
/** Shorter trips are within what positions are wrong by. */
const kmMin = 100;

/**
 * Assesses an order by a policy. Pure: the same facts and policy give the same answer, always.
 *
 * Every rule is looked at, also when one already ends the order, because whoever reads the reasons
 * must see all of them.
 */
export function assessOrder(policy: RiskPolicy, facts: RiskFacts): Assessment {
  const reasons = [...hardReasons(facts), ...weighedReasons(policy, facts)].toSorted(
    (a, b) => weightOf(b) - weightOf(a),
  );
  const sum = reasons.reduce((total, { points }) => total + points, 0);
  const score = Math.min(scoreMax, sum);
  return { verdict: verdictOf(policy, score, reasons), score, reasons };
}

function weightOf({ effect, points }: RiskReason): number {
  return effect === 'terminate' ? scoreMax + 1 : points;
}

function verdictOf(
  { challengeAt, terminateAt }: RiskPolicy,
  score: number,
  reasons: readonly RiskReason[],
): RiskVerdict {
  if (score >= terminateAt || reasons.some(({ effect }) => effect === 'terminate')) {
    return 'terminate';
  }
  return score >= challengeAt ? 'challenge' : 'allow';
}

function hardReasons(facts: RiskFacts): RiskReason[] {
  const { amountMinor, spentTodayMinor, ordersToday } = facts;
  const { singleMinor, dailyMinor, dailyCount } = facts.limits ?? nothing;
  const spent = spentTodayMinor + amountMinor;
  const found: [HardRule, boolean, number, number][] = [
    ['certificate_not_active', facts.certificate !== 'active', 0, 0],
    ['over_single_limit', amountMinor > singleMinor, amountMinor, singleMinor],
    ['over_daily_limit', spent > dailyMinor, spent, dailyMinor],
    ['over_daily_count', ordersToday + 1 > dailyCount, ordersToday + 1, dailyCount],
    ['payee_blocked', facts.payee.listed === 'blocked', 0, 0],
    ['seal_refused', facts.seal?.verdict === 'fail', 0, 0],
    ['biometric_refused', isRefused(facts.biometric), 0, 0],
    ['second_person_impossible', facts.lacksSecondPerson === true, 0, 0],
  ];
  return found
    .filter(([, applies]) => applies)
    .map(([rule, , seen, threshold]) => ({
      rule,
      effect: 'terminate',
      points: 0,
      seen,
      threshold,
    }));
}

const nothing = { singleMinor: 0, dailyMinor: 0, dailyCount: 0 };

/** A check that was asked for and gave no match refuses, whatever the reason it gave none. */
function isRefused(biometric: RiskFacts['biometric']): boolean {
  return biometric !== undefined && biometric !== 'match';
}

/** A rule's number, and whether it is on the wrong side of its threshold. */
interface Observation {
  readonly seen: number;
  readonly applies: (threshold: number) => boolean;
}

const always = (holds: boolean): Observation => ({ seen: holds ? 1 : 0, applies: () => holds });
const above = (seen: number): Observation => ({ seen, applies: (threshold) => seen > threshold });
const below = (seen: number): Observation => ({ seen, applies: (threshold) => seen < threshold });

function weighedReasons({ rules }: RiskPolicy, facts: RiskFacts): RiskReason[] {
  const observations = observe(facts);
  const reasons: RiskReason[] = [];
  for (const [rule, { seen, applies }] of Object.entries(observations) as [
    WeighedRule,
    Observation,
  ][]) {
    const { points, threshold } = rules[rule];
    if (points > 0 && applies(threshold)) {
      reasons.push({ rule, effect: 'score', points, seen, threshold });
    }
  }
  return reasons;
}

function observe(facts: RiskFacts): Record<WeighedRule, Observation> {
  const { nowMs, amountMinor, limits = nothing, habit, lastHour, payee, device, movement } = facts;
  const hourMinor = lastHour.amountMinor + amountMinor;
  return {
    payee_new: below(wholeDays(payee.firstPaidAtMs, nowMs)),
    payee_watched: always(payee.listed === 'watched'),
    device_new: below(wholeDays(device.enrolledAtMs, nowMs)),
    device_weak: always(device.keyStore !== 'hardware'),
    velocity_count: above(lastHour.orders + 1),
    velocity_amount: above(percent(hourMinor, limits.dailyMinor)),
    amount_unusual: above(timesTheMedian(amountMinor, habit)),
    amount_near_limit: above(percent(amountMinor, limits.singleMinor)),
    hour_unusual: hourObservation(habit),
    travel_impossible: above(movement === undefined ? 0 : kmPerHour(movement)),
    seal_in_review: always(facts.seal?.verdict === 'review'),
    tier_low: above(facts.federatedTier ?? 0),
    behaviour_unusual: above(facts.behaviour?.length ?? 0),
    passkey_absent: above(device.hasPasskey === false ? (facts.amountUnits ?? 0) : 0),
  };
}

/** Full days since `sinceMs`; none when there is no such time, or when it is still to come. */
function wholeDays(sinceMs: number | undefined, nowMs: number): number {
  return sinceMs === undefined ? 0 : Math.max(0, Math.floor((nowMs - sinceMs) / dayMs));
}

function percent(part: number, whole: number): number {
  return whole > 0 ? Math.floor((100 * part) / whole) : 0;
}

function timesTheMedian(amountMinor: number, { orders, medianMinor }: Habit): number {
  if (orders < ordersForHabit || medianMinor <= 0) return 0;
  return Math.floor(amountMinor / medianMinor);
}

/** Which share of the earlier orders fell within an hour of this one's time of day. */
function hourObservation({ orders, nearHour }: Habit): Observation {
  return orders < ordersForHabit ? always(false) : below(percent(nearHour, orders));
}

function kmPerHour({ km, sinceMs }: { readonly km: number; readonly sinceMs: number }): number {
  if (km < kmMin) return 0;
  // A clock that stood still would make any trip infinitely fast; a second is the least.
  return Math.floor(km / (Math.max(1000, sinceMs) / hourMs));
}
