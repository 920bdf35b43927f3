import { bytesToHex } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { grantsHash } from '../../core/grant-list.ts';
import { parsePublicKey } from '../../core/pki/public-key.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { applyForCertificate } from '../certificates/apply.ts';
import { certificateStateOf } from '../certificates/find.ts';
import type { Application } from '../certificates/types.ts';
import type { SubjectName } from '../certificates/x509/build.ts';
import type { Protection } from '../chips/keys.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import type { RequestedSettings } from '../federation/settings.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { Institution, InstitutionKey, Officer, PersonalKey } from './types.ts';

export interface NewInstitution {
  /** The id to give. A retry passes the same one. */
  readonly id: string;
  readonly subject: SubjectName & { readonly organization: string };
  /** Personal keys of those who will govern its keys; each of another person. */
  readonly officerKeyIds: readonly string[];
  /** How many of them must agree on who may use the keys. */
  readonly threshold: number;
}

/**
 * Registers an institution with its officers. It has no keys yet.
 *
 * @throws CinnabarError `invalid_request` for officers that do not add up, `audit_unavailable`
 */
export async function registerInstitution(
  deps: SigningDeps,
  caller: Caller,
  request: NewInstitution,
): Promise<Institution> {
  const { tenant, id: registeredBy } = caller.actor;
  const earlier = await deps.signing.find(tenant, 'institution', request.id);
  if (earlier) return earlier;
  const { id, subject, threshold } = request;
  const institution: Institution = {
    tenant,
    id,
    revision: 1,
    subject,
    officers: await officersOf(deps, caller.actor, request),
    threshold,
    registeredBy,
    createdAtMs: deps.clock.now(),
  };
  const operation: Operation = {
    action: 'institution.register',
    subject: `institution:${id}`,
    detail: { officers: institution.officers.length, threshold },
  };
  return audited(deps.audit, caller, operation, async () => {
    await deps.signing.write(tenant, [entryOf('institution', institution)]);
    return institution;
  });
}

/** @throws CinnabarError `invalid_request` for officers that do not add up */
export async function officersOf(
  deps: SigningDeps,
  { tenant }: Actor,
  { officerKeyIds, threshold }: Pick<NewInstitution, 'officerKeyIds' | 'threshold'>,
): Promise<Officer[]> {
  const found = await Promise.all(
    officerKeyIds.map((id) => deps.signing.find(tenant, 'personal-key', id)),
  );
  const faults = await Promise.all(found.map((key) => officerFault(deps, key)));
  const errors: FieldError[] = faults.flatMap((code, i) =>
    code ? [{ pointer: `/body/officerKeyIds/${i}`, code }] : [],
  );
  const officers = found.flatMap((key) =>
    key ? [{ actor: key.owner, personalKeyId: key.id, publicKeyHex: key.publicKeyHex }] : [],
  );
  const people = new Set(officers.map(({ actor }) => actor));
  if (people.size < officers.length) {
    errors.push({ pointer: '/body/officerKeyIds', code: 'one_person_twice' });
  }
  if (threshold > officers.length) errors.push({ pointer: '/body/threshold', code: 'too_many' });
  if (errors.length > 0) throw new CinnabarError('invalid_request', { fields: errors });
  return officers;
}

/** Why somebody's key cannot govern others: its approvals would not count. */
async function officerFault(
  deps: SigningDeps,
  key: PersonalKey | undefined,
): Promise<string | undefined> {
  if (key?.state !== 'active') return 'not_active';
  const standing = await certificateStateOf(deps, key.certificateSerial ?? '');
  return standing === 'good' ? undefined : `certificate_${standing}`;
}

export interface NewInstitutionKeys {
  /** The id of the application that goes to the registration authority. */
  readonly id: string;
  readonly institutionId: string;
  readonly algorithm: 'sm2' | 'p256';
  readonly requested: RequestedSettings;
  /** Least protection of the keys in the chips; software chips do if it is left out. */
  readonly protection?: Protection;
}

export interface AppliedKeys {
  readonly application: Application;
  readonly keys: readonly InstitutionKey[];
}

/**
 * Applies for an institution's certificates (C1): its signing and its encryption key are made in
 * the chips with the officers bound to them, and nobody is granted their use yet. The registration
 * authority decides about the certificates; until they are in force no use is allowed.
 *
 * @throws CinnabarError `institution_not_found`, `protection_unavailable`, and as
 *   `applyForCertificate`
 */
export async function applyForInstitutionKeys(
  deps: SigningDeps,
  caller: Caller,
  request: NewInstitutionKeys,
): Promise<AppliedKeys> {
  const { id, algorithm, requested, protection } = request;
  const institution = await getInstitution(deps, caller.actor, request.institutionId);
  const { officers, threshold, subject } = institution;
  const gm = await loadGm();
  const policy = {
    grantsHashHex: grantsHash(gm, []),
    officers: { publicKeysHex: officers.map(({ publicKeyHex }) => publicKeyHex), threshold },
    ...(protection ? { protection } : {}),
  };
  const application = await applyForCertificate(deps, caller, {
    id,
    kind: 'institution',
    algorithm,
    subject,
    dnsNames: [],
    requested,
    keyPolicies: { signature: policy, encryption: policy },
  });
  const governed = { institutionId: institution.id, officers, threshold, chipGrants: [] };
  const keys = await settle(deps, caller.actor.tenant, async () => {
    const rows = await Promise.all(
      application.keys.map((key) => keyRowOf(deps, application, key, governed)),
    );
    const write: Entry[] = rows
      .filter(({ isNew }) => isNew)
      .map(({ row }) => entryOf('institution-key', row));
    return { result: rows.map(({ row }) => row), write };
  });
  return { application, keys };
}

/** The row of a key that an application made in the chips, or the one that is there. */
export async function keyRowOf(
  deps: SigningDeps,
  application: Application,
  key: Application['keys'][number],
  governed: Pick<
    InstitutionKey,
    'institutionId' | 'officers' | 'threshold' | 'chipGrants' | 'renews'
  >,
): Promise<{ readonly row: InstitutionKey; readonly isNew: boolean }> {
  const { tenant, id: applicationId, algorithm } = application;
  if (key.keyId === undefined) throw new CinnabarError('institution_key_not_found');
  const earlier = await deps.signing.find(tenant, 'institution-key', key.keyId);
  if (earlier) return { row: earlier, isNew: false };
  const { epoch, protection } = await deps.keys.find(tenant, key.keyId);
  const row: InstitutionKey = {
    tenant,
    id: key.keyId,
    revision: 1,
    ...governed,
    algorithm,
    purpose: key.purpose,
    publicKeyHex: bytesToHex(parsePublicKey(key.spki).key),
    protection,
    applicationId,
    chipEpoch: epoch,
    createdAtMs: deps.clock.now(),
  };
  return { row, isNew: true };
}

/** @throws CinnabarError `institution_not_found` */
export async function getInstitution(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  id: string,
): Promise<Institution> {
  const institution = await deps.signing.find(actor.tenant, 'institution', id);
  if (!institution) throw new CinnabarError('institution_not_found');
  return institution;
}

export function listInstitutions(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Institution>> {
  return readPage(
    page,
    (institution) => institution.id,
    (request) => deps.signing.list(actor.tenant, 'institution', {}, request),
  );
}

export function listInstitutionKeys(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  institutionId: string,
  page: PageRequest,
): Promise<Page<InstitutionKey>> {
  return readPage(
    page,
    (key) => key.id,
    (request) =>
      deps.signing.list(actor.tenant, 'institution-key', { parent: institutionId }, request),
  );
}

/** Somebody of the institution who can be an officer, or be granted the use of a key. */
export type KeyHolder = Pick<PersonalKey, 'id' | 'owner' | 'label' | 'certificateSerial'>;

/** Active personal keys of the institution's people, for who proposes officers and grants. */
export function listKeyHolders(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<KeyHolder>> {
  return readPage(
    page,
    (key) => key.id,
    (request) => deps.signing.list(actor.tenant, 'personal-key', { state: 'active' }, request),
  );
}
