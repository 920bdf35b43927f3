import { type Row, settleRows } from '../row-store.ts';
import type { Entry, SigningDeps, SigningRows } from './ports.ts';

type Places = {
  readonly [K in keyof SigningRows]: (row: SigningRows[K]) => Omit<Entry<K>, 'kind' | 'row'>;
};

const dayMs = 24 * 60 * 60 * 1000;

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
  // By the object that it names: what no row names is removed.
  document: ({ operationId, objectKey }) => ({ owner: '', parent: operationId, state: objectKey }),
  // Longer than it authorises: its signatures are fetched after the outcomes are signed.
  sad: ({ actor, institutionKeyId, expiresAtMs }) => ({
    owner: actor,
    parent: institutionKeyId,
    state: 'issued',
    expiresAtMs: expiresAtMs + dayMs,
  }),
  misbehaviour: ({ reportedBy, personalKeyId }) => ({
    owner: reportedBy,
    parent: personalKeyId,
    state: 'reported',
  }),
  pin: ({ owner, id }) => ({ owner, parent: id, state: 'set' }),
  // By its hash, which is what the ledger has of it.
  record: ({ actor, institutionKeyId, recordSha256 }) => ({
    owner: actor,
    parent: institutionKeyId,
    state: recordSha256,
  }),
};

/** A row in the form in which it is written. */
export function entryOf<K extends keyof SigningRows>(kind: K, row: SigningRows[K] & Row): Entry<K> {
  return { kind, row, ...places[kind](row) };
}

/** `settleRows` on the rows of signing. @throws CinnabarError `rows_contended` */
export function settle<T>(
  deps: Pick<SigningDeps, 'signing'>,
  tenant: string,
  step: () => Promise<{ readonly result: T; readonly write: readonly Entry[] }>,
): Promise<T> {
  return settleRows(deps.signing, tenant, step);
}
