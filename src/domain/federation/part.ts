import type { Federated } from '../../core/federated.ts';
import type { ScoreScale } from './decide.ts';
import { commitmentOf, type FederatedModel, type ModelPart, probabilityOf } from './model.ts';
import type { PartModel } from './node.ts';
import type { Federation } from './parties.ts';
import { explainBins } from './scoring.ts';

/** A party's part of the model, ready to score rows that were binned with it. */
export function partModel(part: ModelPart): PartModel {
  return {
    commitment: commitmentOf(part),
    absent: BigInt(part.mean),
    scoreRow: (bins) => explainBins(part, bins),
  };
}

/** What a sum means by the public model; the roster says what stands in for a lost party. */
export function scaleOf(
  federated: Federated,
  model: FederatedModel,
  { roster }: Federation,
): ScoreScale {
  return {
    pdMicros: (score) => probabilityOf(federated, model, score),
    meanOf: (party) => BigInt(roster.nodes.find(({ id }) => id === party)?.meanScore ?? 0),
  };
}
