import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, randomBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { base64urlText } from '../../lib/base64url.ts';

// The one kind of JWE that is used here: compact (RFC 7516 §7.1), ECDH-ES to one key (RFC 7518 §4.6)
// and A256GCM (§5.3). WebCrypto does the arithmetic; what stands here is the order of the steps, so
// that a header is read once and by one reader only.

export const ivBytes = 12;
export const tagBytes = 16;
const secretBits = 256;

/** The parts of a JWE whose key is agreed on, so that none is encrypted. */
export interface JweParts {
  /** The protected header as it was sent: it is authenticated. */
  readonly header: string;
  readonly iv: Uint8Array;
  /** Ciphertext and tag, as WebCrypto takes them. */
  readonly sealed: Uint8Array;
}

/** Encrypts to a public key of WebCrypto, P-256 or X25519. `header` is completed by `epk`. */
export async function encryptJwe(
  plaintext: Uint8Array,
  to: CryptoKey,
  header: Readonly<Record<string, unknown>>,
): Promise<string> {
  const pair = await crypto.subtle.generateKey(curveOf(to), false, ['deriveBits']);
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  const { kty, crv, x, y } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey;
  const complete = { ...header, epk: { kty, crv, x, y } };
  const protectedPart = base64urlText(utf8ToBytes(JSON.stringify(complete)));
  const key = await contentKey(to, privateKey, 'encrypt');
  const iv = randomBytes(ivBytes);
  const sealed = new Uint8Array(
    await crypto.subtle.encrypt(gcm(iv, protectedPart), key, Uint8Array.from(plaintext)),
  );
  const [content, tag] = [sealed.subarray(0, -tagBytes), sealed.subarray(-tagBytes)];
  return [protectedPart, '', ...[iv, content, tag].map(base64urlText)].join('.');
}

/**
 * Keys of parts that were opened, by their headers. They cannot be exported and open nothing but
 * their part, which the private key beside them opens as well; no plaintext is among them.
 */
export type ContentKeys = Map<string, CryptoKey>;

/** So many parts' keys are remembered; then all are forgotten. */
const contentKeysMax = 1_000;

/**
 * @param known of this private key alone; the agreement is then made once for each part
 * @throws whatever WebCrypto does, for a point beside the curve and a tag that does not fit
 */
export async function decryptJwe(
  { header, iv, sealed }: JweParts,
  point: Uint8Array,
  key: CryptoKey,
  known?: ContentKeys,
): Promise<Uint8Array> {
  const content = known?.get(header) ?? (await agreedKey(point, key));
  const plaintext = await crypto.subtle.decrypt(gcm(iv, header), content, Uint8Array.from(sealed));
  if (known) {
    if (known.size >= contentKeysMax) known.clear();
    known.set(header, content);
  }
  return new Uint8Array(plaintext);
}

async function agreedKey(point: Uint8Array, key: CryptoKey): Promise<CryptoKey> {
  // The import refuses points that are not on P-256 (SP 800-56A §5.6.2.3.3).
  const curve = curveOf(key);
  const sender = await crypto.subtle.importKey('raw', Uint8Array.from(point), curve, false, []);
  return contentKey(sender as CryptoKey, key, 'decrypt');
}

/**
 * The key of one message: Concat KDF (SP 800-56A §5.8.2.1, as RFC 7518 §4.6.2 fills it in) over the
 * agreed secret. One block of SHA-256 is a whole key.
 */
async function contentKey(
  publicKey: CryptoKey,
  privateKey: CryptoKey,
  use: 'encrypt' | 'decrypt',
): Promise<CryptoKey> {
  const agreement = { name: privateKey.algorithm.name, public: publicKey };
  const bits = await crypto.subtle.deriveBits(agreement as never, privateKey, secretBits);
  const secret = new Uint8Array(bits);
  // Points of small order give zero, whoever multiplies them (RFC 7748 §6.1).
  if (secret.reduce((all, byte) => all | byte, 0) === 0) throw new RangeError('no secret');
  const key = sha256(concatBytes(firstBlock, secret, otherInfo));
  secret.fill(0);
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, [use]);
}

const firstBlock = Uint8Array.of(0, 0, 0, 1);
/** AlgorithmID, no party names, 256 bits. */
const otherInfo = concatBytes(
  Uint8Array.of(0, 0, 0, 7),
  utf8ToBytes('A256GCM'),
  new Uint8Array(8),
  Uint8Array.of(0, 0, 1, 0),
);

function curveOf({ algorithm }: CryptoKey) {
  return algorithm.name === 'X25519' ? { name: 'X25519' } : { name: 'ECDH', namedCurve: 'P-256' };
}

function gcm(iv: Uint8Array, header: string) {
  return { name: 'AES-GCM', iv: Uint8Array.from(iv), additionalData: utf8ToBytes(header) };
}
