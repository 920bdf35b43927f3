import { hashBytes, nodeHash } from '../../core/ledger/merkle.ts';
import { tileWidth } from '../../core/ledger/tiles.ts';

/** Levels of the tree inside a tile, above the hashes that the tile lists. */
const rowsAbove = Math.log2(tileWidth);
/** Hashes above those of a full tile. */
const innerCount = tileWidth - 1;

/**
 * One tile and the tree inside it: each hash is computed once, when its last leaf comes.
 *
 * `inner` holds the rows above the tile's own hashes, widest first; the last hash is the root of
 * the full tile.
 */
export interface TileRows {
  width(): number;
  /** The tile's hashes. */
  hashes(): Uint8Array;
  /** @returns `undefined` until the tile is full */
  inner(): Uint8Array | undefined;
  /** Hash `at` of row `row` (0: the tile's own). Its leaves must be there. */
  hash(row: number, at: number): Uint8Array;
  add(hashes: readonly Uint8Array[]): void;
}

/** Of what a store has: `inner` is computed when it is not given. */
export function tileRows(hashes: Uint8Array, inner?: Uint8Array): TileRows {
  // A full tile never changes: what the store gave is read where it is.
  const full =
    hashes.length === tileWidth * hashBytes && inner?.length === innerCount * hashBytes
      ? inner
      : undefined;
  const leaves = full ? hashes : new Uint8Array(tileWidth * hashBytes);
  const above = full ?? new Uint8Array(innerCount * hashBytes);
  let width = full ? tileWidth : 0;

  const placeOf = (row: number, at: number) =>
    (tileWidth - tileWidth / 2 ** (row - 1) + at) * hashBytes;

  function hash(row: number, at: number): Uint8Array {
    if ((at + 1) * 2 ** row > width) {
      throw new Error('ledger: a tile of the log is not as wide as it must be');
    }
    if (row === 0) return leaves.slice(at * hashBytes, (at + 1) * hashBytes);
    const place = placeOf(row, at);
    return above.slice(place, place + hashBytes);
  }

  function addOne(leaf: Uint8Array): void {
    leaves.set(leaf, width * hashBytes);
    width++;
    for (let row = 1; row <= rowsAbove && width % 2 ** row === 0; row++) {
      const at = width / 2 ** row - 1;
      above.set(nodeHash(hash(row - 1, 2 * at), hash(row - 1, 2 * at + 1)), placeOf(row, at));
    }
  }

  if (!full) {
    for (let at = 0; at < hashes.length; at += hashBytes) {
      addOne(hashes.subarray(at, at + hashBytes));
    }
  }
  return {
    width: () => width,
    hashes: () => leaves.slice(0, width * hashBytes),
    inner: () => (width === tileWidth ? above.slice() : undefined),
    hash,
    add: (added) => added.forEach(addOne),
  };
}
