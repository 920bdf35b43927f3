// Invented names: no place, trade and brand here is put together to mean a real body.
import type { Chance } from './random.ts';

export interface Words {
  readonly places: readonly string[];
  readonly brands: readonly string[];
  readonly trades: readonly string[];
  readonly tails: readonly string[];
  readonly surnames: string;
  readonly given: string;
}

/** Words of the sets that train. */
export const trainingWords: Words = {
  places: ['云港', '青石', '长汀', '安北', '江口', '明州', '丰泽', '临溪', '海宁', '新河'],
  brands: [
    '天润',
    '隆昌',
    '百川',
    '德丰',
    '盈科',
    '九鼎',
    '万和',
    '广源',
    '泰康',
    '兴业',
    '金桥',
    '正大',
  ],
  trades: [
    '投资管理',
    '餐饮服务',
    '汽车销售',
    '网络科技',
    '农业发展',
    '装饰材料',
    '医疗器械',
    '化工贸易',
  ],
  tails: ['有限公司', '有限责任公司', '股份有限公司'],
  surnames: '林何郭马罗梁宋唐许邓韩冯曹彭',
  given: '伟芳娜秀敏静丽强磊军洋勇艳杰涛超兰霞平刚桂英',
};

/** Words of the sets that judge. */
export const judgingWords: Words = {
  places: ['南屿', '白沙', '东岭', '望海', '柳河', '玉泉', '北辰', '合川'],
  brands: ['鑫辉', '恒信', '宏远', '瑞景', '博雅', '华腾', '优联', '启航', '众诚', '汇达'],
  trades: ['建筑工程', '物流运输', '电子商务', '文化传媒', '环保设备', '食品加工', '纺织印染'],
  tails: ['有限公司', '集团有限公司', '合作社'],
  surnames: '王李张刘陈杨赵黄周吴徐孙',
  given: '建国志明文海婷雪梅春晓东红玲飞鹏辉宁波',
};

export const fixedWords = '财务专用章合同发票收讫法定代表人业务印之';
export const printWords =
  '兹证明上述款项已按合同约定支付金额人民币大写壹拾贰万叁仟元整日期年月收款单位账号开户行用途备注';
export const figures = '0123456789ABCDEFGH';

export function charactersOf(words: Words): string {
  const lists = [...words.places, ...words.brands, ...words.trades, ...words.tails];
  return [...lists, words.surnames, words.given, '市', fixedWords, printWords, figures].join('');
}

export function companyName(chance: Chance, { places, brands, trades, tails }: Words): string {
  const town = chance.happens(0.4) ? '市' : '';
  return `${chance.pick(places)}${town}${chance.pick(brands)}${chance.pick(trades)}${chance.pick(tails)}`;
}

export function personName(chance: Chance, { surnames, given }: Words): string {
  const second = chance.happens(0.6) ? chance.pick([...given]) : '';
  return `${chance.pick([...surnames])}${chance.pick([...given])}${second}`;
}

export function digits(chance: Chance, count: number): string {
  return Array.from({ length: count }, () => chance.whole(10)).join('');
}
