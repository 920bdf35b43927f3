import { areKeysDue } from '../../client/session-keys.ts';
import { browserTerminals } from '../person/vault.ts';
import { client } from '../session.ts';

/** Due for a week, so an hour more or less is nothing. */
const everyMs = 60 * 60 * 1000;

/**
 * Renews the session keys of this person's devices in this browser while they are due, without the
 * person (E5): at once, and each hour as long as the page is open. What fails is tried again; what
 * opens sessions is loaded only when something is due.
 *
 * @returns what ends it
 */
export function keepKeysRenewed(): () => void {
  const renew = () => void renewed().catch(() => undefined);
  renew();
  const timer = setInterval(renew, everyMs);
  return () => clearInterval(timer);
}

async function renewed(): Promise<void> {
  const due = await dueHere();
  if (due.length === 0) return;
  // Keys of others may rest in this browser too: they are renewed when those come.
  const { items } = await client.terminals.list({ limit: 100 });
  const own = items.filter(({ id, state }) => state === 'active' && due.includes(id));
  const { renewKeysOf } = await import('./session.ts');
  for (const { id } of own) await renewKeysOf(id);
}

async function dueHere(): Promise<readonly string[]> {
  const vault = browserTerminals();
  const ids = await vault.ids();
  const stored = await Promise.all(ids.map((id) => vault.load(id)));
  const nowMs = Date.now();
  return ids.filter((_, i) => {
    const terminal = stored[i];
    return terminal !== undefined && areKeysDue(terminal, nowMs);
  });
}
