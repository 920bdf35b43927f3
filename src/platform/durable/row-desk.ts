import { DurableObject } from 'cloudflare:workers';
import { CinnabarError } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import type { Row, RowEntry, RowFilter, RowStore } from '../../domain/row-store.ts';
import { jsonOf } from '../fields.ts';
import { systemClock } from '../system.ts';

/** An entry as it crosses into the object: its row is text already. */
interface StoredEntry {
  readonly kind: string;
  readonly id: string;
  readonly owner: string;
  readonly parent: string;
  readonly state: string;
  readonly revision: number;
  readonly expiresAtMs?: number;
  readonly row: string;
}

/** How often rows whose time is over are looked for, while there are such rows. */
const sweepEveryMs = 10 * 60 * 1000;

/**
 * The rows of one domain and one institution.
 *
 * One object, because rows change together, as a use and the count of its grant do, and because two
 * requests that race for the last use must meet somewhere: here every write is one step that
 * compares revisions and writes, without giving up control in between.
 */
export class RowDesk extends DurableObject {
  readonly #sql: SqlStorage;
  /** Nothing is stored before the first write: a name that nobody has, asked for, leaves nothing. */
  #hasTables: boolean;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    this.#hasTables =
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'rows'").toArray().length > 0;
    // Indexes that came later are made where the rows are.
    if (this.#hasTables) this.#makeTables();
  }

  #makeTables(): void {
    this.#hasTables = true;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS rows (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      owner TEXT NOT NULL,
      parent TEXT NOT NULL,
      state TEXT NOT NULL,
      revision INTEGER NOT NULL,
      row TEXT NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT`);
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS ends (
      kind TEXT NOT NULL,
      id TEXT NOT NULL,
      at_ms INTEGER NOT NULL,
      PRIMARY KEY (kind, id)
    ) STRICT`);
    this.#sql.exec('CREATE INDEX IF NOT EXISTS ends_by_time ON ends (at_ms)');
    for (const column of ['owner', 'parent', 'state']) {
      this.#sql.exec(`CREATE INDEX IF NOT EXISTS rows_by_${column} ON rows (kind, ${column}, id)`);
    }
    // One person's uses of a key, and those that wait, among all that the key ever did. Most rows
    // belong to none, and are in no such index: a query must say that its rows do (SQLite, Partial
    // Indexes, section 3).
    for (const column of ['owner', 'state']) {
      this.#sql.exec(`CREATE INDEX IF NOT EXISTS rows_by_parent_and_${column}
        ON rows (kind, parent, ${column}, id) WHERE parent <> ''`);
    }
  }

  async write(entries: readonly StoredEntry[]): Promise<boolean> {
    if (!this.#hasTables) this.#makeTables();
    const isLost = entries.some(({ kind, id, revision }) => {
      const [stored] = this.#sql
        .exec('SELECT revision FROM rows WHERE kind = ? AND id = ?', kind, id)
        .toArray();
      return revision !== Number(stored?.revision ?? 0) + 1;
    });
    if (isLost) return false;
    this.ctx.storage.transactionSync(() => {
      for (const entry of entries) this.#put(entry);
    });
    if (entries.some(({ expiresAtMs }) => expiresAtMs !== undefined)) await this.#sweepLater();
    return true;
  }

  #put({ kind, id, owner, parent, state, revision, row, expiresAtMs }: StoredEntry): void {
    this.#sql.exec(
      `INSERT INTO rows (kind, id, owner, parent, state, revision, row)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
       ON CONFLICT (kind, id) DO UPDATE SET
         owner = ?3, parent = ?4, state = ?5, revision = ?6, row = ?7`,
      kind,
      id,
      owner,
      parent,
      state,
      revision,
      row,
    );
    if (expiresAtMs === undefined) return;
    this.#sql.exec(
      `INSERT INTO ends (kind, id, at_ms) VALUES (?1, ?2, ?3)
       ON CONFLICT (kind, id) DO UPDATE SET at_ms = ?3`,
      kind,
      id,
      expiresAtMs,
    );
  }

  /** Removes what has expired. */
  override async alarm(): Promise<void> {
    const nowMs = systemClock.now();
    this.ctx.storage.transactionSync(() => {
      this.#sql.exec(
        'DELETE FROM rows WHERE (kind, id) IN (SELECT kind, id FROM ends WHERE at_ms < ?)',
        nowMs,
      );
      this.#sql.exec('DELETE FROM ends WHERE at_ms < ?', nowMs);
    });
    const [more] = this.#sql.exec('SELECT 1 FROM ends LIMIT 1').toArray();
    if (more) await this.ctx.storage.setAlarm(nowMs + sweepEveryMs);
  }

  async #sweepLater(): Promise<void> {
    const { storage } = this.ctx;
    if ((await storage.getAlarm()) === null) {
      await storage.setAlarm(systemClock.now() + sweepEveryMs);
    }
  }

  find(kind: string, id: string): string | undefined {
    if (!this.#hasTables) return undefined;
    const [found] = this.#sql
      .exec('SELECT row FROM rows WHERE kind = ? AND id = ?', kind, id)
      .toArray();
    return found && String(found.row);
  }

  list(kind: string, filter: RowFilter, { limit, before }: PageRequest): string[] {
    if (!this.#hasTables) return [];
    const conditions: [string, string][] = [['kind = ?', kind]];
    for (const column of ['owner', 'parent', 'state'] as const) {
      const wanted = filter[column];
      if (wanted !== undefined) conditions.push([`${column} = ?`, wanted]);
    }
    const belongs = filter.parent ? " AND parent <> ''" : '';
    if (before !== undefined) conditions.push(['id < ?', before]);
    return this.#sql
      .exec(
        `SELECT row FROM rows WHERE ${conditions.map(([text]) => text).join(' AND ')}${belongs}
         ORDER BY id DESC LIMIT ?`,
        ...conditions.map(([, value]) => value),
        limit,
      )
      .toArray()
      .map(({ row }) => String(row));
  }
}

/** The rows of a domain in their Durable Objects, one per institution. */
export function durableRowStore<Rows>(
  desks: DurableObjectNamespace<RowDesk>,
  domain: string,
): RowStore<Rows> {
  const deskOf = (tenant: string) => desks.getByName(`${domain}/${tenant}`);
  return {
    write: (tenant, entries) => answered(deskOf(tenant).write(entries.map(storedEntry))),
    async find<K extends keyof Rows>(tenant: string, kind: K, id: string) {
      const row = await answered(deskOf(tenant).find(String(kind), id));
      return row === undefined ? undefined : parseRow<Rows[K] & Row>(row);
    },
    async list<K extends keyof Rows>(
      tenant: string,
      kind: K,
      filter: RowFilter,
      page: PageRequest,
    ) {
      const rows = await answered(deskOf(tenant).list(String(kind), filter, page));
      return rows.map((row) => parseRow<Rows[K] & Row>(row));
    },
  };
}

function storedEntry<Rows>({ kind, row, ...places }: RowEntry<Rows>): StoredEntry {
  const { id, revision } = row;
  return { kind: String(kind), id, revision, ...places, row: JSON.stringify(row) };
}

function parseRow<T>(row: string): T {
  // Written by `write` from a row of the kind that is asked for, and by nothing else.
  return jsonOf({ row }, 'row') as T;
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new CinnabarError('storage_unavailable', { cause });
  }
}
