import type { Federated, Quadratic, Workspace } from '../../../core/federated.ts';
import { FederationError } from '../../../core/federated.ts';
import {
  type BinnedFeature,
  binCount,
  binsOf,
  columnsOfFeature,
  type Direction,
  type FeaturePlan,
  fitBins,
} from '../features.ts';
import { type PartyTable, pickRows } from '../table.ts';
import { pointScaleBits } from '../word.ts';
import type { BlockOptions, Persons, TrainedPart } from './member.ts';

/** A column needs so many training rows on either side, or its gradient would tell of few persons. */
export const rowsPerColumnMin = 30;

const binsPerFeature = 256;
const scale = 2 ** pointScaleBits;
/** Weights are kept below this, so that points of a bin stay below 2^31 in fixed point. */
const weightMax = 64;

/**
 * One party's part of the model while it is trained, in the party's own memory: its features, cut
 * into bins; the columns made of them; and their weights.
 */
export interface Block {
  readonly features: readonly BinnedFeature[];
  /** For every feature, the bins of the rows of the training. */
  readonly bins: readonly Uint8Array[];
  readonly weights: Float64Array;
  /** Columns, as bits row by row, of the training rows. */
  readonly bits: Uint8Array;
  readonly columns: number;
  /** The sign that each column's weight may have; 0 for either. */
  readonly signs: Int8Array;
  /** For every two columns, in how many rows of the training both are 1. */
  readonly counts: Int32Array;
  /** Points of every bin of every feature, 256 a feature, in multiples of 2^-20. */
  points(): Int32Array;
  /** Scores of all rows, those of the training first, then those of the validation. */
  scores(): BigInt64Array<ArrayBuffer>;
  /** Moves the weights, given the columns' sums of residuals in multiples of 2^-bits. */
  advance(gradient: Int32Array, bits: number): void;
  /** The sums of residuals of its own columns, when the party holds the residuals. */
  gradientOf(residuals: Int32Array): Int32Array;
}

interface Column {
  readonly feature: number;
  readonly isIn: Uint8Array;
  readonly sign: Direction;
}

export function createBlock(
  federated: Federated,
  input: {
    readonly plan: readonly FeaturePlan[];
    readonly table: PartyTable;
    readonly persons: Persons;
  },
  options: BlockOptions,
): Block {
  const { plan } = input;
  const { train, validation } = input.persons;
  const all = pickRows(input.table, [...train, ...validation]);
  const features = plan.map((feature) => fitBins(feature, all, train.length));
  const allBins = features.map((feature) => binsOf(feature, all));
  const bins = allBins.map((own) => own.subarray(0, train.length));
  const columns = usableColumns(features, bins);
  if (columns.length === 0) {
    throw new FederationError('data_invalid', 'a party has no column that can be trained');
  }
  const bits = bitsOf(columns, bins, train.length);
  const workspace = federated.openWorkspace();
  const signs = Int8Array.from(columns, ({ sign }) => sign);
  const counts = workspace.gram(bits, columns.length);
  let quadratic: Quadratic | undefined;
  const prepared = federated.prepareBins(rowMajor(allBins, all.pids.length), features.length);
  const weights = new Float64Array(columns.length);

  const points = () => pointsOf(features, columns, weights);
  return {
    features,
    bins,
    weights,
    bits,
    columns: columns.length,
    signs,
    counts,
    points,
    scores: () => prepared.score(points()),
    advance(gradient, scaleBits) {
      const slope = weights.map(
        (weight, c) => (gradient[c] ?? 0) / 2 ** scaleBits + options.lambda * weight,
      );
      quadratic ??= curvature(workspace, counts, signs, options);
      quadratic.descend(slope, weights);
      assertBounded(weights);
    },
    gradientOf(residuals) {
      const sums = bins.map((own) => workspace.histogram(own, residuals));
      return Int32Array.from(columns, ({ feature, isIn }) =>
        isIn.reduce((sum, isOne, bin) => sum + isOne * Number(sums[feature]?.[bin] ?? 0n), 0),
      );
    },
  };
}

/** Columns that are yes, and no, for enough persons each. */
function usableColumns(features: readonly BinnedFeature[], bins: readonly Uint8Array[]): Column[] {
  const rows = bins[0]?.length ?? 0;
  return features.flatMap((feature, index) => {
    const counts = new Uint32Array(binsPerFeature);
    for (const bin of bins[index] ?? []) counts[bin] = (counts[bin] ?? 0) + 1;
    return columnsOfFeature(feature)
      .map((column) => ({ feature: index, ...column }))
      .filter(({ isIn }) => {
        const yes = isIn.reduce((sum, isOne, bin) => sum + isOne * (counts[bin] ?? 0), 0);
        return yes >= rowsPerColumnMin && yes <= rows - rowsPerColumnMin;
      });
  });
}

function bitsOf(columns: readonly Column[], bins: readonly Uint8Array[], rows: number) {
  const bits = new Uint8Array(rows * columns.length);
  for (const [c, { feature, isIn }] of columns.entries()) {
    const own = bins[feature] ?? new Uint8Array();
    for (let row = 0, at = c; row < rows; row++, at += columns.length) {
      bits[at] = isIn[own[row] ?? 0] ?? 0;
    }
  }
  return bits;
}

/** (X'X / 4 + lambda I) / step: an upper bound of the curvature of the log likelihood. */
function curvature(
  workspace: Workspace,
  counts: Int32Array,
  signs: Int8Array,
  { lambda, step }: BlockOptions,
): Quadratic {
  const columns = signs.length;
  const h = Float64Array.from(counts, (both) => both / 4 / step);
  for (let c = 0; c < columns; c++) h[c * columns + c] = (h[c * columns + c] ?? 0) + lambda / step;
  return workspace.quadratic(h, signs);
}

/** @throws FederationError `training_failed` when a weight has no place in fixed point */
export function assertBounded(weights: Float64Array): void {
  if (weights.every((weight) => Math.abs(weight) < weightMax)) return;
  throw new FederationError('training_failed', 'the weights grow without bound');
}

function rowMajor(bins: readonly Uint8Array[], rows: number): Uint8Array {
  const matrix = new Uint8Array(rows * bins.length);
  for (const [feature, own] of bins.entries()) {
    for (let row = 0; row < rows; row++) matrix[row * bins.length + feature] = own[row] ?? 0;
  }
  return matrix;
}

/**
 * Each weight is rounded once; the points of a bin are the sum of the rounded weights of its
 * columns, so scores by bins and scores by columns are the same integers.
 */
function pointsOf(
  features: readonly BinnedFeature[],
  columns: readonly Column[],
  weights: Float64Array,
): Int32Array {
  const points = new Int32Array(binsPerFeature * features.length);
  for (const [c, { feature, isIn }] of columns.entries()) {
    const weight = Math.round((weights[c] ?? 0) * scale);
    for (const [bin, isOne] of isIn.entries()) {
      const at = binsPerFeature * feature + bin;
      points[at] = (points[at] ?? 0) + isOne * weight;
    }
  }
  return points;
}

/** What the party keeps: limits and points of each feature, and its bins to take means of. */
export function partOf(block: Block): TrainedPart {
  const all = block.points();
  const points = block.features.map((feature, index) => {
    const from = binsPerFeature * index;
    return [...all.subarray(from, from + binCount(feature))];
  });
  return { features: block.features, points, bins: block.bins };
}
