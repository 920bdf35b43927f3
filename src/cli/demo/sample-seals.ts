import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '../../client/index.ts';
import type { Stage } from './stage.ts';

type SealShape = Parameters<Client['seals']['enrol']>[0]['shape'];

interface SampleSeal {
  readonly picture: string;
  readonly serial: string;
  readonly shape: SealShape;
  readonly remark: string;
  /** Presented imprints, at which branch, and for what amount in fen. What they are is not said. */
  readonly presented: readonly (readonly [picture: string, branch: string, amountMinor: number])[];
}

interface SampleAccount {
  readonly number: string;
  readonly name: string;
  readonly contact: string;
  readonly seals: readonly SampleSeal[];
}

const headOffice = '0100';
const binjiang = '0102';
const chengxi = '0103';

/** Every name is invented; the pictures are the console's samples. */
const accounts: readonly SampleAccount[] = [
  {
    number: '3301042880017730',
    name: '杭州市启明商务咨询有限责任公司',
    contact: '0571-5550 0140',
    seals: [
      {
        picture: 'r01',
        serial: 'QM-01',
        shape: 'round',
        remark: '财务专用章',
        presented: [
          ['r01-g0', binjiang, 980_000],
          ['r01-g1', headOffice, 12_860_000],
          ['r01-f-tamper0', binjiang, 4_600_000],
          ['r01-f-text0', chengxi, 91_235_000],
        ],
      },
      {
        picture: 's06',
        serial: 'QM-02',
        shape: 'square',
        remark: '法人名章',
        presented: [['s06-g0', binjiang, 980_000]],
      },
    ],
  },
  {
    number: '3202051770041206',
    name: '无锡市云帆商务咨询有限公司',
    contact: '0510-5550 0177',
    seals: [
      {
        picture: 't05',
        serial: 'YF-01',
        shape: 'rectangle',
        remark: '财务专用章',
        presented: [
          ['t05-g0', binjiang, 2_300_000],
          ['t05-f-font0', chengxi, 2_300_000],
        ],
      },
    ],
  },
  {
    number: '3301042880017748',
    name: '许伟',
    contact: '0571-5550 0166',
    seals: [
      {
        picture: 's06',
        serial: 'XW-01',
        shape: 'square',
        remark: '法人名章',
        presented: [
          ['s06-g0', binjiang, 560_000],
          ['s06-f-recut0', headOffice, 560_000],
        ],
      },
    ],
  },
  {
    number: '3202051770041214',
    name: '无锡正阳食品加工有限公司',
    contact: '0510-5550 0121',
    seals: [
      {
        picture: 'r00',
        serial: 'ZY-01',
        shape: 'round',
        remark: '公章',
        presented: [
          ['r00-g0', binjiang, 18_400_000],
          ['r00-f-recut0', binjiang, 3_150_000],
        ],
      },
    ],
  },
  {
    number: '3701030990028851',
    name: '济南同心环保材料有限责任公司',
    contact: '0531-5550 0102',
    seals: [
      {
        picture: 'r02',
        serial: 'TX-01',
        shape: 'round',
        remark: '公章',
        presented: [
          ['r02-g1', chengxi, 7_720_000],
          ['r02-f-tamper0', chengxi, 66_000_000],
        ],
      },
    ],
  },
  {
    number: '4201062210036614',
    name: '武汉海川食品加工有限责任公司',
    contact: '027-5550 0118',
    seals: [
      {
        picture: 'o03',
        serial: 'HC-01',
        shape: 'oval',
        remark: '收讫章',
        presented: [
          ['o03-g0', headOffice, 1_090_000],
          ['o03-f-tamper0', binjiang, 1_090_000],
        ],
      },
    ],
  },
  {
    number: '4201062210036622',
    name: '武汉市同心信息技术有限公司',
    contact: '027-5550 0126',
    seals: [
      {
        picture: 't04',
        serial: 'TI-01',
        shape: 'rectangle',
        remark: '法定代表人章',
        presented: [['t04-g0', binjiang, 5_240_000]],
      },
    ],
  },
  {
    number: '3301042880017756',
    name: '钱伟',
    contact: '0571-5550 0171',
    seals: [
      {
        picture: 's07',
        serial: 'QW-01',
        shape: 'square',
        remark: '法人名章',
        presented: [['s07-g0', binjiang, 320_000]],
      },
    ],
  },
];

/** Accounts that have no seal yet. */
const withoutSeal: readonly Omit<SampleAccount, 'seals'>[] = [
  { number: '3201071180059942', name: '南京远帆贸易有限公司', contact: '025-5550 0100' },
  { number: '3301042880017764', name: '杭州云栖茶业有限公司', contact: '0571-5550 0182' },
];

/** The other bank knows some of the same companies, under numbers of its own. */
const atTheOtherBank: readonly string[] = ['QM-01', 'XW-01', 'TX-01', 'QW-01'];
const otherBranch = '0203';

async function enrolled({ as, sample }: Stage, teller: string, cardId: string, one: SampleSeal) {
  const { picture, serial, shape, remark } = one;
  const imprint = await sample(`${picture}-reserved`);
  const seal = await as(teller).seals.enrol({ cardId, serial, shape, remark, imprint });
  return 'revision' in seal ? seal : undefined;
}

async function accountData(stage: Stage, teller: string, one: SampleAccount, branch?: string) {
  const client = stage.as(teller);
  const { seals, ...facts } = one;
  const account = await client.accounts.create(facts);
  const card = await client.cards.create({
    accountId: account.id,
    number: `${facts.number.slice(-6)}-1`,
    startDate: '2024-01-01',
    endDate: '2099-12-31',
  });
  const made: string[] = [];
  for (const item of seals) {
    const seal = await enrolled(stage, teller, card.id, item);
    if (!seal) continue;
    made.push(seal.id);
    for (const [picture, at, amountMinor] of item.presented) {
      const imprint = await stage.sample(picture);
      const voucher = { sealId: seal.id, currency: 'CNY', amountMinor, imprint };
      await client.verifications.create({ ...voucher, branch: branch ?? at });
    }
  }
  return { account, card, seals: made };
}

/** One card that ended, one seal that is suspended and one that is closed. */
async function endedData(stage: Stage, teller: string): Promise<void> {
  const client = stage.as(teller);
  const account = await client.accounts.create({
    number: '3301042880017772',
    name: '杭州拾光文化传媒有限公司',
    contact: '0571-5550 0190',
  });
  const card = (number: string, startDate: string, endDate: string) =>
    client.cards.create({ accountId: account.id, number, startDate, endDate });
  const ended = await card('017772-1', '2021-01-01', '2023-12-31');
  const current = await card('017772-2', '2024-01-01', '2099-12-31');
  const round = { picture: 'r01', shape: 'round', remark: '财务专用章', presented: [] } as const;
  await enrolled(stage, teller, ended.id, { ...round, serial: 'SG-01' });
  for (const [serial, status, reason] of [
    ['SG-02', 'suspended', '客户挂失，待补办'],
    ['SG-03', 'closed', '客户更换印章'],
  ] as const) {
    const seal = await enrolled(stage, teller, current.id, { ...round, serial });
    if (!seal) continue;
    await client.seals.setStatus(seal.id, { revision: seal.revision, status, reason });
  }
}

/** What came in one envelope: the service verifies it in the background. */
const batched: readonly (readonly [picture: string, serial: string, amountMinor: number])[] = [
  ['r01-g0', 'QM-01', 328_000],
  ['s06-g0', 'QM-02', 328_000],
  ['r01-f-text0', 'QM-01', 1_750_000],
];

async function batchData({ as, sample }: Stage): Promise<void> {
  const client = as('teller-zhou').jobs;
  const pictures = await Promise.all(batched.map(([picture]) => sample(picture)));
  const rows = batched.map(([, serial, amountMinor], at) => {
    const { name, dpi } = pictures[at] ?? {};
    return `${name},${serial},CNY,${amountMinor},${binjiang},回单 ${at + 1},${dpi}`;
  });
  const { id } = await client.submitBatch({
    title: '滨江支行 回单',
    manifest: new Blob([
      ['picture,seal,currency,amountMinor,branch,reference,dpi', ...rows].join('\n'),
    ]),
    pictures: pictures.map(({ bytes, name = '' }) => new File([bytes], name)),
  });
  // So that what comes after it also stands after it in every list.
  for (let asked = 0; asked < 120; asked++) {
    if ((await client.get(id)).state !== 'running') return;
    await wait(500);
  }
}

/** A policy by branch and amount that two people put in force, and a change that waits. */
async function policyData({ as }: Stage): Promise<void> {
  const administrator = as('administrator-lin').policies;
  const level = { currency: 'CNY', vendorCount: 'all' } as const;
  const policy = {
    defaultCount: 'all',
    branches: { [headOffice]: 'all', [binjiang]: 3, [chengxi]: 3 },
    levels: [
      { ...level, fromMinor: 10_000_000, secondReviewer: false },
      { ...level, fromMinor: 50_000_000, secondReviewer: true },
    ],
    approveChanges: false,
  } satisfies Parameters<typeof administrator.propose>[0]['policy'];
  const first = await administrator.propose({ baseVersion: 0, policy, reason: '网点与金额分级' });
  await as('risk-officer-xu').policies.decide(first.id, { decision: 'approve', reason: '同意' });
  await administrator.propose({
    baseVersion: 1,
    policy: { ...policy, approveChanges: true },
    reason: '建库与变更改为双人',
  });
}

/** Accounts, cards and seals of two banks and several branches, with what was presented. */
export async function sealData(stage: Stage): Promise<void> {
  const teller = 'teller-zhou';
  await policyData(stage);
  for (const one of accounts) {
    const { card, seals } = await accountData(stage, teller, one);
    if (seals.length < 2) continue;
    // Finance and legal person together answer for this card.
    await stage
      .as(teller)
      .cards.change(card.id, { version: card.version, combinations: [seals], reason: '双章并用' });
  }
  for (const account of withoutSeal) await stage.as(teller).accounts.create(account);
  await endedData(stage, teller);
  await batchData(stage);
  for (const one of accounts) {
    const seals = one.seals.filter(({ serial }) => atTheOtherBank.includes(serial));
    if (seals.length > 0) await accountData(stage, 'teller-wu', { ...one, seals }, otherBranch);
  }
}
