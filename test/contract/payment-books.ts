import { expect, it } from 'vitest';
import type { PaymentBooks } from '../../src/domain/payments/ports.ts';
import { bookOrder, terms } from '../helpers/payments.ts';
import { freshId, freshTenant } from './fresh.ts';

const nowMs = Date.UTC(2026, 10, 27, 3);
const limits = { singleMinor: 1_000, dailyMinor: 10_000, dailyCount: 1_000 };
const now = { requestId: 'r', limits, nowMs, utcOffsetMinutes: 480 };

/** What every place of payers' books must do. */
/** Of the books of `open`; `stormed` orders each get 128 calls at once. */
export function paymentBooksContract(open: () => PaymentBooks, stormed: number): void {
  async function placed(books: PaymentBooks, tenant: string, count: number, amountMinor = 100) {
    const orders = Array.from({ length: count }, () => bookOrder(freshId(), amountMinor, nowMs));
    await Promise.all(orders.map((order) => books.place(tenant, 'p', order)));
    return orders.map(({ id }) => id);
  }

  const authorised = (books: PaymentBooks, tenant: string, ids: readonly string[]) =>
    Promise.allSettled(ids.map((id) => books.authorise(tenant, 'p', id, now)));

  it('E8: 200 concurrent orders against a limit for 100 are never a cent above', async () => {
    const books = open();
    const tenant = freshTenant();
    const ids = await placed(books, tenant, 200);
    const answers = await authorised(books, tenant, ids);
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(100);
    const refusals = answers.flatMap((a) => (a.status === 'rejected' ? [a.reason.code] : []));
    expect(new Set(refusals)).toEqual(new Set(['order_over_limit']));
    const view = { currency: 'CNY', payeeAccount: '', nowMs, utcOffsetMinutes: 480 };
    expect((await books.view(tenant, 'p', view)).spentTodayMinor).toBe(limits.dailyMinor);
  });

  it('E8: of confirmations and stops that race over one order one wins, for all', async () => {
    const books = open();
    const tenant = freshTenant();
    const [id = ''] = await placed(books, tenant, 1);
    const races = Array.from({ length: 64 }, (_, i) =>
      i % 2 === 0
        ? books.authorise(tenant, 'p', id, now)
        : books.terminate(tenant, 'p', id, 'stopped', 'p', nowMs),
    );
    await Promise.allSettled(races);
    const order = await books.find(tenant, 'p', id, nowMs);
    expect(order).toMatchObject({ state: 'terminated', termination: { reason: 'stopped' } });
    expect(
      (await books.view(tenant, 'p', { ...now, currency: 'CNY', payeeAccount: '' }))
        .spentTodayMinor,
    ).toBe(0);
  });

  it('E8: the same race on a book that looks first and writes later overspends', async () => {
    const books = open();
    const tenant = freshTenant();
    const ids = await placed(books, tenant, 200);
    const view = { currency: 'CNY', payeeAccount: '', nowMs, utcOffsetMinutes: 480 };
    const endless = { ...limits, dailyMinor: Number.MAX_SAFE_INTEGER };
    const careless = async (id: string) => {
      const { spentTodayMinor } = await books.view(tenant, 'p', view);
      if (spentTodayMinor + 100 > limits.dailyMinor) throw new Error('over the limit');
      return books.authorise(tenant, 'p', id, { ...now, limits: endless });
    };
    const answers = await Promise.allSettled(ids.map(careless));
    const passed = answers.filter(({ status }) => status === 'fulfilled').length;
    expect(passed).toBeGreaterThan(100);
  });

  it('E8: orders, each set aside 64 times and executed 64 times at once, are one payment each', async () => {
    const books = open();
    const tenant = freshTenant();
    const ids = await placed(books, tenant, stormed);
    const storm = <T>(act: (i: number) => Promise<T>) =>
      Promise.allSettled(Array.from({ length: 64 }, (_, i) => act(i)));
    for (const id of ids) {
      await storm((i) => books.authorise(tenant, 'p', id, { ...now, requestId: `r${i % 2}` }));
      const runs = await storm((i) =>
        books.execute(tenant, 'p', id, { text: '', recordSha256: `${i}` } as never, nowMs),
      );
      const done = runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value] : []));
      // Whoever comes later gets the receipt of the first.
      expect(done).toHaveLength(64);
      expect(new Set(done.map(({ receipt }) => receipt?.recordSha256)).size).toBe(1);
    }
    const { spentTodayMinor, ordersToday } = await books.view(tenant, 'p', {
      ...now,
      currency: 'CNY',
      payeeAccount: '',
    });
    expect([spentTodayMinor, ordersToday]).toEqual([100 * stormed, stormed]);
  });

  it('E7: tells what is usual by counts, in constant space', async () => {
    const books = open();
    const tenant = freshTenant();
    const amounts = [300, 100, 65_536, 200, 100];
    const some = { ...now, limits: { ...limits, singleMinor: 1e6, dailyMinor: 1e6 } };
    const place = { country: 'CN', latitudeTenths: 303, longitudeTenths: 1202 };
    for (const [i, amountMinor] of amounts.entries()) {
      const order = bookOrder(freshId(), amountMinor, nowMs + i);
      const facts = { ...order.facts, nowMs: nowMs + i, ...(i === 2 ? { place } : {}) };
      await books.place(tenant, 'p', { ...order, facts });
      await books.authorise(tenant, 'p', order.id, some);
      await books.execute(tenant, 'p', order.id, { text: '' } as never, nowMs + i);
    }
    const view = (atMs: number, currency = 'CNY') =>
      books.view(tenant, 'p', { ...now, currency, payeeAccount: terms.payee.account, nowMs: atMs });
    const whole = {
      ordersToday: 5,
      spentTodayMinor: 66_236,
      habit: { orders: 5, nearHour: 5, medianMinor: 200 },
      lastHour: { orders: 5, amountMinor: 66_236 },
      firstPaidAtMs: nowMs,
      lastPlace: { place, atMs: nowMs + 2 },
    };
    const first = await view(nowMs + 10);
    expect(first).toMatchObject(whole);
    expect(first.recent.map(({ amountMinor, end }) => [amountMinor, end])).toEqual(
      amounts.toReversed().map((amountMinor) => [amountMinor, 'executed']),
    );
    expect((await view(nowMs + 10, 'USD')).habit.orders).toBe(0);
    const later = await view(nowMs + 90 * 24 * 60 * 60 * 1000 + 3);
    expect(later.habit).toEqual({ orders: 2, nearHour: 2, medianMinor: 200 });
    expect(later.firstPaidAtMs).toBe(nowMs + 3);
    expect(await view(nowMs + 10)).toEqual(first);
  });

  it('keeps the orders of each payer apart, newest first, page by page', async () => {
    const books = open();
    const tenant = freshTenant();
    const ids = await placed(books, tenant, 3);
    const page = await books.list(tenant, 'p', { limit: 2 }, nowMs);
    expect(page.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const rest = await books.list(tenant, 'p', { limit: 2, before: ids[1] ?? '' }, nowMs);
    expect(rest.map(({ id }) => id)).toEqual([ids[0]]);
    expect(await books.list(tenant, 'q', { limit: 2 }, nowMs)).toEqual([]);
    await expect(books.authorise(tenant, 'q', ids[0] ?? '', now)).rejects.toMatchObject({
      code: 'order_not_found',
    });
  });
}
