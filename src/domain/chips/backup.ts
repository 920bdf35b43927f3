import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Gm } from '../../core/gm.ts';
import type { Sodium } from '../../core/sodium.ts';
import { base64Bytes, base64Text } from '../../lib/base64.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { tupleBytes } from '../../lib/tuple.ts';
import { isHex } from './keys.ts';
import { type ChipCertificate, isCertified } from './roster.ts';
import type { ChipTools } from './tools.ts';
import type { KeyKind, KeyName } from './types.ts';

// What a backup of a cluster consists of. Each key is encrypted inside a chip for the backup key
// (libsodium's sealed box, crypto_box_seal: X25519, XSalsa20-Poly1305), whose private half exists
// only as officers' shares. A sealed box says nothing of its sender, so the chip signs the record;
// the box begins with the hash of everything else in the record, so that the two belong together.
// A manifest, signed by a chip too, ends the chain of the records' hashes.

/** Names one backup: what of one is never taken for a part of another. */
export interface BackupName {
  /** Rises with every backup of a cluster. */
  readonly number: number;
  /** Random, 32 hex digits. */
  readonly id: string;
}

/** What the guard of a key knows, and no chip. */
export interface GuardFacts {
  readonly owner: string | null;
  readonly state: 'active' | 'frozen';
  readonly epoch: number;
  readonly shareEpochs: readonly number[];
  readonly createdAtMs: number;
  /** The last ticket that was given out. */
  readonly ticket: number;
  /** Uses so far, by what is counted. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A key in a backup. */
export interface KeyBackup {
  readonly kind: 'key';
  readonly backup: BackupName;
  readonly key: KeyKind;
  readonly facts: GuardFacts;
  /** SubjectPublicKeyInfo, hex; empty for wrapping keys. */
  readonly publicKeyHex: string;
  /** For secrets that sign nothing alone: what the chip answers to this challenge. */
  readonly proof?: { readonly challengeHex: string; readonly answerHex: string };
  readonly chip: ChipCertificate;
  /** The sealed box, base64. */
  readonly sealed: string;
  /** SM2 with SM3 by the chip over everything above, DER, hex. */
  readonly signatureHex: string;
}

/** A key that was revoked: it must not come back. */
export interface Tombstone extends KeyName {
  readonly kind: 'tombstone';
  readonly backupId: string;
  readonly epoch: number;
  /** Ed25519 by the cluster root, hex: no chip has the key any more. */
  readonly signatureHex: string;
}

export type BackupEntry = KeyBackup | Tombstone;

/** The end of a backup: it is whole, and these are its figures. */
export interface BackupManifest {
  readonly format: 'cinnabar backup 1';
  readonly backup: BackupName;
  /** Ed25519 key of the cluster root whose chips made it, 64 hex digits. */
  readonly rootKeyHex: string;
  /** X25519 key of the officers, 64 hex digits. */
  readonly backupKeyHex: string;
  readonly startedAtMs: number;
  readonly madeAtMs: number;
  readonly keys: number;
  readonly tombstones: number;
  /** Keys that no chip could hand over. */
  readonly missed: number;
  /** Head of the chain over the entries in their order, 64 hex digits. */
  readonly chainHex: string;
  readonly chip: ChipCertificate;
  readonly signatureHex: string;
}

type Signed<T> = Omit<T, 'signatureHex'>;

const hashHexDigits = 64;

function signedBytes(what: string, body: object): Uint8Array {
  return tupleBytes(what, canonicalJson(body as unknown as Json));
}

const keyBackupBytes = (body: Signed<KeyBackup>) => signedBytes('cinnabar key backup 1', body);
const manifestBytes = (body: Signed<BackupManifest>) =>
  signedBytes('cinnabar backup manifest 1', body);

/** What binds a sealed box to the record around it. */
function headHash(gm: Gm, head: Omit<KeyBackup, 'sealed' | 'signatureHex'>): Uint8Array {
  return gm.sm3(signedBytes('cinnabar key backup head 1', head));
}

/** Encrypts a key for the officers, and signs the record as a chip. */
export function sealKey(
  { gm, sodium }: Pick<ChipTools, 'gm' | 'sodium'>,
  identity: Uint8Array,
  backupKey: Uint8Array,
  head: Omit<KeyBackup, 'sealed' | 'signatureHex'>,
  keyBytes: Uint8Array,
): KeyBackup {
  const plaintext = concatBytes(headHash(gm, head), keyBytes);
  const body = { ...head, sealed: base64Text(sodium.crypto_box_seal(plaintext, backupKey)) };
  sodium.memzero(plaintext);
  return { ...body, signatureHex: bytesToHex(gm.sm2.sign(identity, keyBackupBytes(body))) };
}

/** The key of a record, or `undefined` when the box is not for this key or not of this record. */
export function openKey(
  { gm, sodium }: Pick<ChipTools, 'gm' | 'sodium'>,
  pair: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array },
  { sealed, signatureHex: _signature, ...head }: KeyBackup,
): Uint8Array | undefined {
  const plaintext = openBox(sodium, pair, sealed);
  const expected = headHash(gm, head);
  if (!plaintext || plaintext.length <= expected.length) return undefined;
  if (!sodium.memcmp(plaintext.slice(0, expected.length), expected)) return undefined;
  const bytes = plaintext.slice(expected.length);
  sodium.memzero(plaintext);
  return bytes;
}

function openBox(
  sodium: Sodium,
  { publicKey, privateKey }: { readonly publicKey: Uint8Array; readonly privateKey: Uint8Array },
  sealed: string,
): Uint8Array | undefined {
  const box = base64Bytes(sealed);
  if (!box || box.length < sodium.crypto_box_SEALBYTES) return undefined;
  try {
    return sodium.crypto_box_seal_open(box, publicKey, privateKey);
  } catch {
    // libsodium throws on a wrong tag.
    return undefined;
  }
}

export function signManifest(
  gm: Gm,
  identity: Uint8Array,
  body: Signed<BackupManifest>,
): BackupManifest {
  return { ...body, signatureHex: bytesToHex(gm.sm2.sign(identity, manifestBytes(body))) };
}

function tombstoneBytes({ backupId, tenant, keyId, epoch }: Signed<Tombstone>): Uint8Array {
  return tupleBytes('cinnabar tombstone 1', backupId, tenant, keyId, epoch);
}

export function signTombstone(
  sodium: Sodium,
  rootPrivateKey: Uint8Array,
  body: Signed<Tombstone>,
): Tombstone {
  const signature = sodium.crypto_sign_detached(tombstoneBytes(body), rootPrivateKey);
  return { ...body, signatureHex: bytesToHex(signature) };
}

/** Whether the entry was made for this backup, by the cluster with this root. */
export function isEntryOf(
  tools: Pick<ChipTools, 'gm' | 'sodium'>,
  { backup, rootKeyHex }: Pick<BackupManifest, 'backup' | 'rootKeyHex'>,
  entry: BackupEntry,
): boolean {
  if (entry.kind === 'key') {
    return entry.backup.id === backup.id && isKeyBackup(tools, rootKeyHex, entry);
  }
  const { signatureHex, ...body } = entry;
  const isFormed = entry.backupId === backup.id && isHex(signatureHex, 128);
  return (
    isFormed &&
    tools.sodium.crypto_sign_verify_detached(
      hexToBytes(signatureHex),
      tombstoneBytes(body),
      hexToBytes(rootKeyHex),
    )
  );
}

/** Whether a chip of the cluster with this root made the record. */
export function isKeyBackup(
  tools: Pick<ChipTools, 'gm' | 'sodium'>,
  rootKeyHex: string,
  { signatureHex, ...body }: KeyBackup,
): boolean {
  return isSignedByChip(tools, rootKeyHex, body.chip, keyBackupBytes(body), signatureHex);
}

/** Whether the chip with this identity key made the record. */
export function isKeyBackupBy(
  { gm }: Pick<ChipTools, 'gm'>,
  publicKeyHex: string,
  { signatureHex, ...body }: KeyBackup,
): boolean {
  return isSigned(gm, publicKeyHex, keyBackupBytes(body), signatureHex);
}

/** Whether a chip of the cluster that the manifest names made it. Which cluster is for the caller. */
export function isManifest(
  tools: Pick<ChipTools, 'gm' | 'sodium'>,
  { signatureHex, ...body }: BackupManifest,
): boolean {
  const { format, rootKeyHex, backupKeyHex, chainHex } = body;
  const isFormed =
    format === 'cinnabar backup 1' &&
    [rootKeyHex, backupKeyHex, chainHex].every((value) => isHex(value, hashHexDigits));
  return (
    isFormed && isSignedByChip(tools, rootKeyHex, body.chip, manifestBytes(body), signatureHex)
  );
}

export function isSignedByChip(
  { gm, sodium }: Pick<ChipTools, 'gm' | 'sodium'>,
  rootKeyHex: string,
  signer: ChipCertificate,
  bytes: Uint8Array,
  signatureHex: string,
): boolean {
  return (
    isHex(rootKeyHex, hashHexDigits) &&
    isCertified(sodium, hexToBytes(rootKeyHex), signer) &&
    isSigned(gm, signer.publicKeyHex, bytes, signatureHex)
  );
}

function isSigned(gm: Gm, publicKeyHex: string, bytes: Uint8Array, signatureHex: string): boolean {
  if (!isHex(publicKeyHex, 130) || !/^(?:[0-9a-f]{2}){1,80}$/.test(signatureHex)) return false;
  try {
    return gm.sm2.verify(hexToBytes(publicKeyHex), bytes, hexToBytes(signatureHex));
  } catch {
    // No point of the curve: nobody's key.
    return false;
  }
}

/** Names a backup by everything in it: SM3 of the manifest, 64 hex digits. */
export function manifestHash(gm: Gm, manifest: BackupManifest): string {
  return bytesToHex(gm.sm3(utf8ToBytes(canonicalJson(manifest as unknown as Json))));
}

/** The chain before the first entry. */
export function chainStart(
  gm: Gm,
  { number, id }: BackupName,
  rootKeyHex: string,
  backupKeyHex: string,
): string {
  const bytes = tupleBytes('cinnabar backup chain 1', number, id, rootKeyHex, backupKeyHex);
  return bytesToHex(gm.sm3(bytes));
}

/** The chain after one more entry. */
export function chainNext(gm: Gm, chainHex: string, entry: BackupEntry): string {
  const bytes = utf8ToBytes(canonicalJson(entry as unknown as Json));
  return bytesToHex(gm.sm3(tupleBytes(chainHex, gm.sm3(bytes))));
}

export type BackupFault = 'manifest' | 'entry' | 'chain' | 'count';

/**
 * What is wrong with a backup as a whole; `undefined` when nothing is. Needs no secret, so that the
 * keeper of the file can tell any day that it is still what the chips made.
 */
export function faultOfBackup(
  tools: Pick<ChipTools, 'gm' | 'sodium'>,
  manifest: BackupManifest,
  entries: Iterable<BackupEntry>,
): BackupFault | undefined {
  if (!isManifest(tools, manifest)) return 'manifest';
  const { backup, rootKeyHex, backupKeyHex } = manifest;
  let chainHex = chainStart(tools.gm, backup, rootKeyHex, backupKeyHex);
  let [keys, tombstones] = [0, 0];
  for (const entry of entries) {
    if (!isEntryOf(tools, manifest, entry)) return 'entry';
    if (entry.kind === 'key') keys += 1;
    else tombstones += 1;
    chainHex = chainNext(tools.gm, chainHex, entry);
  }
  if (keys !== manifest.keys || tombstones !== manifest.tombstones) return 'count';
  return chainHex === manifest.chainHex ? undefined : 'chain';
}
