import { execFileSync } from 'node:child_process';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign as nodeSign,
  verify as nodeVerify,
  randomBytes,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import gmCrypto from 'gm-crypto';
import smCrypto from 'sm-crypto';
import * as smCryptoV2 from 'sm-crypto-v2';
import { afterAll, describe, expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import {
  derBitString,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
} from '../../../src/lib/der.ts';

const gm = await loadGm();
const { keys, sm2, sm4 } = gm;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

const folder = mkdtempSync(join(tmpdir(), 'gm-interop-'));
afterAll(() => rmSync(folder, { recursive: true }));

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

const { privateKey, publicKey } = sm2.generateKeyPair();
const privatePem = keys.toPem('PRIVATE KEY', keys.encodePkcs8(privateKey));
const publicPem = keys.toPem('PUBLIC KEY', keys.encodeSpki(publicKey));
const message = randomBytes(123);
const DISTID = '1234567812345678';

const tests: Record<string, [title: string, run: () => void | Promise<void>]> = {
  I1: [
    'OpenSSL with distid, both ways',
    () => {
      const ours = sm2.sign(privateKey, message);
      const verified = openssl(
        `dgst -sm3 -sigopt distid:${DISTID} -verify {0} -signature {1} {2}`,
        publicPem,
        ours,
        message,
      );
      expect(verified.toString()).toContain('Verified OK');
      const theirs = openssl(
        `dgst -sm3 -sigopt distid:${DISTID} -sign {0} {1}`,
        privatePem,
        message,
      );
      expect(sm2.verify(publicKey, message, theirs)).toBe(true);
      expect(sm2.verify(publicKey, message, theirs, { id: '' })).toBe(false);
    },
  ],
  I2: [
    'node:crypto with an SM2 PEM key has the empty identity',
    () => {
      const theirs = nodeSign('sm3', message, createPrivateKey(privatePem));
      expect(sm2.verify(publicKey, message, theirs, { id: '' })).toBe(true);
      expect(sm2.verify(publicKey, message, theirs)).toBe(false);
      const ours = sm2.sign(privateKey, message, { id: '' });
      expect(nodeVerify('sm3', message, createPublicKey(publicPem), ours)).toBe(true);
    },
  ],
  I3: [
    'OpenSSL pkeyutl, both ways',
    () => {
      const ours = sm2.encrypt(publicKey, message);
      expect(hex(openssl('pkeyutl -decrypt -inkey {0} -in {1}', privatePem, ours))).toBe(
        hex(message),
      );
      const theirs = openssl('pkeyutl -encrypt -pubin -inkey {0} -in {1}', publicPem, message);
      expect(hex(sm2.decrypt(privateKey, theirs))).toBe(hex(message));
    },
  ],
  I4: [
    'C1 C2 C3, as sm-crypto-v2 makes it in mode 0',
    () => {
      const ours = sm2.encrypt(publicKey, message, { format: 'raw-c1c2c3' });
      const read = smCryptoV2.sm2.doDecrypt(hex(ours).slice(2), hex(privateKey), 0, {
        output: 'array',
      });
      expect(hex(read)).toBe(hex(message));
      const theirs = smCryptoV2.sm2.doEncrypt(message, hex(publicKey), 0);
      const format = { format: 'raw-c1c2c3' } as const;
      expect(hex(sm2.decrypt(privateKey, unhex(`04${theirs}`), format))).toBe(hex(message));
      expect(() => sm2.decrypt(privateKey, unhex(`04${theirs}`), { format: 'raw' })).toThrow();
    },
  ],
  I5: [
    'C1 C3 C2, which is the parts of OpenSSL’s ciphertext in their order',
    () => {
      const theirs = openssl('pkeyutl -encrypt -pubin -inkey {0} -in {1}', publicPem, message);
      const listing = openssl('asn1parse -inform DER -in {0}', theirs).toString();
      const numbers = [...listing.matchAll(/INTEGER\s+:(\w+)/g)].map(([, x = '']) =>
        x.toLowerCase().padStart(64, '0'),
      );
      const strings = [...listing.matchAll(/OCTET STRING\s+\[HEX DUMP\]:(\w+)/g)].map(([, x]) => x);
      const raw = unhex(`04${numbers.join('')}${strings.join('')}`);
      expect(hex(sm2.decrypt(privateKey, raw, { format: 'raw' }))).toBe(hex(message));
      const ours = sm2.encrypt(publicKey, message, { format: 'raw' });
      expect(ours).toHaveLength(65 + 32 + message.length);
    },
  ],
  I6: [
    'a signature as r then s, both ways with sm-crypto-v2',
    () => {
      const ours = sm2.sign(privateKey, message, { format: 'raw' });
      const options = { hash: true, der: false, publicKey: hex(publicKey) };
      expect(smCryptoV2.sm2.doVerifySignature(message, hex(ours), hex(publicKey), options)).toBe(
        true,
      );
      const theirs = smCryptoV2.sm2.doSignature(message, hex(privateKey), options);
      expect(sm2.verify(publicKey, message, unhex(theirs), { format: 'raw' })).toBe(true);
    },
  ],
  I7: [
    'sm-crypto of web pages and mini programs: signatures and ciphertexts both ways',
    () => {
      const text = 'a message of a mini program, 小程序';
      const bytes = new TextEncoder().encode(text);
      const options = { hash: true, publicKey: hex(publicKey) };
      const signature = smCrypto.sm2.doSignature(text, hex(privateKey), options);
      expect(sm2.verify(publicKey, bytes, unhex(signature), { format: 'raw' })).toBe(true);
      const ours = hex(sm2.sign(privateKey, bytes, { format: 'raw' }));
      expect(smCrypto.sm2.doVerifySignature(text, ours, hex(publicKey), options)).toBe(true);

      const theirs = smCrypto.sm2.doEncrypt(text, hex(publicKey), 1);
      const read = sm2.decrypt(privateKey, unhex(`04${theirs}`), { format: 'raw' });
      expect(new TextDecoder().decode(read)).toBe(text);
      const encrypted = hex(sm2.encrypt(publicKey, bytes, { format: 'raw' })).slice(2);
      expect(smCrypto.sm2.doDecrypt(encrypted, hex(privateKey), 1)).toBe(text);
    },
  ],
  I8: [
    'gm-crypto, both ways',
    () => {
      const { SM2 } = gmCrypto;
      const output = { outputEncoding: 'hex' } as const;
      const theirs = SM2.encrypt(message, hex(publicKey), output);
      const read = sm2.decrypt(privateKey, unhex(`04${theirs}`), { format: 'raw' });
      expect(hex(read)).toBe(hex(message));
      const input = { inputEncoding: 'hex', outputEncoding: 'hex' } as const;
      const readByThem = (bytes: Uint8Array) => {
        const ours = hex(sm2.encrypt(publicKey, bytes, { format: 'raw' })).slice(2);
        return SM2.decrypt(ours, hex(privateKey), input);
      };
      expect(readByThem(Uint8Array.of(0x10, ...message))).toBe(`10${hex(message)}`);
      // It writes the message as a number, so the zeros in front are gone, and C3 is wrong for it.
      expect(readByThem(Uint8Array.of(0x0f, ...message))).toBe('');
    },
  ],
  I9: [
    'private keys of OpenSSL, and of Java with the curve repeated inside',
    () => {
      const pair = { privateKey, publicKey };
      const pkcs8 = openssl('pkey -in {0}', privatePem).toString();
      expect(keys.decodePkcs8(keys.fromPem('PRIVATE KEY', pkcs8))).toEqual(pair);
      const sec1 = openssl('ec -in {0}', privatePem).toString();
      expect(keys.decodeSec1(keys.fromPem('SM2 PRIVATE KEY', sec1))).toEqual(pair);
      const java = derSequence(
        derInteger(0),
        derSequence(
          derObjectIdentifier('1.2.840.10045.2.1'),
          derObjectIdentifier('1.2.156.10197.1.301'),
        ),
        derOctetString(keys.encodeSec1(privateKey)),
      );
      expect(openssl('pkey -inform DER -in {0}', java).toString()).toContain('PRIVATE KEY');
      expect(keys.decodePkcs8(java)).toEqual(pair);
    },
  ],
  I10: [
    'public keys of OpenSSL, compressed and not',
    () => {
      for (const form of ['compressed', 'uncompressed']) {
        const text = openssl(`ec -pubin -in {0} -conv_form ${form}`, publicPem).toString();
        const der = keys.fromPem('PUBLIC KEY', text);
        expect(keys.decodeSpki(der)).toEqual(publicKey);
        expect(keys.encodeSpki(publicKey, { compressed: form === 'compressed' })).toEqual(der);
      }
    },
  ],
  I11: [
    'OpenSSL reads our encrypted key with HMAC-SHA-256',
    async () => {
      const options = { prf: 'sha256', iterations: 2048 } as const;
      const der = await keys.encryptPkcs8(privateKey, 'pass', options);
      const text = keys.toPem('ENCRYPTED PRIVATE KEY', der);
      expect(openssl('pkey -passin pass:pass -in {0}', text).toString()).toBe(privatePem);
    },
  ],
  I12: [
    'an encrypted key with HMAC-SM3 names what GmSSL and BouncyCastle name',
    async () => {
      const der = await keys.encryptPkcs8(privateKey, 'pass', { iterations: 1000 });
      const listing = openssl('asn1parse -inform DER -in {0}', der).toString();
      expect(listing).toContain('PBES2');
      expect(listing).toContain('PBKDF2');
      expect(listing).toContain('1.2.156.10197.1.401.2');
      expect(listing).toContain('sm4-cbc');
      expect((await keys.decryptPkcs8(der, 'pass')).privateKey).toEqual(privateKey);
    },
  ],
  I13: [
    'SM2EnvelopedKey put together by OpenSSL from the parts that the standard names',
    () => {
      const carried = sm2.generateKeyPair();
      const key = randomBytes(16);
      const wrapped = openssl('pkeyutl -encrypt -pubin -inkey {0} -in {1}', publicPem, key);
      const command = `enc -e -sm4-ecb -nopad -K ${hex(key)} -in {0}`;
      const envelope = derSequence(
        derSequence(derObjectIdentifier('1.2.156.10197.1.104.1'), derNull()),
        wrapped,
        derBitString(carried.publicKey),
        derBitString(openssl(command, carried.privateKey)),
      );
      expect(keys.openEnvelopedKey(envelope, privateKey)).toEqual(carried);
    },
  ],
  I14: [
    'SM4-CBC with OpenSSL and sm-crypto',
    () => {
      const [key, iv] = [randomBytes(16), randomBytes(16)];
      const ours = sm4.encrypt({ mode: 'cbc', key, iv }, message);
      const command = `enc -d -sm4-cbc -K ${hex(key)} -iv ${hex(iv)} -in {0}`;
      expect(hex(openssl(command, ours))).toBe(hex(message));
      const options = { mode: 'cbc', iv: hex(iv), output: 'array' };
      const theirs = smCrypto.sm4.encrypt([...message], hex(key), options);
      expect(theirs).toEqual([...ours]);
    },
  ],
  I15: [
    'SM4-GCM puts the tag behind the ciphertext, as RFC 8998 and sm-crypto-v2 have it',
    () => {
      const [key, iv] = [randomBytes(16), randomBytes(12)];
      const ours = sm4.encrypt({ mode: 'gcm', key, iv }, message);
      const theirs = smCryptoV2.sm4.encrypt(message, key, {
        mode: 'gcm',
        iv: hex(iv),
        output: 'array',
        outputTag: true,
      } as never) as unknown as { output: Uint8Array; tag: Uint8Array };
      expect(hex(ours)).toBe(hex(theirs.output) + hex(theirs.tag));
    },
  ],
  I16: [
    'SM4-CTR with OpenSSL',
    () => {
      const [key, iv] = [randomBytes(16), new Uint8Array(16).fill(255)];
      const ours = sm4.encrypt({ mode: 'ctr', key, iv }, message);
      const command = `enc -d -sm4-ctr -K ${hex(key)} -iv ${hex(iv)} -in {0}`;
      expect(hex(openssl(command, ours))).toBe(hex(message));
    },
  ],
  I17: [
    'SM3, HMAC-SM3 and HKDF-SM3 with OpenSSL',
    () => {
      const digest = openssl('dgst -sm3 -binary {0}', message);
      expect(hex(gm.sm3(message))).toBe(hex(digest));
      expect(hex(digest)).toBe(createHash('sm3').update(message).digest('hex'));
      const key = randomBytes(20);
      const mac = openssl(`dgst -sm3 -mac HMAC -macopt hexkey:${hex(key)} -binary {0}`, message);
      expect(hex(gm.hmacSm3(key, message))).toBe(hex(mac));
      const derived = openssl(
        `kdf -keylen 50 -kdfopt digest:SM3 -kdfopt hexkey:${hex(key)} -kdfopt hexsalt:0a0b -kdfopt hexinfo:0c -binary HKDF`,
      );
      const options = { salt: unhex('0a0b'), info: unhex('0c'), length: 50 };
      expect(hex(gm.hkdfSm3(key, options))).toBe(hex(derived));
    },
  ],
};

describe('rows of docs/gm-interop.md', () => {
  test.each(Object.entries(tests).map(([id, [title, run]]) => ({ id, title, run })))(
    '$id $title',
    ({ run }) => run(),
  );

  test('every row has its test', () => {
    const text = readFileSync(new URL('../../../docs/gm-interop.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| (I\d+) \|/gm)].map(([, id]) => id);
    expect(rows).toEqual(Object.keys(tests));
  });
});
