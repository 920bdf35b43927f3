import {
  DerError,
  derElement,
  derInteger,
  derNull,
  derObjectIdentifier,
  derOctetString,
  derSequence,
  readDer,
} from '../lib/der.ts';
import { decodePem, encodePem, PemError } from '../lib/pem.ts';

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const HMAC_SHA256 = '1.2.840.113549.2.9';
const AES_256_CBC = '2.16.840.1.101.3.4.1.42';

/**
 * Rounds of key derivation, here and for the integrity of a PKCS#12 file: as many as importers take
 * by default (.NET refuses more than 300,000).
 */
export const keyFileRounds = 300_000;
const roundsMax = 2_000_000;
const label = 'ENCRYPTED PRIVATE KEY';

/**
 * Why a key file was not used: `key_file_malformed`, `key_file_locked` (another password, or the
 * file was changed), `key_file_differs` (the key of another certificate).
 */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
  readonly code: 'key_file_malformed' | 'key_file_locked' | 'key_file_differs';

  constructor(code: KeyFileError['code']) {
    super(code);
    this.code = code;
  }
}

async function deriveKey(password: string, salt: Uint8Array, rounds: number): Promise<CryptoKey> {
  const { subtle } = crypto;
  const secret = new TextEncoder().encode(password);
  const base = await subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey']);
  const how = { name: 'PBKDF2', hash: 'SHA-256', salt: Uint8Array.from(salt), iterations: rounds };
  const what = { name: 'AES-CBC', length: 256 };
  return subtle.deriveKey(how, base, what, false, ['encrypt', 'unwrapKey']);
}

/** A PKCS#8 key under a password: PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC (RFC 8018), PEM. */
export async function encryptKeyFile(pkcs8: Uint8Array, password: string): Promise<string> {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const key = await deriveKey(password, salt, keyFileRounds);
  const how = { name: 'AES-CBC', iv };
  const encrypted = await crypto.subtle.encrypt(how, key, Uint8Array.from(pkcs8));
  const hmac = derSequence(derObjectIdentifier(HMAC_SHA256), derNull());
  const derivation = derSequence(
    derObjectIdentifier(PBKDF2),
    derSequence(derOctetString(salt), derInteger(keyFileRounds), hmac),
  );
  const cipher = derSequence(derObjectIdentifier(AES_256_CBC), derOctetString(iv));
  const scheme = derSequence(derObjectIdentifier(PBES2), derSequence(derivation, cipher));
  return encodePem(label, derSequence(scheme, derOctetString(new Uint8Array(encrypted))));
}

/** EncryptedPrivateKeyInfo (RFC 5958 §3) of a file that `encryptKeyFile` wrote. */
export function keyFileDer(pem: string): Uint8Array {
  try {
    return decodePem(label, pem);
  } catch (error) {
    if (error instanceof PemError) throw new KeyFileError('key_file_malformed');
    throw error;
  }
}

interface KeyFile {
  readonly salt: Uint8Array;
  readonly rounds: number;
  readonly iv: Uint8Array;
  readonly encrypted: Uint8Array;
}

/** Only what `encryptKeyFile` writes: other schemes are for other tools. */
function parseKeyFile(der: Uint8Array): KeyFile {
  const expect = (found: string, wanted: string) => {
    if (found !== wanted) throw new DerError('another scheme');
  };
  return readDer(der, (reader) => {
    const file = reader.sequence();
    const scheme = file.sequence();
    expect(scheme.objectIdentifier(), PBES2);
    const parts = scheme.sequence();
    const derivation = parts.sequence();
    expect(derivation.objectIdentifier(), PBKDF2);
    const parameters = derivation.sequence();
    const salt = parameters.octetString();
    const rounds = parameters.smallInteger(roundsMax);
    expect(parameters.sequence().objectIdentifier(), HMAC_SHA256);
    const cipher = parts.sequence();
    expect(cipher.objectIdentifier(), AES_256_CBC);
    const iv = cipher.octetString();
    if (iv.length !== 16 || rounds < 1) throw new DerError('not a key file');
    return { salt, rounds, iv, encrypted: file.octetString() };
  });
}

/**
 * The key in the file, not extractable, for P-256 signatures.
 *
 * @throws KeyFileError
 */
export async function openKeyFile(der: Uint8Array, password: string): Promise<CryptoKey> {
  let file: KeyFile;
  try {
    file = parseKeyFile(der);
  } catch (error) {
    if (error instanceof DerError) throw new KeyFileError('key_file_malformed');
    throw error;
  }
  const key = await deriveKey(password, file.salt, file.rounds);
  try {
    return await crypto.subtle.unwrapKey(
      'pkcs8',
      Uint8Array.from(file.encrypted),
      key,
      { name: 'AES-CBC', iv: Uint8Array.from(file.iv) },
      { name: 'ECDSA', namedCurve: 'P-256' },
      false,
      ['sign'],
    );
  } catch {
    throw new KeyFileError('key_file_locked');
  }
}

/** An element with contents that are text in UTF-16, big-endian. */
export function derBmpString(text: string): Uint8Array {
  return derElement(0x1e, utf16(text));
}

/** UTF-16, big-endian (BMPString; RFC 7292 B.1 for passwords). */
export function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < text.length; at++) view.setUint16(2 * at, text.charCodeAt(at));
  return bytes;
}
