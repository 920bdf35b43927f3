import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import {
  type BackupEntry,
  type BackupManifest,
  chainNext,
  chainStart,
  isEntryOf,
  manifestHash,
} from './backup.ts';
import type { RestoreOffer } from './ceremony.ts';
import type { DirectoryDeps } from './directory.ts';
import { ChipFault } from './faults.ts';
import type { RestoreOutcome } from './guard-backup.ts';
import type { GuardOf } from './guard-calls.ts';
import { type ChipView, isServing } from './placement.ts';
import type { Ceremony } from './ports.ts';

/**
 * Restores of backups. Three steps: the desk is shown all entries and compares their number and
 * hash chain with the signed manifest; officers give their shares to a chip; the same entries come
 * again, in the same pages, and are brought back.
 */
export interface RestoreDesk {
  /**
   * Has a chip begin the officers' ceremony for a backup.
   *
   * @throws CinnabarError `backup_outdated`, `backup_invalid`, `backup_key_missing`
   */
  openRestore(input: OpenRestore): Promise<RestoreView>;
  /** @throws CinnabarError `restore_not_found` */
  restoreView(id: string): Promise<RestoreView>;
  /** @throws CinnabarError `restore_not_found`, `share_unreadable`, `own_work` */
  giveShare(id: string, sealed: Uint8Array, by: string): Promise<RestoreView>;
  /**
   * Shows the desk a page of the backup, in order; a page that it saw may come again, and the first
   * one begins anew.
   *
   * @param first position of the page's first entry in the backup, from 0
   * @throws CinnabarError `backup_invalid` for an altered, missing or foreign entry; when the end
   * does not fit the manifest, all pages must be shown again
   */
  checkEntries(
    id: string,
    first: number,
    entries: readonly BackupEntry[],
  ): Promise<RestoreProgress>;
  /**
   * Brings back a page that was shown before; pages come in their order, done ones as often as
   * needed. With the last one the chip forgets the backup key.
   *
   * @throws CinnabarError `backup_unchecked` before all was shown, `shares_too_few` before enough
   * officers gave theirs, `backup_invalid` for anything but a page as it was shown
   */
  restoreEntries(
    id: string,
    first: number,
    entries: readonly BackupEntry[],
  ): Promise<readonly RestoreOutcome[]>;
  /** Also ends what is not finished. @throws CinnabarError `restore_not_found` */
  closeRestore(id: string): Promise<void>;
}

/** The calls of the desk, as they cross to its object. */
export const restoreCalls = [
  'openRestore',
  'restoreView',
  'giveShare',
  'checkEntries',
  'restoreEntries',
  'closeRestore',
] as const satisfies readonly (keyof RestoreDesk)[];

export interface OpenRestore {
  readonly manifest: BackupManifest;
  /** The chip where it happens; one of the shared pool if left out. */
  readonly chip?: string;
  /** Who begins it: that person hands in no share. */
  readonly by: string;
}

/** How far the entries are. */
export interface RestoreProgress {
  /** Entries that were compared. */
  readonly checked: number;
  /** All were, and number and chain are those of the manifest. */
  readonly isWhole: boolean;
  /** Entries that went through. */
  readonly done: number;
}

export interface RestoreView extends Ceremony, RestoreProgress {
  readonly offer: RestoreOffer;
  readonly manifest: BackupManifest;
  readonly by: string;
}

interface RestoreDeps extends DeskDeps {
  readonly rootKeyHex: string;
  readonly backupKeyHex: () => string;
}

const stepTimeoutMs = 4_000;
const positionDigits = 9;
const nothingYet: RestoreProgress = { checked: 0, isWhole: false, done: 0 };

export function createRestoreDesk(deps: RestoreDeps): RestoreDesk {
  const { cells, tools, clock, waits, guardOf, rootKeyHex, backupKeyHex } = deps;
  const { gm } = tools;

  function assertNewest(manifest: BackupManifest): void {
    const newest = cells.get('backup-newest') as { readonly hashHex: string } | undefined;
    if (newest && newest.hashHex !== manifestHash(gm, manifest)) {
      throw new CinnabarError('backup_outdated');
    }
  }

  function restoreOf(id: string): RestoreView {
    const view = cells.get('restore') as RestoreView | undefined;
    if (view?.offer.id !== id || view.offer.notAfterMs < clock.now()) {
      throw new CinnabarError('restore_not_found');
    }
    return view;
  }

  async function ceremonyChip(wanted: string | undefined): Promise<string> {
    const views = (await deps.view()).filter(isServing);
    const found = wanted ? views.find(({ chip }) => chip === wanted) : views[0];
    if (!found) throw new CinnabarError(wanted ? 'chip_not_found' : 'chips_unavailable');
    return found.chip;
  }

  /** The chain before the entry at this position, once the desk came so far. */
  function chainAt(position: number): string | undefined {
    return cells.get(positionCell(position)) as string | undefined;
  }

  function forgetChain(): void {
    for (const [cell] of [...cells.list(positionPrefix)]) cells.delete(cell);
  }

  function beginChain({ backup, rootKeyHex: root, backupKeyHex: key }: BackupManifest): void {
    forgetChain();
    cells.put(positionCell(0), chainStart(gm, backup, root, key));
  }

  /** The chain behind these entries. @throws CinnabarError `backup_invalid` for a gap */
  function chainBehind(first: number, entries: readonly BackupEntry[]): string {
    const from = chainAt(first);
    if (from === undefined) throw invalid('chain');
    return entries.reduce((chain, entry) => chainNext(gm, chain, entry), from);
  }

  /** Number and chain as the chips signed them; otherwise all begins anew. */
  function assertWhole(manifest: BackupManifest, total: number, view: RestoreView): void {
    const isWhole = total === entriesIn(manifest) && chainAt(total) === manifest.chainHex;
    if (isWhole) return;
    beginChain(manifest);
    cells.put('restore', { ...view, ...nothingYet });
    throw invalid('chain');
  }

  return {
    async openRestore({ manifest, chip: wanted, by }) {
      if (manifest.backupKeyHex !== backupKeyHex()) throw invalid('backup-key');
      const isOther = manifest.rootKeyHex !== rootKeyHex;
      if (isOther && [...cells.list('held:', 1)].length > 0) throw invalid('cluster');
      assertNewest(manifest);
      const chip = await ceremonyChip(wanted);
      const offer = await asked(deps.chip(chip).restoreOffer(manifest));
      const ceremony = { given: [], threshold: null, isOpen: false };
      const view = { offer, manifest, by, ...ceremony, ...nothingYet };
      beginChain(manifest);
      cells.put('restore', view satisfies RestoreView);
      return view;
    },

    restoreView: async (id) => restoreOf(id),

    async giveShare(id, sealed, by) {
      const { offer, by: beginner } = restoreOf(id);
      if (beginner === by) throw new CinnabarError('own_work');
      const ceremony = await asked(deps.chip(offer.chip.chip).restoreShare(id, sealed));
      const next = { ...restoreOf(id), ...ceremony };
      cells.put('restore', next);
      return next;
    },

    async checkEntries(id, first, entries) {
      const view = restoreOf(id);
      const { manifest } = view;
      const behind = first + entries.length;
      if (!entries.every((entry) => isEntryOf(tools, manifest, entry))) throw invalid('entry');
      const isAgain = view.isWhole || (first > 0 && first < view.checked);
      if (first === 0 && !isAgain) beginChain(manifest);
      const chain = chainBehind(first, entries);
      if (isAgain) {
        if (chainAt(behind) !== chain) throw invalid('chain');
        return progressOf(view);
      }
      cells.put(positionCell(behind), chain);
      const isEnd = behind >= entriesIn(manifest);
      if (isEnd) assertWhole(manifest, behind, view);
      const next = { ...view, checked: behind, isWhole: isEnd };
      cells.put('restore', next);
      return progressOf(next);
    },

    async restoreEntries(id, first, entries) {
      const { offer, manifest, isOpen, isWhole, done } = restoreOf(id);
      if (!isWhole) throw new CinnabarError('backup_unchecked');
      if (!isOpen) throw new CinnabarError('shares_too_few');
      const behind = first + entries.length;
      if (first > done || chainBehind(first, entries) !== chainAt(behind)) throw invalid('chain');
      const outcomes = await Promise.all(entries.map((entry) => broughtBack(entry, offer)));
      const latest = restoreOf(id);
      cells.put('restore', { ...latest, done: Math.max(latest.done, behind) });
      // Nothing is left to open. A chip that does not hear it forgets the key by its own timer.
      if (behind === entriesIn(manifest)) await endCeremony(offer).catch(() => undefined);
      return outcomes;
    },

    async closeRestore(id) {
      await endCeremony(restoreOf(id).offer);
      cells.delete('restore');
      forgetChain();
    },
  };

  async function broughtBack(entry: BackupEntry, offer: RestoreOffer): Promise<RestoreOutcome> {
    if (entry.kind === 'key') {
      const { tenant, keyId } = entry.key;
      const order = { record: entry, chip: offer.chip.chip, ceremony: offer.id };
      return unbroken(guardOf(tenant, keyId).restore(order));
    }
    await guardOf(entry.tenant, entry.keyId).bury(entry);
    return 'revoked';
  }

  function endCeremony({ id, chip }: RestoreOffer): Promise<void> {
    return asked(deps.chip(chip.chip).restoreEnd(id));
  }

  function asked<T>(call: Promise<T>): Promise<T> {
    return unbroken(within(waits, stepTimeoutMs, call));
  }
}

/** @throws CinnabarError `chips_unavailable` where a chip did not do it */
async function unbroken<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof ChipFault) throw new CinnabarError('chips_unavailable', { cause });
    throw cause;
  }
}

function invalid(detail: string): CinnabarError {
  return new CinnabarError('backup_invalid', { detail });
}

function entriesIn({ keys, tombstones }: BackupManifest): number {
  return keys + tombstones;
}

function progressOf({ checked, isWhole, done }: RestoreProgress): RestoreProgress {
  return { checked, isWhole, done };
}

const positionPrefix = 'restore-at:';

function positionCell(position: number): string {
  return `${positionPrefix}${String(position).padStart(positionDigits, '0')}`;
}

export interface DeskDeps
  extends Pick<DirectoryDeps, 'cells' | 'tools' | 'root' | 'clock' | 'random' | 'waits' | 'chip'> {
  readonly backupKey?: Uint8Array;
  readonly view: () => Promise<readonly ChipView[]>;
  readonly guardOf: GuardOf;
}
