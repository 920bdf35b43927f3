import { bytesToHex } from '@noble/hashes/utils.js';
import { loadGm } from '../../core/gm.ts';
import { parsePublicKey } from '../../core/pki/public-key.ts';
import type { Actor, Caller } from '../actor.ts';
import { applyForCertificate } from '../certificates/apply.ts';
import type { Application } from '../certificates/types.ts';
import type { SubjectName } from '../certificates/x509/build.ts';
import { grantsHash } from '../chips/activation.ts';
import { CinnabarError, type FieldError } from '../errors.ts';
import type { RequestedSettings } from '../federation/settings.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { Entry, SigningDeps } from './ports.ts';
import { entryOf, settle } from './rows.ts';
import type { InstitutionKey, Officer } from './types.ts';

export interface NewInstitution {
  /** The id of the application that goes to the registration authority. */
  readonly id: string;
  readonly algorithm: 'sm2' | 'p256';
  readonly subject: SubjectName;
  readonly requested: RequestedSettings;
  /** Personal keys of those who will govern the keys; each of another person. */
  readonly officerKeyIds: readonly string[];
  /** How many of them must agree on who may use the keys. */
  readonly threshold: number;
}

export interface AppliedInstitution {
  readonly application: Application;
  readonly keys: readonly InstitutionKey[];
}

/**
 * Applies for an institution's certificates (C1): its signing and its encryption key are made in
 * the chips with the officers bound to them, and nobody is granted their use yet. The registration
 * authority decides about the certificates; until they are in force no use is allowed.
 *
 * @throws CinnabarError `invalid_request` for officers that do not add up, and as
 * `applyForCertificate`
 */
export async function applyForInstitution(
  deps: SigningDeps,
  caller: Caller,
  request: NewInstitution,
): Promise<AppliedInstitution> {
  const { tenant } = caller.actor;
  const officers = await officersOf(deps, caller.actor, request);
  const gm = await loadGm();
  const { id, algorithm, subject, requested, threshold } = request;
  const application = await applyForCertificate(deps, caller, {
    id,
    kind: 'institution',
    algorithm,
    subject,
    dnsNames: [],
    requested,
    keyPolicy: {
      grantsHashHex: grantsHash(gm, []),
      officers: { publicKeysHex: officers.map(({ publicKeyHex }) => publicKeyHex), threshold },
    },
  });
  const keys = await settle(deps, tenant, async () => {
    const rows = await Promise.all(
      application.keys.map((key) => rowOf(deps, application, key, officers, threshold)),
    );
    const write: Entry[] = rows
      .filter(({ isNew }) => isNew)
      .map(({ row }) => entryOf('institution-key', row));
    return { result: rows.map(({ row }) => row), write };
  });
  return { application, keys };
}

async function officersOf(
  deps: SigningDeps,
  { tenant }: Actor,
  { officerKeyIds, threshold }: NewInstitution,
): Promise<Officer[]> {
  const found = await Promise.all(
    officerKeyIds.map((id) => deps.signing.find(tenant, 'personal-key', id)),
  );
  const errors: FieldError[] = found.flatMap((key, i) =>
    key?.state === 'active' ? [] : [{ pointer: `/body/officerKeyIds/${i}`, code: 'not_active' }],
  );
  const officers = found.flatMap((key) =>
    key ? [{ actor: key.owner, publicKeyHex: key.publicKeyHex }] : [],
  );
  const people = new Set(officers.map(({ actor }) => actor));
  if (people.size < officers.length) {
    errors.push({ pointer: '/body/officerKeyIds', code: 'one_person_twice' });
  }
  if (threshold > officers.length) errors.push({ pointer: '/body/threshold', code: 'too_many' });
  if (errors.length > 0) throw new CinnabarError('invalid_request', { fields: errors });
  return officers;
}

async function rowOf(
  deps: SigningDeps,
  application: Application,
  key: Application['keys'][number],
  officers: readonly Officer[],
  threshold: number,
): Promise<{ readonly row: InstitutionKey; readonly isNew: boolean }> {
  const { tenant, id: applicationId, subject } = application;
  if (key.keyId === undefined) throw new CinnabarError('institution_key_not_found');
  const earlier = await deps.signing.find(tenant, 'institution-key', key.keyId);
  if (earlier) return { row: earlier, isNew: false };
  const { epoch } = await deps.keys.find(tenant, key.keyId);
  const row: InstitutionKey = {
    tenant,
    id: key.keyId,
    revision: 1,
    institution: subject.organization ?? subject.commonName,
    algorithm: application.algorithm,
    purpose: key.purpose,
    publicKeyHex: bytesToHex(parsePublicKey(key.spki).key),
    applicationId,
    officers,
    threshold,
    chipGrants: [],
    chipEpoch: epoch,
    createdAtMs: deps.clock.now(),
  };
  return { row, isNew: true };
}

export function listInstitutionKeys(
  deps: Pick<SigningDeps, 'signing'>,
  actor: Actor,
  page: PageRequest,
): Promise<Page<InstitutionKey>> {
  return readPage(
    page,
    (key) => key.id,
    (request) => deps.signing.list(actor.tenant, 'institution-key', {}, request),
  );
}
