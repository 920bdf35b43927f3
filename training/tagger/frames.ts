import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.ts';
import type { Piece, Slots } from './slots.ts';

const files = ['chinese', 'english', 'mixed', 'negative', 'code'] as const;

export type Frames = Readonly<Record<(typeof files)[number], readonly string[]>>;

/** Reads the frames in `folder` (training/tagger/frames): one a line, `#` begins a comment. */
export function readFrames(folder: string): Frames {
  const read = (name: string) =>
    readFileSync(join(folder, `${name}.txt`), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('# '));
  return Object.fromEntries(files.map((name) => [name, read(name)])) as unknown as Frames;
}

/** Where the bracket that opens at `from` closes. */
function closing(frame: string, from: number): number {
  let depth = 0;
  for (let i = from; i < frame.length; i++) {
    if (frame[i] === '\\') i += 1;
    else if (frame[i] === '(') depth += 1;
    else if (frame[i] === ')' && --depth === 0) return i;
  }
  throw new Error(`a bracket is open in: ${frame}`);
}

function alternatives(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (c === '\\') i += 1;
    else if (c === '(') depth += 1;
    else if (c === ')') depth -= 1;
    else if (c === '|' && depth === 0) {
      found.push(text.slice(start, i));
      start = i + 1;
    }
  }
  found.push(text.slice(start));
  return found;
}

/**
 * Makes pieces of a frame: `(a|b)` is one of the two, `{X}` a slot, `\n` a line break, `\(` a
 * bracket as it stands. What a slot makes is text as it stands.
 */
export function expand(frame: string, random: Random, slots: Slots): Piece[] {
  const pieces: Piece[] = [];
  let plain = '';
  const flush = () => {
    if (plain !== '') pieces.push({ text: plain });
    plain = '';
  };
  for (let i = 0; i < frame.length; i++) {
    const c = frame[i] ?? '';
    if (c === '\\') {
      i += 1;
      const escaped = frame[i] ?? '\\';
      plain += escaped === 'n' ? '\n' : escaped;
    } else if (c === '(') {
      const end = closing(frame, i);
      const chosen = random.pick(alternatives(frame.slice(i + 1, end)));
      flush();
      pieces.push(...expand(chosen, random, slots));
      i = end;
    } else if (c === '{') {
      const end = frame.indexOf('}', i);
      flush();
      pieces.push(fill(frame.slice(i + 1, end), slots));
      i = end;
    } else plain += c;
  }
  flush();
  return pieces;
}

export function fill(name: string, slots: Slots): Piece {
  const slot = slots.get(name);
  if (!slot) throw new Error(`there is no slot ${name}`);
  const [label, make] = slot;
  const text = make();
  return label === undefined || text === '' ? { text } : { text, label };
}
