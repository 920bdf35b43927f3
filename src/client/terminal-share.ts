import { argon2idAsync } from '@noble/hashes/argon2.js';
import { base64urlBytes, base64urlText } from '../lib/base64url.ts';
import { tupleBytes } from '../lib/tuple.ts';

/**
 * The terminal's share of a personal key, as it rests on the terminal: AES-256-GCM under a key that
 * the terminal cannot make alone. Either a passkey makes it, after user verification (WebAuthn
 * Level 3 §10.1.4, the `prf` extension), or a PIN together with a pepper of the service.
 */
export interface StoredShare {
  readonly v: 1;
  readonly tenant: string;
  readonly keyId: string;
  readonly protection: 'passkey' | 'pin';
  /** Of the passkey; base64url. */
  readonly credentialId?: string;
  /** Input of the passkey's PRF, or salt of the PIN; base64url. */
  readonly salt: string;
  readonly iv: string;
  readonly ciphertext: string;
}

/** What a share is encrypted with. Both are 32 bytes of secret, used once and dropped. */
export type ShareSecret =
  | { readonly protection: 'passkey'; readonly credentialId: string; readonly prf: Uint8Array }
  | { readonly protection: 'pin'; readonly stretched: Uint8Array; readonly pepper: Uint8Array };

/** The stored share cannot be opened: another secret, or it was altered. No more is said. */
export class ShareUnreadable extends Error {
  override readonly name = 'ShareUnreadable';
}

const saltBytes = 32;
const ivBytes = 12;
const keyBits = 256;
/**
 * Argon2id (RFC 9106) with OWASP's least figures: 19 MiB, two passes. The pepper is what stops
 * offline guessing; this is for the day on which it is lost.
 */
const pinCost = { t: 2, m: 19 * 1024, p: 1 };

export function newSalt(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(saltBytes));
}

/**
 * Stretches a PIN: half of it goes into the key of the share, the other half proves the PIN to the
 * service, and neither can be computed from the other.
 */
export async function stretchPin(
  pin: string,
  salt: Uint8Array,
): Promise<{ readonly stretched: Uint8Array; readonly verifier: Uint8Array }> {
  const text = new TextEncoder().encode(pin.normalize('NFKC'));
  const bits = await argon2idAsync(text, salt, { ...pinCost, dkLen: 64 });
  return { stretched: bits.slice(0, 32), verifier: bits.slice(32) };
}

export async function encryptShare(
  share: Uint8Array,
  place: { readonly tenant: string; readonly keyId: string; readonly salt: Uint8Array },
  secret: ShareSecret,
): Promise<StoredShare> {
  const iv = crypto.getRandomValues(new Uint8Array(ivBytes));
  const head = {
    v: 1,
    tenant: place.tenant,
    keyId: place.keyId,
    protection: secret.protection,
    ...(secret.protection === 'passkey' ? { credentialId: secret.credentialId } : {}),
    salt: base64urlText(place.salt),
  } as const;
  const key = await keyOf(secret, place.salt);
  const algorithm = { name: 'AES-GCM', iv, additionalData: own(boundTo(head)) };
  const ciphertext = await crypto.subtle.encrypt(algorithm, key, own(share));
  return {
    ...head,
    iv: base64urlText(iv),
    ciphertext: base64urlText(new Uint8Array(ciphertext)),
  };
}

/** @throws ShareUnreadable */
export async function decryptShare(stored: StoredShare, secret: ShareSecret): Promise<Uint8Array> {
  const salt = base64urlBytes(stored.salt);
  const iv = base64urlBytes(stored.iv);
  const ciphertext = base64urlBytes(stored.ciphertext);
  if (!salt || !iv || !ciphertext || stored.protection !== secret.protection) {
    throw new ShareUnreadable();
  }
  const key = await keyOf(secret, salt);
  const algorithm = { name: 'AES-GCM', iv: own(iv), additionalData: own(boundTo(stored)) };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, own(ciphertext)));
  } catch {
    throw new ShareUnreadable();
  }
}

async function keyOf(secret: ShareSecret, salt: Uint8Array): Promise<CryptoKey> {
  const material =
    secret.protection === 'passkey'
      ? tupleBytes('passkey', secret.prf)
      : tupleBytes('pin', secret.stretched, secret.pepper);
  const input = await crypto.subtle.importKey('raw', own(material), 'HKDF', false, ['deriveKey']);
  const info = new TextEncoder().encode('cinnabar terminal share 1');
  return crypto.subtle.deriveKey(
    { name: 'HKDF', hash: 'SHA-256', salt: own(salt), info },
    input,
    { name: 'AES-GCM', length: keyBits },
    false,
    ['encrypt', 'decrypt'],
  );
}

/** A share moved to another key, person or passkey opens no more. */
function boundTo({
  tenant,
  keyId,
  protection,
  credentialId = '',
  salt,
}: Omit<StoredShare, 'iv' | 'ciphertext'>): Uint8Array {
  return tupleBytes('cinnabar terminal share 1', tenant, keyId, protection, credentialId, salt);
}

/** WebCrypto takes no view of shared memory. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);
