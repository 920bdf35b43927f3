// Usage: node training/seals/run.mjs capture-train EXAMINED [EXAMINED ...] [--judge EXAMINED] [--kept SHARE]
// Fits the detector of secondary captures; writes assembly/seal/capture.json. `kept` is the share of
// stamped imprints that may be sent to a person where their kind of stamping is new to the net: the
// limit is set by nets each of which lacks one model of stamping, so that a strange pad is not taken
// for a printer. Prints what such nets find, and nets without one printer, and without some identities.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ratesOf } from '../../src/cli/seal-rates.ts';
import type { Examined } from './capture-set.ts';
import { type Chance, chanceOf } from './random.ts';

const HIDDEN = 12;
/** Nets of different beginnings that the detector averages; where only rates are printed one stands for them. */
const NETS = 3;
const STEPS = 2200;
const BATCH = 96;
const RATE = 8e-3;
/** Decay of the weights a step, in units of the rate. */
const DECAY = 0.02;

/**
 * Figures whose strength tells of the pad and the lens, not of a printer: the strokes' texture, the
 * paper's noise, the rims' steepness. Each group is stretched by chance, so that the net goes by how
 * the colours keep together and by what repeats.
 */
const nuisances = [
  { from: 7, to: 13, spread: 0.45 },
  { from: 16, to: 18, spread: 0.4 },
  { from: 22, to: 23, spread: 0.3 },
] as const;

interface Sample {
  readonly row: Examined;
  readonly inputs: Float64Array;
}

interface Spread {
  readonly means: readonly number[];
  readonly spreads: readonly number[];
}

interface Model extends Spread {
  readonly nets: readonly Float64Array[];
}

const clamp = (value: number) => Math.max(-4, Math.min(4, value));

function normalised({ means, spreads }: Spread, figures: readonly number[]): Float64Array {
  return Float64Array.from(figures, (value, i) =>
    clamp((value - (means[i] ?? 0)) / (spreads[i] ?? 1)),
  );
}

function spreadOf(rows: readonly (readonly number[])[]): Spread {
  const count = rows[0]?.length ?? 0;
  const mean = (i: number, f: (value: number) => number) =>
    rows.reduce((sum, row) => sum + f(row[i] ?? 0), 0) / rows.length;
  const means = Array.from({ length: count }, (_, i) => mean(i, (value) => value));
  const spreads = means.map((m, i) => Math.sqrt(mean(i, (value) => (value - m) ** 2)) + 1e-3);
  return { means, spreads };
}

/** Hidden units by the rows of `weights`: inputs, bias, weight out; the last number is the bias. */
function forward(weights: Float64Array, inputs: Float64Array, units?: Float64Array): number {
  const n = inputs.length;
  let odds = weights[weights.length - 1] ?? 0;
  for (let u = 0; u < HIDDEN; u++) {
    const row = u * (n + 2);
    let sum = weights[row + n] ?? 0;
    for (let i = 0; i < n; i++) sum += (weights[row + i] ?? 0) * (inputs[i] ?? 0);
    if (units) units[u] = sum;
    odds += Math.max(0, sum) * (weights[row + n + 1] ?? 0);
  }
  return odds;
}

function byPhysics(samples: readonly Sample[]): readonly (readonly Sample[])[] {
  return [...new Set(samples.map(({ row }) => row.physics))].map((physics) =>
    samples.filter(({ row }) => row.physics === physics),
  );
}

function fitted({ means, spreads }: Spread, samples: readonly Sample[], chance: Chance) {
  const n = means.length;
  const weights = new Float64Array(HIDDEN * (n + 2) + 1);
  for (let i = 0; i < weights.length; i++) weights[i] = chance.normal(0.25);
  // Every model of stamping counts alike, however many pictures it has.
  const copies = byPhysics(samples.filter(({ row }) => row.isCopy));
  const stamped = byPhysics(samples.filter(({ row }) => !row.isCopy));
  const gradient = new Float64Array(weights.length);
  const first = new Float64Array(weights.length);
  const second = new Float64Array(weights.length);
  const units = new Float64Array(HIDDEN);
  const shaken = new Float64Array(n);
  for (let step = 1; step <= STEPS; step++) {
    gradient.fill(0);
    for (let k = 0; k < BATCH; k++) {
      const { row, inputs } = chance.pick(chance.pick(k % 2 === 0 ? copies : stamped));
      const factors = nuisances.map(({ spread }) => Math.exp(chance.normal(spread)));
      inputs.forEach((value, i) => {
        const group = nuisances.findIndex(({ from, to }) => i >= from && i < to);
        const factor = factors[group] ?? 1;
        const scaled = clamp(value * factor + ((means[i] ?? 0) / (spreads[i] ?? 1)) * (factor - 1));
        shaken[i] = chance.happens(0.1) ? 0 : scaled + chance.normal(0.15);
      });
      const odds = forward(weights, shaken, units);
      const slope = (1 / (1 + Math.exp(-odds)) - (row.isCopy ? 0.98 : 0.02)) / BATCH;
      for (let u = 0; u < HIDDEN; u++) {
        const at = u * (n + 2);
        const sum = units[u] ?? 0;
        if (sum <= 0) continue;
        gradient[at + n + 1] = (gradient[at + n + 1] ?? 0) + slope * sum;
        const inner = slope * (weights[at + n + 1] ?? 0);
        gradient[at + n] = (gradient[at + n] ?? 0) + inner;
        for (let i = 0; i < n; i++) {
          gradient[at + i] = (gradient[at + i] ?? 0) + inner * (shaken[i] ?? 0);
        }
      }
      const last = weights.length - 1;
      gradient[last] = (gradient[last] ?? 0) + slope;
    }
    const rate = RATE * (0.5 + 0.5 * Math.cos((Math.PI * step) / STEPS));
    for (let i = 0; i < weights.length; i++) {
      const g = gradient[i] ?? 0;
      first[i] = 0.9 * (first[i] ?? 0) + 0.1 * g;
      second[i] = 0.999 * (second[i] ?? 0) + 0.001 * g * g;
      const move =
        (first[i] ?? 0) /
        (1 - 0.9 ** step) /
        (Math.sqrt((second[i] ?? 0) / (1 - 0.999 ** step)) + 1e-8);
      weights[i] = (weights[i] ?? 0) * (1 - rate * DECAY) - rate * move;
    }
  }
  return weights;
}

function trained(rows: readonly Examined[], name: string, count: number): Model {
  const spread = spreadOf(rows.flatMap((row) => (row.figures ? [row.figures] : [])));
  const samples = rows.flatMap((row) =>
    row.figures ? [{ row, inputs: normalised(spread, row.figures) }] : [],
  );
  const nets = Array.from({ length: count }, (_, k) =>
    fitted(spread, samples, chanceOf('capture', name, k)),
  );
  return { ...spread, nets };
}

function oddsOf(model: Model, { figures }: Examined): number | undefined {
  if (!figures) return undefined;
  const inputs = normalised(model, figures);
  return model.nets.reduce((sum, net) => sum + forward(net, inputs), 0) / model.nets.length;
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

/** `ratesOf` takes higher for more genuine; here higher is more of a copy. */
function print(title: string, scored: readonly { row: Examined; odds: number }[]): void {
  const stamped = scored.filter(({ row }) => row.genuine).map(({ odds }) => -odds);
  const printers = new Set(scored.flatMap(({ row }) => (row.printer ? [row.printer] : [])));
  process.stdout.write(`${title}\n`);
  for (const printer of [undefined, ...printers]) {
    const copies = scored
      .filter(({ row }) => row.isCopy && (!printer || row.printer === printer))
      .map(({ odds }) => -odds);
    const { eer } = ratesOf(stamped, copies);
    process.stdout.write(
      `  ${(printer ?? 'all').padEnd(12)} stamped ${stamped.length}, copies ${copies.length}: EER ${percent(eer)}\n`,
    );
  }
}

function scoredBy(model: Model, rows: readonly Examined[]) {
  return rows.flatMap((row) => {
    const odds = oddsOf(model, row);
    return odds === undefined ? [] : [{ row, odds }];
  });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    judge: { type: 'string', multiple: true, default: [] },
    kept: { type: 'string', default: '0.015' },
  },
});
const read = async (path: string) =>
  // The file is capture-set's own.
  JSON.parse(await readFile(path, 'utf8')) as Examined[];
const rows = (await Promise.all(positionals.map(read))).flat();
/** Nets that each lack the rows of one value of `of`, on those rows. */
function leftOut(of: (row: Examined) => string | number, nets = 1) {
  return [...new Set(rows.map(of))].flatMap((out) =>
    scoredBy(
      trained(
        rows.filter((row) => of(row) !== out),
        `but ${out}`,
        nets,
      ),
      rows.filter((row) => of(row) === out),
    ),
  );
}

const strange = leftOut(({ physics }) => physics, NETS);
const kinds = [...new Set(rows.map(({ physics }) => physics))];
for (const physics of kinds) {
  print(
    `${physics} left out`,
    strange.filter(({ row }) => row.physics === physics),
  );
}
print(
  'identities left out',
  leftOut(({ id }) => chanceOf('fold', id).whole(3)),
);
for (const printer of new Set(rows.flatMap((row) => (row.printer ? [row.printer] : [])))) {
  const model = trained(
    rows.filter((row) => row.printer !== printer),
    `but ${printer}`,
    1,
  );
  print(
    `${printer} left out`,
    scoredBy(
      model,
      rows.filter((row) => !row.isCopy || row.printer === printer),
    ),
  );
}
const model = trained(rows, 'all', NETS);
/** The odds that only the kept share of one strange kind of stamping lies above. */
const limits = kinds.map((physics) => {
  const odds = strange
    .filter(({ row }) => row.genuine && row.physics === physics)
    .map(({ odds: value }) => value)
    .sort((a, b) => b - a);
  return odds[Math.floor(Number(values.kept) * odds.length)] ?? 0;
});
// The mean over kinds: the worst one alone would let most copies through.
const limit = limits.reduce((sum, value) => sum + value, 0) / limits.length;
const n = model.means.length;
const rounded = (value: number) => Number(value.toPrecision(6));
/** All nets' units side by side, the last layer's share each. */
const units = model.nets.flatMap((net) =>
  Array.from({ length: HIDDEN }, (_, u) => net.subarray(u * (n + 2), (u + 1) * (n + 2))),
);
const share = (value: number) => rounded(value / NETS);
const bias = model.nets.reduce((sum, net) => sum + (net.at(-1) ?? 0), 0) / NETS;
await writeFile(
  join(process.cwd(), 'assembly', 'seal', 'capture.json'),
  `${JSON.stringify({
    means: model.means.map(rounded),
    spreads: model.spreads.map(rounded),
    hidden: units.map((unit) => [...unit.subarray(0, n)].map(rounded)),
    hiddenBias: units.map((unit) => rounded(unit[n] ?? 0)),
    last: units.map((unit) => share(unit[n + 1] ?? 0)),
    lastBias: rounded(bias - limit),
  })}\n`,
);
const sent = (scored: readonly { odds: number }[]) =>
  `${scored.filter(({ odds }) => odds > limit).length} of ${scored.length}`;
const printSent = (title: string, own: typeof strange) =>
  process.stdout.write(
    `${title}: sent to a person ${sent(own.filter(({ row }) => row.genuine))} stamped, ${sent(own.filter(({ row }) => row.isCopy))} copies\n`,
  );
for (const physics of kinds) {
  printSent(
    `${physics} left out`,
    strange.filter(({ row }) => row.physics === physics),
  );
}
for (const path of values.judge) {
  const judged = scoredBy(model, await read(path));
  print(path, judged);
  printSent(path, judged);
}
process.stdout.write(`limit ${limit.toFixed(2)}, taken off: odds above 0 are sent to a person\n`);
