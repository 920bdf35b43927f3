import { loadGm } from '../../core/gm.ts';
import type { Caller } from '../actor.ts';
import type { AuditLog } from '../audit/ports.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { newId } from '../id.ts';
import type { Clock, Random } from '../ports.ts';
import type { Row, RowStore } from '../row-store.ts';
import { type BackupEntry, type BackupManifest, type BackupName, manifestHash } from './backup.ts';
import type { BackupDesk } from './backup-desk.ts';
import type { RestoreOutcome } from './guard-backup.ts';
import { serviceTenant } from './keys.ts';
import type { RestoreProgress, RestoreView } from './restore-desk.ts';

/** A backup that its keeper has on a disk, as remembered outside the cluster that it is of. */
export interface BackupRow extends Row {
  readonly number: number;
  /** `manifestHash`, 64 hex digits. */
  readonly hashHex: string;
  readonly rootKeyHex: string;
  readonly keys: number;
  readonly tombstones: number;
  readonly missed: number;
  readonly madeAtMs: number;
  readonly confirmedBy: string;
}

export interface BackupRows {
  readonly backup: BackupRow;
}

export interface BackupDeps {
  readonly backups: BackupDesk;
  /** Where the cluster's own loss does not reach. */
  readonly backupRows: RowStore<BackupRows>;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
}

const listed = 100;

/** The last hundred confirmed backups, newest first. */
export function listBackups({ backupRows }: BackupDeps): Promise<readonly BackupRow[]> {
  return backupRows.list(serviceTenant, 'backup', {}, { limit: listed });
}

async function newest(deps: BackupDeps): Promise<BackupRow | undefined> {
  const [row] = await deps.backupRows.list(serviceTenant, 'backup', {}, { limit: 1 });
  return row;
}

/** Begins a backup of all keys. @throws CinnabarError `backup_key_missing` */
export async function beginBackup(
  deps: BackupDeps,
  caller: Caller,
): Promise<BackupName & { readonly keys: number }> {
  const last = await newest(deps);
  const operation: Operation = { action: 'chip.backup.begin', subject: 'chips:backup', detail: {} };
  return audited(deps.audit, caller, operation, () => deps.backups.openBackup(last?.number ?? 0));
}

/**
 * The keeper has stored the backup with this hash: from here on only it can be restored.
 *
 * @throws CinnabarError `backup_not_found` when the chips made none with this hash,
 * `backup_incomplete` unless missing keys are accepted
 */
export function confirmBackup(
  deps: BackupDeps,
  caller: Caller,
  number: number,
  { hashHex, acceptMissed }: { readonly hashHex: string; readonly acceptMissed: boolean },
): Promise<BackupRow> {
  const detail = { number, hash: hashHex, acceptMissed };
  const operation: Operation = {
    action: 'chip.backup.confirm',
    subject: `chips:backup:${number}`,
    detail,
  };
  return audited(deps.audit, caller, operation, async () => {
    const known = await newest(deps);
    if (known?.hashHex === hashHex) return known;
    const manifest = await deps.backups.confirmBackup(number, hashHex, acceptMissed);
    const row = rowOf(deps, caller, manifest, hashHex);
    await deps.backupRows.write(serviceTenant, [
      { kind: 'backup', row, owner: '', parent: '', state: '' },
    ]);
    return row;
  });
}

function rowOf(
  deps: BackupDeps,
  caller: Caller,
  { backup, rootKeyHex, keys, tombstones, missed, madeAtMs }: BackupManifest,
  hashHex: string,
): BackupRow {
  const { number } = backup;
  return {
    tenant: serviceTenant,
    id: newId(deps),
    revision: 1,
    ...{ number, hashHex, rootKeyHex, keys, tombstones, missed, madeAtMs },
    confirmedBy: personOf(caller),
  };
}

/**
 * Has a chip offer itself to the officers for this backup.
 *
 * @throws CinnabarError `backup_outdated` when a newer one was confirmed, `backup_invalid`
 */
export function beginRestore(
  deps: BackupDeps,
  caller: Caller,
  input: { readonly manifest: BackupManifest; readonly chip?: string },
): Promise<RestoreView> {
  const { number } = input.manifest.backup;
  const operation: Operation = {
    action: 'chip.restore.begin',
    subject: `chips:backup:${number}`,
    detail: { number, chip: input.chip ?? '' },
  };
  return audited(deps.audit, caller, operation, async () => {
    const last = await newest(deps);
    if (last && last.hashHex !== manifestHash(await loadGm(), input.manifest)) {
      throw new CinnabarError('backup_outdated');
    }
    return deps.backups.openRestore({ ...input, by: personOf(caller) });
  });
}

/** @throws CinnabarError `own_work` for who began the restore, `share_unreadable`, `restore_not_found` */
export function giveShare(
  deps: BackupDeps,
  caller: Caller,
  id: string,
  sealed: Uint8Array,
): Promise<RestoreView> {
  return recorded(deps, caller, 'share', id, {}, () =>
    deps.backups.giveShare(id, sealed, personOf(caller)),
  );
}

/** A page of a backup, and the position of its first entry. */
export interface EntryPage {
  readonly first: number;
  readonly entries: readonly BackupEntry[];
}

/** Compares a page with the backup's manifest. @throws CinnabarError `backup_invalid` */
export function checkEntries(
  { backups }: Pick<BackupDeps, 'backups'>,
  id: string,
  { first, entries }: EntryPage,
): Promise<RestoreProgress> {
  return backups.checkEntries(id, first, entries);
}

/**
 * @throws CinnabarError `backup_unchecked`, `shares_too_few`, `backup_invalid`, `restore_not_found`
 */
export function restoreEntries(
  deps: BackupDeps,
  caller: Caller,
  id: string,
  { first, entries }: EntryPage,
): Promise<readonly RestoreOutcome[]> {
  return recorded(deps, caller, 'keys', id, { first, entries: entries.length }, () =>
    deps.backups.restoreEntries(id, first, entries),
  );
}

/** Ends the ceremony: the chip forgets the backup key. @throws CinnabarError `restore_not_found` */
export function endRestore(deps: BackupDeps, caller: Caller, id: string): Promise<void> {
  return recorded(deps, caller, 'end', id, {}, () => deps.backups.closeRestore(id));
}

function recorded<T>(
  { audit }: BackupDeps,
  caller: Caller,
  verb: 'share' | 'keys' | 'end',
  id: string,
  detail: Readonly<Record<string, number>>,
  act: () => Promise<T>,
): Promise<T> {
  const operation: Operation = {
    action: `chip.restore.${verb}`,
    subject: `chips:restore:${id}`,
    detail,
  };
  return audited(audit, caller, operation, act);
}

/** Ids are of one institution; operators of the cluster may come from several. */
function personOf({ actor }: Caller): string {
  return `${actor.tenant}/${actor.id}`;
}
