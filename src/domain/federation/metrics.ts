/** How well scores tell those who defaulted from those who did not. */
export interface Metrics {
  readonly rows: number;
  /** Chance that a defaulter scores above another person; ties count half. */
  readonly auc: number;
  /** Largest distance between the two distributions of scores (Kolmogorov and Smirnov). */
  readonly ks: number;
  /** Mean squared distance of probability and outcome. */
  readonly brier: number;
  /** Mean probability of default. */
  readonly meanPd: number;
}

/** A step of the curve: with everyone above a score refused, of the others and of the defaulters. */
export interface RocPoint {
  readonly falseRate: number;
  readonly trueRate: number;
}

/** Persons of neighbouring probabilities. */
export interface CalibrationBin {
  readonly rows: number;
  readonly meanPd: number;
  readonly defaultRate: number;
}

interface Group {
  ones: number;
  zeros: number;
}

/** Counts of both labels for every different score, from the lowest on. */
function groupsOf(scores: ArrayLike<number>, labels: ArrayLike<number>): Group[] {
  const order = Array.from({ length: scores.length }, (_, row) => row).sort(
    (a, b) => (scores[a] ?? 0) - (scores[b] ?? 0),
  );
  const groups: Group[] = [];
  let last = Number.NaN;
  let group: Group = { ones: 0, zeros: 0 };
  for (const row of order) {
    const score = scores[row] ?? 0;
    if (score !== last) {
      group = { ones: 0, zeros: 0 };
      groups.push(group);
      last = score;
    }
    if (labels[row] === 1) group.ones++;
    else group.zeros++;
  }
  return groups;
}

function totalsOf(groups: readonly Group[]): Group {
  return groups.reduce(
    (total, { ones, zeros }) => ({ ones: total.ones + ones, zeros: total.zeros + zeros }),
    { ones: 0, zeros: 0 },
  );
}

/** @param probabilities of default, 0 to 1; `labels` are 1 for a default */
export function metricsOf(probabilities: ArrayLike<number>, labels: ArrayLike<number>): Metrics {
  const rows = labels.length;
  let squares = 0;
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const p = probabilities[row] ?? 0;
    squares += (p - (labels[row] ?? 0)) ** 2;
    sum += p;
  }
  const { auc, ks } = separationOf(probabilities, labels);
  return { rows, auc, ks, brier: squares / rows, meanPd: sum / rows };
}

/** Of any scores that rise with the risk. */
export function separationOf(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
): Pick<Metrics, 'auc' | 'ks'> {
  const groups = groupsOf(scores, labels);
  const total = totalsOf(groups);
  let wins = 0;
  let ks = 0;
  const below = { ones: 0, zeros: 0 };
  for (const { ones, zeros } of groups) {
    wins += ones * (below.zeros + zeros / 2);
    below.ones += ones;
    below.zeros += zeros;
    ks = Math.max(ks, Math.abs(below.ones / total.ones - below.zeros / total.zeros));
  }
  return { auc: wins / (total.ones * total.zeros), ks };
}

/** The curve of true against false alarms, at most `points` steps. */
export function rocOf(
  scores: ArrayLike<number>,
  labels: ArrayLike<number>,
  points = 100,
): RocPoint[] {
  const groups = groupsOf(scores, labels).reverse();
  const total = totalsOf(groups);
  const curve: RocPoint[] = [{ falseRate: 0, trueRate: 0 }];
  const above = { ones: 0, zeros: 0 };
  for (const { ones, zeros } of groups) {
    above.ones += ones;
    above.zeros += zeros;
    const falseRate = above.zeros / total.zeros;
    const isFar = falseRate - (curve.at(-1)?.falseRate ?? 0) >= 1 / points;
    if (isFar) curve.push({ falseRate, trueRate: above.ones / total.ones });
  }
  if ((curve.at(-1)?.falseRate ?? 0) < 1) curve.push({ falseRate: 1, trueRate: 1 });
  return curve;
}

/** Tenths of the persons in the order of their probability. */
export function calibrationOf(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  bins = 10,
): CalibrationBin[] {
  const order = Array.from({ length: labels.length }, (_, row) => row).sort(
    (a, b) => (probabilities[a] ?? 0) - (probabilities[b] ?? 0),
  );
  return Array.from({ length: bins }, (_, bin) => {
    const members = order.slice(
      Math.round((bin * order.length) / bins),
      Math.round(((bin + 1) * order.length) / bins),
    );
    const mean = (of: ArrayLike<number>) =>
      members.reduce((sum, row) => sum + (of[row] ?? 0), 0) / Math.max(1, members.length);
    return { rows: members.length, meanPd: mean(probabilities), defaultRate: mean(labels) };
  });
}
