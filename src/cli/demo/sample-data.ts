import { confirmPayment } from '../../client/certificates.ts';
import { certificateJourney } from './certificate.ts';
import { imprintJourney } from './imprint.ts';
import { paymentJourney } from './payment.ts';
import type { KeyHolder } from './people.ts';
import { certificateData } from './sample-certificates.ts';
import { sealData } from './sample-seals.ts';
import { signingJourney } from './signing.ts';
import type { Stage } from './stage.ts';
import { tokenJourney } from './token.ts';

interface SampleOrder {
  readonly name: string;
  readonly account: string;
  readonly purpose: string;
  readonly yuan: number;
}

/** Paid once already, so that the next order needs nobody's look. */
const known = { name: '南浦物业有限公司', account: '6222020200112233445' };

/** Payees that the customer never paid, from a new device: a risk officer looks at them. */
const waiting: readonly SampleOrder[] = [
  {
    name: '杭州市启明商务咨询有限责任公司',
    account: '3301042880017730',
    purpose: '咨询费',
    yuan: 28_600,
  },
  {
    name: '武汉海川食品加工有限责任公司',
    account: '4201062210036614',
    purpose: '货款',
    yuan: 4_980,
  },
];

const paid: readonly SampleOrder[] = [
  { ...known, purpose: '四月物业费', yuan: 1_200 },
  { ...known, purpose: '车位租金', yuan: 450 },
  { ...known, purpose: '五月物业费', yuan: 1_200 },
];

/** Orders that are paid, wait for the payer, and wait for an officer; the journey left ended ones. */
async function paymentData({ as }: Stage, { key, terminal }: KeyHolder): Promise<void> {
  const customer = as('customer-chen');
  const place = ({ name, account, purpose, yuan }: SampleOrder) =>
    customer.payments.place({
      payee: { name, account, bank: '南浦银行光明支行' },
      currency: 'CNY',
      amountMinor: yuan * 100,
      purpose,
      terminalId: key.id,
    });
  const cleared = async (order: SampleOrder) => {
    const placed = await place(order);
    if (placed.state !== 'challenged') return placed;
    return as('risk-officer-xu').assessedOrders.decide(placed.id, 'allow');
  };
  for (const order of paid) await confirmPayment(terminal, await cleared(order), () => undefined);
  await cleared({ ...known, purpose: '六月物业费', yuan: 1_200 });
  for (const order of waiting) await place(order);
}

/**
 * Fills a fresh service in demo mode with something to look at in every list: accounts, seals and
 * presented imprints of two banks, certificates and orders in every state that needs no waiting for,
 * and what the journeys leave. The same things in the same order each time; numbers that the
 * service gives, keys and signatures are its own.
 */
export async function sampleData(stage: Stage): Promise<void> {
  await sealData(stage);
  await certificateData(stage);
  for (const play of [imprintJourney, certificateJourney, signingJourney, tokenJourney]) {
    await play(stage);
  }
  await paymentData(stage, await paymentJourney(stage));
}
