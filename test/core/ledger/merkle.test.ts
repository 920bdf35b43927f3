import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyPlan,
  emptyRoot,
  inclusionPlan,
  leafHash,
  nodeHash,
  rootNodes,
  rootOf,
  type TreeNode,
  verifyConsistency,
  verifyInclusion,
} from '../../../src/core/ledger/merkle.ts';
import { oracleLeaf, oraclePath, oracleProof, oracleRoot } from '../../helpers/merkle-oracle.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** Reference entries of the Certificate Transparency implementations. */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((text) => Uint8Array.from(Buffer.from(text, 'hex')));

const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

function leavesOf(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => oracleLeaf(Uint8Array.of(i, i >> 8)));
}

/** The hash of a perfect subtree, the slow way. */
function read(leaves: readonly Uint8Array[]) {
  return ({ level, index }: TreeNode) =>
    oracleRoot(leaves.slice(index * 2 ** level, (index + 1) * 2 ** level));
}

function inclusion(leaves: readonly Uint8Array[], index: number) {
  const plan = inclusionPlan(index, leaves.length);
  return plan.map((nodes) => rootOf(nodes.map(read(leaves))));
}

function consistency(leaves: readonly Uint8Array[], first: number) {
  const plan = consistencyPlan(first, leaves.length);
  return plan.map((nodes) => rootOf(nodes.map(read(leaves))));
}

describe('Merkle tree of RFC 6962', () => {
  it('A8: has the published roots', () => {
    expect(hex(emptyRoot())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    const leaves = entries.map(leafHash);
    for (const [at, root] of roots.entries()) {
      const some = leaves.slice(0, at + 1);
      expect(hex(rootOf(rootNodes(at + 1).map(read(some))))).toBe(root);
    }
  });

  it('A8: makes the proofs of the recursive definition for every tree up to 70 entries', () => {
    for (let size = 1; size <= 70; size++) {
      const leaves = leavesOf(size);
      const root = oracleRoot(leaves);
      expect(hex(rootOf(rootNodes(size).map(read(leaves))))).toBe(hex(root));
      for (let at = 0; at < size; at++) {
        const proof = inclusion(leaves, at);
        expect(proof.map(hex)).toEqual(oraclePath(at, leaves).map(hex));
        const leaf = leaves[at] ?? root;
        expect(verifyInclusion({ index: at, size, leafHash: leaf, root, proof })).toBe(true);
      }
      for (let first = 0; first <= size; first++) {
        const proof = consistency(leaves, first);
        expect(proof.map(hex)).toEqual(oracleProof(first, leaves).map(hex));
        const firstRoot = oracleRoot(leaves.slice(0, first));
        const claim = { first, second: size, firstRoot, secondRoot: root, proof };
        expect(verifyConsistency(claim)).toBe(true);
      }
    }
  });

  it('A8: refuses a proof with any bit flipped, any hash added, removed or moved', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), fc.nat(), (size, pick, bit) => {
        const leaves = leavesOf(size);
        const root = oracleRoot(leaves);
        const index = pick % size;
        const claim = { index, size, leafHash: leaves[index] ?? root, root };
        const proof = inclusion(leaves, index);
        const at = bit % proof.length;
        const flipped = proof.map((hash, i) => {
          const copy = Uint8Array.from(hash);
          if (i === at) copy[(bit >>> 3) % 32] = (copy[(bit >>> 3) % 32] ?? 0) ^ (1 << (bit % 8));
          return copy;
        });
        const wrong = [
          { ...claim, proof: flipped },
          { ...claim, proof: proof.slice(1) },
          { ...claim, proof: [...proof, root] },
          { ...claim, proof, index: index === 0 ? 1 : index - 1 },
          { ...claim, proof, leafHash: nodeHash(root, root) },
          { ...claim, proof, root: nodeHash(root, root) },
          { ...claim, proof, index: -1 },
          { ...claim, proof, index: size },
          { ...claim, proof, size: 0.5 },
          { ...claim, proof: proof.map((hash) => hash.subarray(1)) },
        ];
        for (const one of wrong) expect(verifyInclusion(one)).toBe(false);
      }),
    );
  });

  it('A8: refuses a tree that does not begin with the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 300 }), fc.nat(), (size, pick) => {
        const first = 1 + (pick % (size - 1));
        const leaves = leavesOf(size);
        const changed = leaves.map((leaf, i) => (i === pick % first ? oracleLeaf(leaf) : leaf));
        const claim = {
          first,
          second: size,
          firstRoot: oracleRoot(leaves.slice(0, first)),
          secondRoot: oracleRoot(changed),
          proof: consistency(changed, first),
        };
        expect(verifyConsistency(claim)).toBe(false);
        expect(verifyConsistency({ ...claim, proof: consistency(leaves, first) })).toBe(false);
      }),
    );
  });

  it('A8: two different trees of one size are never consistent', () => {
    const [one, other] = [oracleRoot(leavesOf(5)), oracleRoot(leavesOf(6))];
    const claim = { first: 5, second: 5, firstRoot: one, secondRoot: other, proof: [] };
    expect(verifyConsistency(claim)).toBe(false);
    expect(verifyConsistency({ ...claim, first: 0, firstRoot: other })).toBe(false);
  });
});
