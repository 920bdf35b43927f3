import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type BoxContext,
  openJson,
  sealJson,
  stepBytes,
} from '../../../src/core/federation/envelope.ts';
import {
  loadSuite,
  partyKeys,
  type Suite,
  suiteNames,
} from '../../../src/core/federation/suite.ts';

const secretOf = (byte: number) => new Uint8Array(32).fill(byte);
const utf8 = new TextEncoder();

describe.each(suiteNames)('A2: boxes of the suite %s', (name) => {
  let suite: Suite;
  const context: BoxContext = {
    requestId: '00'.repeat(16),
    rosterHash: '11'.repeat(32),
    step: 'sums',
    from: 'bank',
    to: 'decision',
  };

  beforeAll(async () => {
    suite = await loadSuite(name);
  });

  test('the same secret gives the same keys, another party or purpose others', () => {
    const keys = partyKeys(suite, 'bank', secretOf(1));
    expect(partyKeys(suite, 'bank', secretOf(1))).toEqual(keys);
    expect(partyKeys(suite, 'bank', secretOf(2)).box.publicKey).not.toEqual(keys.box.publicKey);
    expect(keys.box.publicKey).toHaveLength(suite.publicKeyBytes);
    expect(() => partyKeys(suite, 'bank', new Uint8Array(31))).toThrow(RangeError);
  });

  test('content comes back, whatever it says, and every box of a step has one length', () => {
    const { box } = partyKeys(suite, 'bank', secretOf(3));
    const lengths = new Set<number>();
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (text) => {
        const sealed = sealJson(suite, box.publicKey, context, { text });
        lengths.add(sealed.length);
        expect(openJson(suite, box, context, sealed)).toEqual({ text });
      }),
      { numRuns: 20 },
    );
    expect(lengths.size).toBe(1);
  });

  test('no box opens with another key or for another request, step or party', () => {
    const { box } = partyKeys(suite, 'bank', secretOf(3));
    const other = partyKeys(suite, 'bank', secretOf(4)).box;
    const sealed = sealJson(suite, box.publicKey, context, { z: 1 });
    expect(openJson(suite, other, context, sealed)).toBeUndefined();
    for (const change of [
      { requestId: '01'.repeat(16) },
      { rosterHash: '12'.repeat(32) },
      { step: 'reasons' },
      { from: 'operator' },
      { to: 'registry' },
    ] as const) {
      expect(openJson(suite, box, { ...context, ...change }, sealed)).toBeUndefined();
    }
  });

  test('a box with a changed byte or length does not open', () => {
    const { box } = partyKeys(suite, 'bank', secretOf(3));
    const sealed = sealJson(suite, box.publicKey, context, { z: 1 });
    for (let at = 0; at < sealed.length; at += 7) {
      const changed = sealed.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(openJson(suite, box, context, changed)).toBeUndefined();
    }
    for (const length of [0, 1, 40, sealed.length - 1]) {
      expect(openJson(suite, box, context, sealed.subarray(0, length))).toBeUndefined();
    }
  });

  test('content longer than its step is refused, never cut', () => {
    const { box } = partyKeys(suite, 'bank', secretOf(3));
    const text = 'x'.repeat(stepBytes.sums);
    expect(() => sealJson(suite, box.publicKey, context, { text })).toThrow(RangeError);
  });

  test('two parties agree on one key that a third does not have', () => {
    const parties = ['bank', 'operator', 'registry'].map((id, i) =>
      partyKeys(suite, id, secretOf(10 + i)),
    );
    const [a, b, c] = parties.map((own) =>
      parties.map((peer) =>
        own === peer
          ? undefined
          : suite.agree(own, {
              id: peer.id,
              boxKey: peer.box.publicKey,
              signKey: peer.sign.publicKey,
            }),
      ),
    );
    expect(a?.[1]).toEqual(b?.[0]);
    expect(b?.[2]).toEqual(c?.[1]);
    expect(a?.[1]).not.toEqual(a?.[2]);
    expect(a?.[1]).toHaveLength(32);
  });

  test('what is encrypted under a shared key opens only with key and context', () => {
    const key = secretOf(7);
    const box = suite.encrypt(key, utf8.encode('one'), utf8.encode('word'));
    expect(suite.decrypt(key, utf8.encode('one'), box)).toEqual(utf8.encode('word'));
    expect(suite.decrypt(key, utf8.encode('two'), box)).toBeUndefined();
    expect(suite.decrypt(secretOf(8), utf8.encode('one'), box)).toBeUndefined();
    for (let at = 0; at < box.length; at++) {
      const changed = box.slice();
      changed[at] = (changed[at] ?? 0) ^ 128;
      expect(suite.decrypt(key, utf8.encode('one'), changed)).toBeUndefined();
      expect(suite.decrypt(key, utf8.encode('one'), box.subarray(0, at))).toBeUndefined();
    }
  });

  test('signatures hold for their key and message only', () => {
    const { sign } = partyKeys(suite, 'bank', secretOf(3));
    const mark = suite.sign(sign, utf8.encode('this'));
    expect(mark).toHaveLength(suite.signatureBytes);
    expect(suite.verify(sign.publicKey, utf8.encode('this'), mark)).toBe(true);
    expect(suite.verify(sign.publicKey, utf8.encode('that'), mark)).toBe(false);
    expect(suite.verify(suite.signKeys().publicKey, utf8.encode('this'), mark)).toBe(false);
    expect(suite.verify(sign.publicKey, utf8.encode('this'), mark.subarray(1))).toBe(false);
    expect(suite.verify(new Uint8Array(5), utf8.encode('this'), mark)).toBe(false);
  });
});
