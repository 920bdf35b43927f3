import { confirmPayment } from '../../client/certificates.ts';
import { type KeyHolder, keyHolder } from './people.ts';
import type { Stage } from './stage.ts';

/**
 * A customer pays with half a key; what is too risky ends, and a chip that is gone changes nothing.
 * Resolves with the customer and the terminal.
 */
export async function paymentJourney(stage: Stage): Promise<KeyHolder> {
  const { as, prove, run } = stage;
  const holder = await keyHolder(stage, 'customer-chen', '陈思远');
  const customer = as(holder.who);
  const officer = as('risk-officer-xu');
  await customer.terminals.register({ personalKeyId: holder.key.id });
  prove(true, 'the customer’s device is enrolled: half of a key here, half in a chip');

  const place = (account: string) =>
    customer.payments.place({
      payee: { name: '南浦物业有限公司', account, bank: '南浦银行光明支行' },
      currency: 'CNY',
      amountMinor: 120_000,
      purpose: '三月物业费',
      terminalId: holder.key.id,
    });
  const pay = async (account: string) => {
    const order = await place(account);
    const cleared =
      order.state === 'challenged' ? await officer.assessedOrders.decide(order.id, 'allow') : order;
    return confirmPayment(holder.terminal, cleared, () => undefined);
  };

  const known = '6222020200112233445';
  const first = await place(known);
  prove(first.state === 'challenged', 'a first order from a new device waits for a risk officer');
  const allowed = await officer.assessedOrders.decide(first.id, 'allow');
  const paid = await confirmPayment(holder.terminal, allowed, () => undefined);
  prove(
    paid.state === 'executed' && paid.receipt?.text === first.text,
    'allowed, confirmed by both halves: what was shown is what was signed; the receipt is in the ledger',
  );

  const blocked = `622202${run}`;
  await officer.listedPayees.put({
    account: blocked,
    listed: 'blocked',
    reason: `演示 ${run}`,
  });
  const refused = await place(blocked);
  prove(refused.state === 'terminated', 'an order to a blocked payee is ended, and no key moves');

  const operator = as('operator-ma');
  const { chips } = await operator.chips.status();
  const chip = chips.find(({ keys }) => keys > 0);
  if (!chip) throw new Error('no chip holds a key');
  await operator.chips.halt(chip.chip);
  const late = await pay(known);
  prove(
    late.state === 'executed',
    `chip ${chip.chip} stopped while paying: paid once all the same`,
  );

  const open = await place(known);
  const stopped = await customer.payments.stop(open.id);
  prove(stopped.state === 'terminated', 'an order is stopped before it is executed, for good');
  return holder;
}
