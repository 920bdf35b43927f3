import { bytesToHex } from '@noble/hashes/utils.js';
import { binCount } from '../features.ts';
import { type ModelPart, partFormat, type ScoredFeature } from '../model.ts';
import type { TrainedPart, TrainingParty } from './member.ts';
import { deriveKey } from './seeds.ts';

/**
 * A party's part in its final form, with the means over its training rows.
 *
 * A value that was hardly ever missing in the training has no points of its own: it counts like the
 * mean, so that a blank says nothing.
 */
export function sealPart(
  { id, saltKey }: Pick<TrainingParty, 'id' | 'saltKey'>,
  { features, points, bins }: TrainedPart,
): ModelPart {
  const scored = features.map((feature, index): ScoredFeature => {
    const own = [...(points[index] ?? [])];
    const missing = binCount(feature) - 1;
    const present = (bins[index] ?? new Uint8Array()).filter((bin) => bin !== missing);
    const mean = Math.round(
      present.reduce((sum, bin) => sum + (own[bin] ?? 0), 0) / Math.max(1, present.length),
    );
    if (own[missing] === 0) own[missing] = mean;
    return { ...feature, points: own, mean };
  });
  const scores = new Float64Array(bins[0]?.length ?? 0);
  for (const [index, feature] of scored.entries()) {
    for (const [row, bin] of (bins[index] ?? new Uint8Array()).entries()) {
      scores[row] = (scores[row] ?? 0) + (feature.points[bin] ?? 0);
    }
  }
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return {
    format: partFormat,
    party: id,
    salt: bytesToHex(deriveKey(saltKey, 'salt')),
    features: scored,
    mean: Math.round(mean),
    deviation: Math.round(Math.sqrt(variance)),
  };
}
