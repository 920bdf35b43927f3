/** Minor units of ISO 4217 that are not hundredths. */
const exponents: Readonly<Record<string, number>> = { JPY: 0, KRW: 0, VND: 0, KWD: 3, BHD: 3 };

/** An amount as people write it: `12,345.60`. */
export function amountText(amountMinor: number, currency: string): string {
  const exponent = exponents[currency] ?? 2;
  const digits = String(amountMinor).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const grouped = whole.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return exponent === 0 ? grouped : `${grouped}.${digits.slice(-exponent)}`;
}
