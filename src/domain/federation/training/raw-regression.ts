import type { Federated } from '../../../core/federated.ts';
import type { PartyTable } from '../table.ts';
import type { CentralData, Scorer } from './central.ts';

const stepsMax = 25;

/**
 * Textbook logistic regression on raw columns, centred and scaled, by Newton's method with a small
 * ridge. A column that is not all numbers becomes one of zeros and ones for each of its codes.
 *
 * @param isLeftOut columns that may not be used
 */
export function fitRawRegression(
  { sigmoid }: Pick<Federated, 'sigmoid'>,
  { tables, labels, isTraining }: CentralData,
  isLeftOut: (column: string) => boolean,
  lambda = 1,
): Scorer {
  const train = [...labels.keys()].filter((row) => isTraining[row]);
  const encoders = tables.map((table) => encodersOf(table, isLeftOut));
  const encode = (of: readonly PartyTable[]) =>
    of.flatMap((table, index) => (encoders[index] ?? []).map((encoder) => encoder(table)));
  const raw = encode(tables);
  const scales = raw.map((column) => scaleOf(train.map((row) => column[row] ?? 0)));
  const matrix = (columns: readonly Float64Array[]) => [
    ...columns.map((column, c) => {
      const { mean, deviation } = scales[c] ?? { mean: 0, deviation: 1 };
      return column.map((x) => (x - mean) / deviation);
    }),
    new Float64Array(columns[0]?.length ?? 0).fill(1),
  ];
  const x = matrix(raw);
  const weights = new Float64Array(x.length);
  const scoreOf = (columns: readonly Float64Array[], row: number) =>
    columns.reduce((sum, column, c) => sum + (column[row] ?? 0) * (weights[c] ?? 0), 0);

  for (let step = 0; step < stepsMax; step++) {
    const size = x.length;
    const gradient = weights.map((weight, c) => (c === size - 1 ? 0 : lambda * weight));
    const h = Array.from({ length: size }, (_, c) =>
      Float64Array.from({ length: size }, (_, d) => (c === d && c < size - 1 ? lambda : 0)),
    );
    for (const row of train) {
      const p = sigmoid(scoreOf(x, row));
      for (let c = 0; c < size; c++) {
        const value = x[c]?.[row] ?? 0;
        gradient[c] = (gradient[c] ?? 0) + (p - (labels[row] ?? 0)) * value;
        const line = h[c] as Float64Array;
        const weighted = p * (1 - p) * value;
        for (let d = 0; d < size; d++) line[d] = (line[d] ?? 0) + weighted * (x[d]?.[row] ?? 0);
      }
    }
    const change = solve(h, gradient);
    for (const [c, amount] of change.entries()) weights[c] = (weights[c] ?? 0) - amount;
    if (change.every((amount) => Math.abs(amount) < 1e-8)) break;
  }
  return (of) => {
    const columns = matrix(encode(of));
    const rows = columns[0]?.length ?? 0;
    return Float64Array.from({ length: rows }, (_, row) => sigmoid(scoreOf(columns, row)));
  };
}

type Encoder = (table: PartyTable) => Float64Array;

function encodersOf(table: PartyTable, isLeftOut: (column: string) => boolean): Encoder[] {
  return [...table.columns].flatMap(([name, cells]): Encoder[] => {
    if (isLeftOut(name)) return [];
    const cellsOf = (of: PartyTable) => of.columns.get(name) ?? [];
    if (cells.every((cell) => Number.isFinite(Number(cell)))) {
      return [(of) => Float64Array.from(cellsOf(of), Number)];
    }
    return [...new Set(cells)]
      .sort()
      .slice(1)
      .map((code) => (of) => Float64Array.from(cellsOf(of), (cell) => (cell === code ? 1 : 0)));
  });
}

function scaleOf(values: readonly number[]) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance) || 1 };
}

/** Solves h x = g for a positive definite h by elimination. */
function solve(h: Float64Array[], g: Float64Array): Float64Array {
  const size = g.length;
  const x = g.slice();
  for (let c = 0; c < size; c++) {
    const pivot = h[c] as Float64Array;
    for (let r = c + 1; r < size; r++) {
      const line = h[r] as Float64Array;
      const factor = (line[c] ?? 0) / (pivot[c] ?? 1);
      for (let d = c; d < size; d++) line[d] = (line[d] ?? 0) - factor * (pivot[d] ?? 0);
      x[r] = (x[r] ?? 0) - factor * (x[c] ?? 0);
    }
  }
  for (let c = size - 1; c >= 0; c--) {
    const pivot = h[c] as Float64Array;
    for (let d = c + 1; d < size; d++) x[c] = (x[c] ?? 0) - (pivot[d] ?? 0) * (x[d] ?? 0);
    x[c] = (x[c] ?? 0) / (pivot[c] ?? 1);
  }
  return x;
}
