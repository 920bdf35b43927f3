const lengthMin = 6;

/** Too short, one character repeated, or digits in a row: what is guessed within ten tries. */
export function isWeakPin(pin: string): boolean {
  const codes = [...pin].map((sign) => sign.codePointAt(0) ?? 0);
  const steps = new Set(codes.slice(1).map((code, i) => code - (codes[i] ?? 0)));
  const [only = 2] = steps;
  return codes.length < lengthMin || (steps.size === 1 && Math.abs(only) <= 1);
}
