import { traditional } from './traditional.ts';

/** Text as the network reads it, one UTF-16 unit a position. */
export interface Folded {
  readonly text: string;
  /** Offset in the original of each position, and behind the last one the original's length. */
  readonly offsets: Int32Array;
  /** Behind the unit or units of the original that a position stands for. */
  readonly ends: Int32Array;
}

/** Written to look like Latin letters (Unicode TS 39 confusables, the letters alone). */
const CONFUSABLES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...'АAВBЕEКKМMНHОOРPСCТTУYХXаaеeоoрpсcуyхxіiѕsјjԁdһhԛqԝw',
    ...'ΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧXοoνv',
  ].flatMap((c, i, all) => (i % 2 === 0 ? [[c, all[i + 1] ?? c]] : [])),
);

const ZERO_WIDTH = /[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|[\ufe00-\ufe0f]/;
const NEEDS_WORK = /[^\n -~\u4e00-\u9fff\u3001\u3002\u2018-\u201d]/;

const han = new Map<string, string>();
for (let i = 0; i + 1 < traditional.length; i += 2) {
  han.set(traditional[i] ?? '', traditional[i + 1] ?? '');
}

function foldOne(character: string): string {
  if (character === '\t' || character === '\r') return ' ';
  if (ZERO_WIDTH.test(character)) return '';
  const confusable = CONFUSABLES[character];
  if (confusable) return confusable;
  const plain = character.normalize('NFKC');
  return plain.length === 1
    ? (han.get(plain) ?? plain)
    : character.length === 1
      ? character
      : '\ufffd';
}

/**
 * Full width to half, compatibility forms, look-alike letters and traditional characters to the
 * form the network was trained on; zero-width characters away. Never longer than the original.
 */
export function fold(original: string): Folded {
  const { length } = original;
  const offsets = new Int32Array(length + 1);
  const ends = new Int32Array(length);
  let text = '';
  let out = 0;
  for (let at = 0; at < length; ) {
    const unit = original[at] ?? '';
    const traditionalForm = han.get(unit);
    const isPlain = traditionalForm === undefined && !NEEDS_WORK.test(unit);
    const character = isPlain ? unit : String.fromCodePoint(original.codePointAt(at) ?? 0);
    const folded = isPlain ? unit : (traditionalForm ?? foldOne(character));
    const end = at + character.length;
    if (folded !== '') {
      offsets[out] = at;
      ends[out] = end;
      text += folded;
      out += 1;
    }
    at = end;
  }
  offsets[out] = length;
  return { text, offsets: offsets.subarray(0, out + 1), ends: ends.subarray(0, out) };
}
