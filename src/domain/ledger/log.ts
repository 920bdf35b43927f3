import { bytesToHex } from '@noble/hashes/utils.js';
import { hashBytes, leafHash } from '../../core/ledger/merkle.ts';
import { formatNoteKey } from '../../core/ledger/note.ts';
import {
  encodeBundle,
  entryBytesMax,
  parseTilePath,
  tileWidth,
  widthAt,
} from '../../core/ledger/tiles.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import { CinnabarError } from '../errors.ts';
import type { Clock } from '../ports.ts';
import {
  eventBytes,
  isLedgerEvent,
  type LedgerEvent,
  parseEntry,
  type UnplacedEvent,
} from './events.ts';
import type { Appended, Ledger, LedgerEntry, LogStore, Published, StoredEntry } from './ports.ts';
import { makeCheckpoint, type PublishDeps } from './publish.ts';
import { createStatuses } from './statuses.ts';
import { createTree, type LogTree } from './tree.ts';

/** A checkpoint that is asked for is cosigned anew when it is older than this. */
const checkpointAgeMsMax = 60_000;

export interface LogDeps extends PublishDeps {
  readonly clock: Clock;
}

/**
 * The log over a store that has no other writer.
 *
 * An append takes its place at once; checkpoints are made one after the other, each for all
 * entries that have a place by then. So entries that arrive while a checkpoint is being signed
 * share the next one, and throughput grows with load.
 */
export function createLog(deps: LogDeps): Ledger {
  const { store } = deps;
  const tree = createTree(store);
  const publisher = createPublisher(deps, tree);
  const statusOf = createStatuses(deps);

  const proofHex = (hashes: readonly Uint8Array[]) => hashes.map((hash) => bytesToHex(hash));

  /** Sizes beyond the published one are nobody's business yet. */
  function assertPublished(size: number): void {
    if (size > (store.published()?.size ?? 0)) throw absent();
  }

  async function proven({ index, leafHash: hash }: StoredEntry): Promise<Appended> {
    const { size, checkpoint } = await publisher.published(index + 1);
    const proof = proofHex(tree.inclusion(index, size));
    return { index, leafHash: bytesToHex(hash), size, checkpoint, proof };
  }

  return {
    append: async (event, { requestId }) => proven(place(deps, event, requestId)),
    appendNext: async (event, { requestId }) => proven(placeNext(deps, event, requestId)),
    async head(subject) {
      const entry = store.newestOf(subject);
      if (entry) await publisher.published(entry.index + 1);
      return entry && entryOf(entry);
    },
    async history(subject, range) {
      const entries = store.ofSubject(subject, range);
      await publisher.published((entries.at(-1)?.index ?? -1) + 1);
      return entries.map(entryOf);
    },
    async entry(index) {
      assertPublished(index + 1);
      const entry = store.entry(index);
      if (!entry) throw absent();
      return entryOf(entry);
    },
    async entries(first, count) {
      const end = Math.min(first + Math.min(count, tileWidth), store.published()?.size ?? 0);
      return first < end ? store.entries(first, end - first).map(entryOf) : [];
    },
    async checkpoint() {
      return (await publisher.fresh()).checkpoint;
    },
    async proveInclusion(index, size) {
      assertPublished(size);
      const entry = index < size ? store.entry(index) : undefined;
      if (!entry) throw absent();
      const proof = proofHex(tree.inclusion(index, size));
      return { index, size, leafHash: bytesToHex(entry.leafHash), proof };
    },
    async proveConsistency(first, second) {
      assertPublished(second);
      if (first > second) throw absent();
      return { first, second, proof: proofHex(tree.consistency(first, second)) };
    },
    async status(subject) {
      const entry = store.newestOf(subject);
      await publisher.published((entry?.index ?? -1) + 1);
      return statusOf(subject, entry && entryOf(entry));
    },
    async tile(path) {
      const tile = parseTilePath(path);
      const size = store.published()?.size ?? 0;
      if (!tile || widthAt(tile.level, tile.index, size) < tile.width) return undefined;
      if (tile.level === 'entries') {
        const entries = store.entries(tile.index * tileWidth, tile.width);
        return encodeBundle(entries.map(({ bytes }) => bytes));
      }
      return store.tile(tile.level, tile.index)?.slice(0, tile.width * hashBytes);
    },
    async trust() {
      const [log, logSm2] = await Promise.all([deps.signer.key(), deps.signerSm2.key()]);
      const witnesses = await Promise.all(deps.witnesses.map(({ witness }) => witness.key()));
      const keys = { log: formatNoteKey(log), logSm2: formatNoteKey(logSm2) };
      return { ...keys, witnesses, quorum: deps.quorum };
    },
  };
}

/** As `place`, behind the newest event, or where the request's event is already. */
function placeNext(deps: LogDeps, event: UnplacedEvent, requestId: string): StoredEntry {
  const earlier = deps.store.ofRequest(event.subject, requestId);
  const prev = earlier ? entryOf(earlier).event.prev : newestHash(deps.store, event.subject);
  return place(deps, { ...event, prev } as LedgerEvent, requestId);
}

function newestHash(store: LogStore, subject: string): string | null {
  const newest = store.newestOf(subject);
  return newest ? bytesToHex(newest.leafHash) : null;
}

/** Gives the event its place, or finds the one it has. Nothing is awaited, so nobody comes between. */
function place({ store }: LogDeps, event: LedgerEvent, requestId: string): StoredEntry {
  if (!isLedgerEvent(event)) throw new TypeError('ledger: this is not an event');
  if (!/^[\x21-\x7e]{1,128}$/.test(requestId)) throw new TypeError('ledger: not a request id');
  const earlier = store.ofRequest(event.subject, requestId);
  if (earlier) {
    if (isRepetition(event, entryOf(earlier).event)) return earlier;
    const detail = 'This request has written another event.';
    throw new CinnabarError('ledger_conflict', { detail });
  }
  if (event.prev !== newestHash(store, event.subject)) {
    const detail = 'Another event of this subject was written first.';
    throw new CinnabarError('ledger_conflict', { detail });
  }
  const bytes = eventBytes(event);
  if (bytes.length > entryBytesMax) throw new TypeError('ledger: the event is too long');
  const entry = { index: store.size(), leafHash: leafHash(bytes), bytes };
  store.add({ ...entry, subject: event.subject, requestId });
  return entry;
}

function isRepetition(one: LedgerEvent, other: LedgerEvent): boolean {
  const bare = (event: LedgerEvent) =>
    canonicalJson({ ...event, at: undefined, signature: undefined });
  return bare(one) === bare(other);
}

function entryOf({ index, leafHash: hash, bytes }: StoredEntry): LedgerEntry {
  const event = parseEntry(bytes);
  if (!event) throw new TypeError('ledger: a stored entry is not an event');
  return { index, leafHash: bytesToHex(hash), event, bytes };
}

function absent(): CinnabarError {
  return new CinnabarError('ledger_entry_not_found');
}

interface Publisher {
  /** A checkpoint of at least `size` entries. @throws CinnabarError `ledger_unavailable` */
  published(size: number): Promise<Published>;
  /** One that a quorum has cosigned within the last minute. */
  fresh(): Promise<Published>;
}

function createPublisher(deps: LogDeps, tree: LogTree): Publisher {
  const { store, clock } = deps;
  let running: Promise<Published> | undefined;

  async function run(): Promise<Published> {
    const size = tree.grow();
    const atMs = clock.now();
    try {
      const published = { size, checkpoint: await makeCheckpoint(deps, tree, size), atMs };
      store.publish(published);
      return published;
    } catch (cause) {
      if (cause instanceof CinnabarError) throw cause;
      throw new CinnabarError('ledger_unavailable', { cause });
    }
  }

  function start(): Promise<Published> {
    running ??= run().finally(() => {
      running = undefined;
    });
    return running;
  }

  return {
    async published(size) {
      const now = store.published();
      if (now && now.size >= size) return now;
      // The one that runs may have begun before this entry; the one after it has not.
      const first = await start();
      return first.size >= size ? first : start();
    },
    async fresh() {
      const now = store.published();
      const isFresh = now && clock.now() - now.atMs < checkpointAgeMsMax;
      return isFresh && now.size === store.size() ? now : start();
    },
  };
}
