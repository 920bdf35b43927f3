import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  canonicalIdentity,
  idCheckCharacter,
  isIdNumber,
} from '../../../src/core/federation/identity.ts';

/** ISO 7064 MOD 11-2 as GB 11643 writes it: weights 2^(18 - i) mod 11, summed. */
function checkByWeights(digits: string): string {
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = [...digits].reduce((total, d, i) => total + Number(d) * (weights[i] ?? 0), 0);
  return '10X98765432'[sum % 11] ?? '';
}

describe('A2: an identity has one form before it is hashed', () => {
  test('the check character agrees with the table of weights', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{17}$/), (digits) => {
        expect(idCheckCharacter(digits)).toBe(checkByWeights(digits));
      }),
    );
  });

  test('GB 11643: the examples of its annex, and none with one digit changed', () => {
    for (const known of ['11010519491231002X', '440524188001010014']) {
      expect(isIdNumber(known)).toBe(true);
      for (let at = 0; at < 17; at++) {
        const digit = (Number(known[at]) + 1) % 10;
        expect(isIdNumber(known.slice(0, at) + digit + known.slice(at + 1))).toBe(false);
      }
    }
  });

  test.each(['0230', '0431', '1301', '0000', '0229'])('%s of 1981 is not a day', (day) => {
    const digits = `9900001981${day}000`;
    expect(isIdNumber(digits + idCheckCharacter(digits))).toBe(false);
  });

  test.each([
    [' 欧阳 雨 桐 ', '欧阳雨桐'],
    ['阿依古丽•买买提', '阿依古丽·买买提'],
    ['阿依古丽 · 买买提', '阿依古丽·买买提'],
    ["Ａｎｎ  mary  o'neil", "ANN MARY O'NEIL"],
  ])('name %j', (typed, name) => {
    const typedPerson = { name: typed, idNumber: '11010519491231002X', phone: '13800138000' };
    expect(canonicalIdentity(typedPerson)).toMatchObject({ identity: { name } });
  });

  test('blanks, width, case and country code do not count', () => {
    const typed = { name: '尤欣', idNumber: '１１０105 19491231-002x', phone: '+86 138-0013-8000' };
    expect(canonicalIdentity(typed)).toEqual({
      identity: { name: '尤欣', idNumber: '11010519491231002X', phone: '13800138000' },
    });
  });

  test('canonical form of a canonical form is itself', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (name) => {
        const once = canonicalIdentity({
          name,
          idNumber: '11010519491231002X',
          phone: '13800138000',
        });
        if ('identity' in once) expect(canonicalIdentity(once.identity)).toEqual(once);
      }),
    );
  });

  test('every wrong field is named', () => {
    expect(canonicalIdentity({ name: '<b>', idNumber: '123', phone: '5550' })).toEqual({
      wrong: ['name', 'idNumber', 'phone'],
    });
  });
});
