import { assertBytes, assertOk } from '../arguments.ts';
import { GmError } from '../error.ts';
import type { Kernel } from '../kernel.ts';
import { drawUntilTaken, fillRandom } from '../random.ts';
import { assertPrivate, invalidKey, uncompressed } from './arguments.ts';
import { FACTOR, POINT, PRIVATE, PRIVATE_BYTES, PUBLIC, PUBLIC_BYTES, RANDOM } from './layout.ts';
import type {
  PreparedKey,
  PrivateKey,
  PrivateKeyInput,
  PublicKeyInput,
  Sm2KeyPair,
} from './types.ts';

export interface PreparedEntry {
  readonly point: Uint8Array;
  /** Z for the default identity, once it was needed. */
  z?: Uint8Array;
  slot: number;
  lastUsed: number;
}

export interface OpenKey {
  readonly privateKey: Uint8Array;
  readonly factor: Uint8Array;
  readonly point: Uint8Array;
  /** Z for the default identity, once it was needed. */
  z?: Uint8Array;
}

export type Sm2Keys = ReturnType<typeof createKeys>;

/** Keys, as one instance of the module holds them: placed, checked, opened and prepared. */
export function createKeys({ wasm, base, bytes }: Kernel) {
  const random = bytes.subarray(RANDOM, RANDOM + 64);
  const nonceRandom = bytes.subarray(RANDOM, RANDOM + 32);

  const preparedEntries = new WeakMap<PreparedKey, PreparedEntry>();
  const slots: (PreparedEntry | undefined)[] = Array.from({ length: wasm.sm2PreparedKeys() });
  let uses = 0;
  const openKeys = new WeakMap<PrivateKey, { key: OpenKey | undefined }>();
  let isSalted = false;

  /** Runs when first needed: some hosts give no randomness while modules are loaded. */
  function ensureSalt(): void {
    if (isSalted) return;
    fillRandom(nonceRandom);
    assertOk(wasm.sm2SetSalt(base + RANDOM));
    nonceRandom.fill(0);
    isSalted = true;
  }

  function take(at: number, length: number): Uint8Array {
    const taken = bytes.slice(at, at + length);
    bytes.fill(0, at, at + length);
    return taken;
  }

  function openKeyOf(key: PrivateKeyInput): OpenKey | undefined {
    if (key instanceof Uint8Array) return undefined;
    const entry = typeof key === 'object' && key !== null ? openKeys.get(key) : undefined;
    if (!entry) throw new GmError('argument_invalid', 'privateKey must be a Uint8Array');
    if (!entry.key) throw new GmError('state_used', 'the private key has been closed');
    return entry.key;
  }

  /** Puts a private key at PRIVATE; what is stored for it, if it was opened. */
  function placePrivateKey(key: PrivateKeyInput): OpenKey | undefined {
    const open = openKeyOf(key);
    if (open) {
      bytes.set(open.privateKey, PRIVATE);
      return open;
    }
    assertBytes(key, 'privateKey');
    if (key.length !== PRIVATE_BYTES) throw invalidKey('private');
    bytes.set(key, PRIVATE);
    return undefined;
  }

  /** Runs what needs a private key at PRIVATE, and erases it there on every way out. */
  function withPrivateKey<T>(key: PrivateKeyInput, use: (open: OpenKey | undefined) => T): T {
    const open = placePrivateKey(key);
    try {
      return use(open);
    } finally {
      bytes.fill(0, PRIVATE, RANDOM);
    }
  }

  /** Puts the point that belongs to the private key at PRIVATE to PUBLIC. */
  function placeOwnPoint(open: OpenKey | undefined): void {
    if (open) {
      bytes.set(open.point, PUBLIC);
      return;
    }
    ensureSalt();
    assertPrivate(wasm.sm2PublicKey(base + PRIVATE, base + PUBLIC));
  }

  /** Reads and checks a public key to `at`, as x || y. */
  function placePoint(point: Uint8Array, at: number): void {
    if (point.length !== 65 && point.length !== 33) throw invalidKey('public');
    bytes.set(point, POINT);
    if (wasm.sm2ReadPoint(base + POINT, point.length, base + at) < 0) throw invalidKey('public');
  }

  function entryOf(key: PublicKeyInput): PreparedEntry | undefined {
    if (key instanceof Uint8Array) return undefined;
    const entry = typeof key === 'object' && key !== null ? preparedEntries.get(key) : undefined;
    if (!entry) throw new GmError('argument_invalid', 'publicKey must be a Uint8Array');
    return entry;
  }

  /** Puts a public key to PUBLIC, as x || y. */
  function placePublicKey(key: PublicKeyInput): PreparedEntry | undefined {
    const entry = entryOf(key);
    if (entry) {
      bytes.set(entry.point, PUBLIC);
      return entry;
    }
    assertBytes(key, 'publicKey');
    if (key.length === 65 && key[0] === 4) {
      // Every entry that takes PUBLIC checks that it is on the curve.
      bytes.set(key.subarray(1), PUBLIC);
    } else {
      placePoint(key, PUBLIC);
    }
    return undefined;
  }

  /** The place of an entry's table, which is made when it is not there. */
  function tableOf(entry: PreparedEntry): number {
    entry.lastUsed = ++uses;
    if (slots[entry.slot] === entry) return entry.slot;
    let oldest = 0;
    for (let slot = 0; slot < slots.length; slot++) {
      if ((slots[slot]?.lastUsed ?? 0) < (slots[oldest]?.lastUsed ?? 0)) oldest = slot;
    }
    slots[oldest] = undefined;
    bytes.set(entry.point, PUBLIC);
    assertOk(wasm.sm2Prepare(oldest, base + PUBLIC));
    slots[oldest] = entry;
    entry.slot = oldest;
    return oldest;
  }

  function pointAt(at: number): Uint8Array {
    return bytes.slice(at, at + PUBLIC_BYTES);
  }

  function generateKeyPair(): Sm2KeyPair {
    try {
      const status = drawUntilTaken(random, () =>
        wasm.sm2GenerateKey(base + RANDOM, base + PRIVATE),
      );
      assertOk(status);
      placeOwnPoint(undefined);
      const publicKey = uncompressed(bytes.subarray(PUBLIC, PUBLIC + PUBLIC_BYTES));
      return { privateKey: take(PRIVATE, PRIVATE_BYTES), publicKey };
    } finally {
      bytes.fill(0, PRIVATE, RANDOM);
    }
  }

  function publicKey(privateKey: PrivateKeyInput): Uint8Array {
    return withPrivateKey(privateKey, (open) => {
      placeOwnPoint(open);
      return uncompressed(bytes.subarray(PUBLIC, PUBLIC + PUBLIC_BYTES));
    });
  }

  function decodePoint(point: Uint8Array): Uint8Array {
    assertBytes(point, 'point');
    placePoint(point, PUBLIC);
    return uncompressed(bytes.subarray(PUBLIC, PUBLIC + PUBLIC_BYTES));
  }

  function compressPoint(point: Uint8Array): Uint8Array {
    const whole = decodePoint(point);
    const compressed = whole.slice(0, 33);
    compressed[0] = 2 | ((whole[64] ?? 0) & 1);
    return compressed;
  }

  function openPrivateKey(privateKey: Uint8Array): PrivateKey {
    assertBytes(privateKey, 'privateKey');
    const key = withPrivateKey(privateKey, () => {
      placeOwnPoint(undefined);
      assertPrivate(wasm.sm2SigningFactor(base + PRIVATE, base + FACTOR));
      return {
        privateKey: take(PRIVATE, PRIVATE_BYTES),
        factor: take(FACTOR, PRIVATE_BYTES),
        point: bytes.slice(PUBLIC, PUBLIC + PUBLIC_BYTES),
      };
    });
    const entry: { key: OpenKey | undefined } = { key };
    const handle: PrivateKey = Object.freeze({
      publicKey: uncompressed(key.point),
      close() {
        entry.key?.privateKey.fill(0);
        entry.key?.factor.fill(0);
        entry.key = undefined;
      },
    });
    openKeys.set(handle, entry);
    return handle;
  }

  function prepare(publicKey: Uint8Array): PreparedKey {
    assertBytes(publicKey, 'publicKey');
    placePoint(publicKey, PUBLIC);
    const entry = { point: bytes.slice(PUBLIC, PUBLIC + PUBLIC_BYTES), slot: -1, lastUsed: 0 };
    tableOf(entry);
    const prepared: PreparedKey = Object.freeze({ publicKey: uncompressed(entry.point) });
    preparedEntries.set(prepared, entry);
    return prepared;
  }

  return {
    tables: slots.length,
    take,
    withPrivateKey,
    placeOwnPoint,
    placePoint,
    entryOf,
    placePublicKey,
    tableOf,
    pointAt,
    generateKeyPair,
    publicKey,
    decodePoint,
    compressPoint,
    openPrivateKey,
    prepare,
  };
}
