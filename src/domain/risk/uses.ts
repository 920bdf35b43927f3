/** What is known when somebody asks to use an institution's key. */
export interface UseFacts {
  readonly nowMs: number;
  /** In minor units; absent when the document has none. */
  readonly amountMinor?: number;
  /** Most that the grant allows for one document. */
  readonly amountMaxMinor?: number;
  /** When the person's key was made. */
  readonly keyMadeAtMs: number;
  /** Failed protocol runs of the person's key within the last ten minutes. */
  readonly failedRuns: number;
  /** The person's newest uses of the same key, at most `usesLookedAt`; amounts in the same currency. */
  readonly earlier: readonly { readonly atMs: number; readonly amountMinor?: number }[];
  /** The seal on paper that the request leans on was not clearly the reserved one. */
  readonly sealInDoubt: boolean;
}

export type UseRule =
  | 'device_new'
  | 'failed_runs'
  | 'velocity_count'
  | 'amount_unusual'
  | 'amount_near_limit'
  | 'hour_unusual'
  | 'seal_in_review';

/** One rule that applied, with the number that was seen and the one that it was held against. */
export interface UseReason {
  readonly rule: UseRule;
  readonly points: number;
  readonly seen: number;
  readonly threshold: number;
}

/** `challenge`: one more person must agree; `terminate`: the key does not move. */
export interface UseAssessment {
  readonly rules: typeof useRules;
  readonly verdict: 'allow' | 'challenge' | 'terminate';
  readonly score: number;
  /** Heaviest first. */
  readonly reasons: readonly UseReason[];
}

/** Names this set of rules in every decision: another set has another name. */
export const useRules = 'cinnabar use risk 1';
export const usesLookedAt = 32;

/** One unusual thing is allowed, two together ask for another person, and a heap ends it. */
const challengeAt = 40;
const terminateAt = 100;

/** With fewer earlier uses nothing can be called unusual. */
const usesForHabit = 8;
const hourMs = 60 * 60 * 1000;
const dayMs = 24 * hourMs;

const weights: Readonly<Record<UseRule, { readonly points: number; readonly threshold: number }>> =
  {
    /** Days. */
    device_new: { points: 15, threshold: 1 },
    failed_runs: { points: 30, threshold: 0 },
    /** Uses within an hour. */
    velocity_count: { points: 20, threshold: 30 },
    /** Times the median. */
    amount_unusual: { points: 25, threshold: 10 },
    /** Percent of the grant's limit. */
    amount_near_limit: { points: 10, threshold: 90 },
    /** Percent of the earlier uses within an hour of this time of day. */
    hour_unusual: { points: 10, threshold: 2 },
    seal_in_review: { points: 45, threshold: 0 },
  };

/**
 * Assesses one use of an institution's key. Pure: the same facts give the same answer, always.
 *
 * What a grant, a certificate or a lock forbids is no question of risk and is refused elsewhere;
 * this is about a person who has every right and behaves unlike itself.
 */
export function assessUse(facts: UseFacts): UseAssessment {
  const reasons = observe(facts)
    .filter(({ applies }) => applies)
    .map(({ rule, seen }) => ({ rule, seen, ...weights[rule] }))
    .toSorted((a, b) => b.points - a.points);
  const score = reasons.reduce((sum, { points }) => sum + points, 0);
  const verdict = score >= terminateAt ? 'terminate' : score >= challengeAt ? 'challenge' : 'allow';
  return { rules: useRules, verdict, score, reasons };
}

interface Observation {
  readonly rule: UseRule;
  readonly seen: number;
  readonly applies: boolean;
}

function observe(facts: UseFacts): readonly Observation[] {
  const { nowMs, amountMinor = 0, amountMaxMinor = 0, earlier } = facts;
  const above = (rule: UseRule, seen: number) => ({
    rule,
    seen,
    applies: seen > weights[rule].threshold,
  });
  const below = (rule: UseRule, seen: number) => ({
    rule,
    seen,
    applies: seen < weights[rule].threshold,
  });
  const lastHour = earlier.filter(({ atMs }) => atMs > nowMs - hourMs).length;
  const nearLimit = amountMaxMinor > 0 ? Math.floor((100 * amountMinor) / amountMaxMinor) : 0;
  return [
    below('device_new', Math.max(0, Math.floor((nowMs - facts.keyMadeAtMs) / dayMs))),
    above('failed_runs', facts.failedRuns),
    above('velocity_count', lastHour + 1),
    above('amount_unusual', timesTheMedian(amountMinor, earlier)),
    above('amount_near_limit', nearLimit),
    { ...below('hour_unusual', percentNear(nowMs, earlier)), ...habitless(earlier) },
    above('seal_in_review', facts.sealInDoubt ? 1 : 0),
  ];
}

const habitless = (earlier: UseFacts['earlier']) =>
  earlier.length < usesForHabit ? { applies: false } : {};

function timesTheMedian(amountMinor: number, earlier: UseFacts['earlier']): number {
  const amounts = earlier.flatMap((use) => use.amountMinor ?? []).toSorted((a, b) => a - b);
  const median = amounts[Math.floor(amounts.length / 2)] ?? 0;
  return amounts.length >= usesForHabit && median > 0 ? Math.floor(amountMinor / median) : 0;
}

/** The time of day is a circle: the zone in which it is read does not matter. */
function percentNear(nowMs: number, earlier: UseFacts['earlier']): number {
  const near = earlier.filter(({ atMs }) => {
    const apart = (((nowMs - atMs) % dayMs) + dayMs) % dayMs;
    return Math.min(apart, dayMs - apart) <= hourMs;
  });
  return earlier.length > 0 ? Math.floor((100 * near.length) / earlier.length) : 0;
}
