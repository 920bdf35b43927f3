import { concatBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Random } from '../ports.ts';

type Sodium = typeof import('libsodium-wrappers')['default'];

/** What one chip needs to use its store: the library, ready, and the key of the store. */
export interface ChipVault {
  readonly sodium: Sodium;
  readonly chip: string;
  readonly storageKey: Uint8Array;
}

/** A tenant's wrapping key as a software chip stores it. */
export interface StoredKey {
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
export async function openVault(rootKey: Uint8Array, chip: string): Promise<ChipVault> {
  // Not a static import: libsodium seeds itself when it starts, and workerd gives no randomness
  // before the first request.
  const { default: sodium } = await import('libsodium-wrappers');
  await sodium.ready;
  if (rootKey.length !== keyBytes) throw new RangeError('the storage secret is not 32 bytes');
  const info = tupleBytes('cinnabar chip storage', chip);
  return { sodium, chip, storageKey: sodium.crypto_generichash(keyBytes, info, rootKey) };
}

/** Makes a tenant's wrapping key. It leaves this function only encrypted. */
export function createKey(
  vault: ChipVault,
  place: Omit<StoredKey, 'encryptedKey'>,
  random: Random,
): StoredKey {
  const key = random.bytes(keyBytes);
  try {
    const context = storageContext(vault, place);
    return { ...place, encryptedKey: encrypt(vault, vault.storageKey, context, key, random) };
  } finally {
    vault.sodium.memzero(key);
  }
}

/**
 * Wraps a data key under the tenant's wrapping key.
 *
 * The wrapped form is version, epoch (4 bytes, big-endian), nonce, ciphertext and tag. Everything
 * that says whose key this is and what for is authenticated: header, tenant and `context`.
 */
export function wrapDataKey(
  vault: ChipVault,
  stored: StoredKey,
  dataKey: Uint8Array,
  context: Uint8Array,
  random: Random,
): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = formatVersion;
  new DataView(header.buffer).setUint32(1, stored.epoch);
  const body = withKey(vault, stored, (wrappingKey) =>
    encrypt(vault, wrappingKey, wrapContext(header, stored.tenant, context), dataKey, random),
  );
  return concatBytes(header, body);
}

/** The epoch of the wrapping key that a wrapped key names, not yet authenticated. */
export function epochOf(wrappedKey: Uint8Array): number | undefined {
  if (wrappedKey.length <= headerBytes || wrappedKey[0] !== formatVersion) return undefined;
  return new DataView(wrappedKey.buffer, wrappedKey.byteOffset).getUint32(1);
}

/** Unwraps a data key, or answers `undefined` when anything about it is not as it was wrapped. */
export function unwrapDataKey(
  vault: ChipVault,
  stored: StoredKey,
  wrappedKey: Uint8Array,
  context: Uint8Array,
): Uint8Array | undefined {
  const header = wrappedKey.subarray(0, headerBytes);
  const body = wrappedKey.subarray(headerBytes);
  return withKey(vault, stored, (wrappingKey) =>
    decrypt(vault, wrappingKey, wrapContext(header, stored.tenant, context), body),
  );
}

/** Lends the plain wrapping key to `use` and wipes it afterwards. */
function withKey<T>(vault: ChipVault, stored: StoredKey, use: (key: Uint8Array) => T): T {
  const context = storageContext(vault, stored);
  const key = decrypt(vault, vault.storageKey, context, stored.encryptedKey);
  if (key === undefined) throw new Error('a stored wrapping key does not open');
  try {
    return use(key);
  } finally {
    vault.sodium.memzero(key);
  }
}

function storageContext(vault: ChipVault, place: Omit<StoredKey, 'encryptedKey'>): Uint8Array {
  return tupleBytes('cinnabar wrapping key', vault.chip, place.tenant, String(place.epoch));
}

function wrapContext(header: Uint8Array, tenant: string, context: Uint8Array): Uint8Array {
  return tupleBytes('cinnabar data key', header, tenant, context);
}

function encrypt(
  { sodium }: ChipVault,
  key: Uint8Array,
  context: Uint8Array,
  plaintext: Uint8Array,
  random: Random,
): Uint8Array {
  const nonce = random.bytes(nonceBytes);
  return concatBytes(
    nonce,
    sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(plaintext, context, null, nonce, key),
  );
}

function decrypt(
  { sodium }: ChipVault,
  key: Uint8Array,
  context: Uint8Array,
  envelope: Uint8Array,
): Uint8Array | undefined {
  if (envelope.length < nonceBytes + tagBytes) return undefined;
  const nonce = envelope.subarray(0, nonceBytes);
  const ciphertext = envelope.subarray(nonceBytes);
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, ciphertext, context, nonce, key);
  } catch {
    // libsodium throws on a wrong tag; every reason for it is the same answer here.
    return undefined;
  }
}
