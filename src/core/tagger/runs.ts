// Codes of runs of digits and letters: their shape, and whether the check inside them holds.
import {
  isCitizenNumber,
  isCitizenShape,
  isCreditCode,
  isIban,
  isLuhn,
  isMobile,
  isOldCitizenShape,
} from './checksums.ts';

/** One more than the largest code. */
export const RUN_CODES = 60;

const DIGITS_BY_LENGTH = [0, 1, 1, 2, 3, 4, 5, 6, 6, 7, 7, 9, 10];

function codeOfDigits(digits: string): number {
  const { length } = digits;
  if (length === 11 && isMobile(digits)) return 8;
  if (length === 8 && /^(19|20)\d\d(0[1-9]|1[0-2])[0-3]\d$/.test(digits)) return 18;
  if ((length === 10 || length === 13) && /^1[67]/.test(digits)) return 19;
  if (length <= 12) return DIGITS_BY_LENGTH[length] ?? 0;
  if (length === 18 && isCitizenNumber(digits)) return 13;
  if (length === 18 && isCitizenShape(digits)) return 14;
  if (length === 15 && isOldCitizenShape(digits)) return 15;
  if (/^20[012]\d(0[1-9]|1[0-2])[0-3]\d/.test(digits)) return length === 14 ? 17 : 20;
  if (length <= 19) return isLuhn(digits) ? 11 : 12;
  return 16;
}

function codeOfLetters(word: string): number {
  if (/^[a-z]+$/.test(word)) return 28;
  if (/^[A-Z][a-z]+$/.test(word)) return 29;
  return /^[A-Z]+$/.test(word) ? 30 : 34;
}

function codeOfMixed(word: string): number {
  const { length } = word;
  const upper = word.toUpperCase();
  if (length === 18) {
    if (isCitizenNumber(upper)) return 13;
    if (isCreditCode(word)) return 21;
    if (isCitizenShape(upper)) return 14;
    if (/^9[123]\d{6}[\dA-Z]{10}$/.test(word)) return 22;
  }
  if (/^0x[\da-fA-F]{40}$/.test(word)) return 54;
  if (isIban(word)) return 47;
  if (/^[\da-fA-F]{16,}$/.test(word)) {
    if (length === 32 || length === 40 || length === 64) return 24;
    return length < 32 ? 23 : 25;
  }
  if (length >= 24) return 26;
  if (/^[A-Z]{1,2}\d{6,9}$/.test(word)) return 27;
  if (/^\d/.test(word)) return 31;
  return /^[a-z]+\d+$/.test(word) ? 32 : 33;
}

function codeOfWord(word: string): number {
  if (/^\d+$/.test(word)) return codeOfDigits(word);
  return /^[A-Za-z]+$/.test(word) ? codeOfLetters(word) : codeOfMixed(word);
}

function codeOfGroups(group: string): number {
  const bare = group.replace(/[ -]/g, '').toUpperCase();
  if (isCitizenNumber(bare)) return 13;
  if (isCitizenShape(bare)) return 14;
  if (/^(86|0086)?1[3-9]\d{9}$/.test(bare)) return 36;
  if (/^\d{3}-\d\d-\d{4}$/.test(group)) return 48;
  if (/^\d{4}-\d{1,2}-\d{1,2}$/.test(group)) return 39;
  if (/^0\d{2,3}[- ]\d{7,8}$/.test(group)) return 37;
  if (/^\d{3}[- ]\d{3}[- ]\d{4}$/.test(group)) return 52;
  if (!/^\d{12,19}$/.test(bare)) return 0;
  return bare.length >= 13 && isLuhn(bare) ? 35 : 38;
}

/** Patterns that span several words, each with its code or the function that finds it. */
const spanning: readonly (readonly [RegExp, number | ((text: string) => number)])[] = [
  [/(?<![A-Za-z\d])\d{2,8}(?:[ -]\d{1,8}){1,5}[Xx]?(?![A-Za-z\d])/g, codeOfGroups],
  [/(?<![A-Z\d])[A-Z]{2}\d{2}(?: [A-Z\d]{4}){2,7}(?: [A-Z\d]{1,4})?(?![A-Za-z\d])/g, ibanCode],
  [/(?<!\d)(?:19|20)\d\d[-/.年](?:0?[1-9]|1[0-2])[-/.月](?:[12]\d|3[01]|0?[1-9])(?!\d)日?/g, 39],
  [/(?<![\d:])[0-2]?\d:[0-5]\d(?::[0-5]\d)?(?![\d:])/g, 40],
  [/(?<![\d.])-?\d{1,9}\.\d{1,8}(?![\d.])/g, 41],
  [/(?<![\d.])v?\d{1,3}(?:\.\d{1,4}){2}(?![\d.])/g, 43],
  [/(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g, 42],
  [/[¥$￥€£]\d[\d,]{0,12}(?:\.\d{1,2})?|(?<!\d)\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?(?!\d)/g, 55],
  [/(?<!\d)(?:0[1-9]|1[0-2])\/\d{2}(?!\d)(?!\/)/g, 56],
  [/(?<![\dA-Fa-f])[\dA-Fa-f]{2}(?:[: ][\dA-Fa-f]{2}){4,}(?![\dA-Fa-f])/g, 50],
  [/(?<![\dA-Fa-f-])[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}(?![\dA-Fa-f-])/g, 46],
  [/(?<![A-Za-z\d+/])[A-Za-z\d+/]{20,}={0,2}/g, base64Code],
  // The prefix starts where its word does: from every letter of it the search would be quadratic.
  [/(?:(?<![A-Za-z\d])[A-Za-z\d]+)?\*{2,}[A-Za-z\d]*/g, 51],
  [/\+\d[\d ()-]{7,16}\d/g, 45],
  [/\(\d{3}\) ?\d{3}-\d{4}/g, 52],
  [/\(0\d{2,3}\) ?\d{3,4}[ -]?\d{4}/g, 37],
  [/(?:https?|ftp|jdbc:[a-z]{2,12}|mysql|redis|postgres(?:ql)?|mongodb):\/\/[^\s"'@]{1,200}/g, 49],
  [/[A-Za-z\d._%+-]{1,64}@[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){0,4}\.[A-Za-z]{2,24}/g, 44],
];

function ibanCode(text: string): number {
  return isIban(text.replace(/ /g, '')) ? 47 : 0;
}

function base64Code(text: string): number {
  const isMixed = /[a-z]/.test(text) && /[A-Z]/.test(text) && /[\d+/=]/.test(text);
  return isMixed && /[+/=]/.test(text) ? 53 : 0;
}

/** Writes the code of its run to every position. */
export function markRuns(text: string, codes: Uint16Array): void {
  for (const { 0: word, index } of text.matchAll(/[A-Za-z\d]+/g)) {
    codes.fill(codeOfWord(word), index, index + word.length);
  }
  for (const [pattern, code] of spanning) {
    for (const { 0: run, index } of text.matchAll(pattern)) {
      const found = typeof code === 'number' ? code : code(run);
      if (found !== 0) codes.fill(found, index, index + run.length);
    }
  }
}
