import { expect, test } from 'vitest';
import { createClient } from '../../src/client/index.ts';
import type { Payment } from '../../src/edge/schemas/payments.ts';
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
  const period = { from: '2026-01-01', to: '2026-12-31' };
  expect((await own.payments.statement(period)).items).toEqual([paid]);
  expect((await officer.assessedOrders.list({ state: 'challenged' })).items).toEqual([]);
});
