/** Minor units of ISO 4217 that are not hundredths. */
const exponents: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, VND: 0, KWD: 3, BHD: 3 };

/** An amount as people write it: `12,345.60`. */
export function amountText(amountMinor: number, currency: string): string {
  const [whole = '', ...rest] = decimalText(amountMinor, currency).split('.');
  return [whole.replace(/\B(?=(?:\d{3})+$)/g, ','), ...rest].join('.');
}

/** An amount in whole units of its currency, a part of one counted as one. */
export function wholeUnits(amountMinor: number, currency: string): number {
  return Math.ceil(amountMinor / 10 ** (exponents[currency] ?? 2));
}

/** An amount as programs write it: `12345.60`. */
export function decimalText(amountMinor: number, currency: string): string {
  const exponent = exponents[currency] ?? 2;
  const digits = String(amountMinor).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  return exponent === 0 ? whole : `${whole}.${digits.slice(-exponent)}`;
}
