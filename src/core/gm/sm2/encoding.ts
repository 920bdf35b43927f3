import { DerError, derOctetString, derSequence, derUnsigned, readDer } from '../../../lib/der.ts';

const NUMBER_BYTES = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** `raw` is r || s, 64 bytes; `der` is SEQUENCE { r, s } of GM/T 0009 §7.3. */
export type SignatureFormat = 'der' | 'raw';

/**
 * `der` is SEQUENCE { x, y, C3, C2 } of GM/T 0009 §7.2; `raw` is 04 || x || y || C3 || C2
 * (GB/T 32918.4 of 2016), and `raw-c1c2c3` has C2 before C3, as in the draft of 2010.
 */
export type CiphertextFormat = 'der' | 'raw' | 'raw-c1c2c3';

/** C1 as x || y, C3 and C2. */
export interface CiphertextParts {
  readonly c1: Uint8Array;
  readonly c3: Uint8Array;
  readonly c2: Uint8Array;
}

/** Where the digits of the number at `from` begin, and whether DER wants a zero before them. */
function shortestFrom(bytes: Uint8Array, from: number): { first: number; pad: number } {
  const last = from + NUMBER_BYTES - 1;
  let first = from;
  while (first < last && bytes[first] === 0) first++;
  return { first, pad: (bytes[first] ?? 0) >= 0x80 ? 1 : 0 };
}

/** The DER form of r || s. Written out, because it is on the path of every signature. */
export function encodeSignature(raw: Uint8Array): Uint8Array {
  const r = shortestFrom(raw, 0);
  const s = shortestFrom(raw, NUMBER_BYTES);
  const rLength = NUMBER_BYTES - r.first + r.pad;
  const sLength = 2 * NUMBER_BYTES - s.first + s.pad;
  const der = new Uint8Array(6 + rLength + sLength);
  der[0] = SEQUENCE;
  der[1] = 4 + rLength + sLength;
  der[2] = INTEGER;
  der[3] = rLength;
  der.set(raw.subarray(r.first, NUMBER_BYTES), 4 + r.pad);
  der[4 + rLength] = INTEGER;
  der[5 + rLength] = sLength;
  der.set(raw.subarray(s.first, 2 * NUMBER_BYTES), 6 + rLength + s.pad);
  return der;
}

/**
 * Copies the INTEGER of `der` at `at` to the 32 bytes of `raw` at `to` and returns where it ends,
 * or -1 when it is negative, not in its shortest form, longer than 32 bytes, or no INTEGER.
 */
function decodeNumber(der: Uint8Array, at: number, raw: Uint8Array, to: number): number {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== INTEGER || length === 0 || length > NUMBER_BYTES + 1 || end > der.length)
    return -1;
  let from = at + 2;
  const first = der[from] ?? 0;
  if (first >= 0x80) return -1;
  if (first === 0 && length > 1) {
    from++;
    if ((der[from] ?? 0) < 0x80) return -1;
  }
  if (end - from > NUMBER_BYTES) return -1;
  raw.fill(0, to, to + NUMBER_BYTES - (end - from));
  raw.set(der.subarray(from, end), to + NUMBER_BYTES - (end - from));
  return end;
}

/** Writes r || s of a DER signature to `raw` at `to`; false for anything but the one DER form. */
export function decodeSignature(der: Uint8Array, raw: Uint8Array, to: number): boolean {
  // Two numbers of at most 33 bytes: the length of the sequence always takes one byte.
  if (der[0] !== SEQUENCE || der[1] !== der.length - 2 || der.length > 72) return false;
  const s = decodeNumber(der, 2, raw, to);
  return s > 0 && decodeNumber(der, s, raw, to + NUMBER_BYTES) === der.length;
}

export function encodeCiphertext(parts: CiphertextParts, format: CiphertextFormat): Uint8Array {
  const { c1, c3, c2 } = parts;
  if (format === 'der') {
    return derSequence(
      derUnsigned(c1.subarray(0, NUMBER_BYTES)),
      derUnsigned(c1.subarray(NUMBER_BYTES)),
      derOctetString(c3),
      derOctetString(c2),
    );
  }
  const raw = new Uint8Array(1 + c1.length + c3.length + c2.length);
  raw[0] = 4;
  raw.set(c1, 1);
  raw.set(c3, format === 'raw' ? 65 : 65 + c2.length);
  raw.set(c2, format === 'raw' ? 97 : 65);
  return raw;
}

/** The parts of a ciphertext with at least one byte of C2, as views; undefined if it is malformed. */
export function decodeCiphertext(
  bytes: Uint8Array,
  format: CiphertextFormat,
): CiphertextParts | undefined {
  if (format === 'der') return decodeCiphertextDer(bytes);
  if (bytes.length < 98 || bytes[0] !== 4) return undefined;
  const c1 = bytes.subarray(1, 65);
  if (format === 'raw') return { c1, c3: bytes.subarray(65, 97), c2: bytes.subarray(97) };
  const c2End = bytes.length - NUMBER_BYTES;
  return { c1, c3: bytes.subarray(c2End), c2: bytes.subarray(65, c2End) };
}

function decodeCiphertextDer(bytes: Uint8Array): CiphertextParts | undefined {
  try {
    return readDer(bytes, (reader) => {
      const sequence = reader.sequence();
      const c1 = new Uint8Array(2 * NUMBER_BYTES);
      c1.set(sequence.unsignedOf(NUMBER_BYTES));
      c1.set(sequence.unsignedOf(NUMBER_BYTES), NUMBER_BYTES);
      const c3 = sequence.octetString();
      const c2 = sequence.octetString();
      sequence.end();
      return c3.length === NUMBER_BYTES && c2.length > 0 ? { c1, c3, c2 } : undefined;
    });
  } catch (error) {
    if (error instanceof DerError) return undefined;
    throw error;
  }
}
