import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { keyedPieces } from '../../../src/domain/federation/pieces.ts';
import { plainRing, wordRing } from '../../../src/domain/federation/ring.ts';
import {
  combine,
  correct,
  correctedPieceOf,
  heldPieces,
  type PieceSource,
  type Report,
  type Sharing,
  sharingOf,
  sumHeld,
} from '../../../src/domain/federation/sharing.ts';
import { decodeWord, encodeWord } from '../../../src/domain/federation/word.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const federated = await loadFederated();
const ring = wordRing(federated);
const schemes = [
  [3, 2],
  [4, 3],
  [5, 4],
  [5, 3],
] as const;

/** Keys of all holders of a piece, drawn once. */
function keys(seed: number): PieceSource {
  const random = seededRandom(seed);
  const known = new Map<string, Uint8Array>();
  const context = {
    requestId: random.bytes(16),
    modelHash: random.bytes(32),
    n: 3,
    t: 2,
    rows: 2,
  };
  return keyedPieces(federated, context, (_, piece) => {
    const name = piece.holders.join();
    const key = known.get(name) ?? random.bytes(32);
    known.set(name, key);
    return key;
  });
}

function reportsOf(
  sharing: Sharing,
  words: readonly BigUint64Array[],
  contributors: readonly number[],
  source: PieceSource,
): Report[] {
  const corrected = words.map((own, p) => correct(ring, sharing, p, own, source));
  return Array.from({ length: sharing.n }, (_, node) => {
    const received = new Map<number, BigUint64Array>();
    for (const p of contributors) {
      const isHolder = correctedPieceOf(sharing, p).holders.includes(node);
      if (isHolder) received.set(p, corrected[p] ?? new BigUint64Array());
    }
    const input = { contributors, rows: 2, source, received };
    return { node, sums: sumHeld(ring, sharing, node, input) };
  });
}

function subsetsOf(count: number): number[][] {
  return Array.from({ length: 2 ** count }, (_, set) =>
    Array.from({ length: count }, (_, i) => i).filter((i) => (set >> i) & 1),
  );
}

const score = fc.bigInt({ min: -(2n ** 40n) + 1n, max: 2n ** 40n - 1n });

describe('A3: share, then sum', () => {
  it.each(schemes)('n = %i, t = %i: exact for every list and every set of reports', (n, t) => {
    const sharing = sharingOf(n, t);
    fc.assert(
      fc.property(fc.array(score, { minLength: 2 * n, maxLength: 2 * n }), (scores) => {
        const at = (p: number, row: number) => scores[2 * p + row] ?? 0n;
        const words = Array.from({ length: n }, (_, p) =>
          BigUint64Array.of(encodeWord(at(p, 0)), encodeWord(at(p, 1))),
        );
        for (const contributors of subsetsOf(n).filter(({ length }) => length >= 2)) {
          const reports = reportsOf(sharing, words, contributors, keys(n));
          for (const nodes of subsetsOf(n).filter(({ length }) => length >= t)) {
            const sums = combine(
              ring,
              sharing,
              nodes.flatMap((node) => reports[node] ?? []),
            );
            const expected = [0, 1].map((row) =>
              contributors.reduce((sum, p) => sum + at(p, row), 0n),
            );
            expect([...sums].map((word) => decodeWord(word).score)).toEqual(expected);
          }
        }
      }),
      { numRuns: n === 5 ? 3 : 10 },
    );
  });

  it('costs 96 bytes a score with three nodes', () => {
    const sharing = sharingOf(3);
    const sent = [0, 1, 2].reduce((sum, p) => sum + correctedPieceOf(sharing, p).holders.length, 0);
    const reported = [0, 1, 2].reduce((sum, node) => sum + heldPieces(sharing, node).length, 0);
    expect(8 * (sent + reported)).toBe(96);
  });

  it('flags of absent rows travel in the same word', () => {
    const words = [
      encodeWord(-(2n ** 40n) + 1n, 'absent'),
      encodeWord(-5n, 'absent-mandatory'),
      encodeWord(-7n, 'absent'),
      encodeWord(2n, 'present'),
    ];
    const sum = BigInt.asUintN(
      64,
      words.reduce((total, word) => total + word, 0n),
    );
    expect(decodeWord(sum)).toEqual({
      score: -(2n ** 40n) - 9n,
      ordinaryAbsent: 2,
      mandatoryAbsent: 1,
    });
    expect(() => encodeWord(2n ** 40n)).toThrow();
  });
});

describe('A3: what the decision service refuses', () => {
  const sharing = sharingOf(3);
  const words = [1n, 2n, 3n].map((value) => BigUint64Array.of(value, value));
  const reports = () => reportsOf(sharing, words, [0, 1, 2], keys(1));
  const codeOf = (work: () => unknown) => {
    try {
      work();
    } catch (error) {
      return error instanceof Error && 'code' in error ? error.code : error;
    }
    return 'accepted';
  };

  it('a false sum of any node in any piece and any bit', () => {
    for (let node = 0; node < 3; node++) {
      for (const which of [0, 1]) {
        for (let bit = 0n; bit < 64n; bit++) {
          const changed = reports();
          const sum = changed[node]?.sums[which]?.words;
          if (sum) sum[1] = (sum[1] ?? 0n) ^ (1n << bit);
          expect(codeOf(() => combine(ring, sharing, changed))).toBe('reports_disagree');
        }
      }
    }
  });

  it('too few, repeated and misplaced reports', () => {
    const [a, b, c] = reports();
    if (!a || !b || !c) throw new Error('unreachable');
    expect(codeOf(() => combine(ring, sharing, [a]))).toBe('reports_missing');
    expect(codeOf(() => combine(ring, sharing, [a, a]))).toBe('message_invalid');
    expect(codeOf(() => combine(ring, sharing, [a, { ...b, node: 2 }]))).toBe('message_invalid');
    expect(codeOf(() => combine(ring, sharing, [a, { node: 1, sums: b.sums.slice(1) }]))).toBe(
      'message_invalid',
    );
    expect(codeOf(() => combine(ring, sharing, [a, b]))).toBe('accepted');
  });

  it('a scheme in which two lists could both be summed', () => {
    for (const [n, t] of [
      [2, 1],
      [6, 5],
      [3, 3],
      [4, 2],
      [5, 2],
    ] as const) {
      expect(codeOf(() => sharingOf(n, t))).toBe('argument_invalid');
    }
  });

  it('a piece that never arrived', () => {
    const input = { contributors: [0, 1], rows: 2, source: keys(1), received: new Map() };
    expect(codeOf(() => sumHeld(plainRing(64), sharing, 2, input))).toBe('message_invalid');
  });
});
