// Names under which secrets are sent. A telephone number may be somebody's password: what it is
// tells the name alone, so the name decides whatever the value looks like.
import { fold } from '../../core/tagger/fold.ts';
import type { Label } from '../../core/tagger/labels.ts';

/** What is used and goes no further. */
export type SecretLabel = Extract<Label, 'PASSWORD' | 'BIOMETRIC'>;

const secretParts =
  'password passwd passcode passphrase pwd pswd pincode secretkey apikey accesskey privatekey verificationcode verifycode vericode authcode authenticationcode authorizationcode confirmationcode smscode securitycode accesscode onetimecode logincode alarmcode doorcode gatecode entrycode unlockcode pickupcode wifikey wificode captcha yanzhengma zhifumima denglumima jiaoyimima 密码 口令 验证码 校验码 动态码 安全码 授权码 确认码 短信码 取件码 提取码 门禁码 解锁码 暗号 密钥 私钥 密匙'.split(
    ' ',
  );
const biometricParts =
  'biometric fingerprint thumbprint voiceprint faceprint palmprint faceid facetemplate facevector faceembedding facefeature faceimage irisscan iriscode iristemplate 生物特征 指纹 声纹 掌纹 虹膜 人脸 面部特征 步态 静脉'.split(
    ' ',
  );
/** As words of their own: `pin` is not in `pinyin`, nor `secret` in `secretary`. */
const secretWords = new Set(
  'pin pins otp totp hotp secret secrets cvv cvc cvn psw pw mima pass token credential credentials'.split(
    ' ',
  ),
);
const biometricWords = new Set(['iris', 'retina', 'gait', 'vein', 'minutiae']);

/** Beside these a pass is a paper that somebody carries. */
const beforePaper = new Set(
  'by travel boarding residence entry exit border mainland home return compatriot permit visitor guest parking bus rail season event macau macao taiwan hk'.split(
    ' ',
  ),
);
const afterPaper = new Set(
  'number no num id type date expiry holder photo country issuer rate'.split(' '),
);

/** Longer texts are no names of anything. */
const nameCharactersMax = 64;

const lookalikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '!': 'i',
  '3': 'e',
  '4': 'a',
  '@': 'a',
  '5': 's',
  $: 's',
  '7': 't',
};
const lookalike = /[013457!@$]/g;
const withoutLookalikes = (text: string) => text.replaceAll(lookalike, (c) => lookalikes[c] ?? c);

/** One spelling for full width, traditional, accented, invisible and look-alike characters. */
function plainOf(text: string): string {
  return fold(text)
    .text.normalize('NFKD')
    .replaceAll(/[\p{M}\p{Cf}]/gu, '');
}

const lettersOf = (text: string) => text.replaceAll(/\P{L}/gu, '').toLowerCase();

/** By the parts of it that are in no other word. */
function labelByParts(plain: string): SecretLabel | undefined {
  const spellings = [lettersOf(plain), lettersOf(withoutLookalikes(plain))];
  const has = (parts: readonly string[]) =>
    parts.some((part) => spellings.some((spelling) => spelling.includes(part)));
  if (has(secretParts)) return 'PASSWORD';
  return has(biometricParts) ? 'BIOMETRIC' : undefined;
}

/** The words of camelCase, PascalCase, snake_case and of capitals: `cardPIN`, `OTPCode`, `cvv2`. */
function wordsOf(plain: string): readonly string[] {
  const cased = plain.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? [];
  // `p.i.n` and `P I N` are words that were taken apart.
  const words = cased.every((word) => word.length === 1) ? [cased.join('')] : cased;
  return words.map((word) => word.toLowerCase());
}

function isSecretWord(word: string, i: number, words: readonly string[]): boolean {
  if (!secretWords.has(word)) return false;
  const isPaper = afterPaper.has(words[i + 1] ?? '') || beforePaper.has(words[i - 1] ?? '');
  return word !== 'pass' || !isPaper;
}

/** What a name says of its value; `undefined` for one that speaks of no secret. */
export function secretNamedBy(name: string): SecretLabel | undefined {
  const plain = plainOf(name);
  const label = labelByParts(plain);
  if (label) return label;
  const written = wordsOf(plain);
  const meant =
    withoutLookalikes(plain)
      .toLowerCase()
      .match(/[a-z]+/g) ?? [];
  if ([written, meant].some((words) => words.some(isSecretWord))) return 'PASSWORD';
  return written.some((word) => biometricWords.has(word)) ? 'BIOMETRIC' : undefined;
}

/**
 * The same for a value that may be the name of the value beside it. `isSure` when no person, result
 * or thing is called so: Pin is a name of people, and a check that went well is a pass.
 */
export function secretNamedIn(
  value: unknown,
): { readonly label: SecretLabel; readonly isSure: boolean } | undefined {
  if (typeof value !== 'string' || value.length > nameCharactersMax) return undefined;
  const sure = labelByParts(plainOf(value));
  const label = sure ?? secretNamedBy(value);
  return label && { label, isSure: sure !== undefined };
}

const shortWords =
  /(?<![A-Za-z])(?:p[.\s_-]?[i1!][.\s_-]?n|[o0][.\s_-]?t[.\s_-]?p|cv[vcn]2?|secret|psw|pw|mima|pass)(?![A-Za-z])/gi;
const saysOf = /^["'”’)\]）】\s]*(?:code|no\.?|number|号码?)?\s*(?:[:：=为是]|->|is\s|was\s)/i;
const digitsAfter = /^[^。；;！？!?\n]{0,24}\d/;
const digitsBefore = /\d[^\d。；;！？!?\n]{0,12}$/;

interface Stretch {
  readonly start: number;
  readonly end: number;
}

/**
 * What a text speaks of: what stands beside the word may be it. Short words count where a code or
 * a sign of what follows is near, and not within the name of a person.
 */
export function secretMentioned(text: string, people: readonly Stretch[]): SecretLabel | undefined {
  const label = labelByParts(plainOf(text));
  if (label) return label;
  const { text: folded, offsets } = fold(text);
  for (const { 0: word, index } of folded.matchAll(shortWords)) {
    const end = index + word.length;
    const isName = people.some(
      (span) =>
        span.start <= (offsets[index] ?? 0) &&
        (offsets[end] ?? 0) <= span.end &&
        span.end - span.start > word.length,
    );
    if (isName) continue;
    const after = folded.slice(end, end + 32);
    const isPass = word.toLowerCase() === 'pass';
    if (saysOf.test(after)) return 'PASSWORD';
    const before = folded.slice(Math.max(0, index - 16), index);
    if (!isPass && (digitsAfter.test(after) || digitsBefore.test(before))) return 'PASSWORD';
  }
  return undefined;
}
