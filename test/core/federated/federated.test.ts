import { createCipheriv } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FederationError, loadFederated } from '../../../src/core/federated.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const federated = await loadFederated();
const random = seededRandom(11);
const signed = (bits: number) => {
  const bytes = random.bytes(4);
  return new DataView(bytes.buffer).getInt32(0) >> (32 - bits);
};

function dotOracle(x: ArrayLike<number>, w: ArrayLike<number>, columns: number): bigint[] {
  return Array.from({ length: x.length / columns }, (_, row) => {
    let sum = 0n;
    for (let j = 0; j < columns; j++) sum += BigInt(x[row * columns + j] ?? 0) * BigInt(w[j] ?? 0);
    return BigInt.asIntN(64, sum);
  });
}

describe('A3: fixed-point kernels against BigInt', () => {
  it.each([1, 7, 8, 15, 16, 17, 32, 33, 256])('dot products of %i columns', (columns) => {
    const short = Int16Array.from({ length: 13 * columns }, () => signed(16));
    const shortWeights = Int16Array.from({ length: columns }, () => signed(16));
    const long = Int32Array.from({ length: 13 * columns }, () => signed(32));
    const longWeights = Int32Array.from({ length: columns }, () => signed(32));
    expect([...federated.prepare(short, columns).dot(shortWeights)]).toEqual(
      dotOracle(short, shortWeights, columns),
    );
    expect([...federated.prepare(long, columns).dot(longWeights)]).toEqual(
      dotOracle(long, longWeights, columns),
    );
  });

  it('dot products at the ends of the range', () => {
    const rows = new Int16Array(64).fill(-32768);
    const weights = new Int16Array(32).fill(-32768);
    expect([...federated.prepare(rows, 32).dot(weights)]).toEqual(dotOracle(rows, weights, 32));
    const longs = new Int32Array(32).fill(-0x80000000);
    expect([...federated.prepare(longs, 16).dot(longs.slice(16))]).toEqual(
      dotOracle(longs, longs.slice(16), 16),
    );
  });

  it('dot products of rows and weights of every width, at the ends of each', () => {
    const widths = [1, 2, 11, 12, 15, 16, 17, 24, 31, 32];
    for (const featureBits of widths) {
      for (const weightBits of widths) {
        const [low, high] = [-(2 ** (featureBits - 1)), 2 ** (featureBits - 1) - 1];
        const [least, most] = [-(2 ** (weightBits - 1)), 2 ** (weightBits - 1) - 1];
        const rows = Int32Array.from({ length: 3 * 130 }, (_, i) =>
          i < 130 ? low : i < 260 ? high : signed(featureBits),
        );
        for (const weights of [
          new Int32Array(130).fill(least),
          new Int32Array(130).fill(most),
          Int32Array.from({ length: 130 }, () => signed(weightBits)),
        ]) {
          expect([...federated.prepare(rows, 130).dot(weights)]).toEqual(
            dotOracle(rows, weights, 130),
          );
        }
      }
    }
  });

  it.each([1, 15, 16, 63, 64, 65, 256])(
    'narrow dot products of %i columns, at the bound and one beyond',
    (columns) => {
      for (const [feature, weight] of [
        [8191, 16_385],
        [-8191, 16_385],
        [8192, -16_384],
        [8192, 16_384],
        [2 ** 27 - 1, 1],
      ] as const) {
        const rows = new Int32Array(3 * columns).fill(feature);
        const weights = new Int32Array(columns).fill(weight);
        expect([...federated.prepare(rows, columns).dot(weights)]).toEqual(
          dotOracle(rows, weights, columns),
        );
      }
    },
  );

  it.each([1, 3, 4, 5, 30])('the scorecard of %i features', (features) => {
    const bins = Uint8Array.from({ length: 50 * features }, () => signed(8) & 255);
    const points = Int32Array.from({ length: 256 * features }, () => signed(32));
    const oracle = Array.from({ length: 50 }, (_, row) => {
      let sum = 0n;
      for (let j = 0; j < features; j++) {
        sum += BigInt(points[256 * j + (bins[row * features + j] ?? 0)] ?? 0);
      }
      return sum;
    });
    expect([...federated.prepareBins(bins, features).score(points)]).toEqual(oracle);
  });

  it('sums and differences of words', () => {
    const words = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(fc.array(fc.tuple(words, words), { maxLength: 9 }), (pairs) => {
        const a = BigUint64Array.from(pairs, ([x]) => x);
        const b = BigUint64Array.from(pairs, ([, y]) => y);
        federated.add(a, b);
        expect([...a]).toEqual(pairs.map(([x, y]) => BigInt.asUintN(64, x + y)));
        federated.subtract(a, b);
        expect([...a]).toEqual(pairs.map(([x]) => x));
      }),
    );
  });

  it('refuses what does not fit together', () => {
    expect(() => federated.prepare(new Int16Array(5), 2)).toThrow(FederationError);
    expect(() => federated.prepareBins(new Uint8Array(4), 2).score(new Int32Array(3))).toThrow();
    expect(() => federated.add(new BigUint64Array(2), new BigUint64Array(3))).toThrow();
    expect(() => federated.keystream(new Uint8Array(31), new Uint8Array(12), 1)).toThrow();
  });
});

describe('A3: the keystream', () => {
  it('is that of RFC 8439 §2.4.2', () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x4a, 0, 0, 0, 0);
    const words = federated.keystream(key, nonce, 16);
    const bytes = Buffer.from(words.buffer).subarray(64, 96).toString('hex');
    expect(bytes).toBe('224f51f3401bd9e12fde276fb8631ded8c131f823d2c06e27e4fcaec9ef3cf78');
  });

  it.each([1, 31, 32, 33, 1000])('is that of OpenSSL for %i words', (count) => {
    const key = random.bytes(32);
    const nonce = random.bytes(12);
    const iv = Buffer.concat([Buffer.alloc(4), nonce]);
    const expected = createCipheriv('chacha20', key, iv).update(Buffer.alloc(8 * count));
    const words = federated.keystream(key, nonce, count);
    expect(Buffer.from(words.buffer).equals(expected)).toBe(true);
  });
});
