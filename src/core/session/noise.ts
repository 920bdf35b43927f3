import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Sodium } from '../sodium.ts';

// Noise_KK_25519_ChaChaPoly_SHA256 of the Noise Protocol Framework, revision 34: both sides know
// each other's static key beforehand (§7.5), so both are authenticated, and fresh keys on both
// sides keep what was recorded closed when a static key is lost later.

const protocolName = 'Noise_KK_25519_ChaChaPoly_SHA256';
const keyBytes = 32;
const tagBytes = 16;
/** §5.1: the nonce of a key is below 2^64 - 1; sessions end long before. */
const noncesMax = 2 ** 32;

export interface NoiseKeyPair {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

/** Who takes part: the own key pair, the other's public key, and what both must agree on (§6). */
export interface NoiseParty {
  readonly sodium: Sodium;
  readonly own: NoiseKeyPair;
  readonly peer: Uint8Array;
  readonly prologue: Uint8Array;
}

/** One direction of a session: the key and ChaCha20-Poly1305 (RFC 8439) with a counted nonce. */
export interface NoiseCipher {
  encrypt(nonce: number, plaintext: Uint8Array, ad?: Uint8Array): Uint8Array;
  /** @throws Error when the bytes are not what the other side encrypted under this nonce */
  decrypt(nonce: number, ciphertext: Uint8Array, ad?: Uint8Array): Uint8Array;
}

/** An open session, seen from one side. */
export interface NoiseSession {
  readonly sending: NoiseCipher;
  readonly receiving: NoiseCipher;
  /** The keys of the two directions, for those who derive further keys from them. */
  readonly sendingKey: Uint8Array;
  readonly receivingKey: Uint8Array;
}

/** The bytes were not made by the peer for this handshake. */
export class NoiseError extends Error {
  override readonly name = 'NoiseError';
}

export function noiseKeyPair(sodium: Sodium, privateKey: Uint8Array): NoiseKeyPair {
  return { privateKey, publicKey: sodium.crypto_scalarmult_base(privateKey) };
}

/**
 * First message of the initiator: `-> e, es, ss`. It can be replayed, so its payload must do
 * nothing.
 */
export function noiseInitiate(
  party: NoiseParty,
  payload: Uint8Array,
  ephemeral: NoiseKeyPair = party.sodium.crypto_box_keypair(),
) {
  const { own, peer } = party;
  const state = symmetricState(party, own.publicKey, peer);
  state.mixHash(ephemeral.publicKey);
  state.mixKey(agree(party, ephemeral.privateKey, peer));
  state.mixKey(agree(party, own.privateKey, peer));
  const message = concatBytes(ephemeral.publicKey, state.encryptAndHash(payload));
  return {
    message,
    /** Reads the answer `<- e, ee, se`. @throws NoiseError */
    finish(answer: Uint8Array): { readonly payload: Uint8Array; readonly session: NoiseSession } {
      const theirs = ephemeralOf(answer);
      state.mixHash(theirs);
      state.mixKey(agree(party, ephemeral.privateKey, theirs));
      state.mixKey(agree(party, own.privateKey, theirs));
      party.sodium.memzero(ephemeral.privateKey);
      const read = state.decryptAndHash(answer.subarray(keyBytes));
      const [sendingKey, receivingKey] = state.split();
      return { payload: read, session: sessionOf(party.sodium, sendingKey, receivingKey) };
    },
  };
}

/** Reads a first message and answers it. @throws NoiseError */
export function noiseRespond(
  party: NoiseParty,
  message: Uint8Array,
  answerTo: (payload: Uint8Array) => Uint8Array,
  ephemeral: NoiseKeyPair = party.sodium.crypto_box_keypair(),
): { readonly message: Uint8Array; readonly session: NoiseSession } {
  const { own, peer } = party;
  const state = symmetricState(party, peer, own.publicKey);
  const theirs = ephemeralOf(message);
  state.mixHash(theirs);
  state.mixKey(agree(party, own.privateKey, theirs));
  state.mixKey(agree(party, own.privateKey, peer));
  const payload = state.decryptAndHash(message.subarray(keyBytes));
  state.mixHash(ephemeral.publicKey);
  state.mixKey(agree(party, ephemeral.privateKey, theirs));
  state.mixKey(agree(party, ephemeral.privateKey, peer));
  party.sodium.memzero(ephemeral.privateKey);
  const answer = concatBytes(ephemeral.publicKey, state.encryptAndHash(answerTo(payload)));
  const [receivingKey, sendingKey] = state.split();
  return { message: answer, session: sessionOf(party.sodium, sendingKey, receivingKey) };
}

function sessionOf(sodium: Sodium, sendingKey: Uint8Array, receivingKey: Uint8Array): NoiseSession {
  const [sending, receiving] = [cipherOf(sodium, sendingKey), cipherOf(sodium, receivingKey)];
  return { sending, receiving, sendingKey, receivingKey };
}

function ephemeralOf(message: Uint8Array): Uint8Array {
  if (message.length < keyBytes + tagBytes) throw new NoiseError('the message is cut off');
  return message.subarray(0, keyBytes);
}

function agree({ sodium }: NoiseParty, secret: Uint8Array, peer: Uint8Array): Uint8Array {
  try {
    // libsodium refuses a peer's key of small order (RFC 7748 §6.1).
    return sodium.crypto_scalarmult(secret, peer);
  } catch (cause) {
    throw new NoiseError('the key agreement failed', { cause });
  }
}

/** SymmetricState of §5.2, after the initialisation of §5.3 with both static keys known. */
function symmetricState(
  { sodium, prologue }: NoiseParty,
  initiator: Uint8Array,
  responder: Uint8Array,
) {
  // The name has exactly HASHLEN bytes, so it is the first hash itself (§5.2).
  let hash: Uint8Array = utf8ToBytes(protocolName);
  let chainingKey: Uint8Array = hash;
  let key: Uint8Array | undefined;
  let nonce = 0;

  function mixHash(data: Uint8Array): void {
    hash = sha256(concatBytes(hash, data));
  }

  function keys(material: Uint8Array): readonly [Uint8Array, Uint8Array] {
    const bytes = hkdf(sha256, material, chainingKey, undefined, 2 * keyBytes);
    return [bytes.slice(0, keyBytes), bytes.slice(keyBytes)];
  }

  function cipher(): NoiseCipher {
    if (!key) throw new NoiseError('there is no key yet');
    return cipherOf(sodium, key);
  }

  mixHash(prologue);
  mixHash(initiator);
  mixHash(responder);
  return {
    mixHash,
    mixKey(material: Uint8Array): void {
      [chainingKey, key] = keys(material);
      nonce = 0;
      sodium.memzero(material);
    },
    encryptAndHash(plaintext: Uint8Array): Uint8Array {
      const ciphertext = cipher().encrypt(nonce++, plaintext, hash);
      mixHash(ciphertext);
      return ciphertext;
    },
    decryptAndHash(ciphertext: Uint8Array): Uint8Array {
      const plaintext = cipher().decrypt(nonce++, ciphertext, hash);
      mixHash(ciphertext);
      return plaintext;
    },
    /** The initiator sends with the first and receives with the second. */
    split: () => keys(new Uint8Array()),
  };
}

function cipherOf(sodium: Sodium, key: Uint8Array): NoiseCipher {
  return {
    encrypt: (nonce, plaintext, ad = new Uint8Array()) =>
      sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, ad, null, nonceOf(nonce), key),
    decrypt(nonce, ciphertext, ad = new Uint8Array()) {
      try {
        const at = nonceOf(nonce);
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, ciphertext, ad, at, key);
      } catch (cause) {
        throw new NoiseError('the message does not open', { cause });
      }
    },
  };
}

/** §12.3: four zero bytes, then the counter, little-endian. */
function nonceOf(counter: number): Uint8Array {
  if (!Number.isInteger(counter) || counter < 0 || counter >= noncesMax) {
    throw new NoiseError('the counter is out of range');
  }
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(4, counter, true);
  return nonce;
}
