import { DerError, type DerReader } from '../../lib/der.ts';

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;

/**
 * Reads a Time of RFC 5280 §4.1.2.5: UTCTime until 2049, GeneralizedTime from 2050, both to the
 * second and in Zulu. Gives epoch milliseconds.
 *
 * @throws DerError for any other form, and for days that no calendar has
 */
export function parseTime(reader: DerReader): number {
  const { tag, contents } = reader.any();
  const text = timeText(contents);
  if (tag === UTC_TIME && /^\d{12}Z$/.test(text)) {
    const century = Number(text.slice(0, 2)) < 50 ? '20' : '19';
    return instantOf(century + text);
  }
  if (tag === GENERALIZED_TIME && /^\d{14}Z$/.test(text) && text >= '2050') return instantOf(text);
  throw new DerError('the time is not in its allowed form');
}

/** Reads a GeneralizedTime to the second and in Zulu, of any year. @throws DerError */
export function parseGeneralizedTime(reader: DerReader): number {
  const text = timeText(reader.element(GENERALIZED_TIME));
  if (!/^\d{14}Z$/.test(text)) throw new DerError('the time is not in its allowed form');
  return instantOf(text);
}

/** More bytes than the longest form has are not looked at. */
function timeText(contents: Uint8Array): string {
  return String.fromCharCode(...contents.subarray(0, 'YYYYMMDDHHMMSSZ'.length + 1));
}

function instantOf(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(....)(..)(..)(..)(..)(..)Z$/.exec(text) ?? [];
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`;
  const ms = Date.parse(iso);
  // `Date.parse` takes the 30th of February for the 2nd of March.
  if (Number.isNaN(ms) || new Date(ms).toISOString() !== iso) {
    throw new DerError('the time names no instant');
  }
  return ms;
}
