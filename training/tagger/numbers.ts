// Numbers of every kind that are somebody's, made to their rules but at random.
import type { Random } from './random.ts';

const ID_WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const CREDIT_WEIGHTS = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];
const MOBILE_HEADS =
  '130 131 132 133 134 135 136 137 138 139 145 147 149 150 151 152 153 155 156 157 158 159 165 166 167 170 171 172 173 175 176 177 178 180 181 182 183 184 185 186 187 188 189 190 191 192 193 195 196 197 198 199'.split(
    ' ',
  );
const LAND_HEADS =
  '010 020 021 022 023 024 025 027 028 029 0311 0351 0371 0379 0411 0431 0451 0471 0510 0512 0519 0531 0532 0551 0571 0574 0577 0591 0592 0595 0731 0755 0757 0769 0771 0791 0851 0871 0891 0898 0931 0951 0971 0991'.split(
    ' ',
  );

export const two = (n: number) => String(n).padStart(2, '0');

export function luhn(random: Random, head: string, length: number): string {
  let digits = head;
  while (digits.length < length - 1) digits += random.below(10);
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    sum += i % 2 === 0 ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return digits + ((10 - (sum % 10)) % 10);
}

export function citizen(random: Random, areaCode: string): string {
  const date = `${random.between(1935, 2018)}${two(random.between(1, 12))}${two(random.between(1, 28))}`;
  const body = areaCode + date + random.digits(3);
  const sum = ID_WEIGHTS.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return body + '10X98765432'[sum % 11];
}

export function oldCitizen(random: Random, areaCode: string): string {
  return `${areaCode}${random.between(30, 85)}${two(random.between(1, 12))}${two(random.between(1, 28))}${random.digits(3)}`;
}

export function creditCode(random: Random, areaCode: string): string {
  const body = `${random.pick(['91', '91', '92', '93', '52', '12', '11'])}${areaCode}${random.chars(CREDIT_ALPHABET, 9)}`;
  const sum = CREDIT_WEIGHTS.reduce(
    (total, weight, i) => total + weight * CREDIT_ALPHABET.indexOf(body[i] ?? ''),
    0,
  );
  return body + CREDIT_ALPHABET[(31 - (sum % 31)) % 31];
}

export function iban(random: Random): string {
  const country = random.pick([
    'GB',
    'DE',
    'FR',
    'NL',
    'ES',
    'CH',
    'IT',
    'BE',
    'AT',
    'PL',
    'AE',
    'SA',
    'PT',
    'IE',
  ]);
  const letters = random.chance(0.4) ? random.chars('ABCDEFGHIKLMNPRSTUW', 4) : '';
  const body = letters + random.digits(random.between(12, 20));
  let rest = 0;
  for (const c of `${body}${country}00`) {
    const value = c <= '9' ? Number(c) : c.charCodeAt(0) - 55;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  // One in four is mistyped or invented, as in real text.
  const check = random.chance(0.75) ? two(98 - rest) : random.digits(2);
  return country + check + body;
}

export const mobile = (random: Random) => random.pick(MOBILE_HEADS) + random.digits(8);

export const landHead = (random: Random) => random.pick(LAND_HEADS);

export function grouped(text: string, size: number, separator: string): string {
  return text.replace(new RegExp(`(.{${size}})(?=.)`, 'g'), `$1${separator}`);
}

const HAN_DIGITS = [
  '零一二三四五六七八九',
  '〇一二三四五六七八九',
  '零幺二三四五六七八九',
  '零壹贰叁肆伍陆柒捌玖',
];

export function inHan(random: Random, digits: string): string {
  const set = random.pick(HAN_DIGITS);
  return digits.replace(/\d/g, (d) => set[Number(d)] ?? d);
}

const LOOK_ALIKES: Readonly<Record<string, string>> = {
  '0': 'OoD',
  '1': 'lIi',
  '2': 'Z',
  '5': 'S',
  '6': 'b',
  '8': 'B',
  '9': 'g',
};

/** One or two digits read as letters. */
export function misread(random: Random, digits: string): string {
  const characters = [...digits];
  for (let n = random.between(1, 2); n > 0; n--) {
    const i = random.below(characters.length);
    const alike = LOOK_ALIKES[characters[i] ?? ''];
    if (alike) characters[i] = random.char(alike);
  }
  return characters.join('');
}

export const fullWidth = (text: string) =>
  text
    .replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))
    .replace(/ /g, '\u3000');
