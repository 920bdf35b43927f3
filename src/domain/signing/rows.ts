import { CinnabarError } from '../errors.ts';
import type { Entry, SigningDeps, SigningKind, SigningRows } from './ports.ts';
import type { Row } from './types.ts';

type Places = {
  readonly [K in SigningKind]: (row: SigningRows[K]) => Omit<Entry<K>, 'kind' | 'row'>;
};

/** What each kind of row is found by. */
const places: Places = {
  'personal-key': ({ owner, state }) => ({ owner, parent: '', state }),
  institution: () => ({ owner: '', parent: '', state: 'active' }),
  'institution-key': ({ institutionId }) => ({ owner: '', parent: institutionId, state: 'active' }),
  grant: ({ actor, institutionKeyId, state }) => ({
    owner: actor,
    parent: institutionKeyId,
    state,
  }),
  'grant-change': ({ institutionKeyId, state }) => ({
    owner: '',
    parent: institutionKeyId,
    state,
  }),
  operation: ({ actor, institutionKeyId, state }) => ({
    owner: actor,
    parent: institutionKeyId,
    state,
  }),
  pin: ({ owner, id }) => ({ owner, parent: id, state: 'set' }),
  record: ({ actor, institutionKeyId }) => ({
    owner: actor,
    parent: institutionKeyId,
    state: 'signed',
  }),
};

/** A row in the form in which it is written. */
export function entryOf<K extends SigningKind>(kind: K, row: SigningRows[K]): Entry<K> {
  return { kind, row, ...places[kind](row) };
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
 * @throws CinnabarError `signing_contended` when others keep writing the same rows
 */
export async function settle<T>(
  deps: Pick<SigningDeps, 'signing'>,
  tenant: string,
  step: () => Promise<{ readonly result: T; readonly write: readonly Entry[] }>,
): Promise<T> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const { result, write } = await step();
    if (write.length === 0 || (await deps.signing.write(tenant, write))) return result;
  }
  throw new CinnabarError('signing_contended');
}
