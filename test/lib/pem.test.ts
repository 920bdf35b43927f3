import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodePem, encodePem, PEM_CHARACTERS_MAX, PemError } from '../../src/lib/pem.ts';

test('PEM reads what it writes, with either line break and space around', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      const text = encodePem('PUBLIC KEY', bytes);
      expect(decodePem('PUBLIC KEY', text)).toEqual(bytes);
      expect(decodePem('PUBLIC KEY', `\n${text.replaceAll('\n', '\r\n')} \n`)).toEqual(bytes);
      for (const line of text.trim().split('\n').slice(1, -1)) {
        expect(line.length).toBeLessThanOrEqual(64);
      }
    }),
  );
});

const good = encodePem('PUBLIC KEY', Uint8Array.of(1, 2, 3, 4));
test.each([
  ['another label', encodePem('PRIVATE KEY', Uint8Array.of(1))],
  ['text in front', `x${good}`],
  ['text behind', `${good}x`],
  ['a second block', good + good],
  ['headers', good.replace('-----\n', '-----\nProc-Type: 4,ENCRYPTED\n\n')],
  ['no end', good.split('-----END')[0] ?? ''],
  ['letters of another alphabet', good.replace('AQ', '-_')],
  ['missing padding', good.replaceAll('=', '')],
  ['bits behind the last byte', good.replace('BA==', 'BB==')],
  ['too much text', ' '.repeat(PEM_CHARACTERS_MAX) + good],
  ['nothing', ''],
  ['the borders run into each other', '-----BEGIN PUBLIC KEY-----END PUBLIC KEY-----'],
])('PEM refuses %s', (_, text) => {
  expect(() => decodePem('PUBLIC KEY', text)).toThrow(PemError);
});
