import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, test } from 'vitest';
import { chooseSuite, messageAd, sessionBinding } from '../../../src/core/session/messages.ts';
import { replayWindow } from '../../../src/core/session/replay-window.ts';
import { loadSessionSuite, sessionSuites } from '../../../src/core/session/suite.ts';

const terms = {
  tenant: 'beichen-bank',
  owner: 'customer-chen',
  terminalId: 'a',
  offered: sessionSuites,
  terminalCertificate: '11',
  serviceCertificate: '22',
  software: '',
  atMs: 1,
};

describe.each(sessionSuites)('a session by %s', async (name) => {
  const suite = await loadSessionSuite(name);
  const [terminal, service] = [suite.keyPair(), suite.keyPair()];
  const binding = sessionBinding({ ...terms, suite: name });
  const ofTerminal = { own: terminal, peer: service.publicKey, binding };
  const ofService = { own: service, peer: terminal.publicKey, binding };

  function agree(id = 'session-1') {
    const started = suite.initiate(ofTerminal);
    const { answer, keys } = suite.respond(ofService, started.message, id);
    return { started, answer, service: keys, terminal: started.finish(answer, id) };
  }

  test('E6: both sides get the same keys, fresh ones each time and for each direction', () => {
    const [one, two] = [agree(), agree()];
    expect(one.terminal.sending).toEqual(one.service.receiving);
    expect(one.terminal.receiving).toEqual(one.service.sending);
    const all = [one, two].flatMap(({ service: { sending, receiving } }) => [sending, receiving]);
    expect(new Set(all.map(bytesToHex)).size).toBe(4);
    expect(all.every(({ length }) => length === 32)).toBe(true);
  });

  test('E6: a message opens once it is whole, in its session, under its number, its way', () => {
    const { terminal: ours, service: theirs } = agree();
    const ad = messageAd('session-1', 7, 'request');
    const sent = suite.encrypt(ours.sending, 7, ad, utf8ToBytes('pay'));
    expect(suite.decrypt(theirs.receiving, 7, ad, sent)).toEqual(utf8ToBytes('pay'));
    const refused = [
      () => suite.decrypt(theirs.receiving, 8, ad, sent),
      () => suite.decrypt(theirs.receiving, 7, messageAd('session-2', 7, 'request'), sent),
      () => suite.decrypt(theirs.receiving, 7, messageAd('session-1', 7, 'answer'), sent),
      () => suite.decrypt(theirs.sending, 7, ad, sent),
      () => suite.decrypt(agree().service.receiving, 7, ad, sent),
      ...Array.from(sent, (_, at) => () => {
        const changed = sent.map((byte, i) => (i === at ? byte ^ 1 : byte));
        return suite.decrypt(theirs.receiving, 7, ad, changed);
      }),
    ];
    for (const attempt of refused) expect(attempt).toThrow();
    expect(refused.length).toBeGreaterThan(20);
  });

  test('E6: the same words under two numbers share no byte of key stream', () => {
    const { terminal: ours } = agree();
    const words = new Uint8Array(64);
    const texts = [0, 1].map((number) =>
      bytesToHex(suite.encrypt(ours.sending, number, messageAd('s', number, 'request'), words)),
    );
    expect(texts[0]).not.toBe(texts[1]);
  });

  test('E6: someone in the middle, with keys of their own, gets no session with either side', () => {
    const middle = suite.keyPair();
    const started = suite.initiate(ofTerminal);
    const posed = () =>
      suite.respond({ own: middle, peer: terminal.publicKey, binding }, started.message, 's');
    expect(() => started.finish(posed().answer, 's')).toThrow();
    const asked = suite.initiate({ own: middle, peer: service.publicKey, binding });
    const served = () => suite.respond(ofService, asked.message, 's');
    expect(() => {
      const { keys } = served();
      // In the exchange of GB/T 32918.3 the first message proves nothing yet: the first request must.
      const forged = suite.encrypt(asked.finish(served().answer, 's').sending, 0, binding, binding);
      suite.decrypt(keys.receiving, 0, binding, forged);
    }).toThrow();
  });

  test.each([
    ['another institution', { tenant: 'nanpu-bank' }],
    ['another person', { owner: 'customer-wang' }],
    ['another terminal', { terminalId: 'b' }],
    ['a shorter offer', { offered: [name] }],
    ['another suite', { suite: name === 'sm2' ? ('x25519' as const) : ('sm2' as const) }],
    ['another certificate of the terminal', { terminalCertificate: '33' }],
    ['another certificate of the service', { serviceCertificate: '33' }],
    ['other software', { software: 'ff' }],
    ['another time', { atMs: 2 }],
  ])('E6: %s on one side, and no session comes about', (_what, change) => {
    const started = suite.initiate(ofTerminal);
    const other = sessionBinding({ ...terms, suite: name, ...change });
    expect(() => {
      const { answer } = suite.respond({ ...ofService, binding: other }, started.message, 's');
      started.finish(answer, 's');
    }).toThrow();
  });

  test('E6: every changed byte of the handshake, and another name of the session, end it', () => {
    const { started, answer } = agree();
    expect(() => started.finish(answer, 'session-2')).toThrow();
    for (let at = 0; at < started.message.length; at += 3) {
      const changed = started.message.map((byte, i) => (i === at ? byte ^ 1 : byte));
      const again = suite.initiate(ofTerminal);
      expect(() => again.finish(suite.respond(ofService, changed, 's').answer, 's')).toThrow();
    }
    for (let at = 0; at < answer.length; at += 3) {
      const again = suite.initiate(ofTerminal);
      const answered = suite.respond(ofService, again.message, 'session-1').answer;
      const changed = answered.map((byte, i) => (i === at ? byte ^ 1 : byte));
      expect(() => again.finish(changed, 'session-1')).toThrow();
    }
  });

  test('E6: long-lived keys that leaked later do not open what was recorded', () => {
    const { started, answer, terminal: ours } = agree();
    const ad = messageAd('session-1', 0, 'request');
    const recorded = suite.encrypt(ours.sending, 0, ad, utf8ToBytes('secret'));
    // With both long-lived private keys and all that went over the wire, but no ephemeral one.
    const replayed = suite.respond(ofService, started.message, 'session-1');
    expect(bytesToHex(replayed.answer)).not.toBe(bytesToHex(answer));
    expect(() => suite.decrypt(replayed.keys.receiving, 0, ad, recorded)).toThrow();
  });

  test('E6: public keys that cannot be agreed with are known', () => {
    expect(suite.isPublicKey(terminal.publicKey)).toBe(true);
    expect(suite.isPublicKey(new Uint8Array(suite.publicKeyBytes))).toBe(false);
    expect(suite.isPublicKey(terminal.publicKey.subarray(1))).toBe(false);
  });
});

test("E6: the service's order decides on the suite, whatever stands first in the offer", () => {
  expect(chooseSuite(['sm2', 'x25519'], ['x25519', 'sm2'])).toBe('x25519');
  expect(chooseSuite(['sm2'], ['x25519', 'sm2'])).toBe('sm2');
  expect(chooseSuite(['x25519'], ['sm2'])).toBeUndefined();
});

test('E6: a number counts once, also when numbers overtake each other', () => {
  const numbers = replayWindow(4);
  expect([0, 2, 1, 2, 1, 0].map(numbers.take)).toEqual([true, true, true, false, false, false]);
  expect(numbers.take(100)).toBe(true);
  expect([96, 97, 97].map(numbers.take)).toEqual([false, true, false]);
});
