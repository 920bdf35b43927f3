import type { Federated } from '../../core/federated.ts';
import { binsOf } from './features.ts';
import type { ModelPart } from './model.ts';
import type { PartyTable } from './table.ts';

export const bands = ['helps', 'neutral', 'hurts'] as const;
/** How a party's part moved the score, told without the score. */
export type Band = (typeof bands)[number];

/** What a party finds of one person; only the band leaves it, and reasons go to that person alone. */
export interface PartialScore {
  /** Multiples of 2^-20. */
  readonly score: bigint;
  readonly band: Band;
  /** Names of the features that raised the risk most, at most three. */
  readonly reasons: readonly string[];
}

const pointsPerFeature = 256;
const reasonsMax = 3;
/** A part is neutral within this many standard deviations of its mean. */
const neutralDeviations = 0.5;

/** Partial scores of every row of a table. @throws FederationError `data_invalid` */
export function partialScores(
  { prepareBins }: Pick<Federated, 'prepareBins'>,
  part: ModelPart,
  table: PartyTable,
): BigInt64Array {
  const { features } = part;
  const rows = table.pids.length;
  const bins = new Uint8Array(rows * features.length);
  const points = new Int32Array(pointsPerFeature * features.length);
  for (const [index, feature] of features.entries()) {
    points.set(feature.points, pointsPerFeature * index);
    for (const [row, bin] of binsOf(feature, table).entries()) {
      bins[row * features.length + index] = bin;
    }
  }
  return rows === 0 ? new BigInt64Array() : prepareBins(bins, features.length).score(points);
}

/** The partial score of the first row, explained. @throws FederationError `data_invalid` */
export function explainScore(part: ModelPart, table: PartyTable): PartialScore {
  return explainBins(
    part,
    part.features.map((feature) => binsOf(feature, table)[0] ?? 0),
  );
}

/** The partial score of a person, explained; `bins` has one for each feature of the part. */
export function explainBins(part: ModelPart, bins: ArrayLike<number>): PartialScore {
  const found = part.features.map(({ name, points: all, mean }, i) => {
    const points = all[bins[i] ?? 0] ?? 0;
    return { name, points, above: points - mean };
  });
  const score = found.reduce((sum, { points }) => sum + points, 0);
  const reasons = found
    .filter(({ above }) => above > 0)
    .sort((a, b) => b.above - a.above || (a.name < b.name ? -1 : 1))
    .slice(0, reasonsMax)
    .map(({ name }) => name);
  return { score: BigInt(score), band: bandOf(part, score), reasons };
}

/** Higher scores are higher risk. */
function bandOf({ mean, deviation }: ModelPart, score: number): Band {
  const distance = (score - mean) / Math.max(1, deviation);
  if (distance > neutralDeviations) return 'hurts';
  return distance < -neutralDeviations ? 'helps' : 'neutral';
}
