import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { leafHash } from '../../../src/core/ledger/merkle.ts';
import { eventBytes } from '../../../src/domain/ledger/events.ts';
import { sqlLogStore } from '../../../src/platform/durable/ledger-store.ts';
import type { PaymentBook } from '../../../src/platform/durable/payment-book.ts';
import type { RowDesk } from '../../../src/platform/durable/row-desk.ts';
import { memoryLedger } from '../../../src/platform/memory/ledger.ts';
import { freshId } from '../../contract/fresh.ts';
import { bookOrder } from '../../helpers/payments.ts';

// What one use of a key asks of the objects that keep what was done with it before: counted in the
// rows that SQLite reads, which are the same on every machine.

const hash = 'ab'.repeat(32);
const at = '2026-03-02T03:00:00.000Z';
const clock = { now: () => Date.parse(at) };

/** The rows that an object's statements read and write while `ask` runs. */
async function rowsBy({ sql }: DurableObjectStorage, ask: () => unknown) {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const kind = Object.getPrototypeOf(sql) as SqlStorage;
  const { exec } = kind;
  kind.exec = function (this: SqlStorage, ...statement: Parameters<typeof exec>) {
    const cursor = exec.apply(this, statement);
    cursors.push(cursor);
    return cursor;
  } as typeof exec;
  try {
    await ask();
  } finally {
    kind.exec = exec;
  }
  return {
    read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
  };
}

const rowsReadBy = async (...asked: Parameters<typeof rowsBy>) => (await rowsBy(...asked)).read;

/** In the log, with so many uses of the key before. */
function inLog(uses: number): Promise<Record<string, number>> {
  const log = env.LEDGER.getByName(`growth/${freshId()}`);
  return runInDurableObject(log, async (_, { storage }) => {
    const store = sqlLogStore(storage);
    const subject = 'use/key';
    const event = { v: 1, type: 'key_usage', subject, at, recordSha256: hash } as const;
    const bytes = eventBytes({ ...event, prev: null });
    for (let index = 0; index < uses; index++) {
      store.add({ index, leafHash: leafHash(bytes), bytes, subject, requestId: `r${index}` });
    }
    const ledger = memoryLedger(clock, store);
    // The first one after them also makes the tree of all of them.
    await ledger.appendNext(event, { requestId: 'first' });
    const append = () => ledger.appendNext(event, { requestId: 'next' });
    return {
      'its place in the ledger': await rowsReadBy(storage, append),
      'the same again': await rowsReadBy(storage, append),
    };
  });
}

/** In the institution's rows, with so many records of one person's uses, and none of another's. */
function inRows(uses: number): Promise<Record<string, number>> {
  const desk = env.DESKS.getByName(`growth/${freshId()}`);
  return runInDurableObject(desk, async (rows: RowDesk, { storage }) => {
    const entry = { kind: 'record', owner: 'clerk', parent: 'key', state: hash, revision: 1 };
    await rows.write([{ ...entry, id: 'use-0', row: '{}' }]);
    storage.sql.exec(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO rows (kind, id, owner, parent, state, revision, row)
       SELECT kind, 'use-' || n.i, owner, parent, state, revision, row FROM n, rows`,
      uses,
    );
    const earlier = (owner: string) => () =>
      rows.list('record', { owner, parent: 'key' }, { limit: 50 });
    const record = () => rows.write([{ ...entry, id: 'one-more', row: '{}' }]);
    return {
      'earlier uses of the person': await rowsReadBy(storage, earlier('clerk')),
      'earlier uses of another person': await rowsReadBy(storage, earlier('manager')),
      'uses that wait for another person': await rowsReadBy(storage, () =>
        rows.list('record', { parent: 'key', state: 'asked' }, { limit: 50 }),
      ),
      'its record': await rowsReadBy(storage, record),
    };
  });
}

test('L5: a use of a key reads no more rows after 10,000 others than after fifty', async () => {
  const read: Record<string, number[]> = {};
  for (const uses of [50, 1000, 10_000]) {
    const asked = { ...(await inLog(uses)), ...(await inRows(uses)) };
    for (const [question, rows] of Object.entries(asked)) {
      read[question] = [...(read[question] ?? []), rows];
    }
  }
  for (const [question, [few = 0, ...more]] of Object.entries(read)) {
    console.log(`${question}: ${few} rows after 50, ${more.join(', ')} after 1,000 and 10,000`);
    expect({ question, most: Math.max(...more) }).toEqual({ question, most: few });
  }
});

const dayMs = 24 * 60 * 60 * 1000;

/** One payment in a book with so many others before it, spread over eighty days. */
function inBook(paid: number): Promise<Record<'read' | 'written' | 'bytes', number>> {
  const nowMs = clock.now();
  return runInDurableObject(
    env.PAYMENTS.getByName(`growth/${freshId()}`),
    async (book: PaymentBook, { storage }) => {
      const done = { ...bookOrder('paid', 1, nowMs), state: 'executed' };
      // Kept with orders, and so what the counts are made of when a book is first looked at.
      storage.sql.exec(
        `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1),
           past (i, ms) AS (SELECT i, ?2 - i * 691200 FROM n)
         INSERT INTO orders (id, created_at_ms, body)
         SELECT 'paid-' || i, ms, json_set(?3, '$.amountMinor', 1 + i * 7919 % 1000000,
           '$.createdAtMs', ms, '$.authorisedAtMs', ms, '$.endedAtMs', ms) FROM past`,
        paid,
        nowMs - 3 * dayMs,
        JSON.stringify(done),
      );
      const limits = { singleMinor: 1e6, dailyMinor: 1e6, dailyCount: 100 };
      const times = { nowMs, utcOffsetMinutes: 480 };
      const view = { currency: 'CNY', payeeAccount: done.payee.account, ...times };
      await book.step('view', [view]);
      const { id, ...order } = bookOrder('order', 120_000, nowMs);
      const rows = await rowsBy(storage, async () => {
        const seen = await book.step('view', [view]);
        // What is judged of the newest orders is kept, and they are not.
        const facts = JSON.parse(JSON.stringify(seen, (name, v) => (name === 'recent' ? [] : v)));
        await book.step('place', [{ id, ...order, facts }]);
        await book.step('authorise', [id, { requestId: 'r', limits, ...times }]);
        await book.step('answered', [id, { chipReceipt: {}, chipAsked: {} }]);
        await book.step('execute', [id, { text: '' }, nowMs]);
        await book.step('annotate', [id, { text: '' }]);
      });
      const size = 'SELECT LENGTH(body) AS bytes FROM orders WHERE id = ?';
      const [kept] = storage.sql.exec(size, id).toArray();
      return { ...rows, bytes: Number(kept?.bytes) };
    },
  );
}

test('L5: a payment reads, writes and keeps no more after 10,000 others than after a thousand', async () => {
  const [few, some, many] = [await inBook(10), await inBook(1_000), await inBook(10_000)];
  console.log(`one payment after 10, 1,000, 10,000: ${JSON.stringify([few, some, many])}`);
  expect(some.written).toBe(few.written);
  expect(many.written).toBe(few.written);
  expect(many.bytes).toBeLessThanOrEqual(few.bytes + 20);
  // A tree of base 256 with five levels, of which an amount below 10,000.00 fills three; 96 quarters;
  // the newest 64 orders.
  expect(many.read).toBeLessThanOrEqual(16 + 256 + 96 + 64 + 60);
});
