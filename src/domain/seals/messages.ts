import { CinnabarError } from '../errors.ts';
import type { SealDeps } from './ports.ts';
import type { WorkMessage } from './work-rows.ts';

/**
 * Has rows looked at after a while. The rows themselves are what counts: a message that is lost is
 * made up for by whoever reads the row, and by the hourly sweep.
 */
export async function sendWork(
  deps: Pick<SealDeps, 'workQueue'>,
  messages: readonly WorkMessage[],
  delayMs = 0,
): Promise<void> {
  try {
    await deps.workQueue.send(messages, delayMs);
  } catch (error) {
    if (!(error instanceof CinnabarError)) throw error;
  }
}
