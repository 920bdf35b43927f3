import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabelledRecord, tagScores } from '../../../src/cli/tag-scores.ts';
import { markRuns } from '../../../src/core/tagger/runs.ts';
import { readFields } from '../../../src/core/tagger/structured.ts';
import {
  labels,
  loadTagger,
  MAX_TEXT,
  operatingPoints,
  TaggerError,
} from '../../../src/core/tagger.ts';

const tagger = await loadTagger();
const found = (text: string) =>
  tagger.tag(text).map(({ start, end, label }) => [label, text.slice(start, end)]);

const ID = '11010519491231002X';
const MOBILE = '13812345678';

describe('D1: what a reader would mark', () => {
  it.each([
    [
      `姓名：陈晓东，手机：${MOBILE}`,
      [
        ['NAME', '陈晓东'],
        ['CONTACT', MOBILE],
      ],
    ],
    [
      `客户李娜的身份证号是${ID}，请核实。`,
      [
        ['NAME', '李娜'],
        ['ID_DOC', ID],
      ],
    ],
    ['登录密码：Sunny#2031，请尽快修改', [['PASSWORD', 'Sunny#2031']]],
    [
      'Please contact Maria Gonzalez at maria.g@example.com.',
      [
        ['NAME', 'Maria Gonzalez'],
        ['CONTACT', 'maria.g@example.com'],
      ],
    ],
    [
      '收货地址：浙江省杭州市西湖区文三路478号3幢201室',
      [['ADDRESS', '浙江省杭州市西湖区文三路478号3幢201室']],
    ],
    ['DATABASE_URL=postgres://ledger:Kx7_p@Q93@10.2.3.4:5432/books', [['PASSWORD', 'Kx7_p@Q93']]],
    ['redis://:Fn81-zuk@cache.example.com/0', [['PASSWORD', 'Fn81-zuk']]],
    ['DATABASE_URL=postgres://user:{{db_password}}@localhost/app', []],
    [
      'liu.yang@example.com:Winter#2024',
      [
        ['CONTACT', 'liu.yang@example.com'],
        ['PASSWORD', 'Winter#2024'],
      ],
    ],
    [
      'a.b@example.com:monkey\nwu@example.org:hunter22',
      [
        ['CONTACT', 'a.b@example.com'],
        ['PASSWORD', 'monkey'],
        ['CONTACT', 'wu@example.org'],
        ['PASSWORD', 'hunter22'],
      ],
    ],
    ['scp wu@example.com:/srv/a.txt .', [['CONTACT', 'wu@example.com']]],
    ['ssh wu@example.com:2222', [['CONTACT', 'wu@example.com']]],
    ['本人银行卡尾号0417，短信已收到', []],
    [
      "Please tell Maria Gonzalez the alarm code, it's 8204.",
      [
        ['NAME', 'Maria Gonzalez'],
        ['PASSWORD', '8204'],
      ],
    ],
    ['我QQ84001234，加的时候说一声', [['CONTACT', '84001234']]],
    ['Call our hotline 1-800-555-0199 at any hour.', []],
    ['季度营收同比增长12.7%，毛利率38%。', []],
    [
      '{"faceEmbedding":[0.12, -0.55, 0.31, 0.90],"model":"v2"}',
      [['BIOMETRIC', '[0.12, -0.55, 0.31, 0.90]']],
    ],
    [
      '卡号 4111111111111111，有效期 09/29，安全码 123',
      [
        ['PAYMENT', '4111111111111111'],
        ['PAYMENT', '09/29'],
        ['PAYMENT', '123'],
      ],
    ],
  ])('%s', (text, expected) => {
    expect(found(text)).toEqual(expected);
  });

  it.each([
    '请输入六位数字密码，不要使用生日。',
    '订单20231104998812345678已由中通揽收，预计明日送达。',
    'Release 10.4.1 is available for download.',
    '{"code":200,"msg":"success","data":{"total":1024}}',
    '尾号3381的储蓄卡于6月3日支出120.00元',
  ])('nothing in: %s', (text) => {
    expect(found(text)).toEqual([]);
  });
});

describe('D1: a digest is no template', () => {
  const hex = '26a638729869a0066d2e8c9fbe2e50bc54605aba02b31a726f9185cb02459819';
  it.each([
    [`iris=${hex}`, ['BIOMETRIC']],
    [`人脸特征：${hex}`, ['BIOMETRIC']],
    [`voiceprint template ${hex} stored`, ['BIOMETRIC']],
    [`face_hash=${hex}`, []],
    [`interface=${hex}`, []],
    [`sha256: ${hex}`, []],
  ])('%s', (text, expected) => {
    expect(tagger.tag(text).map(({ label }) => label)).toEqual(expected);
  });
});

it('D1: the model is the one that its data sheet describes', () => {
  const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url));
  const hash = createHash('sha256').update(read('assembly/tagger/model.bin')).digest('hex');
  expect(read('docs/tagger-data-sheet.md').toString()).toContain(hash);
});

describe('D1: text in disguise', () => {
  const plain = `我叫王建国，手机号${MOBILE}，身份证${ID}`;
  const values = (text: string) => tagger.tag(text).map(({ label }) => label);
  it.each([
    ['full width', plain.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0))],
    ['zero-width characters', [...plain].join('\u200b')],
    ['traditional characters', '我叫王建國，手機號13812345678，身份證11010519491231002X'],
    ['Cyrillic look-alikes', plain.replace('X', 'Х')],
    ['directional marks', `\u202e${plain}\u202c`],
  ])('%s hides nothing', (_, text) => {
    expect(values(text)).toEqual(['NAME', 'CONTACT', 'ID_DOC']);
  });

  it('offsets count the units of the original', () => {
    const text = `😀电话\u200b１３８1234\u200b5678。`;
    const [span] = tagger.tag(text);
    expect(text.slice(span?.start, span?.end)).toBe('１３８1234\u200b5678');
  });

  it('a value is found wherever it lies in a long text', () => {
    const filler = '本季度各项指标平稳，会议按期召开，材料已经归档。';
    for (const lead of [0, 18, 19, 20, 21, 22, 60]) {
      const text = `${filler.repeat(lead)}联系人电话${MOBILE}。${filler.repeat(20)}`;
      expect(found(text), `behind ${lead}`).toEqual([['CONTACT', MOBILE]]);
    }
  });
});

describe('D1: any text at all', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom(...'{}[]",:\\&= \n一王0189aZ@.-\ud800\u200b') }),
    fc.constantFrom(`{"a":"${MOBILE}"}`, ID, '密码：', 'name=', '"', '[[[[', '😀'),
  );
  it('spans are in order, within the text, apart from each other', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const text = pieces.join('');
        let at = 0;
        for (const { start, end, label, score } of tagger.tag(text)) {
          expect(start).toBeGreaterThanOrEqual(at);
          expect(end).toBeGreaterThan(start);
          expect(labels).toContain(label);
          expect(score >= 0 && score <= 1).toBe(true);
          at = end;
        }
        expect(at).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 150 },
    );
  });

  it('what is too long or no text is refused with a code and without the text', () => {
    const secret = `密码${'x'.repeat(MAX_TEXT)}`;
    const refusal = (input: unknown) => {
      try {
        tagger.tag(input as string);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refusal(secret)).toMatchObject({ code: 'text_too_long' });
    expect(String(refusal(secret))).not.toContain('xxxx');
    expect(refusal(42)).toBeInstanceOf(TaggerError);
  });

  it('the same text gives the same spans', () => {
    const text = `客户${'赵敏'}来电，卡号6222020200112233445，住海淀区中关村大街27号`;
    expect(tagger.tag(text)).toEqual(tagger.tag(text));
  });
});

describe('D1: operating points', () => {
  it('recall finds what precision finds, and leaning moves one label', () => {
    const text = '今天安然和高兴都没来，只有王路在。';
    const count = (options: Parameters<typeof tagger.tag>[1]) => tagger.tag(text, options).length;
    const [low, middle, high] = operatingPoints.map((point) => count({ point }));
    expect(low).toBeLessThanOrEqual(middle ?? 0);
    expect(middle).toBeLessThanOrEqual(high ?? 0);
    expect(count({ leaning: { NAME: -50 } })).toBe(0);
  });
});

describe('D1: split', () => {
  const pathsOf = (body: unknown) =>
    tagger.split(body).sensitive.map(({ path, label }) => [path, label]);

  it.each([
    ['a form', '姓名=陈思远&password=Qy7%21fLmz2&page=1', '/姓名 NAME /password PASSWORD'],
    [
      'lines of key=value',
      '# app\nDB_USER=app\nDB_PASSWORD="Kx7_pQ93"\nAPP_ENV=production\n',
      '/DB_PASSWORD PASSWORD',
    ],
    [
      'a table',
      `序号,姓名,手机\r\n1,谷建芬,${MOBILE}\r\n2,"乐嘉",备注""\r\n`,
      '/0/姓名 NAME /0/手机 CONTACT /1/姓名 NAME',
    ],
  ])('reads %s first, and judges values with their name in front', (_, body, expected) => {
    expect(pathsOf(body).flat().join(' ')).toBe(expected);
  });

  it('reads back the cells of any table, and is done soon with what is none', () => {
    const cell = fc.string({ unit: fc.constantFrom(...'ab1",;\t\n\r 名') });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 4 }), (rows) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const text = [['one', 'two'], ...rows].map((row) => row.map(quoted).join(',')).join('\n');
        expect(readFields(text)?.fields.map((field) => field.text)).toEqual(rows.flat());
      }),
    );
    for (const text of [`${'x'.repeat(60_000)}"`, '"a",'.repeat(20_000), '%41'.repeat(20_000)]) {
      expect(readFields(text)).toBeUndefined();
    }
  });

  it('finds a decoded value where it is written, in any form', () => {
    const value = fc.string({ unit: fc.constantFrom(...'aé名🔐 &=%+"\'') });
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 5 }), (values) => {
        const pairs = values.map((text, i): [string, string] => [`k${i}`, text]);
        const form = String(new URLSearchParams(pairs));
        const { format, fields = [] } = readFields(form) ?? {};
        expect(format).toBe('form');
        expect(fields.map(({ text }) => text)).toEqual(values);
        for (const { text, offsets } of fields) {
          expect(offsets.length).toBe(text.length + 1);
          const written = form.slice(offsets[0], offsets[text.length]);
          expect(new URLSearchParams(`k=${written}`).get('k')).toBe(text);
        }
      }),
    );
  });

  it('reads a form in parts, and none that is cut short or has no names', () => {
    const part = (name: string, text: string) =>
      `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${text}\r\n`;
    const body = `${part('姓名', '林志远')}${part('note', 'a\r\n--y\r\nb')}--x--\r\n`;
    const { format, fields = [] } = readFields(body) ?? {};
    expect(format).toBe('multipart');
    expect(fields.map(({ path, text }) => [path, text])).toEqual([
      ['/姓名', '林志远'],
      ['/note', 'a\r\n--y\r\nb'],
    ]);
    expect(found(body)).toEqual([['NAME', '林志远']]);
    for (const cut of [body.slice(0, -6), body.replaceAll('name=', 'n='), '--x\r\n', '--x--']) {
      expect(readFields(cut)).toBeUndefined();
    }
  });

  it('takes a list of names and numbers for no table', () => {
    expect(found(`陈晓东,${MOBILE}\n李娜,13912345678`).map(([label]) => label)).toEqual([
      'NAME',
      'CONTACT',
      'NAME',
      'CONTACT',
    ]);
  });

  it('marks a number with stars once, however long the word before it is', () => {
    const codesOf = (text: string) => {
      const codes = new Uint16Array(text.length);
      markRuns(text, codes);
      return [...codes];
    };
    expect(codesOf('138****1234****5 a*b **')).toEqual([
      ...Array(16).fill(51),
      ...codesOf(' a*b '),
      51,
      51,
    ]);
    // As many steps as letters: a search from each of them would take minutes.
    expect(codesOf('a'.repeat(300_000)).every((code) => code === 28)).toBe(true);
  });

  it('says of every leaf whether it is sensitive, and never what it holds', () => {
    const body = {
      applicant: { name: '林志远', idCard: ID, mobile: Number(MOBILE) },
      order: { id: '20240311000123', amount: 99.5, paid: true, note: null },
      password: 'Blue!River7',
      faceFeature: [0.11, -0.2, 0.9, 0.31],
    };
    const result = tagger.split(body);
    expect(result.sensitive.map(({ path, label, whole }) => [path, label, whole])).toEqual([
      ['/applicant/name', 'NAME', true],
      ['/applicant/idCard', 'ID_DOC', true],
      ['/applicant/mobile', 'CONTACT', true],
      ['/password', 'PASSWORD', true],
      ['/faceFeature', 'BIOMETRIC', true],
    ]);
    expect(result.open.map(({ path }) => path)).toEqual([
      '/order/id',
      '/order/amount',
      '/order/paid',
      '/order/note',
    ]);
    expect(JSON.stringify(result)).not.toMatch(/林志远|13812345678|Blue/);
    expect(tagger.split(JSON.stringify(body))).toEqual(result);
  });

  it('reads keys as pointers, also strange ones', () => {
    const { sensitive } = tagger.split({ 'a/b': { '~mobile': MOBILE }, __proto__x: 1 });
    expect(sensitive.map(({ path }) => path)).toEqual(['/a~1b/~0mobile']);
  });

  it('judges what a name beside it calls a value, in pairs and under columns', () => {
    const code = '7731';
    expect(
      pathsOf({
        form: [
          { name: '手机号', value: MOBILE },
          { field: 'pin', value: code },
        ],
        pairs: [
          ['取件码', code],
          ['page', code],
        ],
        table: {
          columns: ['id', 'password'],
          rows: [
            ['7', 'Blue!River7'],
            ['8', 'Red-Lake_9'],
          ],
        },
      }),
    ).toEqual([
      ['/form/0/value', 'CONTACT'],
      ['/form/1/value', 'PASSWORD'],
      ['/pairs/0/1', 'PASSWORD'],
      ['/table/rows/0/1', 'PASSWORD'],
      ['/table/rows/1/1', 'PASSWORD'],
    ]);
  });

  it('keeps every digit of a number in a text, and refuses one that was rounded', () => {
    const card = '6222021234567890128';
    expect(pathsOf(`{"bankCard":${card},"note":"\\"1, ${card}","ratio":0.${card}}`)[0]).toEqual([
      '/bankCard',
      'PAYMENT',
    ]);
    expect(() => tagger.split({ bankCard: Number(card) })).toThrow(
      expect.objectContaining({ code: 'json_number_unsafe' }),
    );
    expect(() => tagger.split(`{"a":${card}x}`)).toThrow(
      expect.objectContaining({ code: 'json_invalid' }),
    );
  });

  it.each([
    ['text that is not JSON', '{"a":'],
    ['a number', 7],
    ['nothing', null],
    [
      'JSON forty levels deep',
      JSON.parse(
        `${'['.repeat(40)}1${']'.repeat(40)}`.replace(/^\[/, '[{"a":').replace(/\]$/, '}]'),
      ),
    ],
    ['a body of too many leaves', Array.from({ length: 2500 }, () => 'a')],
  ])('refuses %s', (_, input) => {
    expect(() => tagger.split(input)).toThrow(expect.objectContaining({ code: 'json_invalid' }));
  });
});

function scoresOn(path: URL, isCounted: (index: number) => boolean = () => true) {
  const scores = tagScores();
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  for (const [i, line] of lines.entries()) {
    const record = { ignore: [], ...JSON.parse(line) } as LabelledRecord;
    if (isCounted(i)) scores.add(record, tagger.tag(record.text));
  }
  return scores.result();
}

describe('D1: how much is found', () => {
  const second = new URL('../../vectors/tagger/second-set.jsonl', import.meta.url);
  it.each([
    ['all records', () => true],
    ['the half that was never looked at', (i: number) => i % 2 === 1],
  ])('on the second set, %s', (_, isCounted) => {
    const { all, labels: by, coverage, falseAlarms, cleanRecords } = scoresOn(second, isCounted);
    expect(all.exact.f1).toBeGreaterThan(0.72);
    expect(all.relaxed.f1).toBeGreaterThan(0.82);
    expect(by.NAME?.exact.f1).toBeGreaterThan(0.65);
    expect(by.PASSWORD?.exact.f1).toBeGreaterThan(0.65);
    expect(by.ADDRESS?.relaxed.f1).toBeGreaterThan(0.92);
    expect(by.BIOMETRIC?.exact.f1).toBeGreaterThan(0.75);
    expect(coverage).toBeGreaterThan(0.9);
    expect(falseAlarms / cleanRecords).toBeLessThan(0.2);
  });

  const dev = new URL('../../../../shared/sensitive/dev.jsonl', import.meta.url);
  it.skipIf(!existsSync(dev))('on the development set beside the repository', () => {
    const { all } = scoresOn(dev);
    expect(all.exact.f1).toBeGreaterThan(0.82);
    expect(all.relaxed.f1).toBeGreaterThan(0.92);
  });
});
