// The last word over the network's spans: edges on whole runs, what a check digit proves, and what
// cannot be what it was taken for.
import { isCitizenNumber, isCreditCode, isIban, isLuhn, isMobile } from './checksums.ts';
import type { Reading, ScoredSpan } from './engine.ts';
import { labels } from './labels.ts';
import { isHotLine, named } from './named.ts';

const [NAME, ID_DOC, CONTACT, PASSWORD, PAYMENT, BIOMETRIC, ADDRESS] = labels.map((_, i) => i) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

const isWordPart = (c: string | undefined) => c !== undefined && /[A-Za-z\d]/.test(c);
const isHan = (c: string | undefined) => c !== undefined && c >= '\u4e00' && c <= '\u9fff';

/** Marks that are no part of a value's edge. */
const LEADING = /[\s"'，。,;；：:、=&|>”“（(【\]}]/;
const TRAILING = /[\s"'，。,;；：:、\\&|<”“？（(【[{]/;

/** A number like (415) 555-0100 begins with its bracket. */
const OPENS_NUMBER = /^[(（]\+?\d{2,4}[)）]/;

/** The name of a messenger may stand right before the number: QQ84001234. */
const MESSENGER = /(?<![A-Za-z\d])(?:qq|vx|wx|tel|id)$/i;

/** Codes go on over hyphens and underscores: gait-00231-bin, hongqi-2019. */
const JOINER = /[-_]/;

function extended(text: string, span: ScoredSpan): ScoredSpan {
  let { start, end } = span;
  const isCode = span.label === PASSWORD || span.label === BIOMETRIC;
  const goesOn = (at: number, way: 1 | -1) =>
    isWordPart(text[at]) || (isCode && JOINER.test(text[at] ?? '') && isWordPart(text[at + way]));
  const isNamed =
    span.label === CONTACT && MESSENGER.test(text.slice(Math.max(0, start - 6), start));
  while (start > 0 && !isNamed && isWordPart(text[start]) && goesOn(start - 1, -1)) start -= 1;
  while (end < text.length && isWordPart(text[end - 1]) && goesOn(end, 1)) {
    end += isWordPart(text[end]) ? 1 : 2;
  }
  if (span.label === CONTACT && OPENS_NUMBER.test(text.slice(start - 1, start + 6))) start -= 1;
  if (span.label === BIOMETRIC && text[start - 1] === '[' && text[end] === ']') {
    start -= 1;
    end += 1;
  }
  return { ...span, start, end };
}

function trimmed(text: string, span: ScoredSpan): ScoredSpan {
  let { start, end } = span;
  if (span.label === PASSWORD && /^\.(?:\s|$)/.test(text.slice(end - 1, end + 1))) end -= 1;
  while (end > start && TRAILING.test(text[end - 1] ?? '')) end -= 1;
  while (start < end && LEADING.test(text[start] ?? '') && !beginsValue(text, span, start)) {
    start += 1;
  }
  return { ...span, start, end };
}

function snapped(text: string, span: ScoredSpan): ScoredSpan {
  const inner = trimmed(text, span);
  const isText = span.label === ADDRESS || (span.label === NAME && isHan(text[inner.start]));
  return isText || inner.start === inner.end ? inner : extended(text, inner);
}

/** A password may begin with a mark, when a separator stands before it. */
function beginsValue(text: string, { label }: ScoredSpan, start: number): boolean {
  return (
    label === PASSWORD && /[&=|]/.test(text[start] ?? '') && /[\s"'：:]/.test(text[start - 1] ?? '')
  );
}

/** Pieces of one number or code that the network took apart. */
function joined(text: string, spans: readonly ScoredSpan[]): ScoredSpan[] {
  const result: ScoredSpan[] = [];
  for (const span of spans) {
    const last = result.at(-1);
    const gap = last ? text.slice(last.end, span.start) : '';
    const isOne =
      last?.label === span.label &&
      (gap === ''
        ? span.label !== NAME || !isHan(text[span.start])
        : span.label === NAME
          ? false
          : /^[ \-·]$/.test(gap) && /\d/.test(text.slice(last.start, last.end)));
    if (last && isOne)
      result[result.length - 1] = {
        ...last,
        end: span.end,
        score: Math.min(last.score, span.score),
      };
    else result.push(span);
  }
  return result;
}

interface Proof {
  readonly start: number;
  readonly end: number;
  readonly label: number;
  /** The network may still overrule it when it is surer than this that nothing is there. */
  readonly doubt: number;
  /** The borders are certain too, whatever the network made of them. */
  readonly isExact?: true;
}

const NUMBER =
  /(?<![A-Za-z\d.])(?:\+?86[ -]?|0086[ -]?)?\d(?:[ -]?\d){9,22}[Xx]?(?![A-Za-z\d]|\.\d)/g;
const CODE = /(?<![A-Za-z\d])[A-Z\d]{18}(?![A-Za-z\d])/g;
const IBAN = /(?<![A-Za-z\d])[A-Z]{2}\d{2}(?: ?[A-Z\d]{2,4}){3,8}(?![A-Za-z\d])/g;
const MAIL =
  /(?<![A-Za-z\d._%+-])[A-Za-z\d][A-Za-z\d._%+-]{0,63}@[A-Za-z\d-]{1,63}(?:\.[A-Za-z\d-]{1,63}){0,4}\.[A-Za-z]{2,24}(?![A-Za-z\d])/g;

/**
 * A long code right behind a word that can only mean a biometric template. "Fingerprint" alone is
 * left to the network, because digests are called so too.
 */
const TEMPLATE =
  /(?:(?<![A-Za-z])(?:iris|retina|face|facial|voice(?:print)?|palm|vein|gait|biometric|(?:finger|thumb)(?:print)?[ _-]?(?:template|data|feature|image))|人脸|面部|虹膜|声纹|掌纹|静脉|步态|生物特征|指纹(?:特征|模板|数据))([\w\u4e00-\u9fff-]{0,12}|[ _-](?:template|code|feature|data|vector|embedding|scan|id))["'”]?\s{0,2}[:：=为是]?\s{0,2}["'“]?((?:[\da-fA-F]{32,256})|(?:[A-Za-z\d+/]{40,400}={0,2}))(?![\w+/=])/gi;
const DIGEST = /hash|md5|sha|sign|digest|check|crc|url|path|摘要|哈希|校验|签名/i;

function templates(text: string): Proof[] {
  return [...text.matchAll(TEMPLATE)].flatMap(
    ({ 0: all, 1: between = '', 2: code = '', index }) => {
      const end = index + all.length;
      const isTemplate = !DIGEST.test(between) && /\d/.test(code);
      return isTemplate ? [{ start: end - code.length, end, label: BIOMETRIC, doubt: 1.1 }] : [];
    },
  );
}

/** User and password in front of a host (RFC 3986 §3.2.1): up to the last `@` of the authority. */
const USER_INFO =
  /(?<![A-Za-z\d])[a-z][a-z\d+.-]{1,20}:\/\/[^\s:/?#@]{0,64}:([^\s/?#"'<>]{1,128})@(?=[[A-Za-z\d])/gi;
/** What stands there in manuals and templates. */
const PLACEHOLDER = /^(?:[$%{[].*|pass(?:word|wd)?|pwd|secret|[x*.]+)$/i;

function passwordsInAddresses(text: string): Proof[] {
  return [...text.matchAll(USER_INFO)].flatMap(({ 0: all, 1: value = '', index }) => {
    const end = index + all.length - 1;
    return PLACEHOLDER.test(value) ? [] : [secretAt(end - value.length, end)];
  });
}

/**
 * What is glued to a mail address with a colon, as lists of log-ins have it. Not a path (`scp`,
 * `git`) and not a port; a mere word only where the line is nothing else.
 */
const MAIL_LOGIN = new RegExp(
  `${MAIL.source}:([\\x21-\\x7e]{4,64})(?=["'”’]?(?:$|[\\s,;，；。]))`,
  'gm',
);

function passwordsBehindMail(text: string): Proof[] {
  return [...text.matchAll(MAIL_LOGIN)].flatMap(({ 0: all, 1: value = '', index }) => {
    const end = index + all.length;
    const isWholeLine = isLineEnd(text[index - 1]) && isLineEnd(text[end]);
    const isWord = /^[A-Za-z]+[.,;!?]?$/.test(value);
    const isOther = value.includes('/') || /^\d{1,5}$/.test(value) || PLACEHOLDER.test(value);
    return isOther || (isWord && !isWholeLine) ? [] : [secretAt(end - value.length, end)];
  });
}

const isLineEnd = (sign: string | undefined) =>
  sign === undefined || sign === '\n' || sign === '\r';

const secretAt = (start: number, end: number): Proof => ({
  start,
  end,
  label: PASSWORD,
  doubt: 1.1,
  isExact: true,
});

function proofOfNumber(run: string): Pick<Proof, 'label' | 'doubt'> | undefined {
  const bare = run.replace(/[ +-]/g, '').toUpperCase();
  if (isCitizenNumber(bare)) return { label: ID_DOC, doubt: 0.995 };
  if (isMobile(bare.replace(/^(?:86|0086)/, '')) && !/^\d{11} \d/.test(run))
    return { label: CONTACT, doubt: 0.97 };
  if (
    bare.length >= 15 &&
    bare.length <= 19 &&
    /^(?:62|4|5[1-5]|3[57])/.test(bare) &&
    isLuhn(bare)
  ) {
    return { label: PAYMENT, doubt: 0.9 };
  }
  return undefined;
}

function proofs(text: string): Proof[] {
  const found: Proof[] = [
    ...templates(text),
    ...passwordsInAddresses(text),
    ...passwordsBehindMail(text),
  ];
  const add = (
    { 0: run, index: start }: RegExpExecArray,
    proof: Pick<Proof, 'label' | 'doubt'> | undefined,
  ) => {
    if (proof) found.push({ start, end: start + run.length, ...proof });
  };
  for (const match of text.matchAll(NUMBER)) add(match, proofOfNumber(match[0]));
  for (const match of text.matchAll(CODE)) {
    const proof =
      isCreditCode(match[0]) && /[A-Z]/.test(match[0])
        ? { label: ID_DOC, doubt: 0.999 }
        : undefined;
    add(match, proof);
  }
  for (const match of text.matchAll(IBAN)) {
    add(match, isIban(match[0].replace(/ /g, '')) ? { label: PAYMENT, doubt: 0.999 } : undefined);
  }
  for (const match of text.matchAll(MAIL)) add(match, { label: CONTACT, doubt: 0.999 });
  return found.filter(
    ({ start, end }, i) => !found.some((o, j) => j < i && o.start < end && start < o.end),
  );
}

function mean(values: Float32Array, start: number, end: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) sum += values[i] ?? 0;
  return sum / (end - start);
}

/** What is proved displaces what the network thought of the same place. */
function proved(text: string, spans: readonly ScoredSpan[], outside: Float32Array): ScoredSpan[] {
  let result = [...spans];
  for (const { start, end, label, doubt, isExact = false } of proofs(text)) {
    const rivals = result.filter((span) => span.start < end && start < span.end);
    if (
      !isExact &&
      rivals.some(
        (span) =>
          span.label === PASSWORD ||
          span.label === BIOMETRIC ||
          (span.start <= start && span.end >= end && span.label === label),
      )
    )
      continue;
    if (rivals.length === 0 && mean(outside, start, end) > doubt) continue;
    result = result.filter((span) => !rivals.includes(span));
    result.push({ start, end, label, score: Math.max(1 - mean(outside, start, end), 0.9) });
  }
  return result.sort((a, b) => a.start - b.start);
}

const LEAST = [1, 5, 4, 3, 3, 4, 4];

/** The end of a number names nobody and opens nothing. */
const LAST_DIGITS =
  /(?:尾号|[末后]四位|ending(?: in| with)?|last (?:four|4)(?: digits)?)[\s:：是为]{0,3}$/i;
const PERCENTAGE = /^[-+]?\d+(?:[.,]\d+)*\s?[%％‰]$/;
const MESSENGER_NAME = /^(?:skype|telegram|whatsapp|wechat|viber|signal)$/i;

/** Whether the text of a span can be what its label says. */
function isPossible(text: string, { start, end, label }: ScoredSpan): boolean {
  const value = text.slice(start, end);
  if (end - start < (LEAST[label] ?? 1)) return false;
  if (/\*{2,}|^[xX]{4,}$/.test(value) && !/\d{9}/.test(value)) return false;
  if (/^\d{3,6}$/.test(value) && LAST_DIGITS.test(text.slice(Math.max(0, start - 24), start)))
    return false;
  if (PERCENTAGE.test(value) || (label === NAME && MESSENGER_NAME.test(value))) return false;
  if (isHotLine(value, label)) return false;
  if (label === NAME) return !/\d/.test(value) && value.length <= 60 && /[\p{L}]/u.test(value);
  if (label === ID_DOC) return /\d|[零〇一二三四五六七八九幺]/.test(value);
  if (label === PAYMENT) return /[\dOlISZB零一二三四五六七八九]/.test(value);
  if (label === CONTACT) return value.length >= 5 || /[A-Za-z]/.test(value);
  return !/^(?:null|true|false|none|undefined|N\/A|unknown)$/i.test(value);
}

/** Spans of folded text, in order, none touching another. */
export function judge(text: string, { spans, outside }: Reading): ScoredSpan[] {
  const tidy = joined(text, spans).map((span) => snapped(text, span));
  const result: ScoredSpan[] = [];
  for (const found of proved(text, tidy, outside)) {
    const span = named(text, found);
    const last = result.at(-1);
    if (!isPossible(text, span)) continue;
    if (!last || last.end <= span.start) result.push(span);
    else if (span.score > last.score) result[result.length - 1] = span;
  }
  return result;
}
