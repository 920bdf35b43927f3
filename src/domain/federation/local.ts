import { type Federated, FederationError } from '../../core/federated.ts';
import type { ModelPart } from './model.ts';
import { keyedPieces, type ScoringContext } from './pieces.ts';
import { wordRing } from './ring.ts';
import { assertContributors } from './rules.ts';
import { partialScores } from './scoring.ts';
import {
  combine,
  correct,
  correctedPieceOf,
  type PieceSource,
  type Report,
  sharingOf,
  sumHeld,
} from './sharing.ts';
import type { PartyTable } from './table.ts';
import { encodeWord } from './word.ts';

/** A party's part of the model and the rows that it has of the persons asked for. */
export interface LocalNode {
  readonly part: ModelPart;
  readonly mandatory: boolean;
  /** One row a person; `hasRow` tells which are really there. */
  readonly table: PartyTable;
  readonly hasRow?: readonly boolean[];
}

/**
 * The words of all persons that the decision service gets: every node in this process, the
 * arithmetic and the messages those of the protocol, without the boxes around them.
 *
 * @param keyOf the key that the holders of a piece share
 * @throws FederationError as the protocol does
 */
export function sumLocally(
  federated: Federated,
  nodes: readonly LocalNode[],
  context: Omit<ScoringContext, 'n' | 't' | 'rows'>,
  keyOf: Parameters<typeof keyedPieces>[2],
  contributors: readonly number[] = nodes.map((_, node) => node),
): BigUint64Array {
  const ring = wordRing(federated);
  const sharing = sharingOf(nodes.length);
  assertContributors(sharing, contributors);
  const rows = nodes[0]?.table.pids.length ?? 0;
  const source: PieceSource = remembered(
    keyedPieces(federated, { ...context, n: sharing.n, t: sharing.t, rows }, keyOf),
  );
  const sent = contributors.map((contributor) => {
    const node = nodes[contributor];
    if (node === undefined) throw new FederationError('argument_invalid', 'there is no such node');
    const words = wordsOf(federated, node);
    return [contributor, correct(ring, sharing, contributor, words, source)] as const;
  });
  const reports = nodes.map((_, node): Report => {
    const received = new Map(
      sent.filter(([from]) => correctedPieceOf(sharing, from).holders.includes(node)),
    );
    return { node, sums: sumHeld(ring, sharing, node, { contributors, rows, source, received }) };
  });
  return combine(ring, sharing, reports);
}

/** The words that a node shares: its scores, or its mean and a flag where a row is absent. */
export function wordsOf(
  federated: Pick<Federated, 'prepareBins'>,
  { part, mandatory, table, hasRow }: LocalNode,
): BigUint64Array {
  const scores = partialScores(federated, part, table);
  const flag = mandatory ? 'absent-mandatory' : 'absent';
  return BigUint64Array.from(scores, (score, row) =>
    hasRow?.[row] === false ? encodeWord(BigInt(part.mean), flag) : encodeWord(score),
  );
}

/** Both holders of a piece are here, so each vector is made once. */
function remembered(source: PieceSource): PieceSource {
  const known = new Map<string, BigUint64Array>();
  return (contributor, piece) => {
    const name = `${contributor}/${piece.index}`;
    const words = known.get(name) ?? source(contributor, piece);
    known.set(name, words);
    return words;
  };
}
