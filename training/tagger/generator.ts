// Makes labelled records without end: registers, frames, structured bodies, dialogues, damage.
import type { Label } from '../../src/core/tagger/labels.ts';
import { surnames } from '../../src/core/tagger/lexicon.ts';
import { background } from './background.ts';
import { expand, type Frames, fill } from './frames.ts';
import { damage } from './noise.ts';
import { people } from './people.ts';
import { places } from './places.ts';
import { Random } from './random.ts';
import { type Piece, slots } from './slots.ts';
import { structured } from './structured.ts';
import { values } from './values.ts';
import type { Words } from './words.ts';

export interface Span {
  readonly start: number;
  readonly end: number;
  readonly label: Label;
}

export interface LabelledText {
  readonly text: string;
  readonly spans: readonly Span[];
}

/** Dictionary words that a reader might take for a name. */
function wordLike(words: Words): string[] {
  const all = [...words.chinese.entries()]
    .filter(([part]) => ['n', 'v', 'a', 'd', 'nz', 'ns', 't'].includes(part))
    .flatMap(([, bands]) => bands.flatMap((band) => band.words));
  return all.filter(
    (word) =>
      (word.length === 2 || word.length === 3) &&
      (surnames.common.has(word.charAt(0)) || surnames.other.has(word.charAt(0))),
  );
}

const SPEAKERS =
  '客户|客服|用户|坐席|甲|乙|A|B|我|妈|爸|老师|家长|学生|司机|乘客|医生|病人|房东|租客|中介|买家|卖家|店主|顾客|群友|管理员|bot|user|agent|User|Agent|Support|Customer|Me|Mom|PM|Dev|问|答|民警|报案人|HR|候选人|client|sys|机器人|柜员|经理|同事|Q'.split(
    '|',
  );

export function generator(seed: number, words: Words, frames: Frames) {
  const random = new Random(seed);
  const mistakable = wordLike(words);
  const folk = people(random, words, mistakable);
  const map = places(random, words);
  const made = values(random, words, folk, map);
  const scenery = background(random, words);
  const table = slots(random, folk, map, made, scenery);
  const body = structured(random, table);
  const frame = (name: keyof Frames) => expand(random.pick(frames[name]), random, table);

  const sentence = (): Piece[] =>
    frame(random.weighted({ chinese: 58, english: 34, mixed: 8, negative: 0, code: 0 }));
  const harmless = (): Piece[] => frame('negative');

  const prose = (): Piece[] => {
    const pieces: Piece[] = [];
    for (let n = random.pick([1, 1, 1, 2, 2, 3]); n > 0; n--) {
      if (pieces.length > 0)
        pieces.push({ text: random.pick(['', '\n', ' ', '。', '，', '；', '. ']) });
      pieces.push(...(random.chance(0.14) ? harmless() : sentence()));
    }
    return pieces;
  };

  /** A value in the middle of words that say nothing about it. */
  const bare = (): Piece[] => {
    const isHan = random.chance(0.7);
    const clause = isHan ? scenery.clause : scenery.latinClause;
    const gap = () =>
      random.pick(isHan ? ['', '', '', '，', ' ', '：', '（'] : [' ', ' ', ', ', ': ', ' (']);
    const hanValues = {
      N: 42,
      S: 4,
      I: 8,
      C: 10,
      B: 6,
      H: 8,
      mail: 5,
      U: 3,
      M: 6,
      L: 3,
      W: 1,
      IB: 1,
    };
    const latinValues = {
      E: 34,
      g: 10,
      F: 10,
      B: 6,
      HE: 8,
      mail: 10,
      I: 4,
      IB: 3,
      W: 2,
      J_social: 3,
      P: 1,
    };
    const pick = () => (isHan ? random.weighted(hanValues) : random.weighted(latinValues));
    const pieces: Piece[] = random.chance(0.75) ? [{ text: clause() + gap() }] : [];
    for (let n = random.pick([1, 1, 1, 2]); n > 0; n--) {
      const name = pick();
      pieces.push(fill(name, table));
      if (name === 'S')
        pieces.push({
          text: random.pick([
            '先生',
            '女士',
            '总',
            '经理',
            '老师',
            '主任',
            '医生',
            '小姐',
            '工',
            '师傅',
            '哥',
            '姐',
            '局',
            '律师',
          ]),
        });
      pieces.push({
        text: random.chance(0.8)
          ? gap().replace('（', '，') + clause()
          : random.pick(['。', '', '！', '\n']),
      });
      if (n > 1) pieces.push({ text: gap() });
    }
    return pieces;
  };

  const mistaken = (): Piece[] => {
    const word = () => random.pick(mistakable);
    const text = random.pick([
      () => word() + scenery.clause(),
      () => `${scenery.clause()}，${word()}${scenery.clause()}`,
      () =>
        `${scenery.word('d')}${word()}，${word()}${random.pick(['、', '和', '与', ''])}${word()}`,
      () =>
        `${word()}${random.pick(['的', '了', '在', '是', '不', '已', '很'])}${scenery.clause()}`,
      () => scenery.clause() + word(),
    ])();
    return [{ text }];
  };

  const dialogue = (): Piece[] => {
    const pieces: Piece[] = [];
    const colon = random.pick(['：', '：', ':', ': ', '> ', ' ']);
    const named = random.chance(0.3);
    const pair = [0, 1].map(() =>
      named && random.chance(0.6)
        ? fill(random.pick(['N', 'g', 'E', 'nick', 'nick']), table)
        : { text: random.pick(SPEAKERS) },
    );
    for (let turn = 0, turns = random.between(2, 4); turn < turns; turn++) {
      const speaker = pair[turn % 2] as Piece;
      if (turn > 0) pieces.push({ text: '\n' });
      if (random.chance(0.06)) pieces.push({ text: `[${made.clock()}] ` });
      pieces.push(speaker, { text: colon }, ...utterance());
    }
    return pieces;
  };
  const ASKED: readonly (readonly [string, string])[] = [
    ['(密码|口令|wifi密码|登录密码|pwd|password)(多少|是什么|发我|给我一下|忘了|呢|？|来着)', 'P'],
    ['(验证码|code|短信码|码|数字)(多少|发我|收到没|报一下|是几|呢|？)', 'O'],
    ['(卡号|账号|银行卡|收款卡)(发我|多少|报一下|给我|呢|？)', 'B'],
    ['(电话|手机号|手机|联系方式|号码)(多少|发我|是|留一下|报一下|呢|？)', 'C'],
    ['(您|你|怎么|请问)(贵姓|叫什么|的姓名|称呼|名字|是哪位|怎么称呼|？)', 'N'],
    ['(您|)(贵姓|姓什么)(？|)', 'S'],
    ['(地址|住哪|送到哪|去哪儿|家在哪|位置|寄到哪)(发我|？|呢|报一下)', 'HL'],
    ['(身份证|身份证号|证件号|证号)(多少|发我|报一下|呢|？)', 'I'],
    ['(微信|VX|vx|wechat)(多少|号|加一下|发我|呢|？)', 'wx'],
    ['(邮箱|email|邮件地址)(多少|发我|呢|？|是)', 'mail'],
    ['(门禁|取件码|提取码|开门密码|门锁)(多少|发我|呢|？)', 'SC'],
    ['(支付密码|取款密码|PIN)(多少|是|呢|？)', 'K'],
    ['(有效期|到期)(多少|呢|？)', 'Y'],
    ['(安全码|cvv|后三位)(多少|呢|？)', 'V'],
    ['(指纹|人脸|声纹|虹膜)(模板|编号|特征|ID)(发我|多少|呢|？)', 'T'],
    ["(what's|whats|send me|need) (the|your) (password|login|wifi password|passcode)(\\?|)", 'P'],
    ["(what's|send|got|read me) the (code|otp|pin you received)(\\?|)", 'O'],
    ["(what's|may I have|can I get|your) (your |)(name|full name)( please|\\?|)", 'E'],
    [
      "(what's|whats|may I have|can I get|your) (your |the |)(phone|number|cell)( please|\\?|)",
      'F',
    ],
    ["(what's|may I have|can I get|send) (your |the |)(email|mail)( please|\\?|)", 'mail'],
    ["(what's|whats|send|text me) (your |the |)(address|location|place)( please|\\?|)", 'HE'],
    ["(what's|read me|confirm) (your |the |)(card number|card)( please|\\?|)", 'B'],
    ["(what's|whats) the (gate code|door code|alarm code|lockbox)(\\?|)", 'SC'],
    ["(what's|confirm) your (ssn|social|social security number)(\\?|)", 'J_social'],
  ];
  const utterance = (): Piece[] =>
    random.chance(0.55)
      ? sentence()
      : random.chance(0.5)
        ? harmless()
        : [{ text: random.chance(0.6) ? scenery.clause() : scenery.latinClause() }];

  /** A question, and an answer that is nothing but the value. */
  const asked = (): Piece[] => {
    const [question, slot] = random.pick(ASKED);
    const colon = random.pick(['：', ':', ': ', '：', '> ']);
    const [one, other] = [random.pick(SPEAKERS), random.pick(SPEAKERS)];
    const before = random.pick([
      '',
      '',
      '',
      '是',
      '嗯，',
      '记一下 ',
      '我的是',
      "it's ",
      'sure, ',
      '哦 ',
      '好的，',
      '发你了 ',
    ]);
    const pieces: Piece[] = [
      { text: `${one}${colon}` },
      ...expand(question, random, table),
      { text: `\n${other}${colon}${before}` },
      fill(slot, table),
      {
        text: random.pick([
          '',
          '',
          '。',
          '，谢谢',
          ' 收到了吗',
          '？',
          ' ok?',
          '，你记一下',
          ' 对',
          '吧',
          ' thx',
        ]),
      },
    ];
    if (random.chance(0.5))
      pieces.push({
        text: `\n${one}${colon}${random.pick(['好的', '收到', 'ok', '谢谢', 'thx', '不对啊', '登上了', '嗯', '行', 'got it', '稍等', scenery.clause()])}`,
      });
    return pieces;
  };

  const kinds = {
    prose,
    bare,
    body,
    dialogue,
    asked,
    mistaken,
    code: () => frame('code'),
    harmless: () => {
      const pieces = harmless();
      if (random.chance(0.35))
        pieces.push({ text: random.pick(['', ' ', '\n', '，', '。']) }, ...harmless());
      return pieces;
    },
  };
  const weights = {
    prose: 27,
    bare: 12,
    body: 23,
    dialogue: 4,
    asked: 4,
    mistaken: 3,
    code: 9,
    harmless: 18,
  };

  return (): LabelledText => {
    let pieces = kinds[random.weighted(weights)]();
    if (random.chance(0.06))
      pieces = [
        ...pieces,
        { text: random.pick(['\n', ' ', '。']) },
        ...kinds[random.weighted(weights)](),
      ];
    return assemble(damage(pieces, random));
  };
}

/** Joins pieces; neighbours of one label that touch stay apart, as spans are. */
function assemble(pieces: readonly Piece[]): LabelledText {
  let text = '';
  const spans: Span[] = [];
  for (const piece of pieces) {
    const start = text.length;
    text += piece.text;
    if (piece.label) {
      const lead = piece.text.length - piece.text.trimStart().length;
      const end = start + piece.text.trimEnd().length;
      if (end > start + lead) spans.push({ start: start + lead, end, label: piece.label });
    }
  }
  return { text, spans };
}
