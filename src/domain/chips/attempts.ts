import { CinnabarError } from '../errors.ts';
import { ChipFault } from './faults.ts';
import type { Waits } from './ports.ts';

/** The answer, or ChipFault `no_answer` after `ms`. */
export async function within<T>(waits: Waits, ms: number, call: Promise<T>): Promise<T> {
  const timer = waits.after(ms);
  try {
    return await Promise.race([
      call,
      timer.done.then(() => {
        throw new ChipFault('no_answer');
      }),
    ]);
  } finally {
    timer.cancel();
    // The call may still fail after the time is up; nobody waits for it any more.
    call.catch(() => undefined);
  }
}

export interface AttemptPlan<C, T> {
  readonly candidates: readonly C[];
  readonly attempt: (candidate: C) => Promise<T>;
  /** After so long without an answer the next candidate is asked too. */
  readonly hedgeAfterMs: number;
  /** After so long the caller hears `chips_unavailable`. */
  readonly deadlineMs: number;
}

/**
 * Asks one candidate after the other until one succeeds; a slow one is overtaken, not awaited.
 *
 * A refusal that every candidate would give (CinnabarError, but for `chips_busy`) ends it at once.
 *
 * @throws CinnabarError the refusal; `chips_busy` when one said so and none did it,
 *   `chips_unavailable` else
 */
export function firstOf<C, T>(waits: Waits, plan: AttemptPlan<C, T>): Promise<T> {
  const { candidates, attempt, hedgeAfterMs, deadlineMs } = plan;
  return new Promise<T>((resolve, reject) => {
    let next = 0;
    let running = 0;
    let later: CinnabarError | undefined;
    let isOver = false;
    let hedge: ReturnType<Waits['after']> | undefined;
    const deadline = waits.after(deadlineMs);
    const tooLate = () => over(() => reject(new CinnabarError('chips_unavailable')));
    deadline.done.then(tooLate, tooLate);

    function over(settle: () => void): void {
      if (isOver) return;
      isOver = true;
      hedge?.cancel();
      deadline.cancel();
      settle();
    }

    function failed(error: unknown): void {
      running -= 1;
      const isLater = error instanceof CinnabarError && error.code === 'chips_busy';
      if (!isLater && !(error instanceof ChipFault)) {
        over(() => reject(error));
        return;
      }
      if (isLater) later = error;
      ask(error);
    }

    function overtake(): void {
      ask();
    }

    function ask(cause?: unknown): void {
      if (isOver) return;
      const candidate = candidates[next];
      if (candidate === undefined) {
        if (running > 0) return;
        over(() => reject(later ?? new CinnabarError('chips_unavailable', { cause })));
        return;
      }
      next += 1;
      running += 1;
      hedge?.cancel();
      hedge = waits.after(hedgeAfterMs);
      hedge.done.then(overtake, overtake);
      attempt(candidate).then((value) => over(() => resolve(value)), failed);
    }
    ask();
  });
}
