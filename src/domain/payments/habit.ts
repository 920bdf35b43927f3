import type { Habit } from '../risk/types.ts';
import type { Order } from './types.ts';

/**
 * Counts of a payer's executed orders, so that what is usual is known without reading them all: by
 * amount as a tree of base 256, in which the middle one is found by one walk down, and by the quarter
 * of an hour of the UTC day.
 *
 * They are over the orders that were made since the beginning of the window. It moves with the
 * clock: who leaves it is counted out, and if the clock goes back, in again.
 */
export interface CountStore {
  /** Since when orders are counted; absent before anything was. */
  windowFromMs(): number | undefined;
  setWindow(fromMs: number): void;
  /** Executed orders that were made at the first instant or later, and before the second. */
  executed(fromMs: number, beforeMs: number): readonly PaidOrder[];
  add(currency: string, level: number, bucket: number, change: 1 | -1): void;
  /** The buckets from the first to the last that have any, in rising order. */
  between(currency: string, level: number, first: number, last: number): readonly Bucket[];
}

export interface Bucket {
  readonly bucket: number;
  readonly count: number;
}

export type PaidOrder = Pick<Order, 'currency' | 'amountMinor' | 'createdAtMs'> & {
  readonly endedAtMs: number;
};

const base = 256;
/** Levels of the tree; the first takes whatever is above 2^40. */
const levels = 5;
/** The level beside the tree: quarters of an hour. */
const quarters = levels;
const quarterMs = 15 * 60 * 1000;
const quartersOfDay = 96;

/** Counts an order in that was just executed. */
export function countPaid(counts: CountStore, order: PaidOrder): void {
  if (order.createdAtMs >= countedFromMs(counts)) change(counts, order, 1);
}

/** Before the first look at the counts none are kept; that look takes in all there are. */
const countedFromMs = (counts: CountStore) => counts.windowFromMs() ?? Number.MAX_SAFE_INTEGER;

function change(
  counts: CountStore,
  { currency, amountMinor, endedAtMs }: PaidOrder,
  by: 1 | -1,
): void {
  for (let level = 0; level < levels; level++) {
    const bucket = Math.floor(amountMinor / base ** (levels - 1 - level));
    counts.add(currency, level, bucket, by);
  }
  counts.add(currency, quarters, Math.floor(endedAtMs / quarterMs) % quartersOfDay, by);
}

/** What is usual in a currency for orders made at `sinceMs` or later. */
export function habitOf(
  counts: CountStore,
  at: {
    readonly currency: string;
    readonly sinceMs: number;
    readonly nowMs: number;
    /** A whole number of quarters of an hour, as all clocks of the world are apart. */
    readonly utcOffsetMinutes: number;
  },
): Habit {
  moveWindow(counts, at.sinceMs);
  const orders = total(counts.between(at.currency, 0, 0, Number.MAX_SAFE_INTEGER));
  return {
    orders,
    nearHour: nearHour(counts, at),
    medianMinor: nth(counts, at.currency, Math.floor(orders / 2)),
  };
}

function moveWindow(counts: CountStore, toMs: number): void {
  const fromMs = countedFromMs(counts);
  for (const order of counts.executed(fromMs, toMs)) change(counts, order, -1);
  for (const order of counts.executed(toMs, fromMs)) change(counts, order, 1);
  counts.setWindow(toMs);
}

const total = (buckets: readonly Bucket[]) => buckets.reduce((sum, { count }) => sum + count, 0);

/** The amount with `rank` smaller or equal ones before it, in the order of amounts; 0 of none. */
function nth(counts: CountStore, currency: string, rank: number): number {
  let prefix = 0;
  let before = rank;
  for (let level = 0; level < levels; level++) {
    const first = prefix * base;
    const last = level === 0 ? Number.MAX_SAFE_INTEGER : first + base - 1;
    for (const { bucket, count } of counts.between(currency, level, first, last)) {
      prefix = bucket;
      if (before < count) break;
      before -= count;
    }
  }
  return prefix;
}

function nearHour(
  counts: CountStore,
  {
    currency,
    nowMs,
    utcOffsetMinutes,
  }: { readonly currency: string; readonly nowMs: number; readonly utcOffsetMinutes: number },
): number {
  const hourOf = (quarter: number) => {
    const minute = (quarter % quartersOfDay) * 15 + utcOffsetMinutes;
    return Math.floor((minute + 1440) / 60) % 24;
  };
  const now = hourOf(Math.floor(nowMs / quarterMs));
  return total(
    counts.between(currency, quarters, 0, quartersOfDay - 1).filter(({ bucket }) => {
      const apart = Math.abs(hourOf(bucket) - now);
      return Math.min(apart, 24 - apart) <= 1;
    }),
  );
}
