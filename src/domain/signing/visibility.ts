import type { Actor, Role } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { Row } from '../row-store.ts';
import { isGranted } from './approvals.ts';
import { readDocument } from './document-store.ts';
import { getInstitutionKey } from './grants.ts';
import { getOperation } from './operation.ts';
import type { SigningDeps } from './ports.ts';
import type { UsageRecord } from './records.ts';
import type { GrantChange, GrantedOperation, InstitutionKey, Operation } from './types.ts';

type VisibilityDeps = Pick<SigningDeps, 'clock' | 'signing'>;

/** Whose work it is to see what was done with the institution's keys. */
const overseers: readonly Role[] = ['auditor', 'administrator', 'risk_officer'];

/**
 * Whether somebody sees all that is done with a key: auditors and administrators of the
 * institution, and the officers who govern the key. Everybody else sees only what is their own.
 */
export async function seesAllUses(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  institutionKeyId: string,
): Promise<boolean> {
  if (actor.roles.some((role) => overseers.includes(role))) return true;
  const key = await getInstitutionKey(deps, actor, institutionKeyId);
  return key.officers.some((officer) => officer.actor === actor.id);
}

/**
 * The records of one key, newest first: all of them, or those of the person who asks.
 *
 * @throws CinnabarError `institution_key_not_found`
 */
export async function listRecords(
  deps: VisibilityDeps,
  actor: Actor,
  institutionKeyId: string,
  page: PageRequest,
): Promise<Page<UsageRecord>> {
  const all = await seesAllUses(deps, actor, institutionKeyId);
  const filter = { parent: institutionKeyId, ...(all ? {} : { owner: actor.id }) };
  return readPage(
    page,
    ({ body }) => body.operationId,
    (request) => deps.signing.list(actor.tenant, 'record', filter, request),
  );
}

/** What the actor did with keys of institutions, newest first. */
export function listOwnRecords(
  deps: VisibilityDeps,
  { tenant, id: owner }: Actor,
  page: PageRequest,
): Promise<Page<UsageRecord>> {
  return readPage(
    page,
    ({ body }) => body.operationId,
    (request) => deps.signing.list(tenant, 'record', { owner }, request),
  );
}

/** The record of a completed operation, for who may see it. @throws CinnabarError `operation_not_found` */
export async function getRecord(
  deps: VisibilityDeps,
  actor: Actor,
  operationId: string,
): Promise<UsageRecord> {
  const record = await deps.signing.find(actor.tenant, 'record', operationId);
  if (!record) throw new CinnabarError('operation_not_found');
  const isVisible =
    record.actor === actor.id || (await seesAllUses(deps, actor, record.institutionKeyId));
  if (!isVisible) throw new CinnabarError('operation_not_found');
  return record;
}

export interface OperationFilter {
  readonly institutionKeyId?: string;
  readonly state?: Operation['state'];
}

/**
 * Uses, newest first: of one key, all of them for who sees all and for who may approve them; without
 * a key the person's own.
 *
 * @throws CinnabarError `institution_key_not_found`
 */
export async function listOperations(
  deps: VisibilityDeps,
  actor: Actor,
  { institutionKeyId: parent, state }: OperationFilter,
  page: PageRequest,
): Promise<Page<Operation>> {
  const isOwnOnly =
    parent === undefined ||
    !((await seesAllUses(deps, actor, parent)) || (await isGranted(deps, actor, parent)));
  const filter = {
    ...(parent === undefined ? {} : { parent }),
    ...(isOwnOnly ? { owner: actor.id } : {}),
    ...(state ? { state } : {}),
  };
  return readPage(
    page,
    (operation) => operation.id,
    (request) => deps.signing.list(actor.tenant, 'operation', filter, request),
  );
}

/** An operation for who asked, who may approve, or who sees all. @throws CinnabarError `operation_not_found` */
export async function seeOperation(
  deps: VisibilityDeps,
  actor: Actor,
  id: string,
): Promise<Operation> {
  const operation = await getOperation(deps, actor, id);
  const { institutionKeyId } = operation;
  const isVisible =
    operation.actor === actor.id ||
    (await seesAllUses(deps, actor, institutionKeyId)) ||
    (await isGranted(deps, actor, institutionKeyId));
  if (!isVisible) throw new CinnabarError('operation_not_found');
  return operation;
}

/** Of each kind, at most: who has more to approve sees the newest first, and then the others. */
const pendingMax = 100;

/** The newest rows that a person is to see, however many others there are: `pendingMax` at most. */
async function gathered<T extends Row>(
  read: (page: PageRequest) => Promise<readonly T[]>,
  isWanted: (row: T) => Promise<boolean>,
): Promise<T[]> {
  const found: T[] = [];
  for (let before: string | undefined; ; ) {
    const rows = await read({ limit: pendingMax, ...(before === undefined ? {} : { before }) });
    const wanted = await Promise.all(rows.map(isWanted));
    found.push(...rows.filter((_, i) => wanted[i]));
    if (rows.length < pendingMax || found.length >= pendingMax) return found.slice(0, pendingMax);
    before = rows.at(-1)?.id;
  }
}

/** Remembers an answer for the length of one question. */
function once<T>(ask: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (name) => {
    const answer = known.get(name) ?? ask(name);
    known.set(name, answer);
    return answer;
  };
}

export interface PendingApprovals {
  readonly changes: readonly { readonly change: GrantChange; readonly key: InstitutionKey }[];
  readonly operations: readonly Operation[];
}

/** What waits for this person: changes of keys that it governs, and uses that it may approve. */
export async function pendingApprovals(
  deps: VisibilityDeps,
  actor: Actor,
): Promise<PendingApprovals> {
  const { tenant } = actor;
  const keyOf = once((id) => getInstitutionKey(deps, actor, id));
  const may = once((use) => {
    const [keyId = '', kind] = use.split(' ');
    return isGranted(deps, actor, keyId, kind as GrantedOperation);
  });
  const [changes, operations] = await Promise.all([
    gathered(
      (page) => deps.signing.list(tenant, 'grant-change', { state: 'open' }, page),
      async (change) => {
        if (hasApproved(change, actor)) return false;
        const key = await keyOf(change.institutionKeyId);
        // Of an epoch that is past, it can no longer come into force.
        const isOpen = change.chipEpoch === key.chipEpoch;
        return isOpen && key.officers.some((officer) => officer.actor === actor.id);
      },
    ),
    gathered(
      (page) => deps.signing.list(tenant, 'operation', { state: 'asked' }, page),
      async (one) =>
        one.actor !== actor.id &&
        !hasApproved(one, actor) &&
        may(`${one.institutionKeyId} ${one.request.kind}`),
    ),
  ]);
  const withKeys = changes.map(async (change) => ({
    change,
    key: await keyOf(change.institutionKeyId),
  }));
  return { changes: await Promise.all(withKeys), operations };
}

function hasApproved(
  { approvals }: { readonly approvals: readonly { readonly actor: string }[] },
  { id }: Actor,
): boolean {
  return approvals.some(({ actor }) => actor === id);
}

/**
 * A document of an operation: what was handed in, for who asked and who may approve; what was made
 * of it only for who asked, and not before the outcome is signed (C7). Who oversees sees digests.
 *
 * @throws CinnabarError `operation_not_found`, `document_absent`, `envelope_unreadable`
 */
export async function documentOf(
  deps: SigningDeps,
  actor: Actor,
  id: string,
  part: 'input' | 'result',
): Promise<{ readonly operation: Operation; readonly bytes: Uint8Array }> {
  const operation = await getOperation(deps, actor, id);
  const { document, state, institutionKeyId } = operation;
  const isVisible =
    operation.actor === actor.id ||
    (part === 'input' && (await isGranted(deps, actor, institutionKeyId)));
  if (!isVisible) throw new CinnabarError('operation_not_found');
  if (!document || (part === 'result' && state !== 'completed')) {
    throw new CinnabarError('document_absent');
  }
  if (part === 'result' && document.failure) throw new CinnabarError(document.failure);
  return { operation, bytes: await readDocument(deps, actor.tenant, id, part) };
}
