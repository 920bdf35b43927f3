import { runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, it } from 'vitest';

// The migrations over the state of an earlier version, in the SQLite that a Durable Object has for
// itself: the database of the other tests is at the newest schema already.

const tenant = 'bank';
const rowsOfTheFirst = {
  accounts: { id: 'a', number: '6222-1', name: '明远', contact: '0571', created_at_ms: 1 },
  cards: {
    id: 'c',
    account_id: 'a',
    number: 'YJK-1',
    start_date: '2026-01-01',
    end_date: '2030-12-31',
    image_object_key: 'o/1',
    image_wrapped_key: new Uint8Array([1, 2, 255]),
    image_digest_hex: 'ab',
    image_bytes: 9,
    image_media_type: 'image/png',
    created_at_ms: 2,
  },
  seals: { id: 's', revision: 1, account_id: 'a', card_id: 'c', serial: 'S-1', created_at_ms: 3 },
  seal_revisions: {
    seal_id: 's',
    revision: 1,
    revision_id: 'r',
    previous_revision: null,
    account_id: 'a',
    card_id: 'c',
    serial: 'S-1',
    shape: 'round',
    remark: '财务',
    status: 'active',
    quality: '{"ok":true}',
    revised_at_ms: 3,
  },
  verifications: {
    id: 'v',
    seal_id: 's',
    seal_revision: 1,
    currency: 'CNY',
    amount_minor: 9_007_199_254_740_991,
    branch: '0102',
    policy_source: 'branch',
    policy_vendor_count: 2,
    is_match: 1,
    verdict: 'pass',
    next_step: 'none',
    vendors: '[]',
    reasons: '[]',
    elapsed_ms: 1.5,
    requested_by: 'teller-zhou',
    created_at_ms: 4,
  },
  templates: {
    id: 't',
    owner_kind: 'seal',
    owner_id: 's',
    revision: 1,
    position: 0,
    vendor_code: 'stroke',
    vendor_name: 'Stroke',
    vendor_version: '1.0.0',
    object_key: 'o/2',
    wrapped_key: new Uint8Array([3, 4, 0]),
    digest_hex: 'cd',
    bytes: 8,
    created_at_ms: 5,
  },
} as const;

type Row = Readonly<Record<string, SqlStorageValue | Uint8Array>>;

function insert(sql: SqlStorage, table: string, row: Row): void {
  const names = Object.keys(row);
  const marks = names.map(() => '?').join();
  sql.exec(`INSERT INTO ${table} (${names.join()}) VALUES (${marks})`, ...Object.values(row));
}

/** The columns of the first schema as they read now. */
function read(sql: SqlStorage): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(rowsOfTheFirst).map(([table, row]) => {
      const names = ['tenant', ...Object.keys(row)];
      return [table, sql.exec(`SELECT ${names.join()} FROM ${table}`).toArray()];
    }),
  );
}

it('R4: rows of the first schema outlive every migration, and an interruption anywhere in one', async () => {
  const [first, ...later] = env.TEST_MIGRATIONS;
  if (!first) throw new Error('there are no migrations');
  const desk = env.AUDIT.get(env.AUDIT.idFromName('upgrade'));
  await runInDurableObject(desk, (_chain, { storage }) => {
    const { sql } = storage;
    for (const query of first.queries) sql.exec(query);
    for (const [table, row] of Object.entries(rowsOfTheFirst)) {
      insert(sql, table, { tenant, ...row });
    }
    const before = read(sql);
    let interruptions = 0;
    for (const { name, queries } of later) {
      for (let cut = 1; cut <= queries.length; cut++) {
        const interrupted = () =>
          storage.transactionSync(() => {
            for (const query of queries.slice(0, cut)) sql.exec(query);
            throw new Error('the power is gone');
          });
        expect(interrupted, name).toThrow('the power is gone');
        expect(read(sql), `${name} after ${cut} of ${queries.length}`).toEqual(before);
        interruptions += 1;
      }
      storage.transactionSync(() => {
        for (const query of queries) sql.exec(query);
      });
      expect(read(sql), name).toEqual(before);
    }
    expect(interruptions).toBeGreaterThan(20);
    expect(sql.exec('SELECT specimen, retired_by FROM templates').toArray()).toEqual([
      { specimen: 1, retired_by: null },
    ]);
  });
});
