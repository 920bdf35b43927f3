import {
  createPrivateKey,
  createPublicKey,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import * as smCryptoV2 from 'sm-crypto-v2';
import { expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import { privateKeyPem, publicKeyPem } from '../../helpers/sm2-pem.ts';
import { bytesOf, drawer, n } from '../../helpers/sm2-reference.ts';

const { sm2 } = await loadGm();
const ROUNDS = 10_000;
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromHex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'));

/** Pairs whose d, x or y begins with zeros, and then ordinary ones. */
function pairsWithZeros() {
  const draw = drawer(0);
  const wanted = { d: 40, x: 40, y: 40, none: 40 };
  const pairs = [];
  while (wanted.d + wanted.x + wanted.y + wanted.none > 0) {
    const privateKey = bytesOf(draw(wanted.d > 0 ? 1n << 244n : n - 1n));
    const publicKey = sm2.publicKey(privateKey);
    const kind =
      privateKey[0] === 0 ? 'd' : publicKey[1] === 0 ? 'x' : publicKey[33] === 0 ? 'y' : 'none';
    if (wanted[kind] === 0) continue;
    wanted[kind]--;
    pairs.push({ privateKey, publicKey });
  }
  return pairs;
}

const pairs = pairsWithZeros();
const pairOf = (i: number) => {
  const pair = pairs[i % pairs.length];
  if (!pair) throw new Error('no pair');
  return pair;
};

test(`${ROUNDS} signatures each way with OpenSSL, all key shapes, zeros in r and s`, () => {
  const keys = pairs.map(({ privateKey, publicKey }) => ({
    secret: createPrivateKey(privateKeyPem(privateKey, publicKey)),
    open: createPublicKey(publicKeyPem(publicKey)),
  }));
  const zeros = { r: 0, s: 0 };
  for (let i = 0; i < ROUNDS; i++) {
    const pair = pairOf(i);
    const key = keys[i % keys.length];
    if (!key) throw new Error('no key');
    const message = bytesOf(BigInt(i), 1 + (i % 90));
    const raw = sm2.sign(pair.privateKey, message, { id: '', format: 'raw' });
    if (raw[0] === 0) zeros.r++;
    if (raw[32] === 0) zeros.s++;
    const ours = sm2.sign(pair.privateKey, message, { id: '' });
    if (!nodeVerify('sm3', message, key.open, ours)) throw new Error(`round ${i}: ours refused`);
    const theirs = nodeSign('sm3', message, key.secret);
    if (!sm2.verify(pair.publicKey, message, theirs, { id: '' })) {
      throw new Error(`round ${i}: theirs refused`);
    }
    theirs[theirs.length - 1] = (theirs[theirs.length - 1] ?? 0) ^ 1;
    expect(sm2.verify(pair.publicKey, message, theirs, { id: '' })).toBe(false);
  }
  expect(zeros.r).toBeGreaterThan(0);
  expect(zeros.s).toBeGreaterThan(0);
});

test(`${ROUNDS} signatures and ciphertexts each way with sm-crypto-v2`, () => {
  const { doSignature, doVerifySignature, doEncrypt, doDecrypt, precomputePublicKey } =
    smCryptoV2.sm2;
  const tables = pairs.map(({ publicKey }) => precomputePublicKey(hex(publicKey)));
  for (let i = 0; i < ROUNDS; i++) {
    const pair = pairOf(i);
    const table = tables[i % tables.length];
    const message = bytesOf(BigInt(i), 1 + (i % 90));
    const ours = hex(sm2.sign(pair.privateKey, message));
    const isTaken = doVerifySignature(message, ours, table ?? hex(pair.publicKey), {
      hash: true,
      der: true,
    });
    if (!isTaken) throw new Error(`round ${i}: our signature refused`);
    const theirs = fromHex(doSignature(message, hex(pair.privateKey), { hash: true, der: true }));
    if (!sm2.verify(pair.publicKey, message, theirs)) {
      throw new Error(`round ${i}: their signature refused`);
    }
    const mode = i % 2 === 0 ? 1 : 0;
    const format = mode === 1 ? 'raw' : 'raw-c1c2c3';
    const sent = fromHex(`04${doEncrypt(message, table ?? hex(pair.publicKey), mode)}`);
    if (hex(sm2.decrypt(pair.privateKey, sent, { format })) !== hex(message)) {
      throw new Error(`round ${i}: their ciphertext`);
    }
    const received = hex(sm2.encrypt(pair.publicKey, message, { format })).slice(2);
    const opened = doDecrypt(received, hex(pair.privateKey), mode, { output: 'array' });
    if (hex(opened) !== hex(message)) throw new Error(`round ${i}: our ciphertext`);
  }
});
