import { CinnabarError } from './errors.ts';
import type { PageRequest } from './ports.ts';

/** What every row has: whose it is, which one it is, and how often it was written. */
export interface Row {
  readonly tenant: string;
  readonly id: string;
  /** 1 when it was added; a write names the revision after the stored one. */
  readonly revision: number;
}

/** One row to write, with its kind and what lists look it up by. */
export interface RowEntry<Rows, K extends keyof Rows = keyof Rows> {
  readonly kind: K;
  readonly row: Rows[K] & Row;
  /** Whose row it is: an actor. */
  readonly owner: string;
  /** The row it belongs to; empty when it belongs to none. */
  readonly parent: string;
  readonly state: string;
  /** After this the row may be removed, unasked. Until then its time is still to be checked. */
  readonly expiresAtMs?: number;
}

export interface RowFilter {
  readonly owner?: string;
  readonly parent?: string;
  readonly state?: string;
}

/** Rows of one institution, by kind, in one place where one step decides. */
export interface RowStore<Rows> {
  /**
   * Writes all rows or none, durably. Each row's revision must be one above the stored one's, or 1
   * for a row that is not there; otherwise nothing is written and the answer is `false`.
   */
  write(tenant: string, entries: readonly RowEntry<Rows>[]): Promise<boolean>;
  find<K extends keyof Rows>(
    tenant: string,
    kind: K,
    id: string,
  ): Promise<(Rows[K] & Row) | undefined>;
  /** Newest first by id. */
  list<K extends keyof Rows>(
    tenant: string,
    kind: K,
    filter: RowFilter,
    page: PageRequest,
  ): Promise<readonly (Rows[K] & Row)[]>;
}

/** The row after a change, to be written. */
export function changed<T extends Row>(row: T, changes: Partial<T>): T {
  return { ...row, ...changes, revision: row.revision + 1 };
}

/** How often a change is tried anew after somebody else wrote the row in between. */
const attemptsMax = 8;

/**
 * Reads and writes until nobody else wrote in between. `step` sees the rows as they are and says
 * what to write, or throws.
 *
 * @throws CinnabarError `rows_contended` when others keep writing the same rows
 */
export async function settleRows<Rows, T>(
  store: RowStore<Rows>,
  tenant: string,
  step: () => Promise<{ readonly result: T; readonly write: readonly RowEntry<Rows>[] }>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { result, write } = await step();
    if (write.length === 0 || (await store.write(tenant, write))) return result;
  }
  throw new CinnabarError('rows_contended');
}
