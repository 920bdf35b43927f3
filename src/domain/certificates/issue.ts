import { bytesToHex } from '@noble/hashes/utils.js';
import { parseCertificate } from '../../core/pki/certificate.ts';
import { certificateDigests } from '../../core/pki/evidence.ts';
import { isSoundKey, parsePublicKey } from '../../core/pki/public-key.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import { getApplication, movedApplication } from './apply.ts';
import { type Authority, loadAuthority, newSerial, startOfMinute } from './authority.ts';
import { finishMove, moveCertificate } from './life.ts';
import type { CertificateDeps } from './ports.ts';
import { type Purpose, profileOf, validityMs } from './profiles.ts';
import type { Application, Certificate, SubjectKey } from './types.ts';
import { buildCertificate } from './x509/build.ts';

/**
 * Makes the certificates of an approved application, frozen from birth (A7): numbered, signed, and
 * only then, through the ledger's `frozen` event, in existence. Each step finds what an earlier
 * attempt left behind, so a call after a crash goes on where the first one stopped.
 *
 * @throws CinnabarError `application_not_found`, `application_state`, `key_in_use` when another
 * application over the same key came first, `requested_end_passed`, `certificate_lint_failed`,
 * `ledger_unavailable`, `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function issueCertificates(
  deps: CertificateDeps,
  caller: Caller,
  applicationId: string,
): Promise<readonly Certificate[]> {
  const application = await getApplication(deps, caller.actor, applicationId);
  if (application.state === 'issued') return certificatesOf(deps, application);
  const issued = movedApplication(deps, application, 'issue', {});
  const operation: Operation = {
    action: 'certificate.issue',
    subject: `application:${applicationId}`,
    detail: { kind: application.kind, algorithm: application.algorithm },
  };
  return audited(deps.audit, caller, operation, async () => {
    const authority = await loadAuthority(deps, application.algorithm);
    const certificates: Certificate[] = [];
    for (const key of application.keys) {
      certificates.push(await issueOne(deps, authority, application, key));
    }
    await deps.certificates.replaceApplication(issued);
    return certificates;
  });
}

/** What was made for an application, signature first. */
export async function certificatesOf(
  deps: Pick<CertificateDeps, 'certificates'>,
  { tenant, id, keys }: Application,
): Promise<readonly Certificate[]> {
  const filter = { applicationId: id };
  const found = await deps.certificates.listCertificates(tenant, filter, { limit: 8 });
  return keys.flatMap(({ purpose }) => found.filter((item) => item.purpose === purpose));
}

async function issueOne(
  deps: CertificateDeps,
  authority: Authority,
  application: Application,
  key: SubjectKey,
): Promise<Certificate> {
  const known = await ensureRow(deps, authority, application, key);
  const prepared = known.der ? known : await underNewest(deps, authority, known);
  const signed = prepared.der ? prepared : await signRow(deps, authority, application, prepared);
  if (signed.state !== 'prepared') return signed;
  if (signed.pending) return finishMove(deps, signed, signed.pending);
  return moveCertificate(deps, signed, { action: 'freeze', requestId: 'frozen' });
}

async function ensureRow(
  deps: CertificateDeps,
  authority: Authority,
  application: Application,
  key: SubjectKey,
): Promise<Certificate> {
  const known = (await certificatesOf(deps, application)).find(
    ({ purpose }) => purpose === key.purpose,
  );
  if (known) return known;
  await deps.certificates.addCertificate(await plan(deps, authority, application, key));
  const stored = await certificatesOf(deps, application);
  const row = stored.find(({ purpose }) => purpose === key.purpose);
  if (row) return row;
  // The store adds none for an application that was closed meanwhile, nor over a key that a
  // certificate of another application holds.
  const { tenant, id } = application;
  movedApplication(
    deps,
    (await deps.certificates.findApplication(tenant, id)) ?? application,
    'issue',
    {},
  );
  throw new CinnabarError('key_in_use');
}

/** A certificate that nobody signed before the next issuing authority came is that one's. */
async function underNewest(
  deps: CertificateDeps,
  { generation, notAfterMs }: Authority,
  row: Certificate,
): Promise<Certificate> {
  if (row.issuer === generation) return row;
  const moved = {
    ...row,
    issuer: generation,
    notAfterMs: Math.min(row.notAfterMs, notAfterMs),
    revision: row.revision + 1,
  };
  await deps.certificates.replaceCertificate(moved);
  return moved;
}

/** @throws CinnabarError `requested_end_passed` when what was applied for would be over already */
export function refuseEnded({ notAfterMs }: Application, nowMs: number): void {
  if (notAfterMs !== undefined && notAfterMs <= nowMs) {
    throw new CinnabarError('requested_end_passed');
  }
}

/** Everything about the certificate that is decided once: numbers, names, dates. */
async function plan(
  deps: CertificateDeps,
  authority: Authority,
  application: Application,
  key: SubjectKey,
): Promise<Certificate> {
  const { kind, algorithm, renews, notAfterMs = Number.POSITIVE_INFINITY } = application;
  const profile = profileOf(kind, key.purpose);
  if (!profile) throw new CinnabarError('certificate_lint_failed');
  const nowMs = deps.clock.now();
  refuseEnded(application, nowMs);
  const notBeforeMs = startOfMinute(nowMs);
  const before = renews === undefined ? undefined : await predecessor(deps, renews, key.purpose);
  return {
    id: newId(deps),
    serialHex: newSerial(deps),
    tenant: application.tenant,
    holder: application.applicant,
    ledgerSubject: `cert/${bytesToHex(deps.random.bytes(16))}`,
    applicationId: application.id,
    kind,
    purpose: key.purpose,
    algorithm,
    issuer: authority.generation,
    subject: application.subject,
    spki: key.spki,
    ...(key.keyId === undefined ? {} : { keyId: key.keyId }),
    notBeforeMs,
    // No certificate outlives its issuer. X.509 says no time between seconds.
    notAfterMs: wholeSecond(
      Math.min(notBeforeMs + validityMs(profile), authority.notAfterMs, notAfterMs),
    ),
    state: 'prepared',
    delivery: 'none',
    ...(before ? { renewsSubject: before.ledgerSubject } : {}),
    createdAtMs: nowMs,
    changedAtMs: nowMs,
    revision: 1,
  };
}

/**
 * The certificate of this purpose that a renewal follows. A renewal names one certificate of a pair;
 * the other is of the same application.
 */
export async function predecessor(
  deps: Pick<CertificateDeps, 'certificates'>,
  serialHex: string,
  purpose: Purpose,
): Promise<Certificate | undefined> {
  const named = await deps.certificates.findCertificate(serialHex);
  if (!named || named.purpose === purpose) return named;
  const application = await deps.certificates.findApplication(named.tenant, named.applicationId);
  const pair = application ? await certificatesOf(deps, application) : [];
  return pair.find((certificate) => certificate.purpose === purpose);
}

async function signRow(
  deps: CertificateDeps,
  authority: Authority,
  application: Application,
  row: Certificate,
): Promise<Certificate> {
  const profile = profileOf(row.kind, row.purpose);
  if (!profile) throw new CinnabarError('certificate_lint_failed');
  const der = await buildCertificate(
    {
      serialHex: row.serialHex,
      subject: row.subject,
      spki: row.spki,
      notBeforeMs: row.notBeforeMs,
      notAfterMs: row.notAfterMs,
      keyUsage: profile.keyUsage,
      extendedKeyUsage: profile.extendedKeyUsage,
      policies: [profile.policy],
      dnsNames: application.dnsNames,
    },
    authority.issuer,
  );
  await lint(der, authority, row);
  const { certSha256, certSm3 } = await certificateDigests(der);
  const digests = { sha256Hex: certSha256, sm3Hex: certSm3 };
  const signed = { ...row, der, ...digests, revision: row.revision + 1 };
  await deps.certificates.replaceCertificate(signed);
  return signed;
}

/**
 * Reads the certificate back with code that shares nothing with what built it, and compares it with
 * what was meant. Nothing that fails here reaches the ledger, so nothing that fails here exists.
 */
async function lint(der: Uint8Array, authority: Authority, row: Certificate): Promise<void> {
  const parsed = parseCertificate(der);
  const issuing = parseCertificate(authority.issuing);
  const holds =
    parsed.serialHex === row.serialHex &&
    bytesToHex(parsed.spki) === bytesToHex(row.spki) &&
    bytesToHex(parsed.issuer) === bytesToHex(issuing.subject) &&
    parsed.notBeforeMs === row.notBeforeMs &&
    parsed.notAfterMs === wholeSecond(row.notAfterMs) &&
    parsed.notAfterMs > parsed.notBeforeMs &&
    parsed.notAfterMs <= issuing.notAfterMs &&
    parsePublicKey(parsed.spki).algorithm === row.algorithm &&
    (await isSoundKey(parsed.spki));
  if (!holds) throw new CinnabarError('certificate_lint_failed');
}

const wholeSecond = (ms: number) => ms - (ms % 1000);
