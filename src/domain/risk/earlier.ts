import type { Habit, RiskFacts } from './types.ts';

const hourMs = 60 * 60 * 1000;

/** Facts as they were first stored: every earlier order stood in them. */
export interface ListedFacts extends Omit<RiskFacts, 'habit' | 'lastHour'> {
  readonly utcOffsetMinutes: number;
  /** The payer's executed orders of the last 90 days, in any order. */
  readonly earlier: readonly { readonly atMs: number; readonly amountMinor: number }[];
}

/** Facts as they are judged, of facts in either form. */
export function wholeFacts(stored: RiskFacts | ListedFacts): RiskFacts {
  if (!('earlier' in stored)) return stored;
  const { earlier, utcOffsetMinutes, ...facts } = stored;
  const { nowMs } = facts;
  const lastHour = earlier.filter(({ atMs }) => atMs > nowMs - hourMs && atMs <= nowMs);
  return {
    ...facts,
    habit: habitIn(earlier, nowMs, utcOffsetMinutes),
    lastHour: {
      orders: lastHour.length,
      amountMinor: lastHour.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
    },
  };
}

function habitIn(earlier: ListedFacts['earlier'], nowMs: number, utcOffsetMinutes: number): Habit {
  const hourOf = (ms: number) => Math.floor((ms + utcOffsetMinutes * 60_000) / hourMs) % 24;
  const near = earlier.filter(({ atMs }) => {
    const apart = Math.abs(hourOf(atMs) - hourOf(nowMs));
    return Math.min(apart, 24 - apart) <= 1;
  });
  const amounts = earlier.map(({ amountMinor }) => amountMinor).toSorted((a, b) => a - b);
  return {
    orders: earlier.length,
    nearHour: near.length,
    medianMinor: amounts[Math.floor(amounts.length / 2)] ?? 0,
  };
}
