import { utf8ToBytes } from '@noble/hashes/utils.js';
import { loadGm } from '../../src/core/gm.ts';
import { newId } from '../../src/domain/id.ts';
import {
  type Confirmation,
  confirmOrder,
  executeOrder,
} from '../../src/domain/payments/confirm.ts';
import { placeOrder } from '../../src/domain/payments/order.ts';
import type { Device, PaymentDeps } from '../../src/domain/payments/ports.ts';
import { orderText } from '../../src/domain/payments/text.ts';
import type { NewOrder, Order, OrderTerms } from '../../src/domain/payments/types.ts';
import { defaultRiskPolicy } from '../../src/domain/risk/policy.ts';
import type { RiskFacts } from '../../src/domain/risk/types.ts';
import type { TokenRows } from '../../src/domain/tokens/ports.ts';
import { memoryPaymentBooks } from '../../src/platform/memory/payment-books.ts';
import { memoryRowStore } from '../../src/platform/memory/row-store.ts';
import { memoryWorkStore } from '../../src/platform/memory/work-store.ts';
import { startSignature } from './joint-key.ts';
import { signingDeps, type Terminal } from './signing.ts';

const gm = await loadGm();

/** Every port of payments in RAM; the device and the payee list are what a test says. */
export function paymentDeps(startMs?: number) {
  const known = {
    device: { enrolledAtMs: 0, keyStore: 'hardware' } as Device | undefined,
    listed: 'none' as RiskFacts['payee']['listed'],
    policy: defaultRiskPolicy,
    kept: [] as Order[],
  };
  return {
    ...signingDeps(startMs),
    work: memoryWorkStore(),
    known,
    books: memoryPaymentBooks(),
    tokens: memoryRowStore<TokenRows>(),
    devices: { find: async () => known.device, hasSessionKeys: async () => false },
    riskRegister: {
      policyInForce: async () => ({ version: 1, policy: known.policy }),
      payeeListed: async () => known.listed,
      claimSeal: async () => true,
      keep: async (order: Order) => void known.kept.push(order),
    },
    utcOffsetMinutes: 480,
  } satisfies PaymentDeps & Record<string, unknown>;
}

/** A policy under which haste ends no order: drills are hastier than any person. */
export const weighingNothing: typeof defaultRiskPolicy = {
  ...defaultRiskPolicy,
  rules: Object.fromEntries(
    Object.entries(defaultRiskPolicy.rules).map(([name, rule]) => [name, { ...rule, points: 0 }]),
  ) as typeof defaultRiskPolicy.rules,
};

export const terms: OrderTerms = {
  payee: { account: '6222020200112233445', name: '南浦物业有限公司', bank: '南浦银行光明支行' },
  amountMinor: 120_000,
  currency: 'CNY',
  purpose: '三月物业费',
};

export function ordering(
  deps: PaymentDeps,
  person: Terminal,
  more: Partial<OrderTerms> = {},
): NewOrder {
  return {
    id: newId(deps),
    terms: { ...terms, ...more },
    personalKeyId: person.key.id,
    terminalId: newId(deps),
  };
}

/** One intention of a terminal, which it carries to its end however often the service dies. */
export function intention(deps: PaymentDeps, person: Terminal, more: Partial<OrderTerms>) {
  const request = ordering(deps, person, more);
  let attempt: ReturnType<typeof begin> | undefined;
  let signature: Uint8Array | undefined;

  const begin = ({ text, tenant, personalKeyId: keyId }: Order) =>
    startSignature(person.share, { tenant, keyId }, utf8ToBytes(text), newId(deps));

  return {
    id: request.id,
    async pay(service: PaymentDeps): Promise<Order> {
      const order = await placeOrder(service, person.caller, request);
      if (!signature) {
        attempt ??= begin(order);
        const { state, ...sent } = attempt;
        const { reply } = await confirmOrder(service, person.caller, { id: request.id, ...sent });
        signature = gm.twoParty.sign.clientFinish(state, reply);
      }
      return executeOrder(service, person.caller, { id: request.id, signature });
    },
  };
}

/** The terminal's part of a confirmation: it signs the text that it shows. */
export async function signOrder(
  deps: PaymentDeps,
  person: Terminal,
  order: Order,
  believed = order.text,
  gesture?: Confirmation['gesture'],
): Promise<Uint8Array> {
  const { id, tenant, personalKeyId: keyId } = order;
  const content = utf8ToBytes(believed);
  const { state, ...sent } = startSignature(person.share, { tenant, keyId }, content, newId(deps));
  const confirmation = { id, ...sent, ...(gesture ? { gesture } : {}) };
  const { reply } = await confirmOrder(deps, person.caller, confirmation);
  return gm.twoParty.sign.clientFinish(state, reply);
}

/** An assessed order as a book takes it. */
export function bookOrder(id: string, amountMinor: number, createdAtMs: number): Order {
  const head = {
    id,
    tenant: 't',
    payer: 'p',
    certificateSerial: '01',
    createdAtMs,
    assessmentHash: '',
  };
  const own = { ...terms, amountMinor };
  return {
    ...head,
    ...own,
    channel: 'online',
    personalKeyId: 'k',
    terminalId: 'd',
    text: orderText(head, own),
    state: 'assessed',
    facts: {} as Order['facts'],
    assessment: { verdict: 'allow', score: 0, reasons: [] },
    policyVersion: 1,
    policyHash: '',
  };
}
