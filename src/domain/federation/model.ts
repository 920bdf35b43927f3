import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Federated, FederationError } from '../../core/federated.ts';
import { canonicalJson, type Json } from '../../lib/canonical-json.ts';
import { type BinnedFeature, binCount } from './features.ts';
import { pointScaleBits } from './word.ts';

export const modelFormat = 'cinnabar-federated-model/1';
export const partFormat = 'cinnabar-federated-part/1';

/** Real figures of a report stand as whole millionths, so that every machine writes the same. */
export type Millionths = number;

/** What all may know of one party's part. */
export interface ModelParty {
  readonly id: string;
  /** Without its row, or without the party, a person decides (rule R2). */
  readonly mandatory: boolean;
  /** Raw columns that its features read. */
  readonly columns: readonly string[];
  readonly features: number;
  /** SHA-256 of the canonical text of its secret part: no other part belongs to this model. */
  readonly commitment: string;
}

/** How good the model is on rows that it was not trained on. */
export interface ModelReport {
  readonly rows: number;
  readonly auc: Millionths;
  readonly ks: Millionths;
  readonly brier: Millionths;
  readonly meanPd: Millionths;
  readonly defaultRate: Millionths;
  /** Pairs of false and true rate. */
  readonly roc: readonly (readonly [Millionths, Millionths])[];
  /** Rows, mean probability, share of defaults; for tenths of the rows. */
  readonly calibration: readonly (readonly [number, Millionths, Millionths])[];
}

/** The public bundle. Limits and points of the bins stay with their parties. */
export interface FederatedModel {
  readonly format: typeof modelFormat;
  readonly version: string;
  readonly method: 'scorecard' | 'gram';
  /** Of the decision: a multiple of 2^-20 that is added to the sum of the partial scores. */
  readonly intercept: number;
  /** logit(probability) = slope * score + offset, both in multiples of 2^-20. */
  readonly calibration: { readonly slope: number; readonly offset: number };
  readonly parties: readonly ModelParty[];
  readonly data: {
    readonly name: string;
    readonly trainingRows: number;
    readonly validationRows: number;
    readonly defaultRate: Millionths;
    /** Columns that no feature reads. */
    readonly protectedColumns: readonly string[];
  };
  readonly training: {
    readonly lambda: number;
    readonly bestRound: number;
    /** Round, mean loss of the training and of the validation in millionths of a nat. */
    readonly history: readonly (readonly [number, Millionths, Millionths])[];
  };
  readonly report: ModelReport;
  /** SHA-256 of the canonical text (RFC 8785) of everything else, in hex. */
  readonly hash: string;
}

/** A feature with its points, and their mean over the training for what explains a score. */
export type ScoredFeature = BinnedFeature & {
  readonly points: readonly number[];
  readonly mean: number;
};

/** What a party keeps for itself. All scores are multiples of 2^-20. */
export interface ModelPart {
  readonly format: typeof partFormat;
  readonly party: string;
  /** Makes the commitment say nothing about a part of few features. Hex. */
  readonly salt: string;
  readonly features: readonly ScoredFeature[];
  /** Mean partial score over the training: stands in where a row is absent. */
  readonly mean: number;
  readonly deviation: number;
}

/** Commitment of a part, in hex. */
export function commitmentOf(part: ModelPart): string {
  return digest(part);
}

export function hashModel(model: Omit<FederatedModel, 'hash'>): FederatedModel {
  return { ...model, hash: digest(model) };
}

function digest(value: object): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value as Json))));
}

/**
 * The probability of default, in millionths, of a sum of partial scores. The same on every host.
 *
 * @param sum multiples of 2^-20, without the intercept
 */
export function probabilityOf(
  { sigmoid }: Pick<Federated, 'sigmoid'>,
  { intercept, calibration }: Pick<FederatedModel, 'intercept' | 'calibration'>,
  sum: bigint,
): Millionths {
  const scale = 2 ** pointScaleBits;
  const score = Number(sum + BigInt(intercept)) / scale;
  const logit = (calibration.slope / scale) * score + calibration.offset / scale;
  return Math.round(1e6 * sigmoid(logit));
}

/** @throws FederationError `model_invalid` when a field is missing, or the hash is of another model */
export function parseModel(value: unknown): FederatedModel {
  const model = value as FederatedModel;
  const isWhole =
    isObject(value) &&
    model.format === modelFormat &&
    Number.isSafeInteger(model.intercept) &&
    isObject(model.calibration) &&
    Number.isSafeInteger(model.calibration.slope) &&
    Number.isSafeInteger(model.calibration.offset) &&
    Array.isArray(model.parties) &&
    model.parties.every(isParty) &&
    isObject(model.data) &&
    isObject(model.training) &&
    isObject(model.report);
  if (!isWhole) throw new FederationError('model_invalid', 'this is no federated model');
  const { hash, ...rest } = model;
  if (hash !== digestOf(rest)) {
    throw new FederationError('model_invalid', 'the hash in the model is not that of the model');
  }
  return model;
}

/**
 * A party's part, checked against the public model.
 *
 * @throws FederationError `model_invalid` when it is malformed or the model commits to another one
 */
export function parsePart(value: unknown, model: Pick<FederatedModel, 'parties'>): ModelPart {
  const part = value as ModelPart;
  const isWhole =
    isObject(value) &&
    part.format === partFormat &&
    typeof part.party === 'string' &&
    Number.isSafeInteger(part.mean) &&
    Number.isSafeInteger(part.deviation) &&
    Array.isArray(part.features) &&
    part.features.every(isFeature);
  if (!isWhole) throw new FederationError('model_invalid', 'this is no part of a federated model');
  const known = model.parties.find(({ id }) => id === part.party);
  if (known?.commitment === digestOf(part)) return part;
  throw new FederationError('model_invalid', 'the model commits to another part');
}

/** Anything that is not JSON has no digest. */
function digestOf(value: object): string | undefined {
  try {
    return digest(value);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function isParty(party: unknown): boolean {
  const { id, mandatory, commitment } = isObject(party)
    ? (party as ModelParty)
    : ({} as ModelParty);
  return (
    typeof id === 'string' &&
    typeof mandatory === 'boolean' &&
    typeof commitment === 'string' &&
    /^[0-9a-f]{64}$/.test(commitment)
  );
}

function isFeature(value: unknown): boolean {
  if (!isObject(value)) return false;
  const feature = value as ScoredFeature;
  const isKnown =
    (feature.kind === 'number' && isEdges(feature.edges)) ||
    (feature.kind === 'category' && Array.isArray(feature.categories)) ||
    (feature.kind === 'pair' && Array.isArray(feature.edges) && feature.edges.every(isEdges));
  return (
    isKnown &&
    typeof feature.name === 'string' &&
    Array.isArray(feature.points) &&
    feature.points.length === binCount(feature) &&
    feature.points.every((points) => Number.isInteger(points) && Math.abs(points) < 2 ** 31)
  );
}

function isEdges(edges: unknown): boolean {
  return Array.isArray(edges) && edges.every((edge) => Number.isFinite(edge));
}
