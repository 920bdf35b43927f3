import { bytesToHex } from '@noble/hashes/utils.js';
import { quantile } from '../../lib/measure.ts';
import { CinnabarError } from '../errors.ts';
import type { Clock, Random } from '../ports.ts';
import { within } from './attempts.ts';
import type { OwnedChip } from './chip.ts';
import { ChipFault } from './faults.ts';
import type { DirectoryCalls } from './guard-state.ts';
import type { ChipTools } from './key-material.ts';
import type { Protection } from './keys.ts';
import { type ChipView, type Duty, type Health, replicasLeast, sharedPool } from './placement.ts';
import type { Attestation, Cells, Incarnation, KeyName, Waits } from './ports.ts';
import { type ClusterRoot, certifyChip, isAttested } from './roster.ts';

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

/** A chip as the operator sees it. */
export interface ChipStatus {
  readonly chip: string;
  readonly zone: string;
  readonly pool: string;
  readonly protection: Protection;
  /** The program that runs it, as the chip attests: a Worker's version, or a hash of a host's files. */
  readonly build: string;
  readonly health: Health;
  readonly duty: Duty;
  /** Why it is quarantined; empty otherwise. */
  readonly reason: string;
  readonly keys: number;
  readonly queue: number;
  readonly operations: number;
  readonly bootCount: number;
  readonly logHashHex: string;
  /** Milliseconds that the last heartbeats took, oldest first. */
  readonly latenciesMs: readonly number[];
  /** Positions in the chip's log at the last heartbeats: what it did in between. */
  readonly loads: readonly number[];
  readonly seenAtMs: number;
  /** Keys that still have to leave a chip that is draining. */
  readonly keysToMove: number;
}

export interface ClusterStatus {
  /** Rises whenever keys may have to go elsewhere. */
  readonly placementEpoch: number;
  readonly keys: number;
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

export interface Directory extends DirectoryCalls {
  status(): Promise<ClusterStatus>;
  add(input: NewChip): Promise<ChipStatus>;
  drain(chip: string): Promise<ChipStatus>;
  /** Takes a chip back as an empty one, after its storage was lost or it was drained. */
  readmit(chip: string): Promise<ChipStatus>;
  /** Asks every chip for its state and moves up to `most` keys. @returns whether more is to do */
  tick(most: number): Promise<boolean>;
}

/** The calls of the directory, as they cross to its object. */
export const directoryCalls = [
  'view',
  'report',
  'track',
  'status',
  'add',
  'drain',
  'readmit',
  'tick',
] as const satisfies readonly (keyof Directory)[];

export interface DirectoryDeps {
  readonly cells: Cells;
  readonly tools: ChipTools;
  readonly root: ClusterRoot;
  readonly linkPublicKey: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly waits: Waits;
  readonly chip: (chip: string) => OwnedChip;
  readonly repair: (name: KeyName) => Promise<readonly string[]>;
  /** The chips that a new cluster begins with. */
  readonly founders: readonly NewChip[];
}

interface Entry extends ChipView {
  readonly build: string;
  readonly reason: string;
  readonly sequence: number;
  readonly logHashHex: string;
  readonly keys: number;
  readonly queue: number;
  readonly latenciesMs: readonly number[];
  readonly loads: readonly number[];
  readonly misses: number;
  readonly seenAtMs: number;
}

const heartbeatTimeoutMs = 2_000;
const samplesKept = 60;
const missesToOut = 3;
/** Slow is p95 above so many times the pool's median, and above `slowLeastMs`. */
const slowFactor = 3;
const slowLeastMs = 50;
const slowSamples = 5;
const eventsKept = 100;
const chipsMax = 64;
const chipNamePattern = /^[a-z][a-z0-9-]{0,31}$/;

/** The one list of chips: who they are, how they are, and which keys each holds. */
export function createDirectory(deps: DirectoryDeps): Directory {
  const { cells, tools, clock, random, waits } = deps;
  let founding: Promise<void> | undefined;

  function entries(): Entry[] {
    return [...cells.list('chip:')].map(([, value]) => value as Entry);
  }

  function entryOf(chip: string): Entry {
    const entry = cells.get(`chip:${chip}`);
    if (!entry) throw new CinnabarError('chip_not_found');
    return entry as Entry;
  }

  function put(entry: Entry): Entry {
    cells.put(`chip:${entry.chip}`, entry);
    return entry;
  }

  function note(chip: string, what: string): void {
    const events = (cells.get('events') as ClusterEvent[] | undefined) ?? [];
    events.push({ atMs: clock.now(), chip, what });
    cells.put('events', events.slice(-eventsKept));
  }

  function movePlacement(): void {
    cells.put('placement-epoch', placementEpoch() + 1);
  }

  function placementEpoch(): number {
    const value = cells.get('placement-epoch');
    return typeof value === 'number' ? value : 0;
  }

  async function attest(chip: string): Promise<{ attestation: Attestation; tookMs: number }> {
    const challengeHex = bytesToHex(random.bytes(16));
    const startMs = clock.now();
    const attestation = await within(
      waits,
      heartbeatTimeoutMs,
      deps.chip(chip).attest(challengeHex),
    );
    if (attestation.chip !== chip || !isAttested(tools, attestation, challengeHex)) {
      throw new ChipFault('not_authentic');
    }
    return { attestation, tookMs: clock.now() - startMs };
  }

  async function admit({ chip, zone, pool }: NewChip): Promise<Entry> {
    const { attestation, tookMs } = await attest(chip);
    if (!attestation.selfTest) throw new ChipFault('wrong_answer');
    const { protection, publicKeyHex, storageEpoch } = attestation;
    const body = { chip, zone, protection, publicKeyHex, storageEpoch };
    const certificate = certifyChip(tools.sodium, deps.root, body);
    await within(waits, heartbeatTimeoutMs, deps.chip(chip).certify(certificate));
    note(chip, 'joined');
    movePlacement();
    const base = { chip, zone, pool, certificate, duty: 'active' as const, reason: '' };
    return put(seenNow({ ...base, ...unseen, incarnation: attestation }, attestation, tookMs));
  }

  /** Founds the cluster on the first call ever. */
  async function ready(): Promise<void> {
    if (cells.get('founded') === true) return;
    founding ??= (async () => {
      for (const founder of deps.founders) {
        if (!cells.get(`chip:${founder.chip}`)) await admit(founder);
      }
      cells.put('founded', true);
    })().finally(() => {
      founding = undefined;
    });
    await founding;
  }

  function seenNow(entry: Entry, attestation: Attestation, tookMs: number): Entry {
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
      seenAtMs: clock.now(),
      latenciesMs: [...entry.latenciesMs, tookMs].slice(-samplesKept),
      loads: [...entry.loads, sequence].slice(-samplesKept),
    };
  }

  function quarantine(entry: Entry, reason: string): void {
    if (entry.duty === 'quarantined') return;
    put({ ...entry, duty: 'quarantined', reason });
    note(entry.chip, reason);
    movePlacement();
  }

  async function look(chip: string): Promise<void> {
    let seen: Awaited<ReturnType<typeof attest>>;
    try {
      seen = await attest(chip);
    } catch {
      missed(chip);
      return;
    }
    const entry = entryOf(chip);
    const fault = faultOf(entry, seen.attestation);
    if (fault) {
      quarantine(entry, fault);
      return;
    }
    const fresh = seenNow(entry, seen.attestation, seen.tookMs);
    const health = isSlow(fresh) ? 'slow' : 'healthy';
    if (health !== entry.health) note(chip, health);
    // A chip of before builds were attested has none.
    if (entry.build && entry.build !== fresh.build) note(chip, 'new_build');
    if (entry.health === 'out') movePlacement();
    put({ ...fresh, health });
  }

  function missed(chip: string): void {
    const entry = entryOf(chip);
    const misses = entry.misses + 1;
    const health = misses >= missesToOut ? 'out' : 'suspect';
    if (health !== entry.health) note(chip, health);
    if (health === 'out' && entry.health !== 'out') movePlacement();
    put({ ...entry, misses, health });
  }

  function isSlow(entry: Entry): boolean {
    const recent = entry.latenciesMs.slice(-20);
    if (recent.length < slowSamples) return false;
    const pool = entries().filter(({ pool, chip }) => pool === entry.pool && chip !== entry.chip);
    const others = pool.flatMap(({ latenciesMs }) => latenciesMs.slice(-20));
    if (others.length === 0) return false;
    const p95 = quantile(
      recent.toSorted((a, b) => a - b),
      0.95,
    );
    const median = quantile(
      others.toSorted((a, b) => a - b),
      0.5,
    );
    return p95 > slowFactor * median && p95 > slowLeastMs;
  }

  function heldBy(chip: string): KeyName[] {
    return [...cells.list(`held:${chip}:`)].map(([, name]) => name as KeyName);
  }

  function setCell(cell: string, name: KeyName, isThere: boolean): void {
    if (isThere) cells.put(cell, { tenant: name.tenant, keyId: name.keyId });
    else cells.delete(cell);
  }

  /** Keys that a chip should give away, and keys that a chip which answers should forget. */
  function troubled(most: number): KeyName[] {
    const names = new Map<string, KeyName>();
    for (const { chip, duty, health } of entries()) {
      const isLeaving = duty === 'draining' || duty === 'quarantined' || health === 'out';
      const lists = [isLeaving ? 'held' : undefined, health === 'out' ? undefined : 'left'];
      for (const list of lists) {
        if (list === undefined) continue;
        for (const [, value] of cells.list(`${list}:${chip}:`, most)) {
          const name = value as KeyName;
          if (names.size < most) names.set(guardName(name), name);
        }
      }
    }
    return [...names.values()];
  }

  async function moveKeys(most: number): Promise<boolean> {
    const names = troubled(most);
    let moved = 0;
    for (const name of names) {
      const before = whereabouts(name);
      await deps.repair(name).catch(() => undefined);
      if (whereabouts(name) !== before) moved += 1;
    }
    for (const entry of entries()) {
      if (entry.duty !== 'draining' || heldBy(entry.chip).length > 0) continue;
      put({ ...entryOf(entry.chip), duty: 'drained' });
      note(entry.chip, 'drained');
    }
    return names.length >= most && moved > 0;
  }

  function whereabouts(name: KeyName): string {
    const key = guardName(name);
    return entries()
      .flatMap(({ chip }) => [`held:${chip}:${key}`, `left:${chip}:${key}`])
      .filter((cell) => cells.get(cell) !== undefined)
      .join();
  }

  function statusOf(entry: Entry): ChipStatus {
    const { certificate, incarnation, sequence, misses: _misses, ...shown } = entry;
    const { bootCount } = incarnation;
    return {
      ...shown,
      protection: certificate.protection,
      operations: sequence,
      bootCount,
      keysToMove: entry.duty === 'draining' ? heldBy(entry.chip).length : 0,
    };
  }

  return {
    async view() {
      await ready();
      return entries().map(({ chip, zone, pool, certificate, incarnation, health, duty }) => ({
        chip,
        zone,
        pool,
        certificate,
        incarnation,
        health,
        duty,
      }));
    },
    async report(chip, fault) {
      const entry = cells.get(`chip:${chip}`) as Entry | undefined;
      if (!entry) return;
      note(chip, `reported ${fault}`);
      if (fault === 'superseded' || fault === 'wrong_answer') quarantine(entry, fault);
      else await look(chip);
    },
    async track(name, holders, wipes, endEpoch) {
      const key = guardName(name);
      if (endEpoch !== undefined) cells.put(`gone:${key}`, { ...name, epoch: endEpoch });
      for (const { chip } of entries()) {
        setCell(`held:${chip}:${key}`, name, holders.includes(chip));
        setCell(`left:${chip}:${key}`, name, wipes.includes(chip));
      }
    },
    async status() {
      await ready();
      const all = entries();
      const keys = new Set(all.flatMap(({ chip }) => heldBy(chip).map(guardName)));
      return {
        placementEpoch: placementEpoch(),
        keys: keys.size,
        rootKeyHex: bytesToHex(deps.root.publicKey),
        linkKeyHex: bytesToHex(deps.linkPublicKey),
        chips: all.map(statusOf),
        events: (cells.get('events') as ClusterEvent[] | undefined) ?? [],
      };
    },
    async add(input) {
      await ready();
      if (!chipNamePattern.test(input.chip) || !chipNamePattern.test(input.zone)) {
        throw new CinnabarError('invalid_request');
      }
      if (cells.get(`chip:${input.chip}`)) throw new CinnabarError('chip_exists');
      if (entries().length >= chipsMax) throw new CinnabarError('invalid_request');
      return statusOf(await admitted(input));
    },
    async drain(chip) {
      await ready();
      const entry = entryOf(chip);
      if (entry.duty === 'draining' || entry.duty === 'drained') return statusOf(entry);
      const others = entries().filter(
        (other) => other.chip !== chip && other.pool === entry.pool && other.duty === 'active',
      );
      if (entry.pool === sharedPool && others.length < replicasLeast) {
        throw new CinnabarError('chips_too_few');
      }
      note(chip, 'draining');
      movePlacement();
      return statusOf(put({ ...entry, duty: 'draining' }));
    },
    async readmit(chip) {
      await ready();
      const { zone, pool, duty } = entryOf(chip);
      if (duty === 'active') throw new CinnabarError('chip_active');
      return statusOf(await admitted({ chip, zone, pool }));
    },
    async tick(most) {
      await ready();
      await Promise.all(entries().map(({ chip }) => look(chip)));
      return moveKeys(most);
    },
  };

  /** A chip that does not answer, or not rightly, does not join. */
  async function admitted(input: NewChip): Promise<Entry> {
    try {
      return await admit(input);
    } catch (cause) {
      if (cause instanceof ChipFault) throw new CinnabarError('chips_unavailable', { cause });
      throw cause;
    }
  }
}

const unseen = {
  build: '',
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

/** What is wrong with a chip that answers: another storage, an older state, or a second host. */
function faultOf({ certificate, incarnation, sequence }: Entry, seen: Attestation & Incarnation) {
  if (seen.publicKeyHex !== certificate.publicKeyHex) return 'storage_lost';
  if (seen.storageEpoch !== certificate.storageEpoch) return 'storage_lost';
  if (seen.bootCount < incarnation.bootCount || seen.sequence < sequence) return 'rolled_back';
  const isTwin =
    seen.bootCount === incarnation.bootCount && seen.bootNonce !== incarnation.bootNonce;
  if (isTwin) return 'two_hosts';
  return seen.selfTest ? undefined : 'self_test_failed';
}

function guardName({ tenant, keyId }: KeyName): string {
  return `${tenant}/${keyId}`;
}
