import { CinnabarError } from '../../domain/errors.ts';
import { type ObjectWatch, type OrphanQueue, orphanGraceMs } from '../../domain/seals/ports.ts';
import { fieldsOf, textOf } from '../fields.ts';
import { countMessages, countReturned } from '../meters.ts';

const name = 'cleanup';

/** Watches travel through a queue that hands them out after the grace period. */
export function queuedOrphans(queue: Queue<ObjectWatch>): OrphanQueue {
  return {
    async watch(watch) {
      try {
        await queue.send(watch, { delaySeconds: Math.ceil(orphanGraceMs / 1000) });
        countMessages(name, 'sent');
      } catch (cause) {
        countMessages(name, 'send_failed');
        throw new CinnabarError('storage_unavailable', { cause });
      }
    },
  };
}

/**
 * Sweeps each watch of a batch on its own: one that fails comes back later, ever more slowly, and
 * ends in the dead-letter queue after the attempts that wrangler.toml allows.
 */
export async function consumeWatches(
  batch: MessageBatch,
  sweep: (watch: ObjectWatch) => Promise<void>,
): Promise<void> {
  for (const message of batch.messages) {
    try {
      await sweep(parseWatch(message.body));
      message.ack();
      countMessages(name, 'done');
    } catch {
      countReturned(name, message.attempts);
      message.retry({ delaySeconds: Math.min(3600, 30 * 2 ** (message.attempts - 1)) });
    }
  }
}

function parseWatch(value: unknown): ObjectWatch {
  const fields = fieldsOf(value);
  const { objectKeys } = fields;
  if (!Array.isArray(objectKeys) || !objectKeys.every((key) => typeof key === 'string')) {
    throw new TypeError('watch: objectKeys is not a list of texts');
  }
  return { tenant: textOf(fields, 'tenant'), objectKeys };
}
