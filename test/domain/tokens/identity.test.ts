import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadTagger } from '../../../src/core/tagger.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import type { Certificate } from '../../../src/domain/certificates/types.ts';
import { entitlementOf, splitIdentity } from '../../../src/domain/tokens/identity.ts';
import { instantMs } from '../../../src/lib/time.ts';
import { certificateDeps, frozenCertificate, people } from '../../helpers/certificates.ts';
import { chen } from '../../helpers/tokens.ts';

const deps = { sensitive: loadTagger };
const valuesOf = (facts: readonly { readonly value: string }[]) => facts.map(({ value }) => value);

describe('D1: what a terminal sends of a person', () => {
  test.each<[string, Record<string, unknown>]>([
    ['beside a telephone number', { 备注: '我叫张伟明，登录密码是Sunny#2031，手机13812345678' }],
    ['that is a telephone number', { 登录密码: '13812345678' }],
    ['that is a card number', { password: '6222021234567890128' }],
    ['that is a citizen number', { loginPwd: '11010519491231002X' }],
    ['that is a name', { 密码: '李白乘舟' }],
    ['under the name of one', { card: { CVV2: { value: '13812345678' } } }],
    ['in capitals and marks', { 'One-Time Pass-Code': '13812345678', cardPIN: '13912345678' }],
    ['that nobody labelled', { otp: '7' }],
    ['that its text names', { 备注: '密码：13812345678' }],
    ['in a text of JSON', { note: '{"Password":"13812345678"}' }],
    ['beside its name', { fields: [{ name: 'password', value: '13812345678' }] }],
    ['beside its short name', { items: [{ key: 'PIN', val: '13812345678' }] }],
    ['beside a name in words', { form: [{ 字段: '请输入登录密码', 值: '13812345678' }] }],
    ['beside a name within a name', { f: { code: { text: 'password' }, value: '13812345678' } }],
    ['beside a name under no key', { f: { a: 'password', b: '13812345678' } }],
    ['beside a name under another key', { f: { widget: 'password', value: '13812345678' } }],
    ['in a pair', { list: [['password', '13812345678']] }],
    ['in a short pair', { list: [['pin', '13812345678']] }],
    [
      'in a row under its name',
      { t: { columns: ['id', 'password'], rows: [['7', '13812345678']] } },
    ],
    ['beside a list of names', { t: { names: ['x', 'password'], given: ['7', '13812345678'] } }],
    [
      'in a table',
      {
        t: [
          ['no', 'password'],
          ['7', '13812345678'],
        ],
      },
    ],
    ['under pass', { pass: '13812345678', userPass: '13912345678' }],
    ['under a name with marks for letters', { 'p@ssw0rd': '13812345678', P1N: '13912345678' }],
    ['under a name of other letters', { раsswоrd: '13812345678', ｐｉｎ: '13912345678' }],
    ['under a name with accents', { pàsswörd: '13812345678' }],
    ['under a name taken apart', { 'p.i.n': '13812345678', 'pass word': '13912345678' }],
    [
      'under a name with nothing inside',
      { 'pass\u200bword': '13812345678', 驗證碼: '13912345678' },
    ],
    ['that a short word names', { note: 'my PIN 1234, phone 13812345678' }],
    ['before a short word', { note: '13812345678, 4321 is my PIN' }],
    ['that Chinese names shortly', { 备注: 'PIN是1234，手机13812345678' }],
    ['in pairs within a text', { note: '[{"name":"pin","value":"13812345678"}]' }],
    ['named taken apart', { note: 'P.I.N. 1234 phone 13812345678' }],
    ['that pass names', { note: 'user: li, pass: 13812345678' }],
  ])('D1: drops a secret %s, and says so', async (_, sent) => {
    const { facts, dropped } = await splitIdentity(deps, sent);
    expect(facts).toEqual([]);
    expect(dropped).toContain('PASSWORD');
  });

  test.each<[string, Record<string, unknown>]>([
    ['under its name', { fingerprint: '13812345678', 指纹: '13912345678' }],
    ['beside its name', { f: [{ name: 'iris', value: '13812345678' }] }],
  ])('D1: drops a biometric sample %s, and says so', async (_, sent) => {
    const { facts, dropped } = await splitIdentity(deps, sent);
    expect(facts).toEqual([]);
    expect(dropped).toContain('BIOMETRIC');
  });

  test('D1: keeps what only sounds like a secret', async () => {
    const sent = {
      pinyin: '13812345678',
      secretary: { 手机号: '13912345678' },
      name: 'Wang Pin',
      kyc: { result: 'pass', 手机号: '13712345678' },
      contact: [
        { name: '手机号', value: '13612345678' },
        { name: 'Pin', 手机号: '13512345678' },
      ],
    };
    const { facts, dropped } = await splitIdentity(deps, sent);
    expect(valuesOf(facts)).toEqual(
      expect.arrayContaining([
        '13812345678',
        '13912345678',
        'Wang Pin',
        '13712345678',
        '13612345678',
        '13512345678',
      ]),
    );
    expect(dropped).toEqual([]);
    // A number behind a person's name is not behind the word in it.
    const named = await splitIdentity(deps, { 联系人: 'Wang Pin, 13812345678' });
    expect([valuesOf(named.facts), named.dropped]).toEqual([['Wang Pin, 13812345678'], []]);
    const beside = { loginMethod: 'password', methods: ['password', 'sms'], 手机号: '13812345678' };
    expect(valuesOf((await splitIdentity(deps, beside)).facts)).toEqual(['13812345678']);
  });

  test('D1: drops what speaks of a secret in texts by another hand, and little else', async () => {
    const path = new URL('../../vectors/tagger/second-set.jsonl', import.meta.url);
    const tally = { secret: 0, kept: 0, other: 0, lost: 0 };
    for (const line of readFileSync(path, 'utf8').trim().split('\n')) {
      const { text, spans } = JSON.parse(line) as { text: string; spans: { label: string }[] };
      if (spans.length === 0) continue;
      const isSecret = /PASSWORD|BIOMETRIC/.test(spans.map(({ label }) => label).join());
      // Security codes of cards are codes too.
      if (!isSecret && /cv[vcn]/i.test(text)) continue;
      const { facts, dropped } = await splitIdentity(deps, { text });
      tally[isSecret ? 'secret' : 'other'] += 1;
      if (isSecret && facts.length > 0) tally.kept += 1;
      if (!isSecret && dropped.length > 0) tally.lost += 1;
    }
    expect(tally.secret).toBeGreaterThan(60);
    expect(tally.kept).toBeLessThanOrEqual(3);
    expect(tally.lost / tally.other).toBeLessThan(0.03);
  });

  test('D1: takes no whole number that was rounded on its way', async () => {
    const rounded = splitIdentity(deps, { bankCard: Number('6222021234567890128') });
    await expect(rounded).rejects.toMatchObject({ code: 'invalid_request' });
  });

  const tooLarge = {
    code: 'invalid_request',
    fields: [{ pointer: '/body/identity', code: 'too_large' }],
  };

  test('D1: is read up to 32 KiB, and refused unread beyond', async () => {
    const sensitive = () => Promise.reject(new Error('read'));
    const split = (characters: number) =>
      splitIdentity({ sensitive }, { note: 'a'.repeat(characters - '{"note":""}'.length) });
    await expect(split(32_768)).rejects.toThrow('read');
    await expect(split(32_769)).rejects.toMatchObject(tooLarge);
    expect(await splitIdentity({ sensitive }, undefined)).toEqual({ facts: [], dropped: [] });
  });

  test('D1: has at most 32 facts of 512 characters', async () => {
    const phones = (count: number) =>
      splitIdentity(deps, {
        手机号: Array.from({ length: count }, (_, i) => `138123456${10 + i}`),
      });
    expect((await phones(32)).facts).toHaveLength(32);
    await expect(phones(33)).rejects.toMatchObject(tooLarge);
    const long = (characters: number) =>
      splitIdentity(deps, { 手机号: '13812345678'.padEnd(characters, ' ') });
    expect(valuesOf((await long(512)).facts)).toEqual(['13812345678'.padEnd(512, ' ')]);
    await expect(long(513)).rejects.toMatchObject(tooLarge);
  });

  test('D1: is named by where it stood, whatever the names on the way are', async () => {
    const sent = { 'a/b': { 'c~1d': [7, '13812345678'] }, 手机号: 13_912_345_678 };
    const { facts, dropped } = await splitIdentity(deps, sent);
    expect(facts).toEqual([
      { name: '/a~1b/c~01d/1', label: 'CONTACT', labels: ['CONTACT'], value: '13812345678' },
      { name: '/手机号', label: 'CONTACT', labels: ['CONTACT'], value: '13912345678' },
    ]);
    expect(dropped).toEqual([]);
  });
});

describe('D2: what somebody may do', () => {
  const centre = certificateDeps();
  const name = (value: string) => ({ name: '/n', label: 'NAME', value }) as const;
  let certificate: Certificate;

  beforeAll(async () => {
    const { serialHex } = await frozenCertificate(centre, 'p256');
    await thawCertificate(centre, people.approver, { serialHex, id: 'thaw' });
    certificate = (await centre.certificates.findCertificate(serialHex)) as Certificate;
  });

  /** By the certificate as it is, or as one that differs in something. */
  const entitled = (
    facts: readonly ReturnType<typeof name>[],
    change: Partial<Certificate> = {},
  ) => {
    const found = { ...certificate, ...change };
    const certificates = { ...centre.certificates, findCertificate: async () => found };
    return entitlementOf({ ...centre, certificates }, chen, certificate.serialHex, facts);
  };

  test('D2: without a certificate nothing, for as long as the token likes', async () => {
    const { tenant, branch, roles } = chen;
    const nobody = await entitlementOf(centre, chen, undefined, []);
    expect(nobody).toEqual({
      pub: { tenant, branch, roles, proofing: 'none' },
      perm: { permissions: [], limits: [] },
      untilMs: Number.MAX_SAFE_INTEGER,
    });
    const said = await entitlementOf(centre, chen, undefined, [name('陈思远')]);
    expect(said.pub.proofing).toBe('self');
  });

  test('D2: with one what its statement says, and not a word more', async () => {
    const { perm, pub } = await entitled([]);
    expect(pub.proofing).toBe('certificate');
    expect(perm).toEqual({
      certificate: certificate.serialHex,
      permissions: ['view', 'make', 'check'],
      limits: [
        { channel: 'online', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
        { channel: 'direct', currency: 'CNY', single: '10000000', daily: '90000000', count: 40 },
      ],
    });
  });

  test('D2: until the settings or the certificate end, whichever is first', async () => {
    const { payload = '' } = certificate.statement ?? {};
    const { settings } = JSON.parse(payload) as { settings: { validTo: string } };
    const validToMs = instantMs(settings.validTo);
    expect((await entitled([], { notAfterMs: validToMs + 1 })).untilMs).toBe(validToMs);
    expect((await entitled([], { notAfterMs: validToMs - 1 })).untilMs).toBe(validToMs - 1);
  });

  test('D2: under the name in it, written in whatever way, and under no other', async () => {
    const called = (commonName: string) => ({ subject: { ...certificate.subject, commonName } });
    const latin = called('Maria  de la Cruz');
    for (const same of ['maria de la cruz', ' MARIA de\u3000la\tCruz ', 'Ｍaria de la Cruz']) {
      expect((await entitled([name(same)], latin)).pub.proofing).toBe('certificate');
    }
    const mismatch = { code: 'identity_mismatch' };
    for (const other of ['Mariade la Cruz', 'Maria de la Crux', '']) {
      await expect(entitled([name(other)], latin)).rejects.toMatchObject(mismatch);
    }
    const both = [name('陈思远'), name('王小明')];
    await expect(entitled(both)).rejects.toMatchObject(mismatch);
    // Who works for an institution has another name than it.
    expect((await entitled(both, { kind: 'institution' })).pub.proofing).toBe('certificate');
    const address = { ...name('杭州市'), label: 'ADDRESS' } as never;
    expect((await entitled([address])).pub.proofing).toBe('certificate');
  });

  test('A1 D2: nothing by one that is frozen, held, revoked, replaced, undelivered or out of its time', async () => {
    const standings: readonly Partial<Certificate>[] = [
      { state: 'frozen' },
      { state: 'suspended', reason: 'certificateHold' },
      { state: 'revoked', reason: 'keyCompromise' },
      { state: 'revoked', reason: 'superseded' },
      { delivery: 'none' },
      { notAfterMs: centre.clock.now() - 1 },
      { notBeforeMs: centre.clock.now() + 60_000 },
    ];
    for (const change of standings) {
      const refused = entitled([], change);
      await expect(refused, JSON.stringify(change)).rejects.toMatchObject({
        code: 'certificate_not_active',
      });
    }
  });

  test('D2: nothing by one of another person or institution, or one that is not known', async () => {
    const inactive = { code: 'certificate_not_active' };
    for (const change of [{ holder: 'customer-wang' }, { tenant: 'nanpu-bank' }]) {
      await expect(entitled([], change)).rejects.toMatchObject(inactive);
    }
    await expect(entitlementOf(centre, chen, 'ab', [])).rejects.toMatchObject(inactive);
  });
});
