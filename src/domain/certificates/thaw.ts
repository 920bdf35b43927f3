import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { authorityOf, loadAuthority } from './authority.ts';
import { getCertificate, readStatement, type StatementBody } from './find.ts';
import { predecessor } from './issue.ts';
import { appendEvent, draw, finishMove, followLedger, isCode, moveCertificate } from './life.ts';
import type { CertificateDeps } from './ports.ts';
import { keyAlgorithms } from './profiles.ts';
import type { Certificate, PendingMove, SettingsStatement } from './types.ts';
import { examine, type Verification } from './verify.ts';

/**
 * Thaws a frozen certificate (A9): verifies it against the ledger, and only if that passes makes it
 * active, binds its settings to it (A10) and delivers it (A11). `id` names the intention: a retry
 * under it goes on where the first attempt stopped. A certificate that was active before, and put
 * on hold, is only released.
 *
 * @throws CinnabarError `thaw_refused` with the failed step and its code in `fields`,
 * `certificate_not_found`, `certificate_state` when it is not on hold, `certificate_changed` when
 * somebody else thawed it at the same time, `ledger_unavailable`, `ledger_untrusted`,
 * `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function thawCertificate(
  deps: CertificateDeps,
  caller: Caller,
  { serialHex, id }: { readonly serialHex: string; readonly id: string },
): Promise<Certificate> {
  const found = await settle(deps, await getCertificate(deps, caller.actor, serialHex));
  const subject = `certificate:${serialHex}`;
  const operation: Operation = {
    action: 'certificate.thaw',
    subject,
    detail: { from: found.state },
  };
  if (found.state === 'active' && found.movedBy === id) {
    const delivered = await deliverCertificate(deps, found);
    await record(deps.audit, caller, operation, 'done');
    return delivered;
  }
  if (found.state === 'suspended') {
    const release = { action: 'resume', requestId: id } as const;
    return audited(deps.audit, caller, operation, () => moveCertificate(deps, found, release));
  }
  if (found.state !== 'frozen') throw new CinnabarError('certificate_state');
  return audited(deps.audit, caller, operation, async () => {
    refuseUnproven(await examine(deps, found, 'entry'));
    const thawed = await moveCertificate(deps, found, { action: 'thaw', requestId: id });
    return deliverCertificate(deps, thawed);
  });
}

function refuseUnproven({ verdict }: Verification): void {
  if (verdict.ok) return;
  const fields = verdict.steps.flatMap(({ step, code }) =>
    code === undefined ? [] : [{ pointer: `/evidence/${step}`, code }],
  );
  throw new CinnabarError('thaw_refused', { fields });
}

/**
 * Brings a pending move to its end, whoever began it. A thaw is verified again first: if that
 * fails and the ledger does not have it, it is given up; so is a release under an authority that
 * was revoked.
 */
export async function settle(
  deps: CertificateDeps,
  certificate: Certificate,
): Promise<Certificate> {
  const { pending } = certificate;
  if (!pending) return certificate;
  const followed = await followLedger(deps, certificate);
  if (followed.headHash !== certificate.headHash) return followed;
  if (await isGivenUp(deps, certificate, pending)) {
    const { pending: _, ...rest } = certificate;
    const given = { ...rest, revision: certificate.revision + 1 };
    await deps.certificates.replaceCertificate(given);
    return given;
  }
  return finishMove(deps, certificate, pending);
}

/** A move that gives trust, and that would be refused if it began now. */
async function isGivenUp(
  deps: CertificateDeps,
  certificate: Certificate,
  { action }: PendingMove,
): Promise<boolean> {
  if (action === 'resume') return (await authorityOf(deps, certificate)).isRevoked;
  return action === 'thaw' && !(await examine(deps, certificate, 'entry')).verdict.ok;
}

/**
 * Goes the way from thaw to delivery to its end: the signed statement of the settings is stored,
 * then its hash goes to the ledger, then the delivery does. Each step is done once, whoever and
 * however many call this.
 */
export async function deliverCertificate(
  deps: CertificateDeps,
  certificate: Certificate,
): Promise<Certificate> {
  let current = certificate;
  if (current.state === 'active' && !current.statement) current = await bindSettings(deps, current);
  if (current.state === 'active' && current.delivery === 'thawed') {
    current = await advance(deps, current, 'settings');
  }
  if (current.state === 'active' && current.delivery === 'set') {
    await supersedePredecessor(deps, current);
    current = await advance(deps, current, 'issued');
  }
  return current;
}

/**
 * The new certificate of an institution ends the one it follows (RFC 5280 §5.3.1, superseded), so
 * that no two are in force over two keys of one name. Before the delivery, so that whoever finishes
 * an interrupted one does this too. One on hold stays there: why it was put there is not settled.
 */
async function supersedePredecessor(
  deps: CertificateDeps,
  { kind, purpose, serialHex, tenant, applicationId }: Certificate,
): Promise<void> {
  if (kind !== 'institution') return;
  const application = await deps.certificates.findApplication(tenant, applicationId);
  if (application?.renews === undefined) return;
  const before = await predecessor(deps, application.renews, purpose);
  const current = before && (await settle(deps, before));
  if (current?.state !== 'active') return;
  const move = { action: 'revoke', reason: 'superseded' } as const;
  await moveCertificate(deps, current, { ...move, requestId: `superseded:${serialHex}` });
}

/**
 * Signs the settings together with the hash of the certificate, by both hierarchies: in its own by
 * the authority that issued it, which is the one that whoever has the bundle knows.
 */
async function bindSettings(deps: CertificateDeps, certificate: Certificate): Promise<Certificate> {
  const { tenant, applicationId, der, ledgerSubject } = certificate;
  const application = await deps.certificates.findApplication(tenant, applicationId);
  if (!application?.decision || !der) {
    throw new Error('an active certificate has no decision or no encoding');
  }
  const body: StatementBody = {
    v: 1,
    certSha256: bytesToHex(sha256(der)),
    ledgerSubject,
    settings: application.decision.settings,
  };
  const payload = canonicalJson(body as unknown as Json);
  const statement = { payload, signatures: await signStatement(deps, certificate, payload) };
  const bound = { ...certificate, statement, revision: certificate.revision + 1 };
  try {
    await deps.certificates.replaceCertificate(bound);
    return bound;
  } catch (error) {
    return reread(deps, certificate, error);
  }
}

async function signStatement(
  deps: CertificateDeps,
  { algorithm: own, issuer }: Certificate,
  payload: string,
): Promise<SettingsStatement['signatures']> {
  const authorities = await Promise.all(
    keyAlgorithms.map((one) => loadAuthority(deps, one, one === own ? issuer : undefined)),
  );
  return Promise.all(
    authorities.map(async ({ issuer: { signer } }) => ({
      scheme: signer.algorithm,
      spkiSha256: bytesToHex(sha256(signer.spki)),
      value: base64urlText(await signer.sign(utf8ToBytes(payload))),
    })),
  );
}

async function advance(
  deps: CertificateDeps,
  certificate: Certificate,
  type: 'settings' | 'issued',
): Promise<Certificate> {
  const { der, statement } = certificate;
  if (!der || !statement) throw new Error('settings are bound before they are logged');
  const certSha256 = bytesToHex(sha256(der));
  const authority = await authorityOf(deps, certificate);
  const body =
    type === 'issued'
      ? ({ type, certSha256 } as const)
      : ({ type, certSha256, ...settingsHashes(statement) } as const);
  try {
    const appended = await appendEvent(deps, authority, certificate, body, type);
    return await draw(deps, {
      ...certificate,
      delivery: type === 'issued' ? 'delivered' : 'set',
      headHash: appended.leafHash,
      revision: certificate.revision + 1,
    });
  } catch (error) {
    if (isCode(error, 'ledger_conflict')) await followLedger(deps, certificate);
    return reread(deps, certificate, error);
  }
}

function settingsHashes({ payload }: SettingsStatement) {
  const { policyHash, modelHash } = readStatement(payload).settings;
  return {
    settingsSha256: bytesToHex(sha256(utf8ToBytes(payload))),
    policySha256: policyHash,
    ...(modelHash === undefined ? {} : { modelSha256: modelHash }),
  };
}

/** Somebody else went the same step meanwhile: go on from there. Any other error is passed on. */
async function reread(
  deps: CertificateDeps,
  certificate: Certificate,
  error: unknown,
): Promise<Certificate> {
  const isRace = isCode(error, 'certificate_changed') || isCode(error, 'ledger_conflict');
  const stored = isRace
    ? await deps.certificates.findCertificate(certificate.serialHex)
    : undefined;
  if (!stored || stored.revision === certificate.revision) throw error;
  return stored;
}
