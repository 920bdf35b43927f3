import { DurableObject } from 'cloudflare:workers';
import { callOn } from '../../domain/chips/calls.ts';
import { type Reply, reply } from '../../domain/chips/faults.ts';
import { createGuard } from '../../domain/chips/guard.ts';
import type { Guard } from '../../domain/chips/guard-calls.ts';
import { guardCalls } from '../../domain/chips/guard-calls.ts';
import { openTools } from '../../domain/chips/tools.ts';
import { openVault } from '../../domain/chips/wrapping.ts';
import { systemClock, systemRandom, timerWaits } from '../system.ts';
import { type ChipsEnv, durableCells, parseStorageKey } from './environment.ts';
import { chipAt, directoryAt } from './links.ts';

/** The one place for everything about one key that must be serial. */
export class KeyGuard extends DurableObject<ChipsEnv> {
  #guard: Promise<Guard> | undefined;

  async call(name: string, input: unknown[]): Promise<Reply<unknown>> {
    this.#guard ??= this.#open();
    this.#guard.catch(() => {
      this.#guard = undefined;
    });
    const guard = await this.#guard;
    return reply(() => callOn(guard, guardCalls, name, input));
  }

  async #open(): Promise<Guard> {
    const { ctx, env } = this;
    if (ctx.id.name === undefined) throw new Error('a key guard is addressed by its name');
    const tools = await openTools(crypto.subtle);
    const secret = parseStorageKey(env.CHIP_STORAGE_KEY);
    return createGuard({
      cells: durableCells(ctx.storage),
      vault: openVault(tools.sodium, secret, `guard/${ctx.id.name}`),
      tools,
      clock: systemClock,
      random: systemRandom,
      waits: timerWaits,
      directory: directoryAt(env),
      chip: (chip) => chipAt(env, chip),
      awaitsRestore: env.CHIP_RESTORE === 'awaited',
    });
  }
}
