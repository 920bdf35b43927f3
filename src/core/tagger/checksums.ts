// Checks that a number carries in itself. All take the bare characters, without separators.

const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const ID_CHECKS = '10X98765432';
const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

function isDate(year: number, month: number, day: number): boolean {
  return year >= 1880 && year <= 2049 && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

/** Eighteen characters with a birth date where a citizen number has one; the check is not looked at. */
export function isCitizenShape(text: string): boolean {
  if (!/^[1-9]\d{16}[\dXx]$/.test(text)) return false;
  return isDate(+text.slice(6, 10), +text.slice(10, 12), +text.slice(12, 14));
}

/** GB 11643-1999: shape and check character (ISO 7064, MOD 11-2). */
export function isCitizenNumber(text: string): boolean {
  if (!isCitizenShape(text)) return false;
  let sum = 0;
  for (const [i, weight] of ID_WEIGHTS.entries()) sum += weight * Number(text[i]);
  return ID_CHECKS[sum % 11] === text[17]?.toUpperCase();
}

/** The fifteen digits of before 1999, which have no check character. */
export function isOldCitizenShape(text: string): boolean {
  return (
    /^[1-9]\d{14}$/.test(text) &&
    isDate(1900 + +text.slice(6, 8), +text.slice(8, 10), +text.slice(10, 12))
  );
}

/** GB 32100-2015: unified social credit code with its check character (MOD 31). */
export function isCreditCode(text: string): boolean {
  if (!/^[1-9A-HJ-NP-RTUWXY][\dA-HJ-NP-RTUWXY]{17}$/.test(text)) return false;
  let sum = 0;
  for (const [i, weight] of CREDIT_WEIGHTS.entries()) {
    sum += weight * CREDIT_ALPHABET.indexOf(text[i] ?? '');
  }
  return CREDIT_ALPHABET[(31 - (sum % 31)) % 31] === text[17];
}

/** ISO/IEC 7812-1 annex B. */
export function isLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48;
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** ISO 13616-1: country, two check digits, MOD 97-10. */
export function isIban(text: string): boolean {
  if (!/^[A-Z]{2}\d{2}[A-Z\d]{11,30}$/.test(text)) return false;
  let rest = 0;
  for (const c of text.slice(4) + text.slice(0, 4)) {
    const value = c <= '9' ? Number(c) : c.charCodeAt(0) - 55;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** A mainland mobile number, without country code. */
export function isMobile(digits: string): boolean {
  return /^1[3-9]\d{9}$/.test(digits);
}
