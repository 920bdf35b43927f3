import { assessOrder } from './assess.ts';
import type { RiskPolicy } from './policy.ts';
import { type RiskFacts, type RiskVerdict, riskVerdicts } from './types.ts';

/** An order of the past, as it was assessed then. */
export interface PastOrder {
  readonly id: string;
  readonly facts: RiskFacts;
}

export interface ChangedVerdict {
  readonly id: string;
  readonly before: RiskVerdict;
  readonly after: RiskVerdict;
  readonly scoreBefore: number;
  readonly scoreAfter: number;
}

export interface Simulation {
  readonly orders: number;
  /** `[before][after]`, in orders. */
  readonly verdicts: Readonly<Record<RiskVerdict, Readonly<Record<RiskVerdict, number>>>>;
  /** The orders that another verdict would have met, in the order in which they were given. */
  readonly changed: readonly ChangedVerdict[];
  /** How many orders fell into each tenth of 0 to `2 * terminateAt`, the last one open above. */
  readonly scoresBefore: readonly number[];
  readonly scoresAfter: readonly number[];
}

const bins = 10;

/** What a policy would have said of past orders, beside the one in force: nothing is changed. */
export function simulatePolicy(
  inForce: RiskPolicy,
  candidate: RiskPolicy,
  past: readonly PastOrder[],
): Simulation {
  const verdicts = emptyTable();
  const changed: ChangedVerdict[] = [];
  const scoresBefore = new Array<number>(bins).fill(0);
  const scoresAfter = new Array<number>(bins).fill(0);
  const width = (2 * Math.max(inForce.terminateAt, candidate.terminateAt)) / bins;
  const count = (scores: number[], score: number) => {
    const bin = Math.min(bins - 1, Math.floor(score / width));
    scores[bin] = (scores[bin] ?? 0) + 1;
  };
  for (const { id, facts } of past) {
    const before = assessOrder(inForce, facts);
    const after = assessOrder(candidate, facts);
    verdicts[before.verdict][after.verdict]++;
    count(scoresBefore, before.score);
    count(scoresAfter, after.score);
    if (before.verdict !== after.verdict) {
      changed.push({
        id,
        before: before.verdict,
        after: after.verdict,
        scoreBefore: before.score,
        scoreAfter: after.score,
      });
    }
  }
  return { orders: past.length, verdicts, changed, scoresBefore, scoresAfter };
}

function emptyTable(): Record<RiskVerdict, Record<RiskVerdict, number>> {
  const row = () =>
    Object.fromEntries(riskVerdicts.map((verdict) => [verdict, 0])) as Record<RiskVerdict, number>;
  return { allow: row(), challenge: row(), terminate: row() };
}
