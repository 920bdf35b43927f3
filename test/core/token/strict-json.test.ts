import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseStrictObject } from '../../../src/core/token/strict-json.ts';

const leaf = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string(),
  fc.integer(),
  // Numbers of more than 20 characters are refused.
  fc.integer().map((whole) => whole / 1000),
  fc.boolean(),
  fc.constant(null),
);
const name = fc.string({ unit: 'grapheme' }).filter((text) => text !== '__proto__');
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
}));

/** What the reader refuses though JSON allows it: control characters that are not escaped. */
const escaped = (json: string) =>
  json.replaceAll(/\p{Cc}/gu, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);

test('reads what JSON.parse reads, where it reads at all', () => {
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 5 }), fc.boolean(), (object, isSpaced) => {
      const json = escaped(JSON.stringify(object));
      const text = isSpaced ? ` \t${json}\r\n ` : json;
      expect(JSON.stringify(parseStrictObject(text))).toBe(JSON.stringify(JSON.parse(json)));
    }),
    { numRuns: 500 },
  );
});

test('reads no text that JSON.parse does not read to the same object', () => {
  const pieces = ['{', '}', '[', ']', '"', 'a', ':', ',', '1', '-', '.', 'e', '\\', '\\u0061', ' '];
  const unit = fc.constantFrom(...pieces, '\u0007', '\u0085', '\ud800', '"a":', '"b":1', 'true');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (inner) => {
      const text = `{${inner}}`;
      let read: unknown;
      try {
        read = parseStrictObject(text);
      } catch {
        return;
      }
      expect(JSON.stringify(read)).toBe(JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 5_000 },
  );
});

test.each([
  ['a name twice', '{"a":1,"a":1}'],
  ['a name twice, once escaped', '{"a":1,"\\u0061":1}'],
  ['a raw control character', '{"a":"\u0007"}'],
  ['a raw C1 control character', '{"a":"\u0085"}'],
  ['a lone surrogate', '{"a":"\ud800"}'],
  ['an escaped lone surrogate', '{"a":"\\udc00"}'],
  ['an unknown escape', '{"a":"\\x41"}'],
  ['an escape at the end', '{"a":"\\'],
  ['a text that does not end', '{"a":"b'],
  ['a quote that is escaped at the end', '{"a":"b\\"}'],
])('refuses %s', (_, text) => {
  expect(() => parseStrictObject(text)).toThrow('The token is not accepted.');
});

test('an escaped pair of surrogates is one character, and text of all planes stays', () => {
  expect(parseStrictObject('{"a":"\\ud83d\\ude00","𠮷":"𠮷"}')).toEqual({ a: '😀', 𠮷: '𠮷' });
});
