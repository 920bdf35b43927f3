import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { base64Bytes } from '../../lib/base64.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, record } from '../audit/record.ts';
import { certificateStateOf } from '../certificates/find.ts';
import { type Statement, statementLifeMs } from '../chips/activation.ts';
import { inputDigest, type KeyOperation, operationName } from '../chips/uses.ts';
import { CinnabarError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { grantErrors, type OperationTerms, standingErrors, verificationErrors } from './decide.ts';
import { documentFacts } from './document-work.ts';
import { getGrant, getInstitutionKey } from './grants.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { inputText } from './requests.ts';
import { entryOf, settle } from './rows.ts';
import { nextOperationState, type OperationAction } from './states.ts';
import type { Grant, InstitutionKey, Operation, PersonalKey } from './types.ts';

export interface NewOperation extends Omit<OperationTerms, 'actor'> {
  /** The id to give: it names this use in every record, and the key moves once for it. */
  readonly id: string;
  readonly institutionKeyId: string;
  readonly grantId: string;
  readonly personalKeyId: string;
  readonly reason: string;
}

/**
 * Asks to use an institution's key (C4). The answer is the decision: it is recorded, and the person
 * will sign its hash.
 *
 * @param prepare once it is allowed, finds out what the key must do, and which rows go with it
 * @throws CinnabarError `operation_refused` with everything that stands against it,
 * `institution_key_not_found`, `grant_not_found`, `personal_key_not_found`, `audit_unavailable`
 */
export async function askOperation(
  deps: SigningDeps,
  caller: Caller,
  request: NewOperation,
  prepare: (parts: Parts) => Promise<Prepared> = async () => ({ rows: [] }),
): Promise<Operation> {
  const { tenant, id: actor } = caller.actor;
  const earlier = await deps.signing.find(tenant, 'operation', request.id);
  if (earlier) return ownOperation(earlier, caller.actor);
  const parts = await partsOf(deps, caller.actor, request);
  await assertAllowed(deps, caller, parts, { ...request, actor });
  const { grant } = parts;
  const { rows, ...prepared } = await prepare(parts);
  const terms = { ...request, ...prepared, actor };
  const asked: Operation = {
    ...terms,
    tenant,
    revision: 1,
    state: grant.approvalsNeeded > 0 ? 'asked' : 'approved',
    approvals: [],
    approvalsNeeded: grant.approvalsNeeded,
    decision: decisionText(deps, parts, terms),
    createdAtMs: deps.clock.now(),
  };
  await audited(deps.audit, caller, auditOf('operation.ask', asked), async () => {
    const isWritten = await deps.signing.write(tenant, [entryOf('operation', asked), ...rows]);
    if (!isWritten) throw new CinnabarError('rows_contended');
  });
  return asked;
}

/** What an allowed question comes down to. */
export interface Prepared extends Partial<Pick<Operation, 'request' | 'document'>> {
  readonly rows: readonly Entry[];
}

export interface Parts {
  readonly key: InstitutionKey;
  readonly grant: Grant;
  readonly person: PersonalKey;
}

async function partsOf(
  deps: SigningDeps,
  actor: Actor,
  ids: Pick<Operation, 'institutionKeyId' | 'grantId' | 'personalKeyId'>,
): Promise<Parts> {
  const [key, grant, person] = await Promise.all([
    getInstitutionKey(deps, actor, ids.institutionKeyId),
    getGrant(deps, actor, ids.grantId),
    getPersonalKey(deps, actor, ids.personalKeyId),
  ]);
  if (grant.institutionKeyId !== key.id) throw new CinnabarError('grant_not_found');
  return { key, grant, person };
}

async function assertAllowed(
  deps: SigningDeps,
  caller: Caller,
  { key, grant, person }: Parts,
  terms: OperationTerms,
): Promise<void> {
  const fields = [
    ...grantErrors(grant, terms, deps.clock.now()),
    ...(grant.personalKeyId === person.id
      ? []
      : [{ pointer: '/body/personalKeyId', code: 'grant_of_another_key' }]),
    ...(await standingErrors(deps, key, person)),
    ...(await verificationErrors(deps, key.tenant, terms)),
  ];
  if (fields.length === 0) return;
  const operation = {
    action: 'operation.ask',
    subject: `institution_key:${key.id}`,
    detail: { grantId: grant.id, code: fields[0]?.code ?? '' },
  };
  await record(deps.audit, caller, operation, 'refused');
  throw new CinnabarError('operation_refused', { fields });
}

/** Everything that the decision rests on, so that it can be judged later. */
function decisionText(
  deps: SigningDeps,
  { key, grant, person }: Parts,
  { request, document, documentType, amount, sealVerificationId }: OperationTerms,
): string {
  return canonicalJson({
    v: 1,
    verdict: 'allow',
    at: instantText(deps.clock.now()),
    institutionKey: key.id,
    person: person.publicKeyHex,
    grant: grant.id,
    grantRevision: grant.revision,
    kind: request.kind,
    scheme: request.scheme,
    document: document && documentFacts(document),
    documentType,
    amount: amount && { ...amount },
    sealVerification: sealVerificationId,
    approvalsNeeded: grant.approvalsNeeded,
  });
}

/** What an approving person signs: this use, decided like this. */
export async function approvalText(operation: Operation): Promise<string> {
  const gm = await loadGm();
  return canonicalJson({
    v: 1,
    approves: operation.id,
    decisionHash: bytesToHex(gm.sm3(utf8ToBytes(operation.decision))),
    inputHash: bytesToHex(gm.sm3(inputOf(operation))),
  });
}

/**
 * Approves the use that another person asked for. Only who may use the key as well can approve.
 *
 * @throws CinnabarError `operation_not_found`, `own_work`, `forbidden`, `signature_invalid`,
 * `operation_refused` when the person's certificate does not stand,
 * `operation_state`, `audit_unavailable`
 */
export async function approveOperation(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly id: string; readonly personalKeyId: string; readonly signature: Uint8Array },
): Promise<Operation> {
  const { tenant, id: actor } = caller.actor;
  const operation = await getOperation(deps, caller.actor, request.id);
  if (operation.actor === actor) throw new CinnabarError('own_work');
  const person = await getPersonalKey(deps, caller.actor, request.personalKeyId);
  const filter = { owner: actor, parent: operation.institutionKeyId, state: 'active' };
  const [grant] = await deps.signing.list(tenant, 'grant', filter, { limit: 1 });
  if (!grant || person.state !== 'active') throw new CinnabarError('forbidden');
  const serial = person.certificateSerial ?? '';
  const standing = await certificateStateOf(deps, serial);
  if (standing !== 'good') {
    const fields = [{ pointer: '/body/personalKeyId', code: `certificate_${standing}` }];
    throw new CinnabarError('operation_refused', { fields });
  }
  const text = await approvalText(operation);
  const gm = await loadGm();
  const publicKey = hexToBytes(person.publicKeyHex);
  if (!gm.sm2.verify(publicKey, utf8ToBytes(text), request.signature)) {
    throw new CinnabarError('signature_invalid');
  }
  const approval = {
    actor,
    publicKeyHex: person.publicKeyHex,
    serial,
    signatureHex: bytesToHex(request.signature),
    text,
  };
  return audited(deps.audit, caller, auditOf('operation.approve', operation), () =>
    settle(deps, tenant, async () => {
      const current = await getOperation(deps, caller.actor, request.id);
      if (current.approvals.some((one) => one.actor === actor)) {
        return { result: current, write: [] };
      }
      const approvals = [...current.approvals, approval];
      const isEnough = approvals.length >= current.approvalsNeeded;
      const next = isEnough
        ? movedOperation(current, 'approve', { approvals })
        : changed(current, { approvals });
      if (current.state !== 'asked') throw new CinnabarError('operation_state');
      return { result: next, write: [entryOf('operation', next)] };
    }),
  );
}

/**
 * Makes the statement that the person signs to activate the key, and keeps it: valid for two
 * minutes, made anew when it ran out unused. The decision is taken again, because rights may have
 * been taken back since.
 *
 * @throws CinnabarError `operation_not_found`, `operation_state`, `operation_refused`
 */
export async function prepareActivation(
  deps: SigningDeps,
  caller: Caller,
  id: string,
): Promise<Operation> {
  const { tenant } = caller.actor;
  return settle(deps, tenant, async () => {
    const operation = ownOperation(await getOperation(deps, caller.actor, id), caller.actor);
    if (operation.state !== 'approved') throw new CinnabarError('operation_state');
    const parts = await partsOf(deps, caller.actor, operation);
    await assertAllowed(deps, caller, parts, operation);
    const gm = await loadGm();
    const { publicKey } = await deps.keys.find(tenant, operation.institutionKeyId);
    const use = keyOperationOf(operation);
    const statement: Statement = {
      version: 1,
      tenant,
      keyId: operation.institutionKeyId,
      requestId: operation.id,
      operation: operationName(use),
      digestHex: inputDigest(gm, publicKey, use),
      decisionHashHex: bytesToHex(gm.sm3(utf8ToBytes(operation.decision))),
      notAfterMs: deps.clock.now() + statementLifeMs,
    };
    const next = changed(operation, { statement: canonicalJson({ ...statement }) });
    return { result: next, write: [entryOf('operation', next)] };
  });
}

/** Takes the question back while the key has not moved. @throws CinnabarError `operation_state` */
export async function cancelOperation(
  deps: SigningDeps,
  caller: Caller,
  id: string,
): Promise<Operation> {
  const operation = ownOperation(await getOperation(deps, caller.actor, id), caller.actor);
  return audited(deps.audit, caller, auditOf('operation.cancel', operation), () =>
    settle(deps, caller.actor.tenant, async () => {
      const current = await getOperation(deps, caller.actor, id);
      if (current.state === 'cancelled') return { result: current, write: [] };
      const next = movedOperation(current, 'cancel', {});
      return { result: next, write: [entryOf('operation', next)] };
    }),
  );
}

/** The request as the chips know it. */
export function keyOperationOf(operation: Operation): KeyOperation {
  const { tenant, institutionKeyId: keyId, id: requestId, request } = operation;
  const names = { tenant, keyId, requestId };
  const input = inputOf(operation);
  if (request.kind === 'sign') {
    return 'digestB64' in request
      ? { kind: 'sign', request: { ...names, scheme: request.scheme, digest: input } }
      : { kind: 'sign', request: { ...names, scheme: request.scheme, message: input } };
  }
  return request.scheme === 'sm2'
    ? { kind: 'decrypt', request: { ...names, scheme: 'sm2', ciphertext: input } }
    : { kind: 'decrypt', request: { ...names, scheme: 'ecdh-p256', peerPublicKey: input } };
}

/** What is signed or decrypted. */
function inputOf({ request }: Operation): Uint8Array {
  const bytes = base64Bytes(inputText(request));
  if (!bytes) throw new CinnabarError('invalid_request');
  return bytes;
}

/** @throws CinnabarError `operation_not_found` */
export async function getOperation(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  id: string,
): Promise<Operation> {
  const operation = await deps.signing.find(actor.tenant, 'operation', id);
  if (!operation) throw new CinnabarError('operation_not_found');
  return operation;
}

/** Only who asked goes on with an operation; others are told that there is none. */
export function ownOperation(operation: Operation, actor: Actor): Operation {
  if (operation.actor !== actor.id) throw new CinnabarError('operation_not_found');
  return operation;
}

/** The operation after one action of the table. @throws CinnabarError `operation_state` */
export function movedOperation(
  operation: Operation,
  action: OperationAction,
  changes: Partial<Operation>,
): Operation {
  const state = nextOperationState(operation.state, action);
  if (!state) throw new CinnabarError('operation_state');
  return changed(operation, { ...changes, state });
}

export function auditOf(action: string, operation: Operation) {
  const { institutionKeyId, grantId, request } = operation;
  return {
    action,
    subject: `operation:${operation.id}`,
    detail: { institutionKeyId, grantId, kind: request.kind },
  };
}
