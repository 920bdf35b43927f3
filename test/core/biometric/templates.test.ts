import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  expectedShare,
  featureCount,
  loadBiometric,
  templateBits,
  templateBytes,
} from '../../../src/core/biometric.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const biometric = await loadBiometric();
const random = seededRandom(24745);
const key = () => random.bytes(32);

/** A vector of length 1.4, as face networks give them. */
function features(): number[] {
  const bytes = random.bytes(featureCount);
  const raw = Array.from(bytes, (byte) => byte - 127.5);
  const length = Math.hypot(...raw);
  return raw.map((x) => (1.4 * x) / length);
}

/** Another vector at this distance. */
function near(vector: readonly number[], distance: number): number[] {
  const away = features();
  const length = Math.hypot(...away);
  return vector.map((x, i) => x + (distance * (away[i] ?? 0)) / length);
}

const share = (a: readonly number[], b: readonly number[], k: Uint8Array) =>
  biometric.compare(biometric.protect(a, k), biometric.protect(b, k));

describe('protected templates', () => {
  test('E7: the same features and key give the same template; any bit of either counts', () => {
    const [vector, k] = [features(), key()];
    const template = biometric.protect(vector, k);
    expect(template).toHaveLength(templateBytes);
    expect(biometric.protect(vector, k)).toEqual(template);
    const other = k.slice();
    other[31] = (other[31] ?? 0) ^ 1;
    expect(biometric.compare(template, biometric.protect(vector, other))).toBeGreaterThan(0.44);
  });

  test.each([0.1, 0.2, 0.3, 0.42, 0.6, 0.9])(
    'E7: at a distance of %d as many bits differ as the published formula says',
    (distance) => {
      const measured = Array.from({ length: 40 }, () => {
        const vector = features();
        return share(vector, near(vector, distance), key());
      });
      const mean = measured.reduce((sum, x) => sum + x, 0) / measured.length;
      expect(Math.abs(mean - expectedShare(distance))).toBeLessThan(0.012);
    },
  );

  test('E7: one face under two keys cannot be linked: its templates are as far apart as strangers', () => {
    const measured = Array.from({ length: 60 }, () => {
      const vector = features();
      return biometric.compare(biometric.protect(vector, key()), biometric.protect(vector, key()));
    });
    // Five standard deviations of a fair coin thrown 2,048 times.
    const bound = 5 * Math.sqrt(0.25 / templateBits);
    for (const found of measured) expect(Math.abs(found - 0.5)).toBeLessThan(bound);
  });

  test('E7: comparing counts the bits that differ, whatever they are', () => {
    const bytes = fc.uint8Array({ minLength: templateBytes, maxLength: templateBytes });
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        let count = 0;
        for (let i = 0; i < templateBytes; i++) {
          for (let x = (a[i] ?? 0) ^ (b[i] ?? 0); x > 0; x >>= 1) count += x & 1;
        }
        expect(biometric.compare(a, b)).toBe(count / templateBits);
      }),
      { numRuns: 50 },
    );
  });

  test('E7: refuses what is no vector, no key, no template', () => {
    const good = features();
    for (const wrong of [[], good.slice(1), [...good, 0], good.map(() => 4), good.map(() => NaN)]) {
      expect(() => biometric.protect(wrong, key())).toThrow(RangeError);
    }
    expect(() => biometric.protect(good, new Uint8Array(31))).toThrow(RangeError);
    const template = biometric.protect(good, key());
    expect(() => biometric.compare(template, template.subarray(1))).toThrow(RangeError);
  });
});
