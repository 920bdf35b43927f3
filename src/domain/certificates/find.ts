import { instantMs } from '../../lib/time.ts';
import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import type { Settings } from '../federation/settings.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { CertificateDeps, CertificateFilter } from './ports.ts';
import { statusOf } from './revocation.ts';
import type { Certificate } from './types.ts';

type FindDeps = Pick<CertificateDeps, 'certificates' | 'clock'>;

/** Customers see what they applied for; to them, the rest was never made. */
export const seesOwnOnly = (actor: Actor): boolean =>
  actor.roles.every((role) => role === 'customer');

/** A certificate of the actor's institution, of a customer its own. @throws CinnabarError `certificate_not_found` */
export async function getCertificate(
  deps: Pick<CertificateDeps, 'certificates'>,
  actor: Actor,
  serialHex: string,
): Promise<Certificate> {
  const certificate = await deps.certificates.findCertificate(serialHex);
  const isVisible =
    certificate?.tenant === actor.tenant &&
    (!seesOwnOnly(actor) || certificate.holder === actor.id);
  if (!isVisible) throw new CinnabarError('certificate_not_found');
  return certificate;
}

export function listCertificates(
  deps: FindDeps,
  actor: Actor,
  filter: CertificateFilter,
  page: PageRequest,
): Promise<Page<Certificate>> {
  const seen = seesOwnOnly(actor) ? { ...filter, holder: actor.id } : filter;
  return readPage(
    page,
    (item) => item.id,
    (request) => deps.certificates.listCertificates(actor.tenant, seen, request),
  );
}

/** For other domains: the certificate with this serial, whoever's it is. */
export function findCertificate(
  deps: Pick<CertificateDeps, 'certificates'>,
  serialHex: string,
): Promise<Certificate | undefined> {
  return deps.certificates.findCertificate(serialHex);
}

/**
 * Whether a certificate may be relied on now, and if not, why. `superseded` is revoked as well: a
 * newer certificate took its place, and nothing is held against its key.
 */
export type Standing =
  | 'good'
  | 'on_hold'
  | 'revoked'
  | 'superseded'
  | 'expired'
  | 'not_yet_valid'
  | 'undelivered'
  | 'unknown';

/** For other domains: the one question to ask before a certificate's key or settings are used. */
export async function certificateStateOf(deps: FindDeps, serialHex: string): Promise<Standing> {
  const certificate = await deps.certificates.findCertificate(serialHex);
  return certificate ? standingOf(certificate, deps.clock.now()) : 'unknown';
}

export function standingOf(certificate: Certificate, nowMs: number): Standing {
  const status = statusOf(certificate);
  if (status.state === 'revoked') {
    if (status.reason === 'certificateHold') return 'on_hold';
    return status.reason === 'superseded' ? 'superseded' : 'revoked';
  }
  if (nowMs > certificate.notAfterMs) return 'expired';
  if (nowMs < certificate.notBeforeMs) return 'not_yet_valid';
  return certificate.delivery === 'delivered' ? 'good' : 'undelivered';
}

/**
 * For other domains: what a certificate permits now. `undefined` unless it is in good standing and
 * its settings are in force, so that a caller who forgets to ask for the state grants nothing.
 */
export async function settingsOf(deps: FindDeps, serialHex: string): Promise<Settings | undefined> {
  const certificate = await deps.certificates.findCertificate(serialHex);
  const nowMs = deps.clock.now();
  if (!certificate?.statement || standingOf(certificate, nowMs) !== 'good') return undefined;
  const { settings } = readStatement(certificate.statement.payload);
  const from = instantMs(settings.validFrom);
  return nowMs >= from && nowMs <= instantMs(settings.validTo) ? settings : undefined;
}

/**
 * The tier, 1 the best, that the federation's decision gave the holder of a certificate; nothing
 * when no federation decided.
 */
export async function federatedTierOf(
  { certificates }: Pick<FindDeps, 'certificates'>,
  serialHex: string,
): Promise<number | undefined> {
  const certificate = await certificates.findCertificate(serialHex);
  if (!certificate) return undefined;
  const { tenant, applicationId } = certificate;
  const application = await certificates.findApplication(tenant, applicationId);
  if (!application?.scored) return undefined;
  // Checked when the application was made.
  const { settings } = JSON.parse(application.scored.statement) as { settings: { tier: number } };
  return settings.tier;
}

/** What a settings statement says: which certificate it is bound to, and the settings. */
export interface StatementBody {
  readonly v: 1;
  readonly certSha256: string;
  readonly ledgerSubject: string;
  readonly settings: Settings;
}

/** Reads the payload of a statement that this service has made and stored. */
export function readStatement(payload: string): StatementBody {
  return JSON.parse(payload) as StatementBody;
}
