import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64Text } from '../../lib/base64.ts';
import { instantText } from '../../lib/time.ts';
import type { Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { changed, settleRows } from '../row-store.ts';
import { openedBytes, sealedBytes } from '../sealed.ts';
import { isDeliverable } from './address.ts';
import type { WebhookDeps } from './ports.ts';
import { entryOf, getWebhook, listWebhooks, webhooksMax } from './rows.ts';
import { signedHeaders } from './signature.ts';
import type { Attempt, Webhook } from './types.ts';

/** HMAC-SHA256 gains nothing from more (RFC 2104 §3). */
const secretBytes = 32;
/** How long the secret before signs beside the new one. */
export const secretOverlapMs = 24 * 60 * 60 * 1000;

/** A webhook with its secret as the receiver has it: it is shown once. */
export interface NewSecret {
  readonly webhook: Webhook;
  readonly secret: string;
}

/**
 * Tells `url` of every record whose action is asked for, from the next one on.
 *
 * @throws CinnabarError `webhook_address_refused`, `webhooks_too_many`, `chips_unavailable`
 */
export async function createWebhook(
  deps: WebhookDeps,
  caller: Caller,
  { url, actions }: { readonly url: string; readonly actions: readonly string[] },
): Promise<NewSecret> {
  const { tenant } = caller.actor;
  assertDeliverable(deps, url);
  const id = newId(deps);
  const secret = deps.random.bytes(secretBytes);
  const operation = operationOf('webhook.create', id, { host: new URL(url).host });
  return audited(deps.audit, caller, operation, async () => {
    const sealed = await sealedBytes(deps, tenant, contextOf(id), secret);
    const head = await deps.audit.head(tenant);
    const webhook = await settleRows(deps.webhooks, tenant, async () => {
      const known = await listWebhooks(deps, tenant);
      if (known.length >= webhooksMax) throw new CinnabarError('webhooks_too_many');
      const nowMs = deps.clock.now();
      const fresh: Webhook = {
        tenant,
        id,
        revision: 1,
        url,
        actions,
        state: 'active',
        secret: sealed,
        secretAtMs: nowMs,
        next: (head?.index ?? -1) + 1,
        failures: 0,
        notBeforeMs: nowMs,
        recent: [],
        createdBy: caller.actor.id,
        createdAtMs: nowMs,
      };
      return { result: fresh, write: [entryOf(fresh)] };
    });
    await deps.webhookCourier.watch(tenant, true);
    return { webhook, secret: secretText(secret) };
  });
}

/**
 * Changes where it goes and what it hears, pauses it, or resumes it at its place in the chain:
 * what was missed meanwhile is then delivered, unless `from` is `now`.
 *
 * @throws CinnabarError `webhook_not_found`, `webhook_address_refused`, `rows_contended`
 */
export async function changeWebhook(
  deps: WebhookDeps,
  caller: Caller,
  id: string,
  change: {
    readonly url?: string;
    readonly actions?: readonly string[];
    readonly state?: 'active' | 'paused';
    readonly from?: 'now';
  },
): Promise<Webhook> {
  const { from, ...fields } = change;
  if (fields.url !== undefined) assertDeliverable(deps, fields.url);
  const operation = operationOf('webhook.change', id, {
    ...(fields.url === undefined ? {} : { host: new URL(fields.url).host }),
    ...(fields.state && { state: fields.state }),
    ...(from && { from }),
  });
  const head = from === 'now' ? await deps.audit.head(caller.actor.tenant) : undefined;
  const webhook = await audited(deps.audit, caller, operation, () =>
    write(deps, caller, id, (known) => {
      const { failingSinceMs, ...rest } = known;
      const isResumed = fields.state === 'active';
      return changed<Webhook>(isResumed ? rest : known, {
        ...fields,
        ...(isResumed ? { failures: 0, notBeforeMs: deps.clock.now() } : {}),
        ...(head ? { next: head.index + 1 } : {}),
      });
    }),
  );
  await deps.webhookCourier.wake(caller.actor.tenant);
  return webhook;
}

/** @throws CinnabarError `webhook_not_found`, `rows_contended` */
export async function removeWebhook(deps: WebhookDeps, caller: Caller, id: string): Promise<void> {
  const { tenant } = caller.actor;
  await audited(deps.audit, caller, operationOf('webhook.remove', id), () =>
    write(deps, caller, id, (known) => changed<Webhook>(known, { state: 'removed' })),
  );
  const rest = await listWebhooks(deps, tenant);
  if (rest.length === 0) await deps.webhookCourier.watch(tenant, false);
}

/**
 * Makes a new secret. For a day both sign, so that a receiver can change over without losing a
 * message.
 *
 * @throws CinnabarError `webhook_not_found`, `chips_unavailable`, `rows_contended`
 */
export async function rotateWebhookSecret(
  deps: WebhookDeps,
  caller: Caller,
  id: string,
): Promise<NewSecret> {
  await getWebhook(deps, caller.actor, id);
  const secret = deps.random.bytes(secretBytes);
  const operation = operationOf('webhook.rotate_secret', id);
  return audited(deps.audit, caller, operation, async () => {
    const sealed = await sealedBytes(deps, caller.actor.tenant, contextOf(id), secret);
    const nowMs = deps.clock.now();
    const untilMs = nowMs + secretOverlapMs;
    const webhook = await write(deps, caller, id, (known) =>
      changed<Webhook>(known, {
        secret: sealed,
        secretAtMs: nowMs,
        oldSecret: { sealed: known.secret, untilMs },
      }),
    );
    return { webhook, secret: secretText(secret) };
  });
}

/** Sends a message of type `webhook.test` at once, and says what was answered. */
export async function testWebhook(deps: WebhookDeps, caller: Caller, id: string): Promise<Attempt> {
  const webhook = await getWebhook(deps, caller.actor, id);
  const atMs = deps.clock.now();
  const body = JSON.stringify({
    type: 'webhook.test',
    timestamp: instantText(atMs),
    data: { webhook: id },
  });
  const message = { id: `test_${newId(deps)}`, atMs, body };
  const headers = signedHeaders(await secretsOf(deps, webhook), message);
  const status = await deps.webhookSender.post(webhook.url, { ...headers }, body);
  return { index: -1, action: 'webhook.test', atMs, status };
}

/** The secrets in force, the newest first. @throws CinnabarError `chips_unavailable` */
export async function secretsOf(
  deps: Pick<WebhookDeps, 'templateKeys' | 'clock'>,
  { tenant, id, secret, oldSecret }: Webhook,
): Promise<readonly Uint8Array[]> {
  const isOldInForce = oldSecret !== undefined && deps.clock.now() < oldSecret.untilMs;
  const inForce = isOldInForce ? [secret, oldSecret.sealed] : [secret];
  return Promise.all(inForce.map((sealed) => openedBytes(deps, tenant, contextOf(id), sealed)));
}

function assertDeliverable(deps: WebhookDeps, url: string): void {
  if (!isDeliverable(url, deps.webhooksToLoopback)) {
    throw new CinnabarError('webhook_address_refused');
  }
}

function write(
  deps: WebhookDeps,
  { actor }: Caller,
  id: string,
  next: (known: Webhook) => Webhook,
): Promise<Webhook> {
  return settleRows(deps.webhooks, actor.tenant, async () => {
    const row = next(await getWebhook(deps, actor, id));
    return { result: row, write: [entryOf(row)] };
  });
}

/** The form of Standard Webhooks 1.0, "Signing secret serialization". */
function secretText(secret: Uint8Array): string {
  return `whsec_${base64Text(secret)}`;
}

function contextOf(id: string): Uint8Array {
  return utf8ToBytes(`cinnabar webhook secret\n${id}`);
}

function operationOf(action: AuditAction, id: string, detail: Record<string, string> = {}) {
  return { action, subject: `webhook:${id}`, detail };
}
