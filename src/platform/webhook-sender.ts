import type { WebhookSender } from '../domain/webhooks/ports.ts';

/** A receiver takes the message and works on it afterwards. */
const answerTimeoutMs = 10_000;

/** Messages over HTTP. What went wrong on the way is no status, and no more is said of it. */
export function httpWebhookSender(timeoutMs = answerTimeoutMs): WebhookSender {
  return {
    async post(url, headers, body) {
      try {
        const response = await fetch(url, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'Cinnabar' },
          body,
          // An answer that leads elsewhere may lead inward.
          redirect: 'manual',
          signal: AbortSignal.timeout(timeoutMs),
        });
        await response.body?.cancel();
        return response.status;
      } catch {
        return 0;
      }
    },
  };
}
