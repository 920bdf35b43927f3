import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { decisionText, readDecision } from '../../core/usage/decision.ts';
import { statementLifeMs } from '../../core/usage/times.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { Actor, Caller } from '../actor.ts';
import { type Operation as AuditOperation, audited, record } from '../audit/record.ts';
import type { Statement } from '../chips/activation.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import { changed } from '../row-store.ts';
import { approvalErrors } from './approvals.ts';
import {
  approvalsFor,
  type Considered,
  consider,
  decisionOf,
  type Parts,
  refusals,
  type UseTerms,
} from './decide.ts';
import { keepDocument } from './document-store.ts';
import { hasContent } from './document-work.ts';
import { getGrant, getInstitutionKey } from './grants.ts';
import {
  auditOf,
  digestOf,
  getOperation,
  inputOf,
  movedOperation,
  ownOperation,
  plainInput,
} from './operation.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { NewRequest, Operation } from './types.ts';

export interface NewOperation extends Omit<UseTerms, 'actor' | 'request'> {
  /** The id to give: it names this use in every record, and the key moves once for it. */
  readonly id: string;
  readonly institutionKeyId: string;
  readonly grantId: string;
  readonly personalKeyId: string;
  readonly request: NewRequest;
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
  const facts = await allowed(deps, caller, parts, { ...request, actor });
  const { rows, ...prepared } = await prepare(parts);
  const terms = { ...request, ...prepared, actor };
  const digestHex = await digestOf(parts.key, terms, plainInput(terms.request));
  const decision = decisionText(decisionOf(facts, terms, digestHex));
  const kept = await keptInput(deps, tenant, terms);
  const approvalsNeeded = approvalsFor(facts);
  const asked: Operation = {
    ...terms,
    request: kept.request,
    tenant,
    revision: 1,
    state: approvalsNeeded > 0 ? 'asked' : 'approved',
    approvals: [],
    approvalsNeeded,
    decision,
    createdAtMs: deps.clock.now(),
  };
  await audited(deps.audit, caller, auditOf('operation.ask', asked), async () => {
    const write = [entryOf('operation', asked), ...rows, ...kept.rows];
    if (!(await deps.signing.write(tenant, write))) throw new CinnabarError('rows_contended');
  });
  return asked;
}

/** What an allowed question comes down to. */
export interface Prepared extends Partial<Pick<Operation, 'document'>> {
  readonly request?: NewRequest;
  readonly rows: readonly Entry[];
}

/**
 * A text that is signed is business data and rests encrypted, as documents do; the attributes of a
 * signed message or PDF file are digests, and what is decrypted is encrypted as it comes.
 */
async function keptInput(
  deps: SigningDeps,
  tenant: string,
  { id, request, document }: Pick<NewOperation, 'id' | 'request' | 'document'>,
): Promise<{ readonly request: Operation['request']; readonly rows: readonly Entry[] }> {
  if (!('messageB64' in request) || (document && !hasContent(document.work))) {
    return { request, rows: [] };
  }
  const { kind, scheme } = request;
  const rows = [await keepDocument(deps, tenant, id, 'message', plainInput(request))];
  return { request: { kind, scheme, isKept: true }, rows };
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

/** @throws CinnabarError `operation_refused`, and that goes on record */
async function allowed(
  deps: SigningDeps,
  caller: Caller,
  parts: Parts,
  terms: UseTerms,
): Promise<Considered> {
  const facts = await consider(deps, parts, terms);
  const errors = refusals(facts, terms);
  if (errors.length > 0) await refuse(deps, caller, parts, errors);
  return facts;
}

async function refuse(
  deps: SigningDeps,
  caller: Caller,
  { key, grant }: Parts,
  fields: readonly FieldError[],
): Promise<never> {
  const operation: AuditOperation = {
    action: 'operation.ask',
    subject: `institution_key:${key.id}`,
    detail: { grantId: grant.id, code: fields[0]?.code ?? '' },
  };
  await record(deps.audit, caller, operation, 'refused');
  throw new CinnabarError('operation_refused', { fields });
}

/**
 * Takes the decision of an operation again, and compares: whatever changed since, the key does not
 * move for a decision that nobody would take now. Others that agreed must still be able to.
 *
 * @param isCounted whether the grant counts this use already
 * @throws CinnabarError `operation_refused` with what stands against it now; `decision_changed`
 * where something else is decided, `risk_rose` where another person would have to agree
 */
export async function assertStillAllowed(
  deps: SigningDeps,
  caller: Caller,
  operation: Operation,
  isCounted = false,
): Promise<Considered> {
  const { grant, ...others } = await partsOf(deps, caller.actor, operation);
  const parts = { ...others, grant: isCounted ? { ...grant, used: grant.used - 1 } : grant };
  const facts = await allowed(deps, caller, parts, operation);
  const digestHex = await digestOf(parts.key, operation, await inputOf(deps, operation));
  const before = readDecision(operation.decision);
  const now = decisionOf(facts, operation, digestHex);
  const fields: FieldError[] = [];
  // When it was taken, and how risky it was then, is what that moment was.
  const { at, risk, approvalsNeeded } = before ?? now;
  const again = decisionText({ ...now, at, risk, approvalsNeeded });
  if (again !== operation.decision) fields.push({ pointer: '/body', code: 'decision_changed' });
  if (approvalsFor(facts) > operation.approvalsNeeded) {
    fields.push({ pointer: '/body', code: 'risk_rose' });
  }
  fields.push(...(await approvalErrors(deps, operation)));
  if (fields.length > 0) await refuse(deps, caller, parts, fields);
  return facts;
}

/**
 * Makes the statement that the person signs to activate the key, and keeps it: valid for two
 * minutes, and never longer than what it rests on; made anew when it ran out unused. The decision is taken again, because rights may have
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
    const facts = await assertStillAllowed(deps, caller, operation);
    const gm = await loadGm();
    const use = readDecision(operation.decision)?.use;
    if (!use) throw new CinnabarError('operation_state');
    const statement: Statement = {
      version: 1,
      tenant,
      keyId: operation.institutionKeyId,
      requestId: operation.id,
      operation: `${use.kind}:${use.scheme}`,
      digestHex: use.digestHex,
      decisionHashHex: bytesToHex(gm.sm3(utf8ToBytes(operation.decision))),
      notAfterMs: Math.min(deps.clock.now() + statementLifeMs, await endOf(deps, facts, operation)),
    };
    const next = changed(operation, { statement: canonicalJson({ ...statement }) });
    return { result: next, write: [entryOf('operation', next)] };
  });
}

/**
 * When the first thing ends that a use rests on. A receipt from after it would be a record that no
 * auditor believes, so the statement ends there too, and the chip holds to that by its own clock.
 */
async function endOf(
  deps: SigningDeps,
  { grant, personCertificate, keyCertificate }: Considered,
  { approvals }: Operation,
): Promise<number> {
  const approving = await Promise.all(
    approvals.map(({ serial }) => deps.certificates.findCertificate(serial)),
  );
  const ends = [personCertificate, ...approving].map((held) => held?.notAfterMs ?? 0);
  // What was decrypted with a certificate that was over, or followed by another, is judged so.
  if (keyCertificate.standing === 'good') ends.push(keyCertificate.notAfterMs);
  return Math.min(grant.validUntilMs, ...ends);
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
