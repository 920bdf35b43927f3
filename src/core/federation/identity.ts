/** Who a person is, in the one form that every party hashes. */
export interface Identity {
  readonly name: string;
  /** GB 11643: 17 digits and a check character. */
  readonly idNumber: string;
  /** 11 digits, without a country code. */
  readonly phone: string;
}

export type IdentityField = keyof Identity;

/**
 * Brings what a person typed into its one form: width and blanks do not count, an `x` is an `X`,
 * +86 is left out, the dots of foreign names are one dot.
 *
 * @returns the identity, or which fields cannot be one
 */
export function canonicalIdentity(
  typed: Identity,
): { readonly identity: Identity } | { readonly wrong: readonly IdentityField[] } {
  const identity: Identity = {
    name: canonicalName(typed.name),
    idNumber: compact(typed.idNumber).toUpperCase(),
    phone: compact(typed.phone).replace(/^(?:\+|00)86/, ''),
  };
  const wrong: IdentityField[] = [];
  if (!isName(identity.name)) wrong.push('name');
  if (!isIdNumber(identity.idNumber)) wrong.push('idNumber');
  if (!/^1\d{10}$/.test(identity.phone)) wrong.push('phone');
  return wrong.length === 0 ? { identity } : { wrong };
}

/** GB 11643: a real date of birth, and the check character of ISO 7064 MOD 11-2. */
export function isIdNumber(text: string): boolean {
  if (!/^[1-9]\d{16}[\dX]$/.test(text)) return false;
  return isDate(text.slice(6, 14)) && text[17] === idCheckCharacter(text.slice(0, 17));
}

/** The eighteenth character for the first seventeen digits (ISO 7064 MOD 11-2). */
export function idCheckCharacter(digits: string): string {
  let sum = 0;
  for (const digit of digits) sum = ((sum + Number(digit)) * 2) % 11;
  return '10X98765432'.charAt(sum);
}

function isDate(text: string): boolean {
  const [year, month, day] = [text.slice(0, 4), text.slice(4, 6), text.slice(6)].map(Number);
  if (!year || !month || !day || year < 1850 || month > 12) return false;
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const days = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1] ?? 0;
  return day <= days;
}

function compact(text: string): string {
  return text.normalize('NFKC').replace(/[\s\p{Pd}]/gu, '');
}

/** A name as `canonicalIdentity` brings it to its one form. */
export function canonicalName(text: string): string {
  const plain = text.normalize('NFKC').trim().toUpperCase();
  const dotted = plain.replace(/\s*[·•‧・∙･]\s*/gu, '·');
  // Between Han characters a blank is a matter of typesetting; between Latin words it is not.
  return dotted.replace(/\s+/gu, ' ').replace(/(?<=\p{sc=Han}) | (?=\p{sc=Han})/gu, '');
}

function isName(name: string): boolean {
  return (
    [...name].length <= 64 && /^[\p{L}\p{M}][\p{L}\p{M}·'. -]*$/u.test(name) && name.length > 1
  );
}
