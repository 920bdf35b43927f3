import type { Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { getCertificate } from './find.ts';
import { moveCertificate } from './life.ts';
import type { CertificateDeps } from './ports.ts';
import { deliverCertificate, settle } from './thaw.ts';
import type { Certificate } from './types.ts';
import type { CrlReason } from './x509/crl.ts';

export interface StatusChange {
  readonly serialHex: string;
  /** Names the intention: a retry passes the same one. */
  readonly id: string;
}

/** Reasons that an administrator can give for a revocation. */
export const revocationReasons = [
  'keyCompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'privilegeWithdrawn',
] as const satisfies readonly CrlReason[];
export type RevocationReason = (typeof revocationReasons)[number];

/**
 * Puts an active certificate on hold (A12).
 *
 * @throws CinnabarError `certificate_not_found`, `certificate_state`, `certificate_changed`,
 * `ledger_unavailable`, `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export function freezeCertificate(
  deps: CertificateDeps,
  caller: Caller,
  change: StatusChange,
): Promise<Certificate> {
  return changeStatus(deps, caller, change, 'suspend', 'certificateHold');
}

/** Revokes for good (A12). Errors as `freezeCertificate`. */
export function revokeCertificate(
  deps: CertificateDeps,
  caller: Caller,
  change: StatusChange & { readonly reason: RevocationReason },
): Promise<Certificate> {
  return changeStatus(deps, caller, change, 'revoke', change.reason);
}

async function changeStatus(
  deps: CertificateDeps,
  caller: Caller,
  { serialHex, id }: StatusChange,
  action: 'suspend' | 'revoke',
  reason: CrlReason,
): Promise<Certificate> {
  const found = await getCertificate(deps, caller.actor, serialHex);
  const operation: Operation = {
    action: `certificate.${action}`,
    subject: `certificate:${serialHex}`,
    detail: { reason },
  };
  const certificate = await settle(deps, found);
  if (certificate.movedBy === id) {
    await record(deps.audit, caller, operation, 'done');
    return certificate;
  }
  const move = { action, requestId: id, reason };
  return audited(deps.audit, caller, operation, () => moveCertificate(deps, certificate, move));
}

/** How long a request may be at work on a certificate before somebody else goes on with it. */
const graceMs = 2 * 60 * 1000;
const batchMax = 50;

/**
 * Brings to their end the moves and deliveries whose request died. Called by the clock; one that
 * fails is left for the next time.
 */
export async function finishAbandoned(
  deps: CertificateDeps,
): Promise<{ readonly finished: number; readonly failed: number }> {
  const left = await deps.certificates.unfinished(deps.clock.now() - graceMs, batchMax);
  const results = await Promise.allSettled(
    left.map(async (certificate) => deliverCertificate(deps, await settle(deps, certificate))),
  );
  const failed = results.filter(({ status }) => status === 'rejected').length;
  return { finished: results.length - failed, failed };
}
