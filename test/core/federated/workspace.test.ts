import { describe, expect, it } from 'vitest';
import { loadFederated } from '../../../src/core/federated.ts';
import { seededRandom } from '../../helpers/time-and-chance.ts';

const federated = await loadFederated();
const random = seededRandom(5);
const bitsOf = (count: number) => random.bytes(count).map((byte) => byte & 1);
const wordsOf = (count: number) => new Int32Array(random.bytes(4 * count).buffer);

/** Sum over rows of a[r][i] * b[r][j] mod 2^32, in BigInt. */
function crossOracle(a: ArrayLike<number>, m: number, b: ArrayLike<number>, k: number): number[] {
  const rows = a.length / m;
  return Array.from({ length: m * k }, (_, at) => {
    const [i, j] = [Math.floor(at / k), at % k];
    let sum = 0n;
    for (let r = 0; r < rows; r++) sum += BigInt(a[r * m + i] ?? 0) * BigInt(b[r * k + j] ?? 0);
    return Number(BigInt.asIntN(32, sum));
  });
}

describe('A4: masked products are exact', () => {
  it.each([
    [1, 1],
    [9, 5],
    [37, 12],
    [64, 33],
  ])('%i rows, %i columns: X d from masked operands alone', (rows, columns) => {
    const [holder, labels, dealer] = [1, 2, 3].map(() => federated.openWorkspace());
    if (!holder || !labels || !dealer) throw new Error('unreachable');
    const bits = bitsOf(rows * columns);
    const d = wordsOf(rows).map((value) => value >> 16);
    const key = random.bytes(32);
    const b = wordsOf(rows);
    const masks = holder.masks(key, rows, columns);
    const hidden = labels.load(holder.hide(bits, masks), rows, columns);
    const dealt = dealer.transposed(dealer.masks(key, rows, columns), b);
    const shown = d.map((value, r) => value - (b[r] ?? 0));
    const fromLabels = labels.transposed(hidden, d);
    const fromHolder = holder.transposed(masks, shown);
    const sum = fromLabels.map((x, c) => x + (fromHolder[c] ?? 0) + (dealt[c] ?? 0));
    expect([...sum]).toEqual(crossOracle(d, 1, bits, columns));
  });

  it('cross products and counts of bits', () => {
    const workspace = federated.openWorkspace();
    const [rows, m, k] = [131, 6, 9];
    const a = wordsOf(rows * 8);
    const b = wordsOf(rows * 12);
    const trimmed = (words: Int32Array, stride: number, columns: number) =>
      [...words].filter((_, at) => at % stride < columns);
    const product = workspace.cross(workspace.load(a, rows, m), workspace.load(b, rows, k));
    expect([...product]).toEqual(crossOracle(trimmed(a, 8, m), m, trimmed(b, 12, k), k));
    const bits = bitsOf(rows * k);
    expect([...workspace.gram(bits, k)]).toEqual(crossOracle(bits, k, bits, k));
  });

  it('histograms of residuals', () => {
    const bins = random.bytes(500);
    const d = wordsOf(500);
    const expected = new Array<bigint>(256).fill(0n);
    for (const [r, bin] of bins.entries())
      expected[bin] = (expected[bin] ?? 0n) + BigInt(d[r] ?? 0);
    expect([...federated.openWorkspace().histogram(bins, d)]).toEqual(expected);
  });
});

describe('A4: the real functions of training', () => {
  const workspace = federated.openWorkspace();
  const z = BigInt64Array.from({ length: 41 }, (_, i) => BigInt(i - 20) * 2n ** 19n);
  const labels = Uint8Array.from({ length: 41 }, (_, i) => i & 1);
  const line = { slope: 2 ** -20, intercept: 0.25 };

  it('residuals and loss agree with the host to rounding', () => {
    const p = [...z].map((value) => 1 / (1 + Math.exp(-(Number(value) / 2 ** 20 + 0.25))));
    const { values, sum } = workspace.residuals(z, labels, { ...line, scale: 2 ** 15 });
    expect([...values]).toEqual(p.map((q, i) => Math.round((q - (labels[i] ?? 0)) * 2 ** 15)));
    expect(sum).toBe([...values].reduce((total, value) => total + BigInt(value), 0n));
    const losses = p.map((q, i) => -Math.log(labels[i] ? q : 1 - q));
    const mean = losses.reduce((total, loss) => total + loss, 0) / losses.length;
    expect(workspace.logLoss(z, labels, line)).toBeCloseTo(mean, 12);
  });

  it('descent finds the constrained minimum', () => {
    const h = Float64Array.of(2, 1, 0.5, 1, 3, 0.25, 0.5, 0.25, 1);
    const weights = Float64Array.of(0.5, -0.5, 0);
    const g = Float64Array.of(-2, 4, -1);
    const start = weights.slice();
    workspace.quadratic(h, Int8Array.of(1, -1, -1)).descend(g, weights);
    const moved = weights.map((w, i) => w - (start[i] ?? 0));
    const slope = g.map((value, i) =>
      moved.reduce((sum, step, j) => sum + step * (h[3 * i + j] ?? 0), value),
    );
    expect(weights[0]).toBeGreaterThan(0);
    expect(weights[1]).toBeLessThan(0);
    expect(weights[2]).toBe(0);
    expect(slope[0]).toBeCloseTo(0, 5);
    expect(slope[1]).toBeCloseTo(0, 5);
    expect(slope[2]).toBeLessThanOrEqual(0);
  });
});
