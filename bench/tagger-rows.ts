// What is measured of the tagger, in every host: 200 characters of each kind, and a body leaf by leaf.
import type { Tagger } from '../src/core/tagger.ts';
import type { Row } from './harness.ts';

const LENGTH = 200;
const filled = (text: string) => text.repeat(Math.ceil(LENGTH / text.length)).slice(0, LENGTH);

const chinese = filled(
  '客户沈若溪来电改预留手机为13812345678，旧号停用，现住浙江省绍兴市越城区鲁迅中路241号2幢503室，工资卡尾号5702。',
);
const english = filled(
  'Maria Gonzalez moved to 27B Kestrel Close, Bristol; the gate code is 4417 and her card stays the same. ',
);
const harmless = filled(
  '本季度各项指标平稳，会议按期召开，材料已经归档，订单20240311000123已办结。',
);
const body = {
  applicant: { name: '林志远', idCard: '11010519491231002X', mobile: '13812345678' },
  order: { id: '20240311000123', amount: 99.5, note: '下午三点后联系' },
  password: 'Blue!River7',
};

export function taggerRows(tagger: Tagger): Row[] {
  const row = (id: string, title: string, run: () => unknown): Row => ({
    id,
    title,
    contestants: [{ name: 'cinnabar', run }],
  });
  return [
    row('tag-chinese', `tag, ${LENGTH} characters, Chinese`, () => tagger.tag(chinese)),
    row('tag-english', `tag, ${LENGTH} characters, English`, () => tagger.tag(english)),
    row('tag-harmless', `tag, ${LENGTH} characters, nothing sensitive`, () => tagger.tag(harmless)),
    row('split', 'split, a body of seven leaves', () => tagger.split(body)),
  ];
}
