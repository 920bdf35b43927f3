import type { Caller } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { applyForCertificate, getApplication, type KeyPolicies } from './apply.ts';
import { getCertificate } from './find.ts';
import type { CertificateDeps } from './ports.ts';
import type { Application } from './types.ts';

/** An identity that was established longer ago than this is established anew. */
const identityLifeMs = 3 * 365 * 24 * 60 * 60 * 1000;

export interface Renewal {
  readonly id: string;
  readonly serialHex: string;
  /** PKCS#10 over a fresh key, for kinds whose subject holds the key. */
  readonly request?: Uint8Array;
  /** Who will govern fresh keys in the chips: of institutions only. */
  readonly keyPolicies?: KeyPolicies;
}

/**
 * Applies for the successor of a certificate (A12): same names and wishes, always a fresh key. The
 * identity that was established holds on for three years when its holder asks, and for nobody else:
 * a colleague's key must not get a proven name. The approval, by somebody else, does not hold on.
 * The old certificate stays in force until it ends or is revoked; an institution's until the new one
 * is thawed, which supersedes it.
 *
 * @throws CinnabarError as `applyForCertificate` (`officers_required` unless the institution's desk
 * asks), and `certificate_not_found`, `certificate_state`
 * for one that was revoked or never delivered
 */
export async function renewCertificate(
  deps: CertificateDeps,
  caller: Caller,
  { id, serialHex, request, keyPolicies }: Renewal,
): Promise<Application> {
  const certificate = await getCertificate(deps, caller.actor, serialHex);
  if (certificate.state === 'revoked' || certificate.delivery !== 'delivered') {
    throw new CinnabarError('certificate_state');
  }
  const before = await getApplication(deps, caller.actor, certificate.applicationId);
  const { kind, algorithm, subject, dnsNames, requested, identity } = before;
  const isHolder = certificate.holder === caller.actor.id;
  const isFresh = isHolder && identity && deps.clock.now() - identity.atMs < identityLifeMs;
  return applyForCertificate(deps, caller, {
    id,
    kind,
    algorithm,
    subject,
    dnsNames,
    requested,
    renews: serialHex,
    ...(request ? { request } : {}),
    ...(keyPolicies ? { keyPolicies } : {}),
    ...(isFresh ? { established: identity } : {}),
  });
}
