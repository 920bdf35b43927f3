import type { Federated } from '../../core/federated.ts';

/**
 * Vectors of integers mod 2^bits, one number a person.
 *
 * A parameter of the whole protocol: it runs mod 2^64, and the same code mod 4 is small enough to
 * try out every choice of randomness.
 */
export interface Ring {
  readonly bits: number;
  /** `a[i] += b[i]`, in place. */
  add(a: BigUint64Array, b: BigUint64Array): void;
  /** `a[i] -= b[i]`, in place. */
  subtract(a: BigUint64Array, b: BigUint64Array): void;
}

/** Words of 64 bits in WebAssembly. */
export function wordRing({ add, subtract }: Pick<Federated, 'add' | 'subtract'>): Ring {
  return { bits: 64, add, subtract };
}

/** Any ring up to 64 bits in BigInt. */
export function plainRing(bits: number): Ring {
  return {
    bits,
    add(a, b) {
      for (const [i, value] of b.entries()) a[i] = BigInt.asUintN(bits, (a[i] ?? 0n) + value);
    },
    subtract(a, b) {
      for (const [i, value] of b.entries()) a[i] = BigInt.asUintN(bits, (a[i] ?? 0n) - value);
    },
  };
}
