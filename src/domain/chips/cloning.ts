import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Random } from '../ports.ts';
import { ChipFault } from './faults.ts';
import { type ChipCertificate, isCertified } from './roster.ts';
import type { ChipTools } from './tools.ts';
import type { KeyName } from './types.ts';

// A key goes from one chip to another in two messages. The target offers a fresh X25519 key
// (RFC 7748), the source answers with one of its own and the key, encrypted for both. Each side
// signs its message with its identity key, which the cluster root certified. Names of both chips,
// key and epoch are bound in, and an offer is good for one package within a minute.

/** The target's message. */
export interface CloneOffer extends KeyName {
  readonly epoch: number;
  readonly target: ChipCertificate;
  readonly nonceHex: string;
  readonly ephemeralHex: string;
  readonly notAfterMs: number;
  readonly signatureHex: string;
}

/** The source's answer. */
export interface ClonePackage extends KeyName {
  readonly epoch: number;
  readonly source: ChipCertificate;
  readonly target: string;
  readonly nonceHex: string;
  readonly ephemeralHex: string;
  /** XChaCha20-Poly1305: nonce, then ciphertext and tag. */
  readonly encrypted: Uint8Array;
  readonly signatureHex: string;
}

/** A chip that takes part: its certificate, its identity key, and whom it trusts. */
export interface CloneParty {
  readonly tools: ChipTools;
  readonly identity: Uint8Array;
  readonly certificate: ChipCertificate;
  readonly rootPublicKey: Uint8Array;
}

/** What the target keeps until the package comes. */
export interface PendingOffer {
  readonly offer: CloneOffer;
  readonly ephemeralSecret: Uint8Array;
}

const offerLifeMs = 60_000;
const nonceBytes = 24;
const keyBytes = 32;

export function makeOffer(
  party: CloneParty,
  { tenant, keyId, epoch }: KeyName & { readonly epoch: number },
  nowMs: number,
  random: Random,
): PendingOffer {
  const { publicKey, privateKey } = party.tools.sodium.crypto_box_keypair();
  const body = {
    tenant,
    keyId,
    epoch,
    target: party.certificate,
    nonceHex: bytesToHex(random.bytes(16)),
    ephemeralHex: bytesToHex(publicKey),
    notAfterMs: nowMs + offerLifeMs,
  };
  const signatureHex = signHex(party, offerBytes(body));
  return { offer: { ...body, signatureHex }, ephemeralSecret: privateKey };
}

/** @throws ChipFault `not_authentic`, or `not_for_us` when the offer is too old */
export function packClone(
  party: CloneParty,
  offer: CloneOffer,
  plaintext: Uint8Array,
  nowMs: number,
  random: Random,
): ClonePackage {
  assertSigned(party, offer.target, offerBytes(offer), offer.signatureHex);
  if (offer.notAfterMs < nowMs) throw new ChipFault('not_for_us');
  const { sodium } = party.tools;
  const { publicKey, privateKey } = sodium.crypto_box_keypair();
  const { tenant, keyId, epoch, nonceHex } = offer;
  const head = {
    tenant,
    keyId,
    epoch,
    source: party.certificate,
    target: offer.target.chip,
    nonceHex,
    ephemeralHex: bytesToHex(publicKey),
  };
  const key = sharedKey(party, privateKey, offer.ephemeralHex, offer, head);
  const nonce = random.bytes(nonceBytes);
  try {
    const encrypted = concatBytes(
      nonce,
      sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plaintext,
        headBytes(head),
        null,
        nonce,
        key,
      ),
    );
    const body = { ...head, encrypted };
    return { ...body, signatureHex: signHex(party, packageBytes(body)) };
  } finally {
    sodium.memzero(key);
    sodium.memzero(privateKey);
  }
}

/** @throws ChipFault `not_authentic`, or `not_for_us` when it answers another offer */
export function unpackClone(
  party: CloneParty,
  { offer, ephemeralSecret }: PendingOffer,
  clone: ClonePackage,
  nowMs: number,
): Uint8Array {
  assertSigned(party, clone.source, packageBytes(clone), clone.signatureHex);
  const isAnswer =
    clone.target === party.certificate.chip &&
    clone.nonceHex === offer.nonceHex &&
    clone.tenant === offer.tenant &&
    clone.keyId === offer.keyId &&
    clone.epoch === offer.epoch &&
    nowMs <= offer.notAfterMs;
  if (!isAnswer) throw new ChipFault('not_for_us');
  const { sodium } = party.tools;
  const key = sharedKey(party, ephemeralSecret, clone.ephemeralHex, offer, clone);
  try {
    return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
      null,
      clone.encrypted.subarray(nonceBytes),
      headBytes(clone),
      clone.encrypted.subarray(0, nonceBytes),
      key,
    );
  } catch (cause) {
    throw new ChipFault('not_authentic', { cause });
  } finally {
    sodium.memzero(key);
    sodium.memzero(ephemeralSecret);
  }
}

type PackageHead = Omit<ClonePackage, 'encrypted' | 'signatureHex'>;

/** BLAKE2b over the agreed secret and both messages' public parts. */
function sharedKey(
  { tools: { sodium } }: CloneParty,
  secret: Uint8Array,
  peerHex: string,
  offer: CloneOffer,
  head: PackageHead,
): Uint8Array {
  let agreed: Uint8Array;
  try {
    // libsodium refuses a peer's key of small order (RFC 7748 §6.1).
    agreed = sodium.crypto_scalarmult(secret, hexToBytes(peerHex));
  } catch (cause) {
    throw new ChipFault('not_authentic', { cause });
  }
  try {
    return sodium.crypto_generichash(
      keyBytes,
      tupleBytes('cinnabar clone key 1', offerBytes(offer), headBytes(head)),
      agreed,
    );
  } finally {
    sodium.memzero(agreed);
  }
}

function offerBytes(offer: Omit<CloneOffer, 'signatureHex'>): Uint8Array {
  return tupleBytes(
    'cinnabar clone offer 1',
    offer.tenant,
    offer.keyId,
    offer.epoch,
    offer.target.chip,
    offer.target.signatureHex,
    offer.nonceHex,
    offer.ephemeralHex,
    offer.notAfterMs,
  );
}

function headBytes(head: PackageHead): Uint8Array {
  return tupleBytes(
    'cinnabar clone package 1',
    head.tenant,
    head.keyId,
    head.epoch,
    head.source.chip,
    head.source.signatureHex,
    head.target,
    head.nonceHex,
    head.ephemeralHex,
  );
}

function packageBytes(clone: Omit<ClonePackage, 'signatureHex'>): Uint8Array {
  return tupleBytes(headBytes(clone), clone.encrypted);
}

function signHex({ tools, identity }: CloneParty, bytes: Uint8Array): string {
  return bytesToHex(tools.gm.sm2.sign(identity, bytes));
}

function assertSigned(
  { tools, rootPublicKey }: CloneParty,
  signer: ChipCertificate,
  bytes: Uint8Array,
  signatureHex: string,
): void {
  const isGood =
    isCertified(tools.sodium, rootPublicKey, signer) &&
    /^(?:[0-9a-f]{2})+$/.test(signatureHex) &&
    tools.gm.sm2.verify(hexToBytes(signer.publicKeyHex), bytes, hexToBytes(signatureHex));
  if (!isGood) throw new ChipFault('not_authentic');
}
