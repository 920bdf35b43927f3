import type { BehaviourEvent } from './event.ts';
import {
  type HandlingHint,
  type HintRules,
  handlingHints,
  hourOf,
  type Intended,
  type LimitHint,
  limitHints,
  type RiskHint,
  riskHints,
} from './hints.ts';
import { actionChain, type Likely } from './next.ts';
import { decayed, type UsualPath, usualPath, visitsOf } from './visits.ts';

export interface BehaviourRules extends HintRules {
  /** After so many days an event counts half. */
  readonly halfLifeDays: number;
  /** Visits that make a way a usual one. */
  readonly visitsMin: number;
  /** Names of all actions of the system. */
  readonly actions: readonly string[];
}

/** Rules that a system may start from; `actions` are its own. */
export const referenceBehaviourRules: Omit<BehaviourRules, 'actions'> = {
  halfLifeDays: 30,
  visitsMin: 3,
  offerFrom: 0.5,
  pathFrom: 0.4,
  assistFrom: 0.3,
  triesMin: 3,
  amountsMin: 5,
  eventsMin: 20,
  surpriseBits: 5,
  hourShare: 0.02,
  burst: 30,
  failures: 3,
  utcOffsetMinutes: 8 * 60,
};

export interface Preference {
  readonly action: string;
  /** How often, each time weighed by its age. */
  readonly weight: number;
  readonly share: number;
}

/** What the past of a person at one system says about handling their business now. */
export interface KeyData {
  readonly events: number;
  readonly visits: number;
  /** Earliest event that counted; absent when there was none. */
  readonly sinceMs?: number;
  /** Most preferred first. */
  readonly preference: readonly Preference[];
  /** Likeliest first. */
  readonly next: readonly Likely[];
  readonly usualPath?: UsualPath;
  readonly handling: readonly HandlingHint[];
  readonly limits: readonly LimitHint[];
  /** About the intended action; empty without one. */
  readonly risk: readonly RiskHint[];
  /** Events in each hour of the day, 24 figures. */
  readonly hours: readonly number[];
}

/**
 * Key data from events, in the order of their times. The same events, moment and rules give the
 * same data; nothing is learned from anybody else.
 *
 * @param session the running visit: its actions are what the next one follows
 */
export function keyDataOf(
  events: readonly BehaviourEvent[],
  rules: BehaviourRules,
  at: { readonly nowMs: number; readonly session?: string; readonly intended?: Intended },
): KeyData {
  const { nowMs, session, intended } = at;
  const past = events.filter(({ atMs }) => atMs <= nowMs);
  const running = past.filter((event) => event.session === session);
  const visits = visitsOf(past.filter((event) => event.session !== session));
  const chain = actionChain(visits, rules.actions, nowMs, rules.halfLifeDays);
  const next = chain.next(running.map(({ action }) => action));
  const path = usualPath(visits, nowMs, rules);
  const [first] = past;
  return {
    events: past.length,
    visits: visits.length + (running.length > 0 ? 1 : 0),
    ...(first ? { sinceMs: first.atMs } : {}),
    preference: preferenceOf(past, nowMs, rules.halfLifeDays),
    next,
    ...(path ? { usualPath: path } : {}),
    handling: handlingHints(past, next, path, rules),
    limits: limitHints(past, rules),
    risk: intended ? riskHints(past, intended, next, rules) : [],
    hours: hoursOf(past, rules.utcOffsetMinutes),
  };
}

function preferenceOf(
  events: readonly BehaviourEvent[],
  nowMs: number,
  halfLifeDays: number,
): readonly Preference[] {
  const weights = new Map<string, number>();
  for (const { action, atMs } of events) {
    weights.set(action, (weights.get(action) ?? 0) + decayed(atMs, nowMs, halfLifeDays));
  }
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  return [...weights]
    .map(([action, weight]) => ({ action, weight, share: total > 0 ? weight / total : 0 }))
    .sort((a, b) => b.weight - a.weight || (a.action < b.action ? -1 : 1));
}

function hoursOf(events: readonly BehaviourEvent[], utcOffsetMinutes: number): readonly number[] {
  const hours = Array<number>(24).fill(0);
  for (const { atMs } of events) {
    const hour = hourOf(atMs, utcOffsetMinutes);
    hours[hour] = (hours[hour] ?? 0) + 1;
  }
  return hours;
}
