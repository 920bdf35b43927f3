import { assertBytes, assertOk, assertOptions } from '../arguments.ts';
import { GmError } from '../error.ts';
import type { Kernel } from '../kernel.ts';
import { drawUntilTaken } from '../random.ts';
import {
  assertPrivate,
  FORMAT_OPTION,
  invalidKey,
  parseCiphertextFormat,
  undecryptable,
} from './arguments.ts';
import { type CiphertextFormat, decodeCiphertext, encodeCiphertext } from './encoding.ts';
import type { Sm2Keys } from './keys.ts';
import {
  CHECK,
  DIGEST_BYTES,
  PIECE,
  PRIVATE,
  PUBLIC,
  PUBLIC_BYTES,
  RANDOM,
  SIGNATURE,
} from './layout.ts';
import type { PrivateKeyInput, PublicKeyInput } from './types.ts';

/** Public key encryption, GB/T 32918.4. */
export function createEncryption(
  { wasm, base, bytes }: Kernel,
  { withPrivateKey, placePublicKey }: Sm2Keys,
) {
  const random = bytes.subarray(RANDOM, RANDOM + 64);

  /** Runs a piece function over `data` in place, copying it through the exchange region. */
  function process(data: Uint8Array, piece: (at: number, length: number) => number): void {
    for (let at = 0; at < data.length; at += PIECE) {
      const part = data.subarray(at, at + PIECE);
      bytes.set(part);
      assertOk(piece(base, part.length));
      part.set(bytes.subarray(0, part.length));
    }
    bytes.fill(0, 0, Math.min(data.length, PIECE));
  }

  function encrypt(
    publicKey: PublicKeyInput,
    plaintext: Uint8Array,
    options: { format?: CiphertextFormat } = {},
  ): Uint8Array {
    assertBytes(plaintext, 'plaintext');
    if (plaintext.length === 0) {
      throw new GmError('argument_invalid', 'plaintext must have at least one byte');
    }
    assertOptions(options, FORMAT_OPTION, 'options');
    const format = parseCiphertextFormat(options.format);
    placePublicKey(publicKey);
    const c2 = new Uint8Array(plaintext.length);
    const status = drawUntilTaken(random, () => {
      const started = wasm.sm2StartEncrypt(base + PUBLIC, base + RANDOM, base + SIGNATURE);
      if (started !== 0) return started;
      c2.set(plaintext);
      process(c2, wasm.sm2EncryptPiece);
      return wasm.sm2FinishEncrypt(base + CHECK);
    });
    if (status < 0) throw invalidKey('public');
    const c1 = bytes.subarray(SIGNATURE, SIGNATURE + PUBLIC_BYTES);
    return encodeCiphertext({ c1, c3: bytes.subarray(CHECK, CHECK + DIGEST_BYTES), c2 }, format);
  }

  function decrypt(
    privateKey: PrivateKeyInput,
    ciphertext: Uint8Array,
    options: { format?: CiphertextFormat } = {},
  ): Uint8Array {
    assertBytes(ciphertext, 'ciphertext');
    assertOptions(options, FORMAT_OPTION, 'options');
    const parts = decodeCiphertext(ciphertext, parseCiphertextFormat(options.format));
    return withPrivateKey(privateKey, () => {
      assertPrivate(wasm.sm2CheckPrivateKey(base + PRIVATE));
      if (!parts) throw undecryptable();
      bytes.set(parts.c1, SIGNATURE);
      if (wasm.sm2StartDecrypt(base + PRIVATE, base + SIGNATURE) < 0) throw undecryptable();
      // Not slice(): that of a Buffer would share the caller's bytes.
      const plaintext = new Uint8Array(parts.c2);
      process(plaintext, wasm.sm2DecryptPiece);
      bytes.set(parts.c3, CHECK);
      if (wasm.sm2FinishDecrypt(base + CHECK) === 0) return plaintext;
      plaintext.fill(0);
      throw undecryptable();
    });
  }

  return { encrypt, decrypt };
}
