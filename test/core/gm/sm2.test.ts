import { execFileSync } from 'node:child_process';
import {
  createPrivateKey,
  createPublicKey,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import * as smCryptoV2 from 'sm-crypto-v2';
import { afterAll, describe, expect, test } from 'vitest';
import {
  type CiphertextFormat,
  type GmError,
  type KeyExchangeInput,
  loadGm,
} from '../../../src/core/gm.ts';
import { heldCases } from '../../helpers/held-vectors.ts';
import { privateKeyPem, publicKeyPem } from '../../helpers/sm2-pem.ts';
import {
  b,
  bytesOf,
  drawer,
  encode,
  G,
  mod,
  multiply,
  n,
  numberOf,
  p,
} from '../../helpers/sm2-reference.ts';

const { sm2, sm3, sm3Many, sm4 } = await loadGm();
const draw = drawer(32918);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const utf8 = (text: string) => new TextEncoder().encode(text);
const folder = mkdtempSync(join(tmpdir(), 'cinnabar-sm2-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as GmError).code;
  }
  return 'none';
}

const standard = JSON.parse(
  readFileSync(new URL('../../vectors/gm/sm2.json', import.meta.url), 'utf8'),
);
const formats: Record<string, CiphertextFormat> = {
  asn1: 'der',
  c1c3c2: 'raw',
  c1c2c3: 'raw-c1c2c3',
};
const signer = sm2.generateKeyPair();
const message = utf8('批准：付款一百元');

describe('signatures', () => {
  test('GB/T 32918.5 A.2 verifies, and its raw form', () => {
    const { publicKey, msg, sigDer, userId, r, s } = standard.signature;
    const [key, text, id] = [publicKey, msg, userId].map(fromHex) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(sm2.verify(key, text, fromHex(sigDer))).toBe(true);
    expect(sm2.verify(key, text, fromHex(sigDer), { id })).toBe(true);
    expect(sm2.verify(key, text, fromHex(r + s), { format: 'raw' })).toBe(true);
  });

  test('of every kind of key, in both formats, verify', () => {
    const opened = sm2.openPrivateKey(signer.privateKey);
    const prepared = sm2.prepare(signer.publicKey);
    const compressed = sm2.compressPoint(signer.publicKey);
    expect(opened.publicKey).toEqual(signer.publicKey);
    for (const format of ['der', 'raw'] as const) {
      for (const id of [undefined, '', 'ALICE123@YAHOO.COM', fromHex('00ff80')]) {
        const options = { format, ...(id !== undefined && { id }) };
        for (const privateKey of [signer.privateKey, opened]) {
          const signature = sm2.sign(privateKey, message, options);
          for (const publicKey of [signer.publicKey, compressed, prepared]) {
            expect(sm2.verify(publicKey, message, signature, options)).toBe(true);
            expect(sm2.verify(publicKey, utf8('other'), signature, options)).toBe(false);
            expect(sm2.verify(publicKey, message, signature, { format, id: 'someone' })).toBe(
              false,
            );
          }
        }
      }
    }
    opened.close();
    expect(codeOf(() => sm2.sign(opened, message))).toBe('state_used');
  });

  test('of a digest are those of the message', () => {
    const e = sm2.digest(signer.publicKey, message, { id: 'x' });
    const signature = sm2.signDigest(signer.privateKey, e);
    expect(sm2.verify(signer.publicKey, message, signature, { id: 'x' })).toBe(true);
    expect(
      sm2.verifyDigest(signer.publicKey, e, sm2.sign(signer.privateKey, message, { id: 'x' })),
    ).toBe(true);
    expect(sm2.verifyDigest(signer.publicKey, sm3(e), signature)).toBe(false);
  });

  test('of messages as long as the exchange region, one below, one above, and empty', () => {
    for (const length of [0, 1, 65535, 65536, 65537, 200_000]) {
      const long = new Uint8Array(length).fill(length);
      const signature = sm2.sign(signer.privateKey, long);
      expect(sm2.verify(signer.publicKey, long, signature)).toBe(true);
      if (length > 0) long[length - 1] = 1 + (long[length - 1] ?? 0);
      if (length > 0) expect(sm2.verify(signer.publicKey, long, signature)).toBe(false);
    }
  });

  test('differ each time, and satisfy the equation of the standard', () => {
    const made = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const raw = sm2.sign(signer.privateKey, message, { format: 'raw' });
      made.add(hex(raw));
      const [r, s] = [numberOf(raw.subarray(0, 32)), numberOf(raw.subarray(32))];
      // k = s (1 + d) + r d, whose point must have x = r - e.
      const d = numberOf(signer.privateKey);
      const k = mod(s * (1n + d) + r * d, n);
      const e = numberOf(sm2.digest(signer.publicKey, message));
      expect(mod((multiply(k, G)?.x ?? 0n) + e, n)).toBe(r);
    }
    expect(made.size).toBe(20);
  });

  test('stay sound when the host repeats its randomness: nonces depend on the digest', () => {
    const genuine = crypto.getRandomValues;
    const nonces = new Set<bigint>();
    try {
      crypto.getRandomValues = ((array: Uint8Array) => array.fill(7)) as typeof genuine;
      // Some true randomness was drawn ahead: use it up.
      for (let i = 0; i < 40; i++) sm2.sign(signer.privateKey, message);
      for (const text of ['one', 'two', 'three']) {
        const raw = sm2.sign(signer.privateKey, utf8(text), { format: 'raw' });
        const d = numberOf(signer.privateKey);
        nonces.add(
          mod(numberOf(raw.subarray(32)) * (1n + d) + numberOf(raw.subarray(0, 32)) * d, n),
        );
      }
    } finally {
      crypto.getRandomValues = genuine;
    }
    expect(nonces.size).toBe(3);
  });

  test('many at once are judged one by one', () => {
    const others = Array.from({ length: 3 }, () => sm2.generateKeyPair());
    const items = Array.from({ length: 60 }, (_, i) => {
      const pair = i % 2 === 0 ? signer : (others[i % 3] ?? signer);
      const text = utf8(`message ${i}`);
      const signature = sm2.sign(pair.privateKey, text);
      if (i % 7 === 0) signature[signature.length - 1] = (signature[signature.length - 1] ?? 0) ^ 1;
      return { publicKey: pair.publicKey, message: text, signature };
    });
    expect(sm2.verifyMany(items)).toEqual(items.map((_, i) => i % 7 !== 0));
    expect(sm2.verifyMany([])).toEqual([]);
    const [first] = items;
    if (!first) throw new Error('no item');
    const mixed = [
      {
        ...first,
        signature: sm2.sign(signer.privateKey, message, { id: 'a', format: 'raw' }),
        message,
        id: 'a',
        format: 'raw' as const,
      },
      { ...first, signature: new Uint8Array(0) },
      {
        ...first,
        publicKey: sm2.prepare(signer.publicKey),
        message,
        signature: sm2.sign(signer.privateKey, message),
      },
    ];
    expect(sm2.verifyMany(mixed)).toEqual([true, false, true]);
  });

  test('many at once by more frequent keys than there are tables, batch after batch', () => {
    for (let batch = 0; batch < 2; batch++) {
      const signers = Array.from({ length: 20 }, () => sm2.generateKeyPair());
      const items = signers.flatMap(({ privateKey, publicKey }, i) => {
        const signature = sm2.sign(privateKey, message);
        return Array.from({ length: 16 }, (_, j) => ({
          publicKey,
          message: j === i % 16 ? message.subarray(1) : message,
          signature,
          isGood: j !== i % 16,
        }));
      });
      const mixed = items
        .map((_, i) => items[(i * 17) % items.length])
        .filter((item) => item !== undefined);
      const given = mixed.map(({ isGood, ...item }) => item);
      expect(sm2.verifyMany(given)).toEqual(mixed.map(({ isGood }) => isGood));
    }
  });

  test('more prepared keys than there are tables all keep working', () => {
    const pairs = Array.from({ length: 20 }, () => sm2.generateKeyPair());
    const prepared = pairs.map((pair) => sm2.prepare(pair.publicKey));
    for (let round = 0; round < 2; round++) {
      prepared.forEach((key, i) => {
        const signature = sm2.sign(pairs[i]?.privateKey ?? new Uint8Array(), message);
        expect(sm2.verify(key, message, signature)).toBe(true);
        const next = prepared[(i + 1) % prepared.length];
        if (next) expect(sm2.verify(next, message, signature)).toBe(false);
      });
    }
  });

  interface SignatureCase {
    readonly id: string;
    readonly publicKey: string;
    readonly userId: string;
    readonly msg: string;
    readonly sigDer: string;
    readonly valid: boolean;
  }
  const held = heldCases<SignatureCase>('gm/sm2_sign.json');
  test.runIf(held)('held signatures are decided right, plain and prepared', () => {
    for (const { id, publicKey, userId, msg, sigDer, valid } of held ?? []) {
      const decide = (key: () => Parameters<typeof sm2.verify>[0]) => {
        try {
          return sm2.verify(key(), fromHex(msg), fromHex(sigDer), { id: fromHex(userId) });
        } catch (error) {
          expect((error as GmError).code, id).toBe('key_invalid');
          return false;
        }
      };
      expect(
        decide(() => fromHex(publicKey)),
        id,
      ).toBe(valid);
      expect(
        decide(() => sm2.prepare(fromHex(publicKey))),
        id,
      ).toBe(valid);
    }
  });
});

describe('the DER of a signature', () => {
  const e = bytesOf(draw(n));
  const valid = sm2.signDigest(signer.privateKey, e);

  test('is accepted in one form only: no byte may change, go or come', () => {
    expect(sm2.verifyDigest(signer.publicKey, e, valid)).toBe(true);
    for (let at = 0; at < valid.length; at++) {
      for (const bit of [0, 3, 7]) {
        const changed = valid.slice();
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(sm2.verifyDigest(signer.publicKey, e, changed), `byte ${at}`).toBe(false);
      }
      const cut = Uint8Array.from([...valid.subarray(0, at), ...valid.subarray(at + 1)]);
      expect(sm2.verifyDigest(signer.publicKey, e, cut)).toBe(false);
      const grown = Uint8Array.from([...valid.subarray(0, at), 0, ...valid.subarray(at)]);
      expect(sm2.verifyDigest(signer.publicKey, e, grown)).toBe(false);
      expect(sm2.verifyDigest(signer.publicKey, e, valid.subarray(0, at))).toBe(false);
    }
  });

  test('of anything at all is answered with false, never with an exception', () => {
    const tables = sm2.prepare(signer.publicKey);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const format of ['der', 'raw'] as const) {
          if (sm2.verifyDigest(signer.publicKey, e, bytes, { format })) return false;
          if (sm2.verifyDigest(tables, e, bytes, { format })) return false;
        }
        return true;
      }),
      { numRuns: 300 },
    );
  });

  test('out of range in r or s is refused in both formats', () => {
    const raw = sm2.signDigest(signer.privateKey, e, { format: 'raw' });
    const [r, s] = [numberOf(raw.subarray(0, 32)), numberOf(raw.subarray(32))];
    const most = (1n << 256n) - 1n;
    const pairs = [
      [0n, s],
      [r, 0n],
      [n, s],
      [r, n],
      [r, n - r],
      [most, s],
      [r, most],
      [s, r],
      [r, n - s],
    ];
    for (const [x = 0n, y = 0n] of pairs) {
      const bad = Uint8Array.from([...bytesOf(x), ...bytesOf(y)]);
      expect(sm2.verifyDigest(signer.publicKey, e, bad, { format: 'raw' })).toBe(false);
    }
  });
});

describe('encryption', () => {
  test.each(
    standard.encryption as {
      id: string;
      privateKey: string;
      ciphertext: string;
      msg: string;
      format: string;
    }[],
  )('GB/T 32918.5 C.2 $id decrypts', ({ privateKey, ciphertext, msg, format }) => {
    const decrypted = sm2.decrypt(fromHex(privateKey), fromHex(ciphertext), {
      format: formats[format] ?? 'der',
    });
    expect(hex(decrypted)).toBe(msg);
  });

  test('of lengths from 1 to beyond the exchange region comes back in every format', () => {
    const opened = sm2.openPrivateKey(signer.privateKey);
    for (const format of Object.values(formats)) {
      for (const length of [1, 2, 31, 32, 33, 64, 1023, 1024, 1025, 65536, 65537, 100_001]) {
        const plaintext = Uint8Array.from({ length }, (_, i) => i * 7 + length);
        const ciphertext = sm2.encrypt(signer.publicKey, plaintext, { format });
        expect(hex(sm2.decrypt(opened, ciphertext, { format })) === hex(plaintext)).toBe(true);
      }
    }
    expect(codeOf(() => sm2.encrypt(signer.publicKey, new Uint8Array(0)))).toBe('argument_invalid');
  });

  test('of one byte never uses an all-zero key stream', () => {
    for (let i = 0; i < 600; i++) {
      const ciphertext = sm2.encrypt(signer.publicKey, Uint8Array.of(77), { format: 'raw' });
      expect(ciphertext[97]).not.toBe(77);
    }
  });

  test('refuses every changed, cut or grown ciphertext with one code, and every other order', () => {
    for (const format of Object.values(formats)) {
      const ciphertext = sm2.encrypt(signer.publicKey, message, { format });
      for (let at = 0; at < ciphertext.length; at++) {
        const changed = ciphertext.slice();
        changed[at] = (changed[at] ?? 0) ^ 1;
        expect(codeOf(() => sm2.decrypt(signer.privateKey, changed, { format }))).toBe(
          'decryption_failed',
        );
        const cut = ciphertext.subarray(0, at);
        expect(codeOf(() => sm2.decrypt(signer.privateKey, cut, { format }))).toBe(
          'decryption_failed',
        );
      }
      const grown = Uint8Array.from([...ciphertext, 0]);
      expect(codeOf(() => sm2.decrypt(signer.privateKey, grown, { format }))).toBe(
        'decryption_failed',
      );
      for (const other of Object.values(formats)) {
        if (other === format) continue;
        expect(codeOf(() => sm2.decrypt(signer.privateKey, ciphertext, { format: other }))).toBe(
          'decryption_failed',
        );
      }
    }
  });

  test('does not answer for points outside the curve', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 0, maxLength: 200 }), (bytes) => {
        for (const format of Object.values(formats)) {
          if (
            codeOf(() => sm2.decrypt(signer.privateKey, bytes, { format })) !== 'decryption_failed'
          )
            return false;
        }
        return true;
      }),
    );
  });

  interface EncryptionCase {
    readonly id: string;
    readonly privateKey: string;
    readonly format: string;
    readonly ciphertext: string;
    readonly valid: boolean;
    readonly msg?: string;
  }
  const held = heldCases<EncryptionCase>('gm/sm2_enc.json');
  test.runIf(held)('held ciphertexts are decided right', () => {
    for (const { id, privateKey, format, ciphertext, valid, msg } of held ?? []) {
      const act = () =>
        sm2.decrypt(fromHex(privateKey), fromHex(ciphertext), { format: formats[format] ?? 'der' });
      if (valid) expect(hex(act()), id).toBe(msg);
      else expect(codeOf(act), id).toBe('decryption_failed');
    }
  });
});

describe('key exchange', () => {
  interface ExchangeCase {
    readonly id: string;
    readonly klen: number;
    readonly [name: string]: string | number;
  }
  function assertAgrees(vector: ExchangeCase): void {
    const get = (name: string) => fromHex(String(vector[name]));
    const a = {
      privateKey: get('dA'),
      publicKey: get('PA'),
      ephemeral: { privateKey: get('rA'), publicKey: get('RA') },
      peerPublicKey: get('PB'),
      peerEphemeral: get('RB'),
      id: get('idA'),
      peerId: get('idB'),
      length: vector.klen,
    };
    const b = {
      privateKey: get('dB'),
      publicKey: get('PB'),
      ephemeral: { privateKey: get('rB'), publicKey: get('RB') },
      peerPublicKey: get('PA'),
      peerEphemeral: get('RA'),
      id: get('idB'),
      peerId: get('idA'),
      length: vector.klen,
    };
    const first = sm2.keyExchange.initiator(a);
    const second = sm2.keyExchange.responder(b);
    expect([first.key, first.S1, first.SA].map(hex)).toEqual([vector.key, vector.SB, vector.SA]);
    expect([second.key, second.SB, second.S2].map(hex)).toEqual([vector.key, vector.SB, vector.SA]);
  }

  test('GB/T 32918.5 B.2: key and both confirmations', () => assertAgrees(standard.exchange));

  const held = heldCases<ExchangeCase>('gm/sm2_kex.json');
  test.runIf(held)('held exchanges', () => {
    for (const vector of held ?? []) assertAgrees(vector);
  });

  test('of fresh keys agrees for every length, and not with another identity', () => {
    const [a, b] = [sm2.generateKeyPair(), sm2.generateKeyPair()];
    const [ra, rb] = [sm2.keyExchange.ephemeral(), sm2.keyExchange.ephemeral()];
    for (const length of [1, 16, 33, 65536]) {
      const left = {
        ...a,
        ephemeral: ra,
        peerPublicKey: b.publicKey,
        peerEphemeral: rb.publicKey,
        length,
      };
      const right = {
        ...b,
        ephemeral: rb,
        peerPublicKey: sm2.compressPoint(a.publicKey),
        peerEphemeral: ra.publicKey,
        length,
      };
      const one = sm2.keyExchange.initiator(left);
      const two = sm2.keyExchange.responder(right);
      expect(one.key).toEqual(two.key);
      expect(one.key.length).toBe(length);
      expect(one.S1).toEqual(two.SB);
      expect(one.SA).toEqual(two.S2);
      const other = sm2.keyExchange.responder({ ...right, peerId: 'mallory' });
      expect(other.SB).not.toEqual(one.S1);
    }
  });

  test('refuses keys that do not belong together, and points outside the curve', () => {
    const [a, b] = [sm2.generateKeyPair(), sm2.generateKeyPair()];
    const [ra, rb] = [sm2.keyExchange.ephemeral(), sm2.keyExchange.ephemeral()];
    const good = {
      ...a,
      ephemeral: ra,
      peerPublicKey: b.publicKey,
      peerEphemeral: rb.publicKey,
      length: 16,
    };
    const off = rb.publicKey.slice();
    off[64] = (off[64] ?? 0) ^ 1;
    const bad = [
      { ...good, publicKey: b.publicKey },
      { ...good, ephemeral: { ...ra, publicKey: rb.publicKey } },
      { ...good, peerEphemeral: off },
      { ...good, peerPublicKey: new Uint8Array(65) },
      { ...good, privateKey: new Uint8Array(32) },
    ];
    for (const input of bad)
      expect(codeOf(() => sm2.keyExchange.initiator(input))).toBe('key_invalid');
    expect(codeOf(() => sm2.keyExchange.initiator({ ...good, length: 0 }))).toBe(
      'argument_invalid',
    );
    // P + x R = O for this peer: the standard's V at infinity.
    const x = (1n << 127n) | (numberOf(rb.publicKey.subarray(1, 33)) & ((1n << 127n) - 1n));
    const opposite = encode(multiply(mod(-x * numberOf(rb.privateKey), n), G));
    expect(codeOf(() => sm2.keyExchange.initiator({ ...good, peerPublicKey: opposite }))).toBe(
      'protocol_failed',
    );
  });
});

/** Euler's criterion. */
function hasRoot(square: bigint): boolean {
  let power = 1n;
  for (const bit of ((p - 1n) / 2n).toString(2)) {
    power = (power * power) % p;
    if (bit === '1') power = (power * square) % p;
  }
  return power === 1n;
}

describe('keys', () => {
  test('are in range, fresh, and lie on the curve as the reference says', () => {
    const pairs = Array.from({ length: 10 }, () => sm2.generateKeyPair());
    expect(new Set(pairs.map(({ privateKey }) => hex(privateKey))).size).toBe(10);
    for (const { privateKey, publicKey } of pairs) {
      expect(publicKey).toEqual(encode(multiply(numberOf(privateKey), G)));
      expect(sm2.publicKey(privateKey)).toEqual(publicKey);
    }
  });

  test('outside [1, n - 2] are refused by every entry that takes a private key', () => {
    const ciphertext = sm2.encrypt(signer.publicKey, message);
    for (const d of [0n, n - 1n, n, n + 1n, (1n << 256n) - 1n]) {
      const bad = bytesOf(d);
      for (const act of [
        () => sm2.publicKey(bad),
        () => sm2.openPrivateKey(bad),
        () => sm2.sign(bad, message),
        () => sm2.signDigest(bad, bytesOf(1n)),
        () => sm2.decrypt(bad, ciphertext),
      ]) {
        expect(codeOf(act)).toBe('key_invalid');
      }
    }
    expect(sm2.publicKey(bytesOf(n - 2n))).toEqual(encode(multiply(n - 2n, G)));
    expect(codeOf(() => sm2.publicKey(new Uint8Array(31)))).toBe('key_invalid');
  });

  test('that are no point are refused by every entry that takes a public key', () => {
    const signature = sm2.sign(signer.privateKey, message);
    const off = signer.publicKey.slice();
    off[40] = (off[40] ?? 0) ^ 1;
    const hybrid = signer.publicKey.slice();
    hybrid[0] = 6 + ((hybrid[64] ?? 0) & 1);
    const reduced = Uint8Array.from([4, ...bytesOf(p), ...bytesOf(1n)]);
    const bad = [
      off,
      hybrid,
      reduced,
      new Uint8Array(65),
      new Uint8Array(0),
      Uint8Array.of(0),
      signer.publicKey.subarray(1),
    ];
    for (const key of bad) {
      for (const act of [
        () => sm2.verify(key, message, signature),
        () => sm2.verifyDigest(key, bytesOf(1n), signature),
        () => sm2.verifyMany([{ publicKey: key, message, signature }]),
        () => sm2.encrypt(key, message),
        () => sm2.prepare(key),
        () => sm2.decodePoint(key),
        () => sm2.digest(key, message),
      ]) {
        expect(codeOf(act)).toBe('key_invalid');
      }
    }
    for (let x = 1n; x < 40n; x++) {
      const square = mod(x * x * x - 3n * x + b, p);
      const code = codeOf(() => sm2.decodePoint(Uint8Array.from([2, ...bytesOf(x)])));
      expect(code, `x = ${x}`).toBe(hasRoot(square) ? 'none' : 'key_invalid');
    }
  });

  test('compressed come back whole, for even and odd y', () => {
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) {
      const { publicKey } = sm2.generateKeyPair();
      const compressed = sm2.compressPoint(publicKey);
      seen.add(compressed[0] ?? 0);
      expect(sm2.decodePoint(compressed)).toEqual(publicKey);
    }
    expect([...seen].sort()).toEqual([2, 3]);
  });

  test('arguments of the wrong kind are named as such', () => {
    const wrong = 'text' as unknown as Uint8Array;
    expect(codeOf(() => sm2.sign(wrong, message))).toBe('argument_invalid');
    expect(codeOf(() => sm2.sign(signer.privateKey, wrong))).toBe('argument_invalid');
    expect(codeOf(() => sm2.verify(wrong, message, message))).toBe('argument_invalid');
    expect(codeOf(() => sm2.verify({} as Uint8Array, message, message))).toBe('argument_invalid');
    expect(codeOf(() => sm2.verify(signer.publicKey, message, wrong))).toBe('argument_invalid');
    expect(codeOf(() => sm2.signDigest(signer.privateKey, message.subarray(0, 31)))).toBe(
      'argument_invalid',
    );
    expect(codeOf(() => sm2.sign(signer.privateKey, message, { id: 'x'.repeat(8192) }))).toBe(
      'argument_invalid',
    );
    expect(sm2.sign(signer.privateKey, message, { id: 'x'.repeat(8191) }).length).toBeGreaterThan(
      60,
    );
    const options = { form: 'raw' } as unknown as { format: 'raw' };
    expect(codeOf(() => sm2.sign(signer.privateKey, message, options))).toBe('argument_invalid');
    const exchange = { ...signer, ephemeral: null, length: 16 } as unknown as KeyExchangeInput;
    const peer = { peerPublicKey: signer.publicKey, peerEphemeral: signer.publicKey };
    expect(codeOf(() => sm2.keyExchange.initiator({ ...exchange, ...peer }))).toBe(
      'argument_invalid',
    );
    const format = 'c1c3c2' as 'raw';
    expect(codeOf(() => sm2.encrypt(signer.publicKey, message, { format }))).toBe(
      'argument_invalid',
    );
  });

  test('bytes that were transferred away are not taken for an empty message', () => {
    const gone = Uint8Array.from(message);
    structuredClone(gone, { transfer: [gone.buffer] });
    const key = new Uint8Array(16);
    expect(codeOf(() => sm2.sign(signer.privateKey, gone))).toBe('argument_invalid');
    expect(codeOf(() => sm2.verify(signer.publicKey, gone, message))).toBe('argument_invalid');
    expect(codeOf(() => sm3(gone))).toBe('argument_invalid');
    expect(codeOf(() => sm3Many([gone]))).toBe('argument_invalid');
    expect(codeOf(() => sm4.encrypt({ mode: 'ecb', key }, gone))).toBe('argument_invalid');
    expect(sm2.sign(signer.privateKey, new Uint8Array(0)).length).toBeGreaterThan(60);
  });
});

describe('peers', () => {
  test('the openssl command verifies ours and makes what we verify, with the default identity', () => {
    const at = (name: string) => join(folder, name);
    const options = ['-rawin', '-digest', 'sm3', '-pkeyopt', 'distid:1234567812345678'];
    writeFileSync(at('pub.pem'), publicKeyPem(signer.publicKey));
    writeFileSync(at('key.pem'), privateKeyPem(signer.privateKey, signer.publicKey));
    writeFileSync(at('message'), message);
    writeFileSync(at('ours'), sm2.sign(signer.privateKey, message));
    const run = (...parameters: string[]) =>
      execFileSync('openssl', ['pkeyutl', ...parameters], { stdio: ['ignore', 'pipe', 'ignore'] });
    const verified = run(
      '-verify',
      '-pubin',
      '-inkey',
      at('pub.pem'),
      ...options,
      '-in',
      at('message'),
      '-sigfile',
      at('ours'),
    );
    expect(verified.toString()).toContain('Successfully');
    run('-sign', '-inkey', at('key.pem'), ...options, '-in', at('message'), '-out', at('theirs'));
    expect(sm2.verify(signer.publicKey, message, readFileSync(at('theirs')))).toBe(true);

    run('-encrypt', '-pubin', '-inkey', at('pub.pem'), '-in', at('message'), '-out', at('sent'));
    const sent = readFileSync(at('sent'));
    const before = hex(sent);
    expect(sm2.decrypt(signer.privateKey, sent)).toEqual(message);
    expect(hex(sent)).toBe(before);
    writeFileSync(at('received'), sm2.encrypt(signer.publicKey, message));
    const opened = run('-decrypt', '-inkey', at('key.pem'), '-in', at('received'));
    expect(new Uint8Array(opened)).toEqual(message);
  });

  test('OpenSSL through node:crypto, with its empty identity', () => {
    for (let i = 0; i < 20; i++) {
      const pair = sm2.generateKeyPair();
      const text = bytesOf(draw(n));
      const key = createPublicKey(publicKeyPem(pair.publicKey));
      expect(nodeVerify('sm3', text, key, sm2.sign(pair.privateKey, text, { id: '' }))).toBe(true);
      const theirs = nodeSign(
        'sm3',
        text,
        createPrivateKey(privateKeyPem(pair.privateKey, pair.publicKey)),
      );
      expect(sm2.verify(pair.publicKey, text, theirs, { id: '' })).toBe(true);
    }
  });

  test('sm-crypto-v2 verifies, signs, encrypts and decrypts with us', () => {
    const { doSignature, doVerifySignature, doEncrypt, doDecrypt } = smCryptoV2.sm2;
    for (let i = 0; i < 6; i++) {
      const pair = sm2.generateKeyPair();
      const [d, key] = [hex(pair.privateKey), hex(pair.publicKey)];
      const text = bytesOf(draw(n));
      const ours = hex(sm2.sign(pair.privateKey, text));
      expect(doVerifySignature(text, ours, key, { hash: true, der: true })).toBe(true);
      const theirs = fromHex(doSignature(text, d, { hash: true, der: true }));
      expect(sm2.verify(pair.publicKey, text, theirs)).toBe(true);
      for (const [format, mode] of [
        ['raw', 1],
        ['raw-c1c2c3', 0],
      ] as const) {
        const sent = doEncrypt(text, key, mode);
        expect(sm2.decrypt(pair.privateKey, fromHex(`04${sent}`), { format })).toEqual(text);
        const received = hex(sm2.encrypt(pair.publicKey, text, { format })).slice(2);
        expect(doDecrypt(received, d, mode, { output: 'array' })).toEqual(text);
      }
    }
  });

  test('numbers with leading zeros keep their length in raw form and lose it in DER', () => {
    // A key with a leading zero in d, and signatures until r and s each had one.
    const d = draw(1n << 240n);
    const privateKey = bytesOf(d);
    const publicKey = sm2.publicKey(privateKey);
    const key = createPublicKey(publicKeyPem(publicKey));
    const seen = { r: 0, s: 0 };
    for (let i = 0; i < 20_000 && (seen.r === 0 || seen.s === 0); i++) {
      const e = bytesOf(BigInt(i));
      const raw = sm2.signDigest(privateKey, e, { format: 'raw' });
      expect(raw.length).toBe(64);
      if (raw[0] !== 0 && raw[32] !== 0) continue;
      if (raw[0] === 0) seen.r++;
      if (raw[32] === 0) seen.s++;
      expect(sm2.verifyDigest(publicKey, e, raw, { format: 'raw' })).toBe(true);
    }
    expect(seen.r).toBeGreaterThan(0);
    expect(seen.s).toBeGreaterThan(0);
    for (let i = 0, short = 0; short < 2 && i < 5000; i++) {
      const text = bytesOf(BigInt(i));
      const der = sm2.sign(privateKey, text, { id: '' });
      if (der.length >= 70) continue;
      short++;
      expect(nodeVerify('sm3', text, key, der)).toBe(true);
      expect(sm2.verify(publicKey, text, der, { id: '' })).toBe(true);
    }
  });
});
