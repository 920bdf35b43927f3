import { describe, expect, test } from 'vitest';
import { readOrder, verifyReceipt } from '../../src/client/certificates.ts';
import { createClient, type Payment } from '../../src/client/index.ts';
import { hashOf } from '../../src/domain/payments/assessment.ts';
import type { Place } from '../../src/domain/risk/types.ts';
import { freshId } from '../contract/fresh.ts';
import { bodyOf, enrolled, startEdge, verificationForm } from '../helpers/edge.ts';
import { ringWithCross, ringWithSquare } from '../helpers/imprints.ts';
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
    const json = { ...terms, terminalId: payer.keyId };
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
  expect(await verifyReceipt(receipt)).toEqual({ ok: true });
  const chip = String(receipt.chipReceipt.chipPublicKeyHex);
  expect(await verifyReceipt(receipt, [chip])).toEqual({ ok: true });
  expect(await verifyReceipt(receipt, [])).toEqual({ ok: false, code: 'chip_signature_invalid' });
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
    { cleared: null },
    { cleared: { method: 'biometric', by: 'risk-officer-xu' } },
    { chipAsked: { ...receipt.chipAsked, epoch: receipt.chipAsked.epoch + 1 } },
    { assessment: { ...receipt.assessment, score: 0 } },
  ];
  for (const change of changes) {
    const verdict = await verifyReceipt({ ...receipt, ...change });
    expect(verdict.ok, JSON.stringify(change)).toBe(false);
  }
  // Whoever also makes the record anew is found by what is inside.
  const forged = async (change: Partial<typeof receipt>) => {
    const changed = { ...receipt, ...change };
    return verifyReceipt({ ...changed, recordSha256: recordOf(changed) });
  };
  const other = '0'.repeat(64);
  const { epoch, message } = receipt.chipAsked;
  const asked = (change: object) => ({ chipAsked: { epoch, message, ...change } });
  expect(await forged({})).toEqual({ ok: true });
  for (const [change, code] of [
    [{ signatureHex: flipped(receipt.signatureHex) }, 'signature_invalid'],
    [{ text: receipt.text.replace('1,200.00', '1,200.01') }, 'signature_invalid'],
    [{ assessment: { ...receipt.assessment, reasons: [] } }, 'assessment_differs'],
    [{ assessmentHash: other }, 'assessment_differs'],
    [{ chipReceipt: { ...receipt.chipReceipt, sequence: 9_999 } }, 'chip_signature_invalid'],
    [{ chipReceipt: {} }, 'chip_signature_invalid'],
    [asked({ message: `B${message.slice(1)}` }), 'chip_of_other_text'],
    [asked({ message: '' }), 'chip_of_other_text'],
    [asked({ epoch: epoch + 1 }), 'chip_of_other_text'],
  ] as const) {
    expect(await forged(change), JSON.stringify(change)).toEqual({ ok: false, code });
  }
}

function recordOf({
  recordSha256: _,
  executedAt,
  ledgerIndex: __,
  ...rest
}: NonNullable<Payment['receipt']>): string {
  return hashOf({ ...rest, executedAtMs: Date.parse(executedAt) });
}

test('E8: a text that is not that of the order around it is not shown, and so not signed', async () => {
  const edge = await startEdge();
  const ask: Ask = (who, method, path, json) =>
    edge.call(path, json ? { as: who, method, json } : { as: who, method });
  const payer = await payerOver(ask, 'customer-chen', freshId);
  const json = { ...terms, terminalId: payer.keyId };
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
    { assessmentHash: '0'.repeat(64) },
  ];
  for (const change of changes) {
    expect(() => readOrder({ ...order, ...change }), JSON.stringify(change)).toThrow(differs);
  }
});

/** A customer who pays over HTTP, and what others do beside. */
async function paying() {
  const edge = await startEdge();
  const ask: Ask = (who, method, path, json) =>
    edge.call(path, json ? { as: who, method, json } : { as: who, method });
  const payer = await payerOver(ask, 'customer-chen', freshId);
  const place = (more: object = {}) =>
    answerOf<Payment>(
      ask('customer-chen', 'POST', '/v1/payments', { ...terms, terminalId: payer.keyId, ...more }),
    );
  const allow = (id: string) =>
    answerOf<Payment>(
      ask('risk-officer-xu', 'POST', `/v1/risk/orders/${id}/decision`, { decision: 'allow' }),
    );
  const codeOf = async (asked: Promise<Response>) =>
    ((await (await asked).json()) as { code?: string }).code;
  const confirm = (payment: Payment) =>
    ask('customer-chen', 'POST', `/v1/payments/${payment.id}/confirm`, payer.start(payment).body);
  return { edge, ask, payer, place, allow, codeOf, confirm };
}

describe('E8: between the order and its confirmation', () => {
  test('A10 E8: above what one person may decide, another of the organisation agrees first', async () => {
    const { ask, payer, place, allow, codeOf, confirm } = await paying();
    await payerOver(ask, 'teller-zhou', freshId);
    const at = await allow((await place({ amountMinor: 5_000_000 })).id);
    expect(at.dualControl).toBeUndefined();
    const above = await allow((await place({ amountMinor: 5_000_001 })).id);
    expect(above.dualControl).toEqual({ organization: '北辰银行', needed: 1, agreed: [] });
    expect(await codeOf(confirm(above))).toBe('second_person_needed');
    const agree = (who: string) => ask(who, 'POST', `/v1/payments/${above.id}/agree`);
    expect(await codeOf(agree('customer-chen'))).toBe('own_work');
    for (const stranger of ['developer-song', 'teller-wu']) {
      expect(await codeOf(agree(stranger)), stranger).toBe('order_not_found');
    }
    const waiting = async (who: string) =>
      (await answerOf<{ items: Payment[] }>(ask(who, 'GET', '/v1/payment-agreements'))).items.map(
        ({ id }) => id,
      );
    expect(await waiting('teller-zhou')).toEqual([above.id]);
    expect(await waiting('customer-chen')).toEqual([]);
    expect(await waiting('developer-song')).toEqual([]);
    const agreed = await answerOf<Payment>(agree('teller-zhou'));
    expect(await answerOf<Payment>(agree('teller-zhou'))).toEqual(agreed);
    expect(await waiting('teller-zhou')).toEqual([]);
    const { receipt } = await payer.pay(agreed);
    expect(receipt?.agreed.map(({ by }) => by)).toEqual(['teller-zhou']);
    if (!receipt) throw new Error('no receipt');
    expect(await verifyReceipt(receipt)).toEqual({ ok: true });
    expect(await verifyReceipt({ ...receipt, agreed: [] })).toEqual({
      ok: false,
      code: 'record_differs',
    });
    expect(await codeOf(agree('teller-zhou'))).toBe('order_state');
  });

  test('A10 E8: who waits is found behind any number that does not, in every organisation', async () => {
    const { edge, ask, place } = await paying();
    await payerOver(ask, 'teller-zhou', freshId);
    edge.clock.advance(1_000);
    await payerOver(ask, 'teller-zhou', freshId, '南浦物业有限公司');
    const above = { amountMinor: 5_000_001 };
    const waiting: string[] = [];
    const add = async () => {
      edge.clock.advance(1);
      const { id, state } = await place(above);
      expect(state).toBe('challenged');
      waiting.unshift(id);
      return id;
    };
    for (let i = 0; i < 60; i++) {
      const id = await add();
      if (i > 3 && i < 57) {
        await answerOf(ask('customer-chen', 'POST', `/v1/payments/${id}/stop`));
        waiting.shift();
      }
    }
    // Some wait for an officer as well, and some do not.
    const decision = { decision: 'allow' };
    for (const id of [waiting[0], waiting[5]]) {
      await answerOf(ask('risk-officer-xu', 'POST', `/v1/risk/orders/${id}/decision`, decision));
    }
    for (const limit of [1, 2, 3, 50, 100]) {
      const found: string[] = [];
      let cursor: string | null = '';
      while (cursor !== null) {
        const query: string = `limit=${limit}${cursor && `&cursor=${cursor}`}`;
        const page: { items: Payment[]; nextCursor: string | null } = await answerOf(
          ask('teller-zhou', 'GET', `/v1/payment-agreements?${query}`),
        );
        expect(page.items.length).toBeLessThanOrEqual(limit);
        found.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
      }
      expect(found, String(limit)).toEqual(waiting);
    }
  });

  test('A10 E8: an agreement counts as long as the certificate behind it is in force', async () => {
    const { edge, ask, payer, place, allow, codeOf, confirm } = await paying();
    const zhou = await payerOver(ask, 'teller-zhou', freshId);
    const { id } = await allow((await place({ amountMinor: 5_000_001 })).id);
    const agree = () => answerOf<Payment>(ask('teller-zhou', 'POST', `/v1/payments/${id}/agree`));
    const first = await agree();
    const frozen = { reason: 'certificateHold' };
    await answerOf(
      ask('administrator-lin', 'POST', `/v1/certificates/${zhou.serial}/freeze`, frozen),
    );
    expect(await codeOf(confirm(first))).toBe('second_person_needed');
    const shown = await answerOf<Payment>(ask('customer-chen', 'GET', `/v1/payments/${id}`));
    expect(first.dualControl?.agreed).toMatchObject([{ stands: true }]);
    expect(shown.dualControl?.agreed).toMatchObject([{ by: 'teller-zhou', stands: false }]);
    // By a new certificate the same person agrees again, and counts once.
    edge.clock.advance(1_000);
    const { serial } = await payerOver(ask, 'teller-zhou', freshId);
    const waiting = ask('teller-zhou', 'GET', '/v1/payment-agreements');
    expect((await answerOf<{ items: Payment[] }>(waiting)).items).toMatchObject([{ id }]);
    const { receipt } = await payer.pay(await agree());
    expect(receipt?.agreed.map(({ certificateSerial }) => certificateSerial)).toEqual([serial]);
  });

  test('E7 E8: a payee who came onto the list since then is not paid', async () => {
    const { edge, ask, place, allow, codeOf, confirm } = await paying();
    const order = await allow((await place()).id);
    const listed = (value: string) =>
      answerOf(
        ask('risk-officer-xu', 'PUT', '/v1/risk/payees', {
          account: terms.payee.account,
          listed: value,
          reason: '多起投诉',
        }),
      );
    await listed('watched');
    expect(await codeOf(confirm(order))).toBe('payee_changed');
    const ended = await answerOf<Payment>(ask('customer-chen', 'GET', `/v1/payments/${order.id}`));
    expect(ended).toMatchObject({ state: 'terminated', termination: { reason: 'risk' } });
    // Placed again it is assessed by the list: watched is one reason among others.
    edge.clock.advance(60_000);
    // Its payer is told that the bank must look; the officer, at what.
    const again = await place();
    const rulesOf = ({ assessment }: Payment) => assessment.reasons.map(({ rule }) => rule);
    expect(rulesOf(again)).toContain('needs_look');
    const own = ask('customer-chen', 'GET', `/v1/payments/${again.id}`);
    expect(JSON.stringify(await answerOf(own))).not.toContain('watched');
    const { items } = await answerOf<{ items: Payment[] }>(
      ask('risk-officer-xu', 'GET', '/v1/risk/orders'),
    );
    const seen = items.find(({ id }) => id === again.id);
    expect(seen && rulesOf(seen)).toContain('payee_watched');
    await listed('none');
  });

  test('E7: an account is the same however it is written, on the list and in the order', async () => {
    const { edge, ask, payer, place, allow, codeOf, confirm } = await paying();
    const list = (account: string, listed: string) =>
      answerOf<{ account: string }>(
        ask('risk-officer-xu', 'PUT', '/v1/risk/payees', { account, listed, reason: '涉诈账户' }),
      );
    const to = (account: string) => place({ payee: { ...terms.payee, account } });
    const rulesOf = ({ assessment }: Payment) => assessment.reasons.map(({ rule }) => rule);
    const spellings = ['NB62220299', 'nb62220299', 'NB-6222-0299', 'nb.6222/0299', 'N-b/62220.299'];
    for (const listed of spellings) {
      expect((await list(listed, 'blocked')).account).toBe(spellings[0]);
      for (const account of spellings) {
        const order = await to(account);
        expect(order, `${listed} ${account}`).toMatchObject({
          state: 'terminated',
          payee: { account: spellings[0] },
        });
        expect(rulesOf(order)).toContain('payee_blocked');
      }
      await list(String(spellings[1]), 'none');
    }
    // The recheck at confirmation and what was paid before go by the same spelling.
    const order = await allow((await to('nb-6222-0299')).id);
    expect(JSON.parse(order.text)).toMatchObject({ payee: { account: spellings[0] } });
    await list('nb6222/0299', 'blocked');
    expect(await codeOf(confirm(order))).toBe('payee_changed');
    await list('NB.62220299', 'none');
    const first = await to('nb6222-0299');
    expect(rulesOf(first)).toContain('payee_new');
    await payer.pay(await allow(first.id));
    edge.clock.advance(60 * 24 * 60 * 60_000);
    expect(rulesOf(await to('NB/6222/0299'))).not.toContain('payee_new');
    expect(rulesOf(await to('NB/6222/0298'))).toContain('payee_new');
  });

  test('E7: an order that nobody decided in time leaves the officers’ queue as expired', async () => {
    const { edge, ask, place } = await paying();
    const { id } = await place();
    const listed = async (state: string) =>
      (
        await answerOf<{ items: Payment[] }>(
          ask('risk-officer-xu', 'GET', `/v1/risk/orders?state=${state}`),
        )
      ).items;
    expect((await listed('challenged')).map((order) => order.id)).toEqual([id]);
    edge.clock.advance(31 * 60_000);
    expect(await listed('challenged')).toEqual([]);
    expect(await listed('terminated')).toMatchObject([{ id, termination: { reason: 'expired' } }]);
  });

  test('E3: a device is renamed by its person, and keeps the name when it gets a passkey', async () => {
    const { ask, payer, codeOf } = await paying();
    const path = `/v1/terminals/${payer.keyId}`;
    const rename = (who: string, label: string) => ask(who, 'PATCH', path, { label });
    expect(await codeOf(rename('teller-zhou', '旧手机'))).toBe('terminal_not_found');
    expect(await codeOf(rename('customer-chen', ''))).toBe('invalid_request');
    expect(await answerOf(rename('customer-chen', '旧手机'))).toMatchObject({ label: '旧手机' });
    const again = ask('customer-chen', 'POST', '/v1/terminals', { personalKeyId: payer.keyId });
    expect(await answerOf(again)).toMatchObject({ label: '旧手机' });
  });
});

describe('E7: what the network and the paper say of an order', () => {
  const inHangzhou = { country: 'CN', latitudeTenths: 303, longitudeTenths: 1202 };
  const inNewYork = { country: 'US', latitudeTenths: 407, longitudeTenths: -740 };

  async function placed() {
    const edge = await startEdge();
    let place: Place | undefined;
    const ask: Ask = async (who, method, path, json) => {
      const headers = new Headers({ authorization: `Bearer ${await edge.tokenOf(who)}` });
      if (json) headers.set('content-type', 'application/json');
      const init = { method, headers, ...(json ? { body: JSON.stringify(json) } : {}) };
      return edge.app.request(`http://localhost${path}`, init, place ? { place } : {});
    };
    const payer = await payerOver(ask, 'customer-chen', freshId);
    const order = (more: object = {}) =>
      ask('customer-chen', 'POST', '/v1/payments', { ...terms, terminalId: payer.keyId, ...more });
    const decide = (id: string) =>
      ask('risk-officer-xu', 'POST', `/v1/risk/orders/${id}/decision`, { decision: 'allow' });
    const from = (told: Place | undefined) => {
      place = told;
    };
    return { edge, ask, payer, order, decide, from };
  }
  const rulesOf = ({ assessment }: Payment) => assessment.reasons.map(({ rule }) => rule);

  test('E7: an order from a place that nobody reaches in the time is judged so, and says it', async () => {
    const { edge, ask, payer, order, decide, from } = await placed();
    from(inHangzhou);
    const first = await answerOf<Payment>(order());
    expect(first.evidence).toEqual({ place: inHangzhou });
    const paid = await payer.pay(await answerOf<Payment>(decide(first.id)));
    expect(paid.receipt?.assessment).toMatchObject({ evidence: first.evidence });
    edge.clock.advance(10 * 60_000);
    from(inNewYork);
    const far = await answerOf<Payment>(order());
    expect(rulesOf(far)).toContain('travel_impossible');
    expect(far.evidence.movement?.km).toBeGreaterThan(11_000);
    const seen = await answerOf<{ items: Payment[] }>(
      ask('risk-officer-xu', 'GET', '/v1/risk/orders?limit=1'),
    );
    expect(seen.items[0]?.evidence).toEqual(far.evidence);
    from(inHangzhou);
    expect(rulesOf(await answerOf<Payment>(order()))).not.toContain('travel_impossible');
    from(undefined);
    const unknown = await answerOf<Payment>(order());
    expect(unknown.evidence).toEqual({ place: 'unknown' });
    expect(rulesOf(unknown)).not.toContain('travel_impossible');
  });

  test('E7: no payer says where it is, nor under which limits it pays', async () => {
    const { order, from } = await placed();
    from(undefined);
    for (const lie of [
      { place: inHangzhou },
      { movement: { km: 0, sinceMs: 1 } },
      { sealVerification: 'pass' },
      { channel: 'counter' },
    ]) {
      expect((await order(lie)).status, JSON.stringify(lie)).toBe(400);
    }
    const placedOrder = await answerOf<Payment>(order());
    expect(placedOrder).toMatchObject({ channel: 'direct', evidence: { place: 'unknown' } });
  });

  test('E7 B: an order leans on one fresh verification over its own money, and on no verdict of its payer', async () => {
    const { edge, order } = await placed();
    const { sealId } = await enrolled(edge, ringWithCross);
    const verified = async (imprint: Uint8Array) => {
      const form = verificationForm(sealId, imprint);
      const answer = await bodyOf(await edge.call('/v1/seal-verifications', { form }));
      return { sealVerificationId: String(answer.id), verdict: answer.verdict };
    };
    const money = { amountMinor: 1_250_000 };
    const leaning = (sealVerificationId: string, more: object = {}) =>
      order({ ...money, sealVerificationId, ...more });
    const refusal = async (asked: Promise<Response>) => {
      const { code, errors } = (await (await asked).json()) as Record<string, unknown>;
      return [code, (errors as { code: string }[])[0]?.code];
    };

    const good = await verified(ringWithCross);
    expect(good.verdict).toBe('pass');
    const first = await answerOf<Payment>(leaning(good.sealVerificationId));
    expect(first.evidence.seal).toMatchObject({
      verificationId: good.sealVerificationId,
      sealId,
      verdict: 'pass',
    });
    const refused = 'seal_verification_refused';
    expect(await refusal(leaning(good.sealVerificationId))).toEqual([refused, 'used']);
    const next = await verified(ringWithCross);
    expect(await refusal(leaning(next.sealVerificationId, { amountMinor: 1 }))).toEqual([
      refused,
      'other_money',
    ]);
    expect(await refusal(leaning(freshId()))).toEqual([refused, 'unknown']);
    const forged = await verified(ringWithSquare);
    expect(forged.verdict).toBe('fail');
    const ended = await answerOf<Payment>(leaning(forged.sealVerificationId));
    expect(ended).toMatchObject({ state: 'terminated', termination: { reason: 'risk' } });
    expect(rulesOf(ended)[0]).toBe('seal_refused');
    edge.clock.advance(25 * 60 * 60_000);
    expect(await refusal(leaning(next.sealVerificationId))).toEqual([refused, 'stale']);
  });
});
