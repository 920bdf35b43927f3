import sodium from 'libsodium-wrappers';
import { expect, test } from 'vitest';
import vectors from './xchacha20.json';

// The answers were made by the unmodified package in Node (libsodium.test.ts makes them again),
// so both hosts give the same bytes.
test('libsodium in workerd encrypts as the plain package does, and opens what it encrypts', async () => {
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
    const opened = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      encrypted,
      sodium.from_hex(aad),
      sodium.from_hex(nonce),
      sodium.from_hex(key),
    );
    expect(sodium.to_hex(opened)).toBe(plaintext);
  }
});

test('libsodium in workerd refuses an altered ciphertext', async () => {
  await sodium.ready;
  const key = sodium.crypto_aead_xchacha20poly1305_ietf_keygen();
  const nonce = sodium.randombytes_buf(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
  const message = new Uint8Array(100_000).fill(7);
  const encrypted = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    message,
    null,
    null,
    nonce,
    key,
  );
  const open = () =>
    sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, encrypted, null, nonce, key);
  expect(open()).toEqual(message);
  encrypted[50_000] = (encrypted[50_000] ?? 0) ^ 1;
  expect(open).toThrow();
});
