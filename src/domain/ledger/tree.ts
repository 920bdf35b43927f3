import {
  consistencyPlan,
  inclusionPlan,
  type ProofPlan,
  rootNodes,
  rootOf,
  type TreeNode,
} from '../../core/ledger/merkle.ts';
import { tileOf, tileWidth } from '../../core/ledger/tiles.ts';
import type { LogStore, StoredTile } from './ports.ts';
import { type TileRows, tileRows } from './tile-rows.ts';

/** Tiles kept at hand with the trees inside them: 16 KB each. */
const tilesKeptMax = 512;

/** Roots and proofs of a log, computed from its tiles. */
export interface LogTree {
  /** Takes the entries that have a place but no hash in a tile yet. Returns the size of the tree. */
  grow(): number;
  root(size: number): Uint8Array;
  inclusion(index: number, size: number): Uint8Array[];
  consistency(first: number, second: number): Uint8Array[];
}

/**
 * A proof reads at most one tile of each level and hashes nothing inside it: what is above a full
 * tile's hashes is stored with it. So its cost does not grow with the log.
 */
export function createTree(store: LogStore): LogTree {
  const kept = new Map<string, TileRows>();
  let edge = { size: 0, hashes: new Map<number, Uint8Array>() };

  /** Least recently used tiles go first: a Map remembers the order of insertion. */
  function keep(name: string, rows: TileRows): TileRows {
    kept.delete(name);
    kept.set(name, rows);
    const [oldest = name] = kept.keys();
    if (kept.size > tilesKeptMax) kept.delete(oldest);
    return rows;
  }

  function rowsOf(level: number, index: number): TileRows {
    const name = `${level}/${index}`;
    const known = kept.get(name);
    if (known) return keep(name, known);
    const hashes = store.tile(level, index);
    if (!hashes) throw new Error('ledger: a tile of the log is absent from its store');
    return keep(name, tileRows(hashes, store.innerOf(level, index)));
  }

  function hashOf(node: TreeNode): Uint8Array {
    const { level, index, first, count } = tileOf(node);
    return rowsOf(level, index).hash(node.level % 8, first / count);
  }

  /** Adds `hashes` to the tiles of a level from place `from` on; returns the roots of those it filled. */
  function extend(
    level: number,
    from: number,
    hashes: readonly Uint8Array[],
    changed: StoredTile[],
  ): Uint8Array[] {
    const filled: Uint8Array[] = [];
    for (let taken = 0; taken < hashes.length; ) {
      const index = Math.floor((from + taken) / tileWidth);
      const width = (from + taken) % tileWidth;
      const rows =
        width === 0 ? keep(`${level}/${index}`, tileRows(new Uint8Array(0))) : rowsOf(level, index);
      if (rows.width() !== width) throw new Error('ledger: a tile of the log has another width');
      const added = hashes.slice(taken, taken + tileWidth - width);
      rows.add(added);
      taken += added.length;
      const inner = rows.inner();
      changed.push({ level, index, hashes: rows.hashes(), ...(inner && { inner }) });
      if (inner) filled.push(rows.hash(8, 0));
    }
    return filled;
  }

  function grow(): number {
    const from = store.treeSize();
    const leaves = store.entries(from, store.size() - from).map(({ leafHash }) => leafHash);
    if (leaves.length === 0) return from;
    const changed: StoredTile[] = [];
    try {
      let at = from;
      for (let level = 0, hashes = leaves; hashes.length > 0; level++) {
        hashes = extend(level, at, hashes, changed);
        at = Math.floor(at / tileWidth);
      }
      store.grow(from + leaves.length, changed);
    } catch (error) {
      // What is kept may be ahead of the store now.
      kept.clear();
      throw error;
    }
    return from + leaves.length;
  }

  /** The hash over the last entries of a tree, from a node on: many proofs of one size share it. */
  function edgeHash(nodes: readonly TreeNode[], size: number): Uint8Array {
    const [first] = nodes;
    if (first === undefined || nodes.length === 1) return rootOf(nodes.map(hashOf));
    if (edge.size !== size) edge = { size, hashes: new Map() };
    const start = first.index * 2 ** first.level;
    const hash = edge.hashes.get(start) ?? rootOf(nodes.map(hashOf));
    edge.hashes.set(start, hash);
    return hash;
  }

  const prove = (plan: ProofPlan, size: number) => plan.map((nodes) => edgeHash(nodes, size));
  return {
    grow,
    root: (size) => (size === 0 ? rootOf([]) : edgeHash(rootNodes(size), size)),
    inclusion: (index, size) => prove(inclusionPlan(index, size), size),
    consistency: (first, second) => prove(consistencyPlan(first, second), second),
  };
}
