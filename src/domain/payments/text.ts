import { amountText } from '../../lib/amount-text.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { instantText } from '../../lib/time.ts';
import type { OrderTerms } from './types.ts';

export interface OrderHead {
  readonly id: string;
  readonly tenant: string;
  readonly payer: string;
  readonly certificateSerial: string;
  readonly createdAtMs: number;
  /** Of what the risk engine said when the order was placed. */
  readonly assessmentHash: string;
}

/** What the person reads before confirming, in both languages; the signature covers both. */
export function orderWords(terms: OrderTerms): { readonly zh: string; readonly en: string } {
  const { payee, currency, purpose } = terms;
  const amount = amountText(terms.amountMinor, currency);
  return {
    zh: `向 ${payee.name}（账号 ${payee.account}，${payee.bank}）支付 ${currency} ${amount}，用途：${purpose}`,
    en: `Pay ${currency} ${amount} to ${payee.name} (account ${payee.account}, ${payee.bank}) for: ${purpose}`,
  };
}

/**
 * The one text of an order: what is shown is in it, and it is what is signed. Canonical JSON
 * (RFC 8785), so that two orders with other payees, amounts or words never share a text.
 */
export function orderText(head: OrderHead, terms: OrderTerms): string {
  return canonicalJson({
    v: 2,
    kind: 'cinnabar payment order',
    order: head.id,
    institution: head.tenant,
    payer: head.payer,
    certificate: head.certificateSerial,
    at: instantText(head.createdAtMs),
    assessment: head.assessmentHash,
    payee: { ...terms.payee },
    amountMinor: terms.amountMinor,
    currency: terms.currency,
    purpose: terms.purpose,
    words: { ...orderWords(terms) },
  });
}
