import { type Federated, FederationError } from '../../../core/federated.ts';
import { pointScaleBits } from '../word.ts';

/** logit(probability) = slope * score + offset, both in multiples of 2^-20. */
export interface Line {
  readonly slope: number;
  readonly offset: number;
}

const scale = 2 ** pointScaleBits;
const stepsMax = 30;

/**
 * Platt's line (1999) by Newton's method on the likelihood of rows that were not trained on.
 *
 * @param scores sums with the intercept, in multiples of 2^-20
 */
export function calibrate(
  { sigmoid }: Pick<Federated, 'sigmoid'>,
  scores: BigInt64Array,
  labels: Uint8Array,
): Line {
  const x = Float64Array.from(scores, (score) => Number(score) / scale);
  let slope = 1;
  let offset = 0;
  for (let step = 0; step < stepsMax; step++) {
    const sums = { a: 0, b: 0, aa: 0, ab: 0, bb: 0 };
    for (const [row, score] of x.entries()) {
      const p = sigmoid(slope * score + offset);
      const residual = p - (labels[row] ?? 0);
      const weight = p * (1 - p);
      sums.a += residual * score;
      sums.b += residual;
      sums.aa += weight * score * score;
      sums.ab += weight * score;
      sums.bb += weight;
    }
    const determinant = sums.aa * sums.bb - sums.ab * sums.ab;
    const toSlope = (sums.bb * sums.a - sums.ab * sums.b) / determinant;
    const toOffset = (sums.aa * sums.b - sums.ab * sums.a) / determinant;
    slope -= toSlope;
    offset -= toOffset;
    if (Math.abs(toSlope) + Math.abs(toOffset) < 1e-9) break;
  }
  // Scores that say nothing, or the opposite of the labels, are no model.
  if (Number.isFinite(slope) && slope > 0) {
    return { slope: Math.round(slope * scale), offset: Math.round(offset * scale) };
  }
  throw new FederationError('training_failed', 'the scores do not tell defaulters from others');
}

/** The x with sigmoid(x) = share of ones, by halving, since a host's logarithm may differ. */
export function logOdds({ sigmoid }: Pick<Federated, 'sigmoid'>, labels: Uint8Array): number {
  const share = labels.reduce((sum, label) => sum + label, 0) / labels.length;
  let [low, high] = [-40, 40];
  for (let halving = 0; halving < 60; halving++) {
    const middle = (low + high) / 2;
    if (sigmoid(middle) < share) low = middle;
    else high = middle;
  }
  return low;
}
