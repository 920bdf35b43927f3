import {
  certificateHash,
  type SessionRole,
  sessionPolicies,
  sessionSpki,
} from '../../core/session/certificate.ts';
import type { SessionSuiteName } from '../../core/session/suite.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { loadAuthority, newSerial, startOfMinute } from '../certificates/authority.ts';
import { buildCertificate } from '../certificates/x509/build.ts';
import type { TerminalDeps } from './ports.ts';
import type { CertifiedKey } from './types.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** A terminal whose clock is behind takes a fresh certificate too. */
const backdatedMs = 60 * 60 * 1000;

/** How long a certificate of each side lasts. Both are renewed long before, without anybody. */
export const validityDays: Readonly<Record<SessionRole, number>> = { terminal: 14, service: 30 };

/**
 * Issues the certificate of a session key, signed in the chips.
 *
 * Short-lived, and without revocation information, as RFC 9608 has it: the service itself is the
 * only one who relies on a terminal's, and looks at the terminal's row; the service's own is
 * replaced rather than revoked.
 *
 * @throws CinnabarError `chips_unavailable`, `chips_busy`, `storage_unavailable`
 */
export async function certifySessionKey(
  deps: TerminalDeps,
  role: SessionRole,
  name: { readonly commonName: string; readonly organization: string },
  suite: SessionSuiteName,
  publicKey: Uint8Array,
): Promise<CertifiedKey> {
  const authority = await loadAuthority(deps, suite === 'sm2' ? 'sm2' : 'p256');
  const madeMs = startOfMinute(deps.clock.now());
  const notAfterMs = Math.min(madeMs + validityDays[role] * dayMs, authority.notAfterMs);
  const certificate = await buildCertificate(
    {
      serialHex: newSerial(deps),
      subject: { ...name, country: 'CN' },
      spki: sessionSpki(suite, publicKey),
      notBeforeMs: madeMs - backdatedMs,
      notAfterMs,
      keyUsage: ['keyAgreement'],
      extendedKeyUsage: [],
      policies: [sessionPolicies[role]],
      dnsNames: [],
      noRevocation: true,
    },
    { name: authority.issuer.name, signer: authority.issuer.signer },
  );
  return {
    publicKey: base64urlText(publicKey),
    chain: [certificate, authority.issuing, authority.root].map(base64urlText),
    certificateHash: certificateHash(certificate),
    notAfterMs,
  };
}
