import { derElement } from './der.ts';
import { instantText } from './time.ts';

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/** `YYYYMMDDHHMMSSZ`. */
function digitsOf(ms: number): string {
  return `${instantText(ms).slice(0, 19).replace(/[-:T]/g, '')}Z`;
}

/** Time of RFC 5280 §4.1.2.5 and RFC 5652 §11.3: UTCTime until 2049, GeneralizedTime from 2050. To the second. */
export function derTime(ms: number): Uint8Array {
  const text = digitsOf(ms);
  return text < '2050'
    ? derElement(UTC_TIME, new TextEncoder().encode(text.slice(2)))
    : derGeneralizedTime(ms);
}

/** GeneralizedTime in UTC, to the second. */
export function derGeneralizedTime(ms: number): Uint8Array {
  return derElement(GENERALIZED_TIME, new TextEncoder().encode(digitsOf(ms)));
}
