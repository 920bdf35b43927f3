import { hexToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { base64Bytes } from '../../lib/base64.ts';
import type { Actor } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { inputDigest, type KeyOperation } from '../chips/uses.ts';
import { CinnabarError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { readDocument } from './document-store.ts';
import type { SigningDeps } from './ports.ts';
import { inputText } from './requests.ts';
import { nextOperationState, type OperationAction } from './states.ts';
import type { InstitutionKey, NewRequest, Operation } from './types.ts';

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

export function auditOf(action: AuditAction, operation: Operation) {
  const { institutionKeyId, grantId, request } = operation;
  return {
    action,
    subject: `operation:${operation.id}`,
    detail: { institutionKeyId, grantId, kind: request.kind },
  };
}

/** The request as the chips know it. */
export function keyOperationOf(operation: KeyOf, input: Uint8Array): KeyOperation {
  const { tenant, institutionKeyId: keyId, id: requestId, request } = operation;
  const names = { tenant, keyId, requestId };
  if (request.kind === 'sign') {
    return 'digestB64' in request
      ? { kind: 'sign', request: { ...names, scheme: request.scheme, digest: input } }
      : { kind: 'sign', request: { ...names, scheme: request.scheme, message: input } };
  }
  return request.scheme === 'sm2'
    ? { kind: 'decrypt', request: { ...names, scheme: 'sm2', ciphertext: input } }
    : { kind: 'decrypt', request: { ...names, scheme: 'ecdh-p256', peerPublicKey: input } };
}

type KeyOf = Pick<Operation, 'tenant' | 'institutionKeyId' | 'id'> & {
  readonly request: NewRequest | Operation['request'];
};

/** What the chips will compute from the input: they compare it with the statement. */
export async function digestOf(
  { tenant, id, algorithm, publicKeyHex }: InstitutionKey,
  terms: Pick<Operation, 'id'> & Pick<KeyOf, 'request'>,
  input: Uint8Array,
): Promise<string> {
  const gm = await loadGm();
  const use = keyOperationOf({ ...terms, tenant, institutionKeyId: id }, input);
  const point = hexToBytes(publicKeyHex);
  return inputDigest(gm, algorithm === 'sm2' ? gm.keys.encodeSpki(point) : point, use);
}

/** What is signed or decrypted. @throws CinnabarError as `readDocument` */
export async function inputOf(
  deps: SigningDeps,
  { tenant, id, request }: Pick<Operation, 'tenant' | 'id' | 'request'>,
): Promise<Uint8Array> {
  return 'isKept' in request ? readDocument(deps, tenant, id, 'message') : plainInput(request);
}

export function plainInput(request: NewRequest): Uint8Array {
  const bytes = base64Bytes(inputText(request));
  if (!bytes) throw new CinnabarError('invalid_request');
  return bytes;
}
