import { makeSm2Request, type TrustFile, verifyDelivery } from '../../client/certificates.ts';
import {
  ApiError,
  type NewCertificateApplication,
  prepareApplication,
} from '../../client/index.ts';
import type { Stage } from './stage.ts';

/** A person is scored by three institutions, and gets a certificate that the ledger thaws. */
export async function certificateJourney({ as, ask, prove, url }: Stage): Promise<void> {
  const applicant = as('customer-chen');
  const { applicants } = await applicant.demo.applicants();
  const [identity] = applicants;
  if (!identity) throw new Error('there are no sample applicants');
  const requested: NewCertificateApplication['requested'] = {
    role: 'checker',
    permissions: ['view', 'make', 'check'],
    limits: [
      { channel: 'online', currency: 'CNY', single: '10000000', daily: '30000000', count: 40 },
    ],
  };
  const { request, publicKeySha256 } = await makeSm2Request('only for this demonstration');
  const prepared = await prepareApplication(applicant, {
    identity,
    requested,
    subjectKeySha256: publicKeySha256,
  });
  const { decision, scored, scoring } = await prepared.send(applicant);
  prove(
    scoring.nodes.length === 3 && decision.signature.length > 0,
    'three institutions score the applicant, none seeing the others’ data; the decision is signed',
  );

  const { id } = await applicant.certificates.applications.create({
    kind: 'person',
    algorithm: 'sm2',
    subject: { commonName: prepared.name, country: 'CN' },
    request,
    requested,
    scored,
  });
  const finding = { passed: true, reference: '演示' };
  await as('reviewer-he').certificates.applications.identify(id, finding);
  const approver = as('administrator-lin').certificates;
  const { certificates } = await approver.applications.approve(id);
  const [serial = ''] = certificates;
  const frozen = await applicant.certificates.get(serial);
  prove(frozen.state === 'frozen', `certificate ${serial} is issued, and frozen from birth`);

  const subject = frozen.ledgerSubject;
  await ask(null, 'POST', '/v1/demo/ledger/alter', { subject });
  const refusal = await approver.thaw(serial).then(
    () => undefined,
    (error: unknown) => (error instanceof ApiError ? error : undefined),
  );
  await ask(null, 'POST', '/v1/demo/ledger/restore');
  prove(
    refusal?.code === 'thaw_refused',
    `one byte of the ledger changed: no thaw (${refusal?.message})`,
  );
  const thawed = await approver.thaw(serial);
  prove(thawed.state === 'active', 'the ledger as it was: proved, thawed, limits set, delivered');
  const { tier } = decision.statement.settings;
  prove(thawed.settings?.tier === tier, `its settings are those of the decision: tier ${tier}`);

  const bundle = await applicant.certificates.bundle(serial);
  const root = await fetch(`${url}/pki/ca.crt?algorithm=sm2&role=root`);
  const pem = pemOf(new Uint8Array(await root.arrayBuffer()));
  const trust = { ledger: await trustOf(as('customer-chen')), roots: [pem] };
  const verdict = await verifyDelivery(bundle, trust, Date.now());
  prove(verdict.ok, 'the delivered bundle verifies offline: chain, settings, ledger proofs');
}

export function pemOf(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

export async function trustOf(client: ReturnType<Stage['as']>): Promise<TrustFile> {
  return (await client.ledger.trust()) as TrustFile;
}
