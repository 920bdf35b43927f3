import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import type { Sodium } from '../../core/sodium.ts';
import { type Receipt, type ReceiptBody, receiptBytes } from '../../core/usage/receipt.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import type { Protection } from './keys.ts';
import type { ChipTools } from './tools.ts';
import type { Attestation } from './types.ts';

/** What the cluster root says about a chip: this key speaks for this storage of this chip. */
export interface ChipCertificate {
  readonly chip: string;
  readonly zone: string;
  readonly protection: Protection;
  readonly publicKeyHex: string;
  readonly storageEpoch: string;
  /** Ed25519 (RFC 8032) by the cluster root, hex. */
  readonly signatureHex: string;
}

/** The cluster root: Ed25519, made from the secret of the chips Worker. */
export interface ClusterRoot {
  readonly publicKey: Uint8Array;
  readonly privateKey: Uint8Array;
}

export function clusterRoot(sodium: Sodium, storageSecret: Uint8Array): ClusterRoot {
  const seed = sodium.crypto_generichash(32, tupleBytes('cinnabar cluster root'), storageSecret);
  const { publicKey, privateKey } = sodium.crypto_sign_seed_keypair(seed);
  return { publicKey, privateKey };
}

function certificateBytes(body: Omit<ChipCertificate, 'signatureHex'>): Uint8Array {
  const { chip, zone, protection, publicKeyHex, storageEpoch } = body;
  const format = 'cinnabar chip certificate 1';
  return tupleBytes(format, chip, zone, protection, publicKeyHex, storageEpoch);
}

export function certifyChip(
  sodium: Sodium,
  root: ClusterRoot,
  body: Omit<ChipCertificate, 'signatureHex'>,
): ChipCertificate {
  const signature = sodium.crypto_sign_detached(certificateBytes(body), root.privateKey);
  return { ...body, signatureHex: bytesToHex(signature) };
}

export function isCertified(
  sodium: Sodium,
  rootPublicKey: Uint8Array,
  certificate: ChipCertificate,
): boolean {
  const { signatureHex } = certificate;
  if (!/^[0-9a-f]{128}$/.test(signatureHex)) return false;
  const bytes = certificateBytes(certificate);
  return sodium.crypto_sign_verify_detached(hexToBytes(signatureHex), bytes, rootPublicKey);
}

type AttestationBody = Omit<Attestation, 'signatureHex'>;

function attestationBytes(body: AttestationBody): Uint8Array {
  return tupleBytes(
    'cinnabar chip attestation 2',
    body.chip,
    body.protection,
    body.build,
    body.publicKeyHex,
    body.storageEpoch,
    body.bootCount,
    body.bootNonce,
    body.sequence,
    body.logHashHex,
    body.keys,
    body.queue,
    String(body.selfTest),
    body.challengeHex,
  );
}

export function signAttestation(
  { gm }: ChipTools,
  identity: Uint8Array,
  body: AttestationBody,
): Attestation {
  return { ...body, signatureHex: bytesToHex(gm.sm2.sign(identity, attestationBytes(body))) };
}

/** Whether the holder of the named public key attests, for this challenge. */
export function isAttested(
  { gm }: Pick<ChipTools, 'gm'>,
  attestation: Attestation,
  challengeHex: string,
): boolean {
  const { publicKeyHex, signatureHex } = attestation;
  if (attestation.challengeHex !== challengeHex) return false;
  if (!/^04[0-9a-f]{128}$/.test(publicKeyHex) || !/^(?:[0-9a-f]{2})+$/.test(signatureHex)) {
    return false;
  }
  const bytes = attestationBytes(attestation);
  try {
    return gm.sm2.verify(hexToBytes(publicKeyHex), bytes, hexToBytes(signatureHex));
  } catch {
    // No point of the curve: nobody's key.
    return false;
  }
}

export function signReceipt(gm: Gm, identity: Uint8Array, body: ReceiptBody): Receipt {
  return { ...body, signatureHex: bytesToHex(gm.sm2.sign(identity, receiptBytes(body))) };
}
