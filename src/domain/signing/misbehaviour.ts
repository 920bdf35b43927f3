import { loadGm } from '../../core/gm.ts';
import { judgeMisbehaviour, type Transcript } from '../../core/usage/judge.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { getPersonalKey } from './personal-keys.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Misbehaviour } from './types.ts';

export { misbehaviourVerdicts } from '../../core/usage/judge.ts';

/**
 * Keeps a report (C8). Nothing is computed with the key for it: a report must not be a way to have
 * something signed.
 *
 * @throws CinnabarError `personal_key_not_found`, `audit_unavailable`
 */
export async function reportMisbehaviour(
  deps: SigningDeps,
  caller: Caller,
  report: { readonly id: string; readonly keyId: string; readonly transcript: Transcript },
): Promise<Misbehaviour> {
  const { tenant, id: reportedBy } = caller.actor;
  const { id, keyId, transcript } = report;
  const { attestation } = await getPersonalKey(deps, caller.actor, keyId);
  const gm = await loadGm();
  const found = { tenant, keyId, transcript, attestation };
  const verdict = judgeMisbehaviour(gm, found, undefined);
  const kept: Misbehaviour = {
    tenant,
    id,
    revision: 1,
    reportedBy,
    personalKeyId: keyId,
    verdict,
    transcript,
    ...(attestation ? { attestation } : {}),
    atMs: deps.clock.now(),
  };
  const operation: Operation = {
    action: 'personal_key.misbehaviour',
    subject: `personal_key:${keyId}`,
    detail: { report: id, verdict },
  };
  return audited(deps.audit, caller, operation, () =>
    settle(deps, tenant, async () => {
      const earlier = await deps.signing.find(tenant, 'misbehaviour', id);
      const write: Entry[] = earlier ? [] : [entryOf('misbehaviour', kept)];
      return { result: earlier ?? kept, write };
    }),
  );
}

/** Reports of the institution, newest first, for who oversees. */
export function listMisbehaviour(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Misbehaviour>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => deps.signing.list(actor.tenant, 'misbehaviour', {}, request),
  );
}
