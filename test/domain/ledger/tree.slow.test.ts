import { expect, it } from 'vitest';
import { verifyConsistency, verifyInclusion } from '../../../src/core/ledger/merkle.ts';
import type { LogStore } from '../../../src/domain/ledger/ports.ts';
import { createTree } from '../../../src/domain/ledger/tree.ts';
import { memoryLogStore } from '../../../src/platform/memory/ledger-stores.ts';
import { oracleLeaf } from '../../helpers/merkle-oracle.ts';

const count = 1_000_000;
const batch = 2000;
const proofs = 10_000;

const leafAt = (index: number) =>
  oracleLeaf(Uint8Array.of(index, index >> 8, index >> 16, index >> 24));

/** A log's store without what is not of the tree, so that a million entries fit. */
function leanStore(): LogStore {
  const leaves: Uint8Array[] = [];
  const bytes = new Uint8Array(0);
  return {
    ...memoryLogStore(),
    size: () => leaves.length,
    add: ({ leafHash }) => void leaves.push(leafHash),
    entries: (first, most) =>
      leaves
        .slice(first, first + most)
        .map((leafHash, at) => ({ index: first + at, leafHash, bytes })),
  };
}

async function cpuMs(act: () => void): Promise<number> {
  const start = process.cpuUsage();
  act();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

it('A8: a million entries: proofs verify, and cost what they cost at five thousand', async () => {
  const store = leanStore();
  const tree = createTree(store);
  const figures: string[] = [];
  let root = new Uint8Array(0);
  let known = { size: 0, root };
  for (const size of [5_000, 100_000, count]) {
    while (store.size() < size) {
      const end = Math.min(size, store.size() + batch);
      for (let index = store.size(); index < end; index++) {
        const entry = { index, leafHash: leafAt(index), bytes: root, subject: '', requestId: '' };
        store.add(entry);
      }
      tree.grow();
    }
    root = Uint8Array.from(tree.root(size));
    const places = Array.from({ length: proofs }, (_, at) => (at * 7919) % size);
    const paths: Uint8Array[][] = [];
    const ms = await cpuMs(() => {
      for (const index of places) paths.push(tree.inclusion(index, size));
    });
    figures.push(`${size}: ${((ms * 1000) / proofs).toFixed(0)} µs a proof`);
    for (const [at, index] of places.entries()) {
      const proof = paths[at] ?? [];
      const isIncluded = verifyInclusion({ index, size, leafHash: leafAt(index), root, proof });
      expect(isIncluded).toBe(true);
    }
    const proof = tree.consistency(known.size, size);
    const trees = { first: known.size, second: size, secondRoot: root };
    if (known.size > 0) {
      expect(verifyConsistency({ ...trees, firstRoot: known.root, proof })).toBe(true);
    }
    known = { size, root };
  }
  console.info(figures.join('; '));
});
