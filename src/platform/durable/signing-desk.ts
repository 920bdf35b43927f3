import { DurableObject } from 'cloudflare:workers';
import { CinnabarError } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import type {
  Entry,
  SigningFilter,
  SigningKind,
  SigningRows,
  SigningStore,
} from '../../domain/signing/ports.ts';
import { jsonOf } from '../fields.ts';

/** An entry as it crosses into the object: its row is text already. */
interface StoredEntry extends Omit<Entry, 'row'> {
  readonly id: string;
  readonly revision: number;
  readonly row: string;
}

/**
 * Personal keys, grants, uses and records of one institution.
 *
 * One object, because a use and the count of its grant change together, and because two requests
 * that race for the last use must meet somewhere: here every write is one step that compares
 * revisions and writes, without giving up control in between.
 */
export class SigningDesk extends DurableObject {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
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
    for (const column of ['owner', 'parent', 'state']) {
      this.#sql.exec(`CREATE INDEX IF NOT EXISTS rows_by_${column} ON rows (kind, ${column}, id)`);
    }
  }

  write(entries: readonly StoredEntry[]): boolean {
    const isLost = entries.some(({ kind, id, revision }) => {
      const [stored] = this.#sql
        .exec('SELECT revision FROM rows WHERE kind = ? AND id = ?', kind, id)
        .toArray();
      return revision !== Number(stored?.revision ?? 0) + 1;
    });
    if (isLost) return false;
    this.ctx.storage.transactionSync(() => {
      for (const { kind, id, owner, parent, state, revision, row } of entries) {
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
      }
    });
    return true;
  }

  find(kind: SigningKind, id: string): string | undefined {
    const [found] = this.#sql
      .exec('SELECT row FROM rows WHERE kind = ? AND id = ?', kind, id)
      .toArray();
    return found && String(found.row);
  }

  list(kind: SigningKind, filter: SigningFilter, { limit, before }: PageRequest): string[] {
    const conditions: [string, string][] = [['kind = ?', kind]];
    for (const column of ['owner', 'parent', 'state'] as const) {
      const wanted = filter[column];
      if (wanted !== undefined) conditions.push([`${column} = ?`, wanted]);
    }
    if (before !== undefined) conditions.push(['id < ?', before]);
    return this.#sql
      .exec(
        `SELECT row FROM rows WHERE ${conditions.map(([text]) => text).join(' AND ')}
         ORDER BY id DESC LIMIT ?`,
        ...conditions.map(([, value]) => value),
        limit,
      )
      .toArray()
      .map(({ row }) => String(row));
  }
}

/** The rows of signing in their Durable Objects, one per institution. */
export function durableSigningStore(desks: DurableObjectNamespace<SigningDesk>): SigningStore {
  return {
    write: (tenant, entries) =>
      answered(
        desks.getByName(tenant).write(
          entries.map(({ row, ...entry }) => ({
            ...entry,
            id: row.id,
            revision: row.revision,
            row: JSON.stringify(row),
          })),
        ),
      ),
    async find(tenant, kind, id) {
      const row = await answered(desks.getByName(tenant).find(kind, id));
      return row === undefined ? undefined : parseRow(kind, row);
    },
    async list(tenant, kind, filter, page) {
      const rows = await answered(desks.getByName(tenant).list(kind, filter, page));
      return rows.map((row) => parseRow(kind, row));
    },
  };
}

function parseRow<K extends SigningKind>(_kind: K, row: string): SigningRows[K] {
  // Written by `write` from a row of this kind, and by nothing else.
  return jsonOf({ row }, 'row') as SigningRows[K];
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new CinnabarError('storage_unavailable', { cause });
  }
}
