import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Transform } from '../../src/client/index.ts';
import {
  type Coverage,
  coverageOf,
  findDifferences,
  inkBox,
  overlap,
  overlay,
  unite,
  warp,
} from '../../src/console/viewer/compose.ts';
import {
  apply,
  compose,
  identityTransform,
  invert,
  placeIn,
  readout,
  turnAndShift,
} from '../../src/console/viewer/geometry.ts';

/** Rectangles of ink on paper, one pixel a unit. */
function drawn(
  width: number,
  height: number,
  ...boxes: [number, number, number, number][]
): Coverage {
  const ink = new Uint8Array(width * height);
  for (const [left, top, right, bottom] of boxes) {
    for (let y = top; y < bottom; y++) ink.fill(255, y * width + left, y * width + right);
  }
  return { width, height, ink };
}

const turn90: Transform = [0, -1, 1, 0, 100, 0];

const transforms = fc
  .record({
    degrees: fc.double({ min: -180, max: 180, noNaN: true }),
    x: fc.double({ min: -50, max: 50, noNaN: true }),
    y: fc.double({ min: -50, max: 50, noNaN: true }),
  })
  .map(({ degrees, x, y }) => turnAndShift(degrees, { x, y }, { x: 30, y: 40 }));

describe('geometry', () => {
  it('inverts and composes', () => {
    fc.assert(
      fc.property(transforms, transforms, (one, other) => {
        const start = { x: 12, y: -7 };
        const back = apply(invert(one), apply(one, start));
        expect(back.x).toBeCloseTo(start.x, 6);
        expect(back.y).toBeCloseTo(start.y, 6);
        const both = apply(compose(one, other), start);
        const stepwise = apply(one, apply(other, start));
        expect(both.x).toBeCloseTo(stepwise.x, 6);
        expect(both.y).toBeCloseTo(stepwise.y, 6);
      }),
    );
  });

  it('reads turn, shift of the middle and scale from a transform', () => {
    const size = { widthPx: 100, heightPx: 100 };
    expect(readout(turn90, size, size, 254)).toEqual({
      turnDegrees: 90,
      shiftMm: { x: 0, y: 0 },
      scale: 1,
    });
    const larger: Transform = [1.1, 0, 0, 1.1, 10, 0];
    const figures = readout(larger, size, size, 254);
    expect(figures.scale).toBeCloseTo(1.1);
    expect(figures.shiftMm.x).toBeCloseTo(1.5);
  });

  it('names the nine places', () => {
    const box = { left: 0, top: 0, right: 100, bottom: 100 };
    expect(placeIn(box, { x: 50, y: 52 })).toBe('centre');
    expect(placeIn(box, { x: 95, y: 50 })).toBe('right');
    expect(placeIn(box, { x: 10, y: 90 })).toBe('lower-left');
    expect(placeIn(box, { x: 50, y: 5 })).toBe('top');
    expect(placeIn(box, { x: 3, y: 50 })).toBe('left');
  });
});

describe('pictures', () => {
  it('take darkness for ink and transparency for paper', () => {
    const rgba = [0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 127, 127, 127, 255];
    expect([...coverageOf(4, 1, rgba).ink]).toEqual([255, 0, 0, 128]);
  });

  it('land where the transform says, none of them cut off', () => {
    const picture = drawn(100, 100, [10, 20, 30, 24]);
    const frame = unite(inkBox(picture, identityTransform), inkBox(picture, turn90), 5);
    const turned = warp(picture, turn90, frame, 1);
    const box = inkBox(turned, identityTransform);
    // x' = 100 - y, y' = x, from the frame's own corner.
    expect(box.left + frame.left).toBeCloseTo(76.5, 5);
    expect(box.right + frame.left).toBeCloseTo(79.5, 5);
    expect(box.top + frame.top).toBeCloseTo(10.5, 5);
    expect(box.bottom + frame.top).toBeCloseTo(29.5, 5);
    const sum = (one: Coverage) => one.ink.reduce((total, value) => total + value, 0);
    expect(sum(turned) / sum(picture)).toBeCloseTo(1, 2);
  });

  it('overlap wholly with themselves and not at all with what lies elsewhere', () => {
    const one = drawn(50, 50, [5, 5, 20, 20]);
    expect(overlap(one, one)).toBe(1);
    expect(overlap(one, drawn(50, 50, [25, 25, 40, 40]))).toBe(0);
    expect(overlap(drawn(2, 2), drawn(2, 2))).toBe(0);
  });
});

describe('overlay', () => {
  const colours = {
    reserved: [0, 0, 200],
    query: [200, 100, 0],
    agree: [10, 10, 10],
    stage: [255, 255, 255],
  } as const;
  const reserved = drawn(3, 1, [0, 0, 2, 1]);
  const query = drawn(3, 1, [1, 0, 3, 1]);
  const pixel = (rgba: Uint8ClampedArray, at: number) => [...rgba.slice(4 * at, 4 * at + 3)];

  it('shows agreement in ink and the rest in its own colour', () => {
    const rgba = overlay(reserved, query, colours, { hatch: false, queryOpacity: 1 });
    expect([0, 1, 2].map((at) => pixel(rgba, at))).toEqual([
      [0, 0, 200],
      [10, 10, 10],
      [200, 100, 0],
    ]);
  });

  it('leaves the reserved imprint alone when the query is faded out', () => {
    const rgba = overlay(reserved, query, colours, { hatch: false, queryOpacity: 0 });
    expect([0, 1, 2].map((at) => pixel(rgba, at))).toEqual([
      [0, 0, 200],
      [0, 0, 200],
      [255, 255, 255],
    ]);
  });

  it('stripes what only the query has', () => {
    const wide = drawn(16, 1, [0, 0, 16, 1]);
    const rgba = overlay(drawn(16, 1), wide, colours, { hatch: true, queryOpacity: 1 });
    const shades = new Set(Array.from({ length: 16 }, (_, at) => pixel(rgba, at).join()));
    expect(shades.size).toBe(2);
  });
});

describe('findDifferences', () => {
  const dpi = 254;
  const frame = { left: 0, top: 0, right: 200, bottom: 200 };

  it('finds nothing when strokes stray by less than 0.25 mm', () => {
    const one = drawn(200, 200, [20, 20, 180, 40], [20, 60, 180, 80]);
    const other = drawn(200, 200, [22, 21, 182, 41], [22, 61, 182, 81]);
    expect(findDifferences(one, other, frame, dpi)).toEqual([]);
  });

  it('names one finding where a character was replaced, with the area of either side', () => {
    const same: [number, number, number, number] = [20, 20, 180, 30];
    const one = drawn(200, 200, same, [150, 95, 190, 100]);
    const other = drawn(200, 200, same, [167, 80, 172, 115]);
    const [finding, ...others] = findDifferences(one, other, frame, dpi);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ place: 'right' });
    // Each bar less the tolerance around the other, at 10 pixels a millimetre.
    expect(finding?.onlyReservedMm2).toBeCloseTo((40 - 11) * 0.05);
    expect(finding?.onlyQueryMm2).toBeCloseTo((35 - 11) * 0.05);
  });

  it('puts the largest first and stops at six', () => {
    const specks = Array.from({ length: 9 }, (_, index): [number, number, number, number] => [
      10,
      4 + 21 * index,
      20 + 10 * index,
      12 + 21 * index,
    ]);
    const found = findDifferences(drawn(200, 200, ...specks), drawn(200, 200), frame, dpi);
    expect(found).toHaveLength(6);
    const areas = found.map((finding) => finding.onlyReservedMm2);
    expect(areas).toEqual([...areas].sort((a, b) => b - a));
  });

  it('leaves specks alone', () => {
    const one = drawn(200, 200, [20, 20, 180, 40]);
    const other = drawn(200, 200, [20, 20, 180, 40], [100, 100, 103, 103]);
    expect(findDifferences(one, other, frame, dpi)).toEqual([]);
  });
});
