import type { Caller } from '../actor.ts';
import type { AuditLog } from '../audit/ports.ts';
import { audited } from '../audit/record.ts';
import type { ChipOperations } from './cluster.ts';
import type { ChipStatus, NewChip } from './cluster-status.ts';

export interface OperateDeps {
  readonly chips: ChipOperations;
  readonly audit: AuditLog;
}

/** Admits a chip. @throws CinnabarError `chip_exists`, `chips_unavailable` when it does not answer */
export function addChip(deps: OperateDeps, caller: Caller, input: NewChip): Promise<ChipStatus> {
  const detail = { zone: input.zone, pool: input.pool };
  return recorded(deps, caller, 'add', input.chip, () => deps.chips.add(input), detail);
}

/** Begins to move the keys of a chip elsewhere; it is `drained` when none is left. */
export function drainChip(deps: OperateDeps, caller: Caller, chip: string): Promise<ChipStatus> {
  return recorded(deps, caller, 'drain', chip, () => deps.chips.drain(chip));
}

/**
 * Has a drained or quarantined chip forget everything and prove it.
 *
 * @param acceptLoss although it may have the only copies of keys
 * @throws CinnabarError `chip_active`, `chip_holds_keys`, `chips_unavailable`
 */
export function resetChip(
  deps: OperateDeps,
  caller: Caller,
  chip: string,
  acceptLoss: boolean,
): Promise<ChipStatus> {
  const act = () => deps.chips.reset(chip, acceptLoss);
  return recorded(deps, caller, 'reset', chip, act, { acceptLoss });
}

/** Takes an emptied chip back. @throws CinnabarError `chip_active`, `chip_not_empty` */
export function readmitChip(deps: OperateDeps, caller: Caller, chip: string): Promise<ChipStatus> {
  return recorded(deps, caller, 'readmit', chip, () => deps.chips.readmit(chip));
}

/** Stops a chip for a minute. @throws CinnabarError `not_found` outside demo mode */
export function haltChip(deps: OperateDeps, caller: Caller, chip: string): Promise<void> {
  return recorded(deps, caller, 'halt', chip, () => deps.chips.halt(chip));
}

function recorded<T>(
  { audit }: OperateDeps,
  caller: Caller,
  verb: 'add' | 'drain' | 'reset' | 'readmit' | 'halt',
  chip: string,
  act: () => Promise<T>,
  detail: Readonly<Record<string, string | boolean>> = {},
): Promise<T> {
  return audited(audit, caller, { action: `chip.${verb}`, subject: `chip:${chip}`, detail }, act);
}
