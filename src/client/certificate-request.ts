import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { loadGm } from '../core/gm.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derObjectIdentifier,
  derSequence,
  derUnsigned,
} from '../lib/der.ts';
import { encodePem } from '../lib/pem.ts';
import { encryptKeyFile } from './key-file.ts';

/** GM/T 0006: SM2-with-SM3. */
const sm2WithSm3 = '1.2.156.10197.1.501';
/** RFC 5758 §3.2. */
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';

/** A request in PEM, and the private key that belongs to it, encrypted, in PEM. */
export interface MadeRequest {
  readonly request: string;
  readonly encryptedKey: string;
  /** SHA-256 in hex of the public key (SPKI). */
  readonly publicKeySha256: string;
}

/**
 * Makes an SM2 key pair here, and a PKCS#10 request (RFC 2986 §4) that proves it. The request names
 * nobody: the certificate says what the registration authority verified.
 *
 * The private key leaves this function only encrypted (PBES2 with SM4, RFC 8018), in PEM; who loses
 * the password has lost the key.
 */
export async function makeSm2Request(password: string): Promise<MadeRequest> {
  const { sm2, keys } = await loadGm();
  const { privateKey, publicKey } = sm2.generateKeyPair();
  try {
    const spki = keys.encodeSpki(publicKey);
    const info = requestInfo(spki);
    const signature = sm2.sign(privateKey, info);
    const encrypted = await keys.encryptPkcs8(privateKey, password);
    return {
      request: signedRequest(info, sm2WithSm3, signature),
      encryptedKey: keys.toPem('ENCRYPTED PRIVATE KEY', encrypted),
      publicKeySha256: bytesToHex(sha256(spki)),
    };
  } finally {
    privateKey.fill(0);
  }
}

/**
 * The same on P-256, with WebCrypto. The private key is under AES-256 (`key-file.ts`), so that it
 * can go into a PKCS#12 file as it is.
 */
export async function makeP256Request(password: string): Promise<MadeRequest> {
  const { subtle } = crypto;
  const curve = { name: 'ECDSA', namedCurve: 'P-256' };
  const pair = await subtle.generateKey(curve, true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('ECDSA gave no key pair');
  const exported = async (kind: 'spki' | 'pkcs8', key: CryptoKey) =>
    new Uint8Array((await subtle.exportKey(kind, key)) as ArrayBuffer);
  const spki = await exported('spki', pair.publicKey);
  const info = requestInfo(spki);
  const scheme = { name: 'ECDSA', hash: 'SHA-256' };
  const signed = await subtle.sign(scheme, pair.privateKey, Uint8Array.from(info));
  const raw = new Uint8Array(signed);
  const signature = derSequence(derUnsigned(raw.subarray(0, 32)), derUnsigned(raw.subarray(32)));
  const privateKey = await exported('pkcs8', pair.privateKey);
  try {
    return {
      request: signedRequest(info, ecdsaWithSha256, signature),
      encryptedKey: await encryptKeyFile(privateKey, password),
      publicKeySha256: bytesToHex(sha256(spki)),
    };
  } finally {
    privateKey.fill(0);
  }
}

/** CertificationRequestInfo without name and attributes. */
function requestInfo(spki: Uint8Array): Uint8Array {
  return derSequence(derInteger(0), derSequence(), spki, derElement(0xa0));
}

function signedRequest(info: Uint8Array, algorithm: string, signature: Uint8Array): string {
  const identifier = derSequence(derObjectIdentifier(algorithm));
  return encodePem('CERTIFICATE REQUEST', derSequence(info, identifier, derBitString(signature)));
}
