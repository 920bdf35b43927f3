import { assertBytes, assertInteger, assertOk, assertOptions } from './arguments.ts';
import { GmError } from './error.ts';
import type { Kernel } from './kernel.ts';

// The exchange region during a hash: one piece of data, then what has a fixed size.
const PIECE = 65536;
const STATE = PIECE;
const DIGEST = STATE + 192;
// During a batch: messages in the first part, behind them lengths and digests.
const BATCH_LENGTHS = PIECE;
const BATCH_MESSAGES_MAX = 224;
const BATCH_DIGESTS = BATCH_LENGTHS + 4 * BATCH_MESSAGES_MAX;
// A longer message is hashed alone: it fills its lane of the batch for no one else's gain.
const BATCH_MESSAGE_BYTES_MAX = PIECE / 4;

const DIGEST_BYTES = 32;
const BLOCK_BYTES = 64;
const STATE_BYTES = 104;
const HMAC_STATE_BYTES = 136;
/** Most bytes that `kdf` gives out; the standard would allow 2^32 - 1 digests. */
export const KDF_BYTES_MAX = 2 ** 30;
/** Most rounds that `pbkdf2Sm3` runs, about a second of one core for each block of 32 bytes. */
export const PBKDF2_ITERATIONS_MAX = 10_000_000;

/** A hash under way. */
export interface Sm3Hash {
  /** Absorbs more bytes; any split of a message gives the same digest. */
  update(data: Uint8Array): this;
  /** The 32 bytes of the digest; the hash is used up. */
  digest(): Uint8Array;
}

/** SM3 (GB/T 32905) and what is built on it. */
export interface Sm3Functions {
  /** The 32 bytes of SM3. */
  sm3(data: Uint8Array): Uint8Array;
  /** A hash of data that comes in pieces. */
  createSm3(): Sm3Hash;
  /** Many hashes at once, four messages at a time in SIMD lanes. */
  sm3Many(messages: readonly Uint8Array[]): Uint8Array[];
  /** HMAC-SM3 (RFC 2104), 32 bytes; a key of any length. */
  hmacSm3(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** HKDF (RFC 5869) with HMAC-SM3: extract and expand; at most 8160 bytes. */
  hkdfSm3(
    key: Uint8Array,
    options: { salt?: Uint8Array; info?: Uint8Array; length: number },
  ): Uint8Array;
  /** The key derivation of GB/T 32918.4 §5.4.3: SM3(z || 1) || SM3(z || 2) ... */
  kdf(z: Uint8Array, length: number): Uint8Array;
  /** PBKDF2 (RFC 8018 §5.2) with HMAC-SM3; at most 8160 bytes. */
  pbkdf2Sm3(
    password: Uint8Array,
    options: { salt: Uint8Array; iterations: number; length: number },
  ): Uint8Array;
}

/** Binds the functions to one instance of the module. */
export function createSm3Functions(kernel: Kernel): Sm3Functions {
  const { wasm, base, bytes } = kernel;

  /** Feeds `data` to the hash or HMAC at STATE piece by piece, and leaves no trace of it. */
  function absorb(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      bytes.set(piece);
      assertOk(wasm.sm3Absorb(base + STATE, base, piece.length));
    }
    bytes.fill(0, 0, Math.min(data.length, PIECE));
  }

  function take(at: number, length: number): Uint8Array {
    const taken = bytes.slice(at, at + length);
    bytes.fill(0, at, at + length);
    return taken;
  }

  function sm3(data: Uint8Array): Uint8Array {
    assertBytes(data, 'data');
    if (data.length > PIECE) {
      assertOk(wasm.sm3Begin(base + STATE));
      absorb(data);
      assertOk(wasm.sm3Finish(base + STATE, base + DIGEST));
      return take(DIGEST, DIGEST_BYTES);
    }
    // The digest takes the place of the data, so that one stroke clears both.
    bytes.set(data);
    assertOk(wasm.sm3Digest(base, data.length, base));
    const digest = bytes.slice(0, DIGEST_BYTES);
    bytes.fill(0, 0, Math.max(data.length, DIGEST_BYTES));
    return digest;
  }

  function createSm3(): Sm3Hash {
    assertOk(wasm.sm3Begin(base + STATE));
    let state: Uint8Array | undefined = take(STATE, STATE_BYTES);
    const restore = () => {
      if (!state) throw new GmError('state_used', 'the digest has been taken');
      bytes.set(state, STATE);
      return state;
    };
    return {
      update(data) {
        assertBytes(data, 'data');
        const kept = restore();
        absorb(data);
        kept.set(bytes.subarray(STATE, STATE + STATE_BYTES));
        bytes.fill(0, STATE, STATE + STATE_BYTES);
        return this;
      },
      digest() {
        restore().fill(0);
        state = undefined;
        assertOk(wasm.sm3Finish(base + STATE, base + DIGEST));
        return take(DIGEST, DIGEST_BYTES);
      },
    };
  }

  /** Hashes messages that fit into the exchange region together. */
  function hashBatch(messages: readonly Uint8Array[], digests: Uint8Array[]): void {
    const lengths = new DataView(bytes.buffer, base + BATCH_LENGTHS);
    let used = 0;
    messages.forEach((message, i) => {
      bytes.set(message, used);
      lengths.setUint32(4 * i, message.length, true);
      used += message.length;
    });
    const { length } = messages;
    assertOk(wasm.sm3Batch(base + BATCH_LENGTHS, length, base, base + BATCH_DIGESTS));
    for (let i = 0; i < length; i++) {
      digests.push(take(BATCH_DIGESTS + DIGEST_BYTES * i, DIGEST_BYTES));
    }
    bytes.fill(0, 0, used);
  }

  function sm3Many(messages: readonly Uint8Array[]): Uint8Array[] {
    if (!Array.isArray(messages)) {
      throw new GmError('argument_invalid', 'messages must be an array');
    }
    for (const message of messages) assertBytes(message, 'every message');

    const digests: Uint8Array[] = [];
    let batch: Uint8Array[] = [];
    let used = 0;
    const flush = () => {
      if (batch.length > 0) hashBatch(batch, digests);
      batch = [];
      used = 0;
    };
    for (const message of messages) {
      const alone = message.length > BATCH_MESSAGE_BYTES_MAX;
      if (alone || batch.length === BATCH_MESSAGES_MAX || used + message.length > PIECE) flush();
      if (alone) {
        digests.push(sm3(message));
      } else {
        batch.push(message);
        used += message.length;
      }
    }
    flush();
    return digests;
  }

  /** Leaves an HMAC under way at STATE. A key longer than a block counts by its digest. */
  function beginHmac(key: Uint8Array): void {
    const short = key.length > BLOCK_BYTES ? sm3(key) : key;
    bytes.set(short);
    assertOk(wasm.hmacBegin(base + STATE, base, short.length));
    bytes.fill(0, 0, short.length);
  }

  function finishHmac(): Uint8Array {
    assertOk(wasm.hmacFinish(base + STATE, base + DIGEST));
    return take(DIGEST, DIGEST_BYTES);
  }

  function hmacSm3(key: Uint8Array, data: Uint8Array): Uint8Array {
    assertBytes(key, 'key');
    assertBytes(data, 'data');
    beginHmac(key);
    absorb(data);
    return finishHmac();
  }

  function hkdfSm3(
    key: Uint8Array,
    options: { salt?: Uint8Array; info?: Uint8Array; length: number },
  ): Uint8Array {
    assertBytes(key, 'key');
    assertOptions(options, ['salt', 'info', 'length'], 'options');
    const { salt = new Uint8Array(DIGEST_BYTES), info = new Uint8Array(0), length } = options;
    assertBytes(salt, 'salt');
    assertBytes(info, 'info');
    assertInteger(length, 0, 255 * DIGEST_BYTES, 'length');

    const pseudorandom = hmacSm3(salt, key);
    const derived = new Uint8Array(length);
    let previous: Uint8Array = new Uint8Array(0);
    for (let at = 0, i = 1; at < length; at += DIGEST_BYTES, i++) {
      beginHmac(pseudorandom);
      absorb(previous);
      absorb(info);
      absorb(Uint8Array.of(i));
      previous.fill(0);
      previous = finishHmac();
      derived.set(previous.subarray(0, length - at), at);
    }
    previous.fill(0);
    pseudorandom.fill(0);
    return derived;
  }

  function kdf(z: Uint8Array, length: number): Uint8Array {
    assertBytes(z, 'z');
    assertInteger(length, 0, KDF_BYTES_MAX, 'length');
    const key = new Uint8Array(length);
    assertOk(wasm.sm3Begin(base + STATE));
    absorb(z);
    for (let at = 0; at < length; at += PIECE) {
      const step = Math.min(PIECE, length - at);
      assertOk(wasm.kdfDerive(base + STATE, 1 + at / DIGEST_BYTES, base, step));
      key.set(bytes.subarray(0, step), at);
    }
    bytes.fill(0, 0, Math.min(length, PIECE));
    bytes.fill(0, STATE, STATE + STATE_BYTES);
    return key;
  }

  function pbkdf2Sm3(
    password: Uint8Array,
    options: { salt: Uint8Array; iterations: number; length: number },
  ): Uint8Array {
    assertBytes(password, 'password');
    assertOptions(options, ['salt', 'iterations', 'length'], 'options');
    const { salt, iterations, length } = options;
    assertBytes(salt, 'salt');
    assertInteger(iterations, 1, PBKDF2_ITERATIONS_MAX, 'iterations');
    assertInteger(length, 0, 255 * DIGEST_BYTES, 'length');

    const derived = new Uint8Array(length);
    for (let at = 0, i = 1; at < length; at += DIGEST_BYTES, i++) {
      beginHmac(password);
      absorb(salt);
      absorb(Uint8Array.of(0, 0, i >> 8, i));
      bytes.set(finishHmac(), DIGEST);
      beginHmac(password);
      assertOk(wasm.pbkdf2Derive(base + STATE, iterations, base + DIGEST));
      derived.set(take(DIGEST, DIGEST_BYTES).subarray(0, length - at), at);
    }
    bytes.fill(0, STATE, STATE + HMAC_STATE_BYTES);
    return derived;
  }

  return { sm3, createSm3, sm3Many, hmacSm3, hkdfSm3, kdf, pbkdf2Sm3 };
}
