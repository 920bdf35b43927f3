import { expect, test } from 'vitest';
import { loadGm } from '../../../src/core/gm.ts';
import sm3Vectors from '../../vectors/gm/sm3.json';
import sm4Vectors from '../../vectors/gm/sm4.json';

const gm = await loadGm();
const hex = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const unhex = (text: string) =>
  Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

test('SM3 and SM4 decide the standard vectors inside workerd', () => {
  const texts = sm3Vectors.cases.map(({ text }) => new TextEncoder().encode(text));
  expect(gm.sm3Many(texts).map(hex)).toEqual(sm3Vectors.cases.map(({ digest }) => digest));
  const { iv, aad, plaintext } = sm4Vectors.authenticated;
  for (const mode of ['gcm', 'ccm'] as const) {
    const options = { mode, key: unhex(sm4Vectors.key), iv: unhex(iv), aad: unhex(aad) };
    const ciphertext = gm.sm4.encrypt(options, unhex(plaintext));
    expect(hex(ciphertext)).toBe(sm4Vectors.authenticated[mode]);
    expect(hex(gm.sm4.decrypt(options, ciphertext))).toBe(plaintext);
  }
});

test('encrypted keys open inside workerd, with the rounds that its deployed form allows', async () => {
  const pair = gm.sm2.generateKeyPair();
  for (const prf of ['sm3', 'sha256'] as const) {
    const der = await gm.keys.encryptPkcs8(pair.privateKey, 'a password', { prf });
    const opened = await gm.keys.decryptPkcs8(der, 'a password');
    expect(hex(opened.privateKey)).toBe(hex(pair.privateKey));
    await expect(gm.keys.decryptPkcs8(der, 'another')).rejects.toMatchObject({
      code: 'decryption_failed',
    });
  }
});
