import type { RiskPolicy } from '../risk/policy.ts';
import type { RiskFacts } from '../risk/types.ts';
import type { WorkStore } from '../seals/ports.ts';
import type { SigningDeps } from '../signing/ports.ts';
import type { TokenDeps } from '../tokens/ports.ts';
import type { Book } from './book.ts';
import type { KeptOrder, Order, PaymentTerminal, SealUse } from './types.ts';

/** `Book`, of the payer that the first two arguments name, somewhere else. */
type Remote<F extends (...args: never[]) => unknown> = (
  tenant: string,
  payer: string,
  ...args: Parameters<F>
) => Promise<ReturnType<F>>;

/** The book of each payer, in one place where one step decides. */
export type PaymentBooks = { readonly [Name in keyof Book]: Remote<Book[Name]> };

/** What an institution keeps of payments beside the books, by its kind. */
export interface PaymentRows {
  readonly order: KeptOrder;
  readonly terminal: PaymentTerminal;
  readonly 'seal-use': SealUse;
}

export type Device = RiskFacts['device'] & {
  /** The passkey that must confirm what is paid from it; absent when a PIN guards its share. */
  readonly passkeyId?: string;
};

/** What is known of the device that an order comes from. */
export interface Devices {
  /** Absent when the payer has no such device, or it was revoked. */
  find(tenant: string, actor: string, terminalId: string): Promise<Device | undefined>;
  /** Whether it has session keys: then it pays through its session, and in no other way. */
  hasSessionKeys(tenant: string, terminalId: string): Promise<boolean>;
}

/** How an institution judges orders. */
export interface RiskRegister {
  policyInForce(tenant: string): Promise<{ readonly version: number; readonly policy: RiskPolicy }>;
  /** Whether an account is on the institution's list of payees to watch or to block. */
  payeeListed(tenant: string, account: string): Promise<RiskFacts['payee']['listed']>;
  /** Keeps a verification of a seal for one order; `false` when another order has it. */
  claimSeal(tenant: string, verificationId: string, orderId: string): Promise<boolean>;
  /** Keeps the order where risk officers find it, and past ones for simulations. */
  keep(order: Order): Promise<void>;
}

export interface PaymentDeps extends SigningDeps, Pick<TokenDeps, 'tokens'> {
  readonly books: PaymentBooks;
  readonly devices: Devices;
  readonly riskRegister: RiskRegister;
  /** What people said of imprints that no vendor could decide. */
  readonly work: WorkStore;
  /** Of the banks' clocks; the days of limits are theirs. */
  readonly utcOffsetMinutes: number;
}
