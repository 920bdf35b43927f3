import type { KeptAnswer, NodeStep, NodeStore, PersonRow } from '../../domain/federation/ports.ts';
import { personIntervalMs } from '../../domain/federation/rules.ts';
import { bytesOf, type Fields, flagOf, integerOf, oneOf, textOf } from '../fields.ts';

const steps: readonly NodeStep[] = ['open', 'settle'];

/**
 * A node's store in the SQLite of its Durable Object. No call gives up control between reading and
 * writing, so each is one atomic step, and the platform holds answers back until it is on disk.
 */
export function sqlNodeStore(sql: SqlStorage): NodeStore {
  createTables(sql);
  return {
    async claim({ requestId, persons, nowMs, expiresAtMs }) {
      for (const table of ['used_requests', 'asked_persons', 'answers']) {
        sql.exec(`DELETE FROM ${table} WHERE expires_at_ms <= ?`, nowMs);
      }
      const isUsed = found(sql, 'SELECT 1 FROM used_requests WHERE request_id = ?', requestId);
      const isTooSoon = persons.some((person) =>
        found(sql, 'SELECT 1 FROM asked_persons WHERE person = ?', person),
      );
      if (isUsed || isTooSoon) return false;
      sql.exec('INSERT INTO used_requests VALUES (?, ?)', requestId, expiresAtMs);
      for (const person of persons) {
        sql.exec('INSERT INTO asked_persons VALUES (?, ?)', person, nowMs + personIntervalMs);
      }
      return true;
    },
    async findPerson(pid) {
      const [row] = sql.exec('SELECT * FROM people WHERE pid = ?', pid).toArray();
      return row && personOf(row);
    },
    async putPeople(rows) {
      for (const row of rows) {
        sql.exec(
          'INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?, ?)',
          row.pid,
          row.bins,
          row.nameTag,
          row.phoneTag ?? null,
          row.sanctioned ? 1 : 0,
          row.binnedBy ?? null,
        );
      }
    },
    async countPeople(binnedBy) {
      const query = 'SELECT count(*) AS people FROM people WHERE binned_by = ?';
      return integerOf(sql.exec(query, binnedBy).one(), 'people');
    },
    async keepAnswer(answer) {
      sql.exec(
        'INSERT INTO answers VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        answer.requestId,
        answer.step,
        answer.digest,
        answer.reply,
        answer.expiresAtMs,
      );
      return findAnswer(sql, answer.requestId, answer.step) ?? answer;
    },
    async findAnswer(requestId, step) {
      return findAnswer(sql, requestId, step);
    },
  };
}

function createTables(sql: SqlStorage): void {
  sql.exec(`
    CREATE TABLE IF NOT EXISTS people (
      pid BLOB PRIMARY KEY,
      bins BLOB NOT NULL,
      name_tag BLOB NOT NULL,
      phone_tag BLOB,
      sanctioned INTEGER NOT NULL,
      binned_by TEXT
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS used_requests (
      request_id TEXT PRIMARY KEY,
      expires_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS asked_persons (
      person TEXT PRIMARY KEY,
      expires_at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS answers (
      request_id TEXT NOT NULL,
      step TEXT NOT NULL,
      digest TEXT NOT NULL,
      reply TEXT NOT NULL,
      expires_at_ms INTEGER NOT NULL,
      PRIMARY KEY (request_id, step)
    ) STRICT;`);
  // Tables of earlier builds did not say which part made the bins.
  if (!found(sql, "SELECT 1 FROM pragma_table_info('people') WHERE name = ?", 'binned_by')) {
    sql.exec('ALTER TABLE people ADD COLUMN binned_by TEXT');
  }
}

function found(sql: SqlStorage, query: string, value: string): boolean {
  return sql.exec(query, value).toArray().length > 0;
}

function findAnswer(sql: SqlStorage, requestId: string, step: NodeStep): KeptAnswer | undefined {
  const query = 'SELECT * FROM answers WHERE request_id = ? AND step = ?';
  const [row] = sql.exec(query, requestId, step).toArray();
  return (
    row && {
      requestId: textOf(row, 'request_id'),
      step: oneOf(row, 'step', steps),
      digest: textOf(row, 'digest'),
      reply: textOf(row, 'reply'),
      expiresAtMs: integerOf(row, 'expires_at_ms'),
    }
  );
}

function personOf(row: Fields): PersonRow {
  return {
    pid: bytesOf(row, 'pid'),
    bins: bytesOf(row, 'bins'),
    nameTag: bytesOf(row, 'name_tag'),
    ...(row.phone_tag === null ? {} : { phoneTag: bytesOf(row, 'phone_tag') }),
    sanctioned: flagOf(row, 'sanctioned'),
    ...(row.binned_by === null ? {} : { binnedBy: textOf(row, 'binned_by') }),
  };
}
