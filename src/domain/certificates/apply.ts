import { derivedUuid } from '../../lib/uuid.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import type { KeyPolicy } from '../chips/keys.ts';
import { CinnabarError } from '../errors.ts';
import type { RequestedSettings } from '../federation/settings.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { seesOwnOnly } from './find.ts';
import type { ApplicationFilter, CertificateDeps } from './ports.ts';
import {
  type ApplicationKind,
  type KeyAlgorithm,
  type Purpose,
  profiles,
  purposesOf,
  validityMsMax,
} from './profiles.ts';
import { type ApplicationAction, nextApplicationState } from './states.ts';
import type { Application, IdentityFinding, ScoredDecision, SubjectKey } from './types.ts';
import type { SubjectName } from './x509/build.ts';
import { readCertificateRequest } from './x509/request.ts';

/** By the purpose of the key. */
export type KeyPolicies = Readonly<Partial<Record<Purpose, KeyPolicy>>>;

export interface NewApplication {
  /** The id to give. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly kind: ApplicationKind;
  readonly algorithm: KeyAlgorithm;
  readonly subject: SubjectName;
  readonly dnsNames: readonly string[];
  /** PKCS#10 in DER, for kinds whose subject holds the key. */
  readonly request?: Uint8Array;
  readonly requested: RequestedSettings;
  /** When the certificate is to end; left out, the profile decides. */
  readonly notAfterMs?: number;
  /** Of keys that are made in the chips: what every use of each must satisfy. */
  readonly keyPolicies?: KeyPolicies;
  /** What a federated score decided for the applicant and this very key. */
  readonly scored?: ScoredDecision;
  readonly renews?: string;
  /** The identity of a renewal, as it was established before. */
  readonly established?: IdentityFinding;
}

/**
 * Applies for a certificate (A1). The key is proved here: by a signed request of whoever holds it,
 * or by being made in the chips, which release a key only once several of them hold it.
 *
 * @throws CinnabarError `invalid_request` with what is wrong with the request, `key_in_use`,
 * `officers_required` for keys in the chips that nobody would govern,
 * `decision_unusable` when the federated decision is not about this name and key, or too old,
 * `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function applyForCertificate(
  deps: CertificateDeps,
  caller: Caller,
  input: NewApplication,
): Promise<Application> {
  const { tenant, id: applicant, branch } = caller.actor;
  const operation: Operation = {
    action: 'certificate.apply',
    subject: `application:${input.id}`,
    detail: { kind: input.kind, algorithm: input.algorithm },
  };
  const earlier = await deps.certificates.findApplication(tenant, input.id);
  if (earlier) {
    await record(deps.audit, caller, operation, 'done');
    return earlier;
  }
  lintSubject(input);
  lintEnd(input, deps.clock.now());
  const { request, established, keyPolicies: _, ...fields } = input;
  const subjectKey = request && (await provenKey(input, request));
  if (subjectKey) await refuseKnownKey(deps, subjectKey);
  const nowMs = deps.clock.now();
  return audited(deps.audit, caller, operation, async () => {
    const keys = subjectKey ? [subjectKey] : await makeKeys(deps, caller.actor, input);
    const application: Application = {
      ...fields,
      tenant,
      keys,
      ...(established ? { identity: established } : {}),
      state: established ? 'identified' : 'submitted',
      applicant,
      branch,
      createdAtMs: nowMs,
      changedAtMs: nowMs,
      revision: 1,
    };
    await deps.settingsSource.accept(application);
    await deps.certificates.addApplication(application);
    return application;
  });
}

/** What the schema cannot say of one field, because it depends on another. */
function lintSubject({ kind, subject, dnsNames, request, keyPolicies }: NewApplication): void {
  const profile = profiles[kind];
  const wrong = (pointer: string, code: string) =>
    new CinnabarError('invalid_request', { fields: [{ pointer, code }] });
  if (profile.needsOrganization && subject.organization === undefined) {
    throw wrong('/body/subject/organization', 'required');
  }
  if (profile.needsDnsNames !== dnsNames.length > 0) {
    throw wrong('/body/dnsNames', profile.needsDnsNames ? 'required' : 'not_allowed');
  }
  if ((profile.keys === 'subject') !== (request !== undefined)) {
    throw wrong('/body/request', profile.keys === 'subject' ? 'required' : 'not_allowed');
  }
  // A key in the chips that no person's signature moves would be the service's to use.
  const isUngoverned = (purpose: Purpose) =>
    keyPolicies?.[purpose]?.grantsHashHex === undefined ||
    keyPolicies[purpose].officers === undefined;
  if (profile.keys === 'chip' && purposesOf(kind).some(isUngoverned)) {
    throw new CinnabarError('officers_required');
  }
}

/** A certificate may be short-lived, and never longer than its profile has it. */
function lintEnd({ kind, notAfterMs }: NewApplication, nowMs: number): void {
  if (notAfterMs === undefined) return;
  const isPast = notAfterMs <= nowMs;
  if (!isPast && notAfterMs <= nowMs + validityMsMax(kind)) return;
  const fields = [{ pointer: '/body/notAfter', code: isPast ? 'past' : 'too_late' }];
  throw new CinnabarError('invalid_request', { fields });
}

async function provenKey(input: NewApplication, request: Uint8Array): Promise<SubjectKey> {
  const result = await readCertificateRequest(request);
  const code = !result.ok
    ? result.finding
    : result.algorithm === input.algorithm
      ? undefined
      : 'algorithm_differs';
  if (!result.ok || code !== undefined) {
    const fields = [{ pointer: '/body/request', code: code ?? 'malformed' }];
    throw new CinnabarError('invalid_request', { fields });
  }
  return { purpose: 'signature', spki: result.spki };
}

/**
 * One key, one certificate in force: two names for one key could each deny what it signed. Of
 * applications that are open at once, the first to be issued has the key; the store decides that.
 *
 * @throws CinnabarError `key_in_use`
 */
export async function refuseKnownKey(
  deps: Pick<CertificateDeps, 'certificates'>,
  { spki }: SubjectKey,
): Promise<void> {
  if (await deps.certificates.hasKey(spki)) throw new CinnabarError('key_in_use');
}

/** The id of a chip key of an application: the same for every attempt, so a retry finds the first. */
export function applicationKeyId(tenant: string, id: string, purpose: Purpose): string {
  return derivedUuid(`cinnabar/application/${tenant}/${id}/${purpose}`);
}

/** The keys of an institution are born in the chips and stay there (C1). */
function makeKeys(
  deps: CertificateDeps,
  { tenant }: Actor,
  { id, kind, algorithm, keyPolicies }: NewApplication,
): Promise<SubjectKey[]> {
  return Promise.all(
    purposesOf(kind).map(async (purpose) => {
      const policy = keyPolicies?.[purpose];
      const key = await deps.keys.create({
        tenant,
        id: applicationKeyId(tenant, id, purpose),
        algorithm,
        uses: purpose === 'signature' ? ['sign'] : ['decrypt'],
        owner: `application:${id}`,
        ...(policy ? { policy } : {}),
      });
      return { purpose, spki: key.publicKey, keyId: key.id };
    }),
  );
}

/** @throws CinnabarError `application_not_found` */
export async function getApplication(
  deps: CertificateDeps,
  actor: Actor,
  id: string,
): Promise<Application> {
  const application = await deps.certificates.findApplication(actor.tenant, id);
  const isVisible = application && (!seesOwnOnly(actor) || application.applicant === actor.id);
  if (!isVisible) throw new CinnabarError('application_not_found');
  return application;
}

export function listApplications(
  deps: CertificateDeps,
  actor: Actor,
  filter: ApplicationFilter,
  page: PageRequest,
): Promise<Page<Application>> {
  const seen = seesOwnOnly(actor) ? { ...filter, applicant: actor.id } : filter;
  return readPage(
    page,
    (item) => item.id,
    (request) => deps.certificates.listApplications(actor.tenant, seen, request),
  );
}

/**
 * The application after one action of the table, to be stored.
 *
 * @throws CinnabarError `application_state` when the table does not have the move
 */
export function movedApplication(
  { clock }: Pick<CertificateDeps, 'clock'>,
  application: Application,
  action: ApplicationAction,
  changes: Partial<Application>,
): Application {
  const state = nextApplicationState(application.state, action);
  if (!state) throw new CinnabarError('application_state');
  const { revision } = application;
  return { ...application, ...changes, state, changedAtMs: clock.now(), revision: revision + 1 };
}

/**
 * The application after its end without a certificate. What was begun for an approved one is gone on
 * with instead, and what was made is revoked.
 *
 * @throws CinnabarError `application_state`
 */
export async function closedApplication(
  deps: CertificateDeps,
  application: Application,
  action: 'reject' | 'withdraw',
  changes: Partial<Application>,
): Promise<Application> {
  const next = movedApplication(deps, application, action, changes);
  const filter = { applicationId: application.id };
  const made = await deps.certificates.listCertificates(application.tenant, filter, { limit: 1 });
  if (made.length > 0) throw new CinnabarError('application_state');
  return next;
}

/** The applicant takes it back. @throws CinnabarError `application_not_found`, `application_state` */
export async function withdrawApplication(
  deps: CertificateDeps,
  caller: Caller,
  id: string,
): Promise<Application> {
  const application = await getApplication(deps, caller.actor, id);
  if (application.applicant !== caller.actor.id) throw new CinnabarError('forbidden');
  const next = await closedApplication(deps, application, 'withdraw', {});
  const subject = `application:${id}`;
  const operation: Operation = { action: 'certificate.withdraw', subject, detail: {} };
  await audited(deps.audit, caller, operation, () => deps.certificates.replaceApplication(next));
  return next;
}
