import { instantText } from '../../lib/time.ts';
import type { AuditRecord } from '../audit/types.ts';
import { changed } from '../row-store.ts';
import { secretsOf } from './administer.ts';
import type { WebhookDeps } from './ports.ts';
import { entryOf, listWebhooks } from './rows.ts';
import { signedHeaders } from './signature.ts';
import type { Attempt, Webhook, WebhookMessage } from './types.ts';

type DeliveryDeps = Omit<WebhookDeps, 'random' | 'webhookCourier' | 'webhooksToLoopback'>;

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** How long to wait after the first failure, the second, …; the last one repeats. */
export const retryAfterMs = [
  5 * second,
  30 * second,
  2 * minute,
  10 * minute,
  30 * minute,
  hour,
  2 * hour,
  6 * hour,
] as const;
/** After this long without one success nobody is there: the webhook is paused. */
export const givenUpAfterMs = 3 * 24 * hour;

/** Records read at once, and messages sent to one receiver in one turn. */
const pageRecords = 100;
const sendingsMax = 50;
const recentMax = 20;
/** Gone for good (RFC 9110 §15.5.11): Standard Webhooks asks senders to stop then. */
const gone = 410;

/**
 * Sends every active webhook of an institution what it has not heard yet, in the order of the
 * audit chain, each record until it was taken: at least once, never out of order. A receiver that
 * sees the id of a message again has had it.
 *
 * @returns when to come again, in epoch milliseconds; `undefined` when nothing waits
 */
export async function deliver(
  deps: DeliveryDeps,
  tenant: string,
): Promise<{ readonly againAtMs: number | undefined }> {
  const active = (await listWebhooks(deps, tenant)).filter(({ state }) => state === 'active');
  const turns = await Promise.all(active.map((webhook) => deliverTo(deps, webhook)));
  const waiting = turns.filter((atMs) => atMs !== undefined);
  return { againAtMs: waiting.length === 0 ? undefined : Math.min(...waiting) };
}

/** One receiver's turn. */
async function deliverTo(deps: DeliveryDeps, first: Webhook): Promise<number | undefined> {
  let webhook = first;
  let sendings = 0;
  // Once a turn: a change of the secret ends the turn by its revision.
  let secrets: readonly Uint8Array[] | undefined;
  while (webhook.state === 'active') {
    const nowMs = deps.clock.now();
    if (webhook.notBeforeMs > nowMs) return webhook.notBeforeMs;
    if (sendings >= sendingsMax) return nowMs;
    const records = await recordsFrom(deps, webhook);
    const last = records.at(-1);
    if (!last) return undefined;
    const record = records.find((one) => isWanted(webhook.actions, one));
    let next = changed<Webhook>(webhook, { next: last.index + 1 });
    if (record) {
      secrets ??= await secretsOf(deps, webhook);
      next = afterAttempt(webhook, await attempt(deps, webhook.url, secrets, record));
      sendings += 1;
    }
    // Somebody changed it in between: the next turn begins with what they wrote.
    if (!(await deps.webhooks.write(webhook.tenant, [entryOf(next)]))) return deps.clock.now();
    if (next.state === 'paused') await recordPause(deps, next);
    webhook = next;
  }
  return undefined;
}

/** Nobody did it, and somebody should know. */
async function recordPause(deps: DeliveryDeps, { tenant, id, recent }: Webhook): Promise<void> {
  await deps.audit.append(tenant, {
    action: 'webhook.pause',
    actor: 'webhook-courier',
    subject: `webhook:${id}`,
    outcome: 'done',
    requestId: `webhook-${id}`,
    detail: { status: recent[0]?.status ?? 0 },
  });
}

/** The records from `next` on, oldest first. */
async function recordsFrom(
  deps: Pick<WebhookDeps, 'audit'>,
  { tenant, next }: Webhook,
): Promise<readonly AuditRecord[]> {
  const before = String(next + pageRecords);
  const found = await deps.audit.list(tenant, { limit: pageRecords, before });
  return found.filter(({ index }) => index >= next).reverse();
}

/** Intentions are not news: what became of them is. */
export function isWanted(
  actions: readonly string[],
  { action, outcome }: Pick<AuditRecord, 'action' | 'outcome'>,
): boolean {
  if (outcome === 'intended') return false;
  return actions.some(
    (one) =>
      one === '*' || one === action || (one.endsWith('.*') && action.startsWith(one.slice(0, -1))),
  );
}

async function attempt(
  deps: DeliveryDeps,
  url: string,
  secrets: readonly Uint8Array[],
  record: AuditRecord,
): Promise<Attempt> {
  const atMs = deps.clock.now();
  const { index, action } = record;
  const body = JSON.stringify(messageOf(record));
  const headers = signedHeaders(secrets, { id: `audit_${index}`, atMs, body });
  const status = await deps.webhookSender.post(url, { ...headers }, body);
  return { index, action, atMs, status };
}

function messageOf(record: AuditRecord): WebhookMessage {
  const { index, actor, subject, outcome, requestId, detail } = record;
  return {
    type: record.action,
    timestamp: instantText(record.atMs),
    data: { index, actor, subject, outcome, requestId, detail },
  };
}

function afterAttempt(webhook: Webhook, made: Attempt): Webhook {
  const recent = [made, ...webhook.recent].slice(0, recentMax);
  const { failingSinceMs, ...rest } = webhook;
  if (made.status >= 200 && made.status < 300) {
    return changed<Webhook>(rest, { next: made.index + 1, failures: 0, recent });
  }
  const sinceMs = failingSinceMs ?? made.atMs;
  const isOver = made.status === gone || made.atMs - sinceMs >= givenUpAfterMs;
  const waits = retryAfterMs[Math.min(webhook.failures, retryAfterMs.length - 1)] ?? hour;
  return changed<Webhook>(rest, {
    failures: webhook.failures + 1,
    failingSinceMs: sinceMs,
    notBeforeMs: made.atMs + waits,
    recent,
    ...(isOver ? { state: 'paused' as const } : {}),
  });
}
