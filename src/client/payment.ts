import { utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../lib/base64url.ts';
import { canonicalJson, type Json } from '../lib/canonical-json.ts';
import { ApiError } from './api.ts';
import type { PasskeyGesture } from './passkey-api.ts';
import { type KeyTerminal, withPersonalKey } from './personal-key.ts';
import type { Bilingual, Payment } from './types.ts';

/** What the text of an order says: the only thing to show before it is signed. */
export interface ShownOrder {
  readonly order: string;
  readonly certificate: string;
  readonly at: string;
  readonly payee: Payment['payee'];
  readonly amountMinor: number;
  readonly currency: string;
  readonly purpose: string;
  readonly words: Bilingual;
}

/**
 * Reads the text that will be signed. One that says anything else than the order around it, or
 * anything more, is not shown, and so is not signed.
 *
 * @throws ApiError `order_text_differs`
 */
export function readOrder(payment: Payment): ShownOrder {
  const { id, payer, certificateSerial, createdAt, text } = payment;
  const { payee, amountMinor, currency, purpose, words } = payment;
  const shown = {
    order: id,
    certificate: certificateSerial,
    at: createdAt,
    payee,
    amountMinor,
    currency,
    purpose,
    words,
  };
  const expected = {
    v: 2,
    kind: 'cinnabar payment order',
    institution: institutionIn(text),
    payer,
    assessment: payment.assessmentHash,
    ...shown,
  };
  if (canonicalJson(expected as unknown as Json) !== text) throw new ApiError('order_text_differs');
  return shown;
}

/** The only thing in the text that the answer around it does not repeat. */
function institutionIn(text: string): string {
  try {
    return String((JSON.parse(text) as { institution?: unknown } | null)?.institution);
  } catch (cause) {
    throw new ApiError('order_text_differs', { cause });
  }
}

/** What a payment waits for between the person's gesture and the receipt. */
export type PayingStep = 'opened' | 'confirmed' | 'executed';

/**
 * Confirms an order with both halves of the key and has it executed: the terminal signs the text
 * that it shows, the chip the text that the service stored, and a signature comes of it only if
 * both are the same.
 *
 * @param gesture what the passkey answered while it opened the share, if one guards it
 * @throws ApiError, ShareUnreadable, CloudMisbehaved
 */
export function confirmPayment(
  terminal: KeyTerminal,
  payment: Payment,
  gesture: () => PasskeyGesture | undefined,
  onStep: (step: PayingStep) => void = () => {},
): Promise<Payment> {
  readOrder(payment);
  const { client } = terminal;
  return withPersonalKey(terminal, payment.terminalId, async (session) => {
    onStep('opened');
    const agreed = gesture();
    const signature = await session.signBy(utf8ToBytes(payment.text), (round) =>
      client.payments.confirm(payment.id, { ...round, ...(agreed ? { gesture: agreed } : {}) }),
    );
    onStep('confirmed');
    const executed = await client.payments.execute(payment.id, base64urlText(signature));
    onStep('executed');
    return executed;
  });
}
