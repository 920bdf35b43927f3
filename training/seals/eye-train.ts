// Usage: node training/seals/run.mjs eye-train MARKS [MARKS ...] [--epochs N] [--judge MARKS]. Fits the eye of
// `glyphs` to what eye-set kept. A mark of a genuine imprint is the same; the reserved picture of
// one mark with the query's of a neighbour that looks otherwise is another, as a forger's digit is.
// Where the cards of `digits` are among the sets, a mark of theirs whose digit was changed is another, too, and
// counts DIGITS times. Tampered pairs are not learned from: they tell how well the greatest odds of a pair find one
// changed digit. Identities of one fold in FOLDS are left out to judge by. Writes eye.json; run the generator after.
import { readFile, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { Adam, oneCycle } from './adam.ts';
import { CHANNELS, Eye, type EyePair, eyePath, PIXELS, PLANES, SIDE } from './eye-net.ts';
import { type Chance, chanceOf } from './random.ts';

const FOLDS = 6;
const BATCH = 32;
const RATE = 2e-3;
const DECAY = 1e-3;
/** Neighbours this near (mm) hardly turn against each other; of sizes this alike one may take the other's place. */
const NEAR_MM = 4.6;
const LEAST_SIZE = 0.7;
/** Marks more alike than this may be the same digit. */
const ALIKE = 0.72;
const OTHERS = 2;
/** How often what a forger's digit looks like is shown, beside neighbours. */
const DIGITS = 3;

interface Marks {
  readonly name: string;
  readonly pairs: readonly EyePair[];
  readonly bytes: Uint8Array;
}

async function readMarks(name: string): Promise<Marks> {
  // Both files are eye-set's own.
  const pairs = JSON.parse(await readFile(`${name}.json`, 'utf8')) as EyePair[];
  return { name, pairs, bytes: await readFile(`${name}.u8`) };
}

const planeOf = ({ bytes }: Marks, mark: number, channel: number) => {
  const from = (mark * PLANES + channel) * PIXELS;
  return bytes.subarray(from, from + PIXELS);
};

/** Correlation of two pictures, the second moved by (dx, dy) pixels. */
function likeness(a: Uint8Array, b: Uint8Array, dx: number, dy: number): number {
  let [n, sa, sb, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (let y = 1; y < SIDE - 1; y++) {
    for (let x = 1; x < SIDE - 1; x++) {
      const p = a[y * SIDE + x] as number;
      const q = b[(y + dy) * SIDE + x + dx] as number;
      n++;
      sa += p;
      sb += q;
      aa += p * p;
      bb += q * q;
      ab += p * q;
    }
  }
  const spread = Math.sqrt(Math.max(1, aa - (sa * sa) / n) * Math.max(1, bb - (sb * sb) / n));
  return (ab - (sa * sb) / n) / spread;
}

/** The shift of a pixel at most that makes two pictures most alike. */
function bestShift(a: Uint8Array, b: Uint8Array) {
  let best = { dx: 0, dy: 0, likeness: -1 };
  for (let dy = -1; dy <= 1; dy++) {
    for (let dx = -1; dx <= 1; dx++) {
      const found = likeness(a, b, dx, dy);
      if (found > best.likeness) best = { dx, dy, likeness: found };
    }
  }
  return best;
}

interface Example {
  readonly marks: Marks;
  /** Whose reserved picture, and whose query. */
  readonly mine: number;
  readonly theirs: number;
  readonly dx: number;
  readonly dy: number;
  readonly isOther: boolean;
}

/** Marks that could stand in the place of mark `i` and look otherwise. */
function othersOf(marks: Marks, { at, places }: EyePair, i: number, chance: Chance): Example[] {
  const place = (k: number) => places.slice(3 * k, 3 * k + 3) as [number, number, number];
  const [x, y, half] = place(i);
  const found: Example[] = [];
  const order = Array.from({ length: places.length / 3 }, (_, k) => k).sort(() =>
    chance.uniform(-1, 1),
  );
  for (const k of order) {
    if (k === i || found.length === OTHERS) continue;
    const [u, v, other] = place(k);
    if (Math.hypot(u - x, v - y) > NEAR_MM) continue;
    if (Math.min(half, other) < LEAST_SIZE * Math.max(half, other)) continue;
    const [mine, theirs] = [planeOf(marks, at + i, 0), planeOf(marks, at + k, 0)];
    if (bestShift(mine, theirs).likeness > ALIKE) continue;
    const { dx, dy } = bestShift(mine, planeOf(marks, at + k, 1));
    found.push({ marks, mine: at + i, theirs: at + k, dx, dy, isOther: true });
  }
  return found;
}

/** A mark as it was shown. */
function shownAt(marks: Marks, mark: number, isOther: boolean): Example {
  return { marks, mine: mark, theirs: mark, dx: 0, dy: 0, isOther };
}

/** Marks of cards whose every digit was changed, against the imprints of the seal itself. */
function digitsOf(marks: Marks, wants: (id: string) => boolean): Example[] {
  return marks.pairs
    .filter(({ id }) => wants(id))
    .flatMap(({ at, others = [] }) => others.map((k) => shownAt(marks, at + k, true)));
}

function examplesOf(marks: Marks, wants: (id: string) => boolean): Example[] {
  return marks.pairs
    .filter(({ id, genuine }) => genuine && wants(id))
    .flatMap((pair) =>
      Array.from({ length: pair.places.length / 3 }, (_, i) => {
        const mark = pair.at + i;
        return [
          shownAt(marks, mark, false),
          ...othersOf(marks, pair, i, chanceOf('others', marks.name, mark)),
        ];
      }).flat(),
    );
}

/** Where pixel p of a picture that was turned or mirrored comes from: eight ways. */
const turned = Array.from({ length: 8 }, (_, way) =>
  Int32Array.from({ length: PIXELS }, (__, p) => {
    const flip = (value: number, isFlipped: boolean) => (isFlipped ? SIDE - 1 - value : value);
    const [x, y] = [p % SIDE, Math.floor(p / SIDE)];
    const [u, v] = way & 4 ? [y, x] : [x, y];
    return flip(v, (way & 2) !== 0) * SIDE + flip(u, (way & 1) !== 0);
  }),
);

/**
 * Draws an example. With chance it is turned or mirrored, as what is the same then still is, and the
 * query's ink lies a pixel off and is deeper or fainter.
 */
function draw({ marks, mine, theirs, dx, dy }: Example, to: Float32Array, chance?: Chance): void {
  const way = turned[chance ? chance.whole(8) : 0] as Int32Array;
  const jitter = () => (chance?.happens(0.3) ? chance.pick([-1, 1]) : 0);
  const [mx, my] = [dx + jitter(), dy + jitter()];
  const own = planeOf(marks, mine, 0);
  const looked = planeOf(marks, mine, CHANNELS);
  const gain = chance ? chance.uniform(0.75, 1.25) : 1;
  for (let channel = 0; channel < CHANNELS; channel++) {
    const plane = channel === 0 ? own : planeOf(marks, theirs, channel);
    for (let p = 0; p < PIXELS; p++) {
      const from = way[p] as number;
      const x = Math.min(SIDE - 1, Math.max(0, (from % SIDE) + (channel === 0 ? 0 : mx)));
      const y = Math.min(SIDE - 1, Math.max(0, Math.floor(from / SIDE) + (channel === 0 ? 0 : my)));
      const value = ((plane[y * SIDE + x] as number) / 255) * (channel === 1 ? gain : 1);
      to[channel * PIXELS + p] = looked[from] === 0 ? 0 : Math.min(1, value);
    }
  }
}

/** Share of (high, low) in which the high one is greater. */
function areaUnder(high: readonly number[], low: readonly number[]): number {
  const all = [
    ...high.map((value) => ({ value, isHigh: 1 })),
    ...low.map((value) => ({ value, isHigh: 0 })),
  ];
  all.sort((a, b) => a.value - b.value);
  let [below, sum] = [0, 0];
  for (const { isHigh } of all) {
    if (isHigh) sum += below;
    else below++;
  }
  return sum / Math.max(1, high.length * low.length);
}

const picture = new Float32Array(CHANNELS * PIXELS);

function report(
  eye: Eye,
  title: string,
  sets: readonly Marks[],
  wants: (id: string) => boolean,
): void {
  const [same, other]: [number[], number[]] = [[], []];
  for (const example of sets.flatMap((marks) => examplesOf(marks, wants))) {
    draw(example, picture);
    (example.isOther ? other : same).push(eye.forward(picture));
  }
  const digits = sets
    .flatMap((marks) => digitsOf(marks, wants))
    .map((example) => {
      draw(example, picture);
      return eye.forward(picture);
    });
  const greatest = (marks: Marks, { at, places }: EyePair) => {
    const odds = Array.from({ length: places.length / 3 }, (_, i) => {
      draw(shownAt(marks, at + i, false), picture);
      return eye.forward(picture);
    });
    return Math.max(...odds);
  };
  const pairs = sets.flatMap((marks) =>
    marks.pairs
      .filter(({ id, places, others }) => wants(id) && places.length >= 24 && others === undefined)
      .map((pair) => ({ ...pair, odds: greatest(marks, pair) })),
  );
  const genuine = pairs.filter((pair) => pair.genuine).map(({ odds }) => odds);
  const limit = [...same].sort((a, b) => b - a)[Math.floor(same.length / 200)] ?? 0;
  const found = digits.filter((odds) => odds > limit).length / Math.max(1, digits.length);
  const digit = pairs.filter(({ sub }) => sub === 'digit').map(({ odds }) => odds);
  process.stdout.write(
    `${title}: marks ${same.length}/${other.length} ${areaUnder(other, same).toFixed(4)}, digits ${digits.length} ${areaUnder(digits, same).toFixed(4)}, above 1 in 200 marks ${found.toFixed(3)}, pairs ${genuine.length}/${digit.length} ${areaUnder(digit, genuine).toFixed(3)}\n`,
  );
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    epochs: { type: 'string', default: '10' },
    judge: { type: 'string', multiple: true, default: [] },
  },
});
const sets = await Promise.all(positionals.map(readMarks));
const judges = await Promise.all(values.judge.map(readMarks));
const isOut = (id: string) => chanceOf('eye', id).whole(FOLDS) === 0;
const examples = sets.flatMap((marks) => {
  const digits = digitsOf(marks, (id) => !isOut(id));
  return [
    ...examplesOf(marks, (id) => !isOut(id)),
    ...Array.from({ length: DIGITS }, () => digits).flat(),
  ];
});
process.stdout.write(`${examples.length} examples\n`);
const chance = chanceOf('eye-train');
const eye = await Eye.load();
eye.start(chance.part('start'));
const adam = new Adam(eye.numbers, eye.gradient, DECAY);
const epochs = Number(values.epochs);
const batches = Math.floor(examples.length / BATCH);
let steps = 0;
for (let epoch = 0; epoch < epochs; epoch++) {
  for (let i = examples.length - 1; i > 0; i--) {
    const j = chance.whole(i + 1);
    [examples[i], examples[j]] = [examples[j] as Example, examples[i] as Example];
  }
  let loss = 0;
  for (let batch = 0; batch < batches; batch++) {
    eye.prepareBack();
    for (let k = 0; k < BATCH; k++) {
      const example = examples[batch * BATCH + k] as Example;
      const target = example.isOther ? 0.98 : 0.02;
      draw(example, picture, chance);
      const said = 1 / (1 + Math.exp(-eye.forward(picture)));
      loss -= target * Math.log(said) + (1 - target) * Math.log(1 - said);
      eye.backward((said - target) / BATCH);
    }
    steps++;
    adam.step(RATE * oneCycle(steps / (epochs * batches), 0.2));
  }
  process.stdout.write(`epoch ${epoch + 1}: ${(loss / (batches * BATCH)).toFixed(4)}\n`);
  report(eye, '  left out', sets, isOut);
  await writeFile(eyePath(), `${JSON.stringify(eye.toFile())}\n`);
}
report(eye, 'fitted', sets, (id) => !isOut(id));
for (const marks of judges) report(eye, marks.name, [marks], () => true);
