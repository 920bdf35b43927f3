// SM2, SM3 and SM4 in Node against native OpenSSL and the JavaScript libraries. Prints progress to
// the error stream and one JSON document to the output; run.mjs starts it.

import {
  createCipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto';
import gmCrypto from 'gm-crypto';
import { createSM3 } from 'hash-wasm';
import smCrypto from 'sm-crypto';
import * as smCryptoV2 from 'sm-crypto-v2';
import { loadGm } from '../src/core/gm.ts';
import { gmRows, type Hasher, material, type Peer, smCryptoV2Peer } from './gm-rows.ts';
import { measure } from './harness.ts';

const rounds = Number(process.env.BENCH_ROUNDS ?? 21);
const sampleMicros = Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

const gm = await loadGm();
const data = material(gm);

/**
 * OpenSSL 3 through node:crypto. The key must come from a PEM: one that node generates counts as
 * plain EC and does not make SM2 signatures. Even so the identity is the empty one, which costs the
 * same to hash as the default one.
 */
function opensslPeer(): Peer {
  const privateKey = createPrivateKey(
    gm.keys.toPem('PRIVATE KEY', gm.keys.encodePkcs8(data.privateKey)),
  );
  const publicKey = createPublicKey(
    gm.keys.toPem('PUBLIC KEY', gm.keys.encodeSpki(data.publicKey)),
  );
  const signature = nodeSign('sm3', data.message, privateKey);
  if (!gm.sm2.verify(data.publicKey, data.message, signature, { id: '' })) {
    throw new Error('OpenSSL does not make an SM2 signature here');
  }
  return {
    name: 'node:crypto',
    sign: (message) => nodeSign('sm3', message, privateKey),
    verify: (message) => nodeVerify('sm3', message, publicKey, signature),
    sm3: (bytes) => createHash('sm3').update(bytes).digest(),
    sm4: (mode, bytes) => {
      const cipher = createCipheriv(`sm4-${mode}`, data.key, data.iv);
      return [cipher.update(bytes), cipher.final()];
    },
  };
}

async function hashWasmPeer(): Promise<Peer> {
  const hasher = (await createSM3()) as Hasher;
  return { name: 'hash-wasm', sm3: (bytes) => hasher.init().update(bytes).digest('binary') };
}

function smCryptoPeer(): Peer {
  const { sm2, sm3, sm4 } = smCrypto;
  const privateKey = hex(data.privateKey);
  const publicKey = hex(data.publicKey);
  // Text is the only message that it hashes as given.
  const message = hex(data.message).slice(0, 64);
  const options = { hash: true, der: true, publicKey };
  const signature = sm2.doSignature(message, privateKey, options);
  const ciphertext = sm2.doEncrypt('x'.repeat(32), publicKey, 1);
  return {
    name: 'sm-crypto',
    sign: () => sm2.doSignature(message, privateKey, options),
    verify: () => sm2.doVerifySignature(message, signature, publicKey, options),
    encrypt: () => sm2.doEncrypt('x'.repeat(32), publicKey, 1),
    decrypt: () => sm2.doDecrypt(ciphertext, privateKey, 1),
    sm3: (bytes) => sm3(bytes),
    sm4: (mode, bytes) => {
      if (mode !== 'cbc') throw new Error('sm-crypto has only ECB and CBC');
      return sm4.encrypt(bytes, data.key, { mode, iv: hex(data.iv), output: 'array' });
    },
  };
}

function gmCryptoPeer(): Peer {
  const { SM2, SM3, SM4 } = gmCrypto as unknown as typeof import('gm-crypto');
  const privateKey = hex(data.privateKey);
  const publicKey = hex(data.publicKey);
  const text = Buffer.from(data.plaintext);
  const ciphertext = Buffer.from(SM2.encrypt(text, publicKey) as unknown as ArrayBuffer);
  return {
    name: 'gm-crypto',
    encrypt: () => SM2.encrypt(text, publicKey),
    decrypt: () => SM2.decrypt(ciphertext, privateKey),
    sm3: (bytes) => SM3.digest(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)),
    sm4: (mode, bytes) => {
      if (mode !== 'cbc') throw new Error('gm-crypto has only ECB and CBC');
      const input = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      return SM4.encrypt(input, hex(data.key), {
        mode: SM4.constants.CBC,
        iv: hex(data.iv),
      } as never);
    },
  };
}

await smCryptoV2.sm2.initRNGPool();
const peers = [
  opensslPeer(),
  smCryptoV2Peer(smCryptoV2, data),
  await hashWasmPeer(),
  smCryptoPeer(),
  gmCryptoPeer(),
];
const clock = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};
const results = measure(gmRows(gm, data, peers), {
  rounds,
  clock,
  sampleMicros,
  progress: (text) => process.stderr.write(`  ${text}\n`),
});
process.stdout.write(
  JSON.stringify({
    host: `Node ${process.versions.node}, OpenSSL ${process.versions.openssl}`,
    clock: 'CPU time of the process',
    results,
  }),
);
