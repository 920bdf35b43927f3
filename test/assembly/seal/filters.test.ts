import { expect, test } from 'vitest';
import { sealKernels } from '../../helpers/seal-kernels.ts';
import vectors from '../../vectors/seal/filters.json' with { type: 'json' };

const { call, place, placePlane, placeDoubles, plane, doubles } = await sealKernels();
const { width, height } = vectors;

const input = Array.from({ length: width * height }, (_, i) => {
  const x = i % width;
  const y = Math.floor(i / width);
  return ((7 * x + 13 * y + ((x * y) % 11)) % 17) / 16;
});

function expectNear(found: readonly number[], expected: readonly number[], tolerance = 2e-5) {
  expect(found.length).toBe(expected.length);
  const worst = Math.max(...found.map((value, i) => Math.abs(value - (expected[i] ?? NaN))));
  expect(worst).toBeLessThan(tolerance);
}

test.each(vectors.blur)(
  'Gaussian blur of $sigma pixels agrees with OpenCV',
  ({ sigma, values }) => {
    const from = placePlane(input);
    call('blur', from, from, width, height, sigma);
    expectNear(plane(from, input.length), values);
  },
);

test.each(vectors.box)('means over $size pixels agree with OpenCV', ({ size, values }) => {
  const from = placePlane(input);
  call('box', from, from, width, height, size);
  expectNear(plane(from, input.length), values);
});

test.each([
  [64, 40, 0.47],
  [61, 37, 1.18],
  [9, 30, 2.3],
  [7, 5, 0.8],
])('a picture of %i x %i with little ink is blurred like any other, bit for bit', (w, h, sigma) => {
  const sparse = Array.from({ length: w * h }, (_, i) => {
    const isInk = (i % w) % 23 < 3 && Math.floor(i / w) % 19 < 4;
    return isInk ? ((7 * i) % 17) / 16 : 0;
  });
  const [from, whole, marked] = [placePlane(sparse), placePlane(sparse), placePlane(sparse)];
  call('blur', from, whole, w, h, sigma);
  call('blurInk', from, marked, w, h, sigma);
  expect(plane(marked, w * h)).toEqual(plane(whole, w * h));
  call('blurInk', from, from, w, h, sigma);
  expect(plane(from, w * h)).toEqual(plane(whole, w * h));
});

test.each([3, 9, 31])('means over %i pixels by running sums are those by single ones', (size) => {
  const [running, single] = [placePlane(input), placePlane(input)];
  call('wideBox', running, running, width, height, size);
  call('box', single, single, width, height, size);
  expectNear(plane(running, input.length), plane(single, input.length));
});

test('shrinking averages over areas as OpenCV does', () => {
  const { ratio, width: outWidth, height: outHeight, values } = vectors.shrink;
  const to = placePlane(values.map(() => 0));
  call('resample', placePlane(input), width, height, to, outWidth, outHeight, ratio, 0, 0);
  expectNear(plane(to, values.length), values);
});

test('enlarging a slope keeps the slope', () => {
  const slope = Array.from({ length: 64 }, (_, i) => i % 8);
  const to = placePlane(Array.from({ length: 256 }, () => 0));
  call('resample', placePlane(slope), 8, 8, to, 16, 16, 0.5, 0, 0);
  const row = plane(to, 256).slice(16, 32);
  // Output pixel i lies at i / 2 - 1 / 4 of the input; the ends repeat.
  expectNear(
    row.slice(1, 15),
    Array.from({ length: 14 }, (_, i) => (i + 1) / 2 - 0.25),
  );
});

test.each([
  [2 / 3, 13, 9, 0, 0],
  [2 / 3, 21, 14, -3.4, 2.25],
  [0.5, 7, 6, 4.75, -0.5],
  [1, 8, 5, 0.5, 3],
])(
  'enlarging by %f onto %i x %i pixels from (%f, %f) is linear, its edges repeat',
  (ratio, w, h, x0, y0) => {
    const to = placePlane(Array.from({ length: w * h }, () => 0));
    call('resample', placePlane(input), width, height, to, w, h, ratio, x0, y0);
    const clamped = (i: number, last: number) => Math.max(0, Math.min(last, i));
    const between = (x: number, y: number) => {
      const [u, v] = [Math.floor(x), Math.floor(y)];
      const value = (i: number, j: number) =>
        input[clamped(j, height - 1) * width + clamped(i, width - 1)] ?? NaN;
      const upper = value(u, v) * (1 - x + u) + value(u + 1, v) * (x - u);
      const lower = value(u, v + 1) * (1 - x + u) + value(u + 1, v + 1) * (x - u);
      return upper * (1 - y + v) + lower * (y - v);
    };
    const expected = Array.from({ length: w * h }, (_, i) =>
      between(x0 + ((i % w) + 0.5) * ratio - 0.5, y0 + (Math.floor(i / w) + 0.5) * ratio - 0.5),
    );
    expectNear(plane(to, w * h), expected, 2e-4);
  },
);

test.each(vectors.distance)(
  'distances agree with OpenCV, what lies outside counting: $outside',
  ({ outside, values }) => {
    const mask = place(input.map((value) => (value > 0.3 ? 1 : 0)));
    const to = placePlane(input);
    call('distance', mask, to, width, height, outside ? 1 : 0);
    expectNear(plane(to, input.length), values, 2e-3);
  },
);

test('the spectrum of a product is the correlation of two pictures over all shifts', () => {
  const side = 8;
  const count = side * side;
  const a = Array.from({ length: count }, (_, i) => ((i * 37) % 23) / 23 - 0.5);
  const b = Array.from({ length: count }, (_, i) => ((i * 53 + 7) % 29) / 29 - 0.5);
  const zeros = a.map(() => 0);
  const [aRe, aIm, bRe, bIm] = [placePlane(a), placePlane(zeros), placePlane(b), placePlane(zeros)];
  call('forward', aRe, aIm, side);
  call('forward', bRe, bIm, side);
  const [ar, ai, br, bi] = [aRe, aIm, bRe, bIm].map((at) => plane(at, count));
  const pick = (values: number[] | undefined, i: number) => values?.[i] ?? NaN;
  const re = placePlane(a.map((_, i) => pick(ar, i) * pick(br, i) + pick(ai, i) * pick(bi, i)));
  const im = placePlane(a.map((_, i) => pick(ar, i) * pick(bi, i) - pick(ai, i) * pick(br, i)));
  call('inverse', re, im, side);
  const expected = a.map((_, shift) => {
    const dx = shift % side;
    const dy = Math.floor(shift / side);
    return a.reduce((sum, value, i) => {
      const x = ((i % side) + dx) % side;
      const y = (Math.floor(i / side) + dy) % side;
      return sum + value * pick(b, y * side + x);
    }, 0);
  });
  expectNear(
    plane(re, count).map((value) => value / count),
    expected,
    1e-4,
  );
});

test('a positive definite system is solved', () => {
  const matrix = placeDoubles([4, 0, 0, 1, 3, 0, 0.5, -1, 2]);
  const vector = placeDoubles([4 + 2 + 1.5, 1 + 6 - 3, 0.5 - 2 + 6]);
  call('solve', matrix, vector, 3);
  doubles(vector, 3).forEach((value, i) => {
    expect(value).toBeCloseTo(i + 1, 12);
  });
});

test('a singular system still gives finite numbers', () => {
  const vector = placeDoubles([1, 2]);
  call('solve', placeDoubles([0, 0, 0, 0]), vector, 2);
  expect(doubles(vector, 2).every(Number.isFinite)).toBe(true);
});
