import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Receipt } from '../../../src/core/usage/receipt.ts';
import {
  authorisationLifeMs,
  type Book,
  type BookStore,
  createBook,
  orderLifeMs,
} from '../../../src/domain/payments/book.ts';
import { nextOrderState, orderActions, orderStates } from '../../../src/domain/payments/states.ts';
import { orderText } from '../../../src/domain/payments/text.ts';
import type { PaymentReceipt } from '../../../src/domain/payments/types.ts';
import { amountText } from '../../../src/lib/amount-text.ts';
import { memoryBookStore } from '../../../src/platform/memory/payment-books.ts';
import { bookOrder, terms } from '../../helpers/payments.ts';

const nowMs = Date.UTC(2026, 10, 27, 3);
const day = 24 * 60 * 60 * 1000;
const utcOffsetMinutes = 480;
const limits = { singleMinor: 1_000, dailyMinor: 10_000, dailyCount: 100 };

const order = (id: string, amountMinor = 100, createdAtMs = nowMs) =>
  bookOrder(id, amountMinor, createdAtMs);

const receipt = { text: '', recordSha256: '' } as PaymentReceipt;
const authorise = (book: Book, id: string, atMs = nowMs) =>
  book.authorise(id, { requestId: 'r', limits, nowMs: atMs, utcOffsetMinutes });

describe('the book of a payer', () => {
  test('E8: 200 orders against a limit for 100 are authorised a hundred times, to the cent', () => {
    const book = createBook(memoryBookStore());
    const ids = Array.from({ length: 200 }, (_, i) => `order-${i}`);
    for (const id of ids) book.place(order(id));
    const allowed = ids.filter((id) => {
      try {
        return authorise(book, id).state === 'authorised';
      } catch {
        return false;
      }
    });
    expect(allowed).toHaveLength(100);
  });

  test('E8: the same race with a look and a write apart overspends: the drill can fail', async () => {
    const store = memoryBookStore();
    const spent = () =>
      store.list({ limit: 1_000 }).filter(({ state }) => state === 'authorised').length;
    const careless = async (id: string) => {
      const before = spent();
      await Promise.resolve();
      if (before < 100) store.put({ ...order(id), state: 'authorised', authorisedAtMs: nowMs });
    };
    await Promise.all(Array.from({ length: 200 }, (_, i) => careless(`order-${i}`)));
    expect(spent()).toBeGreaterThan(100);
  });

  const amounts = fc.array(fc.integer({ min: 1, max: 1_200 }), { minLength: 1, maxLength: 60 });
  test('E8: whatever is ordered, executed and stopped, no day is above its limits', () => {
    fc.assert(
      fc.property(amounts, fc.infiniteStream(fc.nat({ max: 3 })), (list, chances) => {
        const store = memoryBookStore();
        const book = createBook(store);
        let atMs = nowMs;
        list.forEach((amountMinor, i) => {
          const id = `order-${String(i).padStart(3, '0')}`;
          book.place(order(id, amountMinor, atMs));
          const chance = chances.next().value;
          try {
            authorise(book, id, atMs);
            if (chance === 0) book.terminate(id, 'stopped', 'p', atMs);
            if (chance === 1) book.execute(id, receipt, atMs);
          } catch (error) {
            expect(error).toMatchObject({ code: 'order_over_limit' });
          }
          atMs += 30_000;
        });
        const counted = store
          .list({ limit: 1_000 })
          .filter(({ state }) => state === 'authorised' || state === 'executed');
        expect(counted.every(({ amountMinor }) => amountMinor <= limits.singleMinor)).toBe(true);
        const fresh = counted.filter(
          ({ state, authorisedAtMs = 0 }) =>
            state === 'executed' || atMs - authorisedAtMs <= authorisationLifeMs,
        );
        const sum = fresh.reduce((total, { amountMinor }) => total + amountMinor, 0);
        expect(sum).toBeLessThanOrEqual(limits.dailyMinor);
      }),
    );
  });

  test('E8: what was set aside and not used is free again', () => {
    const book = createBook(memoryBookStore());
    const all = { ...limits, dailyMinor: 100 };
    const set = (id: string, atMs: number) =>
      book.authorise(id, { requestId: 'r', limits: all, nowMs: atMs, utcOffsetMinutes });
    book.place(order('a'));
    book.place(order('b'));
    set('a', nowMs);
    expect(() => set('b', nowMs)).toThrow('order_over_limit');
    expect(set('b', nowMs + authorisationLifeMs + 1).state).toBe('authorised');
    expect(book.find('a', nowMs + authorisationLifeMs + 1)?.termination?.reason).toBe('expired');
  });

  test('E8: a clock that goes forward and back frees no amount twice', () => {
    const book = createBook(memoryBookStore());
    const all = { ...limits, dailyMinor: 100 };
    const set = (id: string, atMs: number) =>
      book.authorise(id, { requestId: 'r', limits: all, nowMs: atMs, utcOffsetMinutes });
    book.place(order('a'));
    book.place(order('b'));
    set('a', nowMs);
    set('b', nowMs + 10 * 60_000);
    book.execute('b', receipt, nowMs + 10 * 60_000);
    expect(() => book.execute('a', receipt, nowMs)).toThrow('order_expired');
  });

  test("E8: a day is the bank's day, not the server's", () => {
    const book = createBook(memoryBookStore());
    const all = { ...limits, dailyMinor: 100 };
    const beforeMidnight = Date.UTC(2026, 10, 27, 15, 59);
    const set = (id: string, atMs: number) => {
      book.place(order(id, 100, atMs));
      return book.authorise(id, { requestId: 'r', limits: all, nowMs: atMs, utcOffsetMinutes });
    };
    set('a', beforeMidnight);
    book.execute('a', receipt, beforeMidnight);
    expect(() => set('b', beforeMidnight + 10_000)).toThrow('order_over_limit');
    expect(set('c', beforeMidnight + 2 * 60_000).state).toBe('authorised');
    expect(() => set('d', beforeMidnight + 2 * 60_000)).toThrow('order_over_limit');
    expect(set('e', beforeMidnight + day + 2 * 60_000).state).toBe('authorised');
  });

  test('E8: the table has every move and no other', () => {
    const allowed = orderStates.flatMap((state) =>
      orderActions
        .filter((action) => nextOrderState(state, action))
        .map((action) => `${state} ${action} ${nextOrderState(state, action)}`),
    );
    expect(allowed).toEqual([
      'challenged clear assessed',
      'challenged terminate terminated',
      'assessed authorise authorised',
      'assessed terminate terminated',
      'authorised execute executed',
      'authorised terminate terminated',
    ]);
  });

  test('E8: a store that breaks between two writes leaves one order in one state', () => {
    const store = memoryBookStore();
    let isBroken = false;
    const fragile: BookStore = {
      ...store,
      put: (item) => {
        if (isBroken) throw new Error('the store is gone');
        store.put(item);
      },
    };
    const book = createBook(fragile);
    book.place(order('a'));
    isBroken = true;
    expect(() => authorise(book, 'a')).toThrow('the store is gone');
    isBroken = false;
    expect(authorise(book, 'a').state).toBe('authorised');
    isBroken = true;
    expect(() => book.execute('a', receipt, nowMs)).toThrow('the store is gone');
    isBroken = false;
    expect(book.execute('a', receipt, nowMs).state).toBe('executed');
  });
});

describe('the life of an order in its book', () => {
  const chip = {
    chipReceipt: { atMs: 7 } as unknown as Receipt,
    chipAsked: { epoch: 0, message: 'm' },
  };
  const later = { text: 'x', recordSha256: 'later' } as PaymentReceipt;

  test('E8: each step keeps what it adds, is repeated without effect, and comes in its turn', () => {
    const book = createBook(memoryBookStore());
    for (const act of [
      () => book.answered('a', chip),
      () => book.annotate('a', receipt),
      () => book.execute('a', receipt, nowMs),
      () => book.terminate('a', 'stopped', 'p', nowMs),
    ]) {
      expect(act).toThrow('order_not_found');
    }
    expect(book.find('a', nowMs)).toBeUndefined();
    book.place(order('a'));
    expect(() => book.answered('a', chip)).toThrow('order_state');
    expect(() => book.annotate('a', receipt)).toThrow('order_state');
    authorise(book, 'a');
    expect(book.answered('a', chip)).toMatchObject({ state: 'authorised', ...chip });
    expect(() => book.annotate('a', receipt)).toThrow('order_state');
    const executed = book.execute('a', receipt, nowMs + 1);
    expect(executed).toMatchObject({ state: 'executed', ...chip, endedAtMs: nowMs + 1 });
    expect(book.execute('a', later, nowMs + 2)).toEqual(executed);
    expect(book.answered('a', { ...chip, chipAsked: { epoch: 1, message: 'm' } })).toEqual(
      executed,
    );
    expect(book.annotate('a', later)).toEqual({ ...executed, receipt: later });
    expect(book.find('a', nowMs + day)).toEqual({ ...executed, receipt: later });
    expect(() => book.terminate('a', 'stopped', 'p', nowMs)).toThrow('order_state');
  });

  test('E8: a stopped order says by whom, once, and does nothing any more', () => {
    const book = createBook(memoryBookStore());
    book.place(order('a'));
    const stopped = book.terminate('a', 'stopped', 'p', nowMs + 5);
    expect(stopped).toMatchObject({
      state: 'terminated',
      endedAtMs: nowMs + 5,
      termination: { reason: 'stopped', by: 'p' },
    });
    expect(book.terminate('a', 'officer', 'xu', nowMs + 6)).toEqual(stopped);
    expect(() => authorise(book, 'a')).toThrow('order_state');
    expect(() => book.execute('a', receipt, nowMs)).toThrow('order_state');
    expect(book.list({ limit: 5 }, nowMs)).toEqual([stopped]);
  });

  test('E8: an order whose time is over says so, in lists and to whoever goes on with it', () => {
    const book = createBook(memoryBookStore());
    book.place(order('a'));
    const over = nowMs + orderLifeMs + 1;
    expect(book.list({ limit: 5 }, nowMs + orderLifeMs)).toMatchObject([{ state: 'assessed' }]);
    const ended = { state: 'terminated', termination: { reason: 'expired', by: '' } };
    expect(book.list({ limit: 5 }, over)).toMatchObject([{ ...ended, endedAtMs: over }]);
    expect(() => authorise(book, 'a', over)).toThrow('order_expired');
    expect(() => book.execute('a', receipt, over)).toThrow('order_expired');
    book.place(order('b'));
    authorise(book, 'b');
    const late = nowMs + authorisationLifeMs;
    expect(() => book.execute('b', receipt, late + 1)).toThrow('order_expired');
    book.place(order('c'));
    authorise(book, 'c');
    expect(book.execute('c', receipt, late).state).toBe('executed');
  });
});

describe('limits, to the last cent and the last order', () => {
  /** A book in which these were paid today, each in its currency and to its payee. */
  function paid(...done: readonly (readonly [amountMinor: number, currency?: string])[]) {
    const book = createBook(memoryBookStore());
    done.forEach(([amountMinor, currency = 'CNY'], i) => {
      book.place({ ...order(`paid-${i}`, amountMinor, nowMs + i), currency });
      authorise(book, `paid-${i}`, nowMs + i);
      book.execute(`paid-${i}`, receipt, nowMs + i);
    });
    return book;
  }

  const fits = (book: Book, amountMinor: number, own: Partial<typeof limits>) => {
    const id = `next-${amountMinor}`;
    book.place(order(id, amountMinor, nowMs + 1_000));
    const input = { requestId: 'r', limits: { ...limits, ...own }, utcOffsetMinutes };
    try {
      return book.authorise(id, { ...input, nowMs: nowMs + 1_000 }).state === 'authorised';
    } catch (error) {
      expect(error).toMatchObject({ code: 'order_over_limit' });
      return false;
    }
  };

  test.each([
    ['one payment at its limit', [], 1_000, {}, true],
    ['one cent above it', [], 1_001, {}, false],
    ['a day filled to the cent', [[900], [60]], 40, { dailyMinor: 1_000 }, true],
    ['one cent above the day', [[900], [60]], 41, { dailyMinor: 1_000 }, false],
    ['the last order of a day', [[1], [1]], 1, { dailyCount: 3 }, true],
    ['one order more', [[1], [1], [1]], 1, { dailyCount: 3 }, false],
    ['no order at all', [], 1, { dailyCount: 0 }, false],
    [
      'money of another currency',
      [
        [900, 'USD'],
        [900, 'EUR'],
      ],
      900,
      { dailyMinor: 1_000 },
      true,
    ],
  ] as const)('E8: %s', (_what, done, amountMinor, own, isIn) => {
    expect(fits(paid(...done), amountMinor, own)).toBe(isIn);
  });

  test('E8: another attempt at an authorised order is noted and takes nothing more', () => {
    const book = paid([400]);
    book.place(order('a', 600));
    const all = { ...limits, dailyMinor: 1_000 };
    const set = (requestId: string) =>
      book.authorise('a', { requestId, limits: all, nowMs: nowMs + 5, utcOffsetMinutes });
    const first = set('one');
    expect(set('one')).toEqual(first);
    const second = set('two');
    expect(second).toEqual({ ...first, approvedRequestId: 'two' });
    expect(book.find('a', nowMs + 5)).toEqual(second);
  });

  test('E7: what a payer did before is told by currency and payee, and only what was paid', () => {
    const book = paid([400], [300, 'USD'], [200]);
    book.place({ ...order('other', 50, nowMs), payee: { ...terms.payee, account: 'other' } });
    authorise(book, 'other', nowMs + 7);
    const view = (payeeAccount: string, currency = 'CNY') =>
      book.view({ currency, payeeAccount, nowMs: nowMs + 10, utcOffsetMinutes });
    const known = view(terms.payee.account);
    expect(known).toEqual({
      spentTodayMinor: 650,
      ordersToday: 3,
      firstPaidAtMs: nowMs,
      habit: { orders: 2, nearHour: 2, medianMinor: 400 },
      lastHour: { orders: 2, amountMinor: 600 },
      recent: expect.arrayContaining([
        expect.objectContaining({ id: 'other', end: 'open' }),
        expect.objectContaining({ id: 'paid-0', amountMinor: 400, end: 'executed' }),
      ]),
    });
    expect(view('other')).not.toHaveProperty('firstPaidAtMs');
    expect(view(terms.payee.account, 'USD')).toMatchObject({ spentTodayMinor: 300 });
    const later = { payeeAccount: terms.payee.account, nowMs: nowMs + 91 * day, utcOffsetMinutes };
    expect(book.view({ currency: 'CNY', ...later })).toMatchObject({
      spentTodayMinor: 0,
      ordersToday: 0,
      habit: { orders: 0, nearHour: 0, medianMinor: 0 },
      lastHour: { orders: 0, amountMinor: 0 },
    });
  });

  test('E7: a challenge is cleared once, by whom it was cleared', () => {
    const book = createBook(memoryBookStore());
    book.place({ ...order('a'), state: 'challenged' });
    const cleared = { method: 'officer', by: 'xu' } as const;
    const after = book.clear('a', cleared, nowMs);
    expect(after).toMatchObject({ state: 'assessed', cleared });
    expect(book.find('a', nowMs)).toEqual(after);
    expect(book.clear('a', cleared, nowMs)).toEqual(after);
    expect(() => book.clear('a', { ...cleared, by: 'he' }, nowMs)).toThrow('order_state');
    book.place(order('b'));
    expect(() => book.clear('b', cleared, nowMs)).toThrow('order_state');
    authorise(book, 'b');
    expect(() => book.clear('b', cleared, nowMs)).toThrow('order_state');
  });
});

describe('the text of an order', () => {
  test('E8: amounts are written as people write them', () => {
    expect(amountText(5, 'CNY')).toBe('0.05');
    expect(amountText(123_456_789, 'CNY')).toBe('1,234,567.89');
    expect(amountText(1_234, 'JPY')).toBe('1,234');
    expect(amountText(1_234, 'KWD')).toBe('1.234');
  });

  test('E8: every term is in it: another payee, amount or purpose is another text', () => {
    const head = {
      id: 'a',
      tenant: 't',
      payer: 'p',
      certificateSerial: '01',
      createdAtMs: nowMs,
      assessmentHash: '00',
    };
    const texts = new Set([
      orderText(head, terms),
      orderText(head, { ...terms, amountMinor: terms.amountMinor + 1 }),
      orderText(head, { ...terms, currency: 'USD' }),
      orderText(head, { ...terms, purpose: 'x' }),
      ...(['account', 'name', 'bank'] as const).map((member) =>
        orderText(head, { ...terms, payee: { ...terms.payee, [member]: 'x' } }),
      ),
      orderText({ ...head, id: 'b' }, terms),
      orderText({ ...head, assessmentHash: '01' }, terms),
    ]);
    expect(texts.size).toBe(9);
  });
});
