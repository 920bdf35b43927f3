import { DurableObject } from 'cloudflare:workers';
import { type Book, type BookStore, createBook } from '../../domain/payments/book.ts';
import type { CountStore } from '../../domain/payments/habit.ts';
import type { PaymentBooks } from '../../domain/payments/ports.ts';
import { orderStates } from '../../domain/payments/states.ts';
import { type Order, terminationReasons } from '../../domain/payments/types.ts';
import { integerOf, jsonOf, oneOf, textOf } from '../fields.ts';
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

/** Members of an order inside its body; each question below has an index of just what it reads. */
const at = (path: string) => `json_extract(body, '$.${path}')`;
const [state, currency, amountMinor] = [at('state'), at('currency'), at('amountMinor')];
const [authorisedAt, endedAt, payee] = [at('authorisedAtMs'), at('endedAtMs'), at('payee.account')];
const isCounted = `${state} IN ('authorised', 'executed')`;
const isExecuted = `${state} = 'executed'`;
const isPlaced = `${isExecuted} AND ${at('facts.place')} IS NOT NULL`;

const tables = [
  `CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY,
    created_at_ms INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT`,
  'DROP INDEX IF EXISTS orders_by_time',
  `CREATE INDEX IF NOT EXISTS orders_counted
    ON orders (${currency}, ${authorisedAt}, ${state}, ${amountMinor}, id) WHERE ${isCounted}`,
  `CREATE INDEX IF NOT EXISTS orders_ended
    ON orders (${currency}, ${endedAt}, ${amountMinor}) WHERE ${isExecuted}`,
  `CREATE INDEX IF NOT EXISTS orders_paid
    ON orders (created_at_ms, ${currency}, ${amountMinor}, ${endedAt}) WHERE ${isExecuted}`,
  `CREATE INDEX IF NOT EXISTS orders_payee ON orders (${payee}, ${endedAt}) WHERE ${isExecuted}`,
  `CREATE INDEX IF NOT EXISTS orders_placed ON orders (created_at_ms) WHERE ${isPlaced}`,
  `CREATE TABLE IF NOT EXISTS habit (
    currency TEXT NOT NULL,
    level INTEGER NOT NULL,
    bucket INTEGER NOT NULL,
    orders INTEGER NOT NULL,
    PRIMARY KEY (currency, level, bucket)
  ) STRICT, WITHOUT ROWID`,
  'CREATE TABLE IF NOT EXISTS habit_window (id INTEGER PRIMARY KEY, from_ms INTEGER NOT NULL) STRICT',
];

function sqlBookStore(sql: SqlStorage): BookStore {
  for (const table of tables) sql.exec(table);
  const rows = (query: string, ...values: readonly SqlStorageValue[]) =>
    sql.exec(query, ...values).toArray();
  // Written by `put` from an order, and by nothing else.
  const parse = (row: Record<string, SqlStorageValue>) => jsonOf(row, 'body') as unknown as Order;
  return {
    order(id) {
      const [row] = rows('SELECT body FROM orders WHERE id = ?', id);
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
    list: ({ limit, before }) =>
      rows(
        'SELECT body FROM orders WHERE id < ? ORDER BY id DESC LIMIT ?',
        before ?? '~',
        limit,
      ).map(parse),
    counted: (inCurrency, sinceMs) =>
      rows(
        `SELECT id, ${state} AS state, ${authorisedAt} AS at, ${amountMinor} AS amount FROM orders
         WHERE ${isCounted} AND ${currency} = ? AND ${authorisedAt} >= ?`,
        inCurrency,
        sinceMs,
      ).map((row) => ({
        id: textOf(row, 'id'),
        state: oneOf(row, 'state', orderStates),
        authorisedAtMs: integerOf(row, 'at'),
        amountMinor: integerOf(row, 'amount'),
      })),
    paidBetween(inCurrency, afterMs, untilMs) {
      const [row = {}] = rows(
        `SELECT COUNT(*) AS orders, COALESCE(SUM(${amountMinor}), 0) AS amount FROM orders
         WHERE ${isExecuted} AND ${currency} = ? AND ${endedAt} > ? AND ${endedAt} <= ?`,
        inCurrency,
        afterMs,
        untilMs,
      );
      return { orders: integerOf(row, 'orders'), amountMinor: integerOf(row, 'amount') };
    },
    firstPaidAtMs(account, sinceMs) {
      const [row] = rows(
        `SELECT ${endedAt} AS at FROM orders
         WHERE ${isExecuted} AND ${payee} = ? AND ${endedAt} >= ? ORDER BY ${endedAt} LIMIT 1`,
        account,
        sinceMs,
      );
      return row && integerOf(row, 'at');
    },
    lastPlaced() {
      const [row] = rows(
        `SELECT body FROM orders WHERE ${isPlaced} ORDER BY created_at_ms DESC LIMIT 1`,
      );
      return row && parse(row);
    },
    recent: (most) =>
      rows(
        `SELECT id, created_at_ms, ${currency} AS currency, ${amountMinor} AS amount,
           CASE WHEN ${isExecuted} THEN 'executed' ELSE COALESCE(${at('termination.reason')}, 'open')
           END AS ending
         FROM orders ORDER BY id DESC LIMIT ?`,
        most,
      ).map((row) => ({
        id: textOf(row, 'id'),
        createdAtMs: integerOf(row, 'created_at_ms'),
        currency: textOf(row, 'currency'),
        amountMinor: integerOf(row, 'amount'),
        end: oneOf(row, 'ending', ['executed', 'open', ...terminationReasons] as const),
      })),
    counts: sqlCounts(sql, rows),
  };
}

function sqlCounts(
  sql: SqlStorage,
  rows: (query: string, ...values: readonly SqlStorageValue[]) => Record<string, SqlStorageValue>[],
): CountStore {
  return {
    windowFromMs() {
      const [row] = rows('SELECT from_ms FROM habit_window');
      return row && integerOf(row, 'from_ms');
    },
    setWindow(fromMs) {
      sql.exec('INSERT OR REPLACE INTO habit_window (id, from_ms) VALUES (1, ?)', fromMs);
    },
    executed: (fromMs, beforeMs) =>
      rows(
        `SELECT created_at_ms, ${currency} AS currency, ${amountMinor} AS amount, ${endedAt} AS at
         FROM orders WHERE ${isExecuted} AND created_at_ms >= ? AND created_at_ms < ?`,
        fromMs,
        beforeMs,
      ).map((row) => ({
        currency: textOf(row, 'currency'),
        amountMinor: integerOf(row, 'amount'),
        createdAtMs: integerOf(row, 'created_at_ms'),
        endedAtMs: integerOf(row, 'at'),
      })),
    add(inCurrency, level, bucket, change) {
      sql.exec(
        `INSERT INTO habit (currency, level, bucket, orders) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (currency, level, bucket) DO UPDATE SET orders = orders + ?4`,
        inCurrency,
        level,
        bucket,
        change,
      );
      if (change > 0) return;
      const place = 'currency = ? AND level = ? AND bucket = ? AND orders <= 0';
      sql.exec(`DELETE FROM habit WHERE ${place}`, inCurrency, level, bucket);
    },
    between: (inCurrency, level, first, last) =>
      rows(
        `SELECT bucket, orders FROM habit
         WHERE currency = ? AND level = ? AND bucket BETWEEN ? AND ? ORDER BY bucket`,
        inCurrency,
        level,
        first,
        last,
      ).map((row) => ({ bucket: integerOf(row, 'bucket'), count: integerOf(row, 'orders') })),
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
    agree: step('agree'),
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
