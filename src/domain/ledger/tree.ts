import { concatBytes } from '@noble/hashes/utils.js';
import {
  consistencyPlan,
  hashBytes,
  inclusionPlan,
  type ProofPlan,
  proofOf,
  rootNodes,
  rootOf,
  type TreeNode,
} from '../../core/ledger/merkle.ts';
import { hashInTile, tileOf, tileWidth } from '../../core/ledger/tiles.ts';
import type { LogStore, StoredTile } from './ports.ts';

/** Perfect subtrees never change, so their hashes can be kept: about 5 MB when full. */
const nodesKeptMax = 40_000;

/** Roots and proofs of a log, computed from its tiles. */
export interface LogTree {
  /** Takes the entries that have a place but no hash in a tile yet. Returns the size of the tree. */
  grow(): number;
  root(size: number): Uint8Array;
  inclusion(index: number, size: number): Uint8Array[];
  consistency(first: number, second: number): Uint8Array[];
}

export function createTree(store: LogStore): LogTree {
  const kept = new Map<string, Uint8Array>();

  function hashOf(node: TreeNode): Uint8Array {
    const name = `${node.level}/${node.index}`;
    const known = kept.get(name);
    if (known) return known;
    const { level, index, first, count } = tileOf(node);
    const tile = store.tile(level, index);
    if (!tile) throw new Error('ledger: a tile of the log is absent from its store');
    const hash = hashInTile(tile, first, count);
    if (kept.size >= nodesKeptMax) kept.clear();
    kept.set(name, hash);
    return hash;
  }

  const prove = (plan: ProofPlan) => proofOf(plan, plan.flat().map(hashOf));

  return {
    grow() {
      const from = store.treeSize();
      const leaves = store.entries(from, store.size() - from).map(({ leafHash }) => leafHash);
      if (leaves.length > 0) store.grow(from + leaves.length, grownTiles(store, from, leaves));
      return from + leaves.length;
    },
    root: (size) => rootOf(size === 0 ? [] : rootNodes(size).map(hashOf)),
    inclusion: (index, size) => prove(inclusionPlan(index, size)),
    consistency: (first, second) => prove(consistencyPlan(first, second)),
  };
}

/** The tiles that change when `leaves` follow the entry before `from`. */
function grownTiles(store: LogStore, from: number, leaves: readonly Uint8Array[]): StoredTile[] {
  const changed: StoredTile[] = [];
  let hashes = leaves;
  let at = from;
  for (let level = 0; hashes.length > 0; level++) {
    const above: Uint8Array[] = [];
    const first = Math.floor(at / tileWidth);
    const last = Math.floor((at + hashes.length - 1) / tileWidth);
    for (let index = first, taken = 0; index <= last; index++) {
      const width = index === first ? at % tileWidth : 0;
      const before = width === 0 ? new Uint8Array(0) : store.tile(level, index);
      const added = hashes.slice(taken, taken + tileWidth - width);
      taken += added.length;
      const tile = concatBytes((before ?? new Uint8Array(0)).slice(0, width * hashBytes), ...added);
      if (tile.length !== (width + added.length) * hashBytes) {
        throw new Error('ledger: a tile of the log is absent from its store');
      }
      changed.push({ level, index, hashes: tile });
      if (width + added.length === tileWidth) above.push(hashInTile(tile, 0, tileWidth));
    }
    at = Math.floor(at / tileWidth);
    hashes = above;
  }
  return changed;
}
