import { DerError, type DerReader, readDer } from '../../lib/der.ts';
import { loadGm } from '../gm.ts';
import type { SignatureAlgorithm } from './certificate.ts';

const EC_PUBLIC_KEY = '1.2.840.10045.2.1';
const RSA_ENCRYPTION = '1.2.840.113549.1.1.1';

const curves: Readonly<Record<string, 'sm2' | 'p256'>> = {
  '1.2.156.10197.1.301': 'sm2',
  '1.2.840.10045.3.1.7': 'p256',
};

export type PublicKeyAlgorithm = 'sm2' | 'p256' | 'rsa' | 'other';

export interface ParsedPublicKey {
  readonly algorithm: PublicKeyAlgorithm;
  /** What the BIT STRING holds: for `sm2` and `p256` a point. */
  readonly key: Uint8Array;
}

/** Reads SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). A point is not yet known to lie on its curve. */
export function parsePublicKey(spki: Uint8Array): ParsedPublicKey {
  return readDer(spki, (reader) => {
    const info = reader.sequence();
    const identifier = info.sequence();
    const type = identifier.objectIdentifier();
    let algorithm: PublicKeyAlgorithm = type === RSA_ENCRYPTION ? 'rsa' : 'other';
    if (type === EC_PUBLIC_KEY) {
      algorithm = curves[identifier.objectIdentifier()] ?? 'other';
      identifier.end();
    }
    const key = info.bitString();
    info.end();
    return { algorithm, key };
  });
}

/** Whether it is an uncompressed point of one of our two curves, on the curve and not at infinity. */
export async function isSoundKey(spki: Uint8Array): Promise<boolean> {
  try {
    const { algorithm, key } = parsePublicKey(spki);
    if (key.length !== 65 || key[0] !== 4) return false;
    if (algorithm === 'sm2') (await loadGm()).sm2.decodePoint(key);
    else if (algorithm === 'p256') await importP256(spki);
    else return false;
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether `signature`, in DER, is one of `data` under the key. Never throws: a malformed key,
 * a malformed signature and a key of another kind than the algorithm's are plain "no".
 */
export async function verifySignature(
  spki: Uint8Array,
  algorithm: SignatureAlgorithm,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  try {
    const parsed = parsePublicKey(spki);
    if (algorithm === 'sm2-sm3' && parsed.algorithm === 'sm2') {
      return (await loadGm()).sm2.verify(parsed.key, data, signature);
    }
    if (algorithm === 'ecdsa-p256-sha256' && parsed.algorithm === 'p256') {
      const key = await importP256(spki);
      const scheme = { name: 'ECDSA', hash: 'SHA-256' };
      const raw = rawSignature(signature);
      return await crypto.subtle.verify(scheme, key, raw, own(data));
    }
    return false;
  } catch {
    return false;
  }
}

function importP256(spki: Uint8Array): Promise<CryptoKey> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  return crypto.subtle.importKey('spki', own(spki), algorithm, true, ['verify']);
}

/** Ecdsa-Sig-Value (RFC 3279 §2.2.3) as r || s, which is what WebCrypto takes. */
function rawSignature(der: Uint8Array): Uint8Array<ArrayBuffer> {
  return readDer(der, (reader: DerReader) => {
    const pair = reader.sequence();
    const raw = new Uint8Array(64);
    raw.set(pair.unsignedOf(32), 0);
    raw.set(pair.unsignedOf(32), 32);
    pair.end();
    if (raw.every((byte) => byte === 0)) throw new DerError('the signature is zero');
    return raw;
  });
}

/** WebCrypto takes no view of shared memory. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);
