// Names of people who do not exist.
import { surnames } from '../../src/core/tagger/lexicon.ts';
import type { Random } from './random.ts';
import type { Words } from './words.ts';

const common = [...surnames.common];
const others = [...surnames.other];
const compounds = [...surnames.compound].filter((s) => !'第五 爱新 那拉 叶赫 钮祜'.includes(s));

const MALE =
  '伟强磊军洋勇涛明超刚平辉鹏斌波宇浩凯健俊峰杰飞亮龙海山建国志文华东林永新成康星光天达安岩中茂进有坚和彪博诚先敬震振壮会思群豪心邦承乐绍功松善厚庆民友裕河哲江政谦亨奇固之轮翰朗伯宏言若鸣朋梁栋维启克伦翔旭泽晨辰士以家致树炎德行时泰盛雄琛钧冠策腾楠榕风航弘鑫鹤铭煜烨坤乾宸睿皓轩昊然子梓逸尘骁骏霖屹恒毅嘉誉楷晟焱垚阳雷兵根福贵财发富生元喜寿顺全保柱栓';
const FEMALE =
  '芳娜敏静丽艳娟霞秀英慧巧美淑惠珠翠雅芝玉萍红娥玲芬燕彩春菊兰凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳琼勤珍贞莉桂娣叶璧璐娅琦晶妍茜秋珊莎锦黛青倩婷姣婉娴瑾颖露瑶怡婵雁蓓纨仪荷丹蓉眉君琴蕊薇菁梦岚苑筠柔竹霭凝晓欢霄枫芸菲寒欣滢伊亚宜可姬舒影荔枝思涵诗雨欣妤彤萱艺昕玥瑜一依诺汐妙语嫣沐晴暖乐安若溪清芷绮韵灵希羽曦知意南乔念';
const PLAIN =
  '少桐正熙千尺曙仁同希圣加其大小月水方来有为自心中上下天地日星云山川田木禾米竹石金银铜铁光明亮白青黄赤紫红丹朱墨墙前后左右东西南北春夏秋冬早晚朝夕今古永久长高远深广宽厚薄轻重快慢动静进退开关启合同异新旧真善美好吉祥如意喜乐欢笑歌舞琴棋书画诗词文章笔砚学问思想志愿理智勤俭忠孝义信廉耻勇敢坚强刚毅温柔和平安宁健康富贵荣华昌盛兴旺发达成功胜利凯旋归来向往追求爱慕惜怜念忆怀守望盼顾照应当初始终源流泉溪潭湖海洋波浪涌潮沙洲岛屿岸桥路径门户窗台楼阁亭园花草树叶果实种苗芽蕾蕊香甜酸辣咸淡丝绸锦绣衣冠履带玉珠宝石翡翠玛瑙珊瑚象牙虎豹狮象鹿马牛羊鸡犬鸟燕莺鸽鹏鲲鱼虾龟鳌蛟龙麟凤凰先后生长养育教导引领航程征战士兵将帅王侯公卿伯仲叔季孟可以之而乃者也必定元利亨贞乾坤巽艮震坎离兑甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥';
const RARE =
  '翀晔赟彧璟淏熠珩祎妤婳霁蘅翊曈昶炜焜琰瑄瑱璇璨晗暄昀旻昱煊炯垣堃培塬墉峻嵘嵩崧岱岳峤屿川渊泓沛洵济浚涵深淇渝润澍瀚灏犇猷玄玮珂珏珞琪琚瑀瑛瓒甫畅皎睦瞳砚硕祈祺禾秉稷穆竣笙筱箫简粤纪纶绎绪缘羲翎聪肃胤臻艾芮苇苓茗茹茵荃荻莘莞莹菀萌葳蓝蔓藜虹蝶衡裳裴覃誉谊谨谷豫贤贻赫超越跃辕辙迅迈远逍逊道邈郁郗酉野钊钦钰铄铠锋锐镇镕闳闻阅阔陌隽雍雯霏霓韦韬顾颀飒馨驰骐骞鸣鸿鹃鹭麒麟默';
const TRANSLITERATED =
  '阿买提古丽吐尔逊艾力木合塔依明娜孜热汗帕迪努斯巴特孟和扎西卓玛次仁多吉央金旺其格乌云那日苏库班亚森尼瓦克里江迪丽巴哈麦玛伊布拉欣沙赛夏衣提肉孜托乎达娃洛桑顿珠拉姆格桑平措边才让尕嘎德勒朝鲁宝音图雅呼琪高娃毕力';
const CANTONESE_LATIN = [
  'Chan',
  'Wong',
  'Lam',
  'Cheung',
  'Leung',
  'Ho',
  'Ng',
  'Kwok',
  'Tse',
  'Yip',
  'Tang',
  'Cheng',
  'Tan',
  'Lim',
  'Lee',
  'Ong',
  'Goh',
  'Chua',
  'Koh',
  'Teo',
  'Ang',
  'Yeo',
  'Tay',
  'Sim',
  'Chow',
];
const CANTONESE_GIVEN = [
  'Ka',
  'Wai',
  'Ming',
  'Siu',
  'Kit',
  'Man',
  'Chi',
  'Yuen',
  'Mei',
  'Ling',
  'Hui',
  'Wen',
  'Kai',
  'Jun',
  'Wei',
  'Xin',
  'Yi',
  'Hao',
  'Sze',
  'Pui',
  'Lok',
  'Tsz',
  'Hoi',
  'Yan',
  'Fung',
  'Kwan',
];
const INITIALS = [
  '',
  'b',
  'p',
  'm',
  'f',
  'd',
  't',
  'n',
  'l',
  'g',
  'k',
  'h',
  'j',
  'q',
  'x',
  'zh',
  'ch',
  'sh',
  'r',
  'z',
  'c',
  's',
  'y',
  'w',
];
const FINALS = [
  'a',
  'ai',
  'an',
  'ang',
  'ao',
  'e',
  'ei',
  'en',
  'eng',
  'i',
  'ia',
  'ian',
  'iang',
  'iao',
  'ie',
  'in',
  'ing',
  'iu',
  'ong',
  'ou',
  'u',
  'ua',
  'uan',
  'uang',
  'ui',
  'un',
  'uo',
];
const PINYIN_SURNAMES =
  'Zhang Wang Li Zhao Chen Liu Yang Huang Wu Zhou Xu Sun Ma Zhu Hu Guo He Gao Lin Luo Zheng Liang Xie Song Tang Feng Deng Cao Peng Zeng Xiao Tian Dong Pan Yuan Cai Jiang Yu Du Ye Cheng Wei Su Ding Ren Shen Yao Lu Cui Zhong Tan Fan Liao Shi Jia Xia Fu Fang Zou Meng Qin Bai Qiu Yin Xue Yan Duan Lei Hou Long Hao Kong Shao Mao Chang Wan Gu Lai Wen Pang Ouyang Situ Zhuge Shangguan'.split(
    ' ',
  );
const SYLLABLES = [
  'ka',
  'ro',
  'mi',
  'len',
  'dar',
  'vi',
  'so',
  'ta',
  'nel',
  'bo',
  'ri',
  'an',
  'el',
  'ja',
  'mo',
  'sha',
  'ter',
  'win',
  'ford',
  'ley',
  'ber',
  'to',
  'gan',
  'wu',
  'ade',
  'olu',
  'chi',
  'nwa',
  'os',
  'kov',
  'ski',
  'ian',
  'ez',
  'mar',
  'cor',
  'dal',
  'fen',
  'gus',
  'hol',
  'ing',
  'kel',
  'lor',
  'nor',
  'pen',
  'quin',
  'ras',
  'ste',
  'tho',
  'ul',
  'ver',
  'wal',
  'yar',
  'zan',
];

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function invented(random: Random): string {
  const count = random.between(2, 3);
  let word = '';
  for (let i = 0; i < count; i++) word += random.pick(SYLLABLES);
  return capital(word);
}

function pinyinGiven(random: Random): string {
  const syllable = () => random.pick(INITIALS) + random.pick(FINALS);
  const first = capital(syllable());
  if (random.chance(0.35)) return first;
  return (
    first +
    random.pick(['', '', '', '-', ' ']) +
    (random.chance(0.7) ? syllable() : capital(syllable()))
  );
}

export interface People {
  /** A full Chinese name. */
  chinese(): string;
  /** A bare surname. */
  surname(): string;
  /** A given name without the surname, as friends use it. */
  given(): string;
  /** What friends say: 阿坤, 小雅, 婷婷, or the given name alone. */
  nickname(): string;
  /** A full name in Latin letters. */
  latin(): string;
  latinGiven(): string;
  latinFamily(): string;
}

/** `wordLike`: dictionary words that are also possible names, for the names that mislead. */
/** Names that a frequency list of English words holds too: the names one meets. */
function frequent(names: readonly string[], words: Words): string[] {
  const known = new Set(words.english);
  return names.filter((name) => known.has(name.toLowerCase()));
}

export function people(random: Random, words: Words, wordLike: readonly string[]): People {
  const wellKnown = { given: frequent(words.given, words), family: frequent(words.family, words) };
  const surname = () => {
    const kind = random.weighted({ common: 60, other: 30, compound: 10 });
    return random.pick({ common, other: others, compound: compounds }[kind]);
  };
  const character = () => {
    const kind = random.weighted({ male: 36, female: 36, plain: 12, rare: 13, any: 3 });
    const pool = {
      male: MALE,
      female: FEMALE,
      plain: PLAIN,
      rare: RARE,
      any: TRANSLITERATED,
    }[kind];
    return random.char(pool);
  };
  const given = () => {
    const kind = random.weighted({ one: 30, two: 62, doubled: 6, mixed: 2 });
    if (kind === 'one') return character();
    if (kind === 'doubled') {
      const c = character();
      return c + c;
    }
    const pool = random.chance(0.5) ? MALE : FEMALE;
    return kind === 'two'
      ? random.char(pool) + (random.chance(0.75) ? random.char(pool) : character())
      : character() + character();
  };
  const nickname = () => {
    const kind = random.weighted({ given: 45, prefixed: 30, doubled: 15, latin: 10 });
    if (kind === 'latin') return `${random.pick(['阿', ''])}${random.pick(words.given)}`;
    const c = character();
    if (kind === 'prefixed')
      return `${random.pick(['阿', '阿', '小'])}${c}${random.pick(['', '', '', '儿', '仔', '妹', '哥'])}`;
    return kind === 'doubled' ? c + c : c + character();
  };
  const transliterated = () => {
    const part = (low: number, high: number) =>
      random.chars(TRANSLITERATED, random.between(low, high));
    return random.chance(0.65) ? `${part(2, 5)}·${part(2, 5)}` : part(3, 4);
  };
  const chinese = () => {
    const kind = random.weighted({ usual: 86, transliterated: 7, wordLike: 4, double: 3 });
    if (kind === 'transliterated') return transliterated();
    if (kind === 'wordLike') return random.pick(wordLike);
    if (kind === 'double') return random.pick(common) + random.pick(common) + character();
    return surname() + given();
  };
  const latinGiven = () =>
    random.chance(0.08)
      ? invented(random)
      : random.chance(0.14)
        ? pinyinGiven(random).replace(' ', '')
        : random.chance(0.4)
          ? random.pick(wellKnown.given)
          : random.pick(words.given);
  const latinFamily = () => {
    const kind = random.weighted({ list: 78, pinyin: 8, invented: 8, particle: 6 });
    if (kind === 'pinyin') return random.pick(PINYIN_SURNAMES);
    if (kind === 'invented') return invented(random);
    if (kind === 'list') return random.pick(random.chance(0.4) ? wellKnown.family : words.family);
    return (
      random.pick([
        'de ',
        'van ',
        'von ',
        "O'",
        'Mc',
        'al-',
        'El ',
        'da ',
        'bin ',
        'Di ',
        'St. ',
        'Le ',
        "D'",
        'van der ',
        'de la ',
        'Mac',
        'ben ',
      ]) + random.pick(words.family)
    );
  };
  const latinParts = (): [string, string] => {
    const kind = random.weighted({ western: 76, pinyin: 16, cantonese: 8 });
    if (kind === 'western') return [latinGiven(), latinFamily()];
    if (kind === 'pinyin') return [pinyinGiven(random), random.pick(PINYIN_SURNAMES)];
    return [
      `${random.pick(CANTONESE_GIVEN)}${random.pick([' ', '-', ' '])}${random.pick(CANTONESE_GIVEN)}`,
      random.pick(CANTONESE_LATIN),
    ];
  };
  const latin = () => {
    const [first, last] = latinParts();
    const initial = `${random.char('ABCDEFGHJKLMNPRSTW')}.`;
    const form = random.weighted({
      plain: 50,
      eastern: 14,
      initial: 8,
      comma: 6,
      upper: 6,
      hyphen: 5,
      leading: 5,
      three: 6,
    });
    switch (form) {
      case 'eastern':
        return `${last} ${first}`;
      case 'initial':
        return `${first} ${initial} ${last}`;
      case 'comma': {
        const name = `${last}, ${first}`;
        return random.chance(0.4) ? name.toUpperCase() : name;
      }
      case 'upper':
        return `${first} ${last}`.toUpperCase();
      case 'hyphen':
        return `${first} ${last}-${random.pick(words.family)}`;
      case 'leading':
        return `${initial} ${last}`;
      case 'three':
        return `${first} ${latinGiven()} ${last}`;
      default:
        return `${first} ${last}`;
    }
  };
  return { chinese, surname, given, nickname, latin, latinGiven, latinFamily };
}
