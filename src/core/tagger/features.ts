// What the network sees of each position: the character, and four small codes about the run of
// characters that it stands in. Checksums are features here and judges in judge.ts.
import { type Lexicon, mayHold, surnames } from './lexicon.ts';
import { markRuns, RUN_CODES } from './runs.ts';

/** Codes of every channel; a model is made for exactly these sizes. */
export const channelSizes = { type: 16, run: RUN_CODES, name: 16, lexicon: 96 } as const;

/** One code a position and channel. `characters` are ids of the model's vocabulary. */
export interface Features {
  readonly characters: Uint16Array;
  readonly types: Uint16Array;
  readonly runs: Uint16Array;
  readonly names: Uint16Array;
  readonly lexicon: Uint16Array;
}

/** Id 0 is padding, 1 any character that the vocabulary lacks, 2 any Han character that it lacks. */
export const UNKNOWN = 1;
export const UNKNOWN_HAN = 2;
export const FIRST_ID = 3;

const isHan = (code: number) => code >= 0x4e00 && code <= 0x9fff;

const typeOfPunctuation = new Map<string, number>();
for (const [type, members] of [
  [5, ' '],
  [6, '\n'],
  [7, '"\'“”‘’`'],
  [8, ':：'],
  [9, '='],
  [10, '@'],
  [11, '-_/.·~'],
  [12, '{}[]()<>【】《》（）「」'],
  [13, '，。、；！？,;!?|&'],
] as const) {
  for (const c of members) typeOfPunctuation.set(c, type);
}

function typeOf(code: number, character: string): number {
  if (code >= 48 && code <= 57) return 1;
  if (code >= 97 && code <= 122) return 2;
  if (code >= 65 && code <= 90) return 3;
  if (isHan(code)) return 4;
  const known = typeOfPunctuation.get(character);
  if (known !== undefined) return known;
  if (code < 128) return 14;
  return code >= 0xc0 && code < 0x250 ? 2 : 15;
}

function markSurnames(text: string, names: Uint16Array): void {
  for (let i = 0; i < text.length; i++) {
    const c = text[i] ?? '';
    if (surnames.common.has(c)) names[i] = 1;
    else if (surnames.other.has(c)) names[i] = 2;
    else if (c === '·' || c === '•') names[i] = 5;
  }
  for (let i = 0; i + 1 < text.length; i++) {
    if (!isHan(text.charCodeAt(i)) || !surnames.compound.has(text.slice(i, i + 2))) continue;
    names[i] = 3;
    names[i + 1] = 4;
  }
}

/** 8 a word, 9 given name, 10 family name, 11 both, 12 to 14 also a word; 15 none of them. */
function latinCode(word: string, lexicon: Lexicon): number {
  const lower = word.toLowerCase();
  const isWord = mayHold(lexicon.english, lower);
  const isGiven = mayHold(lexicon.given, lower);
  const isFamily = mayHold(lexicon.family, lower);
  if (!isGiven && !isFamily) return isWord ? 8 : 15;
  return (isWord ? 11 : 8) + (isGiven ? 1 : 0) + (isFamily ? 2 : 0);
}

function markLatin(text: string, names: Uint16Array, lexicon: Lexicon): void {
  for (const match of text.matchAll(/[A-Za-z\u00c0-\u024f]{2,}/g)) {
    const code = latinCode(match[0], lexicon);
    names.fill(code, match.index, match.index + match[0].length);
  }
}

const BEGINS_PAIR = 1;
const ENDS_PAIR = 2;
const BEGINS_LONG = 4;
const INSIDE_LONG = 8;
const ENDS_LONG = 16;

/** Which dictionary words begin, go on and end here; and 32 or 64 more within a place's name. */
function markWords(text: string, codes: Uint16Array, lexicon: Lexicon): void {
  let hanTo = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isHan(text.charCodeAt(i))) continue;
    if (hanTo <= i) {
      hanTo = i + 1;
      while (hanTo < text.length && isHan(text.charCodeAt(hanTo))) hanTo += 1;
    }
    for (let size = 2; size <= 4 && i + size <= hanTo; size++) {
      if (mayHold(lexicon.words, text, i, i + size)) markWord(codes, i, size);
      if (mayHold(lexicon.places, text, i, i + size)) markPlace(codes, i, size);
    }
  }
}

function markWord(codes: Uint16Array, at: number, size: number): void {
  const last = at + size - 1;
  codes[at] = (codes[at] ?? 0) | (size === 2 ? BEGINS_PAIR : BEGINS_LONG);
  codes[last] = (codes[last] ?? 0) | (size === 2 ? ENDS_PAIR : ENDS_LONG);
  for (let i = at + 1; i < last; i++) codes[i] = (codes[i] ?? 0) | INSIDE_LONG;
}

function markPlace(codes: Uint16Array, at: number, size: number): void {
  for (let i = at; i < at + size; i++) {
    codes[i] = ((codes[i] ?? 0) & 31) | (i === at && (codes[i] ?? 0) < 64 ? 32 : 64);
  }
}

/** The features of folded text. */
export function featuresOf(
  text: string,
  vocabulary: ReadonlyMap<string, number>,
  lexicon: Lexicon,
): Features {
  const { length } = text;
  const features = {
    characters: new Uint16Array(length),
    types: new Uint16Array(length),
    runs: new Uint16Array(length),
    names: new Uint16Array(length),
    lexicon: new Uint16Array(length),
  };
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    const character = text[i] ?? '';
    features.characters[i] = vocabulary.get(character) ?? (isHan(code) ? UNKNOWN_HAN : UNKNOWN);
    features.types[i] = typeOf(code, character);
  }
  markRuns(text, features.runs);
  markSurnames(text, features.names);
  markLatin(text, features.names, lexicon);
  markWords(text, features.lexicon, lexicon);
  return features;
}
