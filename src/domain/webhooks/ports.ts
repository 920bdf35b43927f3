import type { AuditLog } from '../audit/ports.ts';
import type { Clock, Random } from '../ports.ts';
import type { RowStore } from '../row-store.ts';
import type { TemplateKeys } from '../seals/ports.ts';
import type { Webhook } from './types.ts';

export interface WebhookRows {
  readonly webhook: Webhook;
}

/** Puts a message to an address outside. */
export interface WebhookSender {
  /**
   * The status of the answer, or 0 when there was none in time. Redirects are not followed, and
   * nothing of the answer but its status is read.
   */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number>;
}

/** Whoever delivers: woken by new records, and by the clock. */
export interface WebhookCourier {
  /** From now on the audit chain of this institution wakes the courier, or no longer. */
  watch(tenant: string, isWatched: boolean): Promise<void>;
  wake(tenant: string): Promise<void>;
}

export interface WebhookDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly audit: AuditLog;
  readonly webhooks: RowStore<WebhookRows>;
  readonly templateKeys: TemplateKeys;
  readonly webhookSender: WebhookSender;
  readonly webhookCourier: WebhookCourier;
  /** On one machine receivers may stand on it: `http` to a loopback address is then an address. */
  readonly webhooksToLoopback: boolean;
}
