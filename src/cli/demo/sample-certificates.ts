import { makeSm2Request } from '../../client/certificates.ts';
import type { NewCertificateApplication } from '../../client/index.ts';
import type { Stage } from './stage.ts';

type Application = Pick<NewCertificateApplication, 'kind' | 'subject' | 'dnsNames' | 'notAfter'>;

/** Long enough to be thawed, and over before the sample data are whole. */
const shortLifeMs = 60_000;

const person = (commonName: string): Application => ({
  kind: 'person',
  subject: { commonName, country: 'CN' },
});

/** Applications and certificates in states that the journeys do not leave behind. */
export async function certificateData({ as }: Stage): Promise<void> {
  const administrator = as('administrator-lin').certificates;
  const officer = as('reviewer-he').certificates.applications;
  const applied = async (who: string, application: Application) => {
    const { request } = await makeSm2Request('only for this demonstration');
    const { id } = await as(who).certificates.applications.create({
      ...application,
      algorithm: 'sm2',
      request,
      requested: { role: 'maker', permissions: ['view', 'make'], limits: [] },
    });
    return id;
  };
  const identified = async (who: string, application: Application) => {
    const id = await applied(who, application);
    await officer.identify(id, { passed: true, reference: '柜台面核' });
    return id;
  };
  const issued = async (who: string, application: Application) => {
    const { certificates } = await administrator.applications.approve(
      await identified(who, application),
    );
    return certificates[0] ?? '';
  };
  const active = async (who: string, application: Application) => {
    const serial = await issued(who, application);
    await administrator.thaw(serial);
    return serial;
  };

  const withdrawn = await applied('customer-chen', person('陈思远'));
  await as('customer-chen').certificates.applications.withdraw(withdrawn);
  const unproven = await applied('developer-song', person('宋杰'));
  await officer.identify(unproven, { passed: false, reference: '证件已过期' });
  await applied('customer-chen', person('陈思远'));
  await identified('developer-song', person('宋杰'));

  await issued('teller-zhou', person('周敏'));
  await administrator.revoke(await active('developer-song', person('宋杰')), 'superseded');
  await administrator.freeze(await active('customer-chen', person('陈思远')));
  const organization = { organization: '北辰银行', country: 'CN' };
  await active('developer-song', {
    kind: 'service',
    subject: { commonName: 'pay.beichen.example', ...organization },
    dnsNames: ['pay.beichen.example'],
  });
  await active('teller-zhou', {
    kind: 'terminal',
    subject: { commonName: '滨江支行柜台 3', ...organization },
  });
  await active('teller-zhou', {
    kind: 'terminal',
    subject: { commonName: '滨江支行临时终端', ...organization },
    notAfter: new Date(Date.now() + shortLifeMs).toISOString(),
  });
}
