import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import type { SealDeps } from './ports.ts';
import type { Account, Card, Seal } from './types.ts';

export interface NewAccount {
  /** The id to give. A retry passes the same one and gets what the first attempt made. */
  readonly id: string;
  readonly number: string;
  readonly name: string;
  readonly contact: string;
}

/** Opens an account (B3). @throws CinnabarError `account_number_taken`, `audit_unavailable` */
export async function openAccount(
  deps: SealDeps,
  caller: Caller,
  request: NewAccount,
): Promise<Account> {
  const { tenant } = caller.actor;
  const operation: Operation = {
    action: 'account.open',
    subject: `account:${request.id}`,
    detail: {},
  };
  const earlier = await deps.seals.findAccount(tenant, request.id);
  if (earlier) {
    await record(deps.audit, caller, operation, 'done');
    return earlier;
  }
  const account: Account = { ...request, tenant, createdAtMs: deps.clock.now() };
  await audited(deps.audit, caller, operation, () => deps.seals.addAccount(account));
  return account;
}

/** @throws CinnabarError `account_not_found` */
export async function getAccount(deps: SealDeps, actor: Actor, id: string): Promise<Account> {
  const account = await deps.seals.findAccount(actor.tenant, id);
  if (!account) throw new CinnabarError('account_not_found');
  return account;
}

/** How many cards and how many seals an account is shown with. Lists have the rest. */
const accountPartsMax = 100;

/** An account with its newest cards and seals. @throws CinnabarError `account_not_found` */
export async function describeAccount(
  deps: SealDeps,
  actor: Actor,
  id: string,
): Promise<{ account: Account; cards: readonly Card[]; seals: readonly Seal[] }> {
  const filter = { accountId: id };
  const page = { limit: accountPartsMax };
  const [account, cards, seals] = await Promise.all([
    getAccount(deps, actor, id),
    deps.seals.listCards(actor.tenant, filter, page),
    deps.seals.listSeals(actor.tenant, filter, page),
  ]);
  return { account, cards, seals };
}

export function listAccounts(
  deps: SealDeps,
  actor: Actor,
  filter: { readonly query?: string },
  page: PageRequest,
): Promise<Page<Account>> {
  return readPage(
    page,
    (account) => account.id,
    (request) => deps.seals.listAccounts(actor.tenant, filter, request),
  );
}
