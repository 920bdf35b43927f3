import { type BackupDesk, backupCalls } from '../../domain/chips/backup-desk.ts';
import { type Calls, callsOf } from '../../domain/chips/calls.ts';
import {
  type ChipCluster,
  type ChipOperations,
  clusterCalls,
  keyCalls,
  shareCalls,
} from '../../domain/chips/cluster.ts';
import { ChipFault, type Reply, unpack } from '../../domain/chips/faults.ts';
import type { KeyService } from '../../domain/chips/keys.ts';
import { type ChipService, type ChipsReady, parseChipsReady } from '../../domain/chips/messages.ts';
import type { ShareService } from '../../domain/chips/shares.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { metered } from '../meters.ts';
import { traced, traceparentNow } from '../tracing.ts';

// The chips Worker over its service binding, as the ports that the domains take.

export function remoteKeys(chips: ChipService): KeyService {
  return remote<KeyService>('chips.keys', keyCalls, (name, input) =>
    traced(`chips.keys ${name}`, () => chips.keys(name, input, traceparentNow())),
  );
}

export function remoteShares(chips: ChipService): ShareService {
  return remote<ShareService>('chips.shares', shareCalls, (name, input) =>
    traced(`chips.shares ${name}`, () => chips.shares(name, input, traceparentNow())),
  );
}

export function remoteBackups(chips: ChipService): BackupDesk {
  return remote<BackupDesk>('chips.backups', backupCalls, (name, input) =>
    traced(`chips.backups ${name}`, () => chips.backups(name, input, traceparentNow())),
  );
}

export function remoteCluster(chips: ChipService): ChipOperations {
  const calls = remote<ChipCluster>('chips.cluster', clusterCalls, (name, input) =>
    traced(`chips.cluster ${name}`, () => chips.cluster(name, input, traceparentNow())),
  );
  return { ...calls, halt: async (chip) => void (await opened(() => chips.halt(chip))) };
}

/**
 * What answers, for `/readyz`: never a key.
 *
 * @throws CinnabarError `chips_unavailable`, also when too few chips serve to make a key
 */
export async function chipsReady(chips: ChipService): Promise<ChipsReady> {
  let status: ChipsReady;
  try {
    status = parseChipsReady(await chips.status());
  } catch (cause) {
    throw new CinnabarError('chips_unavailable', { cause });
  }
  if (!status.ready) throw new CinnabarError('chips_unavailable');
  return status;
}

function remote<T extends Calls<T>>(
  part: string,
  names: readonly (keyof T & string)[],
  call: (name: string, input: unknown[]) => Promise<Reply<unknown>>,
): T {
  return callsOf<T>(names, (name, input) =>
    metered(part, name, () => opened(() => call(name, input))),
  );
}

/** No answer is an outage: nothing may be built on it. */
async function opened<T>(call: () => Promise<Reply<T>>): Promise<T> {
  try {
    return await unpack(call);
  } catch (error) {
    if (error instanceof ChipFault) throw new CinnabarError('chips_unavailable', { cause: error });
    throw error;
  }
}
