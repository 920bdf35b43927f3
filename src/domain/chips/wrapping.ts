import sodium from 'libsodium-wrappers';

/** Fills a new array of `length` bytes from a cryptographic source. */
export type RandomBytes = (length: number) => Uint8Array;

/** A tenant's wrapping key as a software chip stores it. */
export interface StoredKey {
  readonly chip: string;
  readonly tenant: string;
  readonly epoch: number;
  readonly encryptedKey: Uint8Array;
}

const keyBytes = 32;
const nonceBytes = 24;
const tagBytes = 16;
const formatVersion = 1;
const headerBytes = 5;

/**
 * Derives the key that encrypts one chip's store from the secret of the chips Worker.
 *
 * Different chips get unrelated keys, so a stored row is of no use to another chip.
 */
export async function storageKeyOf(rootKey: Uint8Array, chip: string): Promise<Uint8Array> {
  await sodium.ready;
  if (rootKey.length !== keyBytes) throw new RangeError('the storage secret is not 32 bytes');
  return sodium.crypto_generichash(keyBytes, fields('cinnabar chip storage', chip), rootKey);
}

/** Makes a tenant's wrapping key. It leaves this function only encrypted. */
export function createKey(
  storageKey: Uint8Array,
  place: Omit<StoredKey, 'encryptedKey'>,
  random: RandomBytes,
): StoredKey {
  const key = random(keyBytes);
  try {
    return { ...place, encryptedKey: encrypt(storageKey, storageContext(place), key, random) };
  } finally {
    sodium.memzero(key);
  }
}

/**
 * Wraps a data key under the tenant's wrapping key.
 *
 * The answer is version, epoch (4 bytes, big-endian), nonce, ciphertext and tag. Everything that
 * says whose key this is and what for is authenticated: header, tenant and `context`.
 */
export function wrapDataKey(
  storageKey: Uint8Array,
  stored: StoredKey,
  dataKey: Uint8Array,
  context: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = formatVersion;
  new DataView(header.buffer).setUint32(1, stored.epoch);
  const body = withKey(storageKey, stored, (key) =>
    encrypt(key, wrapContext(header, stored.tenant, context), dataKey, random),
  );
  const wrapped = new Uint8Array(headerBytes + body.length);
  wrapped.set(header);
  wrapped.set(body, headerBytes);
  return wrapped;
}

/** The epoch of the wrapping key that a wrapped key names, not yet authenticated. */
export function epochOf(wrappedKey: Uint8Array): number | undefined {
  if (wrappedKey.length <= headerBytes || wrappedKey[0] !== formatVersion) return undefined;
  return new DataView(wrappedKey.buffer, wrappedKey.byteOffset).getUint32(1);
}

/** Unwraps a data key, or answers `undefined` when anything about it is not as it was wrapped. */
export function unwrapDataKey(
  storageKey: Uint8Array,
  stored: StoredKey,
  wrappedKey: Uint8Array,
  context: Uint8Array,
): Uint8Array | undefined {
  const header = wrappedKey.subarray(0, headerBytes);
  return withKey(storageKey, stored, (key) =>
    decrypt(key, wrapContext(header, stored.tenant, context), wrappedKey.subarray(headerBytes)),
  );
}

/** Lends the plain wrapping key to `use` and wipes it afterwards. */
function withKey<T>(storageKey: Uint8Array, stored: StoredKey, use: (key: Uint8Array) => T): T {
  const key = decrypt(storageKey, storageContext(stored), stored.encryptedKey);
  if (key === undefined) throw new Error('a stored wrapping key does not open');
  try {
    return use(key);
  } finally {
    sodium.memzero(key);
  }
}

function storageContext(place: Omit<StoredKey, 'encryptedKey'>): Uint8Array {
  return fields('cinnabar wrapping key', place.chip, place.tenant, String(place.epoch));
}

function wrapContext(header: Uint8Array, tenant: string, context: Uint8Array): Uint8Array {
  return fields('cinnabar data key', header, tenant, context);
}

function encrypt(
  key: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
  random: RandomBytes,
): Uint8Array {
  const nonce = random(nonceBytes);
  const ciphertext = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
    plaintext,
    context,
    null,
    nonce,
    key,
  );
  const envelope = new Uint8Array(nonceBytes + ciphertext.length);
  envelope.set(nonce);
  envelope.set(ciphertext, nonceBytes);
  return envelope;
}

function decrypt(
  key: Uint8Array,
  context: Uint8Array,
  envelope: Uint8Array,
): Uint8Array | undefined {
  if (envelope.length < nonceBytes + tagBytes) return undefined;
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      envelope.subarray(nonceBytes),
      context,
      envelope.subarray(0, nonceBytes),
      key,
    );
  } catch {
    // libsodium throws on a wrong tag; every reason for it is the same answer here.
    return undefined;
  }
}

/** Joins fields so that no two lists of fields give the same bytes: each carries its length. */
function fields(...parts: (string | Uint8Array)[]): Uint8Array {
  const encoder = new TextEncoder();
  const bytes = parts.map((part) => (typeof part === 'string' ? encoder.encode(part) : part));
  const joined = new Uint8Array(bytes.reduce((total, part) => total + 4 + part.length, 0));
  const view = new DataView(joined.buffer);
  let at = 0;
  for (const part of bytes) {
    view.setUint32(at, part.length);
    joined.set(part, at + 4);
    at += 4 + part.length;
  }
  return joined;
}
