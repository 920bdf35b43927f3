// What the tagger knows by heart: surnames as a list, dictionary words, places and Latin names as
// Bloom filters (Bloom 1970). A filter says "yes" wrongly once in about fifty; the network is
// trained with the same filter and has learned how far to trust it.

const COMMON_SURNAMES =
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤';
const OTHER_SURNAMES =
  '褚卫尤施张华戚喻柏水窦章云葛奚郎鲁昌苗凤花俞柳鲍费廉岑倪滕殷毕邬安常乐时傅皮卞齐康伍元卜平和穆萧湛祁禹狄米贝明臧计伏成谈茅庞纪舒屈项祝阮蓝闵席季麻强路娄危童颜梅盛刁骆樊凌霍虞支柯昝管经房裘缪干解应宗宣贲郁单杭洪包诸左吉钮嵇邢滑裴荣翁荀羊於惠甄曲家封芮羿储靳汲邴糜松井富巫乌焦巴弓牧隗山谷车宓蓬全郗班仰秋仲伊宫宁仇栾暴甘钭厉戎祖符景詹束幸司韶郜蓟薄印宿怀蒲邰从鄂索咸籍赖卓蔺屠蒙池乔阴鬱胥能苍双闻莘党翟贡劳逄姬申扶堵冉宰郦雍郤璩桑桂濮牛寿通边扈燕冀郏浦尚农温别庄晏柴瞿阎充慕连茹习宦艾鱼容古易慎戈庾终暨居衡步都耿满弘匡国文寇广禄阙东欧殳沃利蔚越夔隆师巩厍聂晁勾敖融冷訾辛阚那简饶空毋沙乜养鞠须丰巢关蒯相查后荆红游竺权逯盖益桓公晋楚闫法汝鄢涂钦归海岳帅缑亢况有琴商牟佘佴伯赏墨哈谯笪年爱阳佟佴言福仝冼洛但揭门亓由邸占逯苑僧庹邝阚仉战种尧寸才代刀卿台仁兰盘衣矫初宛粟晋凡楼修由智琚年丛迟纳原信展尉鹿光檀朴茆来';
const COMPOUND_SURNAMES =
  '欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 公户 公玉 公仪 梁丘 公仲 公上 公门 公山 公坚 左丘 公伯 西门 公祖 第五 公乘 贯丘 公皙 南荣 东里 东宫 仲长 子书 子桑 即墨 达奚 褚师 完颜 纳兰 叶赫 爱新 那拉 耶律 钮祜'.split(
    ' ',
  );

export const surnames = {
  common: new Set(COMMON_SURNAMES),
  other: new Set([...OTHER_SURNAMES].filter((c) => !COMMON_SURNAMES.includes(c))),
  compound: new Set(COMPOUND_SURNAMES),
} as const;

const PROBES = 4;

/** FNV-1a over UTF-16 units, and a second hash by the finaliser of MurmurHash3. */
function probe(text: string, from: number, to: number, bits: number, n: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  let step = hash ^ (hash >>> 16);
  step = Math.imul(step, 0x85ebca6b);
  step ^= step >>> 13;
  return ((hash + Math.imul(n, step | 1)) >>> 0) % bits;
}

/** Whether `text[from, to)` was put into the filter, or seems so. */
export function mayHold(filter: Uint8Array, text: string, from = 0, to = text.length): boolean {
  const bits = filter.length * 8;
  for (let n = 0; n < PROBES; n++) {
    const bit = probe(text, from, to, bits, n);
    if (((filter[bit >>> 3] ?? 0) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** A filter of `bytes` bytes that holds these words. Used when a model is made. */
export function makeFilter(words: Iterable<string>, bytes: number): Uint8Array<ArrayBuffer> {
  const filter = new Uint8Array(bytes);
  for (const word of words) {
    for (let n = 0; n < PROBES; n++) {
      const bit = probe(word, 0, word.length, bytes * 8, n);
      filter[bit >>> 3] = (filter[bit >>> 3] ?? 0) | (1 << (bit & 7));
    }
  }
  return filter;
}

/** Filters over lower-case Latin words and Han words of two to four characters. */
export interface Lexicon {
  readonly words: Uint8Array;
  readonly places: Uint8Array;
  readonly english: Uint8Array;
  readonly given: Uint8Array;
  readonly family: Uint8Array;
}
