import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import { GmError, loadGm } from '../gm.ts';
import { loadSodium } from '../sodium.ts';
import { NoiseError, type NoiseKeyPair, noiseInitiate, noiseRespond } from './noise.ts';

/**
 * How a terminal and the service agree on the keys of a session.
 *
 * `x25519`: Noise_KK_25519_ChaChaPoly_SHA256 (Noise Protocol Framework, revision 34, §7.5), then
 * ChaCha20-Poly1305 (RFC 8439). `sm2`: the key exchange of GB/T 32918.3 with the responder's
 * confirmation, then SM4 (GB/T 32907) in GCM. In both, each side has a long-lived key that the other
 * knows beforehand, and a fresh one for this session: both are authenticated, and what was recorded
 * stays closed when a long-lived key is lost later.
 */
export const sessionSuites = ['x25519', 'sm2'] as const;
export type SessionSuiteName = (typeof sessionSuites)[number];

export type SessionKeyPair = NoiseKeyPair;

/** The keys of the two directions, 32 bytes each. Keys of requests are derived from them. */
export interface SessionKeys {
  readonly sending: Uint8Array;
  readonly receiving: Uint8Array;
}

/** The own long-lived key pair, the peer's public key, and what both must agree on. */
export interface SessionParty {
  readonly own: SessionKeyPair;
  readonly peer: Uint8Array;
  /** `sessionBinding`: another one on the other side, and no session comes about. */
  readonly binding: Uint8Array;
}

/** The bytes are not the peer's, or not of this session. No more is said. */
export class SessionError extends Error {
  override readonly name = 'SessionError';
}

export interface SessionSuite {
  readonly name: SessionSuiteName;
  readonly publicKeyBytes: number;
  readonly firstMessageBytes: number;
  keyPair(): SessionKeyPair;
  /** The pair of a stored private key of 32 bytes. @throws SessionError */
  keyPairOf(privateKey: Uint8Array): SessionKeyPair;
  /** Whether the bytes are a public key that may be agreed with. */
  isPublicKey(bytes: Uint8Array): boolean;
  /** `finish` reads the answer for the session of this name. @throws SessionError */
  initiate(party: SessionParty): {
    readonly message: Uint8Array;
    finish(answer: Uint8Array, sessionId: string): SessionKeys;
  };
  /** @throws SessionError when the message is not the peer's, or not for this binding */
  respond(
    party: SessionParty,
    message: Uint8Array,
    sessionId: string,
  ): { readonly answer: Uint8Array; readonly keys: SessionKeys };
  /** Encrypts under the one-time key of a number. A number is encrypted under once. */
  encrypt(key: Uint8Array, number: number, ad: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** @throws SessionError */
  decrypt(key: Uint8Array, number: number, ad: Uint8Array, ciphertext: Uint8Array): Uint8Array;
}

export function loadSessionSuite(name: SessionSuiteName): Promise<SessionSuite> {
  return name === 'sm2' ? loadSm2Suite() : loadX25519Suite();
}

const x25519KeyBytes = 32;
const aeadTagBytes = 16;

async function loadX25519Suite(): Promise<SessionSuite> {
  const sodium = await loadSodium();
  /** RFC 5869: key and nonce of one message, used for it alone. */
  function oneTime(key: Uint8Array, number: number): readonly [Uint8Array, Uint8Array] {
    const bytes = hkdf(sha256, key, undefined, messageLabel(number), 32 + 12);
    return [bytes.subarray(0, 32), bytes.subarray(32)];
  }
  return {
    name: 'x25519',
    publicKeyBytes: x25519KeyBytes,
    firstMessageBytes: x25519KeyBytes + aeadTagBytes,
    keyPair: () => sodium.crypto_box_keypair(),
    keyPairOf(privateKey) {
      if (privateKey.length !== x25519KeyBytes) throw new SessionError('no private key');
      return { privateKey, publicKey: sodium.crypto_scalarmult_base(privateKey) };
    },
    isPublicKey(bytes) {
      if (bytes.length !== x25519KeyBytes) return false;
      try {
        // Refused for a point of small order, whatever the scalar (RFC 7748 §6.1).
        sodium.crypto_scalarmult(sodium.crypto_box_keypair().privateKey, bytes);
        return true;
      } catch {
        return false;
      }
    },
    initiate({ own, peer, binding }) {
      const started = noiseInitiate({ sodium, own, peer, prologue: binding }, nothing);
      return {
        message: started.message,
        finish: (answer, sessionId) =>
          refusing(() => {
            const { payload, session } = started.finish(answer);
            assertSame(payload, utf8ToBytes(sessionId));
            return { sending: session.sendingKey, receiving: session.receivingKey };
          }),
      };
    },
    respond: ({ own, peer, binding }, message, sessionId) =>
      refusing(() => {
        const party = { sodium, own, peer, prologue: binding };
        const answered = noiseRespond(party, message, () => utf8ToBytes(sessionId));
        const { sendingKey, receivingKey } = answered.session;
        return {
          answer: answered.message,
          keys: { sending: sendingKey, receiving: receivingKey },
        };
      }),
    encrypt(sessionKey, number, ad, plaintext) {
      const [key, nonce] = oneTime(sessionKey, number);
      return sodium.crypto_aead_chacha20poly1305_ietf_encrypt(plaintext, ad, null, nonce, key);
    },
    decrypt(sessionKey, number, ad, ciphertext) {
      const [key, nonce] = oneTime(sessionKey, number);
      try {
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, ciphertext, ad, nonce, key);
      } catch (cause) {
        throw new SessionError('the message does not open', { cause });
      }
    },
  };
}

const sm2PointBytes = 65;
const confirmationBytes = 32;
const sm4KeyBytes = 16;

async function loadSm2Suite(): Promise<SessionSuite> {
  const gm = await loadGm();
  const { keyExchange } = gm.sm2;
  /** GB/T 32918.4 §5.4.3, the key derivation function, for one message. */
  function oneTime(key: Uint8Array, number: number, aad: Uint8Array) {
    const bytes = gm.kdf(tupleBytes(key, messageLabel(number)), sm4KeyBytes + 12);
    const [first, iv] = [bytes.subarray(0, sm4KeyBytes), bytes.subarray(sm4KeyBytes)];
    return { mode: 'gcm', key: first, iv, aad } as const;
  }
  return {
    name: 'sm2',
    publicKeyBytes: sm2PointBytes,
    firstMessageBytes: sm2PointBytes,
    keyPair: () => gm.sm2.generateKeyPair(),
    keyPairOf: (privateKey) =>
      refusing(() => ({ privateKey, publicKey: gm.sm2.publicKey(privateKey) })),
    isPublicKey(bytes) {
      if (bytes.length !== sm2PointBytes) return false;
      try {
        gm.sm2.decodePoint(bytes);
        return true;
      } catch {
        return false;
      }
    },
    initiate({ own, peer, binding }) {
      const ephemeral = keyExchange.ephemeral();
      return {
        message: ephemeral.publicKey,
        finish: (answer, sessionId) =>
          refusing(() => {
            if (answer.length !== sm2PointBytes + confirmationBytes) throw refusal();
            const { key, S1 } = keyExchange.initiator({
              ...own,
              ephemeral,
              peerPublicKey: peer,
              peerEphemeral: answer.slice(0, sm2PointBytes),
              id: initiatorName(binding),
              peerId: responderName(binding, sessionId),
              length: 64,
            });
            ephemeral.privateKey.fill(0);
            assertSame(S1, answer.subarray(sm2PointBytes));
            return { sending: key.slice(0, 32), receiving: key.slice(32) };
          }),
      };
    },
    respond: ({ own, peer, binding }, message, sessionId) =>
      refusing(() => {
        if (message.length !== sm2PointBytes) throw refusal();
        const ephemeral = keyExchange.ephemeral();
        const { key, SB } = keyExchange.responder({
          ...own,
          ephemeral,
          peerPublicKey: peer,
          peerEphemeral: message,
          id: responderName(binding, sessionId),
          peerId: initiatorName(binding),
          length: 64,
        });
        ephemeral.privateKey.fill(0);
        return {
          answer: concatBytes(ephemeral.publicKey, SB),
          keys: { sending: key.slice(32), receiving: key.slice(0, 32) },
        };
      }),
    encrypt: (key, number, ad, plaintext) => gm.sm4.encrypt(oneTime(key, number, ad), plaintext),
    decrypt: (key, number, ad, ciphertext) =>
      refusing(() => gm.sm4.decrypt(oneTime(key, number, ad), ciphertext)),
  };
}

// The identities of GB/T 32918.3 §5.5 go into Z_A and Z_B, so both sides get one key only when
// they agree on everything that stands in them.
const initiatorName = (binding: Uint8Array) => tupleBytes('terminal', sha256(binding));
const responderName = (binding: Uint8Array, sessionId: string) =>
  tupleBytes('service', sha256(binding), sessionId);

const messageLabel = (number: number) => utf8ToBytes(`cinnabar session message ${number}`);

const nothing = new Uint8Array(0);

function refusal(cause?: unknown): SessionError {
  return new SessionError('the session does not come about', { cause });
}

/** What the libraries throw at bytes of the other side's is one refusal. */
function refusing<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof SessionError) throw error;
    if (error instanceof NoiseError || error instanceof GmError) throw refusal(error);
    throw error;
  }
}

/** In constant time: a confirmation that is almost right must not show where it is wrong. */
function assertSame(a: Uint8Array, b: Uint8Array): void {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  if (difference !== 0) throw refusal();
}
