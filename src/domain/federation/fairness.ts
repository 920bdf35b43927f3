import { type Metrics, metricsOf } from './metrics.ts';

/** How the model treats the persons of one value of a protected column. */
export interface GroupFairness extends Metrics {
  readonly group: string;
  /** Share of defaults among them. */
  readonly defaultRate: number;
  /** Share whose probability of default is below the limit: who gets a tier that pays. */
  readonly admitted: number;
}

export interface ColumnFairness {
  readonly column: string;
  /** Largest first; groups of fewer than `groupRowsMin` persons are one, named `other`. */
  readonly groups: readonly GroupFairness[];
  /**
   * Lowest share of admitted persons over the highest, of groups that are large enough; 1 is equal.
   * Absent when there is no such group.
   */
  readonly ratio?: number;
}

/** Figures of fewer persons would be chance, and could point at one of them. */
export const groupRowsMin = 100;

/**
 * Compares what a model says of groups with what came true (A10's audit). The columns take no part in
 * any score; they are looked at here and nowhere else, by whoever may hold them beside the outcome.
 *
 * @param probabilities of default, 0 to 1
 * @param pdBelow limit under which somebody is admitted
 */
export function fairnessOf(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  columns: ReadonlyMap<string, readonly string[]>,
  pdBelow: number,
): ColumnFairness[] {
  return [...columns].map(([column, cells]) => {
    const groups = [...rowsByGroup(cells)]
      .map(([group, rows]): GroupFairness => {
        const own = rows.map((row) => probabilities[row] ?? 0);
        const outcomes = rows.map((row) => labels[row] ?? 0);
        return {
          group,
          ...metricsOf(own, outcomes),
          defaultRate: outcomes.reduce((sum, label) => sum + label, 0) / rows.length,
          admitted: own.filter((p) => p < pdBelow).length / rows.length,
        };
      })
      .sort((a, b) => b.rows - a.rows);
    const shares = groups
      .filter(({ rows }) => rows >= groupRowsMin)
      .map(({ admitted }) => admitted);
    return { column, groups, ...(shares.length > 0 ? { ratio: lowestOverHighest(shares) } : {}) };
  });
}

function lowestOverHighest(shares: readonly number[]): number {
  const highest = Math.max(...shares);
  return highest === 0 ? 1 : Math.min(...shares) / highest;
}

function rowsByGroup(cells: readonly string[]): Map<string, number[]> {
  const all = new Map<string, number[]>();
  for (const [row, cell] of cells.entries()) {
    const rows = all.get(cell);
    if (rows) rows.push(row);
    else all.set(cell, [row]);
  }
  const large = new Map([...all].filter(([, rows]) => rows.length >= groupRowsMin));
  const rest = [...all].flatMap(([group, rows]) => (large.has(group) ? [] : rows));
  return rest.length === 0 ? large : large.set('other', rest);
}
