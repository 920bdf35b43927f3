import { describe, expect, test } from 'vitest';
import {
  agreedLifeMs,
  authorisationLifeMs,
  type Book,
  createBook,
  looksMax,
  orderEndsAtMs,
  orderLifeMs,
  recentMax,
} from '../../../src/domain/payments/book.ts';
import type { Agreement, Order, PaymentReceipt } from '../../../src/domain/payments/types.ts';
import type { RiskVerdict } from '../../../src/domain/risk/types.ts';
import { memoryBookStore } from '../../../src/platform/memory/payment-books.ts';
import { bookOrder, terms } from '../../helpers/payments.ts';

const nowMs = Date.UTC(2026, 10, 27, 3);
const hour = 60 * 60 * 1000;
const day = 24 * hour;
const utcOffsetMinutes = 480;
const limits = { singleMinor: 1_000, dailyMinor: 10_000, dailyCount: 100 };
const receipt = { text: '', recordSha256: '' } as PaymentReceipt;

const authorise = (book: Book, id: string, atMs = nowMs) =>
  book.authorise(id, { requestId: 'r', limits, nowMs: atMs, utcOffsetMinutes });

/** A book with one order `a`, as a test wants it. */
function bookWith(own: Partial<Order> = {}) {
  const store = memoryBookStore();
  const book = createBook(store);
  const placed = book.place({ ...bookOrder('a', 100, nowMs), ...own });
  return { store, book, placed };
}

const agreement = (by: string, certificateSerial = `cert of ${by}`): Agreement => ({
  by,
  certificateSerial,
  atMs: nowMs,
});
const organization = 'beichen';
const dual = (needed = 1): Partial<Order> => ({
  dualControl: { organization, needed, agreed: [] },
});

describe('an order that others must agree to', () => {
  test('E8: is set aside once so many have agreed, and not before', () => {
    const { book } = bookWith(dual(2));
    expect(() => authorise(book, 'a')).toThrow('second_person_needed');
    const once = book.agree('a', agreement('he'), nowMs);
    expect(once.dualControl).toEqual({ organization, needed: 2, agreed: [agreement('he')] });
    expect(() => authorise(book, 'a')).toThrow('second_person_needed');
    const twice = book.agree('a', agreement('xu'), nowMs);
    expect(twice.dualControl?.agreed).toEqual([agreement('he'), agreement('xu')]);
    expect(book.find('a', nowMs)).toEqual(twice);
    expect(authorise(book, 'a').state).toBe('authorised');
  });

  test('E8: one person counts once, by the certificate used last', () => {
    const { book } = bookWith(dual(2));
    const first = book.agree('a', agreement('he', 'old'), nowMs);
    expect(book.agree('a', { ...agreement('he', 'old'), atMs: 5 }, nowMs)).toEqual(first);
    book.agree('a', agreement('xu'), nowMs);
    const renewed = book.agree('a', agreement('he', 'new'), nowMs);
    expect(renewed.dualControl).toEqual({
      organization,
      needed: 2,
      agreed: [agreement('xu'), agreement('he', 'new')],
    });
  });

  test('E8: agreements come while it waits, challenged or not, and for such orders only', () => {
    const waiting = bookWith({ ...dual(), state: 'challenged' });
    expect(waiting.book.agree('a', agreement('he'), nowMs)).toMatchObject({ state: 'challenged' });
    expect(() => bookWith().book.agree('a', agreement('he'), nowMs)).toThrow('order_state');
    const { book } = bookWith(dual(0));
    authorise(book, 'a');
    expect(() => book.agree('a', agreement('he'), nowMs)).toThrow('order_state');
    expect(() => book.agree('nothing', agreement('he'), nowMs)).toThrow('order_not_found');
  });

  test('E8: waits for a day, and no longer; others wait half an hour', () => {
    const { book, placed } = bookWith(dual());
    expect(orderEndsAtMs(placed)).toBe(nowMs + day);
    expect(agreedLifeMs).toBe(day);
    expect(book.find('a', nowMs + day)?.state).toBe('assessed');
    expect(book.find('a', nowMs + day + 1)).toMatchObject({
      state: 'terminated',
      endedAtMs: nowMs + day + 1,
      termination: { reason: 'expired', by: '' },
    });
    const plain = bookWith().placed;
    expect(orderEndsAtMs(plain)).toBe(nowMs + 30 * 60_000);
    const aside = { ...plain, state: 'authorised', authorisedAtMs: nowMs + 7 } as const;
    expect(orderEndsAtMs(aside)).toBe(nowMs + 7 + 2 * 60_000);
    expect([orderLifeMs, authorisationLifeMs]).toEqual([30 * 60_000, 2 * 60_000]);
    for (const state of ['executed', 'terminated'] as const) {
      expect(orderEndsAtMs({ ...aside, state })).toBeUndefined();
    }
  });
});

describe('an order that was challenged', () => {
  const known = (verdict: RiskVerdict, score = 50) => ({
    facts: { nowMs } as Order['facts'],
    assessment: { verdict, score, reasons: [] },
    policyVersion: 7,
    policyHash: 'h',
  });

  test('E7: a person is looked at three times, and each look is counted before it', () => {
    const { book } = bookWith({ state: 'challenged' });
    for (let look = 1; look <= looksMax; look++) {
      expect(book.look('a', nowMs).looks).toBe(look);
      expect(book.find('a', nowMs)?.looks).toBe(look);
    }
    expect(() => book.look('a', nowMs)).toThrow('order_state');
    expect(looksMax).toBe(3);
    expect(() => bookWith().book.look('a', nowMs)).toThrow('order_state');
    expect(() => bookWith().book.look('nothing', nowMs)).toThrow('order_not_found');
  });

  test('E7: what is known later is kept, and a verdict that ends it does so for good', () => {
    const { book } = bookWith({ state: 'challenged' });
    const later = book.reassess('a', known('allow'), nowMs + 1);
    expect(later).toMatchObject({ state: 'challenged', ...known('allow') });
    expect(book.find('a', nowMs + 1)).toEqual(later);
    const ended = book.reassess('a', known('terminate', 1000), nowMs + 2);
    expect(ended).toMatchObject({
      state: 'terminated',
      endedAtMs: nowMs + 2,
      termination: { reason: 'risk', by: '' },
      ...known('terminate', 1000),
    });
    expect(() => book.reassess('a', known('allow'), nowMs + 3)).toThrow('order_state');
    expect(() => bookWith().book.reassess('a', known('allow'), nowMs)).toThrow('order_state');
  });

  test('E8: is set aside by nobody before it was cleared', () => {
    const { book } = bookWith({ state: 'challenged' });
    expect(() => authorise(book, 'a')).toThrow('order_state');
    book.clear('a', { method: 'officer', by: 'xu' }, nowMs);
    expect(authorise(book, 'a')).toMatchObject({ state: 'authorised', authorisedAtMs: nowMs });
  });

  test('E8: one that came again under its id is the one that was there', () => {
    const { book, placed } = bookWith({ looks: 2, state: 'challenged' });
    expect(book.place(bookOrder('a', 999, nowMs))).toEqual(placed);
    expect(book.find('a', nowMs)).toEqual(placed);
  });
});

describe('what a payer has done so far', () => {
  const view = (book: Book, atMs: number, currency = 'CNY') =>
    book.view({ currency, payeeAccount: terms.payee.account, nowMs: atMs, utcOffsetMinutes });

  test('E7: the last place is that of the newest order that was paid from one', () => {
    const { store, book } = bookWith();
    const place = (latitudeTenths: number) => ({
      country: 'CN',
      latitudeTenths,
      longitudeTenths: 1202,
    });
    const pay = (id: string, atMs: number, facts: object) => {
      book.place({ ...bookOrder(id, 1, atMs), facts: facts as Order['facts'] });
      authorise(book, id, atMs);
      book.execute(id, receipt, atMs);
    };
    expect(view(book, nowMs)).not.toHaveProperty('lastPlace');
    pay('b', nowMs + 1, { place: place(303), nowMs: nowMs + 1 });
    pay('c', nowMs + 2, { place: place(399), nowMs: nowMs + 2 });
    pay('d', nowMs + 3, { nowMs: nowMs + 3 });
    expect(view(book, nowMs + 9).lastPlace).toEqual({ place: place(399), atMs: nowMs + 2 });
    const nowhere = createBook({ ...store, lastPlaced: () => ({ facts: {} as Order['facts'] }) });
    expect(view(nowhere, nowMs + 9)).not.toHaveProperty('lastPlace');
  });

  test('E7: an hour, ninety days and the newest orders are what they say', () => {
    const { store } = bookWith();
    const asked: unknown[] = [];
    const book = createBook({
      ...store,
      paidBetween: (...between) => {
        asked.push(between);
        return store.paidBetween(...between);
      },
      firstPaidAtMs: (...since) => {
        asked.push(since);
        return store.firstPaidAtMs(...since);
      },
      recent: (most) => {
        asked.push(most);
        return store.recent(most);
      },
    });
    view(book, nowMs, 'USD');
    expect(asked).toEqual(
      expect.arrayContaining([
        ['USD', nowMs - hour, nowMs],
        [terms.payee.account, nowMs - 90 * day],
        64,
      ]),
    );
    expect(recentMax).toBe(64);
  });

  test('E8: what is set aside counts until its time is over, what was stopped not at all', () => {
    const { book } = bookWith();
    const used = (atMs: number) => {
      const { spentTodayMinor, ordersToday } = view(book, atMs);
      return [spentTodayMinor, ordersToday];
    };
    expect(used(nowMs)).toEqual([0, 0]);
    authorise(book, 'a');
    expect(used(nowMs + authorisationLifeMs)).toEqual([100, 1]);
    expect(used(nowMs + authorisationLifeMs + 1)).toEqual([0, 0]);
    // The clock goes back, and the order that ended stays ended.
    expect(used(nowMs)).toEqual([0, 0]);
    book.place(bookOrder('b', 30, nowMs));
    authorise(book, 'b');
    expect(used(nowMs + 1)).toEqual([30, 1]);
    book.terminate('b', 'stopped', 'p', nowMs + 1);
    expect(used(nowMs + 1)).toEqual([0, 0]);
  });

  test('E8: a day is what the book counts, also the one after midnight', () => {
    const { book } = bookWith();
    const late = Date.UTC(2026, 10, 27, 15, 59, 59);
    book.place(bookOrder('late', 70, late));
    authorise(book, 'late', late);
    book.execute('late', receipt, late);
    expect(view(book, late).spentTodayMinor).toBe(70);
    expect(view(book, late + 1_000).spentTodayMinor).toBe(0);
    // Two days on, at the same time, nothing of it is asked for any more.
    expect(view(book, late + 2 * day).spentTodayMinor).toBe(0);
  });
});
