import type { Actor, Caller } from '../actor.ts';
import type { AuditAction } from '../audit/actions.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { closedApplication, getApplication, movedApplication, refuseKnownKey } from './apply.ts';
import { refuseEnded } from './issue.ts';
import type { CertificateDeps } from './ports.ts';
import type { Application, IdentityFinding } from './types.ts';

/** What an officer found when looking at the applicant and the papers. */
export interface OfficerFinding {
  readonly passed: boolean;
  readonly reference: string;
}

/**
 * Records whether applicant and name belong together (A6): what the officer found, or without a
 * finding what the registry or the federation answers. A "no" rejects the application; there is no
 * way from there to a certificate.
 *
 * @throws CinnabarError `application_not_found`, `application_state`, `same_person` for the
 * applicant, `identity_check_absent` without a finding where nobody else can be asked
 */
export async function identifyApplicant(
  deps: CertificateDeps,
  caller: Caller,
  id: string,
  officer: OfficerFinding | undefined,
): Promise<Application> {
  const application = await getApplication(deps, caller.actor, id);
  assertOther(caller.actor, [application.applicant]);
  // Asked before the check, so that nobody outside is asked about what cannot move.
  movedApplication(deps, application, 'identify', {});
  const identity = await findingOf(deps, caller.actor, application, officer);
  const next = identity.passed
    ? movedApplication(deps, application, 'identify', { identity })
    : movedApplication(deps, application, 'reject', {
        identity,
        decidedBy: caller.actor.id,
        reason: 'identity_failed',
      });
  return commit(deps, caller, 'certificate.identify', next, {
    method: identity.method,
    passed: identity.passed,
  });
}

async function findingOf(
  deps: CertificateDeps,
  actor: Actor,
  application: Application,
  officer: OfficerFinding | undefined,
): Promise<IdentityFinding> {
  const common = { by: actor.id, atMs: deps.clock.now() };
  if (officer) return { ...officer, ...common, method: 'officer' };
  if (!deps.identityCheck) throw new CinnabarError('identity_check_absent');
  const { passed, reference } = await deps.identityCheck.check(application);
  return { passed, reference, ...common, method: 'federated' };
}

/**
 * Approves: decides what the certificate may permit, and lets it be made. Neither the applicant nor
 * whoever established the identity may do this (maker and checker).
 *
 * @throws CinnabarError `application_not_found`, `application_state` also while an override waits for
 * its second signature, `same_person`, `decision_unusable`, `key_in_use`, `requested_end_passed`
 */
export async function approveApplication(
  deps: CertificateDeps,
  caller: Caller,
  id: string,
): Promise<Application> {
  const application = await getApplication(deps, caller.actor, id);
  const { applicant, identity, override } = application;
  assertOther(caller.actor, [applicant, identity?.by, override?.maker]);
  // A tier that one person proposed is neither given nor passed over in silence.
  if (override && override.checker === undefined) throw new CinnabarError('application_state');
  movedApplication(deps, application, 'approve', {});
  refuseEnded(application, deps.clock.now());
  // Asked while it can still be rejected or withdrawn. Keys born in the chips are nobody else's.
  for (const key of application.keys) {
    if (key.keyId === undefined) await refuseKnownKey(deps, key);
  }
  const decision = await deps.settingsSource.settingsFor(application);
  const decidedBy = caller.actor.id;
  const next = movedApplication(deps, application, 'approve', { decision, decidedBy });
  const { tier, decisionId, policyHash } = decision.settings;
  return commit(deps, caller, 'certificate.approve', next, { tier, decisionId, policyHash });
}

/** @throws CinnabarError `application_not_found`, `application_state`, `same_person` */
export async function rejectApplication(
  deps: CertificateDeps,
  caller: Caller,
  id: string,
  reason: string,
): Promise<Application> {
  const application = await getApplication(deps, caller.actor, id);
  assertOther(caller.actor, [application.applicant]);
  const decidedBy = caller.actor.id;
  const next = await closedApplication(deps, application, 'reject', { decidedBy, reason });
  return commit(deps, caller, 'certificate.reject', next, {});
}

/** @throws CinnabarError `same_person` when the actor is one of the others */
export function assertOther(actor: Actor, others: readonly (string | undefined)[]): void {
  if (others.includes(actor.id)) throw new CinnabarError('same_person');
}

async function commit(
  deps: CertificateDeps,
  caller: Caller,
  action: AuditAction,
  next: Application,
  detail: Readonly<Record<string, string | number | boolean>>,
): Promise<Application> {
  const operation: Operation = { action, subject: `application:${next.id}`, detail };
  await audited(deps.audit, caller, operation, () => deps.certificates.replaceApplication(next));
  return next;
}
