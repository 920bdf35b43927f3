import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DerError,
  DerReader,
  derBitString,
  derExplicit,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  derUnsigned,
  readDer,
} from '../../src/lib/der.ts';

const unhex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytes = (most: number) => fc.uint8Array({ maxLength: most });

describe('DER', () => {
  test('reads what it writes', () => {
    fc.assert(
      fc.property(bytes(300), bytes(40), fc.nat(), bytes(200), (octets, digits, small, bits) => {
        const der = derSequence(
          derOctetString(octets),
          derUnsigned(digits),
          derInteger(small),
          derExplicit(1, derBitString(bits)),
          derNull(),
        );
        readDer(der, (outer) => {
          const reader = outer.sequence();
          expect(hex(reader.octetString())).toBe(hex(octets));
          expect(hex(reader.unsignedOf(40))).toBe(hex(digits).padStart(80, '0'));
          expect(reader.smallInteger(2 ** 32)).toBe(small);
          expect(reader.optionalExplicit(0)).toBeUndefined();
          expect(hex(reader.optionalExplicit(1)?.bitString() ?? new Uint8Array(1))).toBe(hex(bits));
          reader.null();
          reader.end();
        });
      }),
    );
  });

  test.each([
    ['1.2.840.10045.2.1', '06072a8648ce3d0201'],
    ['1.2.156.10197.1.301', '06082a811ccf5501822d'],
    ['2.16.840.1.101.3.4.1.42', '060960864801650304012a'],
    ['2.999.3', '0603883703'],
  ])('writes and reads the object identifier %s', (dotted, encoded) => {
    expect(hex(derObjectIdentifier(dotted))).toBe(encoded);
    expect(new DerReader(unhex(encoded)).objectIdentifier()).toBe(dotted);
  });

  const integer = (reader: DerReader) => reader.unsigned();
  test.each<[string, string, (reader: DerReader) => unknown]>([
    ['nothing', '', integer],
    ['another tag', '0401 00', integer],
    ['an element that is cut off', '0202 01', integer],
    ['an empty integer', '0200', integer],
    ['a negative integer', '0201 80', integer],
    ['an integer with a needless zero', '0202 0001', integer],
    ['a long length where a short one does', '028101 01', integer],
    ['a length with leading zeros', `04820080${'00'.repeat(128)}`, (r) => r.octetString()],
    ['an indefinite length', '3080 020101 0000', (r) => r.sequence()],
    ['a length of five bytes', '048501000000 00', (r) => r.octetString()],
    ['a byte behind the end', '020101 00', integer],
    ['a bit string with unused bits', '0302 0180', (r) => r.bitString()],
    ['an empty bit string', '0300', (r) => r.bitString()],
    ['NULL with contents', '0501 00', (r) => r.null()],
    ['an empty object identifier', '0600', (r) => r.objectIdentifier()],
    ['an object identifier that is cut off', '0602 2a86', (r) => r.objectIdentifier()],
    ['an object identifier of many arcs', `0641${'01'.repeat(65)}`, (r) => r.objectIdentifier()],
    ['an arc with a needless zero', '0603 2a8001', (r) => r.objectIdentifier()],
    ['an arc beyond 32 bits', '0607 2affffffffff7f', (r) => r.objectIdentifier()],
    ['an integer above its limit', '0201 03', (r) => r.smallInteger(2)],
    ['an integer of more bytes than asked for', '0202 0100', (r) => r.unsignedOf(1)],
  ])('refuses %s', (_, der, read) => {
    expect(() => readDer(unhex(der), read)).toThrow(DerError);
  });

  test('an integer has one encoding only', () => {
    fc.assert(
      fc.property(bytes(12), (contents) => {
        const der = Uint8Array.of(2, contents.length, ...contents);
        try {
          expect(hex(derUnsigned(readDer(der, integer)))).toBe(hex(der));
        } catch (error) {
          expect(error).toBeInstanceOf(DerError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
