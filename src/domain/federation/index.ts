import { randomBytes as fresh } from '@noble/hashes/utils.js';
import { loadFederated } from '../../core/federated.ts';
import { type LocalNode, sumLocally } from './local.ts';
import { type FederatedModel, type Millionths, type ModelPart, probabilityOf } from './model.ts';
import { referencePolicy, tierOfPd } from './policy.ts';
import { completenessOf } from './rules.ts';
import type { Tier } from './settings.ts';
import { type PartyTable, pickRows } from './table.ts';
import { type TrainedModel, type TrainingInput, train as trainNodes } from './training/train.ts';
import { decodeWord } from './word.ts';

/** The door `cinnabar/federation`: training, scoring and what goes with them. */
export {
  type Federated,
  FederationError,
  type FederationErrorCode,
  loadFederated,
} from '../../core/federated.ts';
export { type CsvTable, parseCsv } from '../../lib/csv.ts';
export type { Expression } from './expression.ts';
export type { FeaturePlan } from './features.ts';
export { joinTags, pseudonymsOf } from './join.ts';
export { type Metrics, metricsOf, rocOf } from './metrics.ts';
export {
  type FederatedModel,
  type ModelPart,
  type ModelReport,
  parseModel,
  parsePart,
  probabilityOf,
} from './model.ts';
export { planFor, protectedByDefault } from './plans.ts';
export { type PartyTable, tableOf } from './table.ts';
export type { TrainedModel, TrainingInput } from './training/train.ts';

/** Federated training; each party's rows stay in its own node. @throws FederationError */
export async function train(input: TrainingInput): Promise<TrainedModel> {
  return trainNodes(await loadFederated(), input);
}

/** A model with the parties' parts and rows; every row of a table belongs to the same person. */
export interface LocalFederation {
  readonly model: FederatedModel;
  readonly parts: readonly ModelPart[];
  readonly tables: readonly PartyTable[];
}

/** What the decision service would know of a person, by the reference policy. */
export interface LocalScore {
  readonly pid: string;
  readonly probability: Millionths;
  readonly tier: Tier;
  readonly needsReview: boolean;
}

/**
 * Scores persons through nodes in this process, by the arithmetic of the protocol: the sum is exact,
 * and a person without a row at a party counts there as the mean (rule R2).
 *
 * @param pseudonyms as the first party's table names them
 * @throws FederationError
 */
export async function score(
  { model, parts, tables }: LocalFederation,
  pseudonyms: readonly string[],
): Promise<LocalScore[]> {
  const federated = await loadFederated();
  const places = new Map(tables[0]?.pids.map((pid, row) => [pid, row]));
  const rows = pseudonyms.map((pid) => places.get(pid) ?? -1);
  const nodes = parts.map((part, index): LocalNode => {
    const table = tables[index] ?? { pids: [], columns: new Map() };
    return {
      part,
      mandatory: model.parties[index]?.mandatory ?? false,
      table: pickRows(table, rows),
      hasRow: rows.map((row) => table.pids[row] !== undefined),
    };
  });
  const keys = new Map<string, Uint8Array>();
  const modelHash = Uint8Array.from(model.hash.match(/../g) ?? [], (hex) =>
    Number.parseInt(hex, 16),
  );
  const words = sumLocally(federated, nodes, { requestId: fresh(16), modelHash }, (_, piece) => {
    const name = piece.holders.join();
    const key = keys.get(name) ?? fresh(32);
    keys.set(name, key);
    return key;
  });
  return Array.from(words, (word, row) => {
    const content = decodeWord(word);
    const probability = probabilityOf(federated, model, content.score);
    const { bestTier, needsReview } = completenessOf(content, []);
    const tier = Math.max(bestTier, tierOfPd(referencePolicy, probability)) as Tier;
    return { pid: pseudonyms[row] ?? '', probability, tier, needsReview };
  });
}
