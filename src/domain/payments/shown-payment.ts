import { decimalText } from '../../lib/amount-text.ts';
import type { AssertionKind, RelyingParty } from '../tokens/passkeys.ts';
import type { Order } from './types.ts';

/**
 * What kind of agreement a passkey's client data is: an ordinary assertion, or one of Secure Payment
 * Confirmation, where the browser itself showed payee and amount and the authenticator signed what
 * was shown. Nothing when it says that something else was shown than the order.
 *
 * W3C Secure Payment Confirmation, section 6.1 (CollectedClientPaymentData) and section 8 (what a
 * relying party verifies), of the working draft of 2025. Signature, challenge and origin are checked
 * where every assertion's are.
 */
export function agreementKind(
  clientData: Uint8Array | undefined,
  order: Pick<Order, 'payee' | 'amountMinor' | 'currency'>,
  rp: RelyingParty,
): AssertionKind | undefined {
  const { type, payment } = objectIn(clientData);
  if (type !== 'payment.get') return 'webauthn.get';
  if (!isObject(payment) || !isObject(payment.total)) return undefined;
  const { rpId, topOrigin, payeeName, payeeOrigin, total } = payment;
  const isOurs = rpId === rp.id && topOrigin === rp.origin;
  const isPayee = payeeName === order.payee.name && payeeOrigin === undefined;
  const isAmount =
    total.value === decimalText(order.amountMinor, order.currency) &&
    total.currency === order.currency;
  return isOurs && isPayee && isAmount ? 'payment.get' : undefined;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function objectIn(bytes: Uint8Array | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true, ignoreBOM: false }).decode(bytes),
    );
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}
