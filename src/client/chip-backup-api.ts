import type { ReadOptions, Transport } from './transport.ts';
import type {
  BackupManifest,
  BackupPage,
  ChipBackup,
  ChipBackups,
  ChipRestore,
  ChipRestoreCheck,
  OpenBackup,
  RestoredKeys,
} from './types.ts';

const backups = '/v1/chips/backups';
const restoreAt = (id: string) => `/v1/chips/restores/${encodeURIComponent(id)}`;

/** Backups of the chips' keys, and the officers' ceremony that brings them back. */
export function chipBackupCalls({ getJson, write }: Transport) {
  const post = <T>(path: string, body?: object) => write<T>('POST', path, body);
  return {
    chipBackups: {
      list: (read?: ReadOptions) => getJson<ChipBackups>(backups, read),
      begin: () => post<OpenBackup>(backups),
      /** In their order from 0 on. */
      page: (number: number, page: number) =>
        post<BackupPage>(`${backups}/${number}/pages/${page}`),
      seal: (number: number) => post<BackupManifest>(`${backups}/${number}/manifest`),
      /** @param acceptMissed confirms it although keys are missing from it */
      confirm: (number: number, hash: string, acceptMissed = false) =>
        post<ChipBackup>(`${backups}/${number}/confirm`, { hash, acceptMissed }),
    },
    chipRestores: {
      begin: (manifest: BackupManifest, chip?: string) =>
        post<ChipRestore>('/v1/chips/restores', {
          manifest,
          ...(chip === undefined ? {} : { chip }),
        }),
      get: (id: string, read?: ReadOptions) => getJson<ChipRestore>(restoreAt(id), read),
      /** @param sealed the share, encrypted for the offer, base64 */
      share: (id: string, sealed: string) =>
        post<ChipRestore>(`${restoreAt(id)}/shares`, { sealed }),
      /** @param entries up to twenty as the backup has them, from position `first` on */
      check: (id: string, first: number, entries: readonly object[]) =>
        post<ChipRestoreCheck>(`${restoreAt(id)}/checks`, { first, entries }),
      /** The same pages again, once all were compared. */
      keys: (id: string, first: number, entries: readonly object[]) =>
        post<RestoredKeys>(`${restoreAt(id)}/keys`, { first, entries }),
      end: (id: string) => post<void>(`${restoreAt(id)}/end`),
    },
  };
}
