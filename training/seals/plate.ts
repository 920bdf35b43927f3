// A seal plate as drawn by its engraver: shapes in millimetres around the plate's middle.
import { sealScripts, type Typeface } from './glyphs.ts';
import type { Chance } from './random.ts';
import { companyName, digits, figures, personName, type Words } from './words.ts';

export type SealKind = 'round' | 'oval' | 'rect' | 'square';

export interface Letter {
  readonly shape: 'letter';
  character: string;
  x: number;
  y: number;
  /** Box of the character and its turn in radians. */
  readonly width: number;
  readonly height: number;
  readonly turn: number;
  /** Change of the strokes' half width. */
  bold: number;
  /** A part beyond a line through the character, moved: a stroke cut in another place. */
  moved?: {
    readonly isAcross: boolean;
    readonly from: number;
    readonly dx: number;
    readonly dy: number;
  };
}

export type Shape =
  | Letter
  | { readonly shape: 'ring'; readonly rx: number; readonly ry: number; readonly line: number }
  | {
      readonly shape: 'frame';
      readonly width: number;
      readonly height: number;
      readonly line: number;
    }
  | { readonly shape: 'star'; readonly y: number; readonly radius: number; readonly turn: number };

/** A notch that the maker cut into the rim. */
interface Notch {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly length: number;
  readonly turn: number;
}

export interface Plate {
  readonly kind: SealKind;
  readonly width: number;
  readonly height: number;
  readonly typeface: Typeface;
  /** Characters are cut out of a solid field. */
  readonly isNegative: boolean;
  readonly shapes: readonly Shape[];
  readonly notches: readonly Notch[];
  readonly bold: number;
}

export interface Texts {
  readonly main: string;
  readonly second: string;
  readonly serial: string;
}

/** What a re-cut seal has different; lengths in parts or millimetres as named. */
export interface Deviations {
  readonly arc?: number;
  readonly spacing?: number;
  readonly star?: number;
  readonly bold?: number;
  readonly ringLine?: number;
  readonly ringSize?: number;
}

export interface Identity {
  readonly kind: SealKind;
  readonly texts: Texts;
  readonly size: { readonly width: number; readonly height: number; readonly line: number };
  readonly hasInnerLine: boolean;
  readonly isNegative: boolean;
  readonly typeface: Typeface;
  readonly words: Words;
}

export function textsOf(chance: Chance, kind: SealKind, words: Words): Texts {
  if (kind === 'round') {
    return {
      main: companyName(chance, words),
      second: chance.pick(['', '财务专用章', '合同专用章', '']),
      serial: chance.happens(0.7) ? digits(chance, 13) : '',
    };
  }
  if (kind === 'oval') {
    const serial = Array.from({ length: 18 }, () => chance.pick([...figures])).join('');
    return {
      main: companyName(chance, words),
      second: chance.pick(['发票专用章', '财务专用章', '收讫章']),
      serial,
    };
  }
  if (kind === 'rect') {
    const second = chance.pick(['财务专用章', '法定代表人章', '业务专用章']);
    return { main: companyName(chance, words), second, serial: '' };
  }
  const name = personName(chance, words);
  return { main: name.length === 3 ? `${name}印` : `${name}之印`, second: '', serial: '' };
}

export function newIdentity(
  chance: Chance,
  kind: SealKind,
  words: Words,
  faces: readonly Typeface[],
): Identity {
  const isScript = kind === 'square' && chance.happens(0.4);
  const sizes = {
    round: () => {
      const side = chance.pick([42, 42, 40, 38, 45]);
      return { width: side, height: side, line: chance.pick([1.2, 1, 1.4]) };
    },
    oval: () => ({
      ...chance.pick([
        { width: 40, height: 30 },
        { width: 45, height: 30 },
      ]),
      line: 1,
    }),
    rect: () => ({
      ...chance.pick([
        { width: 40, height: 16 },
        { width: 45, height: 18 },
        { width: 38, height: 20 },
      ]),
      line: chance.pick([0.7, 0.9]),
    }),
    square: () => {
      const side = chance.pick([18, 20, 22]);
      return { width: side, height: side, line: chance.pick([0.9, 1.2]) };
    },
  };
  const hasInnerLine = { round: 0.2, oval: 1, rect: 0.5, square: 0 }[kind];
  return {
    kind,
    texts: textsOf(chance, kind, words),
    size: sizes[kind](),
    hasInnerLine: chance.happens(hasInnerLine),
    isNegative: kind === 'square' && chance.happens(0.3),
    typeface: chance.pick(isScript ? sealScripts : faces),
    words,
  };
}

/** Places characters; the engraver's own tiny errors come from `hand`. */
class Layout {
  readonly shapes: Shape[] = [];
  private readonly hand: Chance;
  private readonly deviations: Deviations;

  constructor(hand: Chance, deviations: Deviations) {
    this.hand = hand;
    this.deviations = deviations;
  }

  letter(character: string, x: number, y: number, width: number, height: number, turn = 0): void {
    this.shapes.push({
      shape: 'letter',
      character,
      x: x + this.hand.normal(0.03),
      y: y + this.hand.normal(0.03),
      width: width * (1 + this.hand.normal(0.006)),
      height: height * (1 + this.hand.normal(0.006)),
      turn: turn + this.hand.normal(0.004),
      bold: 0,
    });
  }

  /** A straight line of text around x = 0. */
  line(text: string, y: number, step: number, width: number, height: number): void {
    const spread = step * (1 + (this.deviations.spacing ?? 0));
    [...text].forEach((character, i) => {
      this.letter(character, (i - (text.length - 1) / 2) * spread, y, width, height);
    });
  }

  /** Text along an ellipse from its top to both sides, evenly by length. */
  arc(text: string, rx: number, ry: number, share: number, width: number, height: number): void {
    const steps = 2000;
    const lengths = [0];
    for (let i = 1; i <= steps; i++) {
      const [a, b] = [(2 * Math.PI * (i - 1)) / steps, (2 * Math.PI * i) / steps];
      const chord = Math.hypot(rx * (Math.cos(b) - Math.cos(a)), ry * (Math.sin(b) - Math.sin(a)));
      lengths.push((lengths[i - 1] ?? 0) + chord);
    }
    const total = lengths[steps] ?? 1;
    const used = total * share * (1 + (this.deviations.spacing ?? 0));
    const top = 0.75 * total;
    [...text].forEach((character, i) => {
      const place = top + ((i - (text.length - 1) / 2) * used) / Math.max(1, text.length - 1);
      const found = lengths.findIndex((length) => length >= (place + total) % total);
      const angle = (2 * Math.PI * Math.max(0, found)) / steps;
      const normal = Math.atan2(Math.sin(angle) / ry, Math.cos(angle) / rx);
      const fitting = Math.min(width, (used / text.length) * 0.92);
      const [x, y] = [rx * Math.cos(angle), ry * Math.sin(angle)];
      this.letter(character, x, y, fitting, height, normal + Math.PI / 2);
    });
  }
}

export function engrave(identity: Identity, hand: Chance, deviations: Deviations = {}): Plate {
  const { kind, size, typeface, isNegative } = identity;
  const layout = new Layout(hand, deviations);
  if (kind === 'round' || kind === 'oval') layRound(identity, layout, deviations);
  else layStraight(identity, layout, deviations);
  return {
    kind,
    ...{ width: size.width, height: size.height },
    typeface,
    isNegative,
    shapes: layout.shapes,
    notches: [],
    bold: 0.02 + (deviations.bold ?? 0),
  };
}

function layRound(identity: Identity, layout: Layout, deviations: Deviations): void {
  const { kind, texts, size, hasInnerLine } = identity;
  const { width, height } = size;
  const scale = 1 + (deviations.ringSize ?? 0);
  const line = size.line + (deviations.ringLine ?? 0);
  const [rx, ry] = [(width / 2) * scale, (height / 2) * scale];
  layout.shapes.push({ shape: 'ring', rx, ry, line });
  if (hasInnerLine) {
    layout.shapes.push({ shape: 'ring', rx: rx - line - 0.5, ry: ry - line - 0.5, line: 0.22 });
  }
  const share = Math.min(kind === 'round' ? 0.74 : 0.62, texts.main.length * 0.062);
  const arc = 1 + (deviations.arc ?? 0);
  if (kind === 'oval') {
    const inset = line + 0.9 + 2.1;
    layout.arc(texts.main, (width / 2 - inset) * arc, (height / 2 - inset) * arc, share, 2.6, 4.2);
    const step = (width * 0.62) / texts.serial.length;
    layout.line(texts.serial, 0, step, step * 0.72, 2.6);
    layout.line(texts.second, height * 0.25, 3.6, 2.7, 3.7);
    return;
  }
  const radius = (width / 2 - 2.3 - width * 0.0625) * arc;
  layout.arc(texts.main, radius, radius, share, width * 0.085, width * 0.125);
  layout.shapes.push({
    shape: 'star',
    y: texts.second ? -0.5 : 0,
    radius: width * 0.165,
    turn: deviations.star ?? 0,
  });
  layout.line(texts.second, width * 0.235, 3.65, 3.1, 4.2);
  const inner = width / 2 - line - 1.5;
  [...texts.serial].forEach((digit, i) => {
    const angle = Math.PI / 2 - (i - (texts.serial.length - 1) / 2) * 0.062 * (42 / width);
    layout.letter(
      digit,
      inner * Math.cos(angle),
      inner * Math.sin(angle),
      0.75,
      1.35,
      angle - Math.PI / 2,
    );
  });
}

function layStraight(identity: Identity, layout: Layout, deviations: Deviations): void {
  const { kind, texts, size, hasInnerLine } = identity;
  const scale = 1 + (deviations.ringSize ?? 0);
  const line = size.line + (deviations.ringLine ?? 0);
  const [width, height] = [size.width * scale, size.height * scale];
  layout.shapes.push({ shape: 'frame', width, height, line });
  if (hasInnerLine) {
    const inset = 2 * line + 0.9;
    layout.shapes.push({ shape: 'frame', width: width - inset, height: height - inset, line: 0.2 });
  }
  if (kind === 'rect') {
    const room = size.width - 2 * size.line - 3.2;
    const step = room / texts.main.length;
    layout.line(texts.main, -size.height * 0.17, step, step * 0.86, size.height * 0.28);
    const second = Math.min(room / texts.second.length, size.height * 0.36);
    layout.line(texts.second, size.height * 0.19, second, second * 0.8, size.height * 0.28);
    return;
  }
  const room = size.width - 2 * size.line - 1.6;
  const spread = 1 + (deviations.spacing ?? 0);
  // Read from the right column, downwards.
  const places = [
    [0.25, -0.25],
    [0.25, 0.25],
    [-0.25, -0.25],
    [-0.25, 0.25],
  ] as const;
  [...texts.main].slice(0, 4).forEach((character, i) => {
    const [x, y] = places[i] ?? [0, 0];
    layout.letter(character, x * room * spread, y * room * spread, room * 0.44, room * 0.45);
  });
}

/** Notches that belong to the genuine plate. */
export function notched(plate: Plate, chance: Chance): Plate {
  const isRound = plate.kind === 'round' || plate.kind === 'oval';
  const notches = Array.from({ length: 2 + chance.whole(3) }, (): Notch => {
    const angle = chance.uniform(0, 2 * Math.PI);
    const x = isRound
      ? (plate.width / 2 - 0.5) * Math.cos(angle)
      : chance.uniform(-0.5, 0.5) * plate.width;
    const y = isRound
      ? (plate.height / 2 - 0.5) * Math.sin(angle)
      : chance.pick([-1, 1]) * (plate.height / 2 - 0.4);
    const [width, length] = [chance.uniform(0.12, 0.25), chance.uniform(0.4, 0.9)];
    return { x, y, width, length, turn: chance.uniform(0, Math.PI) };
  });
  return { ...plate, notches };
}
