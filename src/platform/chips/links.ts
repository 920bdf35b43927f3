import { type BackupDesk, backupCalls } from '../../domain/chips/backup-desk.ts';
import { callsOf } from '../../domain/chips/calls.ts';
import { chipCalls, type OwnedChip } from '../../domain/chips/chip.ts';
import { type Directory, directoryCalls } from '../../domain/chips/directory.ts';
import { unpack } from '../../domain/chips/faults.ts';
import type { Guard, GuardOf } from '../../domain/chips/guard-calls.ts';
import { guardCalls } from '../../domain/chips/guard-calls.ts';
import { type CallTarget, type ChipsEnv, hostOf } from './environment.ts';

// Chips, guards and the directory, each reached as if it were here.

export function chipAt(env: ChipsEnv, chip: string): OwnedChip {
  const chips = hostOf(env, chip) ? env.HARDWARE_CHIPS : env.SOFTWARE_CHIPS;
  const stub = chips.getByName(chip);
  return callsOf<OwnedChip>(chipCalls, (name, input) => called(stub, name, input));
}

export function guardsAt({ KEY_GUARDS }: ChipsEnv): GuardOf {
  return (tenant, keyId) => {
    const stub = KEY_GUARDS.getByName(`${tenant}/${keyId}`);
    return callsOf<Guard>(guardCalls, (name, input) => called(stub, name, input));
  };
}

export function directoryAt({ CHIP_DIRECTORY }: ChipsEnv): Directory {
  const stub = CHIP_DIRECTORY.getByName('directory');
  return callsOf<Directory>(directoryCalls, (name, input) => called(stub, name, input));
}

export function backupsAt({ CHIP_DIRECTORY }: ChipsEnv): BackupDesk {
  const stub = CHIP_DIRECTORY.getByName('directory');
  return callsOf<BackupDesk>(backupCalls, (name, input) => called(stub, name, input));
}

function called(
  stub: DurableObjectStub<CallTarget>,
  name: string,
  input: unknown[],
): Promise<unknown> {
  return unpack(() => stub.call(name, input));
}
