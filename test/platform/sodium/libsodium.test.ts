import sodium from 'libsodium-wrappers';
import { expect, test } from 'vitest';
import vectors from './xchacha20.json' with { type: 'json' };

test('the recorded XChaCha20-Poly1305 answers are those of the plain package in Node', async () => {
  await sodium.ready;
  for (const { key, nonce, aad, plaintext, ciphertext } of vectors.cases) {
    const encrypted = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
      sodium.from_hex(plaintext),
      sodium.from_hex(aad),
      null,
      sodium.from_hex(nonce),
      sodium.from_hex(key),
    );
    expect(sodium.to_hex(encrypted)).toBe(ciphertext);
  }
});
