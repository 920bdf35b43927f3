/** What JSON can say. A field that is `undefined` counts as absent. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/**
 * The canonical text of a value by RFC 8785 (JCS): names in ascending order of their UTF-16 units,
 * no blanks, numbers and strings as ECMAScript writes them (§3.2.2).
 *
 * @throws TypeError for a number that is not finite, a text that is not well-formed Unicode, and
 *   anything that is not JSON
 */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value as Readonly<Record<string, Json | undefined>>)
      .filter(([, item]) => item !== undefined)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, item]) => `${textOf(name)}:${canonicalJson(item as Json)}`);
    return `{${fields.join(',')}}`;
  }
  if (typeof value === 'string') return textOf(value);
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new TypeError('canonical JSON: a number is not finite');
  }
  if (value !== null && typeof value !== 'number' && typeof value !== 'boolean') {
    throw new TypeError('canonical JSON: a value is not JSON');
  }
  return JSON.stringify(value);
}

/** JSON.stringify would write a lone surrogate as an escape; RFC 8785 §3.2.2.2 ends there. */
function textOf(text: string): string {
  if (/\p{Cs}/u.test(text)) throw new TypeError('canonical JSON: a text is not well-formed');
  return JSON.stringify(text);
}
