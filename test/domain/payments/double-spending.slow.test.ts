import { utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { newId } from '../../../src/domain/id.ts';
import { confirmOrder, executeOrder } from '../../../src/domain/payments/confirm.ts';
import { placeOrder } from '../../../src/domain/payments/order.ts';
import type { PaymentBooks } from '../../../src/domain/payments/ports.ts';
import type { Order } from '../../../src/domain/payments/types.ts';
import { startSignature } from '../../helpers/joint-key.ts';
import { ordering, paymentDeps, signOrder, weighingNothing } from '../../helpers/payments.ts';
import { certifiedTerminal, type Terminal } from '../../helpers/signing.ts';

const gm = await loadGm();
const dayMs = 24 * 60 * 60 * 1000;
const attempts = 64;

/** A payer and a policy under which haste ends nothing. */
async function hastyPayer(deps: ReturnType<typeof paymentDeps>): Promise<Terminal> {
  deps.known.policy = weighingNothing;
  return certifiedTerminal(deps, 'customer-chen');
}

const settled = async <T>(act: () => Promise<T>) => {
  const answers = await Promise.allSettled(Array.from({ length: attempts }, act));
  return answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
};

test('E8: 200 orders, each confirmed 64 times and executed 64 times at once, are 200 payments', async () => {
  const deps = paymentDeps();
  const person = await hastyPayer(deps);
  const { tenant } = person.caller.actor;
  const counted = { confirmed: 0, executed: 0, payments: 0 };
  for (let round = 0; round < 200; round++) {
    // Thirty a day stay below the count that the certificate allows.
    if (round % 30 === 0) deps.clock.advance(dayMs);
    const request = ordering(deps, person, { amountMinor: 1_000 });
    const order = await placeOrder(deps, person.caller, request);
    const key = { tenant, keyId: order.personalKeyId };
    const text = utf8ToBytes(order.text);
    const { state, ...sent } = startSignature(person.share, key, text, newId(deps));
    const confirmation = { id: order.id, ...sent };
    const replies = await settled(() => confirmOrder(deps, person.caller, confirmation));
    expect(new Set(replies.map(({ reply }) => reply.join())).size).toBe(1);
    const [first] = replies;
    if (!first) throw new Error('nothing was confirmed');
    const whole = { id: order.id, signature: gm.twoParty.sign.clientFinish(state, first.reply) };
    const executed = await settled(() => executeOrder(deps, person.caller, whole));
    expect(new Set(executed.map(({ receipt }) => receipt?.recordSha256)).size).toBe(1);
    counted.confirmed += replies.length;
    counted.executed += executed.length;
    counted.payments += (await deps.ledger.history(`payment/${order.id}`)).length;
  }
  process.stdout.write(`\nE8 200 x ${attempts}: ${JSON.stringify(counted)}\n`);
  expect(counted.payments).toBe(200);
});

/** Two hundred orders of 100.00 each are confirmed at once against a day's limit of 10,000.00. */
async function race(books: (exact: PaymentBooks) => PaymentBooks): Promise<readonly Order[]> {
  const deps = paymentDeps();
  const { settingsSource } = deps;
  const limit = { channel: 'direct', currency: 'CNY', single: '10000', daily: '1000000' } as const;
  const limited = {
    ...deps,
    books: books(deps.books),
    settingsSource: {
      ...settingsSource,
      async settingsFor(...args: Parameters<typeof settingsSource.settingsFor>) {
        const { settings, reasons } = await settingsSource.settingsFor(...args);
        return { settings: { ...settings, limits: [{ ...limit, count: 1_000 }] }, reasons };
      },
    },
  };
  const person = await hastyPayer(limited);
  const orders: Order[] = [];
  for (let i = 0; i < 200; i++) {
    const request = ordering(limited, person, { amountMinor: 10_000 });
    orders.push(await placeOrder(limited, person.caller, request));
  }
  const raced = await Promise.allSettled(orders.map((order) => signOrder(limited, person, order)));
  const paid: Order[] = [];
  for (const [i, order] of orders.entries()) {
    const answer = raced[i];
    // One key signs one text at a time: whose amount is set aside asks for the signature again.
    if (answer?.status === 'rejected' && answer.reason.code !== 'personal_key_busy') continue;
    const signature =
      answer?.status === 'fulfilled' ? answer.value : await signOrder(limited, person, order);
    paid.push(await executeOrder(limited, person.caller, { id: order.id, signature }));
  }
  return paid.filter(({ state }) => state === 'executed');
}

test('E8: of 200 orders that race for a limit of 100, 100 are paid, to the cent', async () => {
  const paid = await race((exact) => exact);
  expect(paid).toHaveLength(100);
  expect(paid.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(1_000_000);
});

test('E8: the same race on a book that looks first and writes later overspends', async () => {
  const endless = { singleMinor: 1e15, dailyMinor: 1e15, dailyCount: 1e9 };
  const paid = await race((exact) => ({
    ...exact,
    async authorise(tenant, payer, id, input) {
      const { nowMs, utcOffsetMinutes } = input;
      const query = { currency: 'CNY', payeeAccount: '', nowMs, utcOffsetMinutes };
      const { spentTodayMinor } = await exact.view(tenant, payer, query);
      const isNew = (await exact.find(tenant, payer, id, nowMs))?.state !== 'authorised';
      if (isNew && spentTodayMinor + 10_000 > input.limits.dailyMinor) {
        throw new CinnabarError('order_over_limit');
      }
      return exact.authorise(tenant, payer, id, { ...input, limits: endless });
    },
  }));
  process.stdout.write(`\nE8 canary: ${paid.length} of 200 paid against a limit for 100\n`);
  expect(paid.length).toBeGreaterThan(100);
});
