import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogStore } from '../../../src/domain/ledger/ports.ts';
import { createTree } from '../../../src/domain/ledger/tree.ts';
import { memoryLogStore } from '../../../src/platform/memory/ledger-stores.ts';
import {
  oracleIncludes,
  oracleLeaf,
  oraclePath,
  oracleProof,
  oracleRoot,
} from '../../helpers/merkle-oracle.ts';

const leafAt = (index: number) => oracleLeaf(Uint8Array.of(index, index >> 8, index >> 16));
const leavesOf = (count: number) => Array.from({ length: count }, (_, index) => leafAt(index));
const plain = (hashes: readonly Uint8Array[]) => hashes.map((hash) => Buffer.from(hash));

function addTo(store: LogStore, count: number): void {
  for (let i = 0; i < count; i++) {
    const index = store.size();
    const entry = { index, leafHash: leafAt(index), bytes: Uint8Array.of(1) };
    store.add({ ...entry, subject: `cert/${index}`, requestId: 'r1' });
  }
}

function expectAsOracle(store: LogStore, size: number, places: readonly number[]): void {
  const tree = createTree(store);
  const leaves = leavesOf(size);
  expect(Buffer.from(tree.root(size))).toEqual(Buffer.from(oracleRoot(leaves)));
  for (const place of places.map((part) => Math.floor(part * size))) {
    expect(plain(tree.inclusion(place, size))).toEqual(plain(oraclePath(place, leaves)));
    expect(plain(tree.consistency(place, size))).toEqual(plain(oracleProof(place, leaves)));
  }
}

describe('the tree over a store', () => {
  it('A8: proves as RFC 6962 does, however it grew and wherever it was opened again', () => {
    const batches = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
    const places = fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 3 });
    fc.assert(
      fc.property(batches, places, fc.boolean(), (sizes, parts, isReopened) => {
        const store = memoryLogStore();
        let tree = createTree(store);
        const roots = sizes.map((count) => {
          addTo(store, count);
          if (isReopened) tree = createTree(store);
          const size = tree.grow();
          return [size, tree.root(size)] as const;
        });
        expectAsOracle(store, store.size(), parts);
        for (const [size, root] of roots) {
          expect(Buffer.from(root)).toEqual(Buffer.from(oracleRoot(leavesOf(size))));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('A8: a write that failed leaves nothing behind that the next one builds on', () => {
    const store = memoryLogStore();
    let fails = false;
    const flaky: LogStore = {
      ...store,
      grow(size, tiles) {
        if (fails) throw new Error('the disk is full');
        store.grow(size, tiles);
      },
    };
    const tree = createTree(flaky);
    addTo(store, 100);
    tree.grow();
    addTo(store, 300);
    fails = true;
    expect(() => tree.grow()).toThrow('the disk is full');
    expect(store.treeSize()).toBe(100);
    fails = false;
    addTo(store, 7);
    expect(tree.grow()).toBe(407);
    expect(Buffer.from(tree.root(407))).toEqual(Buffer.from(oracleRoot(leavesOf(407))));
  });

  it('A8: writes what is new once: each tile as it is then, and what is above its hashes once it is full', () => {
    const store = memoryLogStore();
    const written: { size: number; tiles: [number, number, number, boolean][] }[] = [];
    const asked: [number, number][] = [];
    const tree = createTree({
      ...store,
      entries(from, count) {
        asked.push([from, count]);
        return store.entries(from, count);
      },
      grow(size, tiles) {
        const told = tiles.map(({ level, index, hashes, ...more }) => {
          expect('inner' in more).toBe(more.inner !== undefined);
          return [level, index, hashes.length / 32, 'inner' in more] as [
            number,
            number,
            number,
            boolean,
          ];
        });
        written.push({ size, tiles: told });
        store.grow(size, tiles);
      },
    });
    addTo(store, 200);
    tree.grow();
    addTo(store, 100);
    tree.grow();
    expect(tree.grow()).toBe(300);
    expect(asked).toEqual([
      [0, 200],
      [200, 100],
      [300, 0],
    ]);
    expect(written).toEqual([
      { size: 200, tiles: [[0, 0, 200, false]] },
      {
        size: 300,
        tiles: [
          [0, 0, 256, true],
          [0, 1, 44, false],
          [1, 0, 1, false],
        ],
      },
    ]);
  });

  it('A8: a store that lost a tile, or holds another, is said to be broken', () => {
    const store = memoryLogStore();
    addTo(store, 300);
    createTree(store).grow();
    const lost = createTree({ ...store, tile: () => undefined });
    expect(() => lost.root(300)).toThrow('a tile of the log is absent from its store');
    addTo(store, 1);
    const short = createTree({ ...store, tile: (...at) => store.tile(...at)?.slice(0, 32) });
    expect(() => short.grow()).toThrow('a tile of the log has another width');
    expect(createTree(store).grow()).toBe(301);
  });

  it('A8: keeps 512 tiles at hand, those that were used last, of whatever level', () => {
    const size = 1024 * 256;
    const widths = [256, 256, 4];
    const reads: number[] = [];
    const large: LogStore = {
      ...memoryLogStore(),
      innerOf: () => undefined,
      tile(level, index) {
        if (level === 0) reads.push(index);
        return new Uint8Array(32 * (widths[level] ?? 0)).fill(index);
      },
    };
    const tree = createTree(large);
    const read = (tile: number) => {
      reads.length = 0;
      tree.inclusion(tile * 256, size);
      return reads;
    };
    // Three of the 512 are of the two levels above.
    for (let tile = 0; tile < 509; tile++) expect(read(tile)).toEqual([tile]);
    expect(read(0)).toEqual([]);
    expect(read(1)).toEqual([]);
    expect(read(509)).toEqual([509]);
    expect(read(0)).toEqual([]);
    expect(read(2)).toEqual([2]);
  });

  it('A8: three levels of tiles, a tile a level read once, and a store of before inner hashes', () => {
    const size = 256 * 256 + 300;
    const store = memoryLogStore();
    addTo(store, size);
    expect(createTree(store).grow()).toBe(size);
    const root = oracleRoot(leavesOf(size));
    const older: LogStore = { ...store, innerOf: () => undefined };
    for (const each of [store, older]) {
      let reads = 0;
      const counted: LogStore = {
        ...each,
        tile(level, index) {
          reads++;
          return each.tile(level, index);
        },
      };
      const tree = createTree(counted);
      expect(Buffer.from(tree.root(size))).toEqual(Buffer.from(root));
      for (const index of [0, 65_535, 65_536, size - 1]) {
        const path = tree.inclusion(index, size);
        expect(oracleIncludes(index, size, leafAt(index), path, root)).toBe(true);
      }
      const before = reads;
      tree.inclusion(700, size);
      tree.inclusion(701, size);
      expect(reads).toBe(before + 1);
    }
  });
});
