import { hexToBytes } from '@noble/hashes/utils.js';
import type { BackupEntry, BackupManifest } from '../../src/domain/chips/backup.ts';
import type { BackupDesk } from '../../src/domain/chips/backup-desk.ts';
import { bringBack, fetchBackup, showAll } from '../../src/domain/chips/backup-run.ts';
import { consent, makeBackupKey, type OfficerTrust } from '../../src/domain/chips/ceremony.ts';
import type { Directory } from '../../src/domain/chips/directory.ts';
import type { OfficerShare } from '../../src/domain/chips/officers.ts';
import type { RestoreView } from '../../src/domain/chips/restore-desk.ts';
import { openTools } from '../../src/domain/chips/tools.ts';
import { systemRandom } from '../../src/platform/system.ts';

/** A backup as its keeper has it on a disk. */
export interface BackupFile {
  readonly manifest: BackupManifest;
  readonly entries: readonly BackupEntry[];
  readonly missed: number;
}

/** Three of five officers, and the key that a cluster is set up with. */
export async function fiveOfficers() {
  const { sodium } = await openTools(crypto.subtle);
  const made = await makeBackupKey(sodium, { threshold: 3, shares: 5 }, systemRandom);
  return { shares: made.shares, backupKey: hexToBytes(made.publicKeyHex) };
}

/** A whole backup, stored and confirmed. */
export async function backedUp(desk: BackupDesk): Promise<BackupFile> {
  const { gm } = await openTools(crypto.subtle);
  const { manifestHash } = await import('../../src/domain/chips/backup.ts');
  const entries: BackupEntry[] = [];
  const { manifest, missed } = await fetchBackup(desk, (page) => entries.push(...page));
  await desk.confirmBackup(manifest.backup.number, manifestHash(gm, manifest), false);
  return { manifest, entries, missed: missed.length };
}

/** Officers give their shares, one after the other. */
export async function consented(
  desk: BackupDesk,
  view: RestoreView,
  shares: readonly OfficerShare[],
  trust: Partial<OfficerTrust> = {},
): Promise<RestoreView> {
  const tools = await openTools(crypto.subtle);
  const { rootKeyHex } = view.manifest;
  const meant = { rootKeyHex, backupRootKeyHex: rootKeyHex, ...trust };
  let latest = view;
  for (const share of shares) {
    const sealed = consent(tools, view.offer, view.manifest, meant, share);
    latest = await desk.giveShare(view.offer.id, sealed, `officer-${share.index}`);
  }
  return latest;
}

/** The whole backup, compared first and then brought back. */
export async function takenBack(desk: BackupDesk, id: string, { entries }: BackupFile) {
  await showAll(desk, id, entries);
  return bringBack(desk, id, entries);
}

/** What an operator does with a chip that was drained or is in quarantine. */
export async function emptiedAndBack(
  directory: Pick<Directory, 'reset' | 'readmit'>,
  chip: string,
): Promise<void> {
  await directory.reset(chip, false);
  await directory.readmit(chip);
}
