import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freezeCertificate } from '../../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { createBook } from '../../../src/domain/payments/book.ts';
import { placeOrder, stopOrder } from '../../../src/domain/payments/order.ts';
import type { PaymentDeps } from '../../../src/domain/payments/ports.ts';
import { calendarDay } from '../../../src/lib/time.ts';
import { memoryBookStore } from '../../../src/platform/memory/payment-books.ts';
import { people } from '../../helpers/certificates.ts';
import { dyingPorts, neverCalled } from '../../helpers/dying.ts';
import {
  bookOrder,
  intention,
  ordering,
  paymentDeps,
  terms,
  weighingNothing,
} from '../../helpers/payments.ts';
import { certifiedTerminal, type Terminal } from '../../helpers/signing.ts';

const utcOffsetMinutes = 480;
const dayMs = 24 * 60 * 60 * 1000;

let deps: ReturnType<typeof paymentDeps>;
let person: Terminal;

beforeAll(async () => {
  deps = paymentDeps();
  deps.known.policy = weighingNothing;
  person = await certifiedTerminal(deps, 'customer-chen');
});

/** Every call of an order's life that leaves something behind. */
const writes = {
  books: ['place', 'authorise', 'answered', 'execute', 'annotate', 'terminate'],
  audit: ['append'],
  ledger: ['appendNext'],
  riskRegister: ['keep'],
  signing: ['write'],
  shares: ['sign'],
} as const;

const called = new Set<string>();
afterAll(() => expect(neverCalled<typeof writes>(writes, called)).toEqual([]));

/** Whether the process died: it does until `fatal` is beyond its life. */
async function dies(act: (service: PaymentDeps) => Promise<unknown>, fatal: number) {
  const service: PaymentDeps = dyingPorts(deps as PaymentDeps, fatal, writes, called);
  try {
    await act(service);
    return false;
  } catch (error) {
    if (!String(error).includes('the process')) {
      const { cause } = error as Error;
      if (!String(cause).includes('the process')) throw error;
    }
    return true;
  }
}

const spentTodayMinor = async () => {
  const nowMs = deps.clock.now();
  const view = { currency: 'CNY', payeeAccount: terms.payee.account, nowMs, utcOffsetMinutes };
  const { tenant, id } = person.caller.actor;
  return (await deps.books.view(tenant, id, view)).spentTodayMinor;
};

describe('E8: an order whose service dies', () => {
  test('at any moment of its life is one payment after the terminal goes on', async () => {
    let deaths = 0;
    for (let fatal = 1; ; fatal++) {
      // Another day, with limits of its own.
      deps.clock.advance(dayMs);
      const before = await spentTodayMinor();
      const payment = intention(deps, person, { amountMinor: 1_000 });
      const died = await dies((service) => payment.pay(service), fatal);
      const order = await payment.pay(deps);
      expect(order.state, `death ${fatal}`).toBe('executed');
      expect(await deps.ledger.history(`payment/${order.id}`), `death ${fatal}`).toHaveLength(1);
      expect(await spentTodayMinor(), `death ${fatal}`).toBe(before + 1_000);
      expect((await payment.pay(deps)).receipt).toEqual(order.receipt);
      if (!died) break;
      deaths = fatal;
    }
    // Two moments for each write: fewer would mean that the drill saw only part of the order's life.
    expect(deaths).toBeGreaterThanOrEqual(24);
  });

  test('while it is being stopped has one end: stopped, or paid', async () => {
    for (let fatal = 1; ; fatal++) {
      deps.clock.advance(dayMs);
      const payment = intention(deps, person, { amountMinor: 1_000 });
      const order = await placeOrder(deps, person.caller, {
        ...ordering(deps, person, { amountMinor: 1_000 }),
        id: payment.id,
      });
      const stop = (service: PaymentDeps) => stopOrder(service, person.caller, order.id);
      const died = await dies(stop, fatal);
      const [paid, stopped] = await Promise.allSettled([payment.pay(deps), stop(deps)]);
      const ends = [paid, stopped].map(({ status }) => status === 'fulfilled');
      expect(ends.filter(Boolean), `death ${fatal}`).toHaveLength(1);
      if (!died) break;
    }
  });
});

describe('E8: a certificate that is frozen while the amount is set aside', () => {
  test('signs nothing, and pays once it is in force again', async () => {
    deps.clock.advance(dayMs);
    const { tenant, id: payer } = person.caller.actor;
    const key = await deps.signing.find(tenant, 'personal-key', person.key.id);
    const serialHex = key?.certificateSerial ?? '';
    const authorise: PaymentDeps['books']['authorise'] = async (...input) => {
      await freezeCertificate(deps, people.approver, { serialHex, id: 'freeze-meanwhile' });
      return deps.books.authorise(...input);
    };
    let signatures = 0;
    const sign: PaymentDeps['shares']['sign'] = (...input) => {
      signatures++;
      return deps.shares.sign(...input);
    };
    const service: PaymentDeps = {
      ...deps,
      books: { ...deps.books, authorise },
      shares: { ...deps.shares, sign },
    };
    const payment = intention(deps, person, { amountMinor: 1_000 });
    await expect(payment.pay(service)).rejects.toMatchObject({ code: 'certificate_not_active' });
    expect(signatures).toBe(0);
    const order = await deps.books.find(tenant, payer, payment.id, deps.clock.now());
    expect(order).toMatchObject({ state: 'authorised' });
    expect(order).not.toHaveProperty('chipReceipt');
    await thawCertificate(deps, people.approver, { serialHex, id: 'release' });
    expect(await payment.pay(deps)).toMatchObject({ state: 'executed' });
  });
});

describe('E8: clocks that jump ten minutes either way', () => {
  test('take no day above its limit', () => {
    const limits = { singleMinor: 1_000, dailyMinor: 3_000, dailyCount: 100 };
    const jump = fc.integer({ min: -10 * 60_000, max: 10 * 60_000 });
    fc.assert(
      fc.property(fc.array(fc.tuple(jump, fc.integer({ min: 1, max: 900 }))), (steps) => {
        const store = memoryBookStore();
        const book = createBook(store);
        // Just before midnight of the bank, so that jumps cross it both ways.
        let nowMs = Date.UTC(2026, 10, 27, 15, 59);
        steps.forEach(([ms, amountMinor], i) => {
          nowMs += ms;
          const id = `order-${String(i).padStart(3, '0')}`;
          book.place(bookOrder(id, amountMinor, nowMs));
          try {
            const requestId = id;
            book.authorise(id, { requestId, limits, nowMs, utcOffsetMinutes });
            book.execute(id, { text: '', recordSha256: '' } as never, nowMs);
          } catch (error) {
            expect(error).toMatchObject({ code: 'order_over_limit' });
          }
        });
        const byDay = new Map<string | number, number>();
        for (const { state, authorisedAtMs = 0, amountMinor } of store.list({ limit: 1_000 })) {
          if (state !== 'executed') continue;
          const day = calendarDay(authorisedAtMs, utcOffsetMinutes);
          byDay.set(day, (byDay.get(day) ?? 0) + amountMinor);
        }
        expect(Math.max(0, ...byDay.values())).toBeLessThanOrEqual(limits.dailyMinor);
      }),
    );
  });
});
