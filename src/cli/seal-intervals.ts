/** A figure of a sample, and between what it lies in 95 of 100 samples drawn from this one. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const ROUNDS = 1000;
const TAIL = 0.025;

/** The same whole numbers every time, 0 to `below` - 1, by a 32-bit xorshift (G. Marsaglia, Xorshift RNGs, 2003). */
function drawing(below: number): () => number {
  let state = 0x9e3779b9;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/**
 * Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 13.3) of all figures at
 * once. Whole groups are drawn: imprints of one seal are not independent, they share what makes it easy or hard.
 */
export function intervalsOf<T, Name extends string>(
  groups: readonly (readonly T[])[],
  figuresOf: (members: readonly T[]) => Readonly<Record<Name, number>>,
): Record<Name, Interval> {
  const draw = drawing(groups.length);
  const drawn = Array.from({ length: ROUNDS }, () =>
    figuresOf(groups.flatMap(() => groups[draw()] ?? [])),
  );
  const intervals: Record<string, Interval> = {};
  const figures: Readonly<Record<string, number>> = figuresOf(groups.flat());
  for (const [name, value] of Object.entries(figures)) {
    const ascending = drawn
      .map((figure: Readonly<Record<string, number>>) => figure[name] ?? 0)
      .sort((a, b) => a - b);
    const low = ascending[Math.floor(TAIL * ROUNDS)] ?? value;
    const high = ascending[ROUNDS - 1 - Math.floor(TAIL * ROUNDS)] ?? value;
    intervals[name] = { value, low, high };
  }
  return intervals;
}
