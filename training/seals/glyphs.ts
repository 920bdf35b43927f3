import sharp from 'sharp';
import type { Chance } from './random.ts';

/** Signed distance (glyph pixels, inside positive) over the tight box of a character. */
export interface Glyph {
  readonly width: number;
  readonly height: number;
  readonly distance: Float32Array;
}

/** A cut of type: a font of the machine, and what is done to its outlines. */
export interface Typeface {
  readonly name: string;
  readonly family: string;
  readonly weight: number;
  /** Slant in parts of the height, and how far strokes are bent, in parts of the character. */
  readonly slant: number;
  readonly bend: number;
  /** Change of the stroke's half width, in parts of the character. */
  readonly bold: number;
}

const serif = 'Noto Serif CJK SC';
const sans = 'Noto Sans CJK SC';
const face = (name: string, family: string, weight: number, more: Partial<Typeface> = {}) => ({
  name,
  family,
  weight,
  slant: 0,
  bend: 0,
  bold: 0,
  ...more,
});

/** Typefaces of company seals; any two differ visibly. */
export const typefaces: readonly Typeface[] = [
  face('serif', serif, 400),
  face('serif-bold', serif, 700),
  face('sans', sans, 400),
  face('sans-bold', sans, 700),
  face('serif-slant', serif, 400, { slant: 0.12, bold: 0.006 }),
  face('sans-round', sans, 400, { bend: 0.035, bold: 0.01 }),
  face('serif-brush', serif, 700, { bend: 0.05, slant: -0.07 }),
];
/** Bent strokes of even width, as in the script of name seals. */
export const sealScripts: readonly Typeface[] = [
  face('curled', sans, 400, { bend: 0.11, bold: 0.008 }),
  face('curled-bold', sans, 700, { bend: 0.09 }),
  face('curled-thin', sans, 400, { bend: 0.13, bold: -0.006 }),
];
/** Hair strokes: a tenth of a millimetre and less where a seal's characters are small. */
export const hairTypefaces: readonly Typeface[] = [
  face('serif-hair', serif, 400, { bold: -0.007 }),
  face('sans-hair', sans, 400, { bold: -0.019, bend: 0.012 }),
  face('serif-fine', serif, 700, { bold: -0.013, slant: 0.04 }),
];
/** Cuts that only the judging sets use. */
export const unseenTypefaces: readonly Typeface[] = [
  face('sans-narrow', sans, 700, { slant: 0.08, bend: 0.025 }),
  face('serif-heavy', serif, 700, { bold: 0.012, bend: 0.02 }),
  face('serif-light', serif, 400, { bold: -0.004, slant: -0.05, bend: 0.03 }),
  face('sans-plain', sans, 400, { bold: 0.014, slant: -0.06 }),
];

const CELL = 144;
const SIZE = 102;
const PER_ROW = 12;

/** Draws the characters in one typeface. Needs the CJK fonts of Noto. */
async function drawSheet(characters: readonly string[], { family, weight }: Typeface) {
  const rows = Math.ceil(characters.length / PER_ROW);
  const width = PER_ROW * CELL;
  const height = rows * CELL;
  const texts = characters.map((character, i) => {
    const x = (i % PER_ROW) * CELL + 21;
    const y = Math.floor(i / PER_ROW) * CELL + 21 + 0.86 * SIZE;
    const safe = character.replace('&', '&amp;').replace('<', '&lt;');
    return `<text x="${x}" y="${y}">${safe}</text>`;
  });
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/><g font-family="${family}" font-weight="${weight}" font-size="${SIZE}">${texts.join('')}</g></svg>`;
  const { data, info } = await sharp(Buffer.from(svg))
    .greyscale()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { data, width: info.width, channels: info.channels };
}

/** Euclidean distance to the nearest place where `isThere`, by two sweeps of offsets (8SSED). */
function distanceTo(isThere: (i: number) => boolean, width: number, height: number): Float32Array {
  const dx = new Int16Array(width * height).fill(2000);
  const dy = new Int16Array(width * height).fill(2000);
  for (let i = 0; i < dx.length; i++) if (isThere(i)) dx[i] = dy[i] = 0;
  const square = (i: number) => (dx[i] as number) ** 2 + (dy[i] as number) ** 2;
  const look = (i: number, x: number, y: number, ox: number, oy: number) => {
    const [u, v] = [x + ox, y + oy];
    if (u < 0 || v < 0 || u >= width || v >= height) return;
    const j = v * width + u;
    const nx = (dx[j] as number) + Math.abs(ox);
    const ny = (dy[j] as number) + Math.abs(oy);
    if (nx * nx + ny * ny >= square(i)) return;
    dx[i] = nx;
    dy[i] = ny;
  };
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      look(i, x, y, -1, 0);
      look(i, x, y, 0, -1);
      look(i, x, y, -1, -1);
      look(i, x, y, 1, -1);
    }
    for (let x = width - 1; x >= 0; x--) look(y * width + x, x, y, 1, 0);
  }
  for (let y = height - 1; y >= 0; y--) {
    for (let x = width - 1; x >= 0; x--) {
      const i = y * width + x;
      look(i, x, y, 1, 0);
      look(i, x, y, 0, 1);
      look(i, x, y, 1, 1);
      look(i, x, y, -1, 1);
    }
    for (let x = 0; x < width; x++) look(y * width + x, x, y, -1, 0);
  }
  return Float32Array.from(dx, (_, i) => Math.sqrt(square(i)));
}

function glyphOf(ink: Float32Array, side: number, { slant, bend, bold }: Typeface): Glyph {
  // Bending and slanting move where a pixel is read.
  const middle = side / 2;
  const moved = new Float32Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const wave = (2 * Math.PI * 1.15) / SIZE;
      const u = x + slant * (y - middle) + bend * SIZE * Math.sin(wave * (y - middle));
      const v = y + 0.8 * bend * SIZE * Math.sin(wave * (x - middle) + 1);
      const [x0, y0] = [Math.floor(u), Math.floor(v)];
      if (x0 < 0 || y0 < 0 || x0 >= side - 1 || y0 >= side - 1) continue;
      const at = (dx: number, dy: number) => ink[(y0 + dy) * side + x0 + dx] as number;
      const [fx, fy] = [u - x0, v - y0];
      moved[y * side + x] =
        (at(0, 0) * (1 - fx) + at(1, 0) * fx) * (1 - fy) +
        (at(0, 1) * (1 - fx) + at(1, 1) * fx) * fy;
    }
  }
  const outside = distanceTo((i) => (moved[i] as number) > 0.5, side, side);
  const inside = distanceTo((i) => (moved[i] as number) <= 0.5, side, side);
  const distance = (i: number) => {
    // Half a pixel of the outline lies in the pixel's own darkness.
    const sharp = (inside[i] as number) - (outside[i] as number);
    const edge = Math.abs(sharp) <= 1 ? (moved[i] as number) - 0.5 : sharp - 0.5 * Math.sign(sharp);
    return edge + bold * SIZE;
  };
  let [left, top, right, bottom] = [side, side, 0, 0];
  for (let i = 0; i < side * side; i++) {
    if (distance(i) <= 0) continue;
    left = Math.min(left, i % side);
    right = Math.max(right, (i % side) + 1);
    top = Math.min(top, Math.floor(i / side));
    bottom = Math.max(bottom, Math.floor(i / side) + 1);
  }
  if (right <= left) throw new Error('a character has no outline in this font');
  const width = right - left;
  const height = bottom - top;
  const box = Float32Array.from({ length: width * height }, (_, i) =>
    distance((top + Math.floor(i / width)) * side + left + (i % width)),
  );
  return { width, height, distance: box };
}

/** Glyphs of many characters in many typefaces, all drawn at once. */
export interface GlyphBook {
  glyph(character: string, typeface: Typeface): Glyph;
}

interface TypeSheet {
  readonly data: Buffer;
  readonly width: number;
  readonly channels: number;
}

function cutOut({ data, width, channels }: TypeSheet, index: number): Float32Array {
  const x0 = (index % PER_ROW) * CELL;
  const y0 = Math.floor(index / PER_ROW) * CELL;
  return Float32Array.from({ length: CELL * CELL }, (_, i) => {
    const at = (y0 + Math.floor(i / CELL)) * width + x0 + (i % CELL);
    return 1 - (data[at * channels] as number) / 255;
  });
}

/** Outlines are measured when a glyph is first asked for. */
export async function drawGlyphs(
  characters: string,
  faces: readonly Typeface[],
): Promise<GlyphBook> {
  const all = [...new Set(characters)];
  const sheets = new Map<string, TypeSheet>();
  for (const typeface of faces) {
    const key = `${typeface.family} ${typeface.weight}`;
    if (!sheets.has(key)) sheets.set(key, await drawSheet(all, typeface));
  }
  const book = new Map<string, Glyph>();
  return {
    glyph(character, typeface) {
      const key = `${typeface.name} ${character}`;
      const known = book.get(key);
      if (known) return known;
      const sheet = sheets.get(`${typeface.family} ${typeface.weight}`);
      const index = all.indexOf(character);
      if (!sheet || index < 0) throw new Error(`no glyph of ${character} in ${typeface.name}`);
      const made = glyphOf(cutOut(sheet, index), CELL, typeface);
      book.set(key, made);
      return made;
    },
  };
}

/** Another typeface than the given one. */
export function otherTypeface(chance: Chance, faces: readonly Typeface[], { name }: Typeface) {
  return chance.pick(faces.filter((other) => other.name !== name));
}
