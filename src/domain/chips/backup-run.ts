import type { BackupEntry, BackupManifest } from './backup.ts';
import { type BackupDesk, entriesPerPage } from './backup-desk.ts';
import type { RestoreOutcome } from './guard-backup.ts';
import type { KeyName } from './types.ts';

/** A request to the service may have 64 KiB. */
const requestCharactersMax = 60_000;

/** Hears how many of how many keys are done. */
export type Progress = (done: number, of: number) => void;

/** A backup that is whole, and not yet confirmed: its keeper stores it first. */
export interface MadeBackup {
  readonly manifest: BackupManifest;
  readonly missed: readonly KeyName[];
}

/** Fetches a backup from its beginning to its end; `keep` stores the entries of each page. */
export async function fetchBackup(
  desk: Pick<BackupDesk, 'openBackup' | 'backupPage' | 'sealBackup'>,
  keep: (entries: readonly BackupEntry[]) => void,
  progress: Progress = () => undefined,
): Promise<MadeBackup> {
  const { number, keys } = await desk.openBackup(0);
  const missed: KeyName[] = [];
  let done = 0;
  for (let page = 0; ; page++) {
    const { entries, missed: without, isLast } = await desk.backupPage(number, page);
    keep(entries);
    missed.push(...without);
    done += entries.filter(({ kind }) => kind === 'key').length + without.length;
    progress(Math.min(done, keys), keys);
    if (isLast) return { manifest: await desk.sealBackup(number), missed };
  }
}

/** How many entries came to which end. */
export type RestoreTally = Readonly<Record<RestoreOutcome, number>>;

type Entries = readonly BackupEntry[];

/** Shows the desk the whole backup, which compares it with the manifest. */
export async function showAll(
  desk: Pick<BackupDesk, 'checkEntries'>,
  id: string,
  entries: Entries,
  progress: Progress = () => undefined,
): Promise<void> {
  await page(entries, progress, (first, some) => desk.checkEntries(id, first, some));
}

/** Hands all entries to the chip of an open ceremony. Repeating it changes nothing. */
export async function bringBack(
  desk: Pick<BackupDesk, 'restoreEntries'>,
  id: string,
  entries: Entries,
  progress: Progress = () => undefined,
): Promise<RestoreTally> {
  const tally = { restored: 0, held: 0, revoked: 0, outdated: 0, conflict: 0, elsewhere: 0 };
  await page(entries, progress, async (first, some) => {
    for (const outcome of await desk.restoreEntries(id, first, some)) tally[outcome] += 1;
  });
  return tally;
}

async function page(
  entries: Entries,
  progress: Progress,
  send: (first: number, some: Entries) => Promise<unknown>,
): Promise<void> {
  for (let done = 0; done < entries.length; ) {
    const some = pageOf(entries, done);
    await send(done, some);
    done += some.length;
    progress(done, entries.length);
  }
}

/** As many entries as one request may carry. */
function pageOf(entries: readonly BackupEntry[], from: number): readonly BackupEntry[] {
  let characters = 0;
  const page = entries.slice(from, from + entriesPerPage).filter((entry) => {
    characters += JSON.stringify(entry).length;
    return characters <= requestCharactersMax;
  });
  return page.length > 0 ? page : entries.slice(from, from + 1);
}
