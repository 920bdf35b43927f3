import { normaliseNumber } from '../../lib/number-text.ts';
import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { settleRows } from '../row-store.ts';
import type { RiskDeps } from './ports.ts';
import type { ListedPayee, PayeeListing } from './types.ts';

export const payeeListings = ['none', 'watched', 'blocked'] as const;

/**
 * One account, one spelling: without what people put between and in capitals. What an order names
 * and what the list names are compared by it, so another way to write a number is no way around.
 */
export function payeeAccount(text: string): string {
  return normaliseNumber(text).replaceAll('/', '');
}

/** Whether orders to an account are watched or blocked, however it is written. */
export async function payeeListed(
  deps: Pick<RiskDeps, 'riskRows'>,
  tenant: string,
  account: string,
): Promise<PayeeListing> {
  return (await deps.riskRows.find(tenant, 'payee', payeeAccount(account)))?.listed ?? 'none';
}

/**
 * Puts an account on the list, or takes it off with `none`. The next order sees it.
 *
 * @throws CinnabarError `rows_contended`, `audit_unavailable`
 */
export async function listPayee(
  deps: RiskDeps,
  caller: Caller,
  request: Pick<ListedPayee, 'listed' | 'reason'> & { readonly account: string },
): Promise<ListedPayee> {
  const { tenant, id: listedBy } = caller.actor;
  const { listed, reason } = request;
  const account = payeeAccount(request.account);
  // The account is a customer's of another bank: the record names the fact, not the number.
  const operation: Operation = {
    action: 'risk_payee.list',
    subject: 'risk-payee',
    detail: { listed },
  };
  return audited(deps.audit, caller, operation, () =>
    settleRows(deps.riskRows, tenant, async () => {
      const revision = ((await deps.riskRows.find(tenant, 'payee', account))?.revision ?? 0) + 1;
      const listedAtMs = deps.clock.now();
      const row = { tenant, id: account, revision, listed, reason, listedBy, listedAtMs };
      return {
        result: row,
        write: [{ kind: 'payee', row, owner: listedBy, parent: '', state: listed }],
      };
    }),
  );
}

/** The accounts that are watched, or those that are blocked. */
export function listedPayees(
  deps: RiskDeps,
  { tenant }: Actor,
  state: PayeeListing,
  page: PageRequest,
): Promise<Page<ListedPayee>> {
  return readPage(
    page,
    ({ id }) => id,
    (request) => deps.riskRows.list(tenant, 'payee', { state }, request),
  );
}
