import { type BackupDesk, backupCalls, createBackupDesk } from '../../domain/chips/backup-desk.ts';
import { type Calls, callOn, callsOf } from '../../domain/chips/calls.ts';
import { linkKeyPair } from '../../domain/chips/channel.ts';
import {
  chipCalls,
  createChip,
  type OwnedChip,
  type RunningChip,
} from '../../domain/chips/chip.ts';
import {
  type ChipCluster,
  checkedBackups,
  clusterCalls,
  clusterKeys,
  clusterShares,
  clusterWrapping,
  haltMs,
  keyCalls,
  shareCalls,
} from '../../domain/chips/cluster.ts';
import { founders } from '../../domain/chips/cluster-status.ts';
import { createDirectory, type Directory } from '../../domain/chips/directory.ts';
import { ChipFault } from '../../domain/chips/faults.ts';
import { createGuard } from '../../domain/chips/guard.ts';
import type { Guard, GuardOf } from '../../domain/chips/guard-calls.ts';
import type { KeyService } from '../../domain/chips/keys.ts';
import type { Waits } from '../../domain/chips/ports.ts';
import type { UseRate } from '../../domain/chips/rates.ts';
import { clusterRoot } from '../../domain/chips/roster.ts';
import type { ShareService } from '../../domain/chips/shares.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { openVault } from '../../domain/chips/wrapping.ts';
import { CinnabarError } from '../../domain/errors.ts';
import type { Clock, Random } from '../../domain/ports.ts';
import { type MemoryCells, memoryCells } from './cells.ts';

export interface MemoryClusterOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: Waits;
  /** Stands between callers and a chip: what a network, or a drill, does to calls. */
  readonly link?: (chip: string, target: () => OwnedChip) => OwnedChip;
  readonly queueMax?: number;
  readonly tenantRate?: UseRate;
  readonly keyRate?: UseRate;
  /** X25519 key of the backup officers. */
  readonly backupKey?: Uint8Array;
  /** What the chips encrypt their stores with, and the cluster root is made from; random if left out. */
  readonly secret?: Uint8Array;
}

export interface MemoryCluster {
  readonly directory: Directory;
  readonly backups: BackupDesk;
  readonly guardOf: GuardOf;
  readonly rootPublicKey: Uint8Array;
  /** The chip as it runs now. */
  readonly chip: (chip: string) => RunningChip;
  readonly cellsOf: (chip: string) => MemoryCells;
  /** Starts the chip again on its storage, as after a crash. */
  readonly restart: (chip: string) => void;
  /** Breaks the chip off and keeps it away for a minute. */
  readonly halt: (chip: string) => Promise<void>;
}

const secretBytes = 32;

/** Calls arrive, or the chip is away. */
function direct(_chip: string, target: () => OwnedChip): OwnedChip {
  return callsOf<OwnedChip>(chipCalls, async (name, input) =>
    callOn(target(), chipCalls, name, input),
  );
}

/** A whole cluster in this process: the same chips, guards and directory as in the Workers. */
export async function memoryCluster(options: MemoryClusterOptions): Promise<MemoryCluster> {
  const { clock, random, waits, link = direct } = options;
  const tools = await openTools(crypto.subtle);
  const secret = options.secret ?? random.bytes(secretBytes);
  const backupKey = options.backupKey ? { backupKey: options.backupKey } : {};
  const root = clusterRoot(tools.sodium, secret);
  const stores = new Map<string, MemoryCells>();
  const chips = new Map<string, RunningChip>();
  const guards = new Map<string, Guard>();

  function cellsOf(chip: string): MemoryCells {
    const cells = stores.get(chip) ?? memoryCells();
    stores.set(chip, cells);
    return cells;
  }

  function running(name: string): RunningChip {
    const vault = openVault(tools.sodium, secret, name);
    const common = { chip: name, cells: cellsOf(name), vault, tools, clock, random, ...backupKey };
    const { queueMax, tenantRate } = options;
    const queue = queueMax === undefined ? {} : { queueMax };
    const rate = tenantRate === undefined ? {} : { tenantRate };
    const chip =
      chips.get(name) ??
      createChip({
        ...common,
        ...queue,
        ...rate,
        protection: 'software',
        build: 'in memory',
        rootPublicKey: root.publicKey,
      });
    chips.set(name, chip);
    return chip;
  }

  const halted = new Map<string, number>();
  function target(name: string): OwnedChip {
    if ((halted.get(name) ?? 0) > clock.now()) throw new ChipFault('no_answer');
    return running(name);
  }
  const chip = (name: string) => link(name, () => target(name));
  const desk = { cells: memoryCells(), tools, root, clock, random, waits, chip };
  const directory = createDirectory({
    ...desk,
    linkPublicKey: linkKeyPair(tools.sodium, secret).publicKey,
    founders,
    repair: ({ tenant, keyId }) => guardOf(tenant, keyId).repair(),
  });
  const backups = createBackupDesk({ ...desk, ...backupKey, view: directory.view, guardOf });

  function guardOf(tenant: string, keyId: string): Guard {
    const name = `${tenant}/${keyId}`;
    const vault = openVault(tools.sodium, secret, `guard/${name}`);
    const cells = memoryCells();
    const keyRate = options.keyRate === undefined ? {} : { keyRate: options.keyRate };
    const guard =
      guards.get(name) ??
      createGuard({ cells, vault, tools, clock, random, waits, directory, chip, ...keyRate });
    guards.set(name, guard);
    return guard;
  }
  return {
    directory,
    backups,
    guardOf,
    rootPublicKey: root.publicKey,
    chip: running,
    cellsOf,
    restart: (name) => void chips.delete(name),
    async halt(name) {
      const views = await directory.view();
      if (!views.some((view) => view.chip === name)) throw new CinnabarError('chip_not_found');
      halted.set(name, clock.now() + haltMs);
      chips.delete(name);
    },
  };
}

/** What the domains take from a cluster in this process, opened when first used. */
export function memoryChips(options: MemoryClusterOptions) {
  let opening: Promise<MemoryCluster> | undefined;
  function cluster(): Promise<MemoryCluster> {
    opening ??= memoryCluster(options);
    return opening;
  }
  return {
    keys: lazily<KeyService>(keyCalls, async () => clusterKeys((await cluster()).guardOf)),
    shares: lazily<ShareService>(shareCalls, async () => clusterShares((await cluster()).guardOf)),
    wrapping: lazily<ReturnType<typeof clusterWrapping>>(['wrap', 'unwrap'], async () =>
      clusterWrapping((await cluster()).guardOf),
    ),
    backups: lazily<BackupDesk>(backupCalls, async () => checkedBackups((await cluster()).backups)),
    chips: {
      ...lazily<ChipCluster>(clusterCalls, async () => (await cluster()).directory),
      halt: async (chip: string) => (await cluster()).halt(chip),
    },
  };
}

/** The named calls, each made on what `open` resolves to. */
function lazily<T extends Calls<T>>(
  names: readonly (keyof T & string)[],
  open: () => Promise<T>,
): T {
  return callsOf<T>(names, async (name, input) => callOn(await open(), names, name, input));
}
