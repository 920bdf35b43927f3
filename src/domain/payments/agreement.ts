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
  const checker = dualControl && (await checkerOf(deps, caller.actor, dualControl.organization));
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

/** The certificate by which a person may agree to payments of an organisation. */
async function checkerOf(
  deps: PaymentDeps,
  actor: Actor,
  organization: string,
): Promise<Certificate | undefined> {
  for (const certificate of await goodCertificates(deps, actor)) {
    if (certificate.subject.organization !== organization) continue;
    const settings = await settingsOf(deps, certificate.serialHex);
    if (settings?.permissions.includes('check')) return certificate;
  }
  return undefined;
}

async function goodCertificates(deps: PaymentDeps, { tenant, id: holder }: Actor) {
  const nowMs = deps.clock.now();
  const page = { limit: certificatesMax };
  const held = await deps.certificates.listCertificates(tenant, { holder }, page);
  return held.filter((certificate) => standingOf(certificate, nowMs) === 'good');
}

/** Orders of others in the actor's organisation that wait for one more to agree, newest first. */
export async function ordersToAgree(
  deps: AgreementDeps,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Order>> {
  const [own] = await goodCertificates(deps, actor);
  const organization = own?.subject.organization;
  const isChecker = organization && (await checkerOf(deps, actor, organization));
  if (!isChecker) return { items: [], nextCursor: null };
  const found = await listKeptOrders(deps, actor, { organization }, page);
  const waits = ({ payer, state, dualControl }: Order) =>
    payer !== actor.id &&
    (state === 'assessed' || state === 'challenged') &&
    dualControl !== undefined &&
    dualControl.agreed.length < dualControl.needed &&
    dualControl.agreed.every(({ by }) => by !== actor.id);
  return { ...found, items: found.items.filter(waits) };
}
