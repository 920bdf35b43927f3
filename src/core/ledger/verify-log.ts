import { bytesToHex } from '@noble/hashes/utils.js';
import { canonicalJson } from '../../lib/canonical-json.ts';
import {
  type Checkpoint,
  type LedgerPolicy,
  type VerifiedCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
import { LedgerError } from './error.ts';
import { emptyRoot, hashBytes, leafHash, nodeHash, sameBytes } from './merkle.ts';
import { decodeBundle, hashInTile, tilePath, tileWidth, widthAt } from './tiles.ts';

/** Where a whole log can be read from: a service, or a folder with the same files. */
export interface LogSource {
  checkpoint(): Promise<string>;
  /** `undefined` when it is not there. */
  tile(path: string): Promise<Uint8Array | undefined>;
}

export interface LogReport {
  readonly checkpoint: VerifiedCheckpoint;
  readonly note: string;
  readonly entries: number;
  readonly subjects: number;
}

interface LogOptions {
  readonly nowSeconds?: number;
  /** States of this log that the caller knows of; the log must continue all of them. */
  readonly known?: readonly Checkpoint[];
  readonly progress?: (entries: number, of: number) => void;
}

/** Bundles that are fetched ahead. */
const ahead = 8;

/**
 * Reads a whole log and checks all of it: signatures and quorum of the checkpoint, every entry
 * against every tile up to the signed root, the chain of `prev` of each subject, and that the log
 * continues the known states.
 *
 * @throws LedgerError with the index of the first entry that fails, where one can be named
 */
export async function verifyLog(
  source: LogSource,
  policy: LedgerPolicy,
  { nowSeconds, known = [], progress }: LogOptions = {},
): Promise<LogReport> {
  const note = await source.checkpoint();
  const checkpoint = await verifyCheckpoint(note, policy, nowSeconds);
  const { size, root } = checkpoint;
  const largest = Math.max(0, ...known.map((state) => state.size));
  if (size < largest) {
    throw new LedgerError('log_truncated', `a tree of ${largest} entries is known`, size);
  }
  const tree = createCompactTree();
  const chain = createChainCheck();
  assertKnown(tree, known, size);
  const bundles = Math.ceil(size / tileWidth);
  const fetchBundle = (index: number) =>
    index < bundles ? readTile(source, size, index) : undefined;
  const queue = Array.from({ length: ahead }, (_, index) => fetchBundle(index));
  for (let index = 0; index < bundles; index++) {
    const fetched = queue.shift();
    queue.push(fetchBundle(index + ahead));
    for (const [at, entry] of entriesOf(await fetched, index).entries()) {
      const hash = leafHash(entry);
      chain.take(entry, hash, index * tileWidth + at);
      tree.add(hash);
      assertKnown(tree, known, size);
    }
    progress?.(tree.size(), size);
  }
  if (!sameBytes(tree.root(), root)) {
    throw new LedgerError('tile_corrupt', 'the entries do not make the root of the checkpoint');
  }
  await assertUpperTiles(source, size, tree.tiles);
  return { checkpoint, note, entries: size, subjects: chain.subjects() };
}

interface FetchedTile {
  readonly bundle: Uint8Array;
  readonly hashes: Uint8Array;
  readonly width: number;
}

async function readTile(source: LogSource, size: number, index: number): Promise<FetchedTile> {
  const width = widthAt(0, index, size);
  const [bundle, hashes] = await Promise.all([
    source.tile(tilePath({ level: 'entries', index, width })),
    source.tile(tilePath({ level: 0, index, width })),
  ]);
  if (!bundle || !hashes) {
    throw new LedgerError('tile_missing', 'a tile of the log is not there', index * tileWidth);
  }
  return { bundle, hashes, width };
}

/** The entries of a tile, each of which must have the hash that the tile says. */
function entriesOf(tile: FetchedTile | undefined, index: number): Uint8Array[] {
  if (!tile) return [];
  const first = index * tileWidth;
  const entries = decodeBundle(tile.bundle);
  if (entries.length !== tile.width || tile.hashes.length !== tile.width * hashBytes) {
    throw new LedgerError('tile_corrupt', 'a tile has another width than it must', first);
  }
  for (const [at, entry] of entries.entries()) {
    if (!sameBytes(leafHash(entry), hashInTile(tile.hashes, at, 1))) {
      throw new LedgerError('tile_corrupt', 'an entry does not have its hash', first + at);
    }
  }
  return entries;
}

/** Where the tree is as large as a known one, it must be that one. */
function assertKnown(
  tree: ReturnType<typeof createCompactTree>,
  known: readonly Checkpoint[],
  of: number,
): void {
  for (const { size, root } of known) {
    if (size !== tree.size() || sameBytes(tree.root(), root)) continue;
    throw size === of
      ? new LedgerError('checkpoint_forked', 'another tree of the same size is known')
      : new LedgerError('consistency_failed', 'the log does not begin with the known tree');
  }
}

/** The tree of what was added so far: the perfect subtrees at its right edge, and all full tiles. */
function createCompactTree() {
  const edge: Uint8Array[] = [];
  /** Hashes of full tiles, by the level of the tile that lists them; level 0 is not kept. */
  const tiles: Uint8Array[][] = [];
  let count = 0;
  return {
    tiles,
    size: () => count,
    add(leaf: Uint8Array) {
      let hash = leaf;
      let level = 0;
      for (let rest = count; rest % 2 === 1; rest = (rest - 1) / 2) {
        hash = nodeHash(edge.pop() ?? hash, hash);
        level++;
        if (level % 8 === 0) {
          const row = tiles[level / 8] ?? [];
          tiles[level / 8] = row;
          row.push(hash);
        }
      }
      edge.push(hash);
      count++;
    },
    root: () =>
      edge.length === 0 ? emptyRoot() : edge.reduceRight((right, left) => nodeHash(left, right)),
  };
}

/** The tiles above the lowest must say what follows from the entries, or proofs would fail. */
async function assertUpperTiles(
  source: LogSource,
  size: number,
  rows: readonly Uint8Array[][],
): Promise<void> {
  for (const [level, row] of rows.entries()) {
    if (level === 0 || !row) continue;
    for (let first = 0; first < row.length; first += tileWidth) {
      const index = first / tileWidth;
      const path = tilePath({ level, index, width: widthAt(level, index, size) });
      const tile = await source.tile(path);
      if (!tile) throw new LedgerError('tile_missing', `${path} is not there`);
      const isRight = row
        .slice(first, first + tileWidth)
        .every((hash, at) => sameBytes(tile.subarray(at * hashBytes, (at + 1) * hashBytes), hash));
      if (!isRight)
        throw new LedgerError('tile_corrupt', `${path} does not follow from the entries`);
    }
  }
}

/** Each event names its subject's event before it, so none can be left out of a history. */
function createChainCheck() {
  const newest = new Map<string, string>();
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return {
    subjects: () => newest.size,
    take(entry: Uint8Array, hash: Uint8Array, index: number) {
      const event = readEvent(decoder, entry);
      if (!event) throw new LedgerError('entry_malformed', 'the entry is not an event', index);
      if ((newest.get(event.subject) ?? null) !== event.prev) {
        throw new LedgerError('chain_broken', 'the event before this one is not named', index);
      }
      newest.set(event.subject, bytesToHex(hash));
    },
  };
}

function readEvent(
  decoder: TextDecoder,
  entry: Uint8Array,
): { readonly subject: string; readonly prev: string | null } | undefined {
  try {
    const text = decoder.decode(entry);
    const event = JSON.parse(text);
    const isEvent = typeof event.subject === 'string' && canonicalJson(event) === text;
    return isEvent ? event : undefined;
  } catch {
    return undefined;
  }
}
