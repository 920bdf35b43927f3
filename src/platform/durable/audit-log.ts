import { DurableObject } from 'cloudflare:workers';
import { anchorHead } from '../../domain/audit/anchor.ts';
import { nextRecord } from '../../domain/audit/chain.ts';
import type { AuditLog } from '../../domain/audit/ports.ts';
import {
  type AuditDetail,
  type AuditEntry,
  type AuditRecord,
  type ChainHead,
  outcomes,
} from '../../domain/audit/types.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { PageRequest } from '../../domain/ports.ts';
import { type Fields, fieldsOf, integerOf, jsonOf, oneOf, textOf } from '../fields.ts';
import { systemClock } from '../system.ts';
import { durableLedger, type LedgerBindings } from './ledger.ts';
import { keepOwnName, ownName } from './own-name.ts';
// biome-ignore lint/suspicious/noImportCycles: chain and desk call each other, and a binding's type is its class.
import type { WebhookDesk } from './webhook-desk.ts';

/** Whom a chain wakes when somebody wants to hear of its records. */
export interface WebhookBindings {
  readonly WEBHOOKS: DurableObjectNamespace<WebhookDesk>;
}

/** A record is fixed in the ledger at the latest this long after it was written. */
const anchorAfterMs = 60 * 60 * 1000;
const watchedKey = 'watched';

/**
 * One tenant's audit chain: the single place where its next record is made.
 *
 * An append reads the head, hashes and inserts without giving up control in between, so no two
 * appends see the same head. The platform holds back the answer until the insert is on disk.
 */
export class AuditChain extends DurableObject {
  readonly #sql: SqlStorage;
  readonly #tenant: string;
  #isWatched = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const tenant = ownName(ctx);
    if (tenant === undefined) throw new Error('an audit chain is addressed by its tenant');
    this.#tenant = tenant;
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`CREATE TABLE IF NOT EXISTS records (
      position INTEGER PRIMARY KEY,
      at_ms INTEGER NOT NULL,
      action TEXT NOT NULL,
      actor TEXT NOT NULL,
      subject TEXT NOT NULL,
      outcome TEXT NOT NULL,
      request_id TEXT NOT NULL,
      detail TEXT NOT NULL,
      previous_hash_hex TEXT NOT NULL,
      hash_hex TEXT NOT NULL
    ) STRICT`);
    this.#isWatched = ctx.storage.kv.get(watchedKey) === true;
  }

  /** Whether new records wake the institution's webhooks. */
  watch(isWatched: boolean): void {
    this.ctx.storage.kv.put(watchedKey, isWatched);
    this.#isWatched = isWatched;
  }

  append(entry: AuditEntry): AuditRecord {
    const record = nextRecord(this.head(), this.#tenant, entry, systemClock.now());
    this.#sql.exec(
      `INSERT INTO records (position, at_ms, action, actor, subject, outcome, request_id, detail,
         previous_hash_hex, hash_hex) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      record.index,
      record.atMs,
      record.action,
      record.actor,
      record.subject,
      record.outcome,
      record.requestId,
      JSON.stringify(record.detail),
      record.previousHashHex,
      record.hashHex,
    );
    this.ctx.waitUntil(this.#anchorLater());
    if (this.#isWatched && record.outcome !== 'intended') this.ctx.waitUntil(this.#wakeWebhooks());
    return record;
  }

  /** The platform repeats it, later and later, for as long as it throws. */
  override async alarm(): Promise<void> {
    const head = this.head();
    const { LEDGER, LEDGER_ORIGIN } = this.env as Cloudflare.Env & LedgerBindings;
    const deps = { ledger: durableLedger(LEDGER, LEDGER_ORIGIN), clock: systemClock };
    if (head) await anchorHead(deps, this.#tenant, head);
  }

  /** Best effort: a record is not lost when nobody wakes, only told later. */
  async #wakeWebhooks(): Promise<void> {
    const { WEBHOOKS } = this.env as Cloudflare.Env & WebhookBindings;
    await WEBHOOKS.getByName(this.#tenant)
      .wake()
      .catch(() => undefined);
  }

  async #anchorLater(): Promise<void> {
    const { storage } = this.ctx;
    keepOwnName(this.ctx);
    if ((await storage.getAlarm()) === null)
      await storage.setAlarm(systemClock.now() + anchorAfterMs);
  }

  list(limit: number, before: number | undefined): AuditRecord[] {
    const rows = this.#sql
      .exec(
        'SELECT * FROM records WHERE position < ? ORDER BY position DESC LIMIT ?',
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray();
    return rows.map((row) => this.#parse(row));
  }

  head(): ChainHead | undefined {
    const [row] = this.#sql
      .exec('SELECT position, hash_hex FROM records ORDER BY position DESC LIMIT 1')
      .toArray();
    return row && { index: integerOf(row, 'position'), hashHex: textOf(row, 'hash_hex') };
  }

  #parse(row: Fields): AuditRecord {
    return {
      tenant: this.#tenant,
      index: integerOf(row, 'position'),
      atMs: integerOf(row, 'at_ms'),
      action: textOf(row, 'action'),
      actor: textOf(row, 'actor'),
      subject: textOf(row, 'subject'),
      outcome: oneOf(row, 'outcome', outcomes),
      requestId: textOf(row, 'request_id'),
      detail: parseDetail(jsonOf(row, 'detail')),
      previousHashHex: textOf(row, 'previous_hash_hex'),
      hashHex: textOf(row, 'hash_hex'),
    };
  }
}

/** The audit log over its Durable Objects, one per tenant. Fails closed: see `audit_unavailable`. */
export function durableAuditLog(chains: DurableObjectNamespace<AuditChain>): AuditLog {
  return {
    append: (tenant, entry) => answered(chains.getByName(tenant).append(entry)),
    list: (tenant, { limit, before }: PageRequest) =>
      answered(
        chains.getByName(tenant).list(limit, before === undefined ? undefined : Number(before)),
      ),
    head: (tenant) => answered(chains.getByName(tenant).head()),
  };
}

async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    throw new CinnabarError('audit_unavailable', { cause });
  }
}

function parseDetail(value: unknown): AuditDetail {
  const fields = fieldsOf(value);
  for (const [name, item] of Object.entries(fields)) {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') {
      throw new TypeError(`stored audit detail ${name} is not a text, number or boolean`);
    }
  }
  return fields as AuditDetail;
}
