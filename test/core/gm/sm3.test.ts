import { createHash, createHmac, hkdfSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as smCryptoV2 from 'sm-crypto-v2';
import { describe, expect, test } from 'vitest';
import { type GmError, loadGm } from '../../../src/core/gm.ts';
import { heldCases } from '../../helpers/held-vectors.ts';

const gm = await loadGm();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const openssl = (data: Uint8Array) => createHash('sm3').update(data).digest('hex');
const bytes = (most: number) => fc.uint8Array({ maxLength: most });

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as GmError).code;
  }
  return 'none';
}

describe('SM3', () => {
  const { cases } = JSON.parse(
    readFileSync(new URL('../../vectors/gm/sm3.json', import.meta.url), 'utf8'),
  );
  test.each<{ id: string; text: string; digest: string }>(cases)('GB/T 32905 $id', (vector) => {
    expect(hex(gm.sm3(Buffer.from(vector.text)))).toBe(vector.digest);
  });

  test('agrees with OpenSSL for every length up to five blocks', () => {
    const data = randomBytes(320);
    for (let length = 0; length <= data.length; length++) {
      const message = data.subarray(0, length);
      expect(hex(gm.sm3(message)), `${length} bytes`).toBe(openssl(message));
    }
  });

  test('agrees with OpenSSL around the size of the exchange region', () => {
    for (const length of [65535, 65536, 65537, 131072, 200_003]) {
      const message = randomBytes(length);
      expect(hex(gm.sm3(message))).toBe(openssl(message));
    }
  });

  test('gives the same digest for every split of every message up to three blocks', () => {
    const data = randomBytes(194);
    for (let length = 0; length <= data.length; length++) {
      const message = data.subarray(0, length);
      const whole = openssl(message);
      for (let split = 0; split <= length; split++) {
        const hash = gm.createSm3();
        hash.update(message.subarray(0, split)).update(message.subarray(split));
        if (hex(hash.digest()) !== whole) throw new Error(`${length} bytes split at ${split}`);
      }
    }
  });

  test('keeps hashes apart that are under way at the same time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: 2 }), bytes(150)), { maxLength: 30 }),
        (steps) => {
          const ours = [gm.createSm3(), gm.createSm3(), gm.createSm3()];
          const theirs = [createHash('sm3'), createHash('sm3'), createHash('sm3')];
          for (const [i, data] of steps) {
            ours[i]?.update(data);
            theirs[i]?.update(data);
            gm.hmacSm3(data, data);
          }
          expect(ours.map((hash) => hex(hash.digest()))).toEqual(
            theirs.map((hash) => hash.digest('hex')),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  test('a hash is used up by its digest', () => {
    const hash = gm.createSm3();
    hash.digest();
    expect(codeOf(() => hash.digest())).toBe('state_used');
    expect(codeOf(() => hash.update(new Uint8Array(1)))).toBe('state_used');
  });

  test('many hashes at once equal one by one, for lengths of every mixture', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(bytes(70), bytes(300), fc.constant(new Uint8Array(20_000))), {
          maxLength: 300,
        }),
        (messages) => {
          expect(gm.sm3Many(messages).map(hex)).toEqual(messages.map(openssl));
        },
      ),
      { numRuns: 60 },
    );
  });

  test('many hashes at once may be more than one exchange holds', () => {
    const messages = Array.from({ length: 1000 }, (_, i) => randomBytes((i * 37) % 2000));
    expect(gm.sm3Many(messages).map(hex)).toEqual(messages.map(openssl));
  });

  test('refuses what is not bytes', () => {
    for (const value of ['abc', [1, 2], null, undefined, new ArrayBuffer(4)]) {
      expect(codeOf(() => gm.sm3(value as never))).toBe('argument_invalid');
      expect(codeOf(() => gm.sm3Many([value] as never))).toBe('argument_invalid');
      expect(codeOf(() => gm.hmacSm3(value as never, new Uint8Array(1)))).toBe('argument_invalid');
      expect(codeOf(() => gm.createSm3().update(value as never))).toBe('argument_invalid');
    }
  });

  interface HeldHash {
    id: string;
    digest: string;
    msg?: string;
    repeat?: string;
    counter?: { mul: number; add: number };
    count?: number;
  }
  const held = heldCases<HeldHash>('gm/sm3.json');
  test.skipIf(!held)('decides all held vectors right', () => {
    for (const vector of held ?? []) {
      const { counter, count = 0 } = vector;
      const message = counter
        ? Uint8Array.from({ length: count }, (_, i) => i * counter.mul + counter.add)
        : vector.repeat === undefined
          ? Buffer.from(vector.msg ?? '', 'hex')
          : new Uint8Array(count).fill(Number.parseInt(vector.repeat, 16));
      expect(hex(gm.sm3(message)), vector.id).toBe(vector.digest);
    }
  });
});

describe('HMAC-SM3', () => {
  test('agrees with OpenSSL for random keys and messages', () => {
    fc.assert(
      fc.property(bytes(200), bytes(300), (key, message) => {
        expect(hex(gm.hmacSm3(key, message))).toBe(
          createHmac('sm3', key).update(message).digest('hex'),
        );
      }),
      { numRuns: 300 },
    );
  });

  test('agrees with OpenSSL where key and message exceed the exchange region', () => {
    const key = randomBytes(70_000);
    const message = randomBytes(140_001);
    expect(hex(gm.hmacSm3(key, message))).toBe(
      createHmac('sm3', key).update(message).digest('hex'),
    );
  });

  test('agrees with sm-crypto-v2', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), bytes(100), (key, message) => {
        expect(hex(gm.hmacSm3(key, message))).toBe(
          smCryptoV2.sm3(message, { key, mode: 'hmac' } as never),
        );
      }),
      { numRuns: 50 },
    );
  });

  const held = heldCases<{ id: string; key: string; msg: string; tag: string }>('gm/hmac_sm3.json');
  test.skipIf(!held)('decides all held vectors right', () => {
    for (const { id, key, msg, tag } of held ?? []) {
      expect(hex(gm.hmacSm3(Buffer.from(key, 'hex'), Buffer.from(msg, 'hex'))), id).toBe(tag);
    }
  });
});

describe('key derivation', () => {
  function kdfByDefinition(z: Uint8Array, length: number): Buffer {
    const parts: Buffer[] = [];
    for (let counter = 1; 32 * (counter - 1) < length; counter++) {
      const ct = Buffer.alloc(4);
      ct.writeUInt32BE(counter);
      parts.push(createHash('sm3').update(z).update(ct).digest());
    }
    return Buffer.concat(parts).subarray(0, length);
  }

  test('kdf is SM3 over z and a counter (GB/T 32918.4 §5.4.3), for every remainder of a block', () => {
    const z = randomBytes(130);
    for (let zLength = 0; zLength <= z.length; zLength++) {
      const part = z.subarray(0, zLength);
      const length = (zLength * 7) % 300;
      expect(hex(gm.kdf(part, length)), `z of ${zLength}`).toBe(hex(kdfByDefinition(part, length)));
    }
  });

  test('kdf gives long keys, piece by piece', () => {
    const z = randomBytes(64);
    for (const length of [65535, 65536, 65537, 150_000]) {
      expect(hex(gm.kdf(z, length))).toBe(hex(kdfByDefinition(z, length)));
    }
  });

  test('HKDF-SM3 agrees with OpenSSL', () => {
    fc.assert(
      fc.property(
        bytes(80),
        bytes(80),
        bytes(200),
        fc.integer({ min: 1, max: 400 }),
        (key, salt, info, length) => {
          const theirs = hkdfSync('sm3', key, salt, info, length);
          expect(hex(gm.hkdfSm3(key, { salt, info, length }))).toBe(
            hex(new Uint8Array(theirs as ArrayBuffer)),
          );
        },
      ),
      { numRuns: 100 },
    );
    expect(gm.hkdfSm3(new Uint8Array(1), { length: 8160 })).toHaveLength(8160);
    expect(codeOf(() => gm.hkdfSm3(new Uint8Array(1), { length: 8161 }))).toBe('argument_invalid');
  });

  test('PBKDF2-HMAC-SM3 agrees with OpenSSL', () => {
    fc.assert(
      fc.property(
        bytes(100),
        bytes(80),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 100 }),
        (password, salt, iterations, length) => {
          expect(hex(gm.pbkdf2Sm3(password, { salt, iterations, length }))).toBe(
            pbkdf2Sync(password, salt, iterations, length, 'sm3').toString('hex'),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('refuses lengths and counts outside their limits, and unknown options', () => {
    const some = new Uint8Array(4);
    for (const length of [-1, 0.5, Number.NaN, 2 ** 30 + 1]) {
      expect(codeOf(() => gm.kdf(some, length))).toBe('argument_invalid');
    }
    for (const iterations of [0, -1, 1.5, 10_000_001]) {
      expect(codeOf(() => gm.pbkdf2Sm3(some, { salt: some, iterations, length: 1 }))).toBe(
        'argument_invalid',
      );
    }
    expect(codeOf(() => gm.hkdfSm3(some, { length: 1, digest: 'sm3' } as never))).toBe(
      'argument_invalid',
    );
  });
});
