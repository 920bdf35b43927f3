import { makeSm2Request } from '../../client/certificates.ts';
import { certificateJourney } from './certificate.ts';
import { imprintJourney } from './imprint.ts';
import { paymentJourney } from './payment.ts';
import { signingJourney } from './signing.ts';
import type { Stage } from './stage.ts';
import { tokenJourney } from './token.ts';

interface SampleSeal {
  readonly tellers: readonly string[];
  readonly account: { readonly number: string; readonly name: string; readonly contact: string };
  readonly seal: {
    readonly serial: string;
    readonly shape: 'round' | 'square' | 'rectangle';
    readonly remark: string;
    readonly reserved: string;
  };
  /** Presented imprints, and for what amount in yuan. What they are is not said. */
  readonly presented: readonly (readonly [picture: string, amountMinor: number])[];
}

/** Every name is invented; the pictures are the console's samples. */
const seals: readonly SampleSeal[] = [
  {
    tellers: ['teller-zhou', 'teller-wu'],
    account: {
      number: '3301042880017730',
      name: '杭州市启明商务咨询有限责任公司',
      contact: '0571-5550 0140',
    },
    seal: { serial: 'QM-01', shape: 'round', remark: '财务专用章', reserved: 'r01-reserved' },
    presented: [
      ['r01-g0', 980_000],
      ['r01-g1', 12_860_000],
      ['r01-f-tamper0', 4_600_000],
      ['r01-f-text0', 91_235_000],
    ],
  },
  {
    tellers: ['teller-zhou'],
    account: {
      number: '3202051770041206',
      name: '无锡市云帆商务咨询有限公司',
      contact: '0510-5550 0177',
    },
    seal: { serial: 'YF-01', shape: 'rectangle', remark: '财务专用章', reserved: 't05-reserved' },
    presented: [
      ['t05-g0', 2_300_000],
      ['t05-f-font0', 2_300_000],
    ],
  },
  {
    tellers: ['teller-zhou', 'teller-wu'],
    account: { number: '3301042880017748', name: '许伟', contact: '0571-5550 0166' },
    seal: { serial: 'XW-01', shape: 'square', remark: '法人名章', reserved: 's06-reserved' },
    presented: [
      ['s06-g0', 560_000],
      ['s06-f-recut0', 560_000],
    ],
  },
];

/** Accounts that have no seal yet. */
const accounts: readonly SampleSeal['account'][] = [
  { number: '3701030990028851', name: '济南同信物资有限公司', contact: '0531-5550 0102' },
  { number: '4201062210036614', name: '武汉海川食品有限公司', contact: '027-5550 0118' },
  { number: '3202051770041214', name: '无锡正阳食品有限公司', contact: '0510-5550 0121' },
  { number: '3201071180059942', name: '南京远帆贸易有限公司', contact: '025-5550 0100' },
];

async function sealData({ as, sample }: Stage, one: SampleSeal, teller: string): Promise<void> {
  const client = as(teller);
  const account = await client.accounts.create(one.account);
  const card = await client.cards.create({
    accountId: account.id,
    number: `${one.account.number.slice(-6)}-1`,
    startDate: '2024-01-01',
    endDate: '2099-12-31',
  });
  const { reserved, ...facts } = one.seal;
  const seal = await client.seals.enrol({
    ...facts,
    cardId: card.id,
    imprint: await sample(reserved),
  });
  if (!('id' in seal)) return;
  for (const [picture, amountMinor] of one.presented) {
    const imprint = await sample(picture);
    await client.verifications.create({ sealId: seal.id, currency: 'CNY', amountMinor, imprint });
  }
}

/** Certificates in states that the journeys do not leave behind. */
async function certificateData({ as }: Stage): Promise<void> {
  const administrator = as('administrator-lin').certificates;
  const officer = as('reviewer-he').certificates.applications;
  const applied = async (who: string, commonName: string) => {
    const { request } = await makeSm2Request('only for this demonstration');
    const application = await as(who).certificates.applications.create({
      kind: 'person',
      algorithm: 'sm2',
      subject: { commonName, country: 'CN' },
      request,
      requested: { role: 'maker', permissions: ['view', 'make'], limits: [] },
    });
    return application.id;
  };
  const identified = async (who: string, commonName: string) => {
    const id = await applied(who, commonName);
    await officer.identify(id, { passed: true, reference: '柜台面核' });
    return id;
  };
  const issued = async (who: string, commonName: string) => {
    const { certificates } = await administrator.applications.approve(
      await identified(who, commonName),
    );
    return certificates[0] ?? '';
  };
  await applied('customer-chen', '陈思远');
  await identified('developer-song', '宋杰');
  await issued('teller-zhou', '周敏');
  const revoked = await issued('developer-song', '宋杰');
  await administrator.thaw(revoked);
  await administrator.revoke(revoked, 'superseded');
  const suspended = await issued('customer-chen', '陈思远');
  await administrator.thaw(suspended);
  await administrator.freeze(suspended);
}

/** Orders to payees that the customer never paid, from a new device: a risk officer looks at them. */
async function waitingOrders({ as }: Stage, terminalId: string): Promise<void> {
  const orders = [
    { name: '杭州市启明商务咨询有限责任公司', account: '3301042880017730', yuan: 28_600 },
    { name: '武汉海川食品有限公司', account: '4201062210036614', yuan: 4_980 },
  ];
  for (const { name, account, yuan } of orders) {
    await as('customer-chen').payments.place({
      payee: { name, account, bank: '北辰银行' },
      currency: 'CNY',
      amountMinor: yuan * 100,
      purpose: '货款',
      terminalId,
    });
  }
}

/**
 * Fills a fresh service in demo mode with something to look at in every list: accounts, seals and
 * presented imprints of two banks, certificates in every state, and what the journeys leave.
 */
export async function sampleData(stage: Stage): Promise<void> {
  for (const one of seals) {
    for (const teller of one.tellers) await sealData(stage, one, teller);
  }
  for (const account of accounts) await stage.as('teller-zhou').accounts.create(account);
  await certificateData(stage);
  for (const play of [imprintJourney, certificateJourney, signingJourney, tokenJourney]) {
    await play(stage);
  }
  await waitingOrders(stage, await paymentJourney(stage));
}
