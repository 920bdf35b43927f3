// The Merkle tree of RFC 6962 §2.1 over SHA-256, seen as perfect subtrees: node (level, index)
// covers the 2^level leaves from index * 2^level on. A tree of any size is a row of such nodes.
import { sha256 } from '@noble/hashes/sha2.js';

export const hashBytes = 32;

export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** Gives the hash of each perfect subtree that is asked for, in the order asked. */
export type ReadNodes<T> = (nodes: readonly TreeNode[]) => T;

/** RFC 6962 §2.1: the hash of the data of one entry. */
export function leafHash(data: Uint8Array): Uint8Array {
  return sha256.create().update(leafPrefix).update(data).digest();
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256.create().update(nodePrefix).update(left).update(right).digest();
}

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);

/** The root of a tree without entries. */
export function emptyRoot(): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** Half-open, `first` aligned so that RFC 6962's splits fall on perfect subtrees. */
interface Range {
  readonly first: number;
  readonly end: number;
}

/** The perfect subtrees that make up `range`, from the left: each is as large as can be. */
function nodesOf({ first, end }: Range): TreeNode[] {
  const nodes: TreeNode[] = [];
  for (let at = first; at < end; ) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    nodes.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return nodes;
}

/** RFC 6962 §2.1: the largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function foldRight(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** The perfect subtrees whose hashes make the root of a tree of `size` > 0 entries. */
export function rootNodes(size: number): TreeNode[] {
  return nodesOf({ first: 0, end: size });
}

export function rootOf(hashes: readonly Uint8Array[]): Uint8Array {
  return hashes.length === 0 ? emptyRoot() : foldRight(hashes);
}

/** A proof as the nodes to read: `rootOf` each inner list is one hash of the proof. */
export type ProofPlan = readonly (readonly TreeNode[])[];

/** RFC 6962 §2.1.1, for the entry `index` of a tree of `size` entries. */
export function inclusionPlan(index: number, size: number): ProofPlan {
  assertSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError('merkle: there is no such entry in a tree of this size');
  }
  const ranges: Range[] = [];
  for (let first = 0, end = size; end - first > 1; ) {
    const middle = first + splitOf(end - first);
    if (index < middle) {
      ranges.push({ first: middle, end });
      end = middle;
    } else {
      ranges.push({ first, end: middle });
      first = middle;
    }
  }
  return ranges.reverse().map(nodesOf);
}

/** RFC 6962 §2.1.2, that the tree of `second` entries begins with that of `first` entries. */
export function consistencyPlan(first: number, second: number): ProofPlan {
  assertSize(first);
  assertSize(second);
  if (first > second) throw new RangeError('merkle: the first tree is the larger one');
  if (first === 0 || first === second) return [];
  const ranges: Range[] = [];
  let start = 0;
  let end = second;
  // Down to the subtree whose end is the end of the first tree.
  while (first !== end) {
    const middle = start + splitOf(end - start);
    if (first <= middle) {
      ranges.push({ first: middle, end });
      end = middle;
    } else {
      ranges.push({ first: start, end: middle });
      start = middle;
    }
  }
  // The verifier knows the first tree itself, if that is what remains.
  if (start !== 0) ranges.push({ first: start, end });
  return ranges.reverse().map(nodesOf);
}

function assertSize(size: number): void {
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError('merkle: not a tree size');
}

/** One hash of a proof, and what it makes together with the hash below. */
export interface InclusionStep {
  readonly sibling: Uint8Array;
  readonly side: 'left' | 'right';
  readonly hash: Uint8Array;
}

/**
 * The way from the leaf up to a root (RFC 9162 §2.1.3.2); `undefined` when the proof has not the
 * length that this place in the tree needs, or anything is not in its form.
 */
export function inclusionSteps(claim: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): InclusionStep[] | undefined {
  const { index, size, leafHash: leaf, proof } = claim;
  if (!isSize(index) || !isSize(size) || index >= size) return undefined;
  if (![leaf, ...proof].every(isHash)) return undefined;
  const steps: InclusionStep[] = [];
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return undefined;
    const isLeft = node % 2 === 1 || node === last;
    hash = isLeft ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
    steps.push({ sibling, side: isLeft ? 'left' : 'right', hash });
    while (isLeft && node % 2 === 0 && node !== 0) {
      node = node / 2;
      last = Math.floor(last / 2);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? steps : undefined;
}

/** Whether `proof` leads from the leaf to the root. False for any bad form. */
export function verifyInclusion(claim: {
  readonly index: number;
  readonly size: number;
  readonly leafHash: Uint8Array;
  readonly root: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const steps = inclusionSteps(claim);
  return steps !== undefined && sameBytes(steps.at(-1)?.hash ?? claim.leafHash, claim.root);
}

/** Whether the second tree begins with the first (RFC 9162 §2.1.4.2). False for any bad form. */
export function verifyConsistency(claim: {
  readonly first: number;
  readonly second: number;
  readonly firstRoot: Uint8Array;
  readonly secondRoot: Uint8Array;
  readonly proof: readonly Uint8Array[];
}): boolean {
  const { first, second, firstRoot, secondRoot, proof } = claim;
  if (!isSize(first) || !isSize(second) || first > second) return false;
  if (![firstRoot, secondRoot, ...proof].every(isHash)) return false;
  if (first === second) return proof.length === 0 && sameBytes(firstRoot, secondRoot);
  if (first === 0) return proof.length === 0 && sameBytes(firstRoot, emptyRoot());
  // A first tree that is one perfect subtree is itself the first hash of the path.
  const path = Number.isInteger(Math.log2(first)) ? [firstRoot, ...proof] : proof;
  return foldConsistency(claim, path);
}

function foldConsistency(
  claim: { first: number; second: number; firstRoot: Uint8Array; secondRoot: Uint8Array },
  [start, ...path]: readonly Uint8Array[],
): boolean {
  if (!start) return false;
  let node = claim.first - 1;
  let last = claim.second - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let firstHash = start;
  let secondHash = start;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      firstHash = nodeHash(sibling, firstHash);
      secondHash = nodeHash(sibling, secondHash);
      while (node % 2 === 0 && node !== 0) {
        node = node / 2;
        last = Math.floor(last / 2);
      }
    } else {
      secondHash = nodeHash(secondHash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return (
    last === 0 && sameBytes(firstHash, claim.firstRoot) && sameBytes(secondHash, claim.secondRoot)
  );
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === hashBytes;
}

/** Hashes of a public log are no secrets, but comparing them evenly costs nothing. */
export function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  let difference = 0;
  for (let at = 0; at < one.length; at++) difference |= (one[at] ?? 0) ^ (other[at] ?? 0);
  return difference === 0;
}
