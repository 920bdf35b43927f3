// Usage: node training/seals/run.mjs digits SET SET_FOLDER OUT [FIRST COUNT]. For identities whose genuine imprints
// lie in SET_FOLDER already: reserved cards on which one digit, or every digit, is another. Each genuine imprint is
// then a forgery of that card which differs in just that, and it is known where: the pairs that teach digits. A
// card costs a second and serves all imprints. OUT/manifest.json tells of the pairs with where digits changed.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { altered } from './forgery.ts';
import { drawGlyphs, sealScripts, typefaces } from './glyphs.ts';
import { plans } from './plans.ts';
import { engrave, type Letter, newIdentity, notched, type Plate } from './plate.ts';
import { type Chance, chanceOf } from './random.ts';
import { reliefOf } from './relief.ts';
import { cardOf, facesOf, kinds, type Pair } from './set.ts';
import { charactersOf, figures, judgingWords, trainingWords } from './words.ts';

/** Cards of an identity with one digit changed. */
const SINGLE_CARDS = 2;

const [name, folder = '', out = '', firstText = '0', countText] = process.argv.slice(2);
const plan = plans.find((known) => known.name === name);
if (!plan || out === '') {
  process.stderr.write(`sets: ${plans.map(({ name: known }) => known).join(', ')}\n`);
  process.exit(2);
}

function lettersOf({ shapes }: Plate): Letter[] {
  return shapes.filter((shape): shape is Letter => shape.shape === 'letter');
}

/** Where, in millimetres around the plate's middle, characters of two plates of one layout differ. */
function differences(a: Plate, b: Plate): [number, number][] {
  const others = lettersOf(b);
  return lettersOf(a).flatMap((letter, i): [number, number][] =>
    others[i] && others[i].character !== letter.character ? [[letter.x, letter.y]] : [],
  );
}

/** Every digit another one, each as a forger would cut it. */
function allAltered(chance: Chance, genuine: Plate): Plate {
  const plate = { ...genuine, shapes: genuine.shapes.map((shape) => ({ ...shape })) };
  for (const letter of lettersOf(plate)) {
    if (!figures.includes(letter.character)) continue;
    const pool = [...figures].slice(0, 10).filter((other) => other !== letter.character);
    letter.character = chance.pick(pool);
    letter.x += chance.normal(0.04);
    letter.y += chance.normal(0.04);
    letter.bold += chance.normal(0.015);
  }
  return plate;
}

const words = plan.judges ? judgingWords : trainingWords;
const faces = facesOf(plan);
const all = [...typefaces, ...sealScripts, ...faces.own, ...faces.forgeries];
const book = await drawGlyphs(charactersOf(words), all);
// The manifest is that of `make`.
const manifest = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')) as {
  pairs: Pair[];
};
const pairs: (Pair & { changed: [number, number][]; turn: number })[] = [];
const first = Number(firstText);
const count = countText === undefined ? plan.identities : Number(countText);
for (let i = first; i < first + count; i++) {
  const kind = kinds[i % kinds.length] ?? 'round';
  const id = `${kind}-${String(i).padStart(3, '0')}`;
  const imprints = manifest.pairs.filter((pair) => pair.id === id && pair.genuine);
  const chance = chanceOf(plan.name, plan.seed, i);
  const physics = plan.physics[i % plan.physics.length] ?? 'ridge';
  const identity = newIdentity(chance.part('identity'), kind, words, faces.own);
  if (imprints.length === 0 || identity.texts.serial === '') continue;
  await mkdir(join(out, id), { recursive: true });
  const genuine = notched(engrave(identity, chance.part('hand')), chance.part('notches'));
  const own = chance.part('digits');
  const cards = [
    ...Array.from({ length: SINGLE_CARDS }, (_, k) => ({
      sub: 'digit',
      plate: altered(own.part(k), identity, genuine, true).plate,
    })),
    { sub: 'digits', plate: allAltered(own.part('all'), genuine) },
  ];
  for (const [k, { sub, plate }] of cards.entries()) {
    const card = await cardOf({ chance, physics, identity, book }, reliefOf(plate, book));
    const reserved = `${id}/reserved-${k}.jpg`;
    await writeFile(join(out, reserved), card.file);
    const changed = differences(genuine, plate);
    for (const imprint of imprints) {
      const query = join(relative(out, folder), imprint.query);
      const label = { genuine: false, forgery: 'tamper', sub } as const;
      pairs.push({ ...imprint, ...label, reserved, query, changed, turn: card.turn });
    }
  }
  await writeFile(
    join(out, 'manifest.json'),
    JSON.stringify({ version: 1, set: plan.name, pairs }, null, 1),
  );
  process.stderr.write(`${id}\n`);
}
