import type { Transform } from '../../client/index.ts';

export interface Point {
  x: number;
  y: number;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export const identityTransform: Transform = [1, 0, 0, 1, 0, 0];

export function apply([a, b, c, d, tx, ty]: Transform, { x, y }: Point): Point {
  return { x: a * x + b * y + tx, y: c * x + d * y + ty };
}

export function determinant([a, b, c, d]: Transform): number {
  return a * d - b * c;
}

export function invert(transform: Transform): Transform {
  const [a, b, c, d, tx, ty] = transform;
  const det = determinant(transform);
  return [d / det, -b / det, -c / det, a / det, (b * ty - d * tx) / det, (c * tx - a * ty) / det];
}

/** First `inner`, then `outer`. */
export function compose(outer: Transform, inner: Transform): Transform {
  const [a, b, c, d, tx, ty] = inner;
  const origin = apply(outer, { x: tx, y: ty });
  return [
    outer[0] * a + outer[1] * c,
    outer[0] * b + outer[1] * d,
    outer[2] * a + outer[3] * c,
    outer[2] * b + outer[3] * d,
    origin.x,
    origin.y,
  ];
}

/** A turn about `centre`, then a shift: what the arrow keys add to the registration. */
export function turnAndShift(degrees: number, shift: Point, centre: Point): Transform {
  const radians = (degrees * Math.PI) / 180;
  const cos = Math.cos(radians);
  const sin = Math.sin(radians);
  return [
    cos,
    -sin,
    sin,
    cos,
    centre.x - cos * centre.x + sin * centre.y + shift.x,
    centre.y - sin * centre.x - cos * centre.y + shift.y,
  ];
}

/** What registration did to the query, in words of a person: how far its middle moved, and so on. */
export interface Readout {
  turnDegrees: number;
  shiftMm: Point;
  scale: number;
}

export function readout(
  transform: Transform,
  query: { widthPx: number; heightPx: number },
  reserved: { widthPx: number; heightPx: number },
  dpi: number,
): Readout {
  const middle = apply(transform, { x: query.widthPx / 2, y: query.heightPx / 2 });
  const mm = (px: number) => (px * 25.4) / dpi;
  return {
    turnDegrees: (Math.atan2(transform[2], transform[0]) * 180) / Math.PI,
    shiftMm: { x: mm(middle.x - reserved.widthPx / 2), y: mm(middle.y - reserved.heightPx / 2) },
    scale: Math.sqrt(Math.abs(determinant(transform))),
  };
}

/** One of nine places, for people who hear the findings instead of seeing them. */
export type Place =
  | 'centre'
  | 'right'
  | 'lower-right'
  | 'bottom'
  | 'lower-left'
  | 'left'
  | 'upper-left'
  | 'top'
  | 'upper-right';

const around: readonly Place[] = [
  'right',
  'lower-right',
  'bottom',
  'lower-left',
  'left',
  'upper-left',
  'top',
  'upper-right',
];

export function placeIn(box: Box, at: Point): Place {
  const x = (at.x - (box.left + box.right) / 2) / (box.right - box.left);
  const y = (at.y - (box.top + box.bottom) / 2) / (box.bottom - box.top);
  if (Math.hypot(x, y) < 0.17) return 'centre';
  const eighth = Math.round(Math.atan2(y, x) / (Math.PI / 4));
  return around[(eighth + 8) % 8] ?? 'centre';
}
