import { CinnabarError } from '../../domain/errors.ts';
import type { WorkQueue } from '../../domain/seals/ports.ts';
import { type WorkMessage, workMessageKinds } from '../../domain/seals/work-rows.ts';
import { fieldsOf, oneOf, textOf } from '../fields.ts';
import { countMessages, countReturned } from '../meters.ts';

const name = 'seal-work';
/** Most messages that the queue takes at once. */
const messagesPerSend = 100;

/** Messages about rows of work through a queue. */
export function queuedWork(queue: Queue<WorkMessage>): WorkQueue {
  return {
    async send(messages, delayMs) {
      const delaySeconds = Math.ceil(delayMs / 1000);
      try {
        for (let at = 0; at < messages.length; at += messagesPerSend) {
          const some = messages.slice(at, at + messagesPerSend);
          await queue.sendBatch(some.map((body) => ({ body, delaySeconds })));
          countMessages(name, 'sent', some.length);
        }
      } catch (cause) {
        countMessages(name, 'send_failed');
        throw new CinnabarError('storage_unavailable', { cause });
      }
    },
  };
}

/**
 * Works each message of a batch on its own. `work` answers whether nothing is left to do; what is
 * left, and what failed, comes back later, ever more slowly. The row keeps the count of attempts
 * that matters; after those that wrangler.toml allows the message alone is dropped.
 */
export async function consumeWork(
  batch: MessageBatch,
  work: (message: WorkMessage) => Promise<boolean>,
): Promise<void> {
  for (const message of batch.messages) {
    const isDone = await work(parseMessage(message.body)).catch(() => false);
    if (isDone) {
      message.ack();
      countMessages(name, 'done');
    } else {
      countReturned(name, message.attempts);
      message.retry({ delaySeconds: Math.min(600, 2 ** message.attempts) });
    }
  }
}

function parseMessage(value: unknown): WorkMessage {
  const fields = fieldsOf(value);
  return {
    tenant: textOf(fields, 'tenant'),
    kind: oneOf(fields, 'kind', workMessageKinds),
    id: textOf(fields, 'id'),
  };
}
