import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import type { RowEntry } from '../row-store.ts';
import type { WebhookDeps, WebhookRows } from './ports.ts';
import type { Webhook } from './types.ts';

export const webhooksMax = 10;

/** A row that is over may go at once: nothing that was audited is in it alone. */
export function entryOf(row: Webhook): RowEntry<WebhookRows> {
  const places = { kind: 'webhook', row, owner: '', parent: '', state: row.state } as const;
  return row.state === 'removed' ? { ...places, expiresAtMs: row.createdAtMs } : places;
}

/** @throws CinnabarError `webhook_not_found` */
export async function getWebhook(
  deps: Pick<WebhookDeps, 'webhooks'>,
  actor: Actor,
  id: string,
): Promise<Webhook> {
  const found = await deps.webhooks.find(actor.tenant, 'webhook', id);
  if (!found || found.state === 'removed') throw new CinnabarError('webhook_not_found');
  return found;
}

/** Those that are not removed, newest first. */
export async function listWebhooks(
  deps: Pick<WebhookDeps, 'webhooks'>,
  tenant: string,
): Promise<readonly Webhook[]> {
  const states = ['active', 'paused'] as const;
  const found = await Promise.all(
    states.map((state) => deps.webhooks.list(tenant, 'webhook', { state }, { limit: webhooksMax })),
  );
  return found.flat().sort((a, b) => (a.id < b.id ? 1 : -1));
}
