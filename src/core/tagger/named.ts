// What the words right before a code call it: they know better than its shape.
import { isMobile } from './checksums.ts';
import type { ScoredSpan } from './engine.ts';
import { labels } from './labels.ts';

const [NAME, ID_DOC, CONTACT, PASSWORD, PAYMENT] = labels.map((_, i) => i) as [
  number,
  number,
  number,
  number,
  number,
];

/** Words of a code that opens something; those of a card's own code are left to the network. */
const SECRET =
  /(?:(?<![A-Za-z])(?:alarm|door|gate|entry|access|lock|pass|safe|login|verification|one-time)[ -]?code|(?<![A-Za-z])(?:pin|passcode|otp)|says the code|口令卡?|密码|验证码|授权码|取件码|提取码|动态码|门禁码)(?:坐标[A-Z]\d{1,2}对应|[^\dA-Za-z\u4e00-\u9fff]{0,3}(?:it's|is|was|to|是|为)?[^\dA-Za-z\u4e00-\u9fff]{0,3})$/i;
const ACCOUNT = /(?<![A-Za-z])(?:bank )?(?:account|acct)\.?(?: (?:no|number)\.?)?[:：]?\s$/i;
const MESSENGER = /(?<![A-Za-z\d])QQ(?:号码?)?\s?[:：]?\s?$/i;
/** Numbers that everybody is meant to call: toll-free ones, and those of Chinese banks. */
const HOT_LINE =
  /^(?:(?:\+?1[-. ])?\(?8(?:00|88|77|66|55|44|33)\)?[-. ]\d{3}[-. ]\d{4}|[48]00[- ]?\d{3,4}[- ]?\d{3,4}|9[56]\d{3,4})$/;

const isDigits = (value: string) => /^\d[\d -]*\d$/.test(value);

/** A span with the label that the words before it give, and without what is no part of a name. */
export function named(text: string, span: ScoredSpan): ScoredSpan {
  const value = text.slice(span.start, span.end);
  if (span.label === NAME) return { ...span, start: span.start + titleOf(value) };
  if (/^QQ\d{5,11}$/i.test(value)) return { ...span, label: CONTACT, start: span.start + 2 };
  // A mobile number stays one, whatever account it opens.
  if (!isDigits(value) || isMobile(value.replace(/[ -]/g, ''))) return span;
  const before = text.slice(Math.max(0, span.start - 32), span.start);
  const isFree = span.label === PAYMENT || span.label === ID_DOC || span.label === CONTACT;
  if (isFree && value.length <= 12 && SECRET.test(before)) return { ...span, label: PASSWORD };
  if (span.label === CONTACT && ACCOUNT.test(before)) return { ...span, label: PAYMENT };
  if (span.label === ID_DOC && MESSENGER.test(before)) return { ...span, label: CONTACT };
  return span;
}

/** Units of a role or of initials in front of a name, which a form wrote there. */
function titleOf(value: string): number {
  const [title = ''] =
    /^(?:(?:applicant|customer|client|patient|payee|payer|sender|recipient|holder|cardholder|beneficiary|tenant|employee)s?:?\s+(?=\p{Lu})|[A-Z]{1,3}(?=[\u4e00-\u9fff]{2,4}$))/iu.exec(
      value,
    ) ?? [];
  return title.length;
}

/** Whether a number is one that everybody is meant to call. */
export function isHotLine(value: string, label: number): boolean {
  return label === CONTACT && HOT_LINE.test(value);
}
