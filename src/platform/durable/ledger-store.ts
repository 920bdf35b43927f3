import type {
  LogStore,
  Published,
  StoredEntry,
  StoredTile,
  WitnessStore,
} from '../../domain/ledger/ports.ts';
import { bytesOf, type Fields, integerOf, textOf } from '../fields.ts';

/**
 * What the log keeps, in the SQLite of its Durable Object: one instance, so one writer.
 *
 * The platform holds back every answer and every call to another object until the writes before it
 * are on disk; so no signature can leave for a tree that a crash would forget.
 */
export function sqlLogStore(storage: DurableObjectStorage): LogStore {
  const { sql } = storage;
  sql.exec(`CREATE TABLE IF NOT EXISTS entries (
      position INTEGER PRIMARY KEY,
      subject TEXT NOT NULL,
      request_id TEXT NOT NULL,
      leaf_hash BLOB NOT NULL,
      bytes BLOB NOT NULL,
      UNIQUE (subject, request_id)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_by_subject ON entries (subject, position);
    CREATE TABLE IF NOT EXISTS tiles (
      level INTEGER NOT NULL,
      position INTEGER NOT NULL,
      hashes BLOB NOT NULL,
      PRIMARY KEY (level, position)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS inner_hashes (
      level INTEGER NOT NULL,
      position INTEGER NOT NULL,
      hashes BLOB NOT NULL,
      PRIMARY KEY (level, position)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS tree (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      size INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS published (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      size INTEGER NOT NULL,
      checkpoint TEXT NOT NULL,
      at_ms INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS witnessed (
      witness TEXT PRIMARY KEY,
      size INTEGER NOT NULL
    ) STRICT;`);

  const rows = (query: string, ...values: SqlStorageValue[]): Fields[] =>
    sql.exec(query, ...values).toArray();
  const entryColumns = 'SELECT position, leaf_hash, bytes FROM entries';

  function hashesIn(table: 'tiles' | 'inner_hashes', level: number, index: number) {
    const query = `SELECT hashes FROM ${table} WHERE level = ? AND position = ?`;
    const [row] = rows(query, level, index);
    return row && bytesOf(row, 'hashes');
  }

  // Asked for at every call, so kept here; nobody else writes.
  const [last] = rows('SELECT position FROM entries ORDER BY position DESC LIMIT 1');
  let size = last ? integerOf(last, 'position') + 1 : 0;
  const [stored] = rows('SELECT size, checkpoint, at_ms FROM published');
  let published = stored && parsePublished(stored);

  return {
    size: () => size,
    add({ index, subject, requestId, leafHash, bytes }) {
      sql.exec(
        `INSERT INTO entries (position, subject, request_id, leaf_hash, bytes)
         VALUES (?, ?, ?, ?, ?)`,
        index,
        subject,
        requestId,
        blobOf(leafHash),
        blobOf(bytes),
      );
      size = index + 1;
    },
    entry: (index) => rows(`${entryColumns} WHERE position = ?`, index).map(parseEntryRow)[0],
    entries: (first, count) =>
      rows(
        `${entryColumns} WHERE position >= ? AND position < ? ORDER BY position`,
        first,
        first + count,
      ).map(parseEntryRow),
    // A limit of -1 is none (SQLite, SELECT: the LIMIT clause).
    ofSubject: (subject, { first, count } = { first: 0, count: -1 }) =>
      rows(
        `${entryColumns} WHERE subject = ? ORDER BY position LIMIT ? OFFSET ?`,
        subject,
        count,
        first,
      ).map(parseEntryRow),
    newestOf: (subject) =>
      rows(`${entryColumns} WHERE subject = ? ORDER BY position DESC LIMIT 1`, subject).map(
        parseEntryRow,
      )[0],
    ofRequest: (subject, requestId) =>
      rows(`${entryColumns} WHERE subject = ? AND request_id = ?`, subject, requestId).map(
        parseEntryRow,
      )[0],
    treeSize() {
      const [row] = rows('SELECT size FROM tree');
      return row ? integerOf(row, 'size') : 0;
    },
    tile: (level, index) => hashesIn('tiles', level, index),
    innerOf: (level, index) => hashesIn('inner_hashes', level, index),
    grow(next, tiles: readonly StoredTile[]) {
      storage.transactionSync(() => {
        for (const { level, index, hashes, inner } of tiles) {
          sql.exec('INSERT OR REPLACE INTO tiles VALUES (?, ?, ?)', level, index, blobOf(hashes));
          if (!inner) continue;
          const values = [level, index, blobOf(inner)];
          sql.exec('INSERT OR REPLACE INTO inner_hashes VALUES (?, ?, ?)', ...values);
        }
        sql.exec('INSERT OR REPLACE INTO tree VALUES (1, ?)', next);
      });
    },
    published: () => published,
    publish(next) {
      sql.exec(
        'INSERT OR REPLACE INTO published VALUES (1, ?, ?, ?)',
        next.size,
        next.checkpoint,
        next.atMs,
      );
      published = next;
    },
    witnessed(witness) {
      const [row] = rows('SELECT size FROM witnessed WHERE witness = ?', witness);
      return row ? integerOf(row, 'size') : 0;
    },
    setWitnessed(witness, next) {
      sql.exec('INSERT OR REPLACE INTO witnessed VALUES (?, ?)', witness, next);
    },
  };
}

/** The last tree that a witness cosigned, in its own Durable Object. */
export function sqlWitnessStore({ sql }: DurableObjectStorage): WitnessStore {
  sql.exec(`CREATE TABLE IF NOT EXISTS last_tree (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    root BLOB NOT NULL
  ) STRICT`);
  return {
    last() {
      const [row] = sql.exec('SELECT size, root FROM last_tree').toArray();
      return row && { size: integerOf(row, 'size'), root: bytesOf(row, 'root') };
    },
    remember({ size, root }) {
      sql.exec('INSERT OR REPLACE INTO last_tree VALUES (1, ?, ?)', size, blobOf(root));
    },
  };
}

function parseEntryRow(row: Fields): StoredEntry {
  return {
    index: integerOf(row, 'position'),
    leafHash: bytesOf(row, 'leaf_hash'),
    bytes: bytesOf(row, 'bytes'),
  };
}

function parsePublished(row: Fields): Published {
  return {
    size: integerOf(row, 'size'),
    checkpoint: textOf(row, 'checkpoint'),
    atMs: integerOf(row, 'at_ms'),
  };
}

/** A view may lie in a larger buffer; what is stored is exactly its bytes. */
function blobOf(bytes: Uint8Array): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
