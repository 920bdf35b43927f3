import type { Actor, Caller } from '../actor.ts';
import { audited, record } from '../audit/record.ts';
import { settingsOf, standingOf } from '../certificates/find.ts';
import type { Certificate } from '../certificates/types.ts';
import { CinnabarError } from '../errors.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { RowStore } from '../row-store.ts';
import { auditOf } from './order.ts';
import type { PaymentDeps, PaymentRows } from './ports.ts';
import { keptOrder, listKeptOrders } from './register.ts';
import type { Agreement, Order } from './types.ts';

type AgreementDeps = PaymentDeps & { readonly paymentRows: RowStore<PaymentRows> };

/** Nobody holds more certificates than this. */
const certificatesMax = 100;

/**
 * Agrees to somebody else's order, as a person of the same organisation whose certificate lets them
 * check. Repeated, it is the same agreement.
 *
 * @throws CinnabarError `order_not_found`, also for an order of another organisation; `own_work`;
 * `order_state` when it waits for nobody, or no more
 */
export async function agreeToOrder(
  deps: AgreementDeps,
  caller: Caller,
  id: string,
): Promise<Order> {
  const { tenant, id: by } = caller.actor;
  const { payer, dualControl } = await keptOrder(deps, caller.actor, id);
  const checker = (await checkerCertificates(deps, caller.actor)).find(
    ({ subject }) => subject.organization === dualControl?.organization,
  );
  if (!dualControl || !checker) throw new CinnabarError('order_not_found');
  const nowMs = deps.clock.now();
  const order = await deps.books.find(tenant, payer, id, nowMs);
  if (!order) throw new CinnabarError('order_not_found');
  const operation = auditOf('payment.agree', order);
  if (payer === by) {
    await record(deps.audit, caller, operation, 'refused');
    throw new CinnabarError('own_work');
  }
  return audited(deps.audit, caller, operation, async () => {
    const agreement: Agreement = { by, certificateSerial: checker.serialHex, atMs: nowMs };
    const agreed = await deps.books.agree(tenant, payer, id, agreement, nowMs);
    await deps.riskRegister.keep(agreed);
    return agreed;
  });
}

/** The certificates in force by which a person may agree to payments of the organisation in them. */
async function checkerCertificates(
  deps: PaymentDeps,
  { tenant, id: holder }: Actor,
): Promise<readonly Certificate[]> {
  const nowMs = deps.clock.now();
  const held = await deps.certificates.listCertificates(
    tenant,
    { holder },
    { limit: certificatesMax },
  );
  const good = held.filter(
    (certificate) =>
      certificate.subject.organization !== undefined && standingOf(certificate, nowMs) === 'good',
  );
  const settings = await Promise.all(good.map(({ serialHex }) => settingsOf(deps, serialHex)));
  return good.filter((_, i) => settings[i]?.permissions.includes('check'));
}

/**
 * Orders of others that wait for one more to agree, newest first: in the organisation of the newest
 * certificate by which the actor may.
 */
export async function ordersToAgree(
  deps: AgreementDeps,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Order>> {
  const [own] = await checkerCertificates(deps, actor);
  const organization = own?.subject.organization;
  if (organization === undefined) return { items: [], nextCursor: null };
  const found = await listKeptOrders(deps, actor, { organization }, page);
  const waits = ({ payer, state, dualControl }: Order) =>
    payer !== actor.id &&
    (state === 'assessed' || state === 'challenged') &&
    dualControl !== undefined &&
    dualControl.agreed.length < dualControl.needed &&
    dualControl.agreed.every(({ by }) => by !== actor.id);
  return { ...found, items: found.items.filter(waits) };
}
