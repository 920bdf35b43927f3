import { expect, it } from 'vitest';
import type { PaymentBooks } from '../../src/domain/payments/ports.ts';
import { bookOrder } from '../helpers/payments.ts';
import { freshId, freshTenant } from './fresh.ts';

const nowMs = Date.UTC(2026, 10, 27, 3);
const limits = { singleMinor: 1_000, dailyMinor: 10_000, dailyCount: 1_000 };
const now = { requestId: 'r', limits, nowMs, utcOffsetMinutes: 480 };

/** What every place of payers' books must do. */
export function paymentBooksContract(open: () => PaymentBooks): void {
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
