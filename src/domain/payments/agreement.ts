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
 * check. Repeated by the same certificate it is the same agreement; another one takes its place.
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

/** So often a page is read on for one that is full; then it is short, and says where to go on. */
const roundsMax = 10;

/**
 * Orders of others that wait for one more to agree, newest first: in every organisation in whose name
 * the actor may. A page may be short though another follows.
 */
export async function ordersToAgree(
  deps: AgreementDeps,
  actor: Actor,
  { limit, before }: PageRequest,
): Promise<Page<Order>> {
  const checkers = await checkerCertificates(deps, actor);
  const organizations = [...new Set(checkers.map(({ subject }) => subject.organization ?? ''))];
  const items: Order[] = [];
  let from = before;
  for (let round = 0; round < roundsMax; round++) {
    const request = { limit, ...(from === undefined ? {} : { before: from }) };
    const page = await openOrders(deps, actor, organizations, request);
    const waits = await Promise.all(page.items.map((order) => waitsFor(deps, actor, order)));
    items.push(...page.items.filter((_, i) => waits[i]));
    const kept = items.slice(0, limit);
    if (items.length > limit) return { items: kept, nextCursor: kept.at(-1)?.id ?? null };
    if (page.nextCursor === null || items.length === limit) return { ...page, items };
    from = page.nextCursor;
  }
  return { items, nextCursor: from ?? null };
}

/** Orders of the organisations that can still be agreed to, by their newest ids: some, then where to go on. */
async function openOrders(
  deps: AgreementDeps,
  actor: Actor,
  organizations: readonly string[],
  page: PageRequest,
): Promise<Page<Order>> {
  const lists = await Promise.all(
    organizations.flatMap((organization) =>
      (['assessed', 'challenged'] as const).map((state) =>
        listKeptOrders(deps, actor, { state, organization }, page),
      ),
    ),
  );
  // Below the highest end of a list that goes on, that list was not read yet.
  const ends = lists.flatMap(({ nextCursor }) => nextCursor ?? []).sort();
  const nextCursor = ends.at(-1) ?? null;
  const items = lists
    .flatMap((list) => list.items)
    .filter(({ id }) => nextCursor === null || id >= nextCursor)
    .sort((a, b) => (a.id < b.id ? 1 : -1));
  return { items, nextCursor };
}

async function waitsFor(deps: AgreementDeps, actor: Actor, order: Order): Promise<boolean> {
  const { payer, dualControl } = order;
  if (payer === actor.id || !dualControl) return false;
  const standing = await standingAgreements(deps, order);
  return standing.length < dualControl.needed && standing.every(({ by }) => by !== actor.id);
}

/** The agreements to an order whose certificates are in force still, and still let check. */
export async function standingAgreements(
  deps: Pick<PaymentDeps, 'certificates' | 'clock'>,
  { dualControl }: Pick<Order, 'dualControl'>,
): Promise<readonly Agreement[]> {
  const { agreed = [] } = dualControl ?? {};
  const settings = await Promise.all(
    agreed.map(({ certificateSerial }) => settingsOf(deps, certificateSerial)),
  );
  return agreed.filter((_, i) => settings[i]?.permissions.includes('check'));
}
