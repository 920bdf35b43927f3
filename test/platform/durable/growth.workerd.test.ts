import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { leafHash } from '../../../src/core/ledger/merkle.ts';
import { eventBytes } from '../../../src/domain/ledger/events.ts';
import { sqlLogStore } from '../../../src/platform/durable/ledger-store.ts';
import type { RowDesk } from '../../../src/platform/durable/row-desk.ts';
import { memoryLedger } from '../../../src/platform/memory/ledger.ts';
import { freshId } from '../../contract/fresh.ts';

// What one use of a key asks of the objects that keep what was done with it before: counted in the
// rows that SQLite reads, which are the same on every machine.

const hash = 'ab'.repeat(32);
const at = '2026-03-02T03:00:00.000Z';
const clock = { now: () => Date.parse(at) };

/** The rows that an object's statements read while `ask` runs. */
async function rowsReadBy({ sql }: DurableObjectStorage, ask: () => unknown): Promise<number> {
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
  return cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
}

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
