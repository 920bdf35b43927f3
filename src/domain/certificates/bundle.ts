import { parseCheckpoint } from '../../core/ledger/checkpoint.ts';
import { parseNote } from '../../core/ledger/note.ts';
import type { DeliveryBundle } from '../../core/pki/bundle.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { encodePem } from '../../lib/pem.ts';
import type { Caller } from '../actor.ts';
import { record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { authorityOf } from './authority.ts';
import { getCertificate } from './find.ts';
import type { CertificateDeps } from './ports.ts';
import { deliverCertificate, settle } from './thaw.ts';

/**
 * The finished certificate with chain, settings and proofs (A11). That it was handed out goes on
 * record. A delivery whose request died is finished first.
 *
 * @throws CinnabarError `certificate_not_found`, `certificate_state` for one that was never thawed,
 * `ledger_unavailable`, `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function deliveryBundle(
  deps: CertificateDeps,
  caller: Caller,
  serialHex: string,
): Promise<DeliveryBundle> {
  const found = await settle(deps, await getCertificate(deps, caller.actor, serialHex));
  const certificate = await deliverCertificate(deps, found);
  const { der, statement, ledgerSubject, delivery } = certificate;
  if (!der || !statement || delivery !== 'delivered') throw new CinnabarError('certificate_state');
  const authority = await authorityOf(deps, certificate);
  const ledger = await provenEvents(deps, ledgerSubject);
  const subject = `certificate:${serialHex}`;
  await record(deps.audit, caller, { action: 'certificate.deliver', subject, detail: {} }, 'done');
  const pem = (bytes: Uint8Array) => encodePem('CERTIFICATE', bytes);
  return {
    format: 'cinnabar-certificate-bundle/1',
    serial: serialHex,
    certificate: pem(der),
    chain: [pem(authority.issuing), pem(authority.root)],
    settings: statement,
    ledger,
  };
}

async function provenEvents(
  { ledger }: CertificateDeps,
  subject: string,
): Promise<DeliveryBundle['ledger']> {
  const history = await ledger.history(subject);
  const checkpoint = await ledger.checkpoint();
  const { size } = parseCheckpoint(parseNote(checkpoint).text);
  const entries = history.map(async ({ index, bytes }) => {
    const { proof } = await ledger.proveInclusion(index, size);
    return { index, entry: base64urlText(bytes), proof };
  });
  return { checkpoint, entries: await Promise.all(entries) };
}
