import type { LedgerTrust } from '../../domain/ledger/ports.ts';
import { textOf } from '../fields.ts';

/**
 * The keys of a log as it first gave them, kept in another store than the log's. For a service on
 * one machine, whose log makes its keys at the first start; a deployment has them in its
 * configuration.
 */
export async function firstTrust(
  db: D1Database,
  origin: string,
  ask: () => Promise<LedgerTrust>,
): Promise<LedgerTrust> {
  const name = `trust ${origin}`;
  const find = async () => {
    const query = db.prepare('SELECT note FROM ledger_memory WHERE name = ?');
    const found = await query.bind(name).first<Record<string, unknown>>();
    return found && (JSON.parse(textOf(found, 'note')) as LedgerTrust);
  };
  const known = await find();
  if (known) return known;
  const query = 'INSERT OR IGNORE INTO ledger_memory (name, size, note) VALUES (?, 0, ?)';
  const first = await ask();
  await db.prepare(query).bind(name, JSON.stringify(first)).run();
  // Whoever came first: all use what is stored.
  return (await find()) ?? first;
}
