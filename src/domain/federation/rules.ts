import { sha256 } from '@noble/hashes/sha2.js';
import { FederationError } from '../../core/federated.ts';
import { contextBytes, type ScoringContext } from './pieces.ts';
import { correctedPieceOf, type Sharing } from './sharing.ts';
import type { WordContent } from './word.ts';

/** Bands of risk; 1 is the best. */
export const tierWorst = 6;
/** The best tier that a score with a missing block may reach (rule R2). */
export const tierCapIncomplete = 3;
/** Contributors that the decision service does not control, at least (rule R3). */
export const outsideContributorsMin = 2;

/** What a decision must take into account besides the score. */
export interface Completeness {
  /** 1 when all took part and had a row. */
  readonly bestTier: number;
  /** A mandatory party had no row or took no part, so a person decides. */
  readonly needsReview: boolean;
  /** Blocks that stand in by their training mean. */
  readonly missing: number;
}

/** Rule R3: whether two contributors or more are not controlled by the decision service. */
export function areEnoughOutside(
  contributors: readonly number[],
  controlledByDecision: readonly number[],
): boolean {
  const outside = contributors.filter((node) => !controlledByDecision.includes(node));
  return outside.length >= outsideContributorsMin;
}

/**
 * Contributors, ascending, as the coordinator announces them.
 *
 * @throws FederationError `contributors_invalid`: R3, fewer than two parties that the decision
 * service does not control; or a node that does not exist or is named twice
 */
export function assertContributors(
  sharing: Sharing,
  contributors: readonly number[],
  controlledByDecision: readonly number[] = [],
): void {
  const isAscending = contributors.every((node, i) => i === 0 || node > (contributors[i - 1] ?? 0));
  const areNodes = contributors.every((node) => node >= 0 && node < sharing.n);
  if (isAscending && areNodes && areEnoughOutside(contributors, controlledByDecision)) return;
  throw new FederationError(
    'contributors_invalid',
    `at least ${outsideContributorsMin} parties besides the decision service must contribute`,
  );
}

/**
 * U: the contributors whose corrected piece reached all of its holders that still live. `receipts`
 * names for each live node the contributors from which it has a piece.
 */
export function contributorsOf(
  sharing: Sharing,
  receipts: ReadonlyMap<number, ReadonlySet<number>>,
): number[] {
  const nodes = Array.from({ length: sharing.n }, (_, node) => node);
  return nodes.filter((contributor) => {
    const holders = correctedPieceOf(sharing, contributor).holders;
    const live = holders.filter((node) => receipts.has(node));
    return live.length > 0 && live.every((node) => receipts.get(node)?.has(contributor));
  });
}

/** What reports name, so that sums over two different lists are never added up. */
export function hashContributors(
  context: ScoringContext,
  contributors: readonly number[],
): Uint8Array {
  const list = Uint8Array.from(contributors);
  return sha256(contextBytes('cinnabar federation contributors', context, list));
}

/** Rule R2, from the flags of the sum and the parties that are not in U. */
export function completenessOf(
  { ordinaryAbsent, mandatoryAbsent }: WordContent,
  lost: readonly { readonly mandatory: boolean }[],
): Completeness {
  const missing = ordinaryAbsent + mandatoryAbsent + lost.length;
  const needsReview = mandatoryAbsent > 0 || lost.some(({ mandatory }) => mandatory);
  return { bestTier: missing > 0 ? tierCapIncomplete : 1, needsReview, missing };
}

/** How often one person may be asked for (rule R1): once in this time. */
export const personIntervalMs = 60_000;

/**
 * A node's memory of what it answered (rules R1 and R5).
 *
 * `claim` is one atomic step, durable before it resolves: of any number of calls with one request
 * id exactly one gets `true`, and so of any for one person within the interval.
 */
export interface AnswerBook {
  claim(claim: {
    readonly requestId: string;
    /** Keyed pseudonyms of the persons, never an identifier. */
    readonly persons: readonly string[];
    readonly nowMs: number;
    /** Until then the request id is refused; consents do not live longer. */
    readonly expiresAtMs: number;
  }): Promise<boolean>;
}

/** @throws FederationError `answer_repeated` */
export async function claimAnswer(
  book: AnswerBook,
  claim: Parameters<AnswerBook['claim']>[0],
): Promise<void> {
  if (await book.claim(claim)) return;
  throw new FederationError('answer_repeated', 'this request or this person was answered already');
}

/**
 * What is sealed, brought to one length per step (rule R6): a length in front (4 bytes, big-endian)
 * and zeros behind.
 *
 * @throws FederationError `argument_invalid` when it does not fit
 */
export function pad(payload: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  if (payload.length + 4 > length) {
    throw new FederationError('argument_invalid', 'the payload is longer than its step allows');
  }
  const padded = new Uint8Array(length);
  new DataView(padded.buffer).setUint32(0, payload.length);
  padded.set(payload, 4);
  return padded;
}

/** @throws FederationError `message_invalid` unless it was made by `pad` */
export function unpad(padded: Uint8Array): Uint8Array {
  const view = new DataView(padded.buffer, padded.byteOffset, padded.length);
  const length = padded.length >= 4 ? view.getUint32(0) : padded.length;
  const isWhole = length + 4 <= padded.length && padded.subarray(4 + length).every((b) => b === 0);
  if (!isWhole)
    throw new FederationError('message_invalid', 'a payload is not padded as it must be');
  return padded.subarray(4, 4 + length);
}
