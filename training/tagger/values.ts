// Values of every label, and the values that only look like them.
import * as numbers from './numbers.ts';
import type { People } from './people.ts';
import type { Places } from './places.ts';
import type { Random } from './random.ts';
import { type Words, wordOf } from './words.ts';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const DIGITS = '0123456789';
const ALNUM = LOWER + UPPER + DIGITS;
const HEX = '0123456789abcdef';
const SYMBOLS = '!@#$%^&*_-+=?.';
const BASE64 = `${UPPER}${LOWER}${DIGITS}+/`;
const { two } = numbers;

export type Maker = () => string;
export type Values = ReturnType<typeof values>;

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

export function values(random: Random, words: Words, folk: People, places: Places) {
  const one = (...makers: Maker[]) => random.pick(makers)();
  const english = () => words.english[random.below(random.chance(0.6) ? 3000 : 12000)] ?? 'word';
  const longWord = () => {
    for (;;) {
      const word = english();
      if (word.length >= 4) return word;
    }
  };
  const pinyin = () =>
    folk
      .latinFamily()
      .replace(/[^A-Za-z]/g, '')
      .toLowerCase()
      .slice(0, 8);
  const hex = (count: number) => random.chars(HEX, count);
  const base64 = (low: number, high: number) =>
    random.chars(BASE64, random.between(low, high)) + random.pick(['', '=', '==']);
  const areaCode = () => places.area().code;

  const citizen = () => {
    const id = numbers.citizen(random, areaCode());
    const form = random.weighted({
      plain: 62,
      lower: 4,
      three: 9,
      four: 4,
      dashed: 3,
      wrong: 7,
      misread: 4,
      full: 4,
      wide: 3,
    });
    switch (form) {
      case 'lower':
        return id.toLowerCase();
      case 'three':
        return `${id.slice(0, 6)} ${id.slice(6, 14)} ${id.slice(14)}`;
      case 'four':
        return numbers.grouped(id, random.pick([3, 4, 6]), ' ');
      case 'dashed':
        return `${id.slice(0, 6)}-${id.slice(6, 14)}-${id.slice(14)}`;
      case 'wrong':
        return id.slice(0, 17) + random.char('0123456789X');
      case 'misread':
        return numbers.misread(random, id);
      case 'full':
        return numbers.fullWidth(id);
      case 'wide':
        return random.chance(0.5) ? numbers.grouped(id, 1, ' ') : numbers.inHan(random, id);
      default:
        return id;
    }
  };
  const passport = () =>
    one(
      () => random.char('EGDSPKLMNXAC') + random.digits(8),
      () => `E${random.char('ABCDEFGHJKLMN')}${random.digits(7)}`,
      () => random.char(UPPER) + random.digits(random.between(6, 8)),
      () => random.chars(UPPER, 2) + random.digits(random.between(6, 7)),
      () => random.digits(9),
    );
  const otherIds = {
    passport,
    hkMacau: () => random.char('HMCW') + random.digits(random.pick([8, 8, 10])),
    hongKong: () =>
      `${random.char('ABCDEFGHKMPRVWYZ')}${random.digits(6)}${random.pick(['(', '（', ''])}`.replace(
        /[(（]?$/,
        (open) =>
          open === ''
            ? random.char('0123456789A')
            : `${open}${random.char('0123456789A')}${open === '(' ? ')' : '）'}`,
      ),
    taiwan: () =>
      one(
        () => random.digits(8),
        () => `${random.char('ABCDEFGH')}${random.pick(['1', '2'])}${random.digits(8)}`,
        () => `0${random.digits(7)}`,
      ),
    military: () =>
      `${random.pick(['南', '北', '沈', '兰', '成', '济', '广', '海', '空', '参', '政', '后', '装', '军', '士', '火', '武'])}字第${random.digits(random.between(5, 8))}号`,
    social: () =>
      one(
        () => `${random.between(100, 899)}-${two(random.between(1, 99))}-${random.digits(4)}`,
        () => random.digits(9),
      ),
    driver: () =>
      one(
        () => random.char(UPPER) + random.digits(random.between(7, 12)),
        () => random.digits(random.between(8, 12)),
        () =>
          `${random.chars(UPPER, 5)}${random.digits(6)}${random.chars(UPPER, 2)}${random.char(DIGITS)}${random.chars(UPPER, 2)}`,
      ),
    insurance: () => {
      const [a, b] = [random.chars('ABCEGHJKLMNPRSTWXYZ', 2), random.digits(6)];
      const c = random.char('ABCD');
      return random.chance(0.5)
        ? a + b + c
        : `${a} ${b.slice(0, 2)} ${b.slice(2, 4)} ${b.slice(4)} ${c}`;
    },
    singapore: () =>
      random.char('STFGM') + random.digits(7) + random.char('ABCDEFGHIZJKLMNPQRTUWX'),
    aadhaar: () => numbers.grouped(random.digits(12), 4, random.pick([' ', ' ', '-', ''])),
    old: () => numbers.oldCitizen(random, areaCode()),
    residence: () =>
      `${random.pick(['8', '9'])}${random.digits(5)}${random.between(1950, 2010)}${two(random.between(1, 12))}${two(random.between(1, 28))}${random.digits(4)}`,
    permanent: () => `${random.chars(UPPER, 3)}${random.digits(12)}`,
    national: () =>
      one(
        () =>
          `${random.digits(2)}.${random.digits(3)}.${random.digits(3)}-${random.char('0123456789K')}`,
        () => `${random.digits(3)}.${random.digits(3)}.${random.digits(3)}-${random.digits(2)}`,
        () => random.digits(8) + random.char('TRWAGMYFPDXBNJZSQVHLCKE'),
        () => `${random.digits(6)}-${random.pick(['1', '2', '3', '4'])}${random.digits(6)}`,
      ),
    professional: () => random.digits(random.pick([15, 16, 17, 18, 24])),
  };
  const otherId = () =>
    one(...Object.values(otherIds).filter((make) => make !== otherIds.professional));
  const credit = () => {
    const code = numbers.creditCode(random, areaCode());
    if (random.chance(0.06)) return numbers.misread(random, code);
    return random.chance(0.05) ? numbers.grouped(code, random.pick([4, 6]), ' ') : code;
  };

  const mobile = () => {
    const n = numbers.mobile(random);
    const sep = random.pick([' ', '-', ' ']);
    const form = random.weighted({
      plain: 62,
      three: 12,
      country: 9,
      full: 4,
      han: 4,
      misread: 3,
      four: 3,
      spaced: 2,
      dotted: 1,
    });
    switch (form) {
      case 'three':
        return `${n.slice(0, 3)}${sep}${n.slice(3, 7)}${sep}${n.slice(7)}`;
      case 'four':
        return `${n.slice(0, 4)}${sep}${n.slice(4, 7)}${sep}${n.slice(7)}`;
      case 'country':
        return (
          random.pick(['+86', '+86 ', '+86-', '86', '0086', '0086 ', '(+86)', '86-', '+86 ']) +
          (random.chance(0.3) ? `${n.slice(0, 3)} ${n.slice(3, 7)} ${n.slice(7)}` : n)
        );
      case 'full':
        return numbers.fullWidth(n);
      case 'han':
        return numbers.inHan(random, n);
      case 'misread':
        return numbers.misread(random, n);
      case 'spaced':
        return numbers.grouped(n, random.pick([1, 2]), ' ');
      case 'dotted':
        return `${n.slice(0, 3)}.${n.slice(3, 7)}.${n.slice(7)}`;
      default:
        return n;
    }
  };
  const land = () => {
    const head = numbers.landHead(random);
    const n = random.between(2, 8) + random.digits(random.pick([6, 7]));
    const extension = random.chance(0.08)
      ? random.pick(['转', '-', '分机']) + random.digits(random.pick([3, 4]))
      : '';
    return (
      random.pick([
        `${head}-${n}`,
        `${head}-${n}`,
        `${head}${n}`,
        `(${head})${n}`,
        `（${head}）${n}`,
        `${head} ${n}`,
        n,
        `+86 ${head.slice(1)} ${n}`,
      ]) + (extension.startsWith('-') || extension === '' ? extension : '')
    );
  };
  const foreignPhone = () => {
    const area = random.between(201, 989);
    const middle = random.between(201, 989);
    return one(
      () => `(${area}) ${middle}-${random.digits(4)}`,
      () => `${area}-${middle}-${random.digits(4)}`,
      () => `${area}.${middle}.${random.digits(4)}`,
      () => `+1 ${area} ${middle} ${random.digits(4)}`,
      () => `+1${area}${middle}${random.digits(4)}`,
      () => `1-${area}-${middle}-${random.digits(4)}`,
      () => `${area}${middle}${random.digits(4)}`,
      () => `+44 7${random.digits(3)} ${random.digits(6)}`,
      () => `07${random.digits(3)} ${random.digits(6)}`,
      () => `0${random.between(20, 29)} ${random.digits(4)} ${random.digits(4)}`,
      () => `+852 ${random.digits(4)} ${random.digits(4)}`,
      () => `+853-6${random.digits(7)}`,
      () => `09${random.digits(2)}-${random.digits(3)}-${random.digits(3)}`,
      () => `+65 ${random.pick(['8', '9', '6'])}${random.digits(3)} ${random.digits(4)}`,
      () => `+81-90-${random.digits(4)}-${random.digits(4)}`,
      () => `+49 ${random.between(30, 989)} ${random.digits(random.between(6, 8))}`,
      () => `+33 6 ${random.digits(2)} ${random.digits(2)} ${random.digits(2)} ${random.digits(2)}`,
      () => `+91 ${random.pick(['7', '8', '9'])}${random.digits(4)} ${random.digits(5)}`,
      () =>
        `+${random.between(20, 998)} ${random.digits(random.between(2, 3))} ${random.digits(3)} ${random.digits(4)}`,
    );
  };
  const host = () =>
    one(
      () =>
        random.pick([
          'qq.com',
          '163.com',
          '126.com',
          'gmail.com',
          'hotmail.com',
          'sina.com',
          'sina.cn',
          'aliyun.com',
          'yahoo.com',
          'outlook.com',
          'foxmail.com',
          '139.com',
          'icloud.com',
          'sohu.com',
          'yeah.net',
          'live.cn',
          '21cn.com',
          'proton.me',
          'vip.qq.com',
          'yandex.ru',
        ]),
      () =>
        `${longWord()}.${random.pick(['com', 'cn', 'org', 'net', 'io', 'co.uk', 'com.cn', 'edu.cn', 'gov.cn', 'de', 'fr', 'app', 'example'])}`,
      () =>
        `${random.pick(['mail', 'corp', 'hr', 'it', 'vip'])}.${pinyin()}.${random.pick(['com', 'cn', 'net'])}`,
      () =>
        `${pinyin()}-${random.pick(['group', 'tech', 'bank', 'inc', 'law', 'media'])}.${random.pick(['com', 'cn', 'com.cn'])}`,
    );
  const handle = () =>
    one(
      () =>
        `${pinyin()}${random.pick(['', '_', '.', '-'])}${random.chance(0.6) ? random.digits(random.between(1, 4)) : pinyin()}`,
      () =>
        `${longWord()}${random.pick(['', '_', '.', '-'])}${random.chance(0.5) ? longWord() : random.digits(random.between(1, 4))}`,
      () => random.chars(LOWER, random.between(3, 8)) + random.digits(random.between(0, 5)),
      () =>
        `${folk
          .latinGiven()
          .toLowerCase()
          .replace(/[^a-z]/g, '')}${random.pick(['.', '_', '', '-'])}${folk
          .latinFamily()
          .toLowerCase()
          .replace(/[^a-z]/g, '')}`,
    );
  const mail = () => {
    const local = random.chance(0.15)
      ? random.digits(random.between(5, 10))
      : handle() + (random.chance(0.05) ? `+${longWord()}` : '');
    const at = random.weighted({ '@': 94, '＠': 2, ' @ ': 1, '#': 0.01, '(at)': 1, ' at ': 1 });
    return `${local}${at}${host()}`;
  };
  const messenger = () =>
    one(
      () =>
        `${random.pick(['wxid_', 'wx_', 'wx', 'weixin_', 'WX'])}${random.chars(LOWER + DIGITS, random.between(6, 14))}`,
      handle,
      () =>
        random.pick(LOWER.split('')) + random.chars(`${LOWER}${DIGITS}_-`, random.between(5, 14)),
      () => `${pinyin()}${random.between(1960, 2012)}`,
      () => `${capital(longWord())}_${random.digits(3)}`,
    );
  const qq = () => random.between(1, 9) + random.digits(random.between(5, 10));
  const social = () =>
    one(
      () => `@${handle()}`,
      handle,
      () => `live:${handle()}`,
      () => `${capital(longWord())}#${random.digits(4)}`,
    );

  const strongPassword = () =>
    one(
      () => capital(longWord()) + random.char('!@#$_.-') + random.digits(random.between(1, 5)),
      () =>
        longWord() + random.pick(['', '_', '-', '.', '@']) + random.digits(random.between(1, 6)),
      () => random.chars(ALNUM + SYMBOLS, random.between(6, 18)),
      () => random.chars(ALNUM, random.between(6, 24)),
      () =>
        capital(longWord()) +
        capital(longWord()) +
        random.digits(2) +
        random.pick(['!', '*', '#', '']),
      () =>
        pinyin() +
        random.pick(['', '@', '#', '!', '_', '.']) +
        random.pick([
          random.digits(random.between(2, 6)),
          String(random.between(1955, 2026)),
          '520',
          '1314',
          '888',
          '123',
          '666',
          '007',
        ]) +
        random.pick(['', '', '!', '#']),
      () =>
        capital(pinyin()) + random.pick(['', '@', '#', '_']) + random.digits(random.between(3, 8)),
      () =>
        random.pick([
          'admin',
          'root',
          'test',
          'qwerty',
          'letmein',
          'p@ss',
          'P@ssw0rd',
          'abc',
          'aa',
          'woaini',
          'iloveyou',
          'welcome',
          'monkey',
          'dragon',
          'qazwsx',
          '1qaz@WSX',
          'changeme',
          'Passw0rd',
          'a123456',
          'zxcvbn',
          'superman',
          'toor',
          'guest',
          'Abc',
          'Aa',
        ]) + random.pick([random.digits(random.between(1, 6)), '', '!', '@123', '#2024', '!@#']),
      () => `${longWord()}-${longWord()}-${random.chance(0.5) ? longWord() : random.digits(2)}`,
      () =>
        `${random.chars(LOWER, random.between(2, 4))}${random.digits(random.between(3, 8))}${random.pick(['', '', '!', '.', '@'])}`,
      () =>
        longWord().replace(/[aeio]/g, (c) => ({ a: '@', e: '3', i: '1', o: '0' })[c] ?? c) +
        random.char(SYMBOLS) +
        random.digits(2),
      () => random.digits(random.between(6, 10)),
      () => random.char(SYMBOLS) + random.chars(ALNUM + SYMBOLS, random.between(6, 12)),
    );
  const phrase = () =>
    one(
      () =>
        Array.from({ length: random.between(3, 6) }, longWord).join(
          random.pick([' ', ' ', '-', '.']),
        ),
      () =>
        wordOf(words, random, 'n') +
        wordOf(words, random, 'v') +
        random.digits(random.between(1, 4)),
      () => wordOf(words, random, 'i') + random.digits(random.between(0, 3)),
      () => Array.from({ length: 12 }, longWord).join(' '),
    );
  const otp = () => {
    const code = random.digits(random.pick([4, 6, 6, 6, 6, 6, 8, 5]));
    if (random.chance(0.07) && code.length === 6)
      return `${code.slice(0, 3)}${random.pick([' ', '-', ' '])}${code.slice(3)}`;
    if (random.chance(0.03) && code.length === 6)
      return numbers.grouped(code, random.pick([1, 2]), ' ');
    if (random.chance(0.04)) return numbers.inHan(random, code);
    if (random.chance(0.03)) return numbers.fullWidth(code);
    return random.chance(0.05) ? random.chars(UPPER + DIGITS, 6) : code;
  };
  const pin = () => random.digits(random.pick([4, 6, 6]));
  const shortCode = () =>
    one(
      () => random.chars(LOWER + DIGITS, 4),
      () => random.digits(random.between(3, 6)) + random.pick(['#', '*', '#', '']),
      () => `${random.between(1, 30)}-${random.between(1, 9)}-${random.digits(4)}`,
      () => random.digits(8),
      () => random.chars(UPPER + DIGITS, random.between(4, 8)),
    );
  const secretKey = () =>
    one(
      () => random.chars(ALNUM, random.between(20, 40)),
      () => random.chars(BASE64, 40),
      () => `sk_${random.pick(['live', 'test'])}_${random.chars(ALNUM, 24)}`,
      () => hex(random.pick([32, 40, 64])),
      strongPassword,
    );

  const card = () => {
    const n = numbers.luhn(
      random,
      random.pick([
        '622',
        '621',
        '625',
        '623',
        '436742',
        '356',
        '370',
        '4',
        '5',
        '6011',
        '9558',
        '62',
        '6217',
        '6228',
      ]),
      random.pick([16, 16, 16, 19, 19, 18]),
    );
    const form = random.weighted({
      plain: 54,
      four: 24,
      dashed: 6,
      full: 4,
      misread: 3,
      wrong: 7,
      irregular: 2,
    });
    switch (form) {
      case 'four':
        return numbers.grouped(n, 4, random.pick([' ', ' ', '  ', '\u00a0']));
      case 'dashed':
        return numbers.grouped(n, 4, '-');
      case 'full':
        return numbers.fullWidth(n);
      case 'misread':
        return numbers.misread(random, numbers.grouped(n, 4, ' '));
      case 'wrong':
        return n.slice(0, -1) + random.below(10);
      case 'irregular':
        return `${n.slice(0, 6)} ${n.slice(6)}`;
      default:
        return n;
    }
  };
  const account = () =>
    one(
      () => random.digits(random.between(8, 20)),
      () => numbers.grouped(random.digits(random.between(12, 21)), 4, ' '),
      () => `${random.digits(3)}-${random.digits(6)}-${random.digits(3)}`,
      () => `${random.digits(4)}-${random.digits(random.between(6, 10))}`,
      () =>
        `${two(random.between(1, 99))}-${random.digits(2)}-${random.digits(2)} ${random.digits(8)}`,
    );
  const cvv = () => random.digits(random.pick([3, 3, 3, 4]));
  const expiry = () => {
    const month = two(random.between(1, 12));
    const year = random.between(24, 36);
    return random.pick([
      `${month}/${year}`,
      `${month}/${year}`,
      `${month}${year}`,
      `${month}-${year}`,
      `${month}/20${year}`,
      `20${year}-${month}`,
      `${month} / ${year}`,
    ]);
  };
  const iban = () => {
    const n = numbers.iban(random);
    return random.chance(0.35) ? numbers.grouped(n, 4, ' ') : n;
  };
  const wallet = () =>
    one(
      () =>
        random.pick(['bc1q', 'bc1p', 'tb1q']) +
        random.chars('023456789acdefghjklmnpqrstuvwxyz', random.between(38, 58)),
      () =>
        random.pick(['1', '3']) +
        random.chars(
          '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz',
          random.between(30, 33),
        ),
      () => `0x${hex(40)}`,
      () => `T${random.chars('ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz123456789', 33)}`,
    );

  const float = () => (random.below(20001) / 10000 - 1).toFixed(random.between(1, 6));
  const vector = (separator: string) =>
    Array.from({ length: random.between(3, 14) }, float).join(separator);
  const bioHead = () =>
    random.pick([
      'FP',
      'FACE',
      'VOICE',
      'IRIS',
      'PALM',
      'VP',
      'fp',
      'face',
      'voice',
      'iris',
      'palm',
      'fpr',
      'BIO',
      'bio',
      'EYE',
      'VEIN',
      'vein',
      'DNA',
      'GAIT',
      'gait',
      'FT',
      'FR',
      'finger',
      'faceid',
      'vprint',
      'f',
      'RET',
      'HV',
      'ear',
      'tpl',
      'F',
    ]);
  const bioCode = () => {
    const sep = random.pick(['-', '_', '-', ':', '']);
    const number = () =>
      one(
        () => random.digits(random.between(3, 8)),
        () => hex(random.between(4, 16)),
        () => random.chars(UPPER + DIGITS, random.between(4, 10)),
        () => String(random.between(2018, 2026)),
      );
    const parts = Array.from({ length: random.between(1, 3) }, number);
    const tail = random.chance(0.2)
      ? sep + random.pick(['L', 'R', 'left', 'v2', 'A', 'bin', 'KL', 'tpl', 'R1', '01'])
      : '';
    return bioHead() + (sep === '' ? '_' : sep) + parts.join(sep === '' ? '_' : sep) + tail;
  };
  const bioData = () =>
    one(
      () => base64(16, 90),
      () => base64(30, 60),
      () => random.chars('0123456789ABCDEF', random.between(16, 100)),
      // As long as digests are, so that length alone says nothing.
      () => hex(random.pick([32, 40, 64, 64, 128])),
      () => hex(random.pick([32, 40, 64])),
      () => hex(random.between(16, 100)),
      () => `[${vector(random.pick([', ', ',']))}]`,
      () => `[${vector(', ')}${random.pick([', ...', ',...', ', …'])}]`,
      () => vector(random.pick([',', ' ', ', ', ';'])),
      () =>
        Array.from({ length: random.between(6, 20) }, () => hex(2)).join(
          random.pick([' ', ':', '-']),
        ),
      () =>
        numbers.grouped(
          random.chars('0123456789ABCDEF', random.pick([16, 20, 24, 32])),
          4,
          random.pick([' ', '-']),
        ),
      () => numbers.grouped(hex(random.pick([16, 20, 24])), 4, '-'),
      () =>
        `data:${random.pick(['image/jpeg', 'image/png', 'audio/wav', 'application/octet-stream'])};base64,${base64(20, 70)}`,
      () =>
        Array.from(
          { length: random.between(2, 6) },
          () => `${random.below(256)},${random.below(256)},${random.below(360)}`,
        ).join(';'),
      () =>
        `(${random.below(300)},${random.below(300)},${random.below(360)}) (${random.below(300)},${random.below(300)},${random.below(360)})`,
      () => random.chars('01', random.between(24, 64)),
      () => `0x${random.chars('0123456789ABCDEF', random.between(12, 40))}`,
      () => random.chars('ACGT', random.between(14, 40)),
      () => base64(10, 24),
    );
  const biometric = () => (random.chance(0.3) ? bioCode() : bioData());

  const date = () => {
    const [y, m, d] = [random.between(1950, 2030), random.between(1, 12), random.between(1, 28)];
    return random.pick([
      `${y}-${two(m)}-${two(d)}`,
      `${y}年${m}月${d}日`,
      `${m}月${d}日`,
      `${m}/${d}/${y}`,
      `${y}.${m}.${d}`,
      `${y}${two(m)}${two(d)}`,
      `${y}/${m}/${d}`,
      `${y}年${m}月`,
      `${y}年`,
    ]);
  };
  const englishDate = () => {
    const month = random.pick([
      'January',
      'February',
      'March',
      'April',
      'May',
      'June',
      'July',
      'August',
      'September',
      'October',
      'November',
      'December',
      'Jan',
      'Feb',
      'Mar',
      'Apr',
      'Jun',
      'Sept',
      'Oct',
      'Nov',
      'Dec',
    ]);
    const d = random.between(1, 28);
    return random.pick([
      `${d} ${month}`,
      `${month} ${d}`,
      `${month} ${d}, ${random.between(1950, 2030)}`,
      `${d} ${month} ${random.between(1990, 2030)}`,
      random.pick([
        'Monday',
        'Tuesday',
        'Wednesday',
        'Thursday',
        'Friday',
        'Saturday',
        'Sunday',
        'tomorrow',
        'yesterday',
        'last week',
        'tonight',
      ]),
    ]);
  };
  const clock = () =>
    random.pick([
      `${two(random.below(24))}:${two(random.below(60))}`,
      `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}`,
      `${random.pick(['上午', '下午', '晚上', '早上', '凌晨', '中午'])}${random.between(1, 12)}点${random.pick(['', '半', '一刻', '十分'])}`,
      `${random.between(1, 12)}${random.pick([' am', 'pm', ' p.m.'])}`,
    ]);
  const stamp = () => {
    const day = `${random.between(2015, 2027)}-${two(random.between(1, 12))}-${two(random.between(1, 28))}`;
    const time = `${two(random.below(24))}:${two(random.below(60))}:${two(random.below(60))}`;
    return random.pick([
      `${day} ${time}`,
      `${day}T${time}Z`,
      `${day} ${time}.${random.digits(3)}`,
      `${day} ${time},${random.digits(3)}`,
      `[${time}]`,
      `${day}T${time}+08:00`,
      `1${random.pick(['6', '7'])}${random.digits(8)}`,
      `1${random.pick(['6', '7'])}${random.digits(11)}`,
    ]);
  };
  const amount = () =>
    one(
      () => `${random.between(1, 99999)}.${random.digits(2)}`,
      () => `${random.between(1, 999)},${random.digits(3)}.${random.digits(2)}`,
      () => `${random.between(1, 9999)}元`,
      () =>
        `${random.pick(['¥', '￥', '$', '€', '£', 'HK$', 'RMB ', 'USD '])}${random.between(1, 9999)}${random.pick(['', `.${random.digits(2)}`])}`,
      () =>
        `${random.between(1, 99)}${random.pick(['', `.${random.digits(1)}`])}${random.pick(['万', '万元', '亿元', '块', '元钱'])}`,
      () =>
        `${random.chars('一二三四五六七八九', 1)}${random.pick(['百元', '千元', '万元', '百块', '万三千元', '仟元整'])}`,
      () => String(random.between(1, 50000)),
    );
  const datedNumber = () =>
    `20${random.between(10, 29)}${two(random.between(1, 12))}${two(random.between(1, 28))}${random.digits(random.between(4, 14))}`;
  const order = () =>
    one(
      datedNumber,
      datedNumber,
      () => random.digits(random.between(8, 22)),
      () =>
        `${random.pick(['NO', 'ORD', 'DD', 'TX', 'WO', 'INV', 'SN', 'PO', 'GS', 'T', 'SF', 'YT', 'ZTO', 'JD', 'YD', 'HT', 'FP', 'BX', 'R', 'CS', 'REF', 'TK', 'No.', 'A', 'B', 'CT', 'LP', 'XS', 'TY', 'GD'])}${random.pick(['', '-', '', ''])}${random.digits(random.between(3, 15))}`,
      () =>
        `${random.chars(UPPER, random.between(2, 4))}-${random.between(2015, 2028)}-${random.digits(random.between(2, 6))}`,
      () => `${random.chars(UPPER, 2)}${datedNumber()}`,
      () => `${random.digits(3)}-${random.digits(7)}-${random.digits(7)}`,
      () =>
        `${random.pick(['〔', '[', '（'])}${random.between(2010, 2027)}${random.pick(['〕', ']', '）'])}${random.between(1, 999)}号`,
      () => `${datedNumber().slice(0, 8)}-${random.digits(random.between(3, 6))}`,
      () => numbers.grouped(random.digits(16), 4, '-'),
      () => random.char(UPPER) + random.digits(random.between(6, 9)),
    );
  const falseCitizen = () => {
    const { code } = places.area();
    return random.pick([
      `${code}${random.between(1950, 2010)}${two(random.between(13, 60))}${two(random.between(1, 28))}${random.digits(4)}`,
      `${code}${random.between(1950, 2010)}${two(random.between(1, 12))}${two(random.between(1, 28))}${random.digits(4)}`,
      `${code}${random.digits(12)}`,
    ]);
  };
  const digest = () => {
    const text = hex(random.pick([16, 32, 32, 40, 40, 64, 64, 7, 8, 12]));
    return random.chance(0.2) ? text.toUpperCase() : text;
  };
  const uuid = () => `${hex(8)}-${hex(4)}-4${hex(3)}-${random.char('89ab')}${hex(3)}-${hex(12)}`;
  const version = () =>
    `${random.pick(['', 'v', 'V'])}${random.below(20)}.${random.below(30)}${random.pick(['', `.${random.below(60)}`, `.${random.below(60)}`, `.${random.below(60)}-rc${random.below(5)}`])}`;
  const address = () =>
    random.pick([
      `${random.between(1, 223)}.${random.below(255)}.${random.below(255)}.${random.below(255)}`,
      `10.${random.below(9)}.${random.below(9)}.${random.below(99)}`,
      `192.168.${random.below(9)}.${random.below(255)}:${random.between(1000, 9999)}`,
    ]);
  const link = () =>
    `${random.pick(['https://', 'http://', '/', 'GET /', 'POST /', 'www.'])}${longWord()}${random.pick(['.com', '.cn', '.internal', '', '/v1'])}/${longWord()}${random.pick(['', `/${random.digits(4)}`, `?id=${random.digits(3)}`, '/index.html'])}`;
  const session = () =>
    random.pick(['tok_', 'sess_', 'req_', 'cus_', 'trace-', 'SID', 'ey', '']) +
    random.chars(ALNUM, random.between(12, 32));
  const hotline = () =>
    random.pick([
      '95588',
      '95566',
      '95533',
      '95599',
      '95555',
      '10010',
      '10000',
      '10086',
      '12306',
      '12315',
      '12345',
      '110',
      '120',
      `400-${random.digits(3)}-${random.digits(4)}`,
      `400${random.digits(7)}`,
      `800-${random.digits(3)}-${random.digits(4)}`,
      `1-800-${random.digits(3)}-${random.digits(4)}`,
      `1-${random.pick(['800', '888', '877', '866'])}-${random.digits(3)}-${random.digits(4)}`,
      `(800) ${random.digits(3)}-${random.digits(4)}`,
      `96${random.digits(3)}`,
      `955${random.digits(2)}`,
    ]);
  const masked = () =>
    random.pick([
      `1${random.digits(2)}****${random.digits(4)}`,
      `${random.digits(4)}**********${random.digits(4)}`,
      '******',
      '***',
      '********',
      `${random.digits(4)} **** **** ${random.digits(4)}`,
      `${random.chars(LOWER, 2)}***@${host()}`,
      '[REDACTED]',
      'xxxx',
      '＊＊＊',
      '<hidden>',
      '已脱敏',
    ]);
  const model = () =>
    random.pick([
      `${capital(longWord())} ${random.between(2, 99)}`,
      `${random.chars(UPPER, random.between(1, 3))}-${random.digits(random.between(2, 4))}`,
      `${random.chars(UPPER, 3)}${random.digits(3)}${random.char(UPPER)}`,
      `iPhone ${random.between(8, 17)}`,
      `P${random.between(10, 60)} Pro`,
      `${random.between(10, 99)}寸`,
    ]);
  const plate = () =>
    `${random.char('京沪粤浙苏鲁川渝豫鄂湘闽皖津辽')}${random.char('ABCDEFGH')}${random.pick(['', '·'])}${random.chars(`${UPPER}${DIGITS}`, 5)}`;

  return {
    one,
    english,
    longWord,
    pinyin,
    hex,
    base64,
    citizen,
    otherIds,
    otherId,
    credit,
    mobile,
    land,
    foreignPhone,
    mail,
    messenger,
    qq,
    social,
    handle,
    strongPassword,
    phrase,
    otp,
    pin,
    shortCode,
    secretKey,
    card,
    account,
    cvv,
    expiry,
    iban,
    wallet,
    biometric,
    bioCode,
    bioData,
    date,
    englishDate,
    clock,
    stamp,
    amount,
    order,
    falseCitizen,
    digest,
    uuid,
    version,
    address,
    link,
    session,
    hotline,
    masked,
    model,
    plate,
  };
}
