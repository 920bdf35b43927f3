// Fields written the ways programs and clerks write them: JSON, forms, tables, XML, queries, scans.
import { type Field, openFields, sensitiveFields } from './fields.ts';
import { fill } from './frames.ts';
import type { Random } from './random.ts';
import type { Piece, Slots } from './slots.ts';

interface Filled {
  readonly key: string;
  readonly value: Piece;
}

const HAN = /[\u4e00-\u9fff]/;

function pickField(
  random: Random,
  fields: readonly Field[],
  isHan: boolean | undefined,
): [Field, string] {
  let left = (random.next() / 4294967296) * fields.reduce((sum, { weight }) => sum + weight, 0);
  for (const field of fields) {
    left -= field.weight;
    if (left >= 0) continue;
    const keys =
      isHan === undefined ? field.keys : field.keys.filter((key) => HAN.test(key) === isHan);
    if (keys.length > 0) return [field, random.pick(keys)];
    left = (random.next() / 4294967296) * 8;
  }
  const field = fields[0] as Field;
  return [field, field.keys[0] as string];
}

const PREFIXES = [
  'user',
  'cust',
  'insured',
  'holder',
  'card',
  'req',
  'data',
  'apply',
  'buyer',
  'member',
  'ext',
  'biz',
  'old',
  'new',
  'src',
  'dst',
  'cur',
  'my',
  'f',
  'p',
  't',
  'emp',
  'stu',
];

function variant(random: Random, key: string): string {
  if (!/^[a-zA-Z_ ]+$/.test(key)) {
    if (!HAN.test(key)) return key;
    const form = random.weighted({ plain: 84, star: 3, spaced: 4, prefixed: 6, noted: 3 });
    if (form === 'star') return `*${key}`;
    if (form === 'spaced' && key.length <= 3) return [...key].join(random.pick([' ', '　', '  ']));
    if (form === 'prefixed')
      return (
        random.pick([
          '本人',
          '客户',
          '对方',
          '申请人',
          '投保人',
          '学生',
          '家长',
          '企业',
          '乙方',
          '持卡人',
          '新',
          '原',
          '我的',
          '联系人',
        ]) + key
      );
    return form === 'noted' ? key + random.pick(['（必填）', '(选填)', '1', '2', '一']) : key;
  }
  const form = random.weighted({
    plain: 70,
    upper: 6,
    snake: 6,
    prefix: 8,
    suffix: 4,
    cut: 4,
    lower: 2,
  });
  if (form === 'upper') return key.toUpperCase();
  if (form === 'lower') return key.toLowerCase();
  if (form === 'snake') return key.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase();
  if (form === 'prefix')
    return (
      random.pick(PREFIXES) +
      random.pick(['_', '.', '-', '']) +
      (random.chance(0.5) ? key : key.charAt(0).toUpperCase() + key.slice(1))
    );
  if (form === 'suffix')
    return key + random.pick(['1', '2', '_a', '_enc', 'Str', 'Value', '_raw', '01']);
  return form === 'cut' && key.length > 4 ? key.slice(0, random.between(3, 5)) : key;
}

export function structured(random: Random, slots: Slots) {
  const some = (count: number, sensitiveShare: number, isHan?: boolean): Filled[] =>
    Array.from({ length: count }, () => {
      const [field, key] = pickField(
        random,
        random.chance(sensitiveShare) ? sensitiveFields : openFields,
        isHan,
      );
      return { key: variant(random, key), value: fill(field.slot, slots) };
    });
  const count = () => random.pick([1, 1, 2, 2, 3, 3, 4, 4, 5, 6]);
  const share = () => random.pick([0, 0.3, 0.5, 0.7, 0.7, 1]);

  const scalar = ({ text, label }: Piece): Piece[] => {
    if (
      text.startsWith('[') ||
      (/^(true|false|null|-?(0|[1-9]\d{0,14})(\.\d+)?)$/.test(text) && random.chance(0.35))
    ) {
      return [label ? { text, label } : { text }];
    }
    const safe = text.replace(/["\\\n]/g, '');
    return [{ text: '"' }, label ? { text: safe, label } : { text: safe }, { text: '"' }];
  };

  const json = (): Piece[] => {
    const space = random.pick(['', '', ' ']);
    const line = random.chance(0.15) ? '\n  ' : '';
    const body = some(count(), share(), random.chance(0.75) ? false : undefined);
    const pieces: Piece[] = [{ text: `{${line}` }];
    body.forEach(({ key, value }, i) => {
      if (i > 0) pieces.push({ text: `,${line === '' ? space : line}` });
      pieces.push({ text: `"${key}":${space}` });
      const form = random.weighted({ plain: 84, list: 6, nested: 6, pair: 4 });
      if (form === 'list') pieces.push({ text: '[' }, ...scalar(value), { text: ']' });
      else if (form === 'nested')
        pieces.push(
          {
            text: `{"${random.pick(['value', 'no', 'v', 'text', 'type', 'number', '号码', 'data', 'content', 'full'])}":${space}`,
          },
          ...scalar(value),
          { text: '}' },
        );
      else if (form === 'pair')
        pieces.push(
          {
            text: `"x"},{"${random.pick(['key', 'field', 'label', 'k'])}":${space}"${key}","${random.pick(['value', 'val', 'v', 'text'])}":${space}`,
          },
          ...scalar(value),
        );
      else pieces.push(...scalar(value));
    });
    pieces.push({ text: line === '' ? '}' : '\n}' });
    if (random.chance(0.22)) {
      pieces.unshift({
        text: `{"${random.pick(['data', 'user', 'apply', 'req', 'body', 'payload', 'p', 'biz', 'params', 'result', 'info', 'card', 'contact', '申请人', '客户'])}":${space}`,
      });
      pieces.push({ text: '}' });
    } else if (random.chance(0.06)) {
      pieces.unshift({ text: '[' });
      pieces.push({ text: ']' });
    }
    return random.chance(0.12) ? prefixed(pieces) : pieces;
  };
  const prefixed = (pieces: Piece[]): Piece[] => [
    {
      text: random.pick([
        'req=',
        'body: ',
        '请求参数：',
        'payload=',
        'POST /api ',
        '返回：',
        'data: ',
        '入参 ',
        'resp ',
        'msg=',
      ]),
    },
    ...pieces,
  ];

  const form = (): Piece[] => {
    const join = random.pick(['&', '&', ';', '&', '; ', ' ', ',', '|', ' and ']);
    const equals = random.pick(['=', '=', '=', ':', ': ']);
    return some(count(), share(), random.chance(0.85) ? false : undefined).flatMap(
      ({ key, value }, i) => [
        { text: (i > 0 ? join : '') + key.replace(/ /g, '') + equals },
        value,
      ],
    );
  };

  const sheet = (): Piece[] => {
    const isHan = random.chance(0.7);
    const join = random.pick([
      '\n',
      '\n',
      '\n',
      ' ',
      '  ',
      '，',
      ', ',
      '；',
      ' | ',
      '　',
      '|',
      ';',
      ' / ',
      '、',
      '\t',
      '。',
    ]);
    const colon = random.pick(
      isHan
        ? ['：', '：', ':', '： ', ': ', ' ', '　', '', '=', '】', '|', '为']
        : [': ', ':', ' ', ' = ', '=', ' - ', ' ........ ', '\t', '|', ' is '],
    );
    const pieces: Piece[] = random.chance(0.12)
      ? [
          {
            text: random.pick(
              isHan
                ? [
                    '【登记表】',
                    '申请表 ',
                    '投保单\n',
                    '个人信息\n',
                    '【客户资料】',
                    '订单信息：',
                    '一、基本情况\n',
                    '开户资料 ',
                    '体检表\n',
                    '附：',
                  ]
                : [
                    'FORM 12 ',
                    'Application\n',
                    'Customer details: ',
                    '--- record ---\n',
                    'INTAKE ',
                    '# contact\n',
                  ],
            ),
          },
        ]
      : [];
    some(count() + 1, random.pick([0.4, 0.7, 0.85, 1]), isHan).forEach(({ key, value }, i) => {
      pieces.push(
        { text: (i > 0 ? join : '') + (colon === '】' ? '【' : '') + key + colon },
        value,
      );
    });
    return pieces;
  };

  const table = (): Piece[] => {
    const isHan = random.chance(0.6);
    const join = random.pick([',', '\t', ',', '|', ' | ', ', ', ';', '，']);
    const columns = Array.from({ length: random.between(2, 5) }, () =>
      pickField(random, random.chance(0.65) ? sensitiveFields : openFields, isHan),
    );
    const row = (): Piece[] =>
      columns.flatMap(([field], i) => {
        const value = fill(field.slot, slots);
        const text = value.text.replaceAll(join, ' ').replace(/\n/g, ' ');
        return [{ text: i > 0 ? join : '' }, value.label ? { text, label: value.label } : { text }];
      });
    const rows = Array.from({ length: random.between(1, 3) }, row);
    const body = rows.flatMap((cells, i) => (i > 0 ? [{ text: '\n' }, ...cells] : cells));
    if (random.chance(0.3)) return body;
    const head = columns.map(([, key]) => key).join(join);
    return [{ text: `${random.pick(['', '', '导出：', 'rows:\n', '# '])}${head}\n` }, ...body];
  };

  const markup = (): Piece[] =>
    some(count(), share(), random.chance(0.8) ? false : undefined).flatMap(({ key, value }, i) => {
      const tag = key.replace(/[^\w\u4e00-\u9fff]/g, '') || 'v';
      const isAttribute = i % 2 === 1 && random.chance(0.3);
      const gap = i > 0 ? random.pick(['', '\n', ' ']) : '';
      return isAttribute
        ? [{ text: `${gap}<f ${tag}="` }, value, { text: '"/>' }]
        : [{ text: `${gap}<${tag}>` }, value, { text: `</${tag}>` }];
    });

  const yaml = (): Piece[] =>
    some(count(), share(), random.chance(0.85) ? false : undefined).flatMap(({ key, value }, i) => {
      const quote = random.pick(['', '', '"', "'"]);
      return [
        {
          text: `${i > 0 ? '\n' : ''}${random.pick(['', '', '  ', '- '])}${key}${random.pick([': ', ': ', ' = ', '='])}${quote}`,
        },
        value,
        { text: quote },
      ];
    });

  const kinds = { json, form, sheet, table, markup, yaml };
  const weights = { json: 36, form: 12, sheet: 30, table: 12, markup: 5, yaml: 5 };
  return (): Piece[] => kinds[random.weighted(weights)]();
}
