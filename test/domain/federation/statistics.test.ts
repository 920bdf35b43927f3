import { describe, expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { keyedPieces } from '../../../src/domain/federation/pieces.ts';
import { wordRing } from '../../../src/domain/federation/ring.ts';
import {
  combine,
  correct,
  correctedPieceOf,
  type PieceSource,
  sharingOf,
  sumHeld,
} from '../../../src/domain/federation/sharing.ts';
import { maskInts, maskWords } from '../../../src/domain/federation/training/seeds.ts';
import { bytesOfWords } from '../../../src/domain/federation/word.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const federated = await loadFederated();
const ring = wordRing(federated);
const sharing = sharingOf(3);
const rows = 25_600;
const context = { modelHash: new Uint8Array(32), n: 3, t: 2, rows };

function sourceOf(seed: number): PieceSource {
  const random = seededRandom(seed);
  const keys = new Map<string, Uint8Array>();
  return keyedPieces(federated, { ...context, requestId: random.bytes(16) }, (_, piece) => {
    const key = keys.get(piece.holders.join()) ?? random.bytes(32);
    keys.set(piece.holders.join(), key);
    return key;
  });
}

const constant = (value: bigint) => new BigUint64Array(rows).fill(value);

/** Chi-square of each byte position against the uniform distribution; 255 degrees of freedom. */
function chiSquares(words: BigUint64Array): number[] {
  const bytes = bytesOfWords(words);
  return Array.from({ length: 8 }, (_, place) => {
    const counts = new Float64Array(256);
    for (let at = place; at < bytes.length; at += 8) {
      const value = bytes[at] ?? 0;
      counts[value] = (counts[value] ?? 0) + 1;
    }
    const expected = words.length / 256;
    return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  });
}

/** Exceeded by chance once in ten thousand (p = 1e-4 with 255 degrees of freedom). */
const chiSquareMax = 347.6;
const looksUniform = (words: BigUint64Array) => chiSquares(words).every((x) => x < chiSquareMax);

describe('A3: what travels looks like noise, whatever is inside', () => {
  it.each([0n, 2n ** 40n - 1n, 2n ** 64n - 5n])('a corrected piece of %i', (word) => {
    expect(looksUniform(correct(ring, sharing, 1, constant(word), sourceOf(3)))).toBe(true);
  });

  it('masked scores and residuals of a training', () => {
    const seed = new Uint8Array(32).fill(9);
    expect(looksUniform(maskWords(federated, seed, rows, 'scores', 1))).toBe(true);
    const ints = maskInts(federated, seed, 2 * rows, 'residuals', 1);
    expect(looksUniform(new BigUint64Array(ints.buffer))).toBe(true);
  });

  it('no two pieces, contributors or requests share a mask', () => {
    const seen = [3, 4].flatMap((seed) =>
      [0, 1, 2].flatMap((contributor) =>
        sharing.pieces.map((piece) => sourceOf(seed)(contributor, piece)[0]),
      ),
    );
    expect(new Set(seen).size).toBe(18);
  });
});

describe('A3: broken builds are caught by the same tests', () => {
  it('63 bits of randomness', () => {
    const spoilt: PieceSource = (contributor, piece) =>
      sourceOf(3)(contributor, piece).map((word) => word >> 1n);
    const corrected = correct(ring, sharing, 1, constant(0n), (p, piece) =>
      piece.holders[0] === 0 ? spoilt(p, piece) : constant(0n),
    );
    expect(looksUniform(corrected)).toBe(false);
  });

  it('one mask for all persons', () => {
    const same: PieceSource = (contributor, piece) =>
      constant(sourceOf(3)(contributor, piece)[0] ?? 0n);
    expect(looksUniform(correct(ring, sharing, 1, constant(7n), same))).toBe(false);
  });

  it('no mask at all', () => {
    expect(looksUniform(correct(ring, sharing, 1, constant(7n), () => constant(0n)))).toBe(false);
  });
});

describe('A3: a transcript says nothing', () => {
  it("another word explains a node's view as well, byte for byte", () => {
    const source = sourceOf(5);
    const [observer, contributor] = [2, 0];
    const real = constant(123_456_789n);
    const sent = correct(ring, sharing, contributor, real, source);
    for (const claimed of [0n, 2n ** 63n, 2n ** 40n - 1n]) {
      // The piece that the observer does not hold takes up the difference.
      const simulated: PieceSource = (p, piece) => {
        const words = source(p, piece).slice();
        if (piece.holders.includes(observer)) return words;
        ring.subtract(words, real);
        ring.add(words, constant(claimed));
        return words;
      };
      const view = correct(ring, sharing, contributor, constant(claimed), simulated);
      expect(Buffer.from(bytesOfWords(view)).equals(Buffer.from(bytesOfWords(sent)))).toBe(true);
    }
  });
});

describe('A3: drop-outs give the exact sum of the list or no answer', () => {
  const words = [5n, 70n, 900n].map(constant);
  const source = sourceOf(6);
  const sent = words.map((own, p) => correct(ring, sharing, p, own, source));
  const reportOf = (node: number, contributors: readonly number[], arrived: readonly number[]) => {
    const received = new Map(
      arrived
        .filter((p) => correctedPieceOf(sharing, p).holders.includes(node))
        .map((p) => [p, sent[p] ?? new BigUint64Array()] as const),
    );
    return { node, sums: sumHeld(ring, sharing, node, { contributors, rows, source, received }) };
  };

  it.each([0, 1, 2])('node %i is lost before it sends: the others are summed', (lost) => {
    const list = [0, 1, 2].filter((node) => node !== lost);
    const reports = list.map((node) => reportOf(node, list, list));
    const expected = list.reduce((sum, p) => sum + (words[p]?.[0] ?? 0n), 0n);
    expect(combine(ring, sharing, reports)[0]).toBe(expected);
  });

  it.each([0, 1, 2])('node %i is lost after it sent: all are summed', (lost) => {
    const list = [0, 1, 2];
    const reports = list.filter((node) => node !== lost).map((node) => reportOf(node, list, list));
    expect(combine(ring, sharing, reports)[0]).toBe(975n);
  });

  it.each([0, 1, 2])(
    'a piece of node %i is lost on its way: no report, no wrong number',
    (lost) => {
      const holder = correctedPieceOf(sharing, lost).holders[0] ?? 0;
      const arrived = [0, 1, 2].filter((p) => p !== lost);
      expect(() => reportOf(holder, [0, 1, 2], arrived)).toThrow(
        'a piece of a contributor is missing',
      );
    },
  );

  it.each([0, 1, 2])('node %i reports twice, or nodes sum different lists: refused', (node) => {
    const list = [0, 1, 2];
    const report = reportOf(node, list, list);
    expect(() => combine(ring, sharing, [report, report])).toThrow('twice');
    const other = (node + 1) % 3;
    const fewer = reportOf(other, [0, 1], [0, 1]);
    const answer = () =>
      combine(ring, sharing, [report, fewer, reportOf((node + 2) % 3, list, list)]);
    expect(answer).toThrow('different sums');
  });
});
