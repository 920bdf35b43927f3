import type { Actor } from '../actor.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { wholeFacts } from '../risk/earlier.ts';
import { payeeListed } from '../risk/payees.ts';
import { riskPolicyInForce } from '../risk/policies.ts';
import type { RiskPolicy } from '../risk/policy.ts';
import type { RiskDeps } from '../risk/ports.ts';
import { type Simulation, simulatePolicy } from '../risk/simulate.ts';
import { type RowStore, settleRows } from '../row-store.ts';
import { orderEndsAtMs } from './book.ts';
import type { PaymentDeps, PaymentRows, RiskRegister } from './ports.ts';
import type { OrderState } from './states.ts';
import type { KeptOrder, Order } from './types.ts';

/** Past orders that a simulation looks at. */
export const simulatedMax = 500;

/** How far an order has come: what is kept never goes back. */
const progress: Readonly<Record<OrderState, number>> = {
  challenged: 0,
  assessed: 1,
  authorised: 2,
  executed: 3,
  terminated: 3,
};

/** How an institution judges orders, on its rows. */
export function rowRiskRegister(
  risk: Pick<RiskDeps, 'riskRows'>,
  payments: RowStore<PaymentRows>,
): RiskRegister {
  return {
    policyInForce: (tenant) => riskPolicyInForce(risk, tenant),
    payeeListed: (tenant, account) => payeeListed(risk, tenant, account),
    claimSeal: (tenant, id, orderId) =>
      settleRows(payments, tenant, async () => {
        const use = await payments.find(tenant, 'seal-use', id);
        if (use) return { result: use.orderId === orderId, write: [] };
        const row = { tenant, id, revision: 1, orderId };
        const entry = { kind: 'seal-use', row, owner: '', parent: orderId, state: 'used' } as const;
        return { result: true, write: [entry] };
      }),
    keep: (order) =>
      settleRows(payments, order.tenant, async () => {
        const { tenant, id, state, payer: owner } = order;
        const kept = await payments.find(tenant, 'order', id);
        const isNews =
          !kept ||
          progress[kept.order.state] < progress[state] ||
          (progress[kept.order.state] === progress[state] &&
            agreedTimes(kept.order) < agreedTimes(order));
        const row = { tenant, id, revision: (kept?.revision ?? 0) + 1, order };
        const parent = order.dualControl?.organization ?? '';
        const entry = { kind: 'order', row, owner, parent, state } as const;
        return { result: undefined, write: isNews ? [entry] : [] };
      }),
  };
}

interface KeptDeps extends Pick<RiskDeps, 'riskRows'> {
  readonly paymentRows: RowStore<PaymentRows>;
}

/** @throws CinnabarError `order_not_found` */
export async function keptOrder(
  deps: Pick<KeptDeps, 'paymentRows'>,
  { tenant }: Actor,
  id: string,
): Promise<Order> {
  const kept = await deps.paymentRows.find(tenant, 'order', id);
  if (!kept) throw new CinnabarError('order_not_found');
  return kept.order;
}

/**
 * Orders of the institution, newest first: those that wait for an officer, and how others ended. One
 * whose time is over has ended and leaves the list of its state; a page may so be short.
 */
export async function listKeptOrders(
  deps: Pick<KeptDeps, 'paymentRows'> & Pick<PaymentDeps, 'books' | 'riskRegister' | 'clock'>,
  { tenant }: Actor,
  { state, organization }: { readonly state?: OrderState; readonly organization?: string },
  page: PageRequest,
): Promise<Page<Order>> {
  const filter = {
    ...(state ? { state } : {}),
    ...(organization === undefined ? {} : { parent: organization }),
  };
  const found = await readPage<KeptOrder>(
    page,
    ({ id }) => id,
    (request) => deps.paymentRows.list(tenant, 'order', filter, request),
  );
  const items = await Promise.all(found.items.map(({ order }) => asOfNow(deps, order)));
  return { ...found, items: items.filter((order) => !state || order.state === state) };
}

/** The book knows how an order ended that nobody went on with; the list learns it here. */
async function asOfNow(
  { books, riskRegister, clock }: Pick<PaymentDeps, 'books' | 'riskRegister' | 'clock'>,
  kept: Order,
): Promise<Order> {
  const nowMs = clock.now();
  if (nowMs <= (orderEndsAtMs(kept) ?? nowMs)) return kept;
  const order = (await books.find(kept.tenant, kept.payer, kept.id, nowMs)) ?? kept;
  await riskRegister.keep(order);
  return order;
}

/** Grows with each agreement, also with one that takes the place of an earlier one. */
const agreedTimes = ({ dualControl }: Order) =>
  dualControl?.agreed.reduce((sum, { atMs }) => sum + atMs, 0) ?? 0;

/** What a policy would have said of the institution's last orders; nothing changes. */
export async function simulateOnPast(
  deps: KeptDeps,
  { tenant }: Actor,
  candidate: RiskPolicy,
): Promise<Simulation> {
  const [{ policy }, past] = await Promise.all([
    riskPolicyInForce(deps, tenant),
    deps.paymentRows.list(tenant, 'order', {}, { limit: simulatedMax }),
  ]);
  return simulatePolicy(
    policy,
    candidate,
    past.map(({ id, order }) => ({ id, facts: wholeFacts(order.facts) })),
  );
}
