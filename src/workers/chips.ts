import { WorkerEntrypoint } from 'cloudflare:workers';
import { backupCalls } from '../domain/chips/backup-desk.ts';
import { callOn } from '../domain/chips/calls.ts';
import {
  checkedBackups,
  clusterCalls,
  clusterKeys,
  clusterShares,
  clusterWrapping,
  keyCalls,
  shareCalls,
} from '../domain/chips/cluster.ts';
import { readinessOf } from '../domain/chips/cluster-status.ts';
import { type Reply, reply } from '../domain/chips/faults.ts';
import {
  type ChipRefused,
  type ChipService,
  type ChipsReady,
  type KeysReply,
  parseUnwrapMessage,
  parseWrapMessage,
} from '../domain/chips/messages.ts';
import { CinnabarError } from '../domain/errors.ts';
import { type ChipsEnv, haltChip } from '../platform/chips/environment.ts';
import { backupsAt, directoryAt, guardsAt } from '../platform/chips/links.ts';
import { withTrace } from '../platform/tracing.ts';

export { ChipDirectory } from '../platform/chips/chip-directory.ts';
export { HardwareChip } from '../platform/chips/hardware-chip.ts';
export { KeyGuard } from '../platform/chips/key-guard.ts';
export { SoftwareChip } from '../platform/chips/software-chip.ts';

/** The door for Workers that are bound to it. Messages are checked here, whoever sends them. */
export class Chips extends WorkerEntrypoint<ChipsEnv> implements ChipService {
  async wrap(message: unknown): Promise<KeysReply> {
    const request = parsed(parseWrapMessage, message);
    return request ? clusterWrapping(guardsAt(this.env)).wrap(request) : invalid;
  }

  async unwrap(message: unknown): Promise<KeysReply> {
    const request = parsed(parseUnwrapMessage, message);
    return request ? clusterWrapping(guardsAt(this.env)).unwrap(request) : invalid;
  }

  /** A call of `KeyService` by its name. */
  keys(name: unknown, input: unknown, trace?: unknown): Promise<Reply<unknown>> {
    return this.#traced(`keys ${name}`, trace, () =>
      answered(() => callOn(clusterKeys(guardsAt(this.env)), keyCalls, name, input)),
    );
  }

  /** A call of `ShareService` by its name. */
  shares(name: unknown, input: unknown, trace?: unknown): Promise<Reply<unknown>> {
    return this.#traced(`shares ${name}`, trace, () =>
      answered(() => callOn(clusterShares(guardsAt(this.env)), shareCalls, name, input)),
    );
  }

  /** What the operator may ask of the cluster, by name. */
  cluster(name: unknown, input: unknown, trace?: unknown): Promise<Reply<unknown>> {
    return this.#traced(`cluster ${name}`, trace, () =>
      answered(() => callOn(directoryAt(this.env), clusterCalls, name, input)),
    );
  }

  /** A call of `BackupDesk` by its name. */
  backups(name: unknown, input: unknown, trace?: unknown): Promise<Reply<unknown>> {
    return this.#traced(`backups ${name}`, trace, () =>
      answered(() => callOn(checkedBackups(backupsAt(this.env)), backupCalls, name, input)),
    );
  }

  async status(): Promise<ChipsReady> {
    return readinessOf(await directoryAt(this.env).status());
  }

  /** Within the trace of the request that the caller serves. */
  #traced<T>(name: string, trace: unknown, work: () => Promise<T>): Promise<T> {
    const at = {
      service: 'cinnabar-chips',
      name,
      parent: typeof trace === 'string' ? trace : undefined,
      bindings: this.env,
      waitUntil: (promise: Promise<unknown>) => this.ctx.waitUntil(promise),
    };
    return withTrace(at, work);
  }

  /** Stops a chip for a minute. In demo mode only. */
  halt(chip: unknown): Promise<Reply<unknown>> {
    return answered(() => haltChip(this.env, chip));
  }
}

const invalid: ChipRefused = { ok: false, code: 'invalid_message' };

function parsed<T>(parse: (value: unknown) => T, value: unknown): T | undefined {
  try {
    return parse(value);
  } catch {
    return undefined;
  }
}

/** What is not in its form breaks on the first look at it, before anything is done. */
function answered(act: () => Promise<unknown>): Promise<Reply<unknown>> {
  return reply(async () => {
    try {
      return await act();
    } catch (cause) {
      if (cause instanceof TypeError) throw new CinnabarError('invalid_request', { cause });
      throw cause;
    }
  });
}

// The Worker has no address; should it ever get one, nothing is there.
export default {
  fetch: () => new Response(null, { status: 404 }),
} satisfies ExportedHandler<ChipsEnv>;
