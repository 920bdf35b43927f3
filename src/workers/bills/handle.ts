import type { BusinessSystem, KeyData, OpenedToken } from '../../core/business.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { Bill, BillBook } from './bills.ts';

export const billActions = [
  'bill.list',
  'bill.show',
  'bill.pay',
  'contact.confirm',
  'limit.view',
] as const;
export type BillAction = (typeof billActions)[number];

/** What a terminal asks for. */
export interface BillRequest {
  /** Chosen by the terminal; repeated, the request counts once. */
  readonly id: string;
  /** Of one visit. */
  readonly session: string;
  readonly action: BillAction;
  readonly bill?: string | undefined;
  /** The person has seen why this is unusual, and wants it all the same. */
  readonly confirmed?: boolean | undefined;
}

export interface Handling {
  readonly system: BusinessSystem;
  readonly holder: OpenedToken;
  readonly book: Pick<DurableObjectStub<BillBook>, 'list' | 'find' | 'pay'>;
  readonly now: () => number;
}

/** Without a certificate somebody pays up to this, in minor units of CNY. */
const unprovenMax = 200_000n;
const channel = 'online';
/** As certificate settings name the right to bring something about. */
const payPermission = 'make';

/** Business data, and what was made ready because it is likely to be wanted next. */
export interface BillResult {
  readonly bills?: readonly Bill[];
  readonly bill?: Bill;
  readonly payer?: { readonly name: string; readonly account: string };
  readonly contact?: string;
  readonly limit?: { readonly currency: string; readonly singleMinor: string };
  readonly ready?: Bill;
}

/**
 * Handles one request of a person whose token was opened: what is allowed follows from the token,
 * how it is handled from what the person did before (D7).
 *
 * @throws CinnabarError `business_bill_unknown`, `business_bill_paid`, `business_not_permitted`,
 * `business_fact_absent`, `business_confirmation`
 */
export async function handleBill(
  handling: Handling,
  request: BillRequest,
): Promise<{ readonly result: BillResult; readonly keyData: KeyData }> {
  const { system, holder, now } = handling;
  const startMs = now();
  const bill = await billOf(handling, request);
  const amount = request.action === 'bill.pay' && bill ? amountOf(bill) : {};
  const about = {
    session: request.session,
    intended: { ...amount, action: request.action, atMs: startMs },
  };
  const record = (outcome: 'done' | 'failed') =>
    system.record(holder, {
      id: request.id,
      atMs: startMs,
      session: request.session,
      action: request.action,
      outcome,
      durationMs: now() - startMs,
      ...amount,
    });
  try {
    const before = await system.keyData(holder, about);
    const result = await resultOf(handling, request, bill, before);
    await record('done');
    const keyData = await system.keyData(holder, { session: request.session });
    const ready = await readyNext(handling, keyData);
    return {
      result: { ...result, ...(ready ? { ready } : {}) },
      keyData: { ...keyData, risk: before.risk },
    };
  } catch (error) {
    // A question whether it is meant is no failure: nothing was tried yet.
    const isQuestion = error instanceof CinnabarError && error.code === 'business_confirmation';
    if (!isQuestion) await record('failed');
    throw error;
  }
}

async function resultOf(
  handling: Handling,
  request: BillRequest,
  bill: Bill | undefined,
  before: KeyData,
): Promise<BillResult> {
  const { holder, book } = handling;
  switch (request.action) {
    case 'bill.list':
      return { bills: await book.list() };
    case 'bill.show':
      return { bill: known(bill) };
    case 'bill.pay':
      return pay(handling, request, known(bill), before);
    case 'contact.confirm':
      return { contact: masked(factOf(holder, 'CONTACT')) };
    case 'limit.view':
      return { limit: { currency: 'CNY', singleMinor: String(limitOf(holder, 'CNY')) } };
  }
}

async function pay(
  { holder, book }: Handling,
  { id, confirmed }: BillRequest,
  bill: Bill,
  { risk }: KeyData,
): Promise<BillResult> {
  const { certificate } = holder.claims.perm;
  const mayPay = certificate === undefined || holder.isPermitted(payPermission);
  if (!mayPay || BigInt(bill.minor) > limitOf(holder, bill.currency)) {
    throw new CinnabarError('business_not_permitted');
  }
  const payer = {
    name: masked(factOf(holder, 'NAME')),
    account: masked(factOf(holder, 'PAYMENT')),
  };
  if (risk.length > 0 && confirmed !== true) {
    const fields = risk.map(({ code }) => ({ pointer: '/risk', code }));
    throw new CinnabarError('business_confirmation', { fields });
  }
  if (!(await book.pay(bill.id, id))) throw new CinnabarError('business_bill_paid');
  return { bill: { ...bill, state: 'paid' }, payer };
}

function limitOf(holder: OpenedToken, currency: string): bigint {
  const stated = holder.single(channel, currency);
  if (holder.claims.perm.certificate !== undefined) return stated ?? 0n;
  return currency === 'CNY' ? unprovenMax : 0n;
}

async function billOf({ book }: Handling, { bill }: BillRequest): Promise<Bill | undefined> {
  return bill === undefined ? undefined : book.find(bill);
}

function known(bill: Bill | undefined): Bill {
  if (!bill) throw new CinnabarError('business_bill_unknown');
  return bill;
}

/** The next bill to pay, brought along when paying is what this person does next. */
async function readyNext({ book }: Handling, { handling }: KeyData): Promise<Bill | undefined> {
  const paysNext = handling.some(
    (hint) =>
      hint.code === 'offer_next' && (hint.action === 'bill.pay' || hint.action === 'bill.show'),
  );
  return paysNext ? (await book.list()).find(({ state }) => state === 'due') : undefined;
}

function amountOf({ currency, minor }: Bill) {
  return { amount: { currency, minor } };
}

function factOf(holder: OpenedToken, label: 'NAME' | 'CONTACT' | 'PAYMENT'): string {
  const value = holder.fact(label);
  if (value === undefined) throw new CinnabarError('business_fact_absent');
  return value;
}

const shownHead = 3;
const shownTail = 4;

/** Enough to recognise one's own, not enough to use it. */
export function masked(value: string): string {
  const characters = [...value];
  if (characters.length <= shownHead + shownTail) {
    return characters.map((one, at) => (at === 0 ? one : '*')).join('');
  }
  return characters
    .map((one, at) => (at < shownHead || at >= characters.length - shownTail ? one : '*'))
    .join('');
}
