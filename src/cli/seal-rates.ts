/** How well scores tell genuine pairs from forged ones; ties count as accepted forgeries. */
export interface Rates {
  readonly genuine: number;
  readonly forged: number;
  /** Equal error rate: the least that the greater of both kinds of error can be. */
  readonly eer: number;
  /** Share of genuine pairs refused by the threshold that accepts no forgery. */
  readonly frrAtFar0: number;
  /** The same for the threshold that accepts at most one forgery in a hundred. */
  readonly frrAtFar1Percent: number;
  /** Chance that a genuine pair scores above a forged one. */
  readonly auc: number;
}

const share = (count: number, of: number) => (of === 0 ? 0 : count / of);

/** Accepting what scores above `limit`: false accepts and false rejects. */
function errorsAbove(limit: number, genuine: readonly number[], forged: readonly number[]) {
  return {
    far: share(forged.filter((score) => score > limit).length, forged.length),
    frr: share(genuine.filter((score) => score <= limit).length, genuine.length),
  };
}

/** Share of genuine pairs refused by the threshold that accepts at most the share `far` of the forgeries. */
export function frrAtFar(
  far: number,
  genuine: readonly number[],
  forged: readonly number[],
): number {
  const descending = [...forged].sort((a, b) => b - a);
  const limit = descending[Math.floor(far * forged.length)] ?? Number.NEGATIVE_INFINITY;
  return errorsAbove(limit, genuine, forged).frr;
}

/** How many of the ascending values lie at or below `limit`. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The threshold that keeps the greater of false accepts and false rejects least, and that rate: where
 * the curve of a few scores, which is one of steps, crosses the line on which both are equal.
 */
export function equalErrorAt(genuine: readonly number[], forged: readonly number[]) {
  const ascending = (scores: readonly number[]) => [...scores].sort((a, b) => a - b);
  const [mine, theirs] = [ascending(genuine), ascending(forged)];
  let best = { limit: Number.POSITIVE_INFINITY, eer: 1 };
  for (const limit of [Number.NEGATIVE_INFINITY, ...mine, ...theirs]) {
    const far = share(forged.length - countUpTo(theirs, limit), forged.length);
    const frr = share(countUpTo(mine, limit), genuine.length);
    const eer = Math.max(far, frr);
    if (eer < best.eer) best = { limit, eer };
  }
  return best;
}

/** The rank sum of Mann and Whitney: ties count half. */
function areaUnderCurve(genuine: readonly number[], forged: readonly number[]): number {
  const scored = [
    ...genuine.map((score) => ({ score, isGenuine: true })),
    ...forged.map((score) => ({ score, isGenuine: false })),
  ].sort((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let start = 0; start < scored.length; ) {
    let end = start;
    while (scored[end]?.score === scored[start]?.score && end < scored.length) end++;
    const rank = (start + 1 + end) / 2;
    rankSum += rank * scored.slice(start, end).filter(({ isGenuine }) => isGenuine).length;
    start = end;
  }
  const wins = rankSum - (genuine.length * (genuine.length + 1)) / 2;
  return share(wins, genuine.length * forged.length);
}

export function ratesOf(genuine: readonly number[], forged: readonly number[]): Rates {
  return {
    genuine: genuine.length,
    forged: forged.length,
    eer: equalErrorAt(genuine, forged).eer,
    frrAtFar0: frrAtFar(0, genuine, forged),
    frrAtFar1Percent: frrAtFar(0.01, genuine, forged),
    auc: areaUnderCurve(genuine, forged),
  };
}

export function medianOf(values: readonly number[]): number {
  const ascending = [...values].sort((a, b) => a - b);
  const middle = ascending.length / 2;
  const upper = ascending[Math.floor(middle)] ?? 0;
  return Number.isInteger(middle) ? ((ascending[middle - 1] ?? 0) + upper) / 2 : upper;
}
