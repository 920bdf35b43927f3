import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import type { Sodium } from '../../core/sodium.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { CinnabarError } from '../errors.ts';
import type { Random } from '../ports.ts';
import { type BackupManifest, isSignedByChip, manifestHash } from './backup.ts';
import { type OfficerShare, parseShare, type Quorum, shareOut } from './officers.ts';
import type { ChipCertificate } from './roster.ts';
import type { ChipTools } from './tools.ts';

// How officers give their shares to a chip: each encrypts its own for a key that the chip made for
// this ceremony (crypto_box_seal) and says inside which offer it is for. The offer names the chip
// and the backup, so a share that somebody keeps back opens nothing else, and all officers consent
// to the same backup of the same cluster.

/** What a chip offers to officers: a key of its own for one restore of one backup. */
export interface RestoreOffer {
  readonly chip: ChipCertificate;
  /** Names the ceremony; random, 32 hex digits. */
  readonly id: string;
  /** X25519, 64 hex digits. */
  readonly ephemeralHex: string;
  readonly manifestHashHex: string;
  readonly notAfterMs: number;
  readonly signatureHex: string;
}

/** Time for officers in different places. */
export const ceremonyLifeMs = 60 * 60 * 1000;

export function offerBytes(offer: Omit<RestoreOffer, 'signatureHex'>): Uint8Array {
  const { chip, id, ephemeralHex, manifestHashHex, notAfterMs } = offer;
  return tupleBytes(
    'cinnabar restore offer 1',
    chip.chip,
    chip.signatureHex,
    id,
    ephemeralHex,
    manifestHashHex,
    notAfterMs,
  );
}

/** Makes the officers' key: nobody has the private half, which exists in shares only. */
export async function makeBackupKey(
  sodium: Sodium,
  quorum: Quorum,
  random: Random,
): Promise<{ readonly publicKeyHex: string; readonly shares: readonly OfficerShare[] }> {
  const { publicKey, privateKey } = sodium.crypto_box_keypair();
  try {
    const set = shareSetOf(publicKey);
    const shares = await shareOut('backup', privateKey, quorum, random, set);
    return { publicKeyHex: bytesToHex(publicKey), shares };
  } finally {
    sodium.memzero(privateKey);
  }
}

/** The name of a set of shares is the beginning of the public key that they are for. */
export function shareSetOf(backupKey: Uint8Array): string {
  return bytesToHex(backupKey.subarray(0, 8));
}

/** What an officer knows from elsewhere than the service, 64 hex digits each. */
export interface OfficerTrust {
  /** Root key of the cluster that is to have the keys. */
  readonly rootKeyHex: string;
  /** Root key of the cluster that made the backup: the same, unless that one is gone. */
  readonly backupRootKeyHex: string;
}

/**
 * An officer's consent: the share, for this offer and nothing else.
 *
 * @throws CinnabarError `backup_invalid` when the offer is not of a chip of that cluster, or the
 * backup another than the one offered for; `share_unreadable` for a share of another key
 */
export function consent(
  tools: Pick<ChipTools, 'gm' | 'sodium'>,
  offer: RestoreOffer,
  manifest: BackupManifest,
  trust: OfficerTrust,
  share: OfficerShare,
): Uint8Array {
  const { signatureHex, ...body } = offer;
  const bytes = offerBytes(body);
  if (!isSignedByChip(tools, trust.rootKeyHex, offer.chip, bytes, signatureHex)) {
    throw new CinnabarError('backup_invalid', { detail: 'offer' });
  }
  if (manifest.rootKeyHex !== trust.backupRootKeyHex) {
    throw new CinnabarError('backup_invalid', { detail: 'cluster' });
  }
  if (offer.manifestHashHex !== manifestHash(tools.gm, manifest)) {
    throw new CinnabarError('backup_invalid', { detail: 'manifest' });
  }
  if (share.set !== shareSetOf(hexToBytes(manifest.backupKeyHex))) {
    throw new CinnabarError('share_unreadable');
  }
  const text = JSON.stringify({ offer: offerHash(tools.gm, body), share });
  const plaintext = utf8ToBytes(text);
  const sealed = tools.sodium.crypto_box_seal(plaintext, hexToBytes(offer.ephemeralHex));
  tools.sodium.memzero(plaintext);
  return sealed;
}

function offerHash(gm: Gm, offer: Omit<RestoreOffer, 'signatureHex'>): string {
  return bytesToHex(gm.sm3(offerBytes(offer)));
}

/** The share in an officer's consent. @throws CinnabarError `share_unreadable`, whatever is wrong */
export function shareIn(
  { gm, sodium }: Pick<ChipTools, 'gm' | 'sodium'>,
  offer: RestoreOffer,
  ephemeralSecret: Uint8Array,
  sealed: Uint8Array,
): OfficerShare {
  try {
    const publicKey = hexToBytes(offer.ephemeralHex);
    const bytes = sodium.crypto_box_seal_open(sealed, publicKey, ephemeralSecret);
    const { offer: named, share } = JSON.parse(new TextDecoder().decode(bytes));
    sodium.memzero(bytes);
    if (named !== offerHash(gm, offer)) throw new CinnabarError('share_unreadable');
    return parseShare(share);
  } catch (cause) {
    throw new CinnabarError('share_unreadable', { cause });
  }
}
