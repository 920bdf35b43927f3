import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isDeliverable } from '../../../src/domain/webhooks/address.ts';

describe('where messages may be sent', () => {
  it.each([
    'https://bank.example/hooks',
    'https://hooks.bank.example:8443/a?b=c',
    'https://xn--fiq228c.example/',
  ])('%s', (url) => {
    expect(isDeliverable(url, false)).toBe(true);
  });

  it.each([
    'http://bank.example/',
    'ftp://bank.example/',
    'https://user:pass@bank.example/',
    'https://bank.example/#part',
    'https://localhost/',
    'https://localhost./',
    'https://chips.internal/',
    'https://printer.local/',
    'https://intranet/',
    'https://router/',
    'https://router./',
    'https://router../',
    'https://hooks.corp/',
    'https://nas.home/',
    'https://nas.localdomain/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://017700000001/',
    'https://169.254.169.254/latest/meta-data/',
    'https://10.0.0.1/',
    'https://203.0.113.9/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://１２７.0.0.1/',
    'https://',
    'not a url',
    `https://bank.example/${'a'.repeat(1024)}`,
  ])('not %s', (url) => {
    expect(isDeliverable(url, false)).toBe(false);
  });

  it('on one machine also to that machine, and still nowhere else inside', () => {
    expect(isDeliverable('http://127.0.0.1:9999/', true)).toBe(true);
    expect(isDeliverable('http://[::1]:9999/', true)).toBe(true);
    expect(isDeliverable('http://10.0.0.1/', true)).toBe(false);
    expect(isDeliverable('http://bank.example/', true)).toBe(false);
  });

  it('no address in numbers, however it is written', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (address) => {
        for (const text of [String(address), `0x${address.toString(16)}`]) {
          expect(isDeliverable(`https://${text}/`, false)).toBe(false);
        }
      }),
    );
  });
});
