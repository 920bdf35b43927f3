import { DurableObject } from 'cloudflare:workers';
import { type Book, type BookStore, createBook } from '../../domain/payments/book.ts';
import type { PaymentBooks } from '../../domain/payments/ports.ts';
import type { Order } from '../../domain/payments/types.ts';
import { jsonOf } from '../fields.ts';
import { type Answer, asked, settled } from './answer.ts';

/**
 * The orders of one payer. A step of the book reads and writes without giving up control in
 * between, so of any number of steps that race for one order or one limit each sees what the one
 * before left; the platform holds back the answer until the writes are on disk.
 */
export class PaymentBook extends DurableObject {
  readonly #book: Book;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#book = createBook(sqlBookStore(ctx.storage.sql));
  }

  step(name: keyof Book, args: readonly unknown[]): Promise<Answer> {
    const step = this.#book[name] as (...args: readonly unknown[]) => unknown;
    return settled(() => step(...args));
  }
}

function sqlBookStore(sql: SqlStorage): BookStore {
  sql.exec(`CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    created_at_ms INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT`);
  sql.exec('CREATE INDEX IF NOT EXISTS orders_by_time ON orders (created_at_ms)');
  // Written by `put` from an order, and by nothing else.
  const parse = (row: Record<string, SqlStorageValue>) => jsonOf(row, 'body') as unknown as Order;
  return {
    order(id) {
      const [row] = sql.exec('SELECT body FROM orders WHERE id = ?', id).toArray();
      return row && parse(row);
    },
    put(order) {
      sql.exec(
        `INSERT INTO orders (id, created_at_ms, body) VALUES (?1, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET body = ?3`,
        order.id,
        order.createdAtMs,
        JSON.stringify(order),
      );
    },
    ordersSince: (sinceMs) =>
      sql
        .exec('SELECT body FROM orders WHERE created_at_ms >= ? ORDER BY id DESC', sinceMs)
        .toArray()
        .map(parse),
    list: ({ limit, before }) =>
      sql
        .exec('SELECT body FROM orders WHERE id < ? ORDER BY id DESC LIMIT ?', before ?? '~', limit)
        .toArray()
        .map(parse),
  };
}

/** The books in their Durable Objects, one per payer. */
export function durablePaymentBooks(books: DurableObjectNamespace<PaymentBook>): PaymentBooks {
  const step =
    (name: keyof Book) =>
    (tenant: string, payer: string, ...args: readonly unknown[]) =>
      asked(() => books.getByName(JSON.stringify([tenant, payer])).step(name, args));
  // Each name is a step of the book, whose arguments and answer are the port's.
  return {
    place: step('place'),
    view: step('view'),
    clear: step('clear'),
    look: step('look'),
    reassess: step('reassess'),
    authorise: step('authorise'),
    answered: step('answered'),
    execute: step('execute'),
    annotate: step('annotate'),
    terminate: step('terminate'),
    find: step('find'),
    list: step('list'),
  } as PaymentBooks;
}
