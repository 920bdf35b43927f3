import { DurableObject } from 'cloudflare:workers';
import { type BackupDesk, backupCalls, createBackupDesk } from '../../domain/chips/backup-desk.ts';
import { callOn } from '../../domain/chips/calls.ts';
import { linkKeyPair } from '../../domain/chips/channel.ts';
import { founders } from '../../domain/chips/cluster-status.ts';
import { createDirectory, type Directory, directoryCalls } from '../../domain/chips/directory.ts';
import { type Reply, reply } from '../../domain/chips/faults.ts';
import { clusterRoot } from '../../domain/chips/roster.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { systemClock, systemRandom, timerWaits } from '../system.ts';
import { backupKeyOf, type ChipsEnv, durableCells, parseStorageKey } from './environment.ts';
import { chipAt, guardsAt } from './links.ts';

const heartbeatMs = 10_000;
/** Between two batches of keys that move. */
const nextBatchMs = 50;
/** Fits in the number of calls that one event of a Worker may make. */
const keysAtOnce = 20;

export const directoryObjectCalls = [...directoryCalls, ...backupCalls] as const;

/** The directory of the cluster, which also keeps the books of backups; its alarm is the heartbeat. */
export class ChipDirectory extends DurableObject<ChipsEnv> {
  #directory: Promise<Directory & BackupDesk> | undefined;

  async call(name: string, input: unknown[]): Promise<Reply<unknown>> {
    const directory = await this.#opened();
    if ((await this.ctx.storage.getAlarm()) === null) await this.#wakeIn(heartbeatMs);
    const result = await reply(() => callOn(directory, directoryObjectCalls, name, input));
    if (name === 'drain' || name === 'report') await this.#wakeIn(nextBatchMs);
    return result;
  }

  override async alarm(): Promise<void> {
    // Whatever happens in this beat, there is a next one.
    await this.#wakeIn(heartbeatMs);
    const directory = await this.#opened();
    if (await directory.tick(keysAtOnce)) await this.#wakeIn(nextBatchMs);
  }

  #wakeIn(ms: number): Promise<void> {
    return this.ctx.storage.setAlarm(systemClock.now() + ms);
  }

  #opened(): Promise<Directory & BackupDesk> {
    this.#directory ??= this.#open();
    this.#directory.catch(() => {
      this.#directory = undefined;
    });
    return this.#directory;
  }

  async #open(): Promise<Directory & BackupDesk> {
    const { ctx, env } = this;
    const tools = await openTools(crypto.subtle);
    const guardOf = guardsAt(env);
    const secret = parseStorageKey(env.CHIP_STORAGE_KEY);
    const desk = {
      cells: durableCells(ctx.storage),
      tools,
      root: clusterRoot(tools.sodium, secret),
      clock: systemClock,
      random: systemRandom,
      waits: timerWaits,
      chip: (chip: string) => chipAt(env, chip),
    };
    const directory = createDirectory({
      ...desk,
      linkPublicKey: linkKeyPair(tools.sodium, secret).publicKey,
      repair: ({ tenant, keyId }) => guardOf(tenant, keyId).repair(),
      founders,
    });
    const { view } = directory;
    return {
      ...directory,
      ...createBackupDesk({ ...desk, ...backupKeyOf(env), view, guardOf }),
    };
  }
}
