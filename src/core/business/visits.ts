import type { BehaviourEvent } from './event.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Actions of one session, in order. */
export interface Visit {
  readonly actions: readonly string[];
  readonly startMs: number;
  /** From the beginning of the first action to the end of the last. */
  readonly durationMs: number;
  /** Whether its last action was done. */
  readonly isWhole: boolean;
}

/** What an event of then counts for now: half after each half-life. */
export function decayed(atMs: number, nowMs: number, halfLifeDays: number): number {
  return 2 ** (-Math.max(0, nowMs - atMs) / (halfLifeDays * dayMs));
}

/** The sessions that events belong to, oldest first. Events are in the order of their times. */
export function visitsOf(events: readonly BehaviourEvent[]): readonly Visit[] {
  const sessions = new Map<string, BehaviourEvent[]>();
  for (const event of events) {
    const known = sessions.get(event.session);
    if (known) known.push(event);
    else sessions.set(event.session, [event]);
  }
  return [...sessions.values()].map(visitOf);
}

function visitOf(events: readonly BehaviourEvent[]): Visit {
  const startMs = Math.min(...events.map(({ atMs }) => atMs));
  const endMs = Math.max(...events.map(({ atMs, durationMs }) => atMs + durationMs));
  return {
    actions: events.map(({ action }) => action),
    startMs,
    durationMs: endMs - startMs,
    isWhole: events.at(-1)?.outcome === 'done',
  };
}

/** The way that somebody usually takes through the system. */
export interface UsualPath {
  readonly actions: readonly string[];
  readonly visits: number;
  /** Its part of all whole visits, weighed by age. */
  readonly share: number;
  readonly medianDurationMs: number;
}

const separator = ' ';

/**
 * The commonest whole visit, weighed by age; none until one way was taken `visitsMin` times. Of two
 * that are equally common the first in the order of the alphabet.
 */
export function usualPath(
  visits: readonly Visit[],
  nowMs: number,
  { halfLifeDays, visitsMin }: { readonly halfLifeDays: number; readonly visitsMin: number },
): UsualPath | undefined {
  const ways = new Map<
    string,
    { weight: number; durations: number[]; actions: readonly string[] }
  >();
  let total = 0;
  for (const { actions, startMs, durationMs, isWhole } of visits) {
    if (!isWhole) continue;
    const name = actions.join(separator);
    const way = ways.get(name) ?? { weight: 0, durations: [], actions };
    const weight = decayed(startMs, nowMs, halfLifeDays);
    way.weight += weight;
    total += weight;
    way.durations.push(durationMs);
    ways.set(name, way);
  }
  const [best] = [...ways]
    .filter(([, { durations }]) => durations.length >= visitsMin)
    .sort(([a, one], [b, other]) => other.weight - one.weight || (a < b ? -1 : 1));
  if (!best) return undefined;
  const [, { actions, weight, durations }] = best;
  return {
    actions,
    visits: durations.length,
    share: total > 0 ? weight / total : 0,
    medianDurationMs: median(durations),
  };
}

/** The middle value, of an even number the mean of the two in the middle; 0 of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? upper)) / 2;
}
