import type { Federated } from '../../../core/federated.ts';
import { logOdds } from './calibrate.ts';

/** Exact counts over the rows of a training: all that a model in one round is made of. */
export interface CrossCounts {
  readonly rows: number;
  /** For every two columns of all parties, in how many rows both are 1; row by row. */
  readonly counts: Int32Array;
  /** For every column, in how many rows it and the label are both 1. */
  readonly withLabel: Int32Array;
  readonly labels: Uint8Array;
  readonly signs: Int8Array;
}

export interface OneStep {
  readonly weights: Float64Array<ArrayBuffer>;
  readonly intercept: number;
}

/**
 * One step of Newton's method on the penalised likelihood of the logistic model, from the model that
 * gives all the same probability, under the signs of the columns. With v = p(1 - p) of that
 * probability it is ridge regression of the labels on the centred columns, so that the counts
 * suffice. Points of both methods are on one scale.
 */
export function oneStep(
  federated: Pick<Federated, 'openWorkspace' | 'sigmoid'>,
  { rows, counts, withLabel, labels, signs }: CrossCounts,
  lambda: number,
): OneStep {
  const columns = signs.length;
  const mean = labels.reduce((sum, label) => sum + label, 0) / rows;
  const curvature = mean * (1 - mean);
  const total = Float64Array.from(signs, (_, c) => counts[c * columns + c] ?? 0);
  const h = Float64Array.from(counts, (both, at) => {
    const [c, d] = [Math.floor(at / columns), at % columns];
    const centred = both - ((total[c] ?? 0) * (total[d] ?? 0)) / rows;
    return curvature * centred + (c === d ? lambda : 0);
  });
  const gradient = total.map((count, c) => count * mean - (withLabel[c] ?? 0));
  const weights = new Float64Array(columns);
  federated.openWorkspace().quadratic(h, signs).descend(gradient, weights);
  const shift = weights.reduce((sum, weight, c) => sum + (weight * (total[c] ?? 0)) / rows, 0);
  return { weights, intercept: logOdds(federated, labels) - shift };
}
