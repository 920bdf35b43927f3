// Tiles by C2SP tlog-tiles: tile (level, index) holds up to 256 node hashes of tree level
// 8 * level; an entry bundle holds up to 256 entries, each behind its length in two bytes.
import { concatBytes } from '@noble/hashes/utils.js';
import { LedgerError } from './error.ts';
import { hashBytes, nodeHash, type TreeNode } from './merkle.ts';

export const tileWidth = 256;
/** The length in front of an entry has two bytes. */
export const entryBytesMax = 0xffff;

export interface TileName {
  /** 0 to 5; `entries` for an entry bundle. */
  readonly level: number | 'entries';
  readonly index: number;
  /** 1 to 256. */
  readonly width: number;
}

/** `tile/L/N[.p/W]`, N in groups of three digits, all but the last marked with x. */
export function tilePath({ level, index, width }: TileName): string {
  const digits = String(index).padStart(Math.ceil(String(index).length / 3) * 3, '0');
  const groups = digits.match(/.{3}/g) ?? [];
  const name = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${name}${width < tileWidth ? `.p/${width}` : ''}`;
}

/** `undefined` for anything that `tilePath` would not have written. */
export function parseTilePath(path: string): TileName | undefined {
  const match = /^tile\/([0-5]|entries)\/((?:x\d{3}\/){0,4}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path);
  if (!match) return undefined;
  const [, levelText = '', name = '', widthText] = match;
  const tile = {
    level: levelText === 'entries' ? levelText : Number(levelText),
    index: Number(name.replace(/[x/]/g, '')),
    width: widthText === undefined ? tileWidth : Number(widthText),
  } as const;
  return tilePath(tile) === path && tile.width > 0 ? tile : undefined;
}

/** How wide the tile is in a tree of `size` entries; 0 when it is not there yet. */
export function widthAt(level: number | 'entries', index: number, size: number): number {
  const nodes = level === 'entries' ? size : Math.floor(size / tileWidth ** level);
  return Math.max(0, Math.min(tileWidth, nodes - index * tileWidth));
}

/** The tile that a node can be computed from, and the run of the tile's hashes below the node. */
export function tileOf({ level, index }: TreeNode): {
  readonly level: number;
  readonly index: number;
  readonly first: number;
  readonly count: number;
} {
  const tileLevel = Math.floor(level / 8);
  const count = 2 ** (level % 8);
  const at = index * count;
  return {
    level: tileLevel,
    index: Math.floor(at / tileWidth),
    first: at % tileWidth,
    count,
  };
}

/** The hash over `count` (a power of two) hashes of a tile. @throws LedgerError `tile_missing` */
export function hashInTile(tile: Uint8Array, first: number, count: number): Uint8Array {
  if (tile.length < (first + count) * hashBytes) {
    throw new LedgerError('tile_missing', 'the tile is not as wide as it must be');
  }
  if (count === 1) return tile.slice(first * hashBytes, (first + 1) * hashBytes);
  const half = count / 2;
  return nodeHash(hashInTile(tile, first, half), hashInTile(tile, first + half, half));
}

/** @throws RangeError for an entry of more than 65,535 bytes */
export function encodeBundle(entries: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...entries.flatMap((entry) => [lengthOf(entry), entry]));
}

function lengthOf(entry: Uint8Array): Uint8Array {
  if (entry.length > entryBytesMax) throw new RangeError('ledger: the entry is too long');
  return Uint8Array.of(entry.length >>> 8, entry.length & 0xff);
}

/** The entries of a bundle. @throws LedgerError `tile_corrupt` */
export function decodeBundle(bundle: Uint8Array): Uint8Array[] {
  const entries: Uint8Array[] = [];
  for (let at = 0; at < bundle.length; ) {
    const length = ((bundle[at] ?? 0) << 8) | (bundle[at + 1] ?? 0);
    const end = at + 2 + length;
    if (end > bundle.length) throw new LedgerError('tile_corrupt', 'the bundle is cut off');
    entries.push(bundle.slice(at + 2, end));
    at = end;
  }
  return entries;
}
