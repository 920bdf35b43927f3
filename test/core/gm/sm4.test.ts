import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import * as smCryptoV2 from 'sm-crypto-v2';
import { describe, expect, test } from 'vitest';
import { type GmError, loadGm, type Sm4Mode, type Sm4Options } from '../../../src/core/gm.ts';
import { heldCases } from '../../helpers/held-vectors.ts';

const gm = await loadGm();
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const standard = JSON.parse(
  readFileSync(new URL('../../vectors/gm/sm4.json', import.meta.url), 'utf8'),
);
const key16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const LENGTHS = [0, 1, 15, 16, 17, 31, 127, 128, 129, 1000, 65535, 65536, 65537, 140_003];

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as GmError).code;
  }
  return 'none';
}

const opensslNames = { ecb: 'sm4-ecb', cbc: 'sm4-cbc', ctr: 'sm4-ctr' } as const;

function opensslEncrypt(options: Sm4Options, plaintext: Uint8Array): string {
  const name = opensslNames[options.mode as keyof typeof opensslNames];
  const cipher = createCipheriv(name, options.key, options.iv ?? null);
  cipher.setAutoPadding(options.padding !== 'none');
  return Buffer.concat([cipher.update(plaintext), cipher.final()]).toString('hex');
}

function opensslDecrypt(options: Sm4Options, ciphertext: Uint8Array): string {
  const name = opensslNames[options.mode as keyof typeof opensslNames];
  const cipher = createDecipheriv(name, options.key, options.iv ?? null);
  cipher.setAutoPadding(options.padding !== 'none');
  return Buffer.concat([cipher.update(ciphertext), cipher.final()]).toString('hex');
}

describe('SM4 standard vectors', () => {
  const key = unhex(standard.key);
  const ecb: Sm4Options = { mode: 'ecb', key, padding: 'none' };

  test('GB/T 32907 example 1, both ways', () => {
    expect(hex(gm.sm4.encrypt(ecb, unhex(standard.ecb.plaintext)))).toBe(standard.ecb.once);
    expect(hex(gm.sm4.decrypt(ecb, unhex(standard.ecb.once)))).toBe(standard.ecb.plaintext);
  });

  test('GB/T 32907 example 2, a million times', () => {
    let block: Uint8Array = unhex(standard.ecb.plaintext);
    for (let i = 0; i < 1_000_000; i++) block = gm.sm4.encrypt(ecb, block);
    expect(hex(block)).toBe(standard.ecb.millionTimes);
  });

  test.each(['gcm', 'ccm'] as const)('RFC 8998 SM4-%s, both ways', (mode) => {
    const { iv, aad, plaintext } = standard.authenticated;
    const options: Sm4Options = { mode, key, iv: unhex(iv), aad: unhex(aad) };
    const expected = standard.authenticated[mode];
    expect(hex(gm.sm4.encrypt(options, unhex(plaintext)))).toBe(expected);
    expect(hex(gm.sm4.decrypt(options, unhex(expected)))).toBe(plaintext);
  });
});

describe('SM4 against OpenSSL', () => {
  for (const mode of ['ecb', 'cbc', 'ctr'] as const) {
    test(`${mode} agrees both ways for every length class`, () => {
      for (const length of LENGTHS) {
        const iv = mode === 'ecb' ? {} : { iv: randomBytes(16) };
        const options: Sm4Options = { mode, key: randomBytes(16), ...iv };
        const message = randomBytes(length);
        const ours = gm.sm4.encrypt(options, message);
        expect(hex(ours), `${length} bytes`).toBe(opensslEncrypt(options, message));
        expect(hex(gm.sm4.decrypt(options, ours))).toBe(hex(message));
        expect(opensslDecrypt(options, ours)).toBe(hex(message));
      }
    });
  }

  test('agrees without padding on whole blocks', () => {
    fc.assert(
      fc.property(key16, key16, fc.nat({ max: 40 }), (key, iv, blocks) => {
        const message = randomBytes(16 * blocks);
        for (const options of [
          { mode: 'ecb', key, padding: 'none' },
          { mode: 'cbc', key, iv, padding: 'none' },
        ] as const) {
          const ours = gm.sm4.encrypt(options, message);
          expect(hex(ours)).toBe(opensslEncrypt(options, message));
          expect(hex(gm.sm4.decrypt(options, ours))).toBe(hex(message));
        }
      }),
      { numRuns: 60 },
    );
  });

  test('the counter of CTR carries over all 128 bits', () => {
    const key = randomBytes(16);
    for (const tail of ['00000000ffffffff', 'ffffffffffffffff', 'fffffffffffffffa']) {
      for (const head of ['0000000000000001', 'ffffffffffffffff']) {
        const options: Sm4Options = { mode: 'ctr', key, iv: unhex(head + tail) };
        const message = randomBytes(300);
        expect(hex(gm.sm4.encrypt(options, message))).toBe(opensslEncrypt(options, message));
      }
    }
  });
});

// SP 800-38D and SP 800-38C written out over OpenSSL's block cipher, as slowly as they read.
function blockCipher(key: Uint8Array, block: Uint8Array): Uint8Array {
  const cipher = createCipheriv('sm4-ecb', key, null);
  cipher.setAutoPadding(false);
  return cipher.update(block);
}
const toInteger = (block: Uint8Array) => BigInt(`0x${hex(block) || '0'}`);
const toBlock = (x: bigint) => unhex(x.toString(16).padStart(32, '0'));
const zeros = (length: number) => new Uint8Array(length);
const padded = (data: Uint8Array) => Buffer.concat([data, zeros((16 - (data.length % 16)) % 16)]);

function blocksOf(data: Uint8Array): Uint8Array[] {
  return Array.from({ length: data.length / 16 }, (_, i) => data.subarray(16 * i, 16 * i + 16));
}

function multiplyGcm(x: bigint, y: bigint): bigint {
  let product = 0n;
  for (let i = 127n; i >= 0n; i--) {
    if ((x >> i) & 1n) product ^= y;
    y = y & 1n ? (y >> 1n) ^ (0xe1n << 120n) : y >> 1n;
  }
  return product;
}

function ghashByDefinition(h: bigint, data: Uint8Array): bigint {
  return blocksOf(data).reduce((sum, block) => multiplyGcm(sum ^ toInteger(block), h), 0n);
}

function lengths(first: number, second: number): Uint8Array {
  return toBlock((BigInt(first * 8) << 64n) | BigInt(second * 8));
}

function keyStream(key: Uint8Array, first: bigint, length: number, bits: bigint): Uint8Array {
  const parts: Uint8Array[] = [];
  const mask = (1n << bits) - 1n;
  for (let i = 0n; 16n * i < BigInt(length); i++) {
    parts.push(blockCipher(key, toBlock((first & ~mask) | ((first + i) & mask))));
  }
  return Buffer.concat(parts).subarray(0, length);
}
const xor = (a: Uint8Array, b: Uint8Array) => a.map((byte, i) => byte ^ (b[i] ?? 0));

function gcmByDefinition(o: { key: Uint8Array; iv: Uint8Array; aad: Uint8Array }, p: Uint8Array) {
  const h = toInteger(blockCipher(o.key, zeros(16)));
  const j0 =
    o.iv.length === 12
      ? toInteger(Buffer.concat([o.iv, Uint8Array.of(0, 0, 0, 1)]))
      : ghashByDefinition(h, Buffer.concat([padded(o.iv), lengths(0, o.iv.length)]));
  const low = (1n << 32n) - 1n;
  const first = (j0 & ~low) | ((j0 + 1n) & low);
  const c = xor(p, keyStream(o.key, first, p.length, 32n));
  const s = ghashByDefinition(
    h,
    Buffer.concat([padded(o.aad), padded(c), lengths(o.aad.length, p.length)]),
  );
  return Buffer.concat([c, xor(toBlock(s), blockCipher(o.key, toBlock(j0)))]);
}

function ccmByDefinition(o: { key: Uint8Array; iv: Uint8Array; aad: Uint8Array }, p: Uint8Array) {
  const q = 15 - o.iv.length;
  const flags = (o.aad.length > 0 ? 64 : 0) + 8 * 7 + (q - 1);
  const b0 = Buffer.concat([
    Uint8Array.of(flags),
    o.iv,
    unhex(p.length.toString(16).padStart(2 * q, '0')),
  ]);
  const prefix =
    o.aad.length === 0
      ? ''
      : o.aad.length < 0xff00
        ? o.aad.length.toString(16).padStart(4, '0')
        : `fffe${o.aad.length.toString(16).padStart(8, '0')}`;
  const input = Buffer.concat([b0, padded(Buffer.concat([unhex(prefix), o.aad])), padded(p)]);
  const mac = blocksOf(input).reduce<Uint8Array>(
    (sum, block) => blockCipher(o.key, xor(sum, block)),
    zeros(16),
  );
  const counter = toInteger(Buffer.concat([Uint8Array.of(q - 1), o.iv, zeros(q)]));
  const stream = keyStream(o.key, counter, p.length + 16, 128n);
  const whole = keyStream(o.key, counter, 16 + p.length, 128n);
  return Buffer.concat([xor(p, whole.subarray(16)), xor(mac, stream.subarray(0, 16))]);
}

describe('SM4 with authentication', () => {
  test('GCM equals its definition for every kind of nonce, text and aad', () => {
    fc.assert(
      fc.property(
        key16,
        fc.oneof(
          fc.uint8Array({ minLength: 12, maxLength: 12 }),
          fc.uint8Array({ minLength: 1, maxLength: 60 }),
        ),
        fc.uint8Array({ maxLength: 50 }),
        fc.uint8Array({ maxLength: 200 }),
        (key, iv, aad, plaintext) => {
          const ours = gm.sm4.encrypt({ mode: 'gcm', key, iv, aad }, plaintext);
          expect(hex(ours)).toBe(hex(gcmByDefinition({ key, iv, aad }, plaintext)));
        },
      ),
      { numRuns: 100 },
    );
  });

  test('the counter of GCM carries over 32 bits alone', () => {
    // A nonce of 16 bytes whose first counter is all ones in its last word: GHASH is inverted by
    // search over nonces, a few of which reach the wrap within one message of 2^17 blocks.
    const key = unhex(standard.key);
    const plaintext = zeros(2 ** 21);
    const h = toInteger(blockCipher(key, zeros(16)));
    for (let i = 0; ; i++) {
      const iv = toBlock(BigInt(i));
      const j0 = ghashByDefinition(h, Buffer.concat([iv, lengths(0, 16)]));
      const low = Number(j0 & 0xffffffffn);
      if (low < 2 ** 32 - 2 ** 17) continue;
      const ours = gm.sm4.encrypt({ mode: 'gcm', key, iv }, plaintext);
      const wrap = 2 ** 32 - low - 1;
      const around = keyStream(key, (j0 >> 32n) << 32n, 32, 32n);
      expect(hex(ours.subarray(16 * wrap, 16 * wrap + 32))).toBe(hex(around));
      expect(hex(gm.sm4.decrypt({ mode: 'gcm', key, iv }, ours))).toBe(hex(plaintext));
      break;
    }
  });

  test('CCM equals its definition for every nonce length', () => {
    fc.assert(
      fc.property(
        key16,
        fc.uint8Array({ minLength: 7, maxLength: 13 }),
        fc.uint8Array({ maxLength: 50 }),
        fc.uint8Array({ maxLength: 200 }),
        (key, iv, aad, plaintext) => {
          const ours = gm.sm4.encrypt({ mode: 'ccm', key, iv, aad }, plaintext);
          expect(hex(ours)).toBe(hex(ccmByDefinition({ key, iv, aad }, plaintext)));
          expect(hex(gm.sm4.decrypt({ mode: 'ccm', key, iv, aad }, ours))).toBe(hex(plaintext));
        },
      ),
      { numRuns: 100 },
    );
    const key = randomBytes(16);
    const iv = randomBytes(12);
    const aad = randomBytes(66_000);
    expect(hex(gm.sm4.encrypt({ mode: 'ccm', key, iv, aad }, aad))).toBe(
      hex(ccmByDefinition({ key, iv, aad }, aad)),
    );
  });

  test('GCM agrees with sm-crypto-v2', () => {
    fc.assert(
      fc.property(key16, fc.uint8Array({ maxLength: 100 }), (key, plaintext) => {
        const iv = randomBytes(12);
        const theirs = smCryptoV2.sm4.encrypt(plaintext, key, {
          mode: 'gcm',
          iv: hex(iv),
          output: 'array',
          outputTag: true,
        }) as unknown as { output: Uint8Array; tag: Uint8Array };
        const ours = gm.sm4.encrypt({ mode: 'gcm', key, iv }, plaintext);
        expect(hex(ours)).toBe(hex(theirs.output) + hex(theirs.tag));
      }),
      { numRuns: 30 },
    );
  });

  test.each(['gcm', 'ccm'] as const)('%s refuses every flipped bit and every cut', (mode) => {
    const options: Sm4Options = { mode, key: randomBytes(16), iv: randomBytes(12), aad: zeros(3) };
    const ciphertext = gm.sm4.encrypt(options, randomBytes(37));
    for (let bit = 0; bit < 8 * ciphertext.length; bit++) {
      const changed = ciphertext.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(codeOf(() => gm.sm4.decrypt(options, changed))).toBe('decryption_failed');
    }
    for (let length = 0; length < ciphertext.length; length++) {
      expect(codeOf(() => gm.sm4.decrypt(options, ciphertext.subarray(0, length)))).toBe(
        'decryption_failed',
      );
    }
    const other = { ...options, aad: zeros(4) };
    expect(codeOf(() => gm.sm4.decrypt(other, ciphertext))).toBe('decryption_failed');
  });

  test('round trips beyond one piece of the exchange region', () => {
    for (const mode of ['gcm', 'ccm'] as const) {
      for (const length of LENGTHS) {
        const options: Sm4Options = {
          mode,
          key: randomBytes(16),
          iv: randomBytes(12),
          aad: randomBytes(length),
        };
        const plaintext = randomBytes(length);
        const ciphertext = gm.sm4.encrypt(options, plaintext);
        expect(hex(gm.sm4.decrypt(options, ciphertext))).toBe(hex(plaintext));
        ciphertext[0] = (ciphertext[0] ?? 0) ^ 1;
        expect(codeOf(() => gm.sm4.decrypt(options, ciphertext))).toBe('decryption_failed');
      }
    }
  });
});

describe('SM4 options', () => {
  const key = randomBytes(16);
  const iv = randomBytes(16);
  const data = new Uint8Array(16);

  test.each<[string, object]>([
    ['no mode', { key }],
    ['an unknown mode', { mode: 'cfb', key, iv }],
    ['a mode named like a property of every object', { mode: 'toString', key }],
    ['no key', { mode: 'ecb' }],
    ['a key of 15 bytes', { mode: 'ecb', key: key.subarray(1) }],
    ['a key in hex', { mode: 'ecb', key: hex(key) }],
    ['ECB with an iv', { mode: 'ecb', key, iv }],
    ['CBC without an iv', { mode: 'cbc', key }],
    ['CBC with an iv of 12 bytes', { mode: 'cbc', key, iv: iv.subarray(4) }],
    ['CTR without an iv', { mode: 'ctr', key }],
    ['CTR with padding', { mode: 'ctr', key, iv, padding: 'pkcs7' }],
    ['GCM without an iv', { mode: 'gcm', key }],
    ['GCM with an empty iv', { mode: 'gcm', key, iv: new Uint8Array(0) }],
    ['CCM with an iv of 14 bytes', { mode: 'ccm', key, iv: iv.subarray(2) }],
    ['CBC with aad', { mode: 'cbc', key, iv, aad: data }],
    ['an unknown padding', { mode: 'cbc', key, iv, padding: 'zero' }],
    ['an unknown option', { mode: 'cbc', key, iv, tagLength: 16 }],
  ])('refuses %s', (_, options) => {
    expect(codeOf(() => gm.sm4.encrypt(options as Sm4Options, data))).toBe('argument_invalid');
    expect(codeOf(() => gm.sm4.decrypt(options as Sm4Options, data))).toBe('argument_invalid');
  });

  test('refuses plaintext that is not bytes, and a broken block without padding', () => {
    const options: Sm4Options = { mode: 'ecb', key, padding: 'none' };
    expect(codeOf(() => gm.sm4.encrypt(options, 'text' as never))).toBe('argument_invalid');
    expect(codeOf(() => gm.sm4.encrypt(options, data.subarray(1)))).toBe('argument_invalid');
    expect(codeOf(() => gm.sm4.decrypt(options, data.subarray(1)))).toBe('decryption_failed');
    const padding: Sm4Options = { mode: 'ecb', key };
    expect(codeOf(() => gm.sm4.decrypt(padding, new Uint8Array(0)))).toBe('decryption_failed');
  });

  test('decides every last block as PKCS#7 says', () => {
    const none: Sm4Options = { mode: 'ecb', key, padding: 'none' };
    for (let last = 0; last < 256; last++) {
      for (let wrong = -1; wrong < 15; wrong++) {
        const block = new Uint8Array(16).fill(last);
        if (wrong >= 0) block[wrong] = last ^ 1;
        const right = last >= 1 && last <= 16 && (wrong < 0 || wrong < 16 - last);
        const ciphertext = gm.sm4.encrypt(none, block);
        const code = codeOf(() => gm.sm4.decrypt({ mode: 'ecb', key }, ciphertext));
        expect(code, `${last} with ${wrong} changed`).toBe(right ? 'none' : 'decryption_failed');
      }
    }
  });

  test('no error message holds key or data', () => {
    const secret = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
    for (const act of [
      () => gm.sm4.encrypt({ mode: hex(secret) as Sm4Mode, key: secret }, data),
      () => gm.sm4.encrypt({ mode: 'ecb', key: secret, [hex(secret)]: 1 } as never, data),
      () => gm.sm4.decrypt({ mode: 'gcm', key: secret, iv }, data),
    ]) {
      expect(act).toThrow();
      try {
        act();
      } catch (error) {
        expect(String(error)).not.toContain('00112233');
      }
    }
  });
});

interface HeldCipher {
  id: string;
  mode: string;
  padding?: 'pkcs7' | 'none';
  key: string;
  iv?: string;
  aad?: string;
  msg?: string;
  ciphertext: string;
  tag?: string;
  iterations?: number;
  valid: boolean;
}
const held = heldCases<HeldCipher>('gm/sm4.json');
test.skipIf(!held)('SM4 decides all held vectors right', () => {
  for (const vector of held ?? []) {
    if (vector.mode === 'ecb-iterate') continue;
    const mode = vector.mode as Sm4Mode;
    const options: Sm4Options = {
      mode,
      key: unhex(vector.key),
      ...(mode === 'ecb' ? {} : { iv: unhex(vector.iv ?? '') }),
      ...(mode === 'gcm' ? { aad: unhex(vector.aad ?? '') } : {}),
      ...(vector.padding ? { padding: vector.padding } : {}),
    };
    const ciphertext = unhex(vector.ciphertext + (vector.tag ?? ''));
    if (!vector.valid) {
      expect(
        codeOf(() => gm.sm4.decrypt(options, ciphertext)),
        vector.id,
      ).toBe('decryption_failed');
      continue;
    }
    expect(hex(gm.sm4.encrypt(options, unhex(vector.msg ?? ''))), vector.id).toBe(hex(ciphertext));
    expect(hex(gm.sm4.decrypt(options, ciphertext)), vector.id).toBe(vector.msg);
  }
});
