import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { type Receipt, receiptJson } from '../../core/usage/receipt.ts';
import {
  outcomeText,
  recordHash,
  type UsageRecordBody,
  usageSubject,
} from '../../core/usage/record.ts';
import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { instantText } from '../../lib/time.ts';
import type { Caller } from '../actor.ts';
import { audited } from '../audit/record.ts';
import type { Activation } from '../chips/keys.ts';
import { CinnabarError } from '../errors.ts';
import type { Row } from '../row-store.ts';
import { changed } from '../row-store.ts';
import { serialOf, stillStands } from './decide.ts';
import { findDocument, keepDocument, readDocument } from './document-store.ts';
import { finishDocument } from './document-work.ts';
import { getGrant, getInstitutionKey } from './grants.ts';
import {
  auditOf,
  getOperation,
  inputOf,
  keyOperationOf,
  movedOperation,
  ownOperation,
} from './operation.ts';
import { assertStillAllowed } from './operations.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { Entry, SigningDeps } from './ports.ts';
import type { UsageRecord } from './records.ts';
import { entryOf, settle } from './rows.ts';
import type { Operation, OperationDocument } from './types.ts';

/**
 * Moves the key (C6), once, for a statement that the person signed. The decision is taken again just
 * before; the chips check the signature, the list of persons, freshness and the digest themselves.
 *
 * The result stays here until the outcome is signed as well. Repeated after an interruption, it
 * goes on where it was; the chips give the stored result for the same operation. Where the decision
 * would be another one by then, or a certificate lost its standing while the use was written down,
 * they give what they had stored and move no key.
 *
 * @throws CinnabarError `operation_not_found`, `operation_state`, `signature_invalid`,
 * `operation_refused` when rights or certificates no longer stand, `activation_refused` when the
 * chips say no, `chips_busy`, `chips_unavailable`, `audit_unavailable`
 */
export async function executeOperation(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly id: string; readonly signature: Uint8Array },
): Promise<Operation> {
  const { id, signature } = request;
  const operation = ownOperation(await getOperation(deps, caller.actor, id), caller.actor);
  if (operation.state === 'executed' || operation.state === 'completed') return operation;
  return audited(deps.audit, caller, auditOf('operation.execute', operation), async () => {
    const { activated, isStoredOnly } = await activate(deps, caller, id, signature);
    try {
      const { value, receipt } = await moveKey(deps, activated, isStoredOnly);
      const kept = await finished(deps, activated, value);
      return await keepResult(deps, caller, id, receipt, kept);
    } catch (error) {
      if (isFinalRefusal(error)) await refuse(deps, caller, id);
      throw error;
    }
  });
}

interface Activated {
  readonly activated: Operation;
  /** The key may have moved before; it must not move now. */
  readonly isStoredOnly: boolean;
}

/** Records the person's intent, and counts the use against the grant, in one step. */
function activate(
  deps: SigningDeps,
  caller: Caller,
  id: string,
  signature: Uint8Array,
): Promise<Activated> {
  return settle(deps, caller.actor.tenant, async () => {
    const operation = await getOperation(deps, caller.actor, id);
    if (operation.state === 'activated') {
      const isStoredOnly = !(await isStillAllowed(deps, caller, operation));
      return { result: { activated: operation, isStoredOnly }, write: [] };
    }
    const { statement } = operation;
    if (operation.state !== 'approved' || !statement) throw new CinnabarError('operation_state');
    await assertSigned(deps, caller, operation, statement, signature);
    const grant = await getGrant(deps, caller.actor, operation.grantId);
    await assertStillAllowed(deps, caller, operation);
    const activation = { statement, signatureHex: bytesToHex(signature) };
    const activated = movedOperation(operation, 'activate', { activation });
    // The grant as it was before the check: had it changed since, nothing is written.
    const used = changed(grant, { used: grant.used + 1 });
    return {
      result: { activated, isStoredOnly: false },
      write: [entryOf('operation', activated), entryOf('grant', used)],
    };
  });
}

async function isStillAllowed(
  deps: SigningDeps,
  caller: Caller,
  operation: Operation,
): Promise<boolean> {
  try {
    await assertStillAllowed(deps, caller, operation, true);
    return true;
  } catch (error) {
    if (error instanceof CinnabarError && error.code === 'operation_refused') return false;
    throw error;
  }
}

/** @throws CinnabarError `signature_invalid` unless the person's key signed the text */
export async function assertSigned(
  deps: Pick<SigningDeps, 'signing'>,
  caller: Caller,
  { personalKeyId }: Pick<Operation, 'personalKeyId'>,
  text: string,
  signature: Uint8Array,
): Promise<void> {
  const gm = await loadGm();
  const { publicKeyHex } = await getPersonalKey(deps, caller.actor, personalKeyId);
  if (!gm.sm2.verify(hexToBytes(publicKeyHex), utf8ToBytes(text), signature)) {
    throw new CinnabarError('signature_invalid');
  }
}

/** What the key gave: a signature, or what was decrypted. */
interface Moved {
  readonly value: Uint8Array;
  readonly receipt: Receipt;
}

async function moveKey(
  deps: SigningDeps,
  operation: Operation,
  isStoredOnly: boolean,
): Promise<Moved> {
  const { activation, tenant, institutionKeyId } = operation;
  if (!activation) throw new CinnabarError('operation_state');
  const key = await deps.signing.find(tenant, 'institution-key', institutionKeyId);
  const carried: Activation = {
    statement: activation.statement,
    signature: hexToBytes(activation.signatureHex),
    grants: key?.chipGrants ?? [],
  };
  const use = keyOperationOf(operation, await inputOf(deps, operation));
  // Nothing else is waited for between this look and the chips.
  const storedOnly = isStoredOnly || !(await stillStands(deps, operation));
  const more = { activation: carried, ...(storedOnly ? { storedOnly } : {}) };
  if (use.kind === 'sign') {
    const { signature: value, receipt } = await deps.keys.sign({ ...use.request, ...more });
    return { value, receipt };
  }
  const { plaintext: value, receipt } = await deps.keys.decrypt({ ...use.request, ...more });
  return { value, receipt };
}

const finalCodes: ReadonlySet<string> = new Set([
  'activation_refused',
  'decryption_failed',
  'key_limit_reached',
  'key_not_active',
  'key_use_refused',
]);

function isFinalRefusal(error: unknown): boolean {
  return error instanceof CinnabarError && finalCodes.has(error.code);
}

/** The chips moved no key and never will for this operation: the use is given back. */
async function refuse(deps: SigningDeps, caller: Caller, id: string): Promise<void> {
  await settle(deps, caller.actor.tenant, async () => {
    const operation = await getOperation(deps, caller.actor, id);
    if (operation.state !== 'activated') return { result: undefined, write: [] };
    const grant = await getGrant(deps, caller.actor, operation.grantId);
    const next = movedOperation(operation, 'refuse', {});
    const unused = changed(grant, { used: grant.used - 1 });
    return { result: undefined, write: [entryOf('operation', next), entryOf('grant', unused)] };
  });
}

function keepResult(
  deps: SigningDeps,
  caller: Caller,
  id: string,
  receipt: Receipt,
  { document, valueB64, rows }: Finished,
): Promise<Operation> {
  return settle(deps, caller.actor.tenant, async () => {
    const operation = await getOperation(deps, caller.actor, id);
    if (operation.state !== 'activated') return { result: operation, write: [] };
    const result = { receipt, ...(valueB64 === undefined ? {} : { valueB64 }) };
    const next = movedOperation(operation, 'execute', {
      result,
      ...(document ? { document } : {}),
    });
    return { result: next, write: [entryOf('operation', next), ...rows] };
  });
}

interface Finished {
  /** Where it changed. */
  readonly document?: OperationDocument;
  /** A signature: it is public, as what it is over is not. */
  readonly valueB64?: string;
  readonly rows: readonly Entry[];
}

/**
 * What is kept of the key's answer: a signature as it is, the finished document and whatever was
 * decrypted as objects encrypted under keys that only the chips open.
 */
async function finished(
  deps: SigningDeps,
  operation: Operation,
  value: Uint8Array,
): Promise<Finished> {
  const { tenant, id, document, request, reason } = operation;
  const isSignature = request.kind === 'sign';
  const plain = isSignature ? { valueB64: base64Text(value) } : {};
  if (!document && isSignature) return { ...plain, rows: [] };
  // A row that is there already, of an operation that was set back, holds the same bytes.
  if (await findDocument(deps, tenant, id, 'result')) return { ...plain, rows: [] };
  if (!document) return { rows: [await keepDocument(deps, tenant, id, 'result', value)] };
  const input = await readDocument(deps, tenant, id, 'input');
  const job = { tenant, operationId: id, document, input, reason };
  try {
    const bytes = await finishDocument(deps, job, await inputOf(deps, operation), value);
    return { ...plain, rows: [await keepDocument(deps, tenant, id, 'result', bytes)] };
  } catch (error) {
    // The key has moved, so there is something to put on record all the same.
    if (!(error instanceof CinnabarError) || error.code !== 'envelope_unreadable') throw error;
    return { document: { ...document, failure: 'envelope_unreadable' }, rows: [] };
  }
}

/**
 * What a completed operation without a document gave: a signature, or what was decrypted.
 *
 * @throws CinnabarError as `readDocument`
 */
export async function resultOf(
  deps: SigningDeps,
  { tenant, id, result }: Operation,
): Promise<Uint8Array> {
  const signature = result?.valueB64 && base64Bytes(result.valueB64);
  return signature || readDocument(deps, tenant, id, 'result');
}

/** What the person signs about the end of an executed operation. */
export async function outcomeOf({ id, state, activation, result }: Operation): Promise<string> {
  if (!activation || !result || (state !== 'executed' && state !== 'completed')) {
    throw new CinnabarError('operation_state');
  }
  const gm = await loadGm();
  return outcomeText({
    v: 1,
    operationId: id,
    statementHashHex: bytesToHex(gm.sm3(utf8ToBytes(activation.statement))),
    resultHashHex: result.receipt.resultHashHex,
    receiptHashHex: bytesToHex(gm.sm3(receiptJson(result.receipt))),
  });
}

export interface Completed {
  readonly operation: Operation;
  readonly record: UsageRecord;
}

/**
 * Ends an operation (C7): with the person's signature over its outcome the record is whole, it is
 * stored, and it stands in the ledger; only then is the result handed out.
 *
 * @throws CinnabarError `operation_not_found`, `operation_state`, `signature_invalid`,
 * `ledger_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function completeOperation(
  deps: SigningDeps,
  caller: Caller,
  request: { readonly id: string; readonly signature: Uint8Array },
): Promise<Completed> {
  const { id, signature } = request;
  const operation = ownOperation(await getOperation(deps, caller.actor, id), caller.actor);
  const kept = await deps.signing.find(caller.actor.tenant, 'record', id);
  if (operation.state === 'completed' && kept) return { operation, record: kept };
  const outcome = await outcomeOf(operation);
  await assertSigned(deps, caller, operation, outcome, signature);
  return audited(deps.audit, caller, auditOf('operation.complete', operation), async () => {
    const stored = kept ?? (await storeRecord(deps, caller, operation, outcome, signature));
    const placed = stored.place ? stored : await anchor(deps, caller, stored);
    const done = await settle(deps, caller.actor.tenant, async () => {
      const current = await getOperation(deps, caller.actor, id);
      if (current.state === 'completed') return { result: current, write: [] };
      const next = movedOperation(current, 'complete', { recordId: id });
      return { result: next, write: [entryOf('operation', next)] };
    });
    return { operation: done, record: placed };
  });
}

async function storeRecord(
  deps: SigningDeps,
  caller: Caller,
  operation: Operation,
  outcome: string,
  signature: Uint8Array,
): Promise<UsageRecord & Row> {
  const body = await bodyOf(deps, caller, operation, outcome, signature);
  const { tenant, institutionKeyId, actor, id } = operation;
  const recordSha256 = recordHash(body);
  const fresh = { tenant, id, revision: 1, institutionKeyId, actor, body, recordSha256 };
  return settle(deps, tenant, async () => {
    const earlier = await deps.signing.find(tenant, 'record', id);
    const write: Entry[] = earlier ? [] : [entryOf('record', fresh)];
    return { result: earlier ?? fresh, write };
  });
}

async function bodyOf(
  deps: SigningDeps,
  caller: Caller,
  operation: Operation,
  outcome: string,
  signature: Uint8Array,
): Promise<UsageRecordBody> {
  const { tenant, activation, result } = operation;
  if (!activation || !result) throw new CinnabarError('operation_state');
  const key = await getInstitutionKey(deps, caller.actor, operation.institutionKeyId);
  const person = await getPersonalKey(deps, caller.actor, operation.personalKeyId);
  return {
    v: 1,
    tenant,
    institutionKeyId: key.id,
    institutionPublicKeyHex: key.publicKeyHex,
    institutionSerial: (await serialOf(deps, key)) ?? '',
    operationId: operation.id,
    actor: operation.actor,
    personalKeyId: person.id,
    personPublicKeyHex: person.publicKeyHex,
    personSerial: person.certificateSerial ?? '',
    documentType: operation.documentType,
    reason: operation.reason,
    decision: operation.decision,
    approvals: operation.approvals,
    statement: activation.statement,
    statementSignatureHex: activation.signatureHex,
    receipt: result.receipt,
    outcome,
    outcomeSignatureHex: bytesToHex(signature),
  };
}

/** Puts the record's hash into the ledger, and its place there into the record. */
async function anchor(
  deps: SigningDeps,
  caller: Caller,
  record: UsageRecord & Row,
): Promise<UsageRecord & Row> {
  const place = await deps.ledger.appendNext(
    {
      v: 1,
      type: 'key_usage',
      subject: usageSubject(record.institutionKeyId),
      at: instantText(deps.clock.now()),
      recordSha256: record.recordSha256,
    },
    { requestId: record.id },
  );
  return settle(deps, caller.actor.tenant, async () => {
    const current = (await deps.signing.find(record.tenant, 'record', record.id)) ?? record;
    if (current.place) return { result: current, write: [] };
    const placed = changed(current, { place });
    return { result: placed, write: [entryOf('record', placed)] };
  });
}
