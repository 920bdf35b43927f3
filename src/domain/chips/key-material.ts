import { concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { GmError } from '../../core/gm.ts';
import { derSequence, derUnsigned, readDer } from '../../lib/der.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import type { Random } from '../ports.ts';
import { algorithmOf, type DecryptRequest, type KeyAlgorithm, type SignRequest } from './keys.ts';
import { isTransformOf, transformData } from './rsa-transform.ts';
import type { ChipTools } from './tools.ts';
import type { KeyName } from './types.ts';

/**
 * A private key in the open, inside a chip.
 *
 * The secret is 32 bytes for `sm2` and `ed25519` (RFC 8032 §5.1.5: the seed) and PKCS#8 for the
 * algorithms of WebCrypto. Whoever holds it wipes it after use.
 */
export interface KeyMaterial {
  readonly algorithm: KeyAlgorithm;
  readonly secret: Uint8Array;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
}

const seedBytes = 32;
/** RFC 8410 §4: the SubjectPublicKeyInfo of Ed25519 up to the key. */
const ed25519Prefix = hexToBytes('302a300506032b6570032100');
const p256 = { name: 'ECDSA', namedCurve: 'P-256' };
const rsaModulusBits = 3072;
const sha256 = 'SHA-256';
const pssSaltBytes = 32;

export async function generateMaterial(
  { gm, sodium, subtle }: ChipTools,
  algorithm: KeyAlgorithm,
): Promise<KeyMaterial> {
  if (algorithm === 'sm2') {
    const { privateKey, publicKey } = gm.sm2.generateKeyPair();
    return { algorithm, secret: privateKey, publicKey: gm.keys.encodeSpki(publicKey) };
  }
  if (algorithm === 'ed25519') {
    const secret = sodium.randombytes_buf(seedBytes);
    const { publicKey } = sodium.crypto_sign_seed_keypair(secret);
    return { algorithm, secret, publicKey: concatBytes(ed25519Prefix, publicKey) };
  }
  const rsa = {
    name: 'RSASSA-PKCS1-v1_5',
    modulusLength: rsaModulusBits,
    publicExponent: Uint8Array.of(1, 0, 1),
    hash: sha256,
  };
  const pair = await generatePair(subtle, algorithm === 'p256' ? p256 : rsa);
  return {
    algorithm,
    secret: await exported(subtle, 'pkcs8', pair.privateKey),
    publicKey: await exported(subtle, 'spki', pair.publicKey),
  };
}

/** @throws CinnabarError `key_use_refused` for a scheme of another algorithm */
export async function signWith(
  tools: ChipTools,
  { algorithm, secret }: KeyMaterial,
  request: SignInput,
): Promise<Uint8Array> {
  const { scheme, format = 'der', message, digest } = request;
  if (algorithmOf(scheme) !== algorithm) throw new CinnabarError('key_use_refused');
  if (scheme === 'sm2-sm3') {
    if (digest) return tools.gm.sm2.signDigest(secret, digest, { format });
    return tools.gm.sm2.sign(secret, message ?? new Uint8Array(), { format });
  }
  if (!message) throw new CinnabarError('key_use_refused');
  if (scheme === 'ed25519') return signEd25519(tools, secret, message);
  if (scheme === 'rsa-recovery') return transformData(tools, secret, message);
  const parameters = webSignature(scheme);
  const { subtle } = tools;
  const key = await subtle.importKey('pkcs8', own(secret), parameters, false, ['sign']);
  const signature = new Uint8Array(await subtle.sign(parameters, key, own(message)));
  return scheme === 'ecdsa-p256-sha256' && format === 'der' ? derSignature(signature) : signature;
}

function signEd25519({ sodium }: ChipTools, seed: Uint8Array, message: Uint8Array): Uint8Array {
  const { privateKey } = sodium.crypto_sign_seed_keypair(seed);
  try {
    return sodium.crypto_sign_detached(message, privateKey);
  } finally {
    sodium.memzero(privateKey);
  }
}

/** What is to be signed, and how, whoever asks. */
export type SignInput = Pick<SignRequest, 'scheme' | 'format' | 'message' | 'digest'>;

type Anonymous<T> = T extends unknown
  ? Omit<T, 'tenant' | 'keyId' | 'requestId' | 'activation' | 'storedOnly'>
  : never;

/** What is to be decrypted, and how, whoever asks. */
export type DecryptInput = Anonymous<DecryptRequest>;

/**
 * @throws CinnabarError `key_use_refused` for a scheme of another algorithm, `decryption_failed`
 * whatever is wrong inside
 */
export async function decryptWith(
  { gm, subtle }: ChipTools,
  { algorithm, secret }: KeyMaterial,
  request: DecryptInput,
): Promise<Uint8Array> {
  if (algorithmOf(request.scheme) !== algorithm) throw new CinnabarError('key_use_refused');
  try {
    if (request.scheme === 'sm2') {
      return gm.sm2.decrypt(secret, request.ciphertext, { format: request.format ?? 'der' });
    }
    if (request.scheme === 'ecdh-p256')
      return await agreeP256(subtle, secret, request.peerPublicKey);
    const oaep = { name: 'RSA-OAEP', hash: sha256 };
    const key = await subtle.importKey('pkcs8', own(secret), oaep, false, ['decrypt']);
    return new Uint8Array(await subtle.decrypt(oaep, key, own(request.ciphertext)));
  } catch (error) {
    if (error instanceof GmError && error.code !== 'decryption_failed') throw error;
    throw new CinnabarError('decryption_failed');
  }
}

async function agreeP256(
  subtle: SubtleCrypto,
  secret: Uint8Array,
  peerPublicKey: Uint8Array,
): Promise<Uint8Array> {
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
  // The import refuses a point that is not on the curve (SP 800-56A §5.6.2.3).
  const peer = await subtle.importKey('raw', own(peerPublicKey), ecdh, false, []);
  const key = await subtle.importKey('pkcs8', own(secret), ecdh, false, ['deriveBits']);
  const parameters = { name: 'ECDH', public: peer };
  return new Uint8Array(await subtle.deriveBits(parameters, key, 256));
}

/** The bytes that a holder of a key signs to prove that it holds it. */
export function proofBytes(tenant: string, keyId: string, challenge: Uint8Array): Uint8Array {
  return tupleBytes('cinnabar proof of possession 1', tenant, keyId, challenge);
}

/**
 * For keys that only decrypt: a ciphertext that the holder opens, and the answer that shows it.
 * The answer binds the name of the key and shows nothing of the plaintext.
 */
export function decryptionChallenge(
  tools: ChipTools,
  name: KeyName,
  publicKey: Uint8Array,
  random: Random,
): { readonly challenge: Uint8Array; readonly answer: Uint8Array } {
  const nonce = random.bytes(seedBytes);
  const challenge = tools.gm.sm2.encrypt(tools.gm.keys.decodeSpki(publicKey), nonce);
  return { challenge, answer: decryptionProof(tools, name, nonce) };
}

/** The answer to such a challenge, from what was inside. */
export function decryptionProof(
  { gm }: Pick<ChipTools, 'gm'>,
  { tenant, keyId }: KeyName,
  nonce: Uint8Array,
): Uint8Array {
  return gm.sm3(proofBytes(tenant, keyId, nonce));
}

export const proofSchemes = {
  sm2: 'sm2-sm3',
  p256: 'ecdsa-p256-sha256',
  ed25519: 'ed25519',
  rsa3072: 'rsa-pss-sha256',
  'rsa3072-recovery': 'rsa-recovery',
} as const;

/** Whether `proof` is a signature with the key itself, of the scheme that `proofSchemes` names. */
export function verifyProof(
  tools: ChipTools,
  { algorithm, publicKey }: Pick<KeyMaterial, 'algorithm' | 'publicKey'>,
  bytes: Uint8Array,
  proof: Uint8Array,
): Promise<boolean> {
  return verifyWith(tools, publicKey, proofSchemes[algorithm], bytes, proof);
}

/** Whether a signature is valid under a SubjectPublicKeyInfo. */
export async function verifyWith(
  { gm, sodium, subtle }: ChipTools,
  publicKey: Uint8Array,
  scheme: SignRequest['scheme'],
  message: Uint8Array,
  signature: Uint8Array,
  format: 'der' | 'raw' = 'der',
): Promise<boolean> {
  if (scheme === 'sm2-sm3') {
    return gm.sm2.verify(gm.keys.decodeSpki(publicKey), message, signature, { format });
  }
  if (scheme === 'ed25519') {
    if (signature.length !== sodium.crypto_sign_BYTES) return false;
    const key = publicKey.subarray(ed25519Prefix.length);
    return sodium.crypto_sign_verify_detached(signature, message, key);
  }
  if (scheme === 'rsa-recovery') return isTransformOf(subtle, publicKey, message, signature);
  const isDer = scheme === 'ecdsa-p256-sha256' && format === 'der';
  const raw = isDer ? rawSignature(signature) : signature;
  if (!raw) return false;
  const parameters = webSignature(scheme);
  const key = await subtle.importKey('spki', own(publicKey), parameters, false, ['verify']);
  return subtle.verify(parameters, key, own(raw), own(message));
}

function webSignature(scheme: SignRequest['scheme']) {
  if (scheme === 'ecdsa-p256-sha256') return { ...p256, hash: sha256 };
  if (scheme === 'rsa-pkcs1-sha256') return { name: 'RSASSA-PKCS1-v1_5', hash: sha256 };
  return { name: 'RSA-PSS', hash: sha256, saltLength: pssSaltBytes };
}

/** ECDSA-Sig-Value (RFC 3279 §2.2.3) of r || s. */
export function derSignature(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  return derSequence(derUnsigned(raw.subarray(0, half)), derUnsigned(raw.subarray(half)));
}

function rawSignature(der: Uint8Array): Uint8Array | undefined {
  try {
    return readDer(der, (reader) => {
      const pair = reader.sequence();
      const raw = concatBytes(pair.unsignedOf(32), pair.unsignedOf(32));
      pair.end();
      return raw;
    });
  } catch {
    return undefined;
  }
}

async function generatePair(
  subtle: SubtleCrypto,
  parameters: { readonly name: string },
): Promise<CryptoKeyPair> {
  const pair = await subtle.generateKey(parameters, true, ['sign', 'verify']);
  if (!('privateKey' in pair)) throw new Error('a key pair was expected');
  return pair;
}

async function exported(
  subtle: SubtleCrypto,
  format: 'pkcs8' | 'spki',
  key: CryptoKey,
): Promise<Uint8Array> {
  const bytes = await subtle.exportKey(format, key);
  return new Uint8Array(bytes as ArrayBuffer);
}

// WebCrypto's types want bytes over a plain ArrayBuffer.
const own = (bytes: Uint8Array) => new Uint8Array(bytes);
