import { DurableObject } from 'cloudflare:workers';
import {
  type BehaviourEvent,
  type BehaviourLog,
  outcomes,
  type SeenOnce,
} from '../../core/business.ts';
import { type Fields, integerOf, oneOf, textOf } from '../fields.ts';
import { systemClock } from '../system.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** Alarms may be set up to the year 2189. */
const latestAlarmMs = Date.UTC(2189, 0, 1);

/**
 * What one person did at one business system, and the proofs that were seen of them. One object a
 * person: to forget somebody is to empty it.
 */
export class BehaviourDesk extends DurableObject {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env as Cloudflare.Env);
    this.#sql = ctx.storage.sql;
    this.#sql.exec(`
      CREATE TABLE IF NOT EXISTS events (
        id TEXT PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        session TEXT NOT NULL,
        action TEXT NOT NULL,
        outcome TEXT NOT NULL,
        duration_ms INTEGER NOT NULL,
        currency TEXT,
        minor INTEGER
      ) STRICT;
      CREATE INDEX IF NOT EXISTS events_by_time ON events (at_ms);
      CREATE TABLE IF NOT EXISTS retention (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        keep_ms INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT;`);
  }

  async append(event: BehaviourEvent, keepMs: number): Promise<void> {
    const { id, atMs, session, action, outcome, durationMs, amount } = event;
    this.#sql.exec(
      `INSERT INTO events (id, at_ms, session, action, outcome, duration_ms, currency, minor)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      id,
      atMs,
      session,
      action,
      outcome,
      durationMs,
      amount?.currency ?? null,
      amount?.minor ?? null,
    );
    this.#sql.exec(
      `INSERT INTO retention (id, keep_ms) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET keep_ms = excluded.keep_ms`,
      keepMs,
    );
    await this.#wakeInTime();
  }

  read(most: number): BehaviourEvent[] {
    return this.#sql
      .exec('SELECT * FROM events ORDER BY at_ms DESC, rowid DESC LIMIT ?', most)
      .toArray()
      .map(eventOf)
      .reverse();
  }

  erase(): number {
    const { n } = this.#sql.exec('SELECT count(*) AS n FROM events').one();
    this.#sql.exec('DELETE FROM events');
    return Number(n);
  }

  prune(beforeMs: number): number {
    const { n } = this.#sql
      .exec('SELECT count(*) AS n FROM events WHERE at_ms < ?', beforeMs)
      .one();
    if (Number(n) > 0) this.#sql.exec('DELETE FROM events WHERE at_ms < ?', beforeMs);
    return Number(n);
  }

  async first(id: string, untilMs: number): Promise<boolean> {
    const before = this.#sql.exec('SELECT 1 FROM seen WHERE id = ?', id).toArray();
    if (before.length > 0) return false;
    this.#sql.exec('INSERT INTO seen (id, until_ms) VALUES (?, ?)', id, untilMs);
    await this.#wakeInTime();
    return true;
  }

  /**
   * Events whose time is over go, whether or not the person ever comes again; and proofs whose time
   * is over prove nothing any more, seen or not.
   */
  override async alarm(): Promise<void> {
    const nowMs = systemClock.now();
    this.#sql.exec('DELETE FROM seen WHERE until_ms < ?', nowMs);
    this.#sql.exec('DELETE FROM events WHERE at_ms + (SELECT keep_ms FROM retention) <= ?', nowMs);
    await this.#wakeInTime();
  }

  /** For what ends first; proofs may lie for a day, so that they go many at a time. */
  async #wakeInTime(): Promise<void> {
    const { at } = this.#sql
      .exec(
        `SELECT min(at) AS at FROM (
           SELECT min(at_ms) + (SELECT keep_ms FROM retention) AS at FROM events
           UNION ALL SELECT min(until_ms) + ? FROM seen)`,
        dayMs,
      )
      .one();
    if (at === null) return;
    const dueMs = Math.min(Number(at), latestAlarmMs);
    const known = await this.ctx.storage.getAlarm();
    if (known === null || known > dueMs) await this.ctx.storage.setAlarm(dueMs);
  }
}

function eventOf(row: Fields): BehaviourEvent {
  const event = {
    id: textOf(row, 'id'),
    atMs: integerOf(row, 'at_ms'),
    session: textOf(row, 'session'),
    action: textOf(row, 'action'),
    outcome: oneOf(row, 'outcome', outcomes),
    durationMs: integerOf(row, 'duration_ms'),
  };
  if (row.currency === null) return event;
  return {
    ...event,
    amount: { currency: textOf(row, 'currency'), minor: integerOf(row, 'minor') },
  };
}

type Desks = DurableObjectNamespace<BehaviourDesk>;

/** Behaviour in Durable Objects, one for each pseudonym. */
export function durableBehaviourLog(desks: Desks): BehaviourLog {
  const deskOf = (pseudonym: string) => desks.getByName(`person/${pseudonym}`);
  return {
    append: (pseudonym, event, keepMs) => deskOf(pseudonym).append(event, keepMs),
    read: (pseudonym, most) => deskOf(pseudonym).read(most),
    erase: (pseudonym) => deskOf(pseudonym).erase(),
    prune: (pseudonym, beforeMs) => deskOf(pseudonym).prune(beforeMs),
  };
}

/** Proofs in Durable Objects, one for each key that proves. */
export function durableSeenOnce(desks: Desks): SeenOnce {
  return {
    first: (id, untilMs) => desks.getByName(`proofs/${id.split('.')[0]}`).first(id, untilMs),
  };
}
