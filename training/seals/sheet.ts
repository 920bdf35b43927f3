// The sheet of paper: its own colour and pattern, what is printed and written on it, and the ink.
import type { GlyphBook } from './glyphs.ts';
import { typefaces } from './glyphs.ts';
import { isWide, type Physics } from './inking.ts';
import { blurred, clamp, MASTER, type Plane, plane, smoothNoise } from './plane.ts';
import type { Chance } from './random.ts';

import { printWords } from './words.ts';

/** Red, green, blue; 0 to 255. */
export type Colour = readonly [number, number, number];
export type Picture = readonly [Plane, Plane, Plane];

const reds: readonly Colour[] = [
  [198, 32, 38],
  [205, 40, 52],
  [185, 22, 40],
  [214, 56, 48],
  [190, 40, 60],
  [176, 30, 30],
];
const others: readonly Colour[] = [
  [48, 60, 160],
  [40, 90, 180],
  [110, 40, 140],
  [140, 30, 110],
  [35, 35, 45],
  [60, 50, 60],
];

export interface Pad {
  readonly colour: Colour;
  readonly name: 'red' | 'other';
}

export function padOf(chance: Chance, shareOfOthers: number): Pad {
  const isOther = chance.happens(shareOfOthers);
  const [r, g, b] = chance.pick(isOther ? others : reds);
  const near = (value: number) => clamp(value + chance.normal(4), 5, 250);
  return { colour: [near(r), near(g), near(b)], name: isOther ? 'other' : 'red' };
}

function paper(chance: Chance, width: number, height: number, isClean: boolean): Picture {
  const tint = chance.uniform(0, isClean ? 3 : 16);
  const fine = smoothNoise(chance, width, height, 0.25 * MASTER);
  const wide = smoothNoise(chance, width, height, 3 * MASTER);
  const a = isClean ? 0.6 : chance.uniform(0.8, 2.2);
  const b = isClean ? 0.4 : chance.uniform(0.4, 2);
  const hasPattern = !isClean && chance.happens(0.25);
  const weave: Colour = chance.pick([
    [28, 10, 8],
    [10, 16, 30],
    [12, 26, 16],
  ]);
  const angle = chance.uniform(0, Math.PI);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const lines = plane(width, height);
  if (hasPattern) {
    for (let i = 0; i < lines.data.length; i++) {
      const [x, y] = [i % width, Math.floor(i / width)];
      const bend = 0.9 * MASTER * Math.sin((x * s - y * c) / (2.3 * MASTER));
      lines.data[i] =
        clamp(Math.sin(((x * c + y * s + bend) * 2 * Math.PI) / (1.1 * MASTER)) - 0.55) * 1.6;
    }
  }
  const channel = (bare: number, share: number, depth: number): Plane => {
    const out = plane(width, height);
    for (let i = 0; i < out.data.length; i++) {
      const grain = a * (fine.data[i] as number) + b * (wide.data[i] as number);
      out.data[i] = clamp(bare - tint * share + grain - depth * (lines.data[i] as number), 0, 255);
    }
    return out;
  };
  return [channel(250, 0.4, weave[0]), channel(249, 0.5, weave[1]), channel(246, 1, weave[2])];
}

/** Multiplies a colour into the sheet where `cover` is 1. */
export function tintWith(sheet: Picture, cover: Plane, colour: Colour): void {
  sheet.forEach((channel, c) => {
    const through = (colour[c] as number) / 255;
    for (let i = 0; i < channel.data.length; i++) {
      channel.data[i] =
        (channel.data[i] as number) * (1 - (cover.data[i] as number) * (1 - through));
    }
  });
}

const length = (x: number, y: number) => Math.sqrt(x * x + y * y);

function stroke(cover: Plane, x0: number, y0: number, x1: number, y1: number, line: number): void {
  const { width, height, data } = cover;
  const steps = Math.max(1, Math.ceil(length(x1 - x0, y1 - y0)));
  const reach = Math.ceil(line / 2 + 1);
  for (let k = 0; k <= steps; k++) {
    const cx = x0 + ((x1 - x0) * k) / steps;
    const cy = y0 + ((y1 - y0) * k) / steps;
    for (let y = Math.max(0, Math.floor(cy - reach)); y <= Math.min(height - 1, cy + reach); y++) {
      for (let x = Math.max(0, Math.floor(cx - reach)); x <= Math.min(width - 1, cx + reach); x++) {
        const there = clamp(line / 2 - length(x - cx, y - cy) + 0.5);
        const p = y * width + x;
        if (there > (data[p] as number)) data[p] = there;
      }
    }
  }
}

function printText(chance: Chance, cover: Plane, book: GlyphBook, lines: number): void {
  const size = chance.uniform(2.6, 4.2) * MASTER;
  const typeface = chance.pick(typefaces.slice(0, 3));
  let top = chance.uniform(0.15, 0.5) * cover.height;
  for (let line = 0; line < lines; line++) {
    let left = chance.uniform(-0.1, 0.25) * cover.width;
    for (let k = 6 + chance.whole(10); k > 0; k--) {
      const glyph = book.glyph(chance.pick([...printWords]), typeface);
      const ratio = 112 / size;
      for (let y = 0; y < glyph.height / ratio; y++) {
        for (let x = 0; x < glyph.width / ratio; x++) {
          const u = Math.min(glyph.width - 1, Math.round(x * ratio));
          const v = Math.min(glyph.height - 1, Math.round(y * ratio));
          const [px, py] = [Math.round(left + x), Math.round(top + y)];
          if (px < 0 || py < 0 || px >= cover.width || py >= cover.height) continue;
          const value = clamp((glyph.distance[v * glyph.width + u] as number) / ratio + 0.5);
          const p = py * cover.width + px;
          cover.data[p] = Math.max(cover.data[p] as number, value);
        }
      }
      left += size * 1.08;
    }
    top += size * 1.7;
  }
}

function sign(chance: Chance, cover: Plane): void {
  const phase = [0, 1, 2, 3].map(() => chance.uniform(0, 2 * Math.PI));
  const [p0 = 0, p1 = 0, p2 = 0, p3 = 0] = phase;
  const waves = 7 + chance.whole(7);
  const line = chance.uniform(0.25, 0.55) * MASTER;
  const drift = chance.uniform(-0.2, 0.2);
  let [x0, y0] = [0, 0];
  for (let i = 0; i <= 240; i++) {
    const t = i / 240;
    const turn = 2 * Math.PI * waves * t;
    const x =
      (0.15 + 0.6 * t + 0.06 * Math.sin(0.35 * turn + p0) + 0.03 * Math.sin(0.8 * turn + p1)) *
      cover.width;
    const swing =
      0.12 * (1 - 0.5 * t) * Math.sin(0.42 * turn + p2) + 0.06 * Math.sin(0.9 * turn + p3);
    const y = (0.5 + swing + drift * (t - 0.5)) * cover.height;
    if (i > 0) stroke(cover, x0, y0, x, y, line);
    [x0, y0] = [x, y];
  }
}

/** What is printed and written over and under the imprint; names what it put there. */
function overlay(chance: Chance, sheet: Picture, book: GlyphBook, level: number, redShare: number) {
  const [{ width, height }] = sheet;
  const used: string[] = [];
  const add = (name: string, colour: Colour, draw: (cover: Plane) => void) => {
    const cover = plane(width, height);
    draw(cover);
    tintWith(sheet, blurred(cover, 0.6), colour);
    used.push(name);
  };
  const dark = (): Colour => [
    chance.uniform(15, 60),
    chance.uniform(15, 60),
    chance.uniform(15, 60),
  ];
  if (level > 0 && chance.happens(0.75)) {
    add('text', dark(), (cover) => printText(chance, cover, book, 1 + chance.whole(level + 1)));
  }
  if (level > 0 && chance.happens(0.5)) {
    add(
      'lines',
      chance.pick<Colour>([
        [40, 40, 40],
        [90, 90, 100],
        [70, 90, 150],
      ]),
      (cover) => {
        for (let k = 1 + chance.whole(level); k > 0; k--) {
          const isFlat = chance.happens(0.7);
          const at = chance.uniform(0.1, 0.9) * width;
          const line = chance.uniform(0.12, 0.3) * MASTER;
          if (isFlat) stroke(cover, 0, at, width, at + chance.uniform(-3, 3), line);
          else stroke(cover, at, 0, at, height, line);
        }
      },
    );
  }
  if (level >= 2 && chance.happens(0.45)) {
    add(
      'signature',
      chance.pick<Colour>([
        [20, 20, 25],
        [25, 35, 110],
      ]),
      (cover) => sign(chance, cover),
    );
  }
  if (level >= 1 && chance.happens(redShare)) {
    add('red', chance.pick(reds), (cover) => {
      if (chance.happens(0.4)) return sign(chance, cover);
      const [cx, cy] = [chance.uniform(-0.1, 1.1) * width, chance.uniform(-0.1, 1.1) * height];
      const radius = chance.uniform(12, 21) * MASTER;
      for (let k = 0; k < 90; k++) {
        const [a, b] = [(2 * Math.PI * k) / 90, (2 * Math.PI * (k + 1)) / 90];
        const at = (angle: number) =>
          [cx + radius * Math.cos(angle), cy + radius * Math.sin(angle)] as const;
        const [[ax, ay], [bx, by]] = [at(a), at(b)];
        if (ax > -20 && ay > -20 && ax < width + 20 && ay < height + 20)
          stroke(cover, ax, ay, bx, by, MASTER);
      }
      return undefined;
    });
  }
  return used;
}

/** Folds: a dark and a light line side by side, where ink is thin. */
function fold(chance: Chance, sheet: Picture): void {
  const [{ width, height }] = sheet;
  const angle = chance.uniform(0, Math.PI);
  const at = chance.uniform(-0.25, 0.25) * width;
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  for (const channel of sheet) {
    for (let i = 0; i < channel.data.length; i++) {
      const x = (i % width) - width / 2;
      const y = Math.floor(i / width) - height / 2;
      const d = (x * c + y * s - at) / (0.12 * MASTER);
      if (Math.abs(d) > 4) continue;
      channel.data[i] = clamp(
        (channel.data[i] as number) + 26 * d * Math.exp(-0.5 * d * d),
        0,
        255,
      );
    }
  }
}

/** Lays ink on the sheet: how ink and light meet differs by model. */
function inkOn(
  sheet: Picture,
  ink: Plane,
  { colour }: Pad,
  physics: Physics,
  chance: Chance,
): void {
  const law = isWide(physics) ? chance.uniform(0, 1) : 0;
  const strength = chance.uniform(0.8, 1.35);
  sheet.forEach((channel, c) => {
    const tone = clamp(((colour[c] as number) / 255) * 0.98, 0.02, 1);
    for (let i = 0; i < channel.data.length; i++) {
      const depth = ink.data[i] as number;
      // Anything between the next two, or mixed by area, or light that passes twice through a film, or grains that tire the colour.
      const through = isWide(physics)
        ? law * (1 - depth * (1 - tone)) + (1 - law) * tone ** (strength * depth)
        : physics === 'ridge'
          ? 1 - depth * (1 - tone)
          : physics === 'film'
            ? tone ** (1.15 * depth)
            : 1 - depth * (1 - tone) * (0.85 + 0.15 * depth);
      channel.data[i] = (channel.data[i] as number) * through;
    }
  });
}

export interface Sheet {
  readonly picture: Picture;
  readonly overlays: readonly string[];
}

/** A sheet with its imprint. Severity 0 is a card at the counter. */
export function sheetOf(
  chance: Chance,
  ink: Plane,
  pad: Pad,
  physics: Physics,
  severity: number,
  book: GlyphBook,
): Sheet {
  const picture = paper(chance, ink.width, ink.height, severity === 0);
  const level = severity <= 1 ? 0 : severity <= 3 ? 1 : severity <= 4 ? 2 : 3;
  const redShare = physics === 'ridge' ? 0.08 : 0.15;
  const overlays = overlay(chance.part('overlay'), picture, book, level, redShare);
  inkOn(picture, ink, pad, physics, chance.part('ink'));
  if (severity >= 3 && chance.happens(0.15)) {
    fold(chance, picture);
    overlays.push('fold');
  }
  return { picture, overlays };
}
