import { type Book, type BookStore, createBook } from '../../domain/payments/book.ts';
import type { CountStore } from '../../domain/payments/habit.ts';
import type { PaymentBooks } from '../../domain/payments/ports.ts';
import type { Order } from '../../domain/payments/types.ts';

/** The orders of one payer in RAM. */
export function memoryBookStore(): BookStore {
  const orders = new Map<string, Order>();
  const all = () => [...orders.values()];
  const executed = () => all().filter(({ state }) => state === 'executed');
  return {
    order: (id) => orders.get(id),
    put: (order) => void orders.set(order.id, structuredClone(order)),
    list: ({ limit, before }) =>
      all()
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .filter(({ id }) => before === undefined || id < before)
        .slice(0, limit),
    counted: (currency, sinceMs) =>
      all()
        .filter(({ state }) => state === 'executed' || state === 'authorised')
        .filter((order) => order.currency === currency)
        .map((order) => ({ ...order, authorisedAtMs: order.authorisedAtMs ?? 0 }))
        .filter(({ authorisedAtMs }) => authorisedAtMs >= sinceMs),
    paidBetween(currency, afterMs, untilMs) {
      const paid = executed()
        .filter((order) => order.currency === currency)
        .filter(({ endedAtMs = 0 }) => endedAtMs > afterMs && endedAtMs <= untilMs);
      const amountMinor = paid.reduce((sum, order) => sum + order.amountMinor, 0);
      return { orders: paid.length, amountMinor };
    },
    firstPaidAtMs(payeeAccount, sinceMs) {
      const ends = executed()
        .filter(({ payee }) => payee.account === payeeAccount)
        .map(({ endedAtMs = 0 }) => endedAtMs)
        .filter((endedAtMs) => endedAtMs >= sinceMs);
      return ends.length === 0 ? undefined : Math.min(...ends);
    },
    lastPlaced: () =>
      executed()
        .filter(({ facts }) => facts.place !== undefined)
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs)[0],
    recent: (most) =>
      all()
        .toSorted((a, b) => (a.id < b.id ? 1 : -1))
        .slice(0, most)
        .map(({ id, state, currency, amountMinor, createdAtMs, termination }) => {
          const end = state === 'executed' ? state : (termination?.reason ?? 'open');
          return { id, currency, amountMinor, createdAtMs, end };
        }),
    counts: memoryCounts(executed),
  };
}

function memoryCounts(executed: () => readonly Order[]): CountStore {
  const counts = new Map<string, Map<number, number>>();
  const levelOf = (currency: string, level: number) => {
    const name = `${currency} ${level}`;
    const buckets = counts.get(name) ?? new Map<number, number>();
    counts.set(name, buckets);
    return buckets;
  };
  let window: number | undefined;
  return {
    windowFromMs: () => window,
    setWindow(fromMs) {
      window = fromMs;
    },
    executed: (fromMs, beforeMs) =>
      executed()
        .filter(({ createdAtMs }) => createdAtMs >= fromMs && createdAtMs < beforeMs)
        .map((order) => ({ ...order, endedAtMs: order.endedAtMs ?? 0 })),
    add(currency, level, bucket, change) {
      const buckets = levelOf(currency, level);
      buckets.set(bucket, (buckets.get(bucket) ?? 0) + change);
    },
    between: (currency, level, first, last) =>
      [...levelOf(currency, level)]
        .filter(([bucket, count]) => count > 0 && bucket >= first && bucket <= last)
        .map(([bucket, count]) => ({ bucket, count }))
        .sort((a, b) => a.bucket - b.bucket),
  };
}

/** The book of each payer in RAM. */
export function memoryPaymentBooks(): PaymentBooks {
  const books = new Map<string, Book>();
  function bookOf(tenant: string, payer: string): Book {
    const name = JSON.stringify([tenant, payer]);
    const book = books.get(name) ?? createBook(memoryBookStore());
    books.set(name, book);
    return book;
  }
  return {
    place: async (tenant, payer, ...args) => bookOf(tenant, payer).place(...args),
    view: async (tenant, payer, ...args) => bookOf(tenant, payer).view(...args),
    clear: async (tenant, payer, ...args) => bookOf(tenant, payer).clear(...args),
    agree: async (tenant, payer, ...args) => bookOf(tenant, payer).agree(...args),
    look: async (tenant, payer, ...args) => bookOf(tenant, payer).look(...args),
    reassess: async (tenant, payer, ...args) => bookOf(tenant, payer).reassess(...args),
    authorise: async (tenant, payer, ...args) => bookOf(tenant, payer).authorise(...args),
    answered: async (tenant, payer, ...args) => bookOf(tenant, payer).answered(...args),
    execute: async (tenant, payer, ...args) => bookOf(tenant, payer).execute(...args),
    annotate: async (tenant, payer, ...args) => bookOf(tenant, payer).annotate(...args),
    terminate: async (tenant, payer, ...args) => bookOf(tenant, payer).terminate(...args),
    find: async (tenant, payer, ...args) => bookOf(tenant, payer).find(...args),
    list: async (tenant, payer, ...args) => bookOf(tenant, payer).list(...args),
  };
}
