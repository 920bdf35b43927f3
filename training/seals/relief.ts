// From a plate to its raised surface, 0 to 1, on a sheet that any turn stays on.
import type { Glyph, GlyphBook } from './glyphs.ts';
import { clamp, MASTER, type Plane, plane } from './plane.ts';
import type { Letter, Plate, Shape } from './plate.ts';

/** Paper around the plate, millimetres. */
export const MARGIN = 6;

type Distance = (x: number, y: number) => number;

/** `Math.hypot` takes care of overflow, which costs ten times as much. */
const length = (x: number, y: number) => Math.sqrt(x * x + y * y);

/** Signed distance in millimetres, inside positive. */
function ellipse(rx: number, ry: number): Distance {
  return (x, y) => {
    const k = length(x / rx, y / ry);
    const slope = length(x / (rx * rx), y / (ry * ry));
    return k < 1e-6 ? Math.min(rx, ry) : (k * (1 - k)) / slope;
  };
}

function box(width: number, height: number): Distance {
  return (x, y) => Math.min(width / 2 - Math.abs(x), height / 2 - Math.abs(y));
}

function star(cy: number, radius: number, turn: number): Distance {
  const corners = Array.from({ length: 10 }, (_, k) => {
    const r = k % 2 === 0 ? radius : radius * 0.382;
    const angle = -Math.PI / 2 + turn + (k * Math.PI) / 5;
    return [r * Math.cos(angle), cy + r * Math.sin(angle)] as const;
  });
  return (x, y) => {
    let nearest = Number.POSITIVE_INFINITY;
    let isInside = false;
    corners.forEach(([ax, ay], i) => {
      const [bx, by] = corners[(i + 1) % 10] ?? [0, 0];
      const t = clamp(
        ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2),
      );
      nearest = Math.min(nearest, length(x - ax - t * (bx - ax), y - ay - t * (by - ay)));
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) isInside = !isInside;
    });
    return isInside ? nearest : -nearest;
  };
}

/** Distance of a glyph at (u, v) pixels of its box; far outside beyond it. */
function glyphDistance({ width, height, distance }: Glyph, u: number, v: number): number {
  const x = clamp(u, 0, width - 1.001);
  const y = clamp(v, 0, height - 1.001);
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  const [fx, fy] = [x - x0, y - y0];
  const p = y0 * width + x0;
  const right = width > 1 ? 1 : 0;
  const below = height > 1 ? width : 0;
  const a = distance[p] as number;
  const b = distance[p + right] as number;
  const c = distance[p + below] as number;
  const d = distance[p + below + right] as number;
  const value = (a + fx * (b - a)) * (1 - fy) + (c + fx * (d - c)) * fy;
  return value - length(u - x, v - y);
}

interface Placed {
  readonly distance: Distance;
  readonly reach: number;
}

function placed(letter: Letter, glyph: Glyph, bold: number): Placed {
  const ratio = glyph.width / glyph.height;
  // Narrow and flat characters keep their shape.
  const width = letter.width * (ratio < 0.35 ? Math.max(0.25, ratio * 1.6) : 1);
  const height = letter.height * (ratio > 2.8 ? Math.max(0.2, 1.6 / ratio) : 1);
  const sx = glyph.width / width;
  const sy = glyph.height / height;
  const perMm = Math.sqrt(sx * sy);
  const c = Math.cos(letter.turn);
  const s = Math.sin(letter.turn);
  const { moved } = letter;
  const at = (x: number, y: number) => {
    const u = (c * (x - letter.x) + s * (y - letter.y)) * sx + glyph.width / 2;
    const v = (c * (y - letter.y) - s * (x - letter.x)) * sy + glyph.height / 2;
    if (!moved) return glyphDistance(glyph, u, v) / perMm + bold + letter.bold;
    const limit = moved.from * (moved.isAcross ? glyph.width : glyph.height);
    const along = (p: number, q: number) => (moved.isAcross ? p : q) - limit;
    const [p, q] = [u - moved.dx * sx, v - moved.dy * sy];
    const kept = Math.min(glyphDistance(glyph, u, v), -along(u, v));
    const gone = Math.min(glyphDistance(glyph, p, q), along(p, q));
    return Math.max(kept, gone) / perMm + bold + letter.bold;
  };
  return { distance: at, reach: length(width, height) / 2 + 1.2 };
}

/** Lays a shape on the sheet: the higher of both, or cut out of it. */
function lay(
  sheet: Plane,
  distance: Distance,
  cx: number,
  cy: number,
  reach: number,
  isCut: boolean,
) {
  const { width, height, data } = sheet;
  const x0 = Math.max(0, Math.floor((cx - reach) * MASTER + width / 2));
  const x1 = Math.min(width, Math.ceil((cx + reach) * MASTER + width / 2));
  const y0 = Math.max(0, Math.floor((cy - reach) * MASTER + height / 2));
  const y1 = Math.min(height, Math.ceil((cy + reach) * MASTER + height / 2));
  for (let y = y0; y < y1; y++) {
    const my = (y + 0.5 - height / 2) / MASTER;
    for (let x = x0; x < x1; x++) {
      const mx = (x + 0.5 - width / 2) / MASTER;
      const cover = clamp(distance(mx, my) * MASTER + 0.5);
      const p = y * width + x;
      const before = data[p] as number;
      data[p] = isCut ? before * (1 - cover) : Math.max(before, cover);
    }
  }
}

function layShape(sheet: Plane, shape: Shape, plate: Plate, book: GlyphBook): void {
  const all = Math.max(plate.width, plate.height);
  if (shape.shape === 'letter') {
    const glyph = book.glyph(shape.character, plate.typeface);
    const bold = plate.isNegative ? -plate.bold : plate.bold;
    const { distance, reach } = placed(shape, glyph, bold);
    lay(sheet, distance, shape.x, shape.y, reach, plate.isNegative);
  } else if (shape.shape === 'ring') {
    const outer = ellipse(shape.rx, shape.ry);
    const inner = ellipse(shape.rx - shape.line, shape.ry - shape.line);
    lay(sheet, (x, y) => Math.min(outer(x, y), -inner(x, y)), 0, 0, all, false);
  } else if (shape.shape === 'frame') {
    const outer = box(shape.width, shape.height);
    const inner = box(shape.width - 2 * shape.line, shape.height - 2 * shape.line);
    const hollow: Distance = (x, y) => Math.min(outer(x, y), -inner(x, y));
    lay(sheet, plate.isNegative ? outer : hollow, 0, 0, all, false);
  } else {
    lay(sheet, star(shape.y, shape.radius, shape.turn), 0, shape.y, shape.radius + 0.5, false);
  }
}

export function reliefOf(plate: Plate, book: GlyphBook): Plane {
  const side = Math.ceil((Math.max(plate.width, plate.height) + 2 * MARGIN) * MASTER);
  const sheet = plane(side, side);
  for (const shape of plate.shapes) layShape(sheet, shape, plate, book);
  for (const { x, y, width, length: long, turn } of plate.notches) {
    const c = Math.cos(turn);
    const s = Math.sin(turn);
    const cut = box(long, width);
    const distance: Distance = (px, py) =>
      cut(c * (px - x) + s * (py - y), c * (py - y) - s * (px - x));
    lay(sheet, distance, x, y, long, true);
  }
  return sheet;
}
