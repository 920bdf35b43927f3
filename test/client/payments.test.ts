import { expect, test } from 'vitest';
import { readOrder, verifyReceipt } from '../../src/client/certificates.ts';
import { createClient, type Payment } from '../../src/client/index.ts';
import { freshId } from '../contract/fresh.ts';
import { startEdge } from '../helpers/edge.ts';
import { type Ask, answerOf, payerOver } from '../helpers/payer.ts';
import { terms } from '../helpers/payments.ts';

test('E7 E8: the client lists, stops, decides and states orders', async () => {
  const edge = await startEdge();
  const ask: Ask = (who, method, path, json) =>
    edge.call(path, json ? { as: who, method, json } : { as: who, method });
  const clientOf = (who: string) =>
    createClient({
      baseUrl: 'http://localhost',
      token: () => edge.tokenOf(who),
      fetch: async (url, init) => edge.app.request(String(url), init),
    });
  const payer = await payerOver(ask, 'customer-chen', freshId);
  const own = clientOf('customer-chen');
  const officer = clientOf('risk-officer-xu');
  const place = () => {
    const json = { ...terms, terminalId: payer.keyId, channel: 'online' };
    return answerOf<Payment>(ask('customer-chen', 'POST', '/v1/payments', json));
  };
  const [first, second] = [await place(), await place()];
  const waiting = await officer.assessedOrders.list({ state: 'challenged' });
  expect(waiting.items.map(({ id }) => id)).toEqual([second.id, first.id]);
  await expect(own.assessedOrders.list()).rejects.toMatchObject({ code: 'forbidden' });

  const paid = await payer.pay(await officer.assessedOrders.decide(first.id, 'allow'));
  expect((await own.payments.stop(second.id)).termination?.reason).toBe('stopped');
  await expect(own.payments.stop(first.id)).rejects.toMatchObject({ code: 'order_state' });
  expect((await own.payments.list()).items).toHaveLength(2);
  expect(await own.payments.get(first.id)).toEqual(paid);
  await receiptHolds(paid);
  const period = { from: '2026-01-01', to: '2026-12-31' };
  expect((await own.payments.statement(period)).items).toEqual([paid]);
  expect((await officer.assessedOrders.list({ state: 'challenged' })).items).toEqual([]);
});

/** Every field of a receipt changed a little: none is left that could be. */
async function receiptHolds({
  receipt,
}: {
  readonly receipt?: Payment['receipt'] | undefined;
}): Promise<void> {
  if (!receipt) throw new Error('no receipt');
  expect(await verifyReceipt(receipt)).toBe(true);
  const flipped = (text: string) => `${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`;
  const changes: Partial<typeof receipt>[] = [
    { text: receipt.text.replace('1,200.00', '1,200.01') },
    { signatureHex: flipped(receipt.signatureHex) },
    { signatureHex: '' },
    { publicKeyHex: flipped(receipt.publicKeyHex) },
    { publicKeyHex: '00' },
    { chipReceipt: { ...receipt.chipReceipt, sequence: 1_000_000 } },
    { assessmentHash: flipped(receipt.assessmentHash) },
    { executedAt: '2020-01-01T00:00:00.000Z' },
    { recordSha256: flipped(receipt.recordSha256) },
  ];
  for (const change of changes) {
    expect(await verifyReceipt({ ...receipt, ...change }), JSON.stringify(change)).toBe(false);
  }
}

test('E8: a text that is not that of the order around it is not shown, and so not signed', async () => {
  const edge = await startEdge();
  const ask: Ask = (who, method, path, json) =>
    edge.call(path, json ? { as: who, method, json } : { as: who, method });
  const payer = await payerOver(ask, 'customer-chen', freshId);
  const json = { ...terms, terminalId: payer.keyId, channel: 'online' };
  const order = await answerOf<Payment>(ask('customer-chen', 'POST', '/v1/payments', json));
  expect(readOrder(order)).toMatchObject({ order: order.id, payee: terms.payee });
  const differs = expect.objectContaining({ code: 'order_text_differs' });
  const account = terms.payee.account;
  const changes: Partial<Payment>[] = [
    { text: order.text.replaceAll(account, '6222020200119999999') },
    { text: order.text.replace('"amountMinor":120000', '"amountMinor":120001') },
    { text: ` ${order.text}` },
    { text: order.text.replace('{', '{"a":1,') },
    { text: '{}' },
    { text: 'not JSON' },
    { text: 'null' },
    { payee: { ...terms.payee, account: '6222020200119999999' } },
    { amountMinor: 1 },
    { currency: 'USD' },
    { purpose: 'x' },
    { words: { ...order.words, zh: 'x' } },
    { id: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10' },
  ];
  for (const change of changes) {
    expect(() => readOrder({ ...order, ...change }), JSON.stringify(change)).toThrow(differs);
  }
});
