// What happens to text on its way: full width, scanning, careless spaces, hidden characters.
import { traditional } from '../../src/core/tagger/traditional.ts';
import { fullWidth, misread } from './numbers.ts';
import type { Random } from './random.ts';
import type { Piece } from './slots.ts';

const toTraditional = new Map<string, string>();
for (let i = 0; i + 1 < traditional.length; i += 2) {
  const [from = '', to = ''] = [traditional[i], traditional[i + 1]];
  if (!toTraditional.has(to)) toTraditional.set(to, from);
}

const change = (pieces: readonly Piece[], edit: (text: string, piece: Piece) => string): Piece[] =>
  pieces.map((piece) => ({ ...piece, text: edit(piece.text, piece) }));

const isNumber = (text: string) => /^[\dXx -]+$/.test(text);

/** Applies at most one kind of damage; labels stay where they were. */
export function damage(pieces: readonly Piece[], random: Random): Piece[] {
  const kind = random.weighted({
    none: 72,
    unpunctuated: 7,
    halfWidth: 5,
    fullDigits: 3,
    full: 2,
    scanned: 4,
    traditional: 3,
    hidden: 2,
    lower: 2,
  });
  switch (kind) {
    case 'unpunctuated': {
      const to = random.pick(['', ' ', ' ', ',']);
      return change(pieces, (text, { label }) =>
        label ? text : text.replace(/[，。：、；]/g, to),
      );
    }
    case 'halfWidth':
      return change(pieces, (text, { label }) =>
        label
          ? text
          : text.replace(
              /[，。：；（）？！]/g,
              (c) => ',.:;()?!'['，。：；（）？！'.indexOf(c)] ?? c,
            ),
      );
    case 'fullDigits':
      return change(pieces, (text, { label }) =>
        !label || isNumber(text) ? text.replace(/\d/g, fullWidth) : text,
      );
    case 'full':
      return change(pieces, fullWidth);
    case 'scanned':
      return change(pieces, (text, { label }) => scan(text, label, random));
    case 'traditional':
      return change(pieces, (text) =>
        text.replace(/[\u4e00-\u9fff]/g, (c) => toTraditional.get(c) ?? c),
      );
    case 'hidden':
      return change(pieces, (text) =>
        [...text]
          .map((c) => (random.chance(0.06) ? c + random.pick(['\u200b', '\u200d', '\ufeff']) : c))
          .join(''),
      );
    case 'lower':
      return change(pieces, (text, { label }) =>
        label && label !== 'NAME' ? text : text.toLowerCase(),
      );
    default:
      return [...pieces];
  }
}

function scan(text: string, label: Piece['label'], random: Random): string {
  if (label === 'NAME' && /^[\u4e00-\u9fff]{2,3}$/.test(text) && random.chance(0.3))
    return [...text].join(' ');
  if (label && isNumber(text)) {
    if (random.chance(0.2)) return misread(random, text);
    return random.chance(0.2) ? text.replace(/(.{4})(?=.)/g, '$1 ') : text;
  }
  if (label === 'ADDRESS' && random.chance(0.5))
    return text
      .replace(/([省市区县路街号])(?=.)/g, (c) => (random.chance(0.3) ? `${c} ` : c))
      .replace(/(\d+)/g, (d) => (random.chance(0.3) ? ` ${d} ` : d))
      .replace(/ {2,}/g, ' ')
      .trim();
  return label
    ? text
    : text
        .replace(/[：:]/g, random.pick([' ', '：', ': ', '']))
        .replace(/[，。]/g, random.pick([' ', ' ', '，']));
}
