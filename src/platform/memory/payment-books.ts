import { type Book, type BookStore, createBook } from '../../domain/payments/book.ts';
import type { PaymentBooks } from '../../domain/payments/ports.ts';
import type { Order } from '../../domain/payments/types.ts';

/** The orders of one payer in RAM. */
export function memoryBookStore(): BookStore {
  const orders = new Map<string, Order>();
  const newestFirst = () => [...orders.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
  return {
    order: (id) => orders.get(id),
    put: (order) => void orders.set(order.id, structuredClone(order)),
    ordersSince: (sinceMs) => newestFirst().filter(({ createdAtMs }) => createdAtMs >= sinceMs),
    list: ({ limit, before }) =>
      newestFirst()
        .filter(({ id }) => before === undefined || id < before)
        .slice(0, limit),
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
