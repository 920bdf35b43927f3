import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { loadSodium } from '../../core/sodium.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import type { SealDeps } from './ports.ts';
import type { EncryptedObject } from './types.ts';

/**
 * Encryption of what is stored about imprints: templates and card images.
 *
 * Each object has a fresh data key and is stored as format byte, nonce (24 bytes), then
 * XChaCha20-Poly1305 over the content padded to a multiple of 1 KiB (ISO/IEC 7816-4), so that the
 * size tells little about the imprint. The context is authenticated twice: as associated data here
 * and by the chip that wraps the data key. An object, its key and its row therefore only fit
 * together as they were written.
 */
const formatVersion = 1;
const paddingBytes = 1024;
const dataKeyBytes = 32;
const nonceBytes = 24;
const tagBytes = 16;
const headerBytes = 1 + nonceBytes;

/** What an object is: every field is bound into its ciphertext. */
export type ObjectContext = readonly [purpose: string, ...fields: readonly string[]];

export interface Plaintext {
  readonly context: ObjectContext;
  readonly bytes: Uint8Array;
}

/** An encrypted object that is not stored yet. */
export interface FreshObject extends EncryptedObject {
  readonly ciphertext: Uint8Array;
}

type CipherDeps = Pick<SealDeps, 'clock' | 'random' | 'templateKeys'>;

/**
 * Encrypts objects of one tenant, in order. Nothing is stored.
 *
 * @throws CinnabarError `chips_unavailable`
 */
export async function encryptObjects(
  deps: CipherDeps,
  tenant: string,
  plaintexts: readonly Plaintext[],
): Promise<readonly FreshObject[]> {
  const sodium = await loadSodium();
  const items = plaintexts.map((plaintext) => ({
    plaintext,
    dataKey: deps.random.bytes(dataKeyBytes),
    context: encodeContext(tenant, plaintext.context),
  }));
  try {
    const wrappedKeys = await deps.templateKeys.wrap(
      tenant,
      items.map(({ dataKey, context }) => ({ dataKey, context })),
    );
    return items.map(({ plaintext, dataKey, context }, index) => {
      const wrappedKey = wrappedKeys[index];
      if (wrappedKey === undefined) throw new Error('template keys: an answer is missing');
      const nonce = deps.random.bytes(nonceBytes);
      const padded = sodium.pad(plaintext.bytes, paddingBytes);
      const ciphertext = concatBytes(
        Uint8Array.of(formatVersion),
        nonce,
        sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(padded, context, null, nonce, dataKey),
      );
      sodium.memzero(padded);
      return {
        objectKey: `${tenant}/${plaintext.context[0]}/${newId(deps)}`,
        wrappedKey,
        digestHex: bytesToHex(sha256(ciphertext)),
        bytes: ciphertext.length,
        ciphertext,
      };
    });
  } finally {
    for (const { dataKey } of items) sodium.memzero(dataKey);
  }
}

/**
 * Fetches and decrypts objects of one tenant, in order.
 *
 * @throws CinnabarError `template_unreadable` when an object is missing, altered, or not the one
 * that its row and context say; `chips_unavailable`; `storage_unavailable`
 */
export async function decryptObjects(
  deps: Pick<SealDeps, 'objects' | 'templateKeys'>,
  tenant: string,
  items: readonly { readonly object: EncryptedObject; readonly context: ObjectContext }[],
): Promise<readonly Uint8Array[]> {
  const bound = items.map(({ object, context }) => ({
    object,
    wrappedKey: object.wrappedKey,
    context: encodeContext(tenant, context),
  }));
  const [sodium, ciphertexts, dataKeys] = await Promise.all([
    loadSodium(),
    Promise.all(bound.map(({ object }) => deps.objects.get(object.objectKey))),
    deps.templateKeys.unwrap(
      tenant,
      bound.map(({ wrappedKey, context }) => ({ wrappedKey, context })),
    ),
  ]);
  try {
    return bound.map(({ object, context }, index) => {
      const ciphertext = ciphertexts[index];
      const dataKey = dataKeys[index];
      if (ciphertext === undefined || dataKey === undefined || !isWhole(ciphertext, object)) {
        throw new CinnabarError('template_unreadable');
      }
      try {
        const padded = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
          null,
          ciphertext.subarray(headerBytes),
          context,
          ciphertext.subarray(1, headerBytes),
          dataKey,
        );
        return sodium.unpad(padded, paddingBytes);
      } catch (cause) {
        throw new CinnabarError('template_unreadable', { cause });
      }
    });
  } finally {
    for (const dataKey of dataKeys) sodium.memzero(dataKey);
  }
}

function isWhole(ciphertext: Uint8Array, object: EncryptedObject): boolean {
  return (
    ciphertext[0] === formatVersion &&
    ciphertext.length === object.bytes &&
    ciphertext.length >= headerBytes + paddingBytes + tagBytes &&
    bytesToHex(sha256(ciphertext)) === object.digestHex
  );
}

/** Length-prefixed, so that no two different contexts encode alike. */
function encodeContext(tenant: string, context: ObjectContext): Uint8Array {
  const texts = [`cinnabar object ${formatVersion}`, tenant, ...context];
  return concatBytes(
    ...texts.flatMap((text) => {
      const bytes = utf8ToBytes(text);
      const length = new Uint8Array(2);
      new DataView(length.buffer).setUint16(0, bytes.length);
      return [length, bytes];
    }),
  );
}
