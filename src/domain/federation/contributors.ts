import { CinnabarError } from '../errors.ts';
import type { OpenReply } from './messages.ts';
import type { Federation } from './parties.ts';
import { areEnoughOutside, contributorsOf } from './rules.ts';
import { missedAt, type Run } from './run.ts';
import { correctedPieceOf } from './sharing.ts';

/** Why rule R3 does not hold: nodes that are missed, that sent no pieces, or the roster itself. */
function tooFewOutside(
  run: Run,
  opened: ReadonlyMap<string, OpenReply>,
  contributors: readonly string[],
): CinnabarError {
  const missed = missedAt(run, 'open');
  const code = 'contributors_invalid';
  const silent = [...opened.keys()]
    .filter((node) => !contributors.includes(node))
    .map((node) => ({ pointer: `/open/${node}`, code }));
  const fields = [...missed, ...silent];
  // Those that did not answer may do so the next time; all else stays as it is.
  const isOutage = fields.length > 0 && fields.every((field) => field.code === 'no_answer');
  return new CinnabarError(isOutage ? 'federation_unavailable' : 'federation_refused', {
    fields: fields.length > 0 ? fields : [{ pointer: '/open', code }],
  });
}

/** U, by rule R3 and the nodes that hold the pieces. */
export function listContributors(
  federation: Federation,
  run: Run,
  opened: ReadonlyMap<string, OpenReply>,
): readonly string[] {
  const { roster, sharing } = federation;
  const idOf = (index: number) => roster.nodes[index]?.id ?? '';
  const receipts = new Map<number, ReadonlySet<number>>();
  for (const [index, { id }] of roster.nodes.entries()) {
    if (!opened.has(id)) continue;
    const senders = roster.nodes.flatMap((sender, at) =>
      opened.get(sender.id)?.pieces.some(({ party }) => party === id) ? [at] : [],
    );
    receipts.set(index, new Set(senders));
  }
  const contributors = contributorsOf(sharing, receipts).filter((index) => {
    const { holders } = correctedPieceOf(sharing, index);
    return opened.has(idOf(index)) && holders.some((holder) => opened.has(idOf(holder)));
  });
  const atDecision = roster.nodes.flatMap(({ runByDecision }, i) => (runByDecision ? [i] : []));
  const list = contributors.map(idOf);
  if (!areEnoughOutside(contributors, atDecision)) throw tooFewOutside(run, opened, list);
  return list;
}
