import { DurableObject } from 'cloudflare:workers';
import type { ChipService } from '../../domain/chips/messages.ts';
import { deliver } from '../../domain/webhooks/deliver.ts';
import type { WebhookCourier, WebhookRows } from '../../domain/webhooks/ports.ts';
import { chipTemplateKeys } from '../chips/template-keys.ts';
import { systemClock } from '../system.ts';
import { httpWebhookSender } from '../webhook-sender.ts';
// biome-ignore lint/suspicious/noImportCycles: desk and chain call each other, and a binding's type is its class.
import { type AuditChain, durableAuditLog } from './audit-log.ts';
import { keepOwnName, ownName } from './own-name.ts';
import { durableRowStore, type RowDesk } from './row-desk.ts';

/** Records come together: one turn takes what a moment brings. */
const gatherMs = 200;
/** The wake-up of a record may be lost; then it waits for this at the longest. */
const lookEveryMs = 15 * 60 * 1000;
const afterFailureMs = 60 * 1000;

interface DeskBindings {
  readonly AUDIT: DurableObjectNamespace<AuditChain>;
  readonly DESKS: DurableObjectNamespace<RowDesk>;
  readonly CHIPS: ChipService;
}

/**
 * The courier of one institution's webhooks. It holds nothing but its alarm: what was delivered
 * stands in the rows, and what is to be delivered in the audit chain.
 *
 * One object an institution, whose alarms never overlap, so that no message is sent twice at once.
 */
export class WebhookDesk extends DurableObject {
  async wake(): Promise<void> {
    const { storage } = this.ctx;
    keepOwnName(this.ctx);
    const soonMs = systemClock.now() + gatherMs;
    const standsMs = await storage.getAlarm();
    if (standsMs === null || standsMs > soonMs) await storage.setAlarm(soonMs);
  }

  async rest(): Promise<void> {
    await this.ctx.storage.deleteAlarm();
  }

  override async alarm(): Promise<void> {
    const tenant = ownName(this.ctx);
    if (tenant === undefined) throw new Error('a webhook desk is addressed by its tenant');
    const { storage } = this.ctx;
    // Set before anything is done: the platform repeats a failed alarm only a few times.
    await storage.setAlarm(systemClock.now() + afterFailureMs);
    const { AUDIT, DESKS, CHIPS } = this.env as Cloudflare.Env & DeskBindings;
    const { againAtMs } = await deliver(
      {
        clock: systemClock,
        audit: durableAuditLog(AUDIT),
        webhooks: durableRowStore<WebhookRows>(DESKS, 'webhooks'),
        templateKeys: chipTemplateKeys(CHIPS),
        webhookSender: httpWebhookSender(),
      },
      tenant,
    );
    const latestMs = systemClock.now() + lookEveryMs;
    await storage.setAlarm(Math.min(againAtMs ?? latestMs, latestMs));
  }
}

export function durableCourier(
  desks: DurableObjectNamespace<WebhookDesk>,
  chains: DurableObjectNamespace<AuditChain>,
): WebhookCourier {
  return {
    async watch(tenant, isWatched) {
      await chains.getByName(tenant).watch(isWatched);
      await (isWatched ? desks.getByName(tenant).wake() : desks.getByName(tenant).rest());
    },
    wake: (tenant) => desks.getByName(tenant).wake(),
  };
}
