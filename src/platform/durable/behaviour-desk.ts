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
      CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT;`);
  }

  append({ id, atMs, session, action, outcome, durationMs, amount }: BehaviourEvent): void {
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
    if ((await this.ctx.storage.getAlarm()) === null)
      await this.ctx.storage.setAlarm(untilMs + dayMs);
    return true;
  }

  /** Proofs whose time is over prove nothing any more, seen or not. */
  override alarm(): void {
    this.#sql.exec('DELETE FROM seen WHERE until_ms < ?', systemClock.now());
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
    append: (pseudonym, event) => deskOf(pseudonym).append(event),
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
