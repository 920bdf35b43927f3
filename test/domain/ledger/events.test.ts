import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  eventBytes,
  eventBytesToSign,
  eventHash,
  isLedgerEvent,
  type LedgerEvent,
  ledgerEventTypes,
  parseEntry,
} from '../../../src/domain/ledger/events.ts';
import { frozenEvent, thawedEvent } from '../../contract/ledger.ts';

const subject = 'cert/4f0c';
const prev = '0'.repeat(64);
const utf8 = (text: string) => new TextEncoder().encode(text);

describe('ledger events', () => {
  it('A8: are written as canonical JSON and read back', () => {
    const event = thawedEvent(subject, prev);
    const text = new TextDecoder().decode(eventBytes(event));
    expect(text).toBe(
      `{"at":"2026-03-02T03:00:01.000Z","certSha256":"${'ab'.repeat(32)}","prev":"${prev}",` +
        `"subject":"cert/4f0c","type":"thawed","v":1}`,
    );
    expect(parseEntry(eventBytes(event))).toEqual(event);
  });

  it('A8: an entry in another form than the canonical one is none', () => {
    const text = new TextDecoder().decode(eventBytes(thawedEvent(subject, prev)));
    for (const other of [
      ` ${text}`,
      `\ufeff${text}`,
      text.replace(':1}', ':1.0}'),
      text.replace('{', '{"v":1,'),
      '{}',
      '',
      'null',
      '\ufeff',
    ]) {
      expect(parseEntry(utf8(other)), other).toBeUndefined();
    }
    expect(parseEntry(Uint8Array.of(0xff))).toBeUndefined();
  });

  it('A8: hold exactly the fields of their type, so nothing personal slips in', () => {
    const frozen = frozenEvent(subject);
    expect(isLedgerEvent(frozen)).toBe(true);
    const wrong: unknown[] = [
      { ...frozen, name: '王' },
      { ...frozen, certSm3: undefined },
      { ...frozen, certSm3: 'AB'.repeat(32) },
      { ...frozen, type: 'melted' },
      { ...frozen, type: 'constructor' },
      { ...frozen, subject: 'cert/王' },
      { ...frozen, prev: 'x' },
      { ...frozen, prev: undefined },
      { ...frozen, at: '2026-13-02T03:00:00.000Z' },
      { ...frozen, v: 2 },
      { ...frozen, signature: { scheme: 'rot13' } },
      null,
      [],
      'frozen',
    ];
    for (const value of wrong) expect(isLedgerEvent(value), JSON.stringify(value)).toBe(false);
  });

  it('A8: an issuer signs the event without its signature', () => {
    const event = thawedEvent(subject, prev);
    const signature = {
      scheme: 'sm2-sm3',
      spkiSha256: 'ab'.repeat(32),
      value: 'A'.repeat(96),
    } as const;
    const signed = { ...event, signature } satisfies LedgerEvent;
    expect(isLedgerEvent(signed)).toBe(true);
    expect(eventBytesToSign(signed)).toEqual(eventBytes(event));
  });

  it('A8: the hash of an event is that of its bytes behind a zero, as a leaf of the tree', () => {
    const event = thawedEvent(subject, prev);
    const leaf = createHash('sha256').update(Uint8Array.of(0)).update(eventBytes(event));
    expect(Buffer.from(eventHash(event))).toEqual(leaf.digest());
  });
});

const hash = 'ab'.repeat(32);
const spki = 'A'.repeat(40);
const common = { v: 1, subject, prev: null, at: '2026-03-02T03:00:00.000Z' };
const position = 0;
const word = 'word';

/** What each type must say, and what it may. */
const fieldsOf: Readonly<Record<string, readonly [must: object, may?: object]>> = {
  frozen: [
    {
      certSha256: hash,
      certSm3: hash,
      issuerSpki: spki,
      issuerSpkiSha256: hash,
      subjectSpkiSha256: hash,
    },
    { renews: 'cert/before' },
  ],
  thawed: [{ certSha256: hash }],
  settings: [
    { certSha256: hash, settingsSha256: hash },
    { policySha256: hash, modelSha256: hash },
  ],
  issued: [{ certSha256: hash }, { bundleSha256: hash }],
  suspended: [{ certSha256: hash, reason: word }],
  resumed: [{ certSha256: hash }],
  revoked: [{ certSha256: hash, reason: word }],
  overridden: [{ decisionSha256: hash, overrideSha256: hash }],
  decision: [
    { decisionSha256: hash, modelSha256: hash, policySha256: hash },
    { partiesSha256: hash },
  ],
  model: [{ modelSha256: hash, version: word }],
  policy: [{ policySha256: hash, version: word }],
  software: [{ manifestSha256: hash, version: word }],
  key: [{ keySpkiSha256: hash, algorithm: word, state: word }],
  key_usage: [{ recordSha256: hash }, { recordSm3: hash }],
  grant: [{ grantSha256: hash, state: word }],
  seal_review: [{ recordSha256: hash }],
  payment: [{ recordSha256: hash }],
  audit_head: [{ position, headSha256: hash }],
  chip_log: [{ position, headSha256: hash }],
};

/** Forms of each kind of value, and what is next to them and none. */
const forms: Readonly<
  Record<string, readonly [good: readonly unknown[], bad: readonly unknown[]]>
> = {
  [hash]: [
    ['0123456789abcdef'.repeat(4)],
    ['a'.repeat(63), 'a'.repeat(65), 'A'.repeat(64), 'g'.repeat(64), `${hash}\n`, 7, null],
  ],
  [spki]: [
    ['Az09_-'.repeat(400), 'A'.repeat(40)],
    ['A'.repeat(39), 'A'.repeat(2401), `${'A'.repeat(40)}=`, `+${'A'.repeat(40)}`, null],
  ],
  [word]: [
    ['a', '0', 'Z', `k${'._-9'.repeat(15)}abc`],
    ['', '_a', '-a', 'a b', 'a:b', 'a'.repeat(65), 'é', 'a\n', 7],
  ],
  'cert/before': [
    [`cert/${'Az09._-'.repeat(9)}a`],
    ['cert/', 'key/a', 'xcert/a', `cert/${'a'.repeat(65)}`, 'cert/a/b', 'cert/a\n'],
  ],
  [position]: [
    [0, 1, Number.MAX_SAFE_INTEGER],
    [-1, 0.5, Number.MAX_SAFE_INTEGER + 1, '0', null, Number.NaN],
  ],
};

describe('each type of event', () => {
  it('A8: is in the table, and none beside it', () => {
    expect(ledgerEventTypes.toSorted()).toEqual(Object.keys(fieldsOf).toSorted());
  });

  it.each(Object.entries(fieldsOf))('A8: %s has its fields and no other', (type, [must, may]) => {
    const least = { ...common, type, ...must };
    expect(isLedgerEvent(least)).toBe(true);
    for (const name of Object.keys(least)) {
      expect(isLedgerEvent({ ...least, [name]: undefined }), name).toBe(false);
    }
    for (const field of Object.entries(may ?? {})) {
      expect(isLedgerEvent({ ...least, ...Object.fromEntries([field]) })).toBe(true);
    }
    expect(isLedgerEvent({ ...least, ...may, more: hash })).toBe(false);
    for (const [name, value] of Object.entries({ ...must, ...may })) {
      const [good, bad] = forms[String(value)] ?? [[], []];
      expect(good.length * bad.length).toBeGreaterThan(0);
      for (const other of good) {
        expect(isLedgerEvent({ ...least, [name]: other }), `${name}: ${other}`).toBe(true);
      }
      for (const other of bad) {
        expect(isLedgerEvent({ ...least, [name]: other }), `${name}: ${other}`).toBe(false);
      }
    }
  });

  const signature = { scheme: 'sm2-sm3', spkiSha256: hash, value: 'A'.repeat(80) };
  it.each<[string, readonly unknown[], readonly unknown[]]>([
    ['v', [1], [0, 2, '1', true]],
    [
      'subject',
      ['ab/x', `${'k'.repeat(16)}/${'Az09._-'.repeat(9)}a`],
      [
        'a/x',
        `${'k'.repeat(17)}/x`,
        'ab/',
        `ab/${'x'.repeat(65)}`,
        'aB/x',
        'ab/x y',
        'ab',
        ' ab/x',
      ],
    ],
    ['prev', [null, hash], ['', 'ab', `${hash}0`, 0, false]],
    [
      'at',
      ['2026-12-31T23:59:59.999Z', '2026-10-09T10:00:00.000Z', '0001-01-20T19:00:00.000Z'],
      [
        '2026-00-02T03:00:00.000Z',
        '2026-13-02T03:00:00.000Z',
        '2026-03-00T03:00:00.000Z',
        '2026-03-32T03:00:00.000Z',
        '2026-03-02T24:00:00.000Z',
        '2026-03-02T03:60:00.000Z',
        '2026-03-02T03:00:60.000Z',
        '2026-03-02T03:00:00.00Z',
        '2026-03-02T03:00:00.000',
        '2026-03-02T03:00:00.000+00:00',
        '12026-03-02T03:00:00.000Z',
        '2026-03-02t03:00:00.000Z',
      ],
    ],
    [
      'signature',
      [
        signature,
        { ...signature, scheme: 'ed25519', value: '-_09Az'.repeat(20) },
        { ...signature, scheme: 'ecdsa-p256-sha256' },
      ],
      [
        'sm2-sm3',
        null,
        [signature],
        { ...signature, scheme: 'xsm2-sm3' },
        { ...signature, scheme: 'ed25519x' },
        { ...signature, value: 'A'.repeat(79) },
        { ...signature, value: 'A'.repeat(121) },
        { ...signature, value: `=${'A'.repeat(80)}` },
        { ...signature, spkiSha256: 'ab' },
        { ...signature, more: 1 },
        { scheme: 'sm2-sm3', spkiSha256: hash },
        { scheme: 'sm2-sm3', value: 'A'.repeat(80) },
        { spkiSha256: hash, value: 'A'.repeat(80) },
      ],
    ],
  ])('A8: %s has its form in all of them', (name, good, bad) => {
    const event = { ...common, type: 'thawed', certSha256: hash };
    for (const value of good) {
      expect(isLedgerEvent({ ...event, [name]: value }), JSON.stringify(value)).toBe(true);
    }
    for (const value of bad) {
      expect(isLedgerEvent({ ...event, [name]: value }), JSON.stringify(value)).toBe(false);
    }
  });
});
