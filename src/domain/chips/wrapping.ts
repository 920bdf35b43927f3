import { concatBytes } from '@noble/hashes/utils.js';
import type { Sodium } from '../../core/sodium.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Random } from '../ports.ts';
import type { PlainItem, WrappedItem } from './messages.ts';

/** What encrypts the store of one chip or guard. The key may be in a hardware token. */
export interface ChipVault {
  readonly chip: string;
  seal(context: Uint8Array, plaintext: Uint8Array, random: Random): Uint8Array;
  /** `undefined` when the envelope is not what `seal` made for this context. */
  open(context: Uint8Array, envelope: Uint8Array): Uint8Array | undefined;
}

/** Where a tenant's wrapping key belongs; a wrapped key names the epoch. */
export interface WrappingPlace {
  readonly tenant: string;
  readonly epoch: number;
}

/** A tenant's wrapping key as the first software chips stored it, one chip a tenant. */
export interface StoredKey extends WrappingPlace {
  readonly encryptedKey: Uint8Array;
}

interface SodiumTools {
  readonly sodium: Sodium;
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
export function openVault(sodium: Sodium, rootKey: Uint8Array, chip: string): ChipVault {
  if (rootKey.length !== keyBytes) throw new RangeError('the storage secret is not 32 bytes');
  const info = tupleBytes('cinnabar chip storage', chip);
  const storageKey = sodium.crypto_generichash(keyBytes, info, rootKey);
  return {
    chip,
    seal: (context, plaintext, random) => seal({ sodium }, storageKey, context, plaintext, random),
    open: (context, envelope) => open({ sodium }, storageKey, context, envelope),
  };
}

/** Opens a key as the first software chips stored it. */
export function openStoredKey(vault: ChipVault, stored: StoredKey): Uint8Array {
  const place = ['cinnabar wrapping key', vault.chip, stored.tenant, String(stored.epoch)];
  const key = vault.open(tupleBytes(...place), stored.encryptedKey);
  if (key === undefined) throw new Error('a stored wrapping key does not open');
  return key;
}

/** Encrypts for the chip's own store. */
export function sealForStore(
  vault: ChipVault,
  context: Uint8Array,
  plaintext: Uint8Array,
  random: Random,
): Uint8Array {
  return vault.seal(context, plaintext, random);
}

/** @throws Error when the store holds something else than was put there */
export function openFromStore(
  vault: ChipVault,
  context: Uint8Array,
  envelope: Uint8Array,
): Uint8Array {
  const plaintext = vault.open(context, envelope);
  if (plaintext === undefined) throw new Error('a stored secret does not open');
  return plaintext;
}

/**
 * Wraps a data key under the tenant's wrapping key.
 *
 * The wrapped form is version, epoch (4 bytes, big-endian), nonce, ciphertext and tag. Everything
 * that says whose key this is and what for is authenticated: header, tenant and `context`.
 */
export function wrapDataKey(
  tools: SodiumTools,
  wrappingKey: Uint8Array,
  { tenant, epoch }: WrappingPlace,
  { dataKey, context }: PlainItem,
  random: Random,
): Uint8Array {
  const header = new Uint8Array(headerBytes);
  header[0] = formatVersion;
  new DataView(header.buffer).setUint32(1, epoch);
  const bound = wrapContext(header, tenant, context);
  return concatBytes(header, seal(tools, wrappingKey, bound, dataKey, random));
}

/** Unwraps a data key, or answers `undefined` when anything about it is not as it was wrapped. */
export function unwrapDataKey(
  tools: SodiumTools,
  wrappingKey: Uint8Array,
  { tenant, epoch }: WrappingPlace,
  { wrappedKey, context }: WrappedItem,
): Uint8Array | undefined {
  if (wrappedKey.length <= headerBytes || wrappedKey[0] !== formatVersion) return undefined;
  const named = new DataView(wrappedKey.buffer, wrappedKey.byteOffset).getUint32(1);
  if (named !== epoch) return undefined;
  const header = wrappedKey.subarray(0, headerBytes);
  const bound = wrapContext(header, tenant, context);
  return open(tools, wrappingKey, bound, wrappedKey.subarray(headerBytes));
}

function wrapContext(header: Uint8Array, tenant: string, context: Uint8Array): Uint8Array {
  return tupleBytes('cinnabar data key', header, tenant, context);
}

function seal(
  { sodium }: SodiumTools,
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

function open(
  { sodium }: SodiumTools,
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
