import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { GmError, loadGm, type PemLabel } from '../../../src/core/gm.ts';
import {
  derBitString,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  readDer,
} from '../../../src/lib/der.ts';
import { heldCases } from '../../helpers/held-vectors.ts';

const gm = await loadGm();
const { keys, sm2 } = gm;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));
const folder = mkdtempSync(join(tmpdir(), 'gm-keys-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
  } catch (error) {
    if (error instanceof GmError) return error.code;
    throw error;
  }
  return 'none';
}

/** Writes the inputs to files and runs openssl with `{0}`, `{1}` standing for them. */
function openssl(command: string, ...inputs: (string | Uint8Array)[]): Buffer {
  const files = inputs.map((input, i) => {
    const file = join(folder, `input-${i}`);
    writeFileSync(file, input);
    return file;
  });
  const words = command
    .split(' ')
    .map((word) => word.replace(/\{(\d)\}/, (_, i) => files[i] ?? ''));
  return execFileSync('openssl', words, { stdio: ['ignore', 'pipe', 'pipe'] });
}

const pairs = [
  sm2.generateKeyPair(),
  // Private keys and points whose numbers begin with zeros.
  ...[1n, 2n, 255n, 2n ** 200n].map((d) => {
    const privateKey = unhex(d.toString(16).padStart(64, '0'));
    return { privateKey, publicKey: sm2.publicKey(privateKey) };
  }),
];

describe('plain formats', () => {
  test('read what they write', () => {
    for (const pair of pairs) {
      const { privateKey, publicKey } = pair;
      expect(keys.decodePkcs8(keys.encodePkcs8(privateKey))).toEqual(pair);
      expect(keys.decodeSec1(keys.encodeSec1(privateKey))).toEqual(pair);
      expect(keys.decodeSpki(keys.encodeSpki(publicKey))).toEqual(publicKey);
      expect(keys.decodeSpki(keys.encodeSpki(publicKey, { compressed: true }))).toEqual(publicKey);
    }
  });

  test('are byte for byte what the OpenSSL program writes', () => {
    for (const { privateKey, publicKey } of pairs) {
      const sec1 = keys.toPem('EC PRIVATE KEY', keys.encodeSec1(privateKey));
      const pkcs8 = keys.toPem('PRIVATE KEY', keys.encodePkcs8(privateKey));
      const spki = keys.toPem('PUBLIC KEY', keys.encodeSpki(publicKey));
      const short = keys.toPem('PUBLIC KEY', keys.encodeSpki(publicKey, { compressed: true }));
      expect(openssl('pkey -in {0}', sec1).toString()).toBe(pkcs8);
      const named = keys.toPem('SM2 PRIVATE KEY', keys.encodeSec1(privateKey));
      expect(openssl('ec -in {0}', pkcs8).toString()).toBe(named);
      expect(openssl('pkey -in {0} -pubout', pkcs8).toString()).toBe(spki);
      expect(openssl('ec -pubin -in {0} -conv_form compressed', spki).toString()).toBe(short);
      expect(openssl('ec -pubin -in {0} -conv_form uncompressed', short).toString()).toBe(spki);
    }
  });

  test('read keys that OpenSSL made, and sign for them', () => {
    const pem = openssl('genpkey -algorithm SM2').toString();
    const pair = keys.decodePkcs8(keys.fromPem('PRIVATE KEY', pem));
    const spki = openssl('pkey -in {0} -pubout', pem).toString();
    expect(keys.decodeSpki(keys.fromPem('PUBLIC KEY', spki))).toEqual(pair.publicKey);
    const message = randomBytes(100);
    const signature = sm2.sign(pair.privateKey, message);
    const answer = openssl(
      'dgst -sm3 -sigopt distid:1234567812345678 -verify {0} -signature {1} {2}',
      spki,
      signature,
      message,
    );
    expect(answer.toString()).toContain('Verified OK');
  });

  test('are read by node:crypto', () => {
    for (const { privateKey, publicKey } of pairs) {
      const key = createPrivateKey({
        key: Buffer.from(keys.encodePkcs8(privateKey)),
        format: 'der',
        type: 'pkcs8',
      });
      const spki = createPublicKey(key).export({ format: 'der', type: 'spki' });
      expect(hex(keys.encodeSpki(publicKey))).toBe(spki.toString('hex'));
    }
  });

  test('SEC1 inside PKCS#8 may repeat the curve and leave out the point, as BouncyCastle does', () => {
    const { privateKey, publicKey } = sm2.generateKeyPair();
    const algorithm = derSequence(
      derObjectIdentifier('1.2.840.10045.2.1'),
      derObjectIdentifier('1.2.156.10197.1.301'),
    );
    for (const inner of [
      keys.encodeSec1(privateKey),
      derSequence(derInteger(1), derOctetString(privateKey)),
    ]) {
      const info = derSequence(derInteger(0), algorithm, derOctetString(inner));
      expect(keys.decodePkcs8(info)).toEqual({ privateKey, publicKey });
    }
  });

  test('one is never taken for another', async () => {
    const { privateKey, publicKey } = sm2.generateKeyPair();
    const pkcs8 = keys.encodePkcs8(privateKey);
    const sec1 = keys.encodeSec1(privateKey);
    const spki = keys.encodeSpki(publicKey);
    for (const [read, others] of [
      [keys.decodePkcs8, [sec1, spki, privateKey]],
      [keys.decodeSec1, [pkcs8, spki, privateKey]],
      [keys.decodeSpki, [sec1, pkcs8, publicKey]],
    ] as const) {
      for (const other of others) expect(await codeOf(() => read(other))).toBe('format_invalid');
    }
    const labels: PemLabel[] = ['PRIVATE KEY', 'EC PRIVATE KEY', 'PUBLIC KEY'];
    for (const label of labels) {
      const text = keys.toPem(label, pkcs8);
      for (const other of labels) {
        const code = other === label ? 'none' : 'format_invalid';
        expect(await codeOf(() => keys.fromPem(other, text))).toBe(code);
      }
    }
  });

  test('refuse every cut, every changed byte that is not part of the key, and more bytes', async () => {
    const { privateKey } = sm2.generateKeyPair();
    for (const [encode, decode] of [
      [keys.encodePkcs8, keys.decodePkcs8],
      [keys.encodeSec1, keys.decodeSec1],
    ] as const) {
      const der = encode(privateKey);
      for (let length = 0; length < der.length; length++) {
        expect(await codeOf(() => decode(der.subarray(0, length)))).toBe('format_invalid');
      }
      expect(await codeOf(() => decode(Uint8Array.of(...der, 0)))).toBe('format_invalid');
      for (let i = 0; i < der.length; i++) {
        const changed = der.slice();
        changed[i] = (changed[i] ?? 0) ^ 1;
        expect(['format_invalid', 'key_invalid']).toContain(await codeOf(() => decode(changed)));
      }
    }
  });

  test('no input makes them fail in another way', () => {
    const seeds = pairs.flatMap(({ privateKey, publicKey }) => [
      keys.encodePkcs8(privateKey),
      keys.encodeSec1(privateKey),
      keys.encodeSpki(publicKey),
    ]);
    const mutated = fc
      .tuple(
        fc.constantFrom(...seeds),
        fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { maxLength: 4 }),
      )
      .map(([seed, changes]) => {
        const bytes = seed.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        for (const read of [keys.decodePkcs8, keys.decodeSec1, keys.decodeSpki]) {
          try {
            read(bytes);
          } catch (error) {
            expect(error).toBeInstanceOf(GmError);
            expect(['format_invalid', 'key_invalid']).toContain((error as GmError).code);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });

  test('a key read from a Buffer is a copy: wiping the Buffer leaves the key', () => {
    const { privateKey } = sm2.generateKeyPair();
    const forms = [
      { der: keys.encodePkcs8(privateKey), read: keys.decodePkcs8 },
      { der: keys.encodeSec1(privateKey), read: keys.decodeSec1 },
    ];
    for (const { der, read } of forms) {
      const file = Buffer.from(der);
      const pair = read(file);
      file.fill(0);
      expect(hex(pair.privateKey)).toBe(hex(privateKey));
    }
  });

  test('refuse input beyond any key, and arguments of another kind', async () => {
    const long = derSequence(derOctetString(new Uint8Array(5000)));
    expect(await codeOf(() => keys.decodePkcs8(long))).toBe('format_invalid');
    expect(await codeOf(() => keys.decodePkcs8('text' as never))).toBe('argument_invalid');
    expect(await codeOf(() => keys.encodePkcs8(new Uint8Array(31)))).toBe('argument_invalid');
    expect(await codeOf(() => keys.encodePkcs8(new Uint8Array(32)))).toBe('key_invalid');
    expect(await codeOf(() => keys.encodeSpki(new Uint8Array(65)))).toBe('key_invalid');
    expect(await codeOf(() => keys.toPem('RSA PRIVATE KEY' as never, long))).toBe(
      'argument_invalid',
    );
    expect(await codeOf(() => keys.fromPem('PUBLIC KEY', 5 as never))).toBe('argument_invalid');
  });
});

describe('encrypted PKCS#8', () => {
  const password = 'correct horse 印鉴';

  test('reads what it writes, with either function', async () => {
    const pair = sm2.generateKeyPair();
    for (const prf of ['sm3', 'sha256'] as const) {
      const der = await keys.encryptPkcs8(pair.privateKey, password, { prf, iterations: 1000 });
      expect(await keys.decryptPkcs8(der, password)).toEqual(pair);
      expect(await keys.decryptPkcs8(der, new TextEncoder().encode(password))).toEqual(pair);
      expect(await codeOf(() => keys.decryptPkcs8(der, `${password} `))).toBe('decryption_failed');
      expect(hex(der)).not.toContain(hex(pair.privateKey));
    }
  });

  test('OpenSSL reads ours with SHA-256, and we read what OpenSSL makes', async () => {
    const { privateKey } = sm2.generateKeyPair();
    const pkcs8 = keys.toPem('PRIVATE KEY', keys.encodePkcs8(privateKey));
    const options = { prf: 'sha256', iterations: 2048 } as const;
    const ours = keys.toPem(
      'ENCRYPTED PRIVATE KEY',
      await keys.encryptPkcs8(privateKey, 'pass', options),
    );
    expect(openssl('pkey -passin pass:pass -in {0}', ours).toString()).toBe(pkcs8);
    for (const cipher of ['sm4-cbc', 'aes-128-cbc', 'aes-256-cbc']) {
      const theirs = openssl(
        `pkcs8 -topk8 -v2 ${cipher} -v2prf hmacWithSHA256 -passout pass:pass -in {0}`,
        pkcs8,
      ).toString();
      const der = keys.fromPem('ENCRYPTED PRIVATE KEY', theirs);
      expect((await keys.decryptPkcs8(der, 'pass')).privateKey).toEqual(privateKey);
      expect(await codeOf(() => keys.decryptPkcs8(der, 'word'))).toBe('decryption_failed');
    }
  });

  test('with SM3 it is PBKDF2-HMAC-SM3 and SM4-CBC, done again here with OpenSSL', async () => {
    const { privateKey } = sm2.generateKeyPair();
    const der = await keys.encryptPkcs8(privateKey, password, { iterations: 3000 });
    const body = readDer(der, (reader) => {
      const info = reader.sequence();
      const algorithm = info.sequence();
      expect(algorithm.objectIdentifier()).toBe('1.2.840.113549.1.5.13');
      const parameters = algorithm.sequence();
      const derivation = parameters.sequence();
      expect(derivation.objectIdentifier()).toBe('1.2.840.113549.1.5.12');
      const pbkdf2 = derivation.sequence();
      const salt = pbkdf2.octetString();
      const iterations = pbkdf2.smallInteger(10_000);
      expect(pbkdf2.sequence().objectIdentifier()).toBe('1.2.156.10197.1.401.2');
      const cipher = parameters.sequence();
      expect(cipher.objectIdentifier()).toBe('1.2.156.10197.1.104.2');
      const key = pbkdf2Sync(password, salt, iterations, 16, 'sm3');
      const command = `enc -d -sm4-cbc -K ${hex(key)} -iv ${hex(cipher.octetString())} -in {0}`;
      return openssl(command, info.octetString());
    });
    expect(hex(body)).toBe(hex(keys.encodePkcs8(privateKey)));
  });

  function encrypted(changes: { iterations?: number; prf?: string; cipher?: string; iv?: number }) {
    const prf =
      changes.prf === ''
        ? []
        : [derSequence(derObjectIdentifier(changes.prf ?? '1.2.156.10197.1.401.2'))];
    return derSequence(
      derSequence(
        derObjectIdentifier('1.2.840.113549.1.5.13'),
        derSequence(
          derSequence(
            derObjectIdentifier('1.2.840.113549.1.5.12'),
            derSequence(
              derOctetString(new Uint8Array(16)),
              derInteger(changes.iterations ?? 1000),
              ...prf,
            ),
          ),
          derSequence(
            derObjectIdentifier(changes.cipher ?? '1.2.156.10197.1.104.2'),
            derOctetString(new Uint8Array(changes.iv ?? 16)),
          ),
        ),
      ),
      derOctetString(new Uint8Array(160)),
    );
  }

  test('leaves the password of the caller as it is, a Buffer too', async () => {
    const { privateKey } = sm2.generateKeyPair();
    const password = Buffer.from('correct horse');
    const first = await keys.encryptPkcs8(privateKey, password, { iterations: 1000 });
    const second = await keys.encryptPkcs8(privateKey, password, { iterations: 1000 });
    for (const der of [first, second]) {
      expect(hex((await keys.decryptPkcs8(der, password)).privateKey)).toBe(hex(privateKey));
      const same = await keys.decryptPkcs8(der, 'correct horse');
      expect(hex(same.privateKey)).toBe(hex(privateKey));
    }
    expect(password.toString()).toBe('correct horse');
  });

  test('refuses other schemes and too many rounds before it computes anything', async () => {
    for (const [der, code] of [
      [encrypted({}), 'decryption_failed'],
      [encrypted({ iterations: 0 }), 'format_invalid'],
      [encrypted({ iterations: 1_000_001 }), 'format_invalid'],
      [encrypted({ iterations: 2 ** 40 }), 'format_invalid'],
      [encrypted({ prf: '' }), 'format_invalid'],
      [encrypted({ prf: '1.2.840.113549.2.7' }), 'format_invalid'],
      [encrypted({ cipher: '1.2.840.113549.3.7' }), 'format_invalid'],
      [encrypted({ iv: 8 }), 'format_invalid'],
    ] as const) {
      expect(await codeOf(() => keys.decryptPkcs8(der, 'x'))).toBe(code);
    }
    const der = encrypted({ iterations: 2000 });
    expect(await codeOf(() => keys.decryptPkcs8(der, 'x', { iterationsMax: 1999 }))).toBe(
      'format_invalid',
    );
    const { privateKey } = sm2.generateKeyPair();
    for (const options of [{ iterations: 999 }, { iterations: 1_000_001 }, { prf: 'md5' }]) {
      expect(await codeOf(() => keys.encryptPkcs8(privateKey, 'x', options as never))).toBe(
        'argument_invalid',
      );
    }
  });
});

describe('SM2EnvelopedKey (GB/T 35276)', () => {
  test('carries a key to its recipient and to no one else', async () => {
    const recipient = sm2.generateKeyPair();
    for (const pair of pairs) {
      const der = keys.envelopKey(pair.privateKey, recipient.publicKey);
      expect(keys.openEnvelopedKey(der, recipient.privateKey)).toEqual(pair);
      const other = sm2.generateKeyPair();
      expect(await codeOf(() => keys.openEnvelopedKey(der, other.privateKey))).toBe(
        'decryption_failed',
      );
    }
  });

  test('has the parts that the standard names, in their order', () => {
    const recipient = sm2.generateKeyPair();
    const { privateKey, publicKey } = sm2.generateKeyPair();
    const der = keys.envelopKey(privateKey, recipient.publicKey);
    readDer(der, (reader) => {
      const envelope = reader.sequence();
      const algorithm = envelope.sequence();
      expect(algorithm.objectIdentifier()).toBe('1.2.156.10197.1.104.1');
      const cipher = derSequence(envelope.element(0x30));
      const key = sm2.decrypt(recipient.privateKey, cipher, { format: 'der' });
      expect(hex(envelope.bitString())).toBe(hex(publicKey));
      const encrypted = envelope.bitString();
      const plain = openssl(`enc -d -sm4-ecb -nopad -K ${hex(key)} -in {0}`, encrypted);
      expect(hex(plain)).toBe(hex(privateKey));
      envelope.end();
    });
  });

  test('refuses every changed byte', async () => {
    const recipient = sm2.generateKeyPair();
    const der = keys.envelopKey(sm2.generateKeyPair().privateKey, recipient.publicKey);
    for (let i = 0; i < der.length; i++) {
      const changed = der.slice();
      changed[i] = (changed[i] ?? 0) ^ 1;
      expect(['format_invalid', 'decryption_failed']).toContain(
        await codeOf(() => keys.openEnvelopedKey(changed, recipient.privateKey)),
      );
    }
  });

  test('accepts the plain SM4 identifier without parameters, and no other cipher', async () => {
    const recipient = sm2.generateKeyPair();
    const pair = sm2.generateKeyPair();
    const [cipher, point, encrypted] = readDer(
      keys.envelopKey(pair.privateKey, recipient.publicKey),
      (reader) => {
        const envelope = reader.sequence();
        envelope.sequence();
        return [derSequence(envelope.element(0x30)), envelope.bitString(), envelope.bitString()];
      },
    );
    if (!cipher || !point || !encrypted) throw new Error('the envelope has three parts');
    const rest = [cipher, derBitString(point), derBitString(encrypted)];
    const plain = derSequence(derSequence(derObjectIdentifier('1.2.156.10197.1.104')), ...rest);
    expect(keys.openEnvelopedKey(plain, recipient.privateKey)).toEqual(pair);
    const aes = derSequence(
      derSequence(derObjectIdentifier('2.16.840.1.101.3.4.1.1'), derNull()),
      ...rest,
    );
    expect(await codeOf(() => keys.openEnvelopedKey(aes, recipient.privateKey))).toBe(
      'format_invalid',
    );
  });
});

interface HeldKey {
  id: string;
  kind: 'pair' | 'encrypted' | 'bad-private' | 'bad-public';
  password?: string;
  privateKey?: string;
  publicKey?: string;
  publicKeyCompressed?: string;
  pkcs8Pem?: string;
  spkiPem?: string;
  sec1Pem?: string;
  spkiCompressedPem?: string;
}
const held = heldCases<HeldKey>('gm/sm2_keys.json');
test.skipIf(!held)('decides all held keys right', async () => {
  for (const vector of held ?? []) {
    const { pkcs8Pem = '', spkiPem = '', sec1Pem = '', spkiCompressedPem = '' } = vector;
    const pair = () => keys.decodePkcs8(keys.fromPem('PRIVATE KEY', pkcs8Pem));
    const expected = {
      privateKey: unhex(vector.privateKey ?? ''),
      publicKey: unhex(vector.publicKey ?? ''),
    };
    switch (vector.kind) {
      case 'pair':
        expect(pair(), vector.id).toEqual(expected);
        expect(keys.decodeSec1(keys.fromPem('EC PRIVATE KEY', sec1Pem))).toEqual(expected);
        for (const text of [spkiPem, spkiCompressedPem]) {
          const point = keys.decodeSpki(keys.fromPem('PUBLIC KEY', text));
          expect(point).toEqual(expected.publicKey);
        }
        expect(keys.toPem('PRIVATE KEY', keys.encodePkcs8(expected.privateKey))).toBe(pkcs8Pem);
        expect(keys.toPem('EC PRIVATE KEY', keys.encodeSec1(expected.privateKey))).toBe(sec1Pem);
        expect(keys.toPem('PUBLIC KEY', keys.encodeSpki(expected.publicKey))).toBe(spkiPem);
        break;
      case 'encrypted': {
        const der = keys.fromPem('ENCRYPTED PRIVATE KEY', pkcs8Pem);
        expect(await keys.decryptPkcs8(der, vector.password ?? ''), vector.id).toEqual(expected);
        break;
      }
      case 'bad-private':
        expect(['format_invalid', 'key_invalid'], vector.id).toContain(await codeOf(pair));
        break;
      case 'bad-public':
        expect(['format_invalid', 'key_invalid'], vector.id).toContain(
          await codeOf(() => keys.decodeSpki(keys.fromPem('PUBLIC KEY', spkiPem))),
        );
        break;
    }
  }
});
