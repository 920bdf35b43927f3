import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatAmount, formatMoney, inCapitals, parseAmount } from '../../src/console/money.ts';

describe('parseAmount', () => {
  it.each([
    ['128,600', 12_860_000],
    ['128600.5', 12_860_050],
    ['¥ 0.01', 1],
    ['１２８，６００．００', 12_860_000],
    ['128_600.00', 12_860_000],
    ['1.500', 150],
    ['1000000000000', 100_000_000_000_000],
  ])('reads %s', (text, amountMinor) => {
    expect(parseAmount(text, 'CNY')).toBe(amountMinor);
  });

  it.each(['', '0', '0.00', '-5', '1.005', '1e5', 'ten', '1.2.3', '1000000000000.01', '.5'])(
    'refuses %j',
    (text) => {
      expect(parseAmount(text, 'CNY')).toBeUndefined();
    },
  );

  it('knows currencies without a minor unit', () => {
    expect(parseAmount('500', 'JPY')).toBe(500);
    expect(parseAmount('500.5', 'JPY')).toBeUndefined();
  });

  it('reads back what it writes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000_000_000_000 }), (amountMinor) => {
        expect(parseAmount(formatAmount(amountMinor, 'CNY'), 'CNY')).toBe(amountMinor);
      }),
    );
  });
});

describe('formatMoney', () => {
  it('uses the sign in Chinese and the code in English', () => {
    expect(formatMoney(12_860_000, 'CNY', 'zh')).toBe('¥ 128,600.00');
    expect(formatMoney(12_860_000, 'CNY', 'en')).toBe('CNY 128,600.00');
    expect(formatMoney(500, 'JPY', 'zh')).toBe('JPY 500');
  });
});

describe('inCapitals', () => {
  it.each([
    [12_860_000, '壹拾贰万捌仟陆佰元整'],
    [100, '壹元整'],
    [1000, '壹拾元整'],
    [10_500, '壹佰零伍元整'],
    [140_950, '壹仟肆佰零玖元伍角整'],
    [600_714, '陆仟零柒元壹角肆分'],
    [168_032, '壹仟陆佰捌拾元叁角贰分'],
    [10_700_053, '壹拾万柒仟元伍角叁分'],
    [1_640_902, '壹万陆仟肆佰零玖元零贰分'],
    [1_000_000_000, '壹仟万元整'],
    [10_000_000_000, '壹亿元整'],
    [10_000_000_100, '壹亿零壹元整'],
    [10_001_000_000, '壹亿零壹万元整'],
    [100_000_001, '壹佰万元零壹分'],
    [100_000_000_000_000, '壹万亿元整'],
    [100_000_100_000_000, '壹万亿零壹佰万元整'],
    [50, '伍角整'],
    [5, '伍分'],
    [0, '零元整'],
  ])('%d minor units are %s', (amountMinor, words) => {
    expect(inCapitals(amountMinor)).toBe(words);
  });

  it('never says two zeros in a row nor ends a group on one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 100_000_000_000_000 }), (amountMinor) => {
        expect(inCapitals(amountMinor)).not.toMatch(/零零|零[万亿元整]/);
      }),
    );
  });
});
