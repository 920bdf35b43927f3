import { bytesToHex } from '@noble/hashes/utils.js';
import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import {
  type BackupEntry,
  type BackupManifest,
  type BackupName,
  chainNext,
  chainStart,
  manifestHash,
  signTombstone,
  type Tombstone,
} from './backup.ts';
import { isServing } from './placement.ts';
import type { UnsignedManifest } from './ports.ts';
import {
  createRestoreDesk,
  type DeskDeps,
  type RestoreDesk,
  restoreCalls,
} from './restore-desk.ts';
import type { KeyName } from './types.ts';

/** Backups in the making: one at a time. */
export interface BackupMaking {
  /**
   * Begins a backup, and gives up the one before.
   *
   * @param after the number that was given last, as known elsewhere
   * @throws CinnabarError `backup_key_missing`
   */
  openBackup(after: number): Promise<BackupName & { readonly keys: number }>;
  /**
   * The entries of one page; pages are asked for in their order, the newest one as often as needed.
   *
   * @throws CinnabarError `backup_not_found`
   */
  backupPage(number: number, page: number): Promise<BackupPage>;
  /** The end of a backup whose last page was fetched. @throws CinnabarError `backup_not_found` */
  sealBackup(number: number): Promise<BackupManifest>;
  /**
   * From here on only this backup can be restored.
   *
   * @param acceptMissed confirms it even though keys are missing from it
   * @throws CinnabarError `backup_not_found`, `backup_incomplete`
   */
  confirmBackup(number: number, hashHex: string, acceptMissed: boolean): Promise<BackupManifest>;
}

export interface BackupPage {
  readonly entries: readonly BackupEntry[];
  /** Keys that no chip could hand over now. */
  readonly missed: readonly KeyName[];
  readonly isLast: boolean;
}

/** What the cluster does for backups: one is made at a time, and one restored at a time. */
export type BackupDesk = BackupMaking & RestoreDesk;

/** The calls of the desk, as they cross to its object. */
export const backupCalls = [
  'openBackup',
  'backupPage',
  'sealBackup',
  'confirmBackup',
  ...restoreCalls,
] as const satisfies readonly (keyof BackupDesk)[];

/** Where a backup in the making stands. A page can be fetched again from where it began. */
interface Making {
  readonly name: BackupName;
  readonly startedAtMs: number;
  readonly page: number;
  readonly isLast: boolean;
  readonly before: Progress;
  readonly after: Progress;
}

interface Progress {
  /** Last name of the pages so far: revoked keys come first, then the others. */
  readonly tombstone: string;
  readonly key: string;
  readonly keys: number;
  readonly tombstones: number;
  readonly missed: number;
  readonly chainHex: string;
}

/** Fits in the number of calls that one event of a Worker may make. */
export const entriesPerPage = 20;
const tombstonesPerPage = entriesPerPage;
const stepTimeoutMs = 4_000;
const idBytes = 16;

export function createBackupDesk(deps: DeskDeps): BackupDesk {
  const { cells, tools, clock, random, waits, guardOf } = deps;
  const { gm } = tools;
  const rootKeyHex = bytesToHex(deps.root.publicKey);

  function backupKeyHex(): string {
    if (!deps.backupKey) throw new CinnabarError('backup_key_missing');
    return bytesToHex(deps.backupKey);
  }

  function makingOf(number: number): Making {
    const making = cells.get('backup') as Making | undefined;
    if (making?.name.number !== number) throw new CinnabarError('backup_not_found');
    return making;
  }

  /** Names behind `after`, in order, of all chips. */
  async function keysAfter(after: string, most: number): Promise<readonly KeyName[]> {
    const names = new Map<string, KeyName>();
    for (const { chip } of await deps.view()) {
      const prefix = `held:${chip}:`;
      for (const [cell, name] of cells.list(
        prefix,
        most,
        after === '' ? undefined : prefix + after,
      ))
        names.set(cell.slice(prefix.length), name as KeyName);
    }
    const sorted = [...names].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.slice(0, most).map(([, name]) => name);
  }

  function tombstonesAfter(backupId: string, after: string): readonly Tombstone[] {
    const start = after === '' ? undefined : `gone:${after}`;
    return [...cells.list('gone:', tombstonesPerPage, start)].map(([, value]) => {
      const { tenant, keyId, epoch } = value as Omit<Tombstone, 'kind'>;
      const body = { kind: 'tombstone' as const, backupId, tenant, keyId, epoch };
      return signTombstone(tools.sodium, deps.root.privateKey, body);
    });
  }

  /** The revoked keys first, a page of them at a time, then the others. */
  async function pageAfter(name: BackupName, from: Progress): Promise<BackupPage & Named> {
    const tombstones = tombstonesAfter(name.id, from.tombstone);
    const last = tombstones.at(-1);
    if (last) return { entries: tombstones, missed: [], isLast: false, tombstone: nameOf(last) };
    const names = await keysAfter(from.key, entriesPerPage);
    const found = await Promise.all(names.map((key) => backedUp(name, key)));
    const end = names.at(-1);
    return {
      entries: found.flatMap((entry) => (entry && entry !== 'missed' ? [entry] : [])),
      missed: names.filter((_, i) => found[i] === 'missed'),
      isLast: names.length < entriesPerPage,
      ...(end ? { key: nameOf(end) } : {}),
    };
  }

  async function backedUp(name: BackupName, { tenant, keyId }: KeyName) {
    try {
      return await guardOf(tenant, keyId).backup(name);
    } catch (error) {
      if (error instanceof CinnabarError && error.code === 'backup_key_missing') throw error;
      return 'missed' as const;
    }
  }

  async function anyChipSigns(body: UnsignedManifest): Promise<BackupManifest> {
    for (const { chip } of (await deps.view()).filter(isServing)) {
      try {
        return await within(waits, stepTimeoutMs, deps.chip(chip).signManifest(body));
      } catch (error) {
        if (error instanceof CinnabarError) throw error;
      }
    }
    throw new CinnabarError('chips_unavailable');
  }

  return {
    async openBackup(after) {
      const keyHex = backupKeyHex();
      const last = cells.get('backup-number');
      const number = 1 + Math.max(after, typeof last === 'number' ? last : 0);
      const name = { number, id: bytesToHex(random.bytes(idBytes)) };
      const chainHex = chainStart(gm, name, rootKeyHex, keyHex);
      const nothing = { tombstone: '', key: '', keys: 0, tombstones: 0, missed: 0, chainHex };
      const start = { page: -1, isLast: false, before: nothing, after: nothing };
      cells.put('backup-number', number);
      cells.put('backup', { name, startedAtMs: clock.now(), ...start } satisfies Making);
      const views = await deps.view();
      const held = views.flatMap(({ chip }) =>
        [...cells.list(`held:${chip}:`)].map(([cell]) => cell.slice(`held:${chip}:`.length)),
      );
      return { ...name, keys: new Set(held).size };
    },

    async backupPage(number, page) {
      const making = makingOf(number);
      const isAgain = page === making.page;
      if (!isAgain && (page !== making.page + 1 || making.isLast)) {
        throw new CinnabarError('backup_not_found');
      }
      const before = isAgain ? making.before : making.after;
      const { tombstone, key, ...answer } = await pageAfter(making.name, before);
      const after = progressAfter(before, answer, { tombstone, key });
      cells.put('backup', { ...making, page, isLast: answer.isLast, before, after });
      return answer;
    },

    async sealBackup(number) {
      const { name, startedAtMs, isLast, after } = makingOf(number);
      if (!isLast) throw new CinnabarError('backup_not_found');
      const { keys, tombstones, missed, chainHex } = after;
      const body = { format: 'cinnabar backup 1' as const, backup: name, rootKeyHex };
      const figures = { keys, tombstones, missed, chainHex, startedAtMs, madeAtMs: clock.now() };
      const manifest = await anyChipSigns({ ...body, backupKeyHex: backupKeyHex(), ...figures });
      cells.put('backup-sealed', manifest);
      return manifest;
    },

    async confirmBackup(number, hashHex, acceptMissed) {
      const sealed = cells.get('backup-sealed') as BackupManifest | undefined;
      if (sealed?.backup.number !== number || manifestHash(gm, sealed) !== hashHex) {
        throw new CinnabarError('backup_not_found');
      }
      // Made while chips are away, it would bar the older one that has the missing keys.
      if (sealed.missed > 0 && acceptMissed !== true) throw new CinnabarError('backup_incomplete');
      cells.put('backup-newest', { number, hashHex });
      return sealed;
    },

    ...createRestoreDesk({ ...deps, rootKeyHex, backupKeyHex }),
  };

  function progressAfter(from: Progress, { entries, missed }: BackupPage, named: Named): Progress {
    const keys = entries.filter(({ kind }) => kind === 'key').length;
    return {
      tombstone: named.tombstone ?? from.tombstone,
      key: named.key ?? from.key,
      keys: from.keys + keys,
      tombstones: from.tombstones + entries.length - keys,
      missed: from.missed + missed.length,
      chainHex: entries.reduce((chain, entry) => chainNext(gm, chain, entry), from.chainHex),
    };
  }
}

/** How far a page goes. */
interface Named {
  readonly tombstone?: string | undefined;
  readonly key?: string | undefined;
}

function nameOf({ tenant, keyId }: KeyName): string {
  return `${tenant}/${keyId}`;
}
