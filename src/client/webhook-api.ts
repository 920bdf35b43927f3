import type { ReadOptions, Transport } from './transport.ts';
import type {
  NewWebhook,
  Webhook,
  WebhookAttempt,
  WebhookChange,
  WebhookSecret,
  Webhooks,
} from './types.ts';

const all = '/v1/webhooks';
const at = (id: string) => `${all}/${encodeURIComponent(id)}`;

/** Messages about audit records. Receivers check them with a library for Standard Webhooks. */
export function webhookCalls({ getJson, write }: Transport) {
  return {
    webhooks: {
      list: (read?: ReadOptions) => getJson<Webhooks>(all, read),
      get: (id: string, read?: ReadOptions) => getJson<Webhook>(at(id), read),
      /** The secret in the answer is shown once. */
      create: (webhook: NewWebhook) => write<WebhookSecret>('POST', all, webhook, { once: true }),
      change: (id: string, change: WebhookChange) => write<Webhook>('PATCH', at(id), change),
      remove: (id: string) => write<void>('DELETE', at(id), undefined),
      rotateSecret: (id: string) =>
        write<WebhookSecret>('POST', `${at(id)}/secret`, undefined, { once: true }),
      test: (id: string) => write<WebhookAttempt>('POST', `${at(id)}/test`, undefined),
    },
  };
}
