import { pngFile } from './png-file.ts';

const side = 240;

function drawn(isInk: (x: number, y: number) => boolean): Uint8Array {
  return pngFile({ width: side, height: side, colourType: 2, bitDepth: 8 }, (x, y, channel) =>
    isInk(x - side / 2, y - side / 2) ? ([200, 30, 40][channel] ?? 0) : 255,
  );
}

function onRing(x: number, y: number): boolean {
  const radius = Math.hypot(x, y);
  return radius > 90 && radius < 100;
}

/** A red ring with an upright cross. */
export const ringWithCross = drawn(
  (x, y) => onRing(x, y) || (Math.hypot(x, y) < 60 && (Math.abs(x) < 8 || Math.abs(y) < 8)),
);

/** The same ring with another figure in it. */
export const ringWithSquare = drawn((x, y) => {
  const reach = Math.max(Math.abs(x), Math.abs(y));
  return onRing(x, y) || (reach > 30 && reach < 55);
});

/** White paper. */
export const blankPaper = drawn(() => false);
