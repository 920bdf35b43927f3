import {
  assertBytes,
  assertBytesOf,
  assertInteger,
  assertOk,
  assertOptions,
} from '../arguments.ts';
import { GmError } from '../error.ts';
import type { Kernel } from '../kernel.ts';
import type { Sm3Functions } from '../sm3.ts';
import { assertPrivate, invalidKey, parseId } from './arguments.ts';
import type { Sm2Keys } from './keys.ts';
import {
  DIGEST,
  DIGEST_BYTES,
  EPHEMERAL,
  EPHEMERAL_POINT,
  OWN,
  PEER,
  PEER_EPHEMERAL,
  PRIVATE,
  PRIVATE_BYTES,
  PUBLIC,
  PUBLIC_BYTES,
  RANDOM,
  SIGNATURE,
} from './layout.ts';
import type { KeyExchangeInput, Sm2KeyExchange, Sm2KeyPair } from './types.ts';

/** Most bytes that a key exchange gives out. */
const EXCHANGE_BYTES_MAX = 65536;
const EXCHANGE_OPTIONS = [
  'privateKey',
  'publicKey',
  'ephemeral',
  'peerPublicKey',
  'peerEphemeral',
  'id',
  'peerId',
  'length',
];

/** Key exchange, GB/T 32918.3. */
export function createExchange(
  { wasm, base, bytes }: Kernel,
  { generateKeyPair, placePoint, pointAt, take }: Sm2Keys,
  { kdf, createSm3 }: Sm3Functions,
): Sm2KeyExchange {
  /** Refuses a pair whose public key is not that of its private key; leaves its point at `at`. */
  function placePair(pair: Sm2KeyPair, at: number, name: string): void {
    if (typeof pair !== 'object' || pair === null) {
      throw new GmError('argument_invalid', `${name} must be a key pair`);
    }
    assertBytesOf(pair.privateKey, PRIVATE_BYTES, `${name} private key`);
    assertBytes(pair.publicKey, `${name} public key`);
    placePoint(pair.publicKey, at);
    bytes.set(pair.privateKey, PRIVATE);
    assertPrivate(wasm.sm2Multiple(base + PRIVATE, base + PUBLIC));
    for (let i = 0; i < PUBLIC_BYTES; i++) {
      if (bytes[PUBLIC + i] !== bytes[at + i]) throw invalidKey('public');
    }
  }

  function hash(...parts: Uint8Array[]): Uint8Array {
    const state = createSm3();
    for (const part of parts) state.update(part);
    return state.digest();
  }

  function zOf(point: number, id: Uint8Array): Uint8Array {
    bytes.set(id);
    assertOk(wasm.sm2Z(base, id.length, base + point, base + DIGEST));
    return bytes.slice(DIGEST, DIGEST + DIGEST_BYTES);
  }

  /** GB/T 32918.3 §6.1: the key, and the confirmations with prefix 02 and 03. */
  function exchange(input: KeyExchangeInput, isInitiator: boolean) {
    assertOptions(input, EXCHANGE_OPTIONS, 'input');
    const ids = { own: parseId(input.id), peer: parseId(input.peerId) };
    assertInteger(input.length, 1, EXCHANGE_BYTES_MAX, 'length');
    assertBytes(input.peerPublicKey, 'peerPublicKey');
    assertBytes(input.peerEphemeral, 'peerEphemeral');
    try {
      placePair(input.ephemeral, EPHEMERAL_POINT, 'ephemeral');
      bytes.copyWithin(EPHEMERAL, PRIVATE, PRIVATE + PRIVATE_BYTES);
      placePair(input, OWN, 'own');
      placePoint(input.peerPublicKey, PEER);
      placePoint(input.peerEphemeral, PEER_EPHEMERAL);
      const own = { z: zOf(OWN, ids.own), r: pointAt(EPHEMERAL_POINT) };
      const peer = { z: zOf(PEER, ids.peer), r: pointAt(PEER_EPHEMERAL) };
      const [a, b] = isInitiator ? [own, peer] : [peer, own];
      const status = wasm.sm2Exchange(
        base + PRIVATE,
        base + EPHEMERAL,
        base + EPHEMERAL_POINT,
        base + PEER,
        base + PEER_EPHEMERAL,
        base + SIGNATURE,
      );
      if (status < 0) throw new GmError('protocol_failed', 'the peer sent no usable point');
      const shared = take(SIGNATURE, PUBLIC_BYTES);
      const [x, y] = [shared.subarray(0, 32), shared.subarray(32)];
      const inner = hash(x, a.z, b.z, a.r, b.r);
      const keySource = Uint8Array.from([...shared, ...a.z, ...b.z]);
      const result = {
        key: kdf(keySource, input.length),
        two: hash(Uint8Array.of(2), y, inner),
        three: hash(Uint8Array.of(3), y, inner),
      };
      keySource.fill(0);
      shared.fill(0);
      return result;
    } finally {
      bytes.fill(0, PRIVATE, RANDOM);
      bytes.fill(0, EPHEMERAL, EPHEMERAL_POINT);
    }
  }

  return {
    ephemeral: generateKeyPair,
    initiator(input) {
      const { key, two, three } = exchange(input, true);
      return { key, S1: two, SA: three };
    },
    responder(input) {
      const { key, two, three } = exchange(input, false);
      return { key, SB: two, S2: three };
    },
  };
}
