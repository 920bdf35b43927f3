import { DurableObject } from 'cloudflare:workers';
import type { Sessions } from '../../domain/terminals/ports.ts';
import { createSessionDesk, type FirstMessages } from '../../domain/terminals/session-desk.ts';
import { type Answer, asked, settled } from './answer.ts';

type Desk = ReturnType<typeof createSessionDesk>;

/**
 * The open sessions of one person. Their keys live in this object's memory; on disk is only which
 * first messages were used.
 */
export class TerminalSessions extends DurableObject {
  readonly #desk: Desk;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#desk = createSessionDesk(sqlFirstMessages(ctx.storage.sql));
  }

  step(name: keyof Desk, args: readonly unknown[]): Promise<Answer> {
    const step = this.#desk[name] as (...args: readonly unknown[]) => unknown;
    return settled(() => step(...args));
  }
}

function sqlFirstMessages(sql: SqlStorage): FirstMessages {
  sql.exec(`CREATE TABLE IF NOT EXISTS first_messages (
    hash TEXT PRIMARY KEY,
    at_ms INTEGER NOT NULL
  ) STRICT`);
  return {
    remember(hash, nowMs) {
      const added = sql.exec(
        'INSERT OR IGNORE INTO first_messages (hash, at_ms) VALUES (?, ?) RETURNING hash',
        hash,
        nowMs,
      );
      return added.toArray().length > 0;
    },
    forgetBefore: (ms) => void sql.exec('DELETE FROM first_messages WHERE at_ms < ?', ms),
  };
}

/** The sessions of each person in their Durable Objects. */
export function durableSessions(desks: DurableObjectNamespace<TerminalSessions>): Sessions {
  const step =
    (name: keyof Desk) =>
    (tenant: string, owner: string, ...args: readonly unknown[]) =>
      asked(() => desks.getByName(JSON.stringify([tenant, owner])).step(name, args));
  // Each name is a step of the desk, whose arguments and answer are the port's.
  return {
    keep: step('keep'),
    receive: step('receive'),
    close: step('close'),
    closeTerminal: step('closeTerminal'),
  } as Sessions;
}
