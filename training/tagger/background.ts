// Text that says nothing about anybody: clauses from dictionary words by patterns of speech.
import type { Random } from './random.ts';
import { type Words, wordOf } from './words.ts';

/** Parts of speech, or words as they stand. */
const PATTERNS = [
  'r v n',
  'n d v',
  'v n',
  'd v 了 n',
  't r v n',
  'n 的 n d a',
  'r 在 ns v n',
  'v 了 m q n',
  'n 和 n v',
  'd a 的 n',
  'n v n',
  't v n',
  'r d v n',
  '请 v n',
  'n 已 v',
  'n 未 v',
  '把 n v 了',
  '被 n v',
  'n 是 n',
  '没有 n',
  '需要 v n',
  '为什么 n d v',
  'v n 的 时候',
  'i',
  'l',
  'a 的 n v 了 n',
  'n n v n',
  'r 想 v n',
  'c n d v',
  'v d a',
  '关于 n 的 n',
  'm q n v 了',
  'n 怎么 v',
  '能不能 v n',
  '已经 v 了 n',
  'n 还 没 v',
  't n d v 不 了',
  'ns 的 n v n',
  'nz 的 n',
  'nt v n',
  'vn n v',
  'n v 得 a',
  'r 说 n d a',
  'd d v n',
  'z 的 n',
  'p n v n',
  'v v n',
  'n f v n',
  'b n v',
  'ad v n',
  '不 v n',
  'n a',
  'an n',
  'v 着 n',
  '从 n 到 n',
  '如果 n v',
  '因为 n a',
  '但是 n d v',
  '所以 r v n',
  'y',
  'n 呢',
  'v 吧',
  '好 的',
  '麻烦 尽快 v',
  '谢谢 r',
  'n 有 问题',
  '收到 n',
  'r 不 知道',
  'n 到 了 吗',
  '系统 提示 n v',
  '页面 显示 n a',
  '上次 的 n',
  '之前 v 过 n',
].map((pattern) => pattern.split(' '));

const PARTS = new Set([
  'r',
  'v',
  'n',
  'd',
  't',
  'ns',
  'm',
  'q',
  'a',
  'i',
  'l',
  'c',
  'nz',
  'nt',
  'vn',
  'z',
  'p',
  'f',
  'b',
  'ad',
  'an',
  'y',
]);

/** The dictionary files verbal nouns and adverbial adjectives under their verbs and adjectives. */
const FILED: Readonly<Record<string, string>> = { vn: 'v', ad: 'a', an: 'a' };

const FUNCTION_WORDS =
  'the a an this that these those my your his her its our their some any no each every'.split(' ');
const VERBS =
  'is was has had will can should must may does did keeps needs shows takes makes gives gets works failed passed changed arrived expired'.split(
    ' ',
  );
const LINKS =
  'and but because when while after before if so that of for with in on at by from to without under over'.split(
    ' ',
  );
const STOCK =
  'please help|asap|I tried twice|it does not work|the app says error|any update?|no reply so far|for the record|as discussed|let me know|not sure why|sorry for the trouble|this is urgent|we checked the logs|thanks in advance|see attached|as per our call|it keeps failing|still waiting|the form was rejected|nobody answered|they asked again|I never got it|can you confirm|looks fine to me|do not reply|by end of day|on second thought|in case you need it|happy to help|will do|noted|closing this'.split(
    '|',
  );

export type Background = ReturnType<typeof background>;

export function background(random: Random, words: Words) {
  const word = (part: string) => wordOf(words, random, FILED[part] ?? part, random.chance(0.3));
  const phrase = () => {
    let text = '';
    for (const part of random.pick(PATTERNS)) text += PARTS.has(part) ? word(part) : part;
    return text;
  };
  /** One to three phrases. */
  const clause = () => {
    let text = phrase();
    for (let more = random.pick([0, 0, 0, 1, 1, 2]); more > 0; more--) {
      text += random.pick(['，', '，', '', '、', ' ', '。', '；', ',']) + phrase();
    }
    return text;
  };
  const common = () => words.english[random.below(random.chance(0.7) ? 1500 : 12000)] ?? 'thing';
  const latinPhrase = () => {
    const kind = random.weighted({ words: 35, sentence: 45, stock: 20 });
    if (kind === 'stock') return random.pick(STOCK);
    if (kind === 'words') return Array.from({ length: random.between(1, 5) }, common).join(' ');
    return `${random.pick(FUNCTION_WORDS)} ${common()} ${random.pick(VERBS)} ${common()} ${random.pick(LINKS)} ${random.pick(FUNCTION_WORDS)} ${common()}`;
  };
  const latinClause = () =>
    random.chance(0.75)
      ? latinPhrase()
      : `${latinPhrase()}${random.pick([', ', ' ', '. ', '; '])}${latinPhrase()}`;
  return { word, clause, latinClause };
}
