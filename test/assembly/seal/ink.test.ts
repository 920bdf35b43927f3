import { expect, test } from 'vitest';
import { sealKernels } from '../../helpers/seal-kernels.ts';
import vectors from '../../vectors/seal/ink.json' with { type: 'json' };

const { call, place, placePlane, plane, bytes } = await sealKernels();
const { width, height } = vectors;
const pixels = width * height;
const PX_PER_MM = 300 / 25.4;

function extract(rgba: readonly number[]) {
  const depth = placePlane(Array.from({ length: pixels + 4 }, () => 0));
  const known = place([], pixels);
  const at = place(rgba);
  // As the vendors do: a picture of two colours is taken as it is, whatever the vendor.
  const bilevel = call('extractBilevel', at, pixels, depth, known);
  const kind =
    bilevel >= 0 ? bilevel : call('extractInk', at, width, height, PX_PER_MM, depth, known);
  return { kind, depth: plane(depth, pixels), known: [...bytes(known, pixels)] };
}

const colour = Array.from({ length: pixels }, (_, i) => [
  ...vectors.rgb.slice(3 * i, 3 * i + 3),
  255,
]).flat();
const grey = vectors.grey.flatMap((value) => [value, value, value, 255]);

test('ink depth of a colour scan agrees with the reference, and print is unknown', () => {
  const { kind, depth, known } = extract(colour);
  expect(kind).toBe(0);
  // The reference blurs with longer tails.
  const worst = Math.max(
    ...depth.map((value, i) => Math.abs(value - (vectors.colourDepth[i] ?? 9))),
  );
  expect(worst).toBeLessThan(0.02);
  expect(known.filter((value, i) => value !== vectors.colourKnown[i]).length).toBeLessThan(6);
});

test('ink depth of a grey scan agrees with the reference', () => {
  const { kind, depth, known } = extract(grey);
  expect(kind).toBe(1);
  const worst = Math.max(...depth.map((value, i) => Math.abs(value - (vectors.greyDepth[i] ?? 9))));
  expect(worst).toBeLessThan(0.02);
  expect(known).toEqual(vectors.greyKnown);
});

test('a picture of two colours is taken as it is, the lighter one as paper', () => {
  const dark = (i: number) => i % 7 === 3;
  const rgba = Array.from({ length: pixels }, (_, i) =>
    dark(i) ? [120, 0, 0, 255] : [200, 210, 200, 255],
  ).flat();
  const { kind, depth, known } = extract(rgba);
  expect(kind).toBe(2);
  expect(depth.every((value, i) => value > 0.8 === dark(i) && (value === 0) !== dark(i))).toBe(
    true,
  );
  expect(known.every((value) => value === 1)).toBe(true);
});

test('a picture of one colour has no ink', () => {
  const { depth } = extract(Array.from({ length: 4 * pixels }, () => 255));
  expect(depth.every((value) => value === 0)).toBe(true);
});

test('translucent pixels lie on white paper', () => {
  const at = place([0, 0, 0, 0, 100, 0, 50, 128, 1, 2, 3, 255]);
  call('flatten', at, 3);
  expect([...bytes(at, 12)]).toEqual([255, 255, 255, 255, 177, 127, 152, 255, 1, 2, 3, 255]);
});

test('edge points of a disc lie on its circle and point outwards', () => {
  const side = 120;
  const pxPerMm = 200 / 25.4;
  const radiusMm = 5;
  const middle = (side - 1) / 2;
  const soft = Array.from({ length: side * side }, (_, i) => {
    const r = Math.hypot((i % side) - middle, Math.floor(i / side) - middle) / pxPerMm;
    return 0.85 / (1 + Math.exp((r - radiusMm) / 0.06));
  });
  const lines = 12_288;
  const points = placePlane(Array.from({ length: 5 * lines }, () => 0));
  const known = placePlane(soft.map(() => 1));
  const count = call('findEdges', placePlane(soft), known, side, side, pxPerMm, points);
  const values = plane(points, 5 * lines);
  // One point per 0.22 mm of circumference, more or less.
  expect(count).toBeGreaterThan(110);
  for (let i = 0; i < count; i++) {
    const [x = 0, y = 0, nx = 0, ny = 0, strength = 0] = [0, 1, 2, 3, 4].map(
      (line) => values[line * lines + i] ?? NaN,
    );
    expect(Math.abs(Math.hypot(x, y) - radiusMm)).toBeLessThan(0.02);
    expect(nx * x + ny * y).toBeGreaterThan(0.98 * Math.hypot(x, y));
    expect(strength).toBeGreaterThan(0.9);
  }
});
