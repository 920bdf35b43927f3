import {
  type Features,
  FIRST_ID,
  featuresOf,
  UNKNOWN,
  UNKNOWN_HAN,
} from '../../src/core/tagger/features.ts';
import { fold } from '../../src/core/tagger/fold.ts';
import { labels } from '../../src/core/tagger/labels.ts';
import type { Lexicon } from '../../src/core/tagger/lexicon.ts';
import { makeFilter } from '../../src/core/tagger/lexicon.ts';
import type { LabelledText } from './generator.ts';
import type { Example } from './network.ts';
import type { Random } from './random.ts';
import type { Words } from './words.ts';

/** The most frequent characters of a text made by the generator, `size` with the reserved ids. */
export function vocabularyOf(make: () => LabelledText, records: number, size: number): string[] {
  const counts = new Map<string, number>();
  for (let i = 0; i < records; i++) {
    for (const c of fold(make().text).text) counts.set(c, (counts.get(c) ?? 0) + 1);
  }
  return [...counts.entries()]
    .filter(([c]) => c.length === 1)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .slice(0, size - FIRST_ID)
    .map(([c]) => c)
    .sort();
}

export function vocabularyMap(characters: readonly string[]): Map<string, number> {
  return new Map(characters.map((c, i) => [c, FIRST_ID + i]));
}

const bareLatin = (name: string) => name.toLowerCase();

/** The filters of a model from the word lists. */
export function lexiconOf(words: Words): Lexicon {
  const chinese = [...words.chinese.values()].flatMap((bands) => bands.flatMap((b) => b.words));
  const places = words.provinces.flatMap(({ name, cities }) => [
    name,
    ...cities.flatMap(({ name: city, areas }) => [city, ...areas.map((a) => a.name)]),
  ]);
  const shortened = places.map((p) =>
    p.length > 2
      ? p.replace(
          /(特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区|自治县|自治州|地区|[省市区县盟])$/,
          '',
        )
      : p,
  );
  const within = (word: string) => word.length >= 2 && word.length <= 4;
  return {
    words: makeFilter(chinese.filter(within), 30_000),
    places: makeFilter(new Set([...places, ...shortened].filter(within)), 5_000),
    english: makeFilter(words.english.slice(0, 9000), 9_000),
    given: makeFilter(words.given.slice(0, 5000).map(bareLatin), 5_000),
    family: makeFilter(words.family.slice(0, 4000).map(bareLatin), 4_000),
  };
}

/** The channels in the order of the network's embeddings. */
export const channelsOf = (f: Features) => [f.characters, f.types, f.runs, f.names, f.lexicon];

/** Tags of folded text; a span that folding has emptied is left out. */
function tagsOf(record: LabelledText, offsets: Int32Array, length: number): Uint8Array {
  const tags = new Uint8Array(length);
  let at = 0;
  for (const { start, end, label } of record.spans) {
    while (at < length && (offsets[at] ?? 0) < start) at += 1;
    let to = at;
    while (to < length && (offsets[to] ?? 0) < end) to += 1;
    const first = 1 + 4 * labels.indexOf(label);
    if (to - at === 1) tags[at] = first + 3;
    else if (to - at > 1) {
      tags.fill(first + 1, at, to);
      tags[at] = first;
      tags[to - 1] = first + 2;
    }
    at = to;
  }
  return tags;
}

export function encode(
  record: LabelledText,
  vocabulary: ReadonlyMap<string, number>,
  lexicon: Lexicon,
  longest: number,
): Example {
  const { text, offsets } = fold(record.text);
  const features = featuresOf(text, vocabulary, lexicon);
  const tags = tagsOf(record, offsets, text.length);
  const cut = (list: Uint16Array) => list.subarray(0, longest);
  return { ids: channelsOf(features).map(cut), tags: tags.subarray(0, longest) };
}

/** Hides characters and what is known of them, so that context must do. */
export function blur({ ids, tags }: Example, random: Random): Example {
  const [characters, types, , names, lexicon] = ids as [
    Uint16Array,
    Uint16Array,
    Uint16Array,
    Uint16Array,
    Uint16Array,
  ];
  let isHidden = false;
  for (let i = 0; i < characters.length; i++) {
    const isHan = types[i] === 4;
    if (random.chance(isHan ? 0.07 : 0.03)) characters[i] = isHan ? UNKNOWN_HAN : UNKNOWN;
    const isLatin = (names[i] ?? 0) >= 8;
    if (isLatin && names[i - 1] !== names[i]) isHidden = random.chance(0.1);
    if (isLatin && isHidden) names[i] = 15;
    if (isHan && random.chance(0.04)) lexicon[i] = 0;
  }
  return { ids, tags };
}
