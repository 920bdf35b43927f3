// Forgeries: other plates, re-engraved plates, copies of an imprint, and imprints that were altered.
import { type GlyphBook, otherTypeface, sealScripts, type Typeface } from './glyphs.ts';
import type { Physics } from './inking.ts';
import {
  blurred,
  clamp,
  MASTER,
  mapped,
  type Plane,
  plane,
  quantile,
  smoothNoise,
  warped,
} from './plane.ts';
import {
  type Deviations,
  engrave,
  type Identity,
  type Letter,
  notched,
  type Plate,
  textsOf,
} from './plate.ts';
import type { Chance } from './random.ts';
import { reliefOf } from './relief.ts';
import type { Picture } from './sheet.ts';
import { stamped } from './stamping.ts';
import { figures } from './words.ts';

export interface ForgedPlate {
  readonly plate: Plate;
  readonly sub: string;
  /** Greatest true displacement of an element. */
  readonly deviationMm?: number;
}

const letters = (plate: Plate) =>
  plate.shapes.filter((shape): shape is Letter => shape.shape === 'letter');
const copyOf = (plate: Plate): Plate => ({
  ...plate,
  shapes: plate.shapes.map((shape) => ({ ...shape })),
});

/** Characters of a text exchanged for others of the same kind. */
function nearText(chance: Chance, text: string, pool: string, count: number): string {
  const characters = [...text];
  for (let k = 0; k < count; k++) {
    const at = chance.whole(characters.length);
    characters[at] = chance.pick([...pool].filter((other) => other !== characters[at]));
  }
  return characters.join('');
}

function pooled({ words }: Identity): string {
  return words.given + words.brands.join('');
}

export function otherText(chance: Chance, identity: Identity, isNear: boolean): ForgedPlate {
  const { texts } = identity;
  const main = nearText(chance, texts.main, pooled(identity), 1 + chance.whole(2));
  const changed = isNear ? { ...texts, main } : textsOf(chance, identity.kind, identity.words);
  const plate = notched(engrave({ ...identity, texts: changed }, chance), chance);
  return { plate, sub: isNear ? 'near' : 'other' };
}

export function otherFont(
  chance: Chance,
  identity: Identity,
  faces: readonly Typeface[],
): ForgedPlate {
  const isScript = sealScripts.includes(identity.typeface);
  const typeface = otherTypeface(chance, isScript ? sealScripts : faces, identity.typeface);
  return { plate: notched(engrave({ ...identity, typeface }, chance), chance), sub: typeface.name };
}

export const recuts = ['move', 'stroke', 'arc', 'star', 'weight', 'ring'] as const;

function deviationsOf(chance: Chance, sub: string, identity: Identity): Deviations {
  const sign = chance.pick([-1, 1]);
  const isArc = identity.kind === 'round' || identity.kind === 'oval';
  if (sub === 'arc') {
    const spacing = chance.pick([-1, 1]) * chance.uniform(0.01, 0.03);
    return isArc ? { arc: sign * chance.uniform(0.01, 0.03), spacing } : { spacing: spacing * 1.5 };
  }
  if (sub === 'star') return { star: (sign * chance.uniform(2, 4) * Math.PI) / 180 };
  if (sub === 'weight') return { bold: sign * chance.uniform(0.05, 0.1) };
  if (sub === 'ring') {
    return {
      ringLine: sign * chance.uniform(0.12, 0.25),
      ringSize: sign * chance.uniform(0.004, 0.01),
    };
  }
  return {};
}

/** The same seal cut again from memory of its drawing, with small differences. */
export function recut(
  chance: Chance,
  identity: Identity,
  genuine: Plate,
  hand: Chance,
  wanted: string,
): ForgedPlate {
  const sub = wanted === 'star' && identity.kind !== 'round' ? 'stroke' : wanted;
  const plain = engrave(identity, hand, deviationsOf(chance, sub, identity));
  const isNotched = chance.happens(0.5);
  const plate = { ...copyOf(plain), notches: isNotched ? genuine.notches : [] };
  const own = letters(plate);
  for (const letter of own) {
    letter.x += chance.normal(0.02);
    letter.y += chance.normal(0.02);
  }
  const large = own.filter(({ height }) => height > 2);
  for (let k = 1 + chance.whole(3); k > 0 && (sub === 'move' || sub === 'stroke'); k--) {
    const letter = chance.pick(large);
    const angle = chance.uniform(0, 2 * Math.PI);
    const reach = chance.uniform(0.3, 1);
    const [dx, dy] = [reach * Math.cos(angle), reach * Math.sin(angle)];
    if (sub === 'move') {
      letter.x += dx;
      letter.y += dy;
    } else {
      letter.moved = { isAcross: chance.happens(0.5), from: chance.uniform(0.35, 0.65), dx, dy };
    }
  }
  return { plate, sub, deviationMm: deviationOf(genuine, plate) };
}

/** How far the elements of two plates of the same texts lie apart at most. */
function deviationOf(genuine: Plate, other: Plate): number {
  let most = Math.abs(other.bold - genuine.bold);
  genuine.shapes.forEach((shape, i) => {
    const match = other.shapes[i];
    if (shape.shape === 'letter' && match?.shape === 'letter') {
      most = Math.max(most, Math.hypot(match.x - shape.x, match.y - shape.y));
      if (match.moved) most = Math.max(most, Math.hypot(match.moved.dx, match.moved.dy));
    } else if (shape.shape === 'star' && match?.shape === 'star') {
      most = Math.max(most, 2 * shape.radius * Math.abs(Math.sin((match.turn - shape.turn) / 2)));
    } else if (shape.shape === 'ring' && match?.shape === 'ring') {
      const inner = Math.abs(match.rx - match.line - (shape.rx - shape.line));
      most = Math.max(most, Math.abs(match.rx - shape.rx), inner);
    } else if (shape.shape === 'frame' && match?.shape === 'frame') {
      const inner = Math.abs(match.width / 2 - match.line - (shape.width / 2 - shape.line));
      most = Math.max(most, Math.abs(match.width - shape.width) / 2, inner);
    }
  });
  return Math.round(most * 1000) / 1000;
}

/** One character scraped off and drawn as another; `digit` takes one of the small ones. */
export function altered(
  chance: Chance,
  identity: Identity,
  genuine: Plate,
  isDigit: boolean,
): ForgedPlate {
  const plate = copyOf(genuine);
  const own = letters(plate);
  const small = own.filter(({ character }) => figures.includes(character));
  const takesDigit = isDigit && small.length > 0;
  const letter = chance.pick(
    takesDigit ? small : own.filter(({ height }) => height > 2.7 || identity.kind === 'square'),
  );
  const pool = takesDigit ? figures.slice(0, 10) : pooled(identity);
  letter.character = nearText(chance, letter.character, pool, 1);
  const spread = takesDigit ? 0.04 : 0.15;
  letter.x += chance.normal(spread);
  letter.y += chance.normal(spread);
  letter.bold += chance.normal(takesDigit ? 0.015 : 0.04);
  return { plate, sub: takesDigit ? 'digit' : 'alter' };
}

/** 18 to 35 % of the ink scraped off: a sector, a strip or a patch. */
export function erased(chance: Chance, ink: Plane): Plane {
  const { width, height } = ink;
  const share = chance.uniform(0.18, 0.35);
  const ragged = smoothNoise(chance, width, height, 4 * MASTER);
  const isSector = chance.happens(0.5);
  const angle = chance.uniform(0, 2 * Math.PI);
  const order = mapped(ragged, (value, i) => {
    const [x, y] = [(i % width) - width / 2, Math.floor(i / width) - height / 2];
    if (isSector) return (Math.atan2(y, x) - angle + 4 * Math.PI) % (2 * Math.PI);
    return Math.abs(x * Math.cos(angle) + y * Math.sin(angle) + 0.7 * MASTER * value);
  });
  const limit = quantile(
    order.data.filter((_, i) => (ink.data[i] as number) > 0.3),
    share,
  );
  const soft = isSector ? 0.01 : 0.3 * MASTER;
  return mapped(ink, (value, i) => value * clamp(((order.data[i] as number) - limit) / soft + 0.5));
}

/** A plate engraved from a scan of a genuine imprint: rounded corners, its voids, a kerf. */
export function cloned(chance: Chance, genuine: Plate, physics: Physics, book: GlyphBook): Plane {
  const { ink } = stamped(chance.part('source'), reliefOf(genuine, book), physics, 1);
  const scanned = blurred(ink, chance.uniform(0.04, 0.09) * MASTER);
  const kerf = chance.uniform(-0.06, 0.06) * 6;
  const cut = mapped(scanned, (value) => clamp((value - 0.42 + kerf) * 9 + 0.5));
  return blurred(cut, 0.03 * MASTER);
}

/** Displays of the sets that are trained on, by where their pixels keep the three colours. */
export const panels = ['panel-stripe', 'panel-diamond', 'panel-delta'] as const;

const widePrinters = ['press', 'press', 'spray', 'laser', 'inkjet'];

export const printers: Record<Physics, readonly string[]> = {
  ridge: ['laser', 'inkjet', 'copier'],
  film: ['laser', 'inkjet', 'copier'],
  soak: widePrinters,
  weave: widePrinters,
  porous: widePrinters,
  paste: widePrinters,
  grain: ['laser-fine', 'inkjet-wet', 'display'],
};

/** One colour's dots: a rotated screen, or dots thrown at random. */
function screen(
  chance: Chance,
  tone: Plane,
  linesPerMm: number,
  degrees: number,
  isRandom: boolean,
): Plane {
  const { width, height } = tone;
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const step = (2 * Math.PI * linesPerMm) / MASTER;
  const noise = isRandom ? chance.part('dots') : undefined;
  const dots = mapped(tone, (value, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const limit = noise
      ? noise.uniform(0.02, 0.98)
      : 0.5 + 0.25 * (Math.cos((c * x + s * y) * step) + Math.cos((c * y - s * x) * step));
    return clamp((value - limit) * 6 + 0.5);
  });
  return blurred({ width, height, data: dots.data }, isRandom ? 0.55 : 0.4);
}

/** Prints a picture again: the secondary capture that a copied seal is. */
export function reprinted(chance: Chance, sheet: Picture, printer: string): Picture {
  const soft = sheet.map((channel) => blurred(channel, 0.9)) as unknown as Picture;
  const scale = 1 + chance.uniform(-0.006, 0.006);
  const middle = soft[0].width / 2;
  const source = soft.map((channel) =>
    warped(
      channel,
      channel.width,
      channel.height,
      (x, y, out) => {
        out[0] = (x - middle) * scale + middle;
        out[1] = (y - middle) * scale + middle;
      },
      245,
    ),
  ) as unknown as Picture;
  if (printer === 'copier') return copy(chance, source);
  if (printer === 'display') return display(chance, source);
  if (printer.startsWith('panel-')) return panel(chance, source, printer);
  if (printer === 'press' || printer === 'spray')
    return anyPrint(chance, source, printer === 'spray');
  const isRandom = printer.startsWith('inkjet');
  const lines = printer === 'laser-fine' ? chance.uniform(6.5, 7.8) : chance.uniform(3.9, 6.2);
  const inks = isRandom
    ? [
        [0.06, 0.62, 0.86],
        [0.86, 0.1, 0.48],
        [0.98, 0.88, 0.12],
      ]
    : [
        [0.1, 0.6, 0.82],
        [0.82, 0.12, 0.42],
        [0.97, 0.86, 0.14],
      ];
  const angles = [15, 75, 0];
  const black = mapped(source[0], (red, i) => {
    const most = Math.max(red, source[1].data[i] as number, source[2].data[i] as number);
    return clamp(0.55 - most / 255);
  });
  const out = source.map(({ width, height }) => plane(width, height, 248));
  inks.forEach((ink, k) => {
    const tone = mapped(source[k as 0 | 1 | 2], (value, i) =>
      clamp(1 - value / 255 - (black.data[i] as number)),
    );
    const turn = (angles[k] ?? 0) + chance.normal(printer === 'laser-fine' ? 9 : 0.5);
    const dots = screen(chance.part('screen', k), tone, lines, turn, isRandom);
    out.forEach((channel, c) => {
      const through = clamp((ink[c] ?? 1) + chance.normal(0.01));
      for (let i = 0; i < channel.data.length; i++) {
        channel.data[i] =
          (channel.data[i] as number) * (1 - (dots.data[i] as number) * (1 - through));
      }
    });
  });
  const dark = screen(chance.part('black'), black, lines, 45, isRandom);
  const bleed = printer === 'inkjet-wet' ? 0.8 : 0.3;
  return out.map((channel) =>
    blurred(
      mapped(channel, (value, i) => value * (1 - 0.85 * (dark.data[i] as number))),
      bleed,
    ),
  ) as unknown as Picture;
}

/** A printer of the wide models: any screen, any dots, any set of inks. */
function anyPrint(chance: Chance, source: Picture, isSpray: boolean): Picture {
  const lines = chance.uniform(3.3, 9.5);
  const turn = chance.uniform(0, 90);
  const steep = isSpray ? chance.uniform(1.6, 7) : chance.uniform(3, 7);
  const cell = chance.uniform(0.7, 1.6);
  const bleed = chance.uniform(0.25, 0.9);
  const near = (value: number) => clamp(value + chance.normal(0.05), 0.03, 0.99);
  const inks = [
    [0.08, 0.61, 0.84],
    [0.84, 0.11, 0.45],
    [0.97, 0.87, 0.13],
  ].map((ink) => ink.map(near));
  const undercolour = chance.uniform(0.3, 1);
  const black = mapped(source[0], (red, i) => {
    const most = Math.max(red, source[1].data[i] as number, source[2].data[i] as number);
    return undercolour * clamp(0.55 - most / 255);
  });
  const out = source.map(({ width, height }) => plane(width, height, chance.uniform(243, 252)));
  const { width, height } = source[0];
  [...inks, [0.12, 0.12, 0.13]].forEach((ink, k) => {
    const tone =
      k === 3
        ? black
        : mapped(source[k as 0 | 1 | 2], (value, i) =>
            clamp(1 - value / 255 - (black.data[i] as number)),
          );
    const own = chance.part('ink', k);
    const [c, s] = [Math.cos, Math.sin].map((f) => f(((turn + 30 * k) * Math.PI) / 180)) as [
      number,
      number,
    ];
    const step = (2 * Math.PI * lines) / MASTER;
    const random = isSpray ? smoothNoise(own, width, height, cell) : undefined;
    const dots = mapped(tone, (value, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      const limit = random
        ? clamp(0.5 + 0.3 * (random.data[i] as number), 0.03, 0.97)
        : 0.5 + 0.24 * (Math.cos((c * x + s * y) * step) + Math.cos((c * y - s * x) * step));
      return value < 0.01 ? 0 : clamp((value - limit) * steep + 0.5);
    });
    const run = blurred(dots, bleed);
    out.forEach((channel, j) => {
      const through = ink[j] ?? 1;
      for (let i = 0; i < channel.data.length; i++) {
        channel.data[i] =
          (channel.data[i] as number) * (1 - (run.data[i] as number) * (1 - through));
      }
    });
  });
  return out as unknown as Picture;
}

/** A black-and-white copier: steep tone, toner specks. */
function copy(chance: Chance, source: Picture): Picture {
  const limit = chance.uniform(0.45, 0.62);
  const specks = smoothNoise(chance, source[0].width, source[0].height, 0.12 * MASTER);
  const grey = mapped(source[0], (red, i) => {
    const dark =
      1 -
      (0.3 * red + 0.59 * (source[1].data[i] as number) + 0.11 * (source[2].data[i] as number)) /
        255;
    const toner = clamp((dark - (1 - limit) * 0.75) * 5 + 0.5 + 0.12 * (specks.data[i] as number));
    return 244 - 205 * toner;
  });
  return [grey, grey, grey];
}

/** A screen, photographed: its pixels' stripes and its own white. */
function display(chance: Chance, source: Picture): Picture {
  const pitch = chance.uniform(0.18, 0.27) * MASTER;
  const turn = chance.normal(0.03);
  return source.map((channel, k) => {
    const { width } = channel;
    return mapped(channel, (value, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      const u = ((x * Math.cos(turn) + y * Math.sin(turn)) / pitch) * 2 * Math.PI;
      const v = ((y * Math.cos(turn) - x * Math.sin(turn)) / pitch) * 2 * Math.PI;
      const stripe = 1 + 0.22 * Math.cos(u + (2 * Math.PI * k) / 3) + 0.1 * Math.cos(v);
      return clamp((value * 0.86 + 14) * stripe * (k === 2 ? 1.05 : 0.98), 0, 255);
    });
  }) as unknown as Picture;
}

/** Waves in which a panel's pixels show one colour: periods a pixel across and down, and their phase. */
function wavesOf(printer: string, colour: number): readonly (readonly [number, number, number])[] {
  const third = (2 * Math.PI * colour) / 3;
  if (printer === 'panel-stripe') return [[1, 0, third]];
  // Two of three colours every other pixel, in quincunx; green in all.
  if (printer === 'panel-diamond') {
    const phase = colour === 2 ? Math.PI : 0;
    return colour === 1
      ? [[1, 0, Math.PI / 2]]
      : [
          [0.5, 0.5, phase],
          [0.5, -0.5, phase],
        ];
  }
  return [
    [1, 0.5, third],
    [1, -0.5, third],
  ];
}

/** A display of any pixels, gaps, white and black, photographed or laid on the glass. */
function panel(chance: Chance, source: Picture, printer: string): Picture {
  const pitch = chance.uniform(0.15, 0.36) * MASTER;
  const turn = chance.happens(0.6) ? chance.normal(0.05) : chance.uniform(0, 2 * Math.PI);
  const step = [Math.cos(turn), Math.sin(turn)].map((part) => (2 * Math.PI * part) / pitch);
  const [along, across] = step as [number, number];
  const [depth, gaps] = [chance.uniform(0.08, 0.32), chance.uniform(0.02, 0.14)];
  const order = chance.pick([-1, 1]);
  const [black, white] = [chance.uniform(4, 40), chance.uniform(225, 254)];
  const gamma = chance.uniform(0.8, 1.2);
  return source.map((channel, colour) => {
    const waves = wavesOf(printer, colour);
    const tint = 1 + chance.part('tint', colour).normal(0.025) + (colour === 2 ? 0.02 : 0);
    const { width } = channel;
    return mapped(channel, (value, i) => {
      const [x, y] = [i % width, Math.floor(i / width)];
      const [u, v] = [x * along + y * across, y * along - x * across];
      const lit = waves.reduce(
        (sum, [a, b, phase]) => sum + Math.cos(a * u + b * v + order * phase),
        0,
      );
      const stripe = 1 + (depth * lit) / Math.sqrt(waves.length) + gaps * Math.cos(v);
      const shown = black + (white - black) * clamp(value / 248) ** gamma;
      return clamp(shown * stripe * tint, 0, 255);
    });
  }) as unknown as Picture;
}
