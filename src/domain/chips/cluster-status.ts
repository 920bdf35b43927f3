import { type Protection, protections } from './keys.ts';
import type { ChipsReady } from './messages.ts';
import { type ChipView, isServing, replicasLeast, sharedPool } from './placement.ts';

/** A chip that is to join: where it stands and whose keys it takes. */
export interface NewChip {
  readonly chip: string;
  readonly zone: string;
  readonly pool: string;
}

/** The chips that a new cluster begins with: one more than keys need, in three zones. */
export const founders: readonly NewChip[] = [
  { chip: 'chip-1', zone: 'a', pool: sharedPool },
  { chip: 'chip-2', zone: 'b', pool: sharedPool },
  { chip: 'chip-3', zone: 'c', pool: sharedPool },
  { chip: 'chip-4', zone: 'a', pool: sharedPool },
];

/** What a chip's last heartbeats said. */
export interface ChipFacts {
  /** The program that runs it, as the chip attests: a Worker's version, or a hash of a host's files. */
  readonly build: string;
  /** Why it is quarantined; empty otherwise. */
  readonly reason: string;
  readonly logHashHex: string;
  readonly keys: number;
  readonly queue: number;
  /** Milliseconds that the last heartbeats took, oldest first. */
  readonly latenciesMs: readonly number[];
  /** Positions in the chip's log at the last heartbeats: what it did in between. */
  readonly loads: readonly number[];
  readonly seenAtMs: number;
}

/** A chip as the operator sees it. */
export interface ChipStatus
  extends ChipFacts,
    Pick<ChipView, 'chip' | 'zone' | 'pool' | 'health' | 'duty'> {
  readonly protection: Protection;
  readonly operations: number;
  readonly bootCount: number;
  /** Keys that are not yet safe without a chip that is leaving. */
  readonly keysToMove: number;
}

export interface ClusterStatus {
  /** Rises whenever keys may have to go elsewhere. */
  readonly placementEpoch: number;
  readonly keys: number;
  /** Levels of protection at which two chips that serve can hold a key. */
  readonly offers: readonly Protection[];
  /** Public key of the cluster root, Ed25519, hex: a chip host is told whom to believe. */
  readonly rootKeyHex: string;
  /** Public key with which the cluster speaks to chip hosts, X25519, hex. */
  readonly linkKeyHex: string;
  readonly chips: readonly ChipStatus[];
  readonly events: readonly ClusterEvent[];
}

/** What happened to the cluster, newest last. */
export interface ClusterEvent {
  readonly atMs: number;
  readonly chip: string;
  readonly what: string;
}

/** Levels at which two chips of the shared pool that serve can hold a key, least first. */
export function offersOf(chips: readonly ChipStatus[]): readonly Protection[] {
  const levels = chips
    .filter((chip) => isServing(chip) && chip.pool === sharedPool)
    .map(({ protection }) => protections.indexOf(protection));
  return protections.filter(
    (_, wanted) => levels.filter((level) => level >= wanted).length >= replicasLeast,
  );
}

/** What `/readyz` asks: whether keys can be made, and how those are protected that ask for nothing. */
export function readinessOf({ chips }: Pick<ClusterStatus, 'chips'>): ChipsReady {
  const serving = chips.filter(
    (chip) => isServing(chip) && chip.health !== 'suspect' && chip.pool === sharedPool,
  );
  const levels = new Set(serving.map(({ protection }) => protection));
  const protection = protections.find((level) => levels.has(level)) ?? 'software';
  return { protection, ready: serving.length >= replicasLeast };
}
