import { FederationError } from '../../core/federated.ts';
import type { Ring } from './ring.ts';

/**
 * "Share, then sum": replicated additive sharing (Ito, Saito and Nishizeki 1987; Cramer, Damgård
 * and Ishai 2005 for pieces from pseudorandom functions).
 *
 * A contributor's word is the sum of pieces mod 2^bits. Every set of n - t + 1 nodes holds one piece
 * in common, so any t nodes together hold all pieces of everybody, and t - 1 nodes lack one of each
 * contributor outside of them: what they see is independent of that contributor's word. Pieces of
 * which the contributor itself is a holder are pseudorandom and travel never; one further piece
 * makes up the difference and is sent; the others are 0 and have no name here.
 *
 * Nodes and pieces are counted from 0. All functions take vectors, one word a person.
 */
export interface Piece {
  readonly index: number;
  /** Nodes that know it, ascending; always n - t + 1 of them. */
  readonly holders: readonly number[];
}

export interface Sharing {
  /** Nodes. */
  readonly n: number;
  /** Nodes that must report; 2t > n, so that two reports never speak of two lists. */
  readonly t: number;
  readonly pieces: readonly Piece[];
}

/** The pseudorandom words of one contributor's piece: the same at every holder, else uniform. */
export type PieceSource = (contributor: number, piece: Piece) => BigUint64Array;

/** What a node reports of one piece: its words, summed over the contributors. */
export interface PieceSum {
  readonly piece: number;
  readonly words: BigUint64Array;
}

export interface Report {
  readonly node: number;
  readonly sums: readonly PieceSum[];
}

export const nodesMin = 3;
export const nodesMax = 5;

/**
 * The scheme for `n` nodes of which `t` must report.
 *
 * With t = n - 1, the default, every piece belongs to a pair of nodes, so the keys that two nodes
 * agree on are all the keys there are; one node may fail after the shares are sent.
 *
 * @throws FederationError `argument_invalid` unless 3 <= n <= 5, t < n and 2t > n
 */
export function sharingOf(n: number, t = n - 1): Sharing {
  if (!Number.isInteger(n) || n < nodesMin || n > nodesMax) {
    throw new FederationError('argument_invalid', 'a federation has 3 to 5 nodes');
  }
  if (!Number.isInteger(t) || t >= n || 2 * t <= n) {
    throw new FederationError('argument_invalid', `of ${n} nodes more than half, not all, report`);
  }
  const holders = subsets(n, n - t + 1);
  return { n, t, pieces: holders.map((nodes, index) => ({ index, holders: nodes })) };
}

/** Subsets of `size` of 0 to n - 1, in lexicographic order. */
function subsets(n: number, size: number, from = 0): number[][] {
  if (size === 0) return [[]];
  const found: number[][] = [];
  for (let first = from; first <= n - size; first++) {
    for (const rest of subsets(n, size - 1, first + 1)) found.push([first, ...rest]);
  }
  return found;
}

/** The pieces of a contributor that its co-holders can compute themselves. */
export function silentPieces({ pieces }: Sharing, contributor: number): readonly Piece[] {
  return pieces.filter(({ holders }) => holders.includes(contributor));
}

/** The piece that makes up the difference: the nodes behind the contributor in the circle hold it. */
export function correctedPieceOf({ n, t, pieces }: Sharing, contributor: number): Piece {
  const holders = Array.from({ length: n - t + 1 }, (_, i) => (contributor + 1 + i) % n);
  const piece = pieces.find((known) => holders.every((node) => known.holders.includes(node)));
  if (piece === undefined) throw new FederationError('argument_invalid', 'there is no such node');
  return piece;
}

/** What a contributor sends to the holders of its corrected piece: its words minus the others. */
export function correct(
  ring: Ring,
  sharing: Sharing,
  contributor: number,
  words: BigUint64Array,
  source: PieceSource,
): BigUint64Array {
  const corrected = words.slice();
  for (const piece of silentPieces(sharing, contributor)) {
    ring.subtract(corrected, source(contributor, piece));
  }
  return corrected;
}

/** The pieces that a node holds. */
export function heldPieces({ pieces }: Sharing, node: number): readonly Piece[] {
  return pieces.filter(({ holders }) => holders.includes(node));
}

/**
 * A node's report: every piece that it holds, summed over `contributors`. `received` are the
 * corrected pieces that were sent to it.
 *
 * @throws FederationError `message_invalid` when a corrected piece is missing or of another length
 */
export function sumHeld(
  ring: Ring,
  sharing: Sharing,
  node: number,
  input: {
    readonly contributors: readonly number[];
    readonly rows: number;
    readonly source: PieceSource;
    readonly received: ReadonlyMap<number, BigUint64Array>;
  },
): PieceSum[] {
  return heldPieces(sharing, node).map((piece) => {
    const words = new BigUint64Array(input.rows);
    for (const contributor of input.contributors) {
      const isSilent = piece.holders.includes(contributor);
      const isCorrected = correctedPieceOf(sharing, contributor).index === piece.index;
      if (!isSilent && !isCorrected) continue;
      const part = isSilent ? input.source(contributor, piece) : input.received.get(contributor);
      if (part?.length !== input.rows) {
        throw new FederationError('message_invalid', 'a piece of a contributor is missing');
      }
      ring.add(words, part);
    }
    return { piece: piece.index, words };
  });
}

/**
 * The sum of the contributors' words, from at least `t` reports.
 *
 * @throws FederationError `reports_missing`; `message_invalid` for a report of pieces that are not
 * its node's; `reports_disagree` when a piece was reported twice and differently (detects one false
 * node, does not tell which)
 */
export function combine(ring: Ring, sharing: Sharing, reports: readonly Report[]): BigUint64Array {
  const nodes = new Set(reports.map(({ node }) => node));
  if (nodes.size !== reports.length) {
    throw new FederationError('message_invalid', 'a node reported twice');
  }
  if (nodes.size < sharing.t) {
    throw new FederationError('reports_missing', `${nodes.size} of ${sharing.t} nodes reported`);
  }
  const known = new Map<number, BigUint64Array>();
  for (const report of reports) {
    assertHeld(sharing, report);
    for (const { piece, words } of report.sums) {
      const other = known.get(piece);
      if (other === undefined) known.set(piece, words);
      else if (!sameWords(other, words)) {
        throw new FederationError('reports_disagree', 'two nodes report different sums');
      }
    }
  }
  const total = new BigUint64Array(known.get(0)?.length ?? 0);
  for (const words of known.values()) ring.add(total, words);
  return total;
}

function assertHeld(sharing: Sharing, { node, sums }: Report): void {
  const held = heldPieces(sharing, node);
  const isWhole =
    held.length > 0 &&
    sums.length === held.length &&
    held.every(({ index }, i) => sums[i]?.piece === index) &&
    sums.every(({ words }) => words.length === sums[0]?.words.length);
  if (!isWhole) throw new FederationError('message_invalid', 'a report of other pieces');
}

function sameWords(a: BigUint64Array, b: BigUint64Array): boolean {
  return a.length === b.length && a.every((word, i) => word === b[i]);
}
