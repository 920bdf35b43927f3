/** What a browser shows of a payment, in its own window, before the authenticator signs it. */
export interface ShownPayment {
  readonly payeeName: string;
  readonly currency: string;
  /** Decimal, as the service writes it. */
  readonly value: string;
  /** The device or account that pays. */
  readonly device: string;
}

/** As much of Secure Payment Confirmation (W3C) as is used; no library of types has it yet. */
interface PaymentRequestWithConfirmation {
  new (
    methods: readonly object[],
    details: object,
  ): { show(): Promise<{ details: unknown; complete(result: string): Promise<void> }> };
  securePaymentConfirmationAvailability?(): Promise<string>;
}

const method = 'secure-payment-confirmation';

/**
 * Has the browser show payee and amount itself and the passkey sign what was shown. Undefined where
 * the browser cannot, or knows this passkey for no payments: then the page's own confirmation does.
 *
 * @throws DOMException `NotAllowedError` when the person declined, as any ceremony does
 */
export async function confirmedByBrowser(
  asked: PublicKeyCredentialRequestOptions,
  shown: ShownPayment,
): Promise<Credential | undefined> {
  const { PaymentRequest: Request } = globalThis as unknown as {
    PaymentRequest?: PaymentRequestWithConfirmation;
  };
  const availability = await Request?.securePaymentConfirmationAvailability?.();
  if (!Request || availability !== 'available') return undefined;
  const { payeeName, currency, value, device } = shown;
  const data = {
    rpId: asked.rpId ?? location.hostname,
    challenge: asked.challenge,
    credentialIds: (asked.allowCredentials ?? []).map(({ id }) => id),
    instrument: { displayName: device, icon: `${location.origin}/seal.svg` },
    payeeName,
    locale: [document.documentElement.lang],
    extensions: asked.extensions ?? {},
  };
  const total = { label: payeeName, amount: { currency, value } };
  const request = new Request([{ supportedMethods: method, data }], { total });
  try {
    const response = await request.show();
    await response.complete('success');
    return response.details as Credential;
  } catch (cause) {
    const isUnfit = cause instanceof DOMException && cause.name === 'NotSupportedError';
    if (isUnfit) return undefined;
    throw cause;
  }
}
