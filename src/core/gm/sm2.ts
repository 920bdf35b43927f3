import { assertBytes, assertBytesOf, assertInteger, assertOk, assertOptions } from './arguments.ts';
import { GmError } from './error.ts';
import type { Kernel } from './kernel.ts';
import { drawUntilTaken, fillRandom } from './random.ts';
import {
  type CiphertextFormat,
  decodeCiphertext,
  decodeSignature,
  encodeCiphertext,
  encodeSignature,
  type SignatureFormat,
} from './sm2-encoding.ts';
import type { Sm3Functions } from './sm3.ts';

export type { CiphertextFormat, SignatureFormat } from './sm2-encoding.ts';

// The exchange region: one piece of data, then what has a fixed size.
const PIECE = 65536;
const STATE = PIECE;
const DIGEST = STATE + 128;
const PRIVATE = DIGEST + 32;
const FACTOR = PRIVATE + 32;
const RANDOM = FACTOR + 32;
const PUBLIC = RANDOM + 64;
const SIGNATURE = PUBLIC + 64;
const POINT = SIGNATURE + 64;
const CHECK = POINT + 72;
const EPHEMERAL = CHECK + 32;
const EPHEMERAL_POINT = EPHEMERAL + 32;
const PEER = EPHEMERAL_POINT + 64;
const PEER_EPHEMERAL = PEER + 64;
const OWN = PEER_EPHEMERAL + 64;

const PRIVATE_BYTES = 32;
const PUBLIC_BYTES = 64;
const DIGEST_BYTES = 32;
const RAW_SIGNATURE_BYTES = 64;
/** Z counts the bits of an identity in two bytes (GB/T 32918.2 §5.5). */
const ID_BYTES_MAX = 8191;
const DEFAULT_ID = new TextEncoder().encode('1234567812345678');
/** Most bytes that a key exchange gives out. */
const EXCHANGE_BYTES_MAX = 65536;
/** With so many signatures by one key in a batch, making its table pays. */
const PREPARED_FROM = 16;

const BAD_KEY = -6;

/** A private key (32 bytes, a number in [1, n - 2]) and its public key (65 bytes, 04 || x || y). */
export interface Sm2KeyPair {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A public key with a cached table: five times faster to verify with. From `prepare`. */
export interface PreparedKey {
  /** 04 || x || y. */
  readonly publicKey: Uint8Array;
}

/** A private key kept open: signing is a tenth faster. From `openPrivateKey`. */
export interface PrivateKey {
  /** 04 || x || y. */
  readonly publicKey: Uint8Array;
  /** Erases the key; any later use throws `state_used`. */
  close(): void;
}

/** 32 bytes, or a key that was opened. */
export type PrivateKeyInput = Uint8Array | PrivateKey;
/** 65 bytes (04 || x || y), 33 bytes (compressed), or a key that was prepared. */
export type PublicKeyInput = Uint8Array | PreparedKey;

export interface SignatureOptions {
  /** The signer's identity, at most 8191 bytes, text as UTF-8; `1234567812345678` if not given. */
  readonly id?: Uint8Array | string;
  /** `der` if not given. */
  readonly format?: SignatureFormat;
}

export interface VerificationItem extends SignatureOptions {
  readonly publicKey: PublicKeyInput;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

export interface KeyExchangeInput {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly ephemeral: Sm2KeyPair;
  readonly peerPublicKey: Uint8Array;
  readonly peerEphemeral: Uint8Array;
  readonly id?: Uint8Array | string;
  readonly peerId?: Uint8Array | string;
  /** Bytes of shared key wanted, 1 to 65536. */
  readonly length: number;
}

/** GB/T 32918.3, with the optional confirmation. */
export interface Sm2KeyExchange {
  /** A fresh pair for one exchange; its public key is sent to the peer. */
  ephemeral(): Sm2KeyPair;
  /** The side that began. Compare S1 with the SB received, then send SA. */
  initiator(input: KeyExchangeInput): { key: Uint8Array; S1: Uint8Array; SA: Uint8Array };
  /** The other side. Send SB, then compare S2 with the SA received. */
  responder(input: KeyExchangeInput): { key: Uint8Array; SB: Uint8Array; S2: Uint8Array };
}

/**
 * SM2 (GB/T 32918). Secrets are handled in constant time. A malformed key throws GmError
 * `key_invalid`, an argument of the wrong kind `argument_invalid`.
 */
export interface Sm2 {
  generateKeyPair(): Sm2KeyPair;
  publicKey(privateKey: PrivateKeyInput): Uint8Array;
  /** A point of 65 or 33 bytes as 04 || x || y. */
  decodePoint(point: Uint8Array): Uint8Array;
  /** A point of 65 or 33 bytes in 33 bytes, prefix 02 or 03. */
  compressPoint(point: Uint8Array): Uint8Array;
  /** Keeps a private key open for repeated use, until `close`. */
  openPrivateKey(privateKey: Uint8Array): PrivateKey;
  /** Makes a table for a public key. The last sixteen tables used are kept, others made again. */
  prepare(publicKey: Uint8Array): PreparedKey;
  sign(privateKey: PrivateKeyInput, message: Uint8Array, options?: SignatureOptions): Uint8Array;
  /** False for anything but a valid signature in the named format. */
  verify(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    signature: Uint8Array,
    options?: SignatureOptions,
  ): boolean;
  /** e = SM3(Z || M), 32 bytes: what signDigest and verifyDigest take. */
  digest(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    options?: Pick<SignatureOptions, 'id'>,
  ): Uint8Array;
  signDigest(
    privateKey: PrivateKeyInput,
    e: Uint8Array,
    options?: Pick<SignatureOptions, 'format'>,
  ): Uint8Array;
  verifyDigest(
    publicKey: PublicKeyInput,
    e: Uint8Array,
    signature: Uint8Array,
    options?: Pick<SignatureOptions, 'format'>,
  ): boolean;
  /** Each item's verdict, in order. Keys that appear often get a table. */
  verifyMany(items: readonly VerificationItem[]): boolean[];
  /** Encrypts at least one byte. */
  encrypt(
    publicKey: PublicKeyInput,
    plaintext: Uint8Array,
    options?: { format?: CiphertextFormat },
  ): Uint8Array;
  /** @throws GmError `decryption_failed` whatever is wrong with the ciphertext */
  decrypt(
    privateKey: PrivateKeyInput,
    ciphertext: Uint8Array,
    options?: { format?: CiphertextFormat },
  ): Uint8Array;
  readonly keyExchange: Sm2KeyExchange;
}

interface PreparedEntry {
  readonly point: Uint8Array;
  /** Z for the default identity, once it was needed. */
  z?: Uint8Array;
  slot: number;
  lastUsed: number;
}

interface OpenKey {
  readonly privateKey: Uint8Array;
  readonly factor: Uint8Array;
  readonly point: Uint8Array;
  /** Z for the default identity, once it was needed. */
  z?: Uint8Array;
}

function invalidKey(kind: 'private' | 'public'): GmError {
  return new GmError('key_invalid', `the ${kind} key is not valid`);
}

function assertPrivate(status: number): void {
  if (status < 0) throw invalidKey('private');
}

function undecryptable(): GmError {
  return new GmError('decryption_failed', 'the ciphertext does not decrypt');
}

function uncompressed(point: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + PUBLIC_BYTES);
  bytes[0] = 4;
  bytes.set(point, 1);
  return bytes;
}

function parseId(id: Uint8Array | string | undefined): Uint8Array {
  if (id === undefined) return DEFAULT_ID;
  const bytes = typeof id === 'string' ? new TextEncoder().encode(id) : id;
  assertBytes(bytes, 'id');
  if (bytes.length > ID_BYTES_MAX) {
    throw new GmError('argument_invalid', `id must have at most ${ID_BYTES_MAX} bytes`);
  }
  return bytes;
}

export function parseSignatureFormat(format: SignatureFormat | undefined): SignatureFormat {
  if (format === undefined || format === 'der' || format === 'raw') return format ?? 'der';
  throw new GmError('argument_invalid', 'format must be der or raw');
}

export function parseCiphertextFormat(format: CiphertextFormat | undefined): CiphertextFormat {
  if (format === undefined) return 'der';
  if (format === 'der' || format === 'raw' || format === 'raw-c1c2c3') return format;
  throw new GmError('argument_invalid', 'format must be der, raw or raw-c1c2c3');
}

const SIGNATURE_OPTIONS = ['id', 'format'];
const FORMAT_OPTION = ['format'];
const EXCHANGE_OPTIONS = [
  'privateKey',
  'publicKey',
  'ephemeral',
  'peerPublicKey',
  'peerEphemeral',
  'id',
  'peerId',
  'length',
];

/** Binds SM2 to one instance of the module. */
export function createSm2(kernel: Kernel, { kdf, createSm3 }: Sm3Functions): Sm2 {
  const { wasm, base, bytes } = kernel;
  const random = bytes.subarray(RANDOM, RANDOM + 64);
  const nonceRandom = bytes.subarray(RANDOM, RANDOM + 32);
  const rawSignature = bytes.subarray(SIGNATURE, SIGNATURE + RAW_SIGNATURE_BYTES);

  const preparedEntries = new WeakMap<PreparedKey, PreparedEntry>();
  const slots: (PreparedEntry | undefined)[] = Array.from({ length: wasm.sm2PreparedKeys() });
  let uses = 0;
  const openKeys = new WeakMap<PrivateKey, { key: OpenKey | undefined }>();

  // Keys that a batch had often, which later batches will likely have again.
  const frequentKeys = new Map<string, PreparedKey>();
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

  function absorb(data: Uint8Array): void {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.length > PIECE ? data.subarray(at, at + PIECE) : data;
      bytes.set(piece);
      assertOk(wasm.sm3Absorb(base + STATE, base, piece.length));
    }
    bytes.fill(0, 0, Math.min(data.length, PIECE));
  }

  /** Puts Z of the key at PUBLIC to DIGEST; `holder` keeps that of the default identity. */
  function placeZ(id: Uint8Array, holder: { z?: Uint8Array } | undefined): void {
    if (id === DEFAULT_ID && holder?.z) {
      bytes.set(holder.z, DIGEST);
      return;
    }
    bytes.set(id);
    assertOk(wasm.sm2Z(base, id.length, base + PUBLIC, base + DIGEST));
    if (id === DEFAULT_ID && holder) holder.z = bytes.slice(DIGEST, DIGEST + DIGEST_BYTES);
  }

  /** Puts e = SM3(Z || M) to DIGEST, for the key at PUBLIC (GB/T 32918.2 §6.1). */
  function placeDigest(message: Uint8Array, id: Uint8Array, holder?: { z?: Uint8Array }): void {
    placeZ(id, holder);
    assertOk(wasm.sm3Begin(base + STATE));
    assertOk(wasm.sm3Absorb(base + STATE, base + DIGEST, DIGEST_BYTES));
    absorb(message);
    assertOk(wasm.sm3Finish(base + STATE, base + DIGEST));
  }

  function signPlaced(open: OpenKey | undefined, format: SignatureFormat): Uint8Array {
    if (open) bytes.set(open.factor, FACTOR);
    const factor = open ? base + FACTOR : 0;
    const status = drawUntilTaken(nonceRandom, () =>
      wasm.sm2Sign(base + PRIVATE, factor, base + DIGEST, base + RANDOM, base + SIGNATURE),
    );
    assertPrivate(status);
    return format === 'der' ? encodeSignature(rawSignature) : rawSignature.slice();
  }

  /** Puts r || s to SIGNATURE; false when the signature is not of the format. */
  function placeSignature(signature: Uint8Array, format: SignatureFormat): boolean {
    if (format === 'der') return decodeSignature(signature, bytes, SIGNATURE);
    if (signature.length !== RAW_SIGNATURE_BYTES) return false;
    bytes.set(signature, SIGNATURE);
    return true;
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

  function verifyPlaced(entry: PreparedEntry | undefined): boolean {
    const status = entry
      ? wasm.sm2VerifyPrepared(tableOf(entry), base + DIGEST, base + SIGNATURE)
      : wasm.sm2Verify(base + PUBLIC, base + DIGEST, base + SIGNATURE);
    if (status === BAD_KEY) throw invalidKey('public');
    return status === 0;
  }

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

  function sign(
    privateKey: PrivateKeyInput,
    message: Uint8Array,
    options: SignatureOptions = {},
  ): Uint8Array {
    assertBytes(message, 'message');
    assertOptions(options, SIGNATURE_OPTIONS, 'options');
    const id = parseId(options.id);
    const format = parseSignatureFormat(options.format);
    return withPrivateKey(privateKey, (open) => {
      placeOwnPoint(open);
      placeDigest(message, id, open);
      return signPlaced(open, format);
    });
  }

  function signDigest(
    privateKey: PrivateKeyInput,
    e: Uint8Array,
    options: { format?: SignatureFormat } = {},
  ): Uint8Array {
    assertBytesOf(e, DIGEST_BYTES, 'e');
    assertOptions(options, FORMAT_OPTION, 'options');
    const format = parseSignatureFormat(options.format);
    return withPrivateKey(privateKey, (open) => {
      bytes.set(e, DIGEST);
      return signPlaced(open, format);
    });
  }

  function verify(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    signature: Uint8Array,
    options: SignatureOptions = {},
  ): boolean {
    assertBytes(message, 'message');
    assertBytes(signature, 'signature');
    assertOptions(options, SIGNATURE_OPTIONS, 'options');
    const id = parseId(options.id);
    const format = parseSignatureFormat(options.format);
    const entry = placePublicKey(publicKey);
    if (!placeSignature(signature, format)) return false;
    placeDigest(message, id, entry);
    return verifyPlaced(entry);
  }

  function verifyDigest(
    publicKey: PublicKeyInput,
    e: Uint8Array,
    signature: Uint8Array,
    options: { format?: SignatureFormat } = {},
  ): boolean {
    assertBytesOf(e, DIGEST_BYTES, 'e');
    assertBytes(signature, 'signature');
    assertOptions(options, FORMAT_OPTION, 'options');
    const format = parseSignatureFormat(options.format);
    const entry = placePublicKey(publicKey);
    if (!placeSignature(signature, format)) return false;
    bytes.set(e, DIGEST);
    return verifyPlaced(entry);
  }

  function digest(
    publicKey: PublicKeyInput,
    message: Uint8Array,
    options: { id?: Uint8Array | string } = {},
  ): Uint8Array {
    assertBytes(message, 'message');
    assertOptions(options, ['id'], 'options');
    const id = parseId(options.id);
    const entry = entryOf(publicKey);
    if (entry) bytes.set(entry.point, PUBLIC);
    else bytes.set(decodePoint(publicKey as Uint8Array).subarray(1), PUBLIC);
    placeDigest(message, id);
    return bytes.slice(DIGEST, DIGEST + DIGEST_BYTES);
  }

  /**
   * Whether one more key may have a table, if need be in place of one that the batch has not: keys
   * of one batch that took turns in a place would each time pay ten verifications for the table.
   */
  function hasRoomBeside(batch: ReadonlyMap<string, number>): boolean {
    if (frequentKeys.size < slots.length) return true;
    for (const name of frequentKeys.keys()) if (!batch.has(name)) frequentKeys.delete(name);
    return frequentKeys.size < slots.length;
  }

  function verifyMany(items: readonly VerificationItem[]): boolean[] {
    if (!Array.isArray(items)) throw new GmError('argument_invalid', 'items must be an array');
    const nameOf = (key: PublicKeyInput) =>
      key instanceof Uint8Array && key.length <= 65 ? String.fromCharCode(...key) : '';
    const appearances = new Map<string, number>();
    for (const item of items) {
      assertOptions(item, ['publicKey', 'message', 'signature', ...SIGNATURE_OPTIONS], 'item');
      const name = nameOf(item.publicKey);
      appearances.set(name, (appearances.get(name) ?? 0) + 1);
    }
    return items.map(({ publicKey: key, message, signature, id, format }) => {
      const options = { ...(id !== undefined && { id }), ...(format !== undefined && { format }) };
      const name = nameOf(key);
      const isFrequent = name !== '' && (appearances.get(name) ?? 0) >= PREPARED_FROM;
      const prepared = frequentKeys.get(name);
      if (prepared) return verify(prepared, message, signature, options);
      if (!isFrequent || !(key instanceof Uint8Array) || !hasRoomBeside(appearances)) {
        return verify(key, message, signature, options);
      }
      const made = prepare(key);
      frequentKeys.set(name, made);
      return verify(made, message, signature, options);
    });
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

  /** Refuses a pair whose public key is not that of its private key; leaves its point at `at`. */
  function placePair(pair: Sm2KeyPair, at: number, name: string): void {
    if (typeof pair !== 'object' || pair === null) {
      throw new GmError('argument_invalid', `${name} must be a key pair`);
    }
    assertBytesOf(pair.privateKey, PRIVATE_BYTES, `${name} private key`);
    assertBytes(pair.publicKey, `${name} public key`);
    placePoint(pair.publicKey, at);
    bytes.set(pair.privateKey, PRIVATE);
    assertPrivate(wasm.sm2Multiple(base + PRIVATE, base + PUBLIC));
    for (let i = 0; i < PUBLIC_BYTES; i++) {
      if (bytes[PUBLIC + i] !== bytes[at + i]) throw invalidKey('public');
    }
  }

  function hash(...parts: Uint8Array[]): Uint8Array {
    const state = createSm3();
    for (const part of parts) state.update(part);
    return state.digest();
  }

  function zOf(point: number, id: Uint8Array): Uint8Array {
    bytes.set(id);
    assertOk(wasm.sm2Z(base, id.length, base + point, base + DIGEST));
    return bytes.slice(DIGEST, DIGEST + DIGEST_BYTES);
  }

  /** GB/T 32918.3 §6.1: the key, and the confirmations with prefix 02 and 03. */
  function exchange(input: KeyExchangeInput, isInitiator: boolean) {
    assertOptions(input, EXCHANGE_OPTIONS, 'input');
    const ids = { own: parseId(input.id), peer: parseId(input.peerId) };
    assertInteger(input.length, 1, EXCHANGE_BYTES_MAX, 'length');
    assertBytes(input.peerPublicKey, 'peerPublicKey');
    assertBytes(input.peerEphemeral, 'peerEphemeral');
    try {
      placePair(input.ephemeral, EPHEMERAL_POINT, 'ephemeral');
      bytes.copyWithin(EPHEMERAL, PRIVATE, PRIVATE + PRIVATE_BYTES);
      placePair(input, OWN, 'own');
      placePoint(input.peerPublicKey, PEER);
      placePoint(input.peerEphemeral, PEER_EPHEMERAL);
      const own = { z: zOf(OWN, ids.own), r: pointAt(EPHEMERAL_POINT) };
      const peer = { z: zOf(PEER, ids.peer), r: pointAt(PEER_EPHEMERAL) };
      const [a, b] = isInitiator ? [own, peer] : [peer, own];
      const status = wasm.sm2Exchange(
        base + PRIVATE,
        base + EPHEMERAL,
        base + EPHEMERAL_POINT,
        base + PEER,
        base + PEER_EPHEMERAL,
        base + SIGNATURE,
      );
      if (status < 0) throw new GmError('protocol_failed', 'the peer sent no usable point');
      const shared = take(SIGNATURE, PUBLIC_BYTES);
      const [x, y] = [shared.subarray(0, 32), shared.subarray(32)];
      const inner = hash(x, a.z, b.z, a.r, b.r);
      const keySource = Uint8Array.from([...shared, ...a.z, ...b.z]);
      const result = {
        key: kdf(keySource, input.length),
        two: hash(Uint8Array.of(2), y, inner),
        three: hash(Uint8Array.of(3), y, inner),
      };
      keySource.fill(0);
      shared.fill(0);
      return result;
    } finally {
      bytes.fill(0, PRIVATE, RANDOM);
      bytes.fill(0, EPHEMERAL, EPHEMERAL_POINT);
    }
  }

  function pointAt(at: number): Uint8Array {
    return bytes.slice(at, at + PUBLIC_BYTES);
  }

  const keyExchange: Sm2KeyExchange = {
    ephemeral: generateKeyPair,
    initiator(input) {
      const { key, two, three } = exchange(input, true);
      return { key, S1: two, SA: three };
    },
    responder(input) {
      const { key, two, three } = exchange(input, false);
      return { key, SB: two, S2: three };
    },
  };

  return {
    generateKeyPair,
    publicKey,
    decodePoint,
    compressPoint,
    openPrivateKey,
    prepare,
    sign,
    verify,
    digest,
    signDigest,
    verifyDigest,
    verifyMany,
    encrypt,
    decrypt,
    keyExchange,
  };
}
