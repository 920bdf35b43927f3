import { CinnabarError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import type { ChipFacts, ClusterEvent } from './cluster-status.ts';
import type { ChipView } from './placement.ts';
import type { Cells } from './ports.ts';
import type { Attestation } from './types.ts';

/** What the directory knows of a chip. */
export interface Entry extends ChipView, ChipFacts {
  /** Position in the chip's log. */
  readonly sequence: number;
  /** Heartbeats in a row without an answer. */
  readonly misses: number;
}

/** The list of chips and of what happened to them, in the directory's storage. */
export interface Book {
  entries(): Entry[];
  find(chip: string): Entry | undefined;
  /** @throws CinnabarError `chip_not_found` */
  entryOf(chip: string): Entry;
  put(entry: Entry): Entry;
  note(chip: string, what: string): void;
  events(): readonly ClusterEvent[];
  placementEpoch(): number;
  /** Keys may have to go elsewhere now. */
  movePlacement(): void;
  quarantine(entry: Entry, reason: string): void;
}

const samplesKept = 60;
const eventsKept = 100;

export function openBook(cells: Cells, clock: Clock): Book {
  function events(): ClusterEvent[] {
    return (cells.get('events') as ClusterEvent[] | undefined) ?? [];
  }

  function find(chip: string): Entry | undefined {
    return cells.get(`chip:${chip}`) as Entry | undefined;
  }

  function put(entry: Entry): Entry {
    cells.put(`chip:${entry.chip}`, entry);
    return entry;
  }

  function note(chip: string, what: string): void {
    const known = events();
    const last = known.findLastIndex((event) => event.chip === chip);
    // A storm of reports of one fault must not push out why a chip was quarantined.
    const others = known[last]?.what === what ? known.toSpliced(last, 1) : known;
    cells.put('events', [...others, { atMs: clock.now(), chip, what }].slice(-eventsKept));
  }

  function placementEpoch(): number {
    const value = cells.get('placement-epoch');
    return typeof value === 'number' ? value : 0;
  }

  function movePlacement(): void {
    cells.put('placement-epoch', placementEpoch() + 1);
  }

  return {
    entries: () => [...cells.list('chip:')].map(([, value]) => value as Entry),
    find,
    entryOf(chip) {
      const entry = find(chip);
      if (!entry) throw new CinnabarError('chip_not_found');
      return entry;
    },
    put,
    note,
    events,
    placementEpoch,
    movePlacement,
    quarantine(entry, reason) {
      if (entry.duty === 'quarantined') return;
      put({ ...entry, duty: 'quarantined', reason });
      note(entry.chip, reason);
      movePlacement();
    },
  };
}

/** What an entry begins with. */
export const unseen = {
  build: '',
  reason: '',
  health: 'healthy' as const,
  sequence: 0,
  logHashHex: '',
  keys: 0,
  queue: 0,
  latenciesMs: [],
  loads: [],
  misses: 0,
  seenAtMs: 0,
};

/** An attestation, and how long it took. */
export interface Seen {
  readonly attestation: Attestation;
  readonly tookMs: number;
}

/** The entry after the chip attested itself. */
export function seenNow(entry: Entry, { attestation, tookMs }: Seen, nowMs: number): Entry {
  const { storageEpoch, bootCount, bootNonce, sequence, logHashHex, keys, queue } = attestation;
  return {
    ...entry,
    build: attestation.build,
    incarnation: { storageEpoch, bootCount, bootNonce },
    sequence,
    logHashHex,
    keys,
    queue,
    misses: 0,
    seenAtMs: nowMs,
    latenciesMs: [...entry.latenciesMs, tookMs].slice(-samplesKept),
    loads: [...entry.loads, sequence].slice(-samplesKept),
  };
}
