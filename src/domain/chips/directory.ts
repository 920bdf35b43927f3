import { bytesToHex } from '@noble/hashes/utils.js';
import type { AuditRecord } from '../audit/types.ts';
import { CinnabarError } from '../errors.ts';
import { within } from './attempts.ts';
import { type ChipStatus, type ClusterStatus, type NewChip, offersOf } from './cluster-status.ts';
import { directoryAdmission } from './directory-admission.ts';
import { type Entry, openBook } from './directory-book.ts';
import { directoryHealth, type HealthDeps, heartbeatTimeoutMs } from './directory-health.ts';
import { directoryKeys } from './directory-keys.ts';
import { ChipFault } from './faults.ts';
import type { DirectoryCalls } from './guard-state.ts';
import { replicasLeast, sharedPool } from './placement.ts';
import type { Cells } from './ports.ts';
import type { ClusterRoot } from './roster.ts';
import type { KeyName } from './types.ts';

export interface Directory extends DirectoryCalls {
  status(): Promise<ClusterStatus>;
  add(input: NewChip): Promise<ChipStatus>;
  drain(chip: string): Promise<ChipStatus>;
  /**
   * Has a drained or quarantined chip forget everything and prove it; then it is `empty`.
   *
   * @param acceptLoss although it may have the only copies of keys
   */
  reset(chip: string, acceptLoss: boolean): Promise<ChipStatus>;
  /** Takes an empty chip back. */
  readmit(chip: string): Promise<ChipStatus>;
  /**
   * Up to `logPageMost` records of a chip's log behind the position `after`, in order.
   *
   * @param after -1 for the oldest that it keeps
   */
  log(chip: string, after: number): Promise<readonly AuditRecord[]>;
  /** Asks every chip for its state and moves up to `most` keys. @returns whether more is to do */
  tick(most: number): Promise<boolean>;
}

/** The calls of the directory, as they cross to its object. */
export const directoryCalls = [
  'view',
  'report',
  'track',
  'status',
  'add',
  'drain',
  'reset',
  'readmit',
  'log',
  'tick',
] as const satisfies readonly (keyof Directory)[];

export interface DirectoryDeps extends HealthDeps {
  readonly cells: Cells;
  readonly root: ClusterRoot;
  readonly linkPublicKey: Uint8Array;
  readonly repair: (name: KeyName) => Promise<readonly string[]>;
  /** The chips that a new cluster begins with. */
  readonly founders: readonly NewChip[];
}

const chipsMax = 64;
/** Records of a log in one answer. */
export const logPageMost = 200;
const chipNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** The one list of chips: who they are, how they are, and which keys each holds. */
export function createDirectory(deps: DirectoryDeps): Directory {
  const { cells } = deps;
  const book = openBook(cells, deps.clock);
  const keys = directoryKeys(deps, book);
  const { look } = directoryHealth(deps, book);
  const admission = directoryAdmission({ ...deps, heldBy: keys.heldBy }, book);
  let founding: Promise<void> | undefined;

  /** Founds the cluster on the first call ever. */
  async function ready(): Promise<void> {
    if (cells.get('founded') === true) return;
    founding ??= (async () => {
      for (const founder of deps.founders) {
        if (!book.find(founder.chip)) await admission.admit(founder);
      }
      cells.put('founded', true);
    })().finally(() => {
      founding = undefined;
    });
    await founding;
  }

  function statusOf(entry: Entry): ChipStatus {
    const { certificate, incarnation, sequence, misses: _misses, ...shown } = entry;
    const { bootCount } = incarnation;
    return {
      ...shown,
      protection: certificate.protection,
      operations: sequence,
      bootCount,
      keysToMove: entry.duty === 'active' ? 0 : keys.heldBy(entry.chip).length,
    };
  }

  return {
    async view() {
      await ready();
      return book.entries().map(({ chip, zone, pool, certificate, incarnation, health, duty }) => ({
        chip,
        zone,
        pool,
        certificate,
        incarnation,
        health,
        duty,
      }));
    },
    async report(chip, fault) {
      const entry = book.find(chip);
      if (!entry) return;
      book.note(chip, `reported ${fault}`);
      if (fault === 'superseded' || fault === 'wrong_answer') book.quarantine(entry, fault);
      else await look(chip);
    },
    async track(name, holders, wipes, endEpoch) {
      keys.track(name, holders, wipes, endEpoch);
    },
    async status() {
      await ready();
      const chips = book.entries().map(statusOf);
      return {
        placementEpoch: book.placementEpoch(),
        keys: keys.countAll(),
        rootKeyHex: bytesToHex(deps.root.publicKey),
        linkKeyHex: bytesToHex(deps.linkPublicKey),
        offers: offersOf(chips),
        chips,
        events: book.events(),
      };
    },
    async add(input) {
      await ready();
      if (!chipNamePattern.test(input.chip) || !chipNamePattern.test(input.zone)) {
        throw new CinnabarError('invalid_request');
      }
      if (book.find(input.chip)) throw new CinnabarError('chip_exists');
      if (book.entries().length >= chipsMax) throw new CinnabarError('invalid_request');
      return statusOf(await answered(admission.admit(input)));
    },
    async drain(chip) {
      await ready();
      const entry = book.entryOf(chip);
      // Whatever else it is, its keys are leaving already.
      if (entry.duty !== 'active') return statusOf(entry);
      const others = book
        .entries()
        .filter(
          (other) => other.chip !== chip && other.pool === entry.pool && other.duty === 'active',
        );
      if (entry.pool === sharedPool && others.length < replicasLeast) {
        throw new CinnabarError('chips_too_few');
      }
      book.note(chip, 'draining');
      book.movePlacement();
      return statusOf(book.put({ ...entry, duty: 'draining' }));
    },
    async reset(chip, acceptLoss) {
      await ready();
      return statusOf(await answered(admission.reset(chip, acceptLoss)));
    },
    async readmit(chip) {
      await ready();
      return statusOf(await answered(admission.readmit(chip)));
    },
    async log(chip, after) {
      await ready();
      book.entryOf(chip);
      const call = deps.chip(chip).records(logPageMost, after);
      return answered(within(deps.waits, heartbeatTimeoutMs, call));
    },
    async tick(most) {
      await ready();
      await Promise.all(book.entries().map(({ chip }) => look(chip)));
      return keys.moveKeys(most);
    },
  };
}

/** A chip that does not answer, or not rightly, neither joins nor comes back. */
async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (cause) {
    if (cause instanceof ChipFault) throw new CinnabarError('chips_unavailable', { cause });
    throw cause;
  }
}
