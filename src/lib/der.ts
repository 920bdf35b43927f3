// A small reader and writer of DER (ITU-T X.690), for structures whose shape is known beforehand.
// The reader accepts only the one encoding that DER allows, and only tags below 31.

/** The bytes are not DER, or not of the expected shape. The message names no content. */
export class DerError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DerError';
  }
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const NULL = 0x05;
const OBJECT_IDENTIFIER = 0x06;
const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT = 0xa0;
/** Twice what any has that is read here; each byte may be an arc, which is a number and its text. */
const IDENTIFIER_BYTES_MAX = 64;

/** Reads elements one after the other; every method throws DerError if the next is another. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether all has been read. */
  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Refuses bytes behind the last element. */
  end(): void {
    if (!this.isAtEnd) throw new DerError('there are bytes behind the end');
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new DerError('the element is cut off');
    this.#at++;
    return byte;
  }

  /** X.690 §8.1.3 with the restriction of §10.1: definite, in the fewest bytes. */
  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new DerError('the length has no allowed form');
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) {
      throw new DerError('the length is not in its shortest form');
    }
    return length;
  }

  /** The contents of the next element, which must carry `tag`. A view, not a copy. */
  element(tag: number): Uint8Array {
    if (this.#byte() !== tag) throw new DerError('an element of another kind was expected');
    const length = this.#length();
    if (length > this.#bytes.length - this.#at) throw new DerError('the element is cut off');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** The next element, whatever its tag: all of its bytes, and its contents. Views, not copies. */
  any(): { readonly tag: number; readonly whole: Uint8Array; readonly contents: Uint8Array } {
    const tag = this.#bytes[this.#at];
    if (tag === undefined) throw new DerError('the element is cut off');
    if ((tag & 0x1f) === 0x1f) throw new DerError('the tag is too large');
    const start = this.#at;
    const contents = this.element(tag);
    return { tag, whole: this.#bytes.subarray(start, this.#at), contents };
  }

  /** Whether the next element carries `tag`. */
  isNext(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  /** The elements of a SEQUENCE. */
  sequence(): DerReader {
    return new DerReader(this.element(SEQUENCE));
  }

  /** The elements of a SET. Their order is not checked. */
  set(): DerReader {
    return new DerReader(this.element(SET));
  }

  /** Whether the next element is a SEQUENCE. */
  isSequenceNext(): boolean {
    return this.isNext(SEQUENCE);
  }

  /** The elements inside an explicit context tag, or undefined if another element comes next. */
  optionalExplicit(number: number): DerReader | undefined {
    return this.isNext(EXPLICIT | number)
      ? new DerReader(this.element(EXPLICIT | number))
      : undefined;
  }

  /** An INTEGER that is not negative: its big-endian bytes without leading zeros, none for zero. */
  unsigned(): Uint8Array {
    const contents = this.element(INTEGER);
    const [first, second] = contents;
    if (first === undefined) throw new DerError('the integer is empty');
    if (first >= 0x80) throw new DerError('the integer is negative');
    if (first !== 0) return contents;
    if (second === undefined) return contents.subarray(1);
    if (second < 0x80) throw new DerError('the integer is not in its shortest form');
    return contents.subarray(1);
  }

  /** An unsigned INTEGER in exactly `length` bytes, filled with zeros in front. */
  unsignedOf(length: number): Uint8Array {
    const digits = this.unsigned();
    if (digits.length > length) throw new DerError('the integer is too large');
    const fixed = new Uint8Array(length);
    fixed.set(digits, length - digits.length);
    return fixed;
  }

  /** An unsigned INTEGER of at most `most`, which is below 2^48. */
  smallInteger(most: number): number {
    const digits = this.unsigned();
    if (digits.length > 6) throw new DerError('the integer is too large');
    const value = digits.reduce((sum, digit) => sum * 256 + digit, 0);
    if (value > most) throw new DerError('the integer is too large');
    return value;
  }

  /** Whether the next element is an INTEGER. */
  isIntegerNext(): boolean {
    return this.isNext(INTEGER);
  }

  octetString(): Uint8Array {
    return this.element(OCTET_STRING);
  }

  /** A BIT STRING of whole bytes. */
  bitString(): Uint8Array {
    const contents = this.element(BIT_STRING);
    if (contents[0] !== 0) throw new DerError('the bit string has no whole bytes');
    return contents.subarray(1);
  }

  null(): void {
    if (this.element(NULL).length !== 0) throw new DerError('NULL has contents');
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  objectIdentifier(): string {
    const contents = this.element(OBJECT_IDENTIFIER);
    if (contents.length > IDENTIFIER_BYTES_MAX) {
      throw new DerError('the object identifier is too long');
    }
    const arcs: number[] = [];
    let arc = 0;
    let isInside = false;
    for (const byte of contents) {
      if (!isInside && byte === 0x80) throw new DerError('an arc is not in its shortest form');
      if (arc > 0xffffff) throw new DerError('an arc is too large');
      arc = arc * 128 + (byte & 0x7f);
      isInside = byte >= 0x80;
      if (isInside) continue;
      if (arcs.length === 0) {
        const root = Math.min(2, Math.floor(arc / 40));
        arcs.push(root, arc - 40 * root);
      } else {
        arcs.push(arc);
      }
      arc = 0;
    }
    if (isInside || arcs.length === 0) throw new DerError('the object identifier is cut off');
    return arcs.join('.');
  }
}

/** Reads all of `bytes` with `read`; bytes that it leaves are an error. */
export function readDer<T>(bytes: Uint8Array, read: (reader: DerReader) => T): T {
  const reader = new DerReader(bytes);
  const result = read(reader);
  reader.end();
  return result;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const digits: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return [0x80 | digits.length, ...digits];
}

/** One element: tag, length, and `parts` as its contents. */
export function derElement(tag: number, ...parts: Uint8Array[]): Uint8Array {
  const contents = concat(parts);
  return concat([Uint8Array.from([tag, ...lengthBytes(contents.length)]), contents]);
}

export function derSequence(...parts: Uint8Array[]): Uint8Array {
  return derElement(SEQUENCE, ...parts);
}

/** A SEQUENCE OF any number of elements, which arguments of a call are not. */
export function derSequenceOf(elements: readonly Uint8Array[]): Uint8Array {
  return derElement(SEQUENCE, concat(elements));
}

/** A SET OF: its elements in ascending order of their encodings (X.690 §11.6). */
export function derSet(...parts: Uint8Array[]): Uint8Array {
  return derElement(SET, ...parts.toSorted(compareBytes));
}

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let i = 0; i < length; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** A context tag around elements. */
export function derExplicit(number: number, ...parts: Uint8Array[]): Uint8Array {
  return derElement(EXPLICIT | number, ...parts);
}

/** An INTEGER from big-endian bytes that mean an unsigned number; leading zeros do not count. */
export function derUnsigned(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  const digits = first < 0 ? Uint8Array.of(0) : bytes.subarray(first);
  const sign = (digits[0] ?? 0) >= 0x80 ? Uint8Array.of(0) : new Uint8Array(0);
  return derElement(INTEGER, sign, digits);
}

/** An INTEGER from a whole number that is not negative. */
export function derInteger(value: number): Uint8Array {
  const digits: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256);
  return derUnsigned(Uint8Array.from(digits));
}

export function derOctetString(bytes: Uint8Array): Uint8Array {
  return derElement(OCTET_STRING, bytes);
}

/** A BIT STRING of whole bytes. */
export function derBitString(bytes: Uint8Array): Uint8Array {
  return derElement(BIT_STRING, Uint8Array.of(0), bytes);
}

export function derNull(): Uint8Array {
  return derElement(NULL);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function derObjectIdentifier(dotted: string): Uint8Array {
  const [root = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const contents: number[] = [];
  for (const arc of [40 * root + second, ...rest]) {
    const digits = [arc & 0x7f];
    for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift(0x80 | (left & 0x7f));
    contents.push(...digits);
  }
  return derElement(OBJECT_IDENTIFIER, Uint8Array.from(contents));
}
