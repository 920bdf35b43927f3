import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { approvalStatement } from '../../core/usage/decision.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited } from '../audit/record.ts';
import { certificateStateOf, type Standing } from '../certificates/find.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { auditOf, getOperation, movedOperation } from './operation.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { GrantedOperation, Operation, PersonalKey } from './types.ts';

/** What an approving person signs: this use, decided like this. */
export async function approvalText({ id, decision }: Operation): Promise<string> {
  const gm = await loadGm();
  return approvalStatement(id, bytesToHex(gm.sm3(utf8ToBytes(decision))));
}

/** Of one person for one key; who has more grants than this uses the newest. */
const grantsLookedAt = 50;

/**
 * Whether somebody may use the key in this way now, which is who may approve that others do; of any
 * kind when `kind` is left out.
 */
export async function isGranted(
  { signing, clock }: Pick<SigningDeps, 'signing' | 'clock'>,
  actor: Pick<Actor, 'id' | 'tenant'>,
  institutionKeyId: string,
  kind?: GrantedOperation,
): Promise<boolean> {
  const filter = { owner: actor.id, parent: institutionKeyId, state: 'active' };
  const found = await signing.list(actor.tenant, 'grant', filter, { limit: grantsLookedAt });
  const nowMs = clock.now();
  return found.some(
    ({ validFromMs, validUntilMs, operations }) =>
      validFromMs <= nowMs &&
      nowMs <= validUntilMs &&
      (kind === undefined || operations.includes(kind)),
  );
}

/**
 * Approves the use that another person asked for. Only who may use the key in the same way now can
 * approve.
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
  const { institutionKeyId, request: asked } = operation;
  const mayUse = await isGranted(deps, caller.actor, institutionKeyId, asked.kind);
  if (!mayUse || person.state !== 'active') throw new CinnabarError('forbidden');
  const serial = await standingSerial(deps, person, '/body/personalKeyId');
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
      if (current.state !== 'asked') throw new CinnabarError('operation_state');
      const approvals = [...current.approvals, approval];
      const isEnough = approvals.length >= current.approvalsNeeded;
      const next = isEnough
        ? movedOperation(current, 'approve', { approvals })
        : changed(current, { approvals });
      return { result: next, write: [entryOf('operation', next)] };
    }),
  );
}

/**
 * The serial of the certificate over a person's key, which must hold now.
 *
 * @param pointer to the field of the request that names the key
 * @param accepted how it may stand
 * @throws CinnabarError `operation_refused` with how the certificate stands
 */
export async function standingSerial(
  deps: Pick<SigningDeps, 'certificates' | 'clock'>,
  person: Pick<PersonalKey, 'certificateSerial'>,
  pointer: string,
  accepted: readonly Standing[] = ['good'],
): Promise<string> {
  const serial = person.certificateSerial ?? '';
  const standing = await certificateStateOf(deps, serial);
  if (accepted.includes(standing)) return serial;
  const fields = [{ pointer, code: `certificate_${standing}` }];
  throw new CinnabarError('operation_refused', { fields });
}

/** Approvals that no longer count: of who lost the right, or whose certificate stands no more. */
export async function approvalErrors(
  deps: SigningDeps,
  { tenant, institutionKeyId, approvals, request }: Operation,
): Promise<FieldError[]> {
  const stand = await Promise.all(
    approvals.map(async ({ actor: id, serial }) => {
      const standing = await certificateStateOf(deps, serial);
      const may = await isGranted(deps, { id, tenant }, institutionKeyId, request.kind);
      return standing === 'good' && may;
    }),
  );
  return stand.every(Boolean) ? [] : [{ pointer: '/body', code: 'approval_lapsed' }];
}
