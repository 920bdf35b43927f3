import type { Language } from './i18n/index.ts';

/** Currencies that the amount field offers, with the number of digits of their minor unit. */
export const currencies = { CNY: 2, USD: 2, EUR: 2, HKD: 2, JPY: 0 } as const;
export type Currency = keyof typeof currencies;

export function isCurrency(text: string): text is Currency {
  return Object.hasOwn(currencies, text);
}

const amountMinorMax = 1_000_000_000_000_00;

/**
 * Reads an amount as people type it: `128,600`, `128600.5`, full-width digits, a leading sign of
 * the currency. Undefined when it is none, has too many decimals, is zero, or is over 10^12.
 */
export function parseAmount(text: string, currency: Currency): number | undefined {
  const plain = text
    .normalize('NFKC')
    .replace(/[\s,_]/g, '')
    .replace(/^[¥$€]/, '');
  const digits = currencies[currency];
  const match = /^(\d{1,13})(?:\.(\d*))?$/.exec(plain);
  if (!match) return undefined;
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > digits) return undefined;
  const minor = Number(match[1]) * 10 ** digits + Number(fraction.padEnd(digits, '0') || '0');
  return minor > 0 && minor <= amountMinorMax ? minor : undefined;
}

/** `128,600.00`: figures only; the unit stands in the column head or before it. */
export function formatAmount(amountMinor: number, currency: string): string {
  const digits = isCurrency(currency) ? currencies[currency] : 2;
  return (amountMinor / 10 ** digits).toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

export function formatMoney(amountMinor: number, currency: string, language: Language): string {
  const sign = currency === 'CNY' && language === 'zh' ? '¥' : currency;
  return `${sign} ${formatAmount(amountMinor, currency)}`;
}

const numerals = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const places = ['', '拾', '佰', '仟'];
const groups = ['', '万', '亿', '万亿'];

/** One group of four figures; the zero before it and inside it is said once. */
function groupInWords(figures: string): string {
  let words = '';
  let zeroDue = false;
  for (const [index, figure] of [...figures].entries()) {
    if (figure === '0') {
      zeroDue = words !== '';
      continue;
    }
    if (zeroDue) words += '零';
    zeroDue = false;
    words += (numerals[Number(figure)] ?? '') + (places[figures.length - 1 - index] ?? '');
  }
  return words;
}

function yuanInWords(yuan: number): string {
  const text = String(yuan);
  const figures = text.padStart(Math.ceil(text.length / 4) * 4, '0');
  let words = '';
  let zeroDue = false;
  for (let start = 0; start < figures.length; start += 4) {
    const group = figures.slice(start, start + 4);
    const spoken = groupInWords(group);
    if (spoken === '') {
      zeroDue = words !== '';
      continue;
    }
    if (words !== '' && (zeroDue || group.startsWith('0'))) words += '零';
    zeroDue = false;
    words += spoken + (groups[(figures.length - start) / 4 - 1] ?? '');
  }
  return words;
}

/**
 * A renminbi amount in words, as it stands on vouchers (《支付结算办法》附一): 壹拾贰万捌仟陆佰元整.
 * 整 follows 元 and 角, not 分.
 */
export function inCapitals(amountMinor: number): string {
  const yuan = Math.floor(amountMinor / 100);
  const jiao = Math.floor(amountMinor / 10) % 10;
  const fen = amountMinor % 10;
  let words = yuan > 0 ? `${yuanInWords(yuan)}元` : '';
  if (jiao > 0) words += `${numerals[jiao]}角`;
  else if (fen > 0 && yuan > 0) words += '零';
  if (fen > 0) return `${words}${numerals[fen]}分`;
  return words === '' ? '零元整' : `${words}整`;
}
