import type { Actor, Caller } from '../../src/domain/actor.ts';
import { applyForCertificate, type NewApplication } from '../../src/domain/certificates/apply.ts';
import { issueCertificates } from '../../src/domain/certificates/issue.ts';
import type { CertificateDeps } from '../../src/domain/certificates/ports.ts';
import type { KeyAlgorithm } from '../../src/domain/certificates/profiles.ts';
import { approveApplication, identifyApplicant } from '../../src/domain/certificates/review.ts';
import { rulesSettings } from '../../src/domain/certificates/rules.ts';
import type { Certificate } from '../../src/domain/certificates/types.ts';
import type { CertificateSigner } from '../../src/domain/certificates/x509/library.ts';
import { referencePolicy } from '../../src/domain/federation/policy.ts';
import { newId } from '../../src/domain/id.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
} from '../../src/lib/der.ts';
import { memoryAuditLog } from '../../src/platform/memory/audit-log.ts';
import { memoryCertificateStore } from '../../src/platform/memory/certificate-store.ts';
import { memoryKeys } from '../../src/platform/memory/keys.ts';
import { memoryLedger } from '../../src/platform/memory/ledger.ts';
import { localSigner } from './certificate-keys.ts';
import { patientWaits, seededRandom, tickingClock } from './time-and-chance.ts';

/** Every port of the certificates in RAM, with real keys and a real log. */
export function certificateDeps(startMs?: number) {
  const clock = tickingClock(startMs);
  const ledger = memoryLedger(clock);
  return {
    clock,
    random: seededRandom(11),
    audit: memoryAuditLog(clock),
    keys: memoryKeys(clock, patientWaits),
    ledger,
    ledgerTrust: () => ledger.trust(),
    certificates: memoryCertificateStore(),
    settingsSource: rulesSettings({ clock }, { table: referencePolicy, tier: 3 }),
    pkiBase: 'http://localhost:8787',
  } satisfies CertificateDeps;
}

function caller(id: string, role: Actor['roles'][number]): Caller {
  const actor: Actor = { id, tenant: 'beichen-bank', branch: '0102', roles: [role], name: id };
  return { actor, requestId: `request-of-${id}` };
}

export const people = {
  applicant: caller('customer-chen', 'customer'),
  officer: caller('reviewer-he', 'reviewer'),
  approver: caller('administrator-lin', 'administrator'),
};

const signatureIdentifiers = {
  'sm2-sm3': '1.2.156.10197.1.501',
  'ecdsa-p256-sha256': '1.2.840.10045.4.3.2',
} as const;

/** A PKCS#10 request with an empty name, put together by hand: the reader has no part in it. */
export async function certificateRequest(signer: CertificateSigner): Promise<Uint8Array> {
  const info = derSequence(derInteger(0), derSequence(), signer.spki, derElement(0xa0));
  const algorithm = derSequence(derObjectIdentifier(signatureIdentifiers[signer.algorithm]));
  return derSequence(info, algorithm, derBitString(await signer.sign(info)));
}

export const requestedSettings: NewApplication['requested'] = {
  role: 'checker',
  permissions: ['view', 'make', 'check'],
  limits: [
    { channel: 'online', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
    { channel: 'direct', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
  ],
};

/** An application of a person, as the applicant sends it. */
export async function personApplication(
  deps: CertificateDeps,
  algorithm: KeyAlgorithm,
): Promise<NewApplication> {
  return {
    id: newId(deps),
    kind: 'person',
    algorithm,
    subject: { commonName: '陈思远', organization: '北辰银行', country: 'CN' },
    dnsNames: [],
    request: await certificateRequest(await localSigner(algorithm)),
    requested: requestedSettings,
  };
}

/** An application that an officer identified and somebody else approved. Gives its id. */
export async function approvedApplication(
  deps: CertificateDeps,
  algorithm: KeyAlgorithm = 'sm2',
  request?: Uint8Array,
): Promise<string> {
  const input = {
    ...(await personApplication(deps, algorithm)),
    ...(request === undefined ? {} : { request }),
  };
  await applyForCertificate(deps, people.applicant, input);
  await identifyApplicant(deps, people.officer, input.id, { passed: true, reference: 'F-1' });
  await approveApplication(deps, people.approver, input.id);
  return input.id;
}

/** From application to frozen certificate, with three different people. */
export async function frozenCertificate(
  deps: CertificateDeps,
  algorithm: KeyAlgorithm = 'sm2',
  request?: Uint8Array,
): Promise<Certificate> {
  const id = await approvedApplication(deps, algorithm, request);
  const [certificate] = await issueCertificates(deps, people.approver, id);
  if (!certificate) throw new Error('nothing was issued');
  return certificate;
}
