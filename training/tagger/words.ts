import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Random } from './random.ts';

/** Words of one part of speech, in bands of frequency; a band is twice to thrice as frequent a word. */
interface Band {
  readonly weight: number;
  readonly words: readonly string[];
}

export interface Words {
  /** By part of speech as the dictionary marks it: n, v, a, d, ns, t, ... */
  readonly chinese: ReadonlyMap<string, readonly Band[]>;
  readonly english: readonly string[];
  readonly given: readonly string[];
  readonly family: readonly string[];
  readonly towns: readonly string[];
  readonly provinces: readonly Province[];
}

export interface Province {
  readonly name: string;
  readonly cities: readonly { readonly name: string; readonly areas: readonly Area[] }[];
}

export interface Area {
  readonly code: string;
  readonly name: string;
}

function chineseBands(text: string): Map<string, Band[]> {
  const bands = new Map<string, Band[]>();
  for (const line of text.trim().split('\n')) {
    const [part = '', band = '0', ...words] = line.split(' ');
    const list = bands.get(part) ?? [];
    list.push({ weight: words.length * 1.9 ** Number(band), words });
    bands.set(part, list);
  }
  return bands;
}

function divisions(text: string): Province[] {
  return text
    .split('# ')
    .slice(1)
    .map((block) => {
      const [head = '', ...lines] = block.trim().split('\n');
      const cities = lines.map((line) => {
        const [, name = '', ...areas] = line.split(' ');
        return { name, areas: areas.map((a) => ({ code: a.slice(0, 6), name: a.slice(6) })) };
      });
      return { name: head.slice(3), cities: cities.filter(({ areas }) => areas.length > 0) };
    });
}

/** Reads the lists in `folder` (training/tagger/words). */
export function readWords(folder: string): Words {
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  const list = (name: string) => read(name).trim().split(/\s+/);
  return {
    chinese: chineseBands(read('chinese.txt')),
    english: list('english.txt'),
    given: list('given.txt'),
    family: list('family.txt'),
    towns: list('towns.txt'),
    provinces: divisions(read('divisions.txt')),
  };
}

/** A word of that part of speech, frequent ones more often, or evenly when `isFlat`. */
export function wordOf(words: Words, random: Random, part: string, isFlat = false): string {
  const bands = words.chinese.get(part) ?? [];
  const weight = (band: Band) => (isFlat ? band.words.length : band.weight);
  let left = (random.next() / 4294967296) * bands.reduce((sum, band) => sum + weight(band), 0);
  for (const band of bands) {
    left -= weight(band);
    if (left < 0) return random.pick(band.words);
  }
  return '事';
}
