// ECDH on P-256 and the AES modes of RFC 5652 messages, by the platform's WebCrypto.

const curve = { name: 'ECDH', namedCurve: 'P-256' } as const;
const sharedBits = 256;

export interface P256Agreement {
  /** The ephemeral public key, an uncompressed point of 65 bytes. */
  readonly point: Uint8Array;
  /** The x coordinate shared with the peer (SEC 1 §3.3.1), 32 bytes. */
  readonly shared: Uint8Array;
}

/** Agrees with `peer`, an uncompressed point, by a key pair made for this one call. */
export async function agreeOnceP256(peer: Uint8Array): Promise<P256Agreement> {
  const publicKey = await crypto.subtle.importKey('raw', own(peer), curve, false, []);
  const pair = (await crypto.subtle.generateKey(curve, false, ['deriveBits'])) as CryptoKeyPair;
  // The option has another name in the types of workerd, where it is `$public`.
  const algorithm = { name: 'ECDH', public: publicKey, $public: publicKey };
  const shared = await crypto.subtle.deriveBits(algorithm, pair.privateKey, sharedBits);
  const point = (await crypto.subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer;
  return { point: new Uint8Array(point), shared: new Uint8Array(shared) };
}

/** AES-256 key wrap of RFC 3394: 8 bytes longer than `key`. */
export async function wrapAesKey(wrappingKey: Uint8Array, key: Uint8Array): Promise<Uint8Array> {
  const inner = await crypto.subtle.importKey('raw', own(key), 'AES-GCM', true, ['encrypt']);
  const outer = await crypto.subtle.importKey('raw', own(wrappingKey), 'AES-KW', false, [
    'wrapKey',
  ]);
  return new Uint8Array(await crypto.subtle.wrapKey('raw', inner, outer, 'AES-KW'));
}

/** Rejects when the wrapped key is not authentic. */
export async function unwrapAesKey(wrappingKey: Uint8Array, key: Uint8Array): Promise<Uint8Array> {
  const outer = await crypto.subtle.importKey('raw', own(wrappingKey), 'AES-KW', false, [
    'unwrapKey',
  ]);
  const inner = await crypto.subtle.unwrapKey('raw', own(key), outer, 'AES-KW', 'AES-GCM', true, [
    'decrypt',
  ]);
  return new Uint8Array((await crypto.subtle.exportKey('raw', inner)) as ArrayBuffer);
}

const gcmTagBits = 128;

/** AES-256-GCM: the ciphertext with its 16-byte tag at the end. */
export async function encryptAesGcm(
  key: Uint8Array,
  iv: Uint8Array,
  plaintext: Uint8Array,
): Promise<Uint8Array> {
  const aes = await crypto.subtle.importKey('raw', own(key), 'AES-GCM', false, ['encrypt']);
  const algorithm = { name: 'AES-GCM', iv: own(iv), tagLength: gcmTagBits };
  return new Uint8Array(await crypto.subtle.encrypt(algorithm, aes, own(plaintext)));
}

/** Rejects when the ciphertext is not authentic. */
export async function decryptAesGcm(
  key: Uint8Array,
  iv: Uint8Array,
  ciphertext: Uint8Array,
): Promise<Uint8Array> {
  const aes = await crypto.subtle.importKey('raw', own(key), 'AES-GCM', false, ['decrypt']);
  const algorithm = { name: 'AES-GCM', iv: own(iv), tagLength: gcmTagBits };
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, aes, own(ciphertext)));
}

/** WebCrypto takes no view of shared memory. */
const own = (bytes: Uint8Array) => new Uint8Array(bytes);
