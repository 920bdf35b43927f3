import { createHash } from 'node:crypto';

// RFC 6962 §2.1 word by word, recursive and slow, over Node's own SHA-256: nothing here is shared
// with the code that it judges.

export function oracleLeaf(data: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(0)).update(data).digest();
}

function oracleNode(left: Uint8Array, right: Uint8Array): Buffer {
  return createHash('sha256').update(Uint8Array.of(1)).update(left).update(right).digest();
}

function split(count: number): number {
  return 2 ** Math.ceil(Math.log2(count) - 1);
}

/** MTH(D[n]) of entries given by their leaf hashes. */
export function oracleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return createHash('sha256').digest();
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return oracleNode(oracleRoot(leaves.slice(0, k)), oracleRoot(leaves.slice(k)));
}

/** PATH(m, D[n]) */
export function oraclePath(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...oraclePath(m, leaves.slice(0, k)), oracleRoot(leaves.slice(k))]
    : [...oraclePath(m - k, leaves.slice(k)), oracleRoot(leaves.slice(0, k))];
}

/** PROOF(m, D[n]) */
export function oracleProof(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  return m === 0 || m === leaves.length ? [] : subproof(m, leaves, true);
}

function subproof(m: number, leaves: readonly Uint8Array[], isWhole: boolean): Uint8Array[] {
  if (m === leaves.length) return isWhole ? [] : [oracleRoot(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), oracleRoot(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), oracleRoot(leaves.slice(0, k))];
}

/**
 * Whether an audit path leads to a root, by recursion over the tree's shape: another way than the
 * loop of RFC 9162 that the product follows.
 */
export function oracleIncludes(
  index: number,
  size: number,
  leaf: Uint8Array,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const rest = [...path];
  const hash = climb(index, size, leaf, rest);
  return hash !== undefined && rest.length === 0 && Buffer.compare(hash, root) === 0;
}

function climb(
  index: number,
  size: number,
  leaf: Uint8Array,
  path: Uint8Array[],
): Uint8Array | undefined {
  if (size === 1) return leaf;
  const sibling = path.pop();
  const k = split(size);
  const below = index < k ? climb(index, k, leaf, path) : climb(index - k, size - k, leaf, path);
  if (!sibling || !below) return undefined;
  return index < k ? oracleNode(below, sibling) : oracleNode(sibling, below);
}
