import { describe, expect, it } from 'vitest';
import {
  eventBytes,
  eventBytesToSign,
  isLedgerEvent,
  type LedgerEvent,
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
});
