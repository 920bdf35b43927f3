import { CinnabarError } from '../errors.ts';
import type { SealDeps } from './ports.ts';

export const workMessageKinds = ['decision', 'voucher', 'job'] as const;

/** Names a row of work that somebody should look at now. It carries nothing else. */
export interface WorkMessage {
  readonly tenant: string;
  readonly kind: (typeof workMessageKinds)[number];
  readonly id: string;
}

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
