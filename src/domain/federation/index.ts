/** The door `cinnabar/federation`: training, scoring and the protocol between nodes. */
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
