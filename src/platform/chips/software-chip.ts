import { DurableObject } from 'cloudflare:workers';
import { callOn } from '../../domain/chips/calls.ts';
import {
  chipCalls,
  createChip,
  type OwnedChip,
  type RunningChip,
} from '../../domain/chips/chip.ts';
import { type Reply, reply } from '../../domain/chips/faults.ts';
import { clusterRoot } from '../../domain/chips/roster.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { openStoredKey, openVault } from '../../domain/chips/wrapping.ts';
import { keepOwnName, ownName } from '../durable/own-name.ts';
import { systemClock, systemRandom } from '../system.ts';
import {
  backupKeyOf,
  type ChipsEnv,
  durableCells,
  parseStorageKey,
  tenantRateIn,
} from './environment.ts';

const downCell = 'down-until';

/**
 * A chip in software: keys are made here, stored encrypted under a secret that only this Worker
 * has, and used here. No call returns one. Against whoever runs the Worker it protects nothing;
 * that takes hardware behind the same calls (docs/chips.md).
 */
export class SoftwareChip extends DurableObject<ChipsEnv> {
  readonly #name: string;
  #chip: Promise<RunningChip> | undefined;

  constructor(ctx: DurableObjectState, env: ChipsEnv) {
    super(ctx, env);
    const name = ownName(ctx);
    if (name === undefined) throw new Error('a chip is addressed by its name');
    this.#name = name;
  }

  async call(name: string, input: unknown[]): Promise<Reply<unknown>> {
    const downUntil = this.ctx.storage.kv.get(downCell);
    if (typeof downUntil === 'number' && systemClock.now() < downUntil) {
      throw new Error('the chip is down');
    }
    const chip = await this.#opened();
    const result = await reply(() => callOn<OwnedChip>(chip, chipCalls, name, input));
    // Only a restore leaves something that is to be forgotten in time.
    if (name.startsWith('restore')) await this.#wakeToTidy(chip);
    return result;
  }

  override async alarm(): Promise<void> {
    await this.#wakeToTidy(await this.#opened());
  }

  async #wakeToTidy(chip: RunningChip): Promise<void> {
    const dueMs = chip.tidy();
    if (dueMs === undefined) return;
    keepOwnName(this.ctx);
    await this.ctx.storage.setAlarm(dueMs + 1);
  }

  async halt(forMs: number): Promise<void> {
    this.ctx.storage.kv.put(downCell, systemClock.now() + forMs);
    await this.ctx.storage.sync();
    this.ctx.abort('halted');
  }

  /** Keys of the time when every tenant had a software chip of its own, as they were stored. */
  legacyKeys(): { epoch: number; encryptedKey: Uint8Array }[] {
    const { sql } = this.ctx.storage;
    const tables = sql
      .exec("SELECT name FROM sqlite_master WHERE name = 'wrapping_keys'")
      .toArray();
    if (tables.length === 0) return [];
    const rows = sql
      .exec('SELECT epoch, encrypted_key FROM wrapping_keys ORDER BY epoch')
      .toArray();
    return rows.map(({ epoch, encrypted_key: key }) => {
      if (typeof epoch !== 'number' || !(key instanceof ArrayBuffer)) {
        throw new Error('wrapping_keys: a row is not in the expected form');
      }
      return { epoch, encryptedKey: new Uint8Array(key) };
    });
  }

  #opened(): Promise<RunningChip> {
    this.#chip ??= this.#open();
    this.#chip.catch(() => {
      this.#chip = undefined;
    });
    return this.#chip;
  }

  async #open(): Promise<RunningChip> {
    const tools = await openTools(crypto.subtle);
    const secret = parseStorageKey(this.env.CHIP_STORAGE_KEY);
    return createChip({
      chip: this.#name,
      cells: durableCells(this.ctx.storage),
      vault: openVault(tools.sodium, secret, this.#name),
      tools,
      clock: systemClock,
      random: systemRandom,
      protection: 'software',
      build: this.env.VERSION.id,
      rootPublicKey: clusterRoot(tools.sodium, secret).publicKey,
      ...backupKeyOf(this.env),
      ...tenantRateIn(this.env.CHIP_TENANT_RATE),
      inherited: async (tenant) => {
        const name = `software/${tenant}`;
        const [stored] = await this.env.SOFTWARE_CHIPS.getByName(name).legacyKeys();
        const vault = openVault(tools.sodium, secret, name);
        return stored && openStoredKey(vault, { tenant, ...stored });
      },
    });
  }
}
