import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { randomBytes } from '../gm/random.ts';
import { GmError, loadGm } from '../gm.ts';
import { loadSodium } from '../sodium.ts';

/**
 * The two ways in which the parties of a federation encrypt and sign. `x25519` is libsodium's
 * sealed box (X25519, XSalsa20-Poly1305) and Ed25519; `sm2` is SM2 encryption (GB/T 32918.4) and
 * SM2 signatures with SM3 (GB/T 32918.2). A federation has one suite for everybody.
 */
export const suiteNames = ['x25519', 'sm2'] as const;
export type SuiteName = (typeof suiteNames)[number];

export interface KeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export interface Suite {
  readonly name: SuiteName;
  readonly publicKeyBytes: number;
  readonly signatureBytes: number;
  boxKeys(seed?: Uint8Array): KeyPair;
  signKeys(seed?: Uint8Array): KeyPair;
  /** Encrypts so that only the holder of the private key can read, without saying from whom. */
  seal(publicKey: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** `undefined` for whatever is wrong: altered, cut, meant for another key. */
  open(keys: KeyPair, box: Uint8Array): Uint8Array | undefined;
  sign(keys: KeyPair, message: Uint8Array): Uint8Array;
  /** `false` for anything that is not this key's signature of this message. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** Encrypts under a shared key of 32 bytes; `context` is bound in. A fresh nonce stands in front. */
  encrypt(key: Uint8Array, context: Uint8Array, plaintext: Uint8Array): Uint8Array;
  decrypt(key: Uint8Array, context: Uint8Array, box: Uint8Array): Uint8Array | undefined;
  /** 32 bytes that only the two parties can compute, the same for both. */
  agree(own: PartyKeys, peer: PartyPublicKeys): Uint8Array;
}

/** A party's long-lived keys: one to read boxes with, one to sign with. */
export interface PartyKeys {
  readonly id: string;
  readonly box: KeyPair;
  readonly sign: KeyPair;
}

export interface PartyPublicKeys {
  readonly id: string;
  readonly boxKey: Uint8Array;
  readonly signKey: Uint8Array;
}

const seedBytes = 32;

/** Both key pairs of a party from its one secret of 32 bytes. @throws RangeError */
export function partyKeys(suite: Suite, id: string, secret: Uint8Array): PartyKeys {
  if (secret.length !== seedBytes) throw new RangeError('the secret of a party is 32 bytes');
  return {
    id,
    box: suite.boxKeys(derivedKey(secret, 'box')),
    sign: suite.signKeys(derivedKey(secret, 'sign')),
  };
}

/** A key for one named purpose from a party's secret (HKDF, RFC 5869, with SHA-256). */
export function derivedKey(secret: Uint8Array, purpose: string, length = seedBytes): Uint8Array {
  return hkdf(sha256, secret, undefined, utf8ToBytes(`cinnabar federation ${purpose}`), length);
}

export function loadSuite(name: SuiteName): Promise<Suite> {
  return name === 'sm2' ? loadSm2Suite() : loadX25519Suite();
}

async function loadX25519Suite(): Promise<Suite> {
  const sodium = await loadSodium();
  return {
    name: 'x25519',
    publicKeyBytes: sodium.crypto_box_PUBLICKEYBYTES,
    signatureBytes: sodium.crypto_sign_BYTES,
    boxKeys: (seed) => (seed ? sodium.crypto_box_seed_keypair(seed) : sodium.crypto_box_keypair()),
    signKeys: (seed) =>
      seed ? sodium.crypto_sign_seed_keypair(seed) : sodium.crypto_sign_keypair(),
    seal: (publicKey, plaintext) => sodium.crypto_box_seal(plaintext, publicKey),
    open({ publicKey, privateKey }, box) {
      try {
        return sodium.crypto_box_seal_open(box, publicKey, privateKey);
      } catch {
        // libsodium throws on a box that is not authentic or too short.
        return undefined;
      }
    },
    sign: ({ privateKey }, message) => sodium.crypto_sign_detached(message, privateKey),
    verify(publicKey, message, signature) {
      try {
        return sodium.crypto_sign_verify_detached(signature, message, publicKey);
      } catch {
        return false;
      }
    },
    encrypt(key, context, plaintext) {
      const nonce = sodium.randombytes_buf(sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
      const encrypt = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt;
      return concatBytes(nonce, encrypt(plaintext, context, null, nonce, key));
    },
    decrypt(key, context, box) {
      const length = sodium.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
      const [nonce, body] = [box.subarray(0, length), box.subarray(length)];
      try {
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(null, body, context, nonce, key);
      } catch {
        return undefined;
      }
    },
    // crypto_scalarmult refuses points of small order, so the result is never all zeros.
    agree: ({ box }, { boxKey }) => {
      const secret = sodium.crypto_scalarmult(box.privateKey, boxKey);
      const [first, second] = isBefore(box.publicKey, boxKey)
        ? [box.publicKey, boxKey]
        : [boxKey, box.publicKey];
      return hkdf(
        sha256,
        secret,
        concatBytes(first, second),
        utf8ToBytes(agreementName),
        seedBytes,
      );
    },
  };
}

async function loadSm2Suite(): Promise<Suite> {
  const gm = await loadGm();
  const keysOf = (seed?: Uint8Array): KeyPair => {
    if (!seed) return gm.sm2.generateKeyPair();
    const privateKey = sm2Scalar(seed);
    return { privateKey, publicKey: gm.sm2.publicKey(privateKey) };
  };
  return {
    name: 'sm2',
    publicKeyBytes: 65,
    signatureBytes: 64,
    boxKeys: keysOf,
    signKeys: keysOf,
    seal: (publicKey, plaintext) => gm.sm2.encrypt(publicKey, plaintext, { format: 'raw' }),
    open: ({ privateKey }, box) =>
      unlessRefused(() => gm.sm2.decrypt(privateKey, box, { format: 'raw' })),
    sign: ({ privateKey }, message) => gm.sm2.sign(privateKey, message, { format: 'raw' }),
    verify: (publicKey, message, signature) =>
      unlessRefused(() => gm.sm2.verify(publicKey, message, signature, { format: 'raw' })) ?? false,
    // SM4-GCM (GB/T 32907, SP 800-38D) with a random nonce of 12 bytes (§8.2.2).
    encrypt(key, aad, plaintext) {
      const iv = randomBytes(gcmNonceBytes);
      const options = { mode: 'gcm', key: key.subarray(0, sm4KeyBytes), iv, aad } as const;
      return concatBytes(iv, gm.sm4.encrypt(options, plaintext));
    },
    decrypt(key, aad, box) {
      const iv = box.subarray(0, gcmNonceBytes);
      const options = { mode: 'gcm', key: key.subarray(0, sm4KeyBytes), iv, aad } as const;
      return unlessRefused(() => gm.sm4.decrypt(options, box.subarray(gcmNonceBytes)));
    },
    // GB/T 32918.3: the signing key is the long-lived one, the box key the exchange's own, and so
    // the agreed key lives as long as the box keys of the roster.
    agree(own, peer) {
      const input = {
        ...own.sign,
        ephemeral: own.box,
        peerPublicKey: peer.signKey,
        peerEphemeral: peer.boxKey,
        id: own.id,
        peerId: peer.id,
        length: seedBytes,
      };
      const begins = own.id < peer.id;
      return (begins ? gm.sm2.keyExchange.initiator(input) : gm.sm2.keyExchange.responder(input))
        .key;
    },
  };
}

const gcmNonceBytes = 12;
const sm4KeyBytes = 16;

/** What the other side sent is wrong: that is an answer here, not an error. */
function unlessRefused<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof GmError) return undefined;
    throw error;
  }
}

const agreementName = 'cinnabar federation agreement';

const sm2Order = 0xfffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123n;

/**
 * A private key in [1, n - 2] from a seed: 16 bytes more than the order has are reduced, so that no
 * value is noticeably likelier (FIPS 186-5 A.4.1). Runs once, when a party starts.
 */
function sm2Scalar(seed: Uint8Array): Uint8Array {
  const wide = derivedKey(seed, 'sm2 scalar', 48);
  const scalar = (BigInt(`0x${bytesToHex(wide)}`) % (sm2Order - 2n)) + 1n;
  return hexToBytes(scalar.toString(16).padStart(64, '0'));
}

/** Both sides name the keys in one order, so that both derive one key. */
function isBefore(a: Uint8Array, b: Uint8Array): boolean {
  return bytesToHex(a) < bytesToHex(b);
}
