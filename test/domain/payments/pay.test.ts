import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { beforeEach, describe, expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { freezeCertificate } from '../../../src/domain/certificates/status.ts';
import type { Settings } from '../../../src/domain/federation/settings.ts';
import { askForGesture, executeOrder } from '../../../src/domain/payments/confirm.ts';
import { agreementsNeeded } from '../../../src/domain/payments/facts.ts';
import {
  decideChallenge,
  getOrder,
  placeOrder,
  stopOrder,
} from '../../../src/domain/payments/order.ts';
import {
  finishRegistration,
  revokePasskey,
  startRegistration,
} from '../../../src/domain/tokens/passkeys.ts';
import { people } from '../../helpers/certificates.ts';
import {
  ordering,
  paymentDeps,
  signOrder,
  terms,
  weighingNothing,
} from '../../helpers/payments.ts';
import { callerOf, certifiedTerminal, type Terminal } from '../../helpers/signing.ts';
import { softAuthenticator } from '../../helpers/soft-authenticator.ts';

const gm = await loadGm();
const day = 24 * 60 * 60 * 1000;

let deps: ReturnType<typeof paymentDeps>;
let person: Terminal;

beforeEach(async () => {
  deps = paymentDeps();
  person = await certifiedTerminal(deps, 'customer-chen');
});

const place = (more?: Parameters<typeof ordering>[2]) =>
  placeOrder(deps, person.caller, ordering(deps, person, more));

async function pay(more?: Parameters<typeof ordering>[2]) {
  const order = await place(more);
  const signature = await signOrder(deps, person, order);
  return executeOrder(deps, person.caller, { id: order.id, signature });
}

describe('E7 E8: payments with the cloud key', () => {
  test('E8: an allowed order is confirmed, signed by both halves, executed and anchored', async () => {
    const order = await pay();
    expect(order).toMatchObject({ state: 'executed', assessment: { verdict: 'allow' } });
    const { receipt } = order;
    expect(receipt?.text).toBe(order.text);
    const signature = hexToBytes(receipt?.signatureHex ?? '');
    const publicKey = hexToBytes(receipt?.publicKeyHex ?? '');
    expect(gm.sm2.verify(publicKey, utf8ToBytes(order.text), signature)).toBe(true);
    expect(receipt?.chipReceipt.operation).toBe('share.sign');
    const [event] = await deps.ledger.history(`payment/${order.id}`);
    expect(event?.event).toMatchObject({ type: 'payment', recordSha256: receipt?.recordSha256 });
  });

  test('E8: what is signed is what was shown, in both languages', async () => {
    const order = await place();
    expect(order.text).toContain('向 南浦物业有限公司');
    expect(order.text).toContain('Pay CNY 1,200.00 to');
    const swapped = order.text.replaceAll('6222020200112233445', '6222020200119999999');
    await expect(signOrder(deps, person, order, swapped)).rejects.toMatchObject({
      code: 'protocol_failed',
    });
    expect((await getOrder(deps, person.caller.actor, order.id)).state).toBe('authorised');
  });

  test('E7: a high-risk order is terminated, and no key moves for it', async () => {
    deps.known.device = { enrolledAtMs: deps.clock.now(), keyStore: 'software' };
    deps.known.listed = 'watched';
    const order = await place();
    expect(order).toMatchObject({ state: 'terminated', termination: { reason: 'risk' } });
    expect(order.assessment.reasons.map(({ rule }) => rule)).toEqual([
      'payee_watched',
      'device_new',
      'payee_new',
      'device_weak',
    ]);
    await expect(signOrder(deps, person, order)).rejects.toMatchObject({ code: 'order_state' });
  });

  test('E7: a challenged order waits for an officer, who is somebody else', async () => {
    deps.known.device = { enrolledAtMs: deps.clock.now(), keyStore: 'hardware' };
    const order = await place();
    expect(order).toMatchObject({ state: 'challenged', assessment: { verdict: 'challenge' } });
    await expect(signOrder(deps, person, order)).rejects.toMatchObject({ code: 'order_state' });
    const decision = {
      payer: 'customer-chen',
      id: order.id,
      decision: 'allow',
    } as const;
    await expect(decideChallenge(deps, person.caller, decision)).rejects.toMatchObject({
      code: 'own_work',
    });
    const officer = callerOf('risk-officer-xu', 'risk_officer');
    expect((await decideChallenge(deps, officer, decision)).state).toBe('assessed');
    const cleared = await getOrder(deps, person.caller.actor, order.id);
    const signature = await signOrder(deps, person, cleared);
    const executed = await executeOrder(deps, person.caller, { id: order.id, signature });
    expect(executed.cleared).toEqual({ method: 'officer', by: 'risk-officer-xu' });
  });

  test('E8: an order can be stopped until it was executed, and then no more', async () => {
    const order = await place();
    const signature = await signOrder(deps, person, order);
    expect((await stopOrder(deps, person.caller, order.id)).state).toBe('terminated');
    await expect(
      executeOrder(deps, person.caller, { id: order.id, signature }),
    ).rejects.toMatchObject({ code: 'order_state' });
    const paid = await pay();
    await expect(stopOrder(deps, person.caller, paid.id)).rejects.toMatchObject({
      code: 'order_state',
    });
  });

  test('E8: nobody else sees, stops or confirms it', async () => {
    const order = await place();
    const other = await certifiedTerminal(deps, 'customer-wang');
    const missing = { code: 'order_not_found' };
    await expect(getOrder(deps, other.caller.actor, order.id)).rejects.toMatchObject(missing);
    await expect(stopOrder(deps, other.caller, order.id)).rejects.toMatchObject(missing);
    await expect(signOrder(deps, other, order)).rejects.toMatchObject(missing);
  });

  test('A10 E8: the limits of the certificate hold, and a frozen certificate pays nothing', async () => {
    const tooMuch = await place({ amountMinor: 10_000_001 });
    expect(tooMuch).toMatchObject({ state: 'terminated' });
    const order = await place();
    const certificateSerial = order.certificateSerial;
    await freezeCertificate(deps, people.approver, { serialHex: certificateSerial, id: 'hold' });
    await expect(signOrder(deps, person, order)).rejects.toMatchObject({
      code: 'certificate_not_active',
    });
    expect(await place()).toMatchObject({ state: 'terminated' });
  });

  test('E7: an amount that the business library calls unlike the payer is seen, and weighs by policy', async () => {
    const { rules } = weighingNothing;
    const behaviour_unusual = { points: 50, threshold: 0 };
    deps.known.policy = { ...weighingNothing, rules: { ...rules, behaviour_unusual } };
    for (let i = 0; i < 20; i++) {
      deps.clock.advance(day);
      expect((await pay({ amountMinor: 10_000 + i })).facts.behaviour).toEqual([]);
    }
    deps.clock.advance(day);
    const order = await place({ amountMinor: 900_000 });
    expect(order.facts.behaviour).toEqual(['unusual_amount']);
    expect(order).toMatchObject({ state: 'challenged', assessment: { score: 50 } });
  });

  test('A10 E8: where another must agree and nobody can, the order is refused and says so', async () => {
    const order = await place({ amountMinor: 5_000_001 });
    expect(order).toMatchObject({ state: 'terminated', termination: { reason: 'risk' } });
    expect(order.assessment.reasons[0]?.rule).toBe('second_person_impossible');
    expect(order).not.toHaveProperty('dualControl');
  });

  test('A10: who else must agree is told by the amount in CNY, at the rate of the settings', () => {
    const settings = {
      dualControlAbove: '100',
      approvers: { min: 2, ordered: false },
      rates: [{ currency: 'USD', cnyMicros: '7100000', date: '2026-11-27' }],
    } as unknown as Settings;
    const needed = (amountMinor: number, currency: string) =>
      agreementsNeeded(settings, { ...terms, amountMinor, currency });
    expect([needed(100, 'CNY'), needed(101, 'CNY')]).toEqual([0, 2]);
    expect([needed(14, 'USD'), needed(15, 'USD')]).toEqual([0, 2]);
    expect(needed(1, 'EUR')).toBe(2);
    expect(agreementsNeeded({ ...settings, dualControlAbove: '0' }, terms)).toBe(2);
  });

  test('E8: an order that nobody confirms in time has ended, by either clock', async () => {
    const order = await place();
    deps.clock.advance(31 * 60 * 1000);
    await expect(signOrder(deps, person, order)).rejects.toMatchObject({ code: 'order_expired' });
    const next = await place();
    const signature = await signOrder(deps, person, next);
    deps.clock.advance(10 * 60 * 1000);
    await expect(
      executeOrder(deps, person.caller, { id: next.id, signature }),
    ).rejects.toMatchObject({ code: 'order_expired' });
    deps.clock.advance(day);
    expect((await getOrder(deps, person.caller.actor, next.id)).termination?.reason).toBe(
      'expired',
    );
  });

  test('E8: executed again and again it is one payment', async () => {
    const order = await place();
    const signature = await signOrder(deps, person, order);
    const calls = Array.from({ length: 64 }, () =>
      executeOrder(deps, person.caller, { id: order.id, signature }),
    );
    const executed = await Promise.all(calls);
    expect(new Set(executed.map(({ receipt }) => receipt?.recordSha256)).size).toBe(1);
    expect(await deps.ledger.history(`payment/${order.id}`)).toHaveLength(1);
  });
});

describe('E3 E8: a device that a passkey guards', () => {
  const rp = { id: 'bank.example', origin: 'https://bank.example' };

  async function guarded() {
    const authenticator = await softAuthenticator(rp);
    const started = await startRegistration(deps, person.caller.actor, rp);
    const response = await authenticator.create(started.options.challenge);
    const answer = { id: started.id, label: '手机', response };
    await finishRegistration(deps, person.caller, rp, answer);
    deps.known.device = { enrolledAtMs: 0, keyStore: 'hardware', passkeyId: authenticator.id };
    return authenticator;
  }

  test('E8: pays only for an answer about this order, once for each attempt', async () => {
    const authenticator = await guarded();
    const { actor } = person.caller;
    const [order, other] = [await place(), await place()];
    await expect(signOrder(deps, person, order)).rejects.toMatchObject({ code: 'passkey_refused' });
    const asked = async (id: string) => {
      const started = await askForGesture(deps, actor, rp, id);
      const response = await authenticator.get(started.options.challenge);
      return { rp, answer: { id: started.id, response } };
    };
    const foreign = await asked(other.id);
    await expect(signOrder(deps, person, order, order.text, foreign)).rejects.toMatchObject({
      code: 'passkey_refused',
    });
    const gesture = await asked(order.id);
    const signature = await signOrder(deps, person, order, order.text, gesture);
    await expect(signOrder(deps, person, order, order.text, gesture)).rejects.toMatchObject({
      code: 'passkey_refused',
    });
    const paid = await executeOrder(deps, person.caller, { id: order.id, signature });
    expect(paid.state).toBe('executed');
    await revokePasskey(deps, person.caller, authenticator.id);
    await expect(asked(other.id)).rejects.toMatchObject({ code: 'passkey_not_found' });
    deps.known.device = undefined;
    await expect(signOrder(deps, person, other)).rejects.toMatchObject({
      code: 'terminal_not_found',
    });
  });

  test('E8: by Secure Payment Confirmation only for the payee and the amount that the browser showed', async () => {
    const authenticator = await guarded();
    const order = await place();
    const shown = {
      rpId: rp.id,
      topOrigin: rp.origin,
      payeeName: order.payee.name,
      total: { value: '1200.00', currency: 'CNY' },
      instrument: { displayName: '陈思远', icon: `${rp.origin}/seal.svg` },
    };
    const asked = async (payment: object) => {
      const started = await askForGesture(deps, person.caller.actor, rp, order.id);
      const response = await authenticator.get(started.options.challenge, { payment });
      return { rp, answer: { id: started.id, response } };
    };
    const others = [
      { ...shown, total: { value: '1200.0', currency: 'CNY' } },
      { ...shown, total: { value: '1200.00', currency: 'USD' } },
      { ...shown, payeeName: '别家物业' },
      { ...shown, payeeOrigin: 'https://shop.example' },
      { ...shown, rpId: 'evil.example' },
      { ...shown, topOrigin: 'https://evil.example' },
      { ...shown, total: undefined },
      {},
    ];
    for (const payment of others) {
      const gesture = await asked(payment);
      await expect(
        signOrder(deps, person, order, order.text, gesture),
        JSON.stringify(payment),
      ).rejects.toMatchObject({ code: 'passkey_refused' });
    }
    const signature = await signOrder(deps, person, order, order.text, await asked(shown));
    const paid = await executeOrder(deps, person.caller, { id: order.id, signature });
    expect(paid.state).toBe('executed');
  });
});
