import { FederationError } from '../../core/federated.ts';
import { columnsOf, type Expression, evaluate } from './expression.ts';
import type { PartyTable } from './table.ts';

/** Whether more of it means more risk (1), less (-1), or no one can say (0). */
export type Direction = -1 | 0 | 1;

/** A number, cut into bins at its quantiles, or between its values when they are few. */
export interface NumberPlan {
  readonly kind: 'number';
  readonly name: string;
  readonly value: Expression;
  readonly direction: Direction;
  /** At most; 10 when not given. */
  readonly bins?: number;
  /** Limits that are known beforehand, ascending, instead of quantiles. */
  readonly limits?: readonly number[];
}

/** A column of codes without an order. */
export interface CategoryPlan {
  readonly kind: 'category';
  readonly name: string;
  readonly column: string;
}

/**
 * Two numbers of one party together: a bin for each combination, with points for "both are beyond"
 * and "one of them is beyond" every pair of limits. Each has a direction, so that the points stay
 * monotone in either number.
 */
export interface PairPlan {
  readonly kind: 'pair';
  readonly name: string;
  readonly values: readonly [Expression, Expression];
  readonly directions: readonly [1 | -1, 1 | -1];
  /** At most so many bins of each number, or limits that are known beforehand, ascending. */
  readonly bins: readonly [number | readonly number[], number | readonly number[]];
}

export type FeaturePlan = NumberPlan | CategoryPlan | PairPlan;

/** A plan with the limits that a party found in its own rows. The last bin is for missing values. */
export type BinnedFeature =
  | (NumberPlan & { readonly edges: readonly number[] })
  | (CategoryPlan & { readonly categories: readonly string[] })
  | (PairPlan & { readonly edges: readonly [readonly number[], readonly number[]] });

/** A yes-or-no column of the training: in which bins it is yes, and the sign of its points. */
export interface BinColumn {
  readonly isIn: Uint8Array;
  readonly sign: Direction;
}

const binsMax = 256;
const numberBins = 10;
/** Up to so many different values each gets a bin of its own. */
const distinctMax = 40;

/** Finds the limits of the bins in the first rows of the party's own table; nothing else enters. */
export function fitBins(
  plan: FeaturePlan,
  table: PartyTable,
  rows = table.pids.length,
): BinnedFeature {
  const valuesOf = (value: Expression) => evaluate(value, table).subarray(0, rows);
  if (plan.kind === 'category') {
    const cells = cellsOf(plan.column, table).filter((cell, row) => row < rows && cell !== '');
    const categories = [...new Set(cells)].sort();
    assertBins(plan, categories.length + 1);
    return { ...plan, categories };
  }
  if (plan.kind === 'number') {
    const { limits, bins = numberBins } = plan;
    const edges = limits ?? edgesOf(valuesOf(plan.value), bins, distinctMax);
    assertBins(plan, edges.length + 2);
    return { ...plan, edges };
  }
  const edgesFor = (value: Expression, bins: number | readonly number[]) =>
    typeof bins === 'number' ? edgesOf(valuesOf(value), bins, bins) : bins;
  const edges = [
    edgesFor(plan.values[0], plan.bins[0]),
    edgesFor(plan.values[1], plan.bins[1]),
  ] as const;
  assertBins(plan, (edges[0].length + 1) * (edges[1].length + 1) + 1);
  return { ...plan, edges };
}

/** How many bins a feature has, with the one for missing values. */
export function binCount(feature: BinnedFeature): number {
  if (feature.kind === 'category') return feature.categories.length + 1;
  if (feature.kind === 'number') return feature.edges.length + 2;
  return (feature.edges[0].length + 1) * (feature.edges[1].length + 1) + 1;
}

/** The bin of every row. @throws FederationError `data_invalid` */
export function binsOf(feature: BinnedFeature, table: PartyTable): Uint8Array {
  const missing = binCount(feature) - 1;
  if (feature.kind === 'category') {
    const places = new Map(feature.categories.map((category, bin) => [category, bin]));
    const cells = cellsOf(feature.column, table);
    return Uint8Array.from(cells, (cell) => places.get(cell) ?? missing);
  }
  if (feature.kind === 'number') {
    const { edges } = feature;
    return Uint8Array.from(evaluate(feature.value, table), (x) =>
      Number.isNaN(x) ? missing : edgesBelow(edges, x),
    );
  }
  const [first, second] = feature.values.map((value) => evaluate(value, table));
  const [edges, others] = feature.edges;
  return Uint8Array.from(first ?? [], (x, row) => {
    const y = second?.[row] ?? Number.NaN;
    if (Number.isNaN(x) || Number.isNaN(y)) return missing;
    return edgesBelow(edges, x) * (others.length + 1) + edgesBelow(others, y);
  });
}

/** The raw columns of the party that a feature reads. */
export function sourcesOf(plan: FeaturePlan): string[] {
  if (plan.kind === 'category') return [plan.column];
  if (plan.kind === 'number') return columnsOf(plan.value);
  return plan.values.flatMap(columnsOf);
}

/** Every column that a feature offers to the training. */
export function columnsOfFeature(feature: BinnedFeature): BinColumn[] {
  const count = binCount(feature);
  const column = (sign: Direction, test: (bin: number) => boolean): BinColumn => ({
    sign,
    isIn: Uint8Array.from({ length: count }, (_, bin) => (test(bin) ? 1 : 0)),
  });
  const missing = column(0, (bin) => bin === count - 1);
  if (feature.kind === 'category') {
    return [...feature.categories.map((_, of) => column(0, (bin) => bin === of)), missing];
  }
  if (feature.kind === 'number') {
    const beyond = feature.edges.map((_, edge) =>
      column(feature.direction, (bin) => bin > edge && bin < count - 1),
    );
    return [...beyond, missing];
  }
  const [edges, others] = feature.edges;
  const [da, db] = feature.directions;
  const isRisk = (bin: number, edge: number, direction: number) =>
    direction > 0 ? bin > edge : bin <= edge;
  const width = others.length + 1;
  return edges.flatMap((_, i) =>
    others.flatMap((_, j) => {
      const first = (bin: number) => isRisk(Math.floor(bin / width), i, da);
      const second = (bin: number) => isRisk(bin % width, j, db);
      return [
        column(1, (bin) => bin < count - 1 && first(bin) && second(bin)),
        column(1, (bin) => bin < count - 1 && (first(bin) || second(bin))),
      ];
    }),
  );
}

function cellsOf(column: string, table: PartyTable): readonly string[] {
  const cells = table.columns.get(column);
  if (cells) return cells;
  throw new FederationError('data_invalid', `there is no column ${column}`);
}

function assertBins({ name }: FeaturePlan, count: number): void {
  if (count <= binsMax) return;
  throw new FederationError('data_invalid', `feature ${name} would have ${count} bins`);
}

/** How many edges are below x: a row lies in the bin whose upper edge it does not exceed. */
function edgesBelow(edges: readonly number[], x: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? 0) < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Limits between the values when they are at most `distinct`, else quantiles into `bins`. */
function edgesOf(values: Float64Array, bins: number, distinct: number): number[] {
  const sorted = values.filter((x) => !Number.isNaN(x)).sort();
  const unique = [...new Set(sorted)];
  if (unique.length <= distinct) {
    return unique.slice(1).map((x, i) => ((unique[i] ?? x) + x) / 2);
  }
  const quantile = (share: number) => {
    const place = share * (sorted.length - 1);
    const below = Math.floor(place);
    const low = sorted[below] ?? 0;
    return low + (place - below) * ((sorted[below + 1] ?? low) - low);
  };
  const edges = Array.from({ length: bins - 1 }, (_, i) => quantile((i + 1) / bins));
  return [...new Set(edges)];
}
