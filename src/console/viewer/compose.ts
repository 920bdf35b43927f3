import type { Transform } from '../../client/index.ts';
import { apply, type Box, invert, type Place, type Point, placeIn } from './geometry.ts';

/** How much ink each pixel holds, 0 to 255, rows from the top. */
export interface Coverage {
  width: number;
  height: number;
  ink: Uint8Array;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** Dark on light, whatever the picture's own depth; transparent pixels are paper. */
export function coverageOf(width: number, height: number, rgba: ArrayLike<number>): Coverage {
  const ink = new Uint8Array(width * height);
  for (let i = 0; i < ink.length; i++) {
    const red = rgba[4 * i] ?? 255;
    const green = rgba[4 * i + 1] ?? 255;
    const blue = rgba[4 * i + 2] ?? 255;
    const alpha = (rgba[4 * i + 3] ?? 0) / 255;
    ink[i] = Math.round((255 - (0.299 * red + 0.587 * green + 0.114 * blue)) * alpha);
  }
  return { width, height, ink };
}

/** The box of all ink after `transform`, so that nothing of either imprint falls off the stage. */
export function inkBox(picture: Coverage, transform: Transform): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      if ((picture.ink[y * picture.width + x] ?? 0) < 128) continue;
      const at = apply(transform, { x: x + 0.5, y: y + 0.5 });
      if (at.x < box.left) box.left = at.x;
      if (at.x > box.right) box.right = at.x;
      if (at.y < box.top) box.top = at.y;
      if (at.y > box.bottom) box.bottom = at.y;
    }
  }
  return box;
}

export function unite(one: Box, other: Box, margin: number): Box {
  return {
    left: Math.floor(Math.min(one.left, other.left) - margin),
    top: Math.floor(Math.min(one.top, other.top) - margin),
    right: Math.ceil(Math.max(one.right, other.right) + margin),
    bottom: Math.ceil(Math.max(one.bottom, other.bottom) + margin),
  };
}

/**
 * Draws `picture` through `transform` on the pixels of `frame`, `scale` times as fine, with linear
 * sampling: the edges of a one-bit picture come out smooth.
 */
export function warp(picture: Coverage, transform: Transform, frame: Box, scale: number): Coverage {
  const width = Math.round((frame.right - frame.left) * scale);
  const height = Math.round((frame.bottom - frame.top) * scale);
  const ink = new Uint8Array(width * height);
  const [a, b, c, d, tx, ty] = invert(transform);
  const source = picture.ink;
  for (let row = 0; row < height; row++) {
    const py = frame.top + (row + 0.5) / scale;
    for (let column = 0; column < width; column++) {
      const px = frame.left + (column + 0.5) / scale;
      const x = a * px + b * py + tx - 0.5;
      const y = c * px + d * py + ty - 0.5;
      const x0 = Math.floor(x);
      const y0 = Math.floor(y);
      if (x0 < 0 || y0 < 0 || x0 + 1 >= picture.width || y0 + 1 >= picture.height) continue;
      const at = y0 * picture.width + x0;
      const fx = x - x0;
      const fy = y - y0;
      const upper = (source[at] ?? 0) * (1 - fx) + (source[at + 1] ?? 0) * fx;
      const lower =
        (source[at + picture.width] ?? 0) * (1 - fx) + (source[at + picture.width + 1] ?? 0) * fx;
      ink[row * width + column] = upper * (1 - fy) + lower * fy;
    }
  }
  return { width, height, ink };
}

/** One imprint in one colour on a transparent ground. */
export function tint(picture: Coverage, colour: Rgb): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(picture.ink.length * 4);
  for (let i = 0; i < picture.ink.length; i++) {
    rgba[4 * i] = colour[0];
    rgba[4 * i + 1] = colour[1];
    rgba[4 * i + 2] = colour[2];
    rgba[4 * i + 3] = picture.ink[i] ?? 0;
  }
  return rgba;
}

export interface OverlayColours {
  reserved: Rgb;
  query: Rgb;
  agree: Rgb;
  stage: Rgb;
}

const hatchPeriod = 8;
const hatchGap = 3;

/**
 * Both imprints in one picture: agreement in ink, what only one of them has in its own colour.
 *
 * `queryOpacity` fades what only the query has, and with it the agreement towards the reserved
 * colour. With `hatch`, query-only ink is striped, so that colour does not stand alone.
 */
export function overlay(
  reserved: Coverage,
  query: Coverage,
  colours: OverlayColours,
  options: { hatch: boolean; queryOpacity: number },
): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(reserved.ink.length * 4);
  for (let i = 0; i < reserved.ink.length; i++) {
    const r = (reserved.ink[i] ?? 0) / 255;
    const q = ((query.ink[i] ?? 0) / 255) * options.queryOpacity;
    const agree = Math.min(r, q);
    const onlyReserved = r - agree;
    let onlyQuery = q - agree;
    if (options.hatch && onlyQuery > 0) {
      const x = i % reserved.width;
      const y = (i - x) / reserved.width;
      if ((x + y) % hatchPeriod < hatchGap) onlyQuery *= 0.38;
    }
    const paper = 1 - agree - onlyReserved - onlyQuery;
    for (let channel = 0; channel < 3; channel++) {
      rgba[4 * i + channel] =
        agree * (colours.agree[channel] ?? 0) +
        onlyReserved * (colours.reserved[channel] ?? 0) +
        onlyQuery * (colours.query[channel] ?? 0) +
        paper * (colours.stage[channel] ?? 0);
    }
    rgba[4 * i + 3] = 255;
  }
  return rgba;
}

/** Ink that both have, as a share of the ink that either has. */
export function overlap(one: Coverage, other: Coverage): number {
  let both = 0;
  let either = 0;
  for (let i = 0; i < one.ink.length; i++) {
    const a = one.ink[i] ?? 0;
    const b = other.ink[i] ?? 0;
    both += Math.min(a, b);
    either += Math.max(a, b);
  }
  return either === 0 ? 0 : both / either;
}

/** A place where one imprint has ink that lies farther from the other than a good print strays. */
export interface Difference {
  at: Point;
  radiusPx: number;
  onlyReservedMm2: number;
  onlyQueryMm2: number;
  place: Place;
}

const toleranceMm = 0.25;
const smallestMm2 = 0.12;
const differencesMax = 6;

/** Spreads ink by `reach` pixels to all sides (a square, rows then columns). */
function spread(mask: Uint8Array, width: number, height: number, reach: number): Uint8Array {
  const across = new Uint8Array(mask.length);
  const out = new Uint8Array(mask.length);
  const pass = (from: Uint8Array, to: Uint8Array, line: number, step: number, count: number) => {
    let since = reach + 1;
    for (let i = 0; i < count; i++) {
      since = from[line + i * step] ? 0 : since + 1;
      if (since <= reach) to[line + i * step] = 1;
    }
    since = reach + 1;
    for (let i = count - 1; i >= 0; i--) {
      since = from[line + i * step] ? 0 : since + 1;
      if (since <= reach) to[line + i * step] = 1;
    }
  };
  for (let y = 0; y < height; y++) pass(mask, across, y * width, 1, width);
  for (let x = 0; x < width; x++) pass(across, out, x, width, height);
  return out;
}

/** The boxes of the 8-connected areas of `mask`; every pixel is visited once, with an own stack. */
function areaBoxes(mask: Uint8Array, width: number, height: number): Box[] {
  const seen = new Uint8Array(mask.length);
  const stack: number[] = [];
  const boxes: Box[] = [];
  for (let start = 0; start < mask.length; start++) {
    if (!mask[start] || seen[start]) continue;
    const box = { left: width, top: height, right: 0, bottom: 0 };
    seen[start] = 1;
    stack.push(start);
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const x = at % width;
      const y = (at - x) / width;
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x + 1);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y + 1);
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const next = ny * width + nx;
          if (!mask[next] || seen[next]) continue;
          seen[next] = 1;
          stack.push(next);
        }
      }
    }
    boxes.push(box);
  }
  return boxes;
}

function countIn(mask: Uint8Array, width: number, box: Box): number {
  let count = 0;
  for (let y = box.top; y < box.bottom; y++) {
    for (let x = box.left; x < box.right; x++) count += mask[y * width + x] ?? 0;
  }
  return count;
}

/** Ink of `mask` that has no ink of `other` within `reach`. */
function strayInk(
  mask: Uint8Array,
  other: Uint8Array,
  width: number,
  height: number,
  reach: number,
) {
  const near = spread(other, width, height, reach);
  return mask.map((value, i) => (value && !near[i] ? 1 : 0));
}

/**
 * The largest places where one imprint has ink and the other has none within 0.25 mm, largest
 * first, at most six. They show where to look; they decide nothing.
 *
 * Both pictures cover `frame`, one pixel a unit.
 */
export function findDifferences(
  reserved: Coverage,
  query: Coverage,
  frame: Box,
  dpi: number,
): Difference[] {
  const { width, height } = reserved;
  const pxPerMm = dpi / 25.4;
  const reach = Math.max(1, Math.round(toleranceMm * pxPerMm));
  const inReserved = reserved.ink.map((value) => (value >= 128 ? 1 : 0));
  const inQuery = query.ink.map((value) => (value >= 128 ? 1 : 0));
  const onlyReserved = strayInk(inReserved, inQuery, width, height, reach);
  const onlyQuery = strayInk(inQuery, inReserved, width, height, reach);
  // Spreading what remains joins the strokes of one character into one finding.
  const either = onlyReserved.map((value, i) => value | (onlyQuery[i] ?? 0));
  const joined = spread(either, width, height, reach);
  return areaBoxes(joined, width, height)
    .map((box) => {
      const at = {
        x: frame.left + (box.left + box.right) / 2,
        y: frame.top + (box.top + box.bottom) / 2,
      };
      return {
        at,
        radiusPx: Math.hypot(box.right - box.left, box.bottom - box.top) / 2,
        onlyReservedMm2: countIn(onlyReserved, width, box) / (pxPerMm * pxPerMm),
        onlyQueryMm2: countIn(onlyQuery, width, box) / (pxPerMm * pxPerMm),
        place: placeIn(frame, at),
      };
    })
    .filter((item) => item.onlyReservedMm2 + item.onlyQueryMm2 >= smallestMm2)
    .sort((a, b) => sumMm2(b) - sumMm2(a))
    .slice(0, differencesMax);
}

function sumMm2(difference: Difference): number {
  return difference.onlyReservedMm2 + difference.onlyQueryMm2;
}
