import type { Caller } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import type { SealDeps } from './ports.ts';
import type { Work, WorkKind } from './work-rows.ts';

/** The row after one move. */
export function moved<K extends WorkKind>(
  work: Work<K>,
  change: Partial<Pick<Work<K>, 'state' | 'dueAtMs' | 'body'>>,
): Work<K> {
  return { ...work, ...change, version: work.version + 1 };
}

/** How often a move is tried anew after somebody else moved the row in between. */
const attemptsMax = 8;

/**
 * Reads and moves until nobody else moved in between. `step` sees the rows as they are and answers
 * what to write, or throws.
 *
 * @throws CinnabarError `work_contended` when others keep moving the same rows
 */
export async function settleMove<T>(
  deps: Pick<SealDeps, 'work'>,
  step: () => Promise<{
    readonly result: T;
    readonly add?: readonly Work[];
    readonly move?: readonly Work[];
  }>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { result, add = [], move = [] } = await step();
    if (add.length + move.length === 0) return result;
    if (await deps.work.apply({ add, move })) return result;
  }
  throw new CinnabarError('work_contended');
}

/** Nobody approves or reviews what they asked for. @throws CinnabarError `own_work` */
export function assertOtherThan(caller: Caller, ...people: readonly string[]): void {
  if (people.includes(caller.actor.id)) throw new CinnabarError('own_work');
}
