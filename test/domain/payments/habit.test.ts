import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBook } from '../../../src/domain/payments/book.ts';
import type { PaymentReceipt } from '../../../src/domain/payments/types.ts';
import { assessOrder } from '../../../src/domain/risk/assess.ts';
import { type ListedFacts, wholeFacts } from '../../../src/domain/risk/earlier.ts';
import { defaultRiskPolicy } from '../../../src/domain/risk/policy.ts';
import { memoryBookStore } from '../../../src/platform/memory/payment-books.ts';
import { bookOrder } from '../../helpers/payments.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
const startMs = Date.UTC(2026, 10, 27, 3);
const receipt = { text: '', recordSha256: '' } as PaymentReceipt;
const limits = { singleMinor: 1e13, dailyMinor: 1e14, dailyCount: 10_000 };

interface Paid {
  readonly currency: string;
  readonly amountMinor: number;
  readonly createdAtMs: number;
  readonly endedAtMs: number;
}

/** A book and, beside it, every order that was paid: the form in which facts once were. */
function payer(utcOffsetMinutes: number) {
  const book = createBook(memoryBookStore());
  const paid: Paid[] = [];
  return {
    pay(amountMinor: number, currency: string, nowMs: number) {
      const id = `order-${String(paid.length).padStart(5, '0')}`;
      book.place({ ...bookOrder(id, amountMinor, nowMs), currency });
      book.authorise(id, { requestId: id, limits, nowMs, utcOffsetMinutes });
      book.execute(id, receipt, nowMs + 60_000);
      paid.push({ currency, amountMinor, createdAtMs: nowMs, endedAtMs: nowMs + 60_000 });
    },
    facts: (nowMs: number) =>
      book.view({ currency: 'CNY', payeeAccount: '', nowMs, utcOffsetMinutes }),
    listed: (nowMs: number): ListedFacts['earlier'] =>
      paid
        .filter(({ currency }) => currency === 'CNY')
        .filter(({ createdAtMs }) => createdAtMs >= nowMs - 90 * day)
        .map(({ endedAtMs, amountMinor }) => ({ atMs: endedAtMs, amountMinor })),
  };
}

function facts(nowMs: number, earlier: ListedFacts['earlier'], offset: number): ListedFacts {
  return {
    nowMs,
    utcOffsetMinutes: offset,
    amountMinor: 50_000,
    certificate: 'active',
    limits: { singleMinor: 1_000_000, dailyMinor: 2_000_000, dailyCount: 20 },
    spentTodayMinor: 0,
    ordersToday: 0,
    payee: { listed: 'none', firstPaidAtMs: 0 },
    device: { enrolledAtMs: 0, keyStore: 'hardware' },
    earlier,
  };
}

describe('E7: what is usual is counted, not listed', () => {
  const step = fc.record({
    afterMs: fc.oneof(
      fc.integer({ min: 0, max: 2 * hour }),
      fc.integer({ min: 0, max: 20 * day }),
      // Clocks jump back.
      fc.integer({ min: -10 * 60_000, max: 0 }),
    ),
    amountMinor: fc.oneof(
      fc.integer({ min: 1, max: 600 }),
      fc.constantFrom(255, 256, 65_535, 65_536, 10_000),
      fc.integer({ min: 1, max: 1_000_000_000_000 }),
    ),
    currency: fc.constantFrom('CNY', 'CNY', 'CNY', 'USD'),
  });
  const offsets = fc.constantFrom(480, 0, -210, 345, 840, -720);

  test('E7: counts give the same facts and the same verdict as the whole list, whatever the clock does', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), offsets, (steps, offset) => {
        const { pay, facts: counted, listed } = payer(offset);
        let nowMs = startMs;
        for (const { afterMs, amountMinor, currency } of steps) {
          nowMs += afterMs;
          const full = facts(nowMs, listed(nowMs), offset);
          const { habit, lastHour } = counted(nowMs);
          const { earlier: _, utcOffsetMinutes: __, ...rest } = full;
          const narrow = { ...rest, habit, lastHour };
          expect(narrow).toEqual(wholeFacts(full));
          expect(assessOrder(defaultRiskPolicy, narrow)).toEqual(
            assessOrder(defaultRiskPolicy, wholeFacts(full)),
          );
          pay(amountMinor, currency, nowMs);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('E7: a leap of years forgets, and the way back remembers', () => {
    const { pay, facts: counted } = payer(480);
    for (let i = 0; i < 9; i++) pay(100 + i, 'CNY', startMs + i);
    expect(counted(startMs + 10).habit).toMatchObject({ orders: 9, medianMinor: 104 });
    expect(counted(startMs + 4_000 * day).habit.orders).toBe(0);
    expect(counted(startMs + 10).habit).toMatchObject({ orders: 9, medianMinor: 104 });
  });

  test('E7: what is paid while the clock is behind the window is counted once it is in it', () => {
    const { pay, facts: counted } = payer(480);
    for (let i = 0; i < 8; i++) pay(100, 'CNY', startMs + i);
    // The oldest of them is the first that still counts.
    expect(counted(startMs + 90 * day).habit.orders).toBe(8);
    pay(100, 'CNY', startMs);
    expect(counted(startMs + 90 * day).habit.orders).toBe(9);
    pay(100, 'CNY', startMs - 1);
    expect(counted(startMs + 90 * day).habit.orders).toBe(9);
    expect(counted(startMs).habit.orders).toBe(10);
  });

  test('E7: the middle amount is found however large amounts are', () => {
    const { pay, facts: counted } = payer(480);
    const amounts = [2 ** 40 - 1, 2 ** 40, 2 ** 42, 2 ** 42 + 255, 2 ** 43, 1];
    for (const [i, amountMinor] of amounts.entries()) pay(amountMinor, 'CNY', startMs + i);
    expect(counted(startMs + 10).habit).toMatchObject({ orders: 6, medianMinor: 2 ** 42 });
    pay(2 ** 42 + 257, 'CNY', startMs + 11);
    pay(2 ** 42 + 258, 'CNY', startMs + 12);
    expect(counted(startMs + 20).habit).toMatchObject({ orders: 8, medianMinor: 2 ** 42 + 255 });
  });

  test('E7: facts that were stored as a list are judged as they were', () => {
    const earlier = Array.from({ length: 9 }, (_, i) => ({
      atMs: startMs - (i + 1) * day,
      amountMinor: 1_000,
    }));
    const listed = facts(startMs, earlier, 480);
    const { reasons } = assessOrder(defaultRiskPolicy, wholeFacts(listed));
    expect(reasons.map(({ rule, seen }) => [rule, seen])).toEqual([['amount_unusual', 50]]);
    const whole = wholeFacts(listed);
    expect(wholeFacts(whole)).toBe(whole);
    expect(JSON.stringify(whole).length).toBeLessThan(600);
  });
});
