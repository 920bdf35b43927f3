/** Repeatable chance: the same words give the same numbers on every machine. */
export interface Chance {
  /** At least `low`, less than `high`. */
  uniform(low: number, high: number): number;
  /** A whole number of 0 to `below` - 1. */
  whole(below: number): number;
  normal(spread?: number): number;
  /** True with the given probability. */
  happens(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** Chance of its own for a part, so that more draws there change nothing here. */
  part(...words: readonly (string | number)[]): Chance;
}

/** Values of the normal distribution at evenly spread shares of it, by its tails' symmetry. */
const normals = Float64Array.from({ length: 1 << 15 }, (_, i) =>
  normalQuantile((i + 0.5) / (1 << 15)),
);

/** Inverse of the normal distribution's share below a value, by a rational approximation. */
function normalQuantile(share: number): number {
  // Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23: error below 4.5e-4.
  const t = Math.sqrt(-2 * Math.log(Math.min(share, 1 - share)));
  const top = 2.515517 + 0.802853 * t + 0.010328 * t * t;
  const bottom = 1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3;
  return (share < 0.5 ? -1 : 1) * (t - top / bottom);
}

/** FNV-1a over the words, 32 bits. */
function digest(words: readonly (string | number)[], seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0;
  for (const character of words.join('\u0000')) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash;
}

/** Chance from words, by the small fast counter generator sfc32 (C. Doty-Humphrey, PractRand). */
export function chanceOf(...words: readonly (string | number)[]): Chance {
  let a = digest(words, 1);
  let b = digest(words, 2);
  let c = digest(words, 3);
  let counter = 1;
  function next(): number {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 2 ** 32;
  }
  for (let i = 0; i < 15; i++) next();
  const uniform = (low: number, high: number) => low + (high - low) * next();
  const whole = (below: number) => Math.floor(next() * below);
  return {
    uniform,
    whole,
    normal: (spread = 1) => spread * (normals[Math.floor(next() * normals.length)] as number),
    happens: (probability) => next() < probability,
    pick<T>(from: readonly T[]): T {
      const found = from[whole(from.length)];
      if (found === undefined) throw new Error('nothing to pick from');
      return found;
    },
    part: (...more) => chanceOf(...words, ...more),
  };
}
