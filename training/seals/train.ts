// Usage: node training/seals/run.mjs train VENDOR EVIDENCE [EVIDENCE ...] [--epochs N] [--far SHARE | --missed SHARE]
// [--refused SHARE] [--digit TIMES] [--more EVIDENCE] [--judge EVIDENCE] [--scores FILE] [--beside WEIGHTS] [--keep N] [--parts FOLDER]
// Fits three nets, each without a third of the identities, and sets both limits by what each says of
// the third that it has not seen. Writes weights.json; run the weights generator and the build after.
// `scores` keeps what was said of every pair by nets that had not seen it. Nets of an earlier training,
// of other pictures, may stand `beside` the new ones, of which `keep` are kept; the limits are then set by
// the mean of all. One digit of a serial number is the least that a forger changes, and the hardest to see:
// such pairs count `digit` times. Pairs of `more`, the cards of the tool `digits`, are learned from only, and count
// MORE times: they stand in no figure, and set no limit. Nets lie in `parts` as soon as they are fitted, and a run that was stopped goes on there.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ratesOf } from '../../src/cli/seal-rates.ts';
import { Adam, oneCycle } from './adam.ts';
import type { TracedPair } from './evidence.ts';
import { geometric, kindOf } from './labels.ts';
import {
  type Evidence,
  filePathOf,
  Net,
  type NetFile,
  netOf,
  type Plan,
  planOf,
  widened,
  withCaution,
  withDoubt,
} from './net.ts';
import { type Chance, chanceOf } from './random.ts';
import { evidenceOf, readTraced, spreadOf, type Traced } from './traced.ts';

const FOLDS = 3;
const BATCH = 32;
const RATE = 4e-3;
const DECAY = 2e-3;
const MORE = 0.5;
/** How much a pair of each kind counts; copies are not for geometry to find. */
const weightOf: Readonly<Record<string, number>> = {
  genuine: 2,
  text: 1,
  font: 1,
  recut: 1.3,
  tamper: 1.3,
  fine: 0.25,
  clone: 0.1,
};

interface Sample {
  readonly row: TracedPair;
  readonly kind: string;
  readonly identity: string;
  readonly traced: Traced;
}

function samplesOf(traced: Traced): Sample[] {
  return (
    traced.rows
      .filter(({ at }) => at >= 0)
      // Sets number their identities alike; their models of stamping differ.
      .map((row) => ({ row, kind: kindOf(row), identity: `${row.physics} ${row.id}`, traced }))
      .filter(({ kind }) => kind in weightOf)
  );
}

function start(net: Net, chance: Chance): void {
  const { plan, weights } = net;
  const fill = (at: number, units: number, inputs: number) => {
    const bound = 1 / Math.sqrt(inputs);
    for (let i = 0; i < units * (inputs + 1); i++) weights[at + i] = chance.uniform(-bound, bound);
  };
  plan.a.forEach((at) => {
    fill(at, 16, plan.inputs);
  });
  plan.b.forEach((at) => {
    fill(at, 1, 16);
  });
  fill(plan.l, 1, plan.summary);
  fill(plan.c, 16, plan.summary);
  fill(plan.d, 1, 16);
}

/** Some tiles left out and all figures shaken a little. */
function shaken({ tiles, whole }: Evidence, chance: Chance, inputs: number): Evidence {
  return {
    whole: whole.map((value) => value + chance.normal(0.05)),
    tiles: tiles.map((each) => {
      const kept: number[] = [];
      for (let t = 0; t < each.length / inputs; t++) {
        if (chance.happens(0.1)) continue;
        for (let i = 0; i < inputs; i++)
          kept.push((each[t * inputs + i] as number) + chance.normal(0.05));
      }
      return Float32Array.from(kept);
    }),
  };
}

interface Ready {
  readonly evidence: Evidence;
  readonly target: number;
  readonly weight: number;
}

function trained(plan: Plan, ready: readonly Ready[], epochs: number, chance: Chance): Net {
  const net = new Net(plan);
  start(net, chance.part('start'));
  const adam = new Adam(net.weights, net.gradient, DECAY);
  const order = ready.map((_, i) => i);
  const batches = Math.ceil(order.length / BATCH);
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const j = chance.whole(i + 1);
      [order[i], order[j]] = [order[j] as number, order[i] as number];
    }
    for (let batch = 0; batch < batches; batch++) {
      const chosen = order.slice(batch * BATCH, (batch + 1) * BATCH);
      for (const index of chosen) {
        const { evidence, target, weight } = ready[index] as Ready;
        const keep = Float32Array.from({ length: plan.summary }, () =>
          chance.happens(0.1) ? 0 : 1 / 0.9,
        );
        const seen = shaken(evidence, chance, plan.inputs);
        const odds = net.forward(seen, keep);
        net.backward(seen, ((1 / (1 + Math.exp(-odds)) - target) * weight) / chosen.length, keep);
      }
      const share = (epoch * batches + batch) / (epochs * batches);
      adam.step(RATE * oneCycle(share, 0.3));
    }
    if (epoch % 10 === 9) process.stderr.write(`epoch ${epoch + 1}\n`);
  }
  return net;
}

function foldOf(identity: string): number {
  return chanceOf('fold', identity).whole(FOLDS);
}

interface Scored {
  /** Folder of the set and picture. */
  readonly query: string;
  readonly kind: string;
  readonly score: number;
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;

function print(title: string, scored: readonly Scored[]): void {
  const of = (kinds: readonly string[]) =>
    scored.filter(({ kind }) => kinds.includes(kind)).map(({ score }) => score);
  const genuine = of(['genuine']);
  process.stdout.write(`${title}\n`);
  for (const [name, kinds] of [
    ['geo4', geometric] as const,
    ...[...geometric, 'fine', 'clone'].map((kind) => [kind, [kind]] as const),
  ]) {
    const { eer, frrAtFar0, frrAtFar1Percent, forged } = ratesOf(genuine, of(kinds));
    process.stdout.write(
      `  ${name.padEnd(8)} ${genuine.length}/${forged}  EER ${percent(eer)}  FRR at 0 ${percent(frrAtFar0)}, at 1 % ${percent(frrAtFar1Percent)}\n`,
    );
  }
}

interface Wanted {
  /** Greatest share of forgeries that may pass; or, for a vendor that others back, of genuine that may not. */
  readonly far: number;
  readonly missed: number | undefined;
  /** Share of the genuine that may be called forged. */
  readonly refused: number;
}

function limitsOf(scored: readonly Scored[], { far, missed, refused }: Wanted) {
  const genuine = scored
    .filter(({ kind }) => kind === 'genuine')
    .map(({ score }) => score)
    .sort((a, b) => a - b);
  const forged = scored
    .filter(({ kind }) => geometric.includes(kind))
    .map(({ score }) => score)
    .sort((a, b) => b - a);
  const strict = (forged[Math.floor(far * forged.length)] ?? 0) + 0.05;
  const accept =
    missed === undefined ? strict : (genuine[Math.floor(missed * genuine.length)] ?? 0);
  const reject = genuine[Math.floor(refused * genuine.length)] ?? 0;
  const rounded = (value: number) => Number(value.toFixed(2));
  return { accept: rounded(accept), reject: rounded(Math.min(reject, accept)) };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    epochs: { type: 'string', default: '40' },
    judge: { type: 'string', multiple: true, default: [] },
    more: { type: 'string', multiple: true, default: [] },
    far: { type: 'string', default: '0.004' },
    missed: { type: 'string' },
    refused: { type: 'string', default: '0.004' },
    scores: { type: 'string' },
    beside: { type: 'string' },
    keep: { type: 'string', default: String(FOLDS) },
    parts: { type: 'string' },
    digit: { type: 'string', default: '2' },
  },
});
const [vendor = '', ...paths] = positionals;
const sets = await Promise.all(paths.map(readTraced));
const samples = sets.flatMap(samplesOf);
const first = sets[0];
if (!first) throw new Error('no evidence given');
const plan = planOf(first.sizes);
const spread = spreadOf(
  first,
  first.rows.filter(({ at, ...row }) => at >= 0 && kindOf({ at, ...row }) in weightOf),
);
const readyOf = ({ row, kind, traced }: Sample, times: number): Ready => ({
  evidence: evidenceOf(traced, row, spread, plan),
  target: kind === 'genuine' ? 0.98 : 0.02,
  weight: (weightOf[kind] ?? 0) * times,
});
const ready = samples.map((sample) =>
  readyOf(sample, sample.row.sub === 'digit' ? Number(values.digit) : 1),
);
const cards = (await Promise.all(values.more.map(readTraced)))
  .flatMap(samplesOf)
  .filter(({ row }) => row.sub === 'digit');
// A file of this program's own form.
const earlier: NetFile[] = values.beside
  ? (JSON.parse(await readFile(values.beside, 'utf8')) as { nets: NetFile[] }).nets.map((file) =>
      widened(file, plan),
    )
  : [];
const kept = Number(values.keep);
const besides = earlier.map((file) => ({ file, net: netOf(file, plan) }));

/** The mean of the new nets kept, which say `score` on average, and of those beside them, as the vendor tells it. */
function together(score: number, { row, traced }: Sample): number {
  const sum = besides.reduce(
    (total, { file, net }) => total + net.forward(evidenceOf(traced, row, file, plan)),
    kept * score,
  );
  const odds = sum / (kept + besides.length);
  return withDoubt(withCaution(odds, row.marks ?? 0), row.doubtOfMarks ?? 0);
}

/** The net without a fold: that of an earlier run, or a new one. Rounded as its file is. */
async function fitted(fold: number, isOut: (sample: Sample) => boolean): Promise<Net> {
  const part = values.parts && join(values.parts, `${vendor}-${fold}.json`);
  const known = part && (await readFile(part, 'utf8').catch(() => undefined));
  // The file is this program's own.
  if (known) return netOf(JSON.parse(known) as NetFile, plan);
  const net = trained(
    plan,
    [
      ...ready.filter((_, i) => !isOut(samples[i] as Sample)),
      ...cards.filter((sample) => !isOut(sample)).map((sample) => readyOf(sample, MORE)),
    ],
    Number(values.epochs),
    chanceOf('fit', vendor, fold),
  );
  const file = net.toFile(spread);
  if (part) await writeFile(part, JSON.stringify(file));
  return netOf(file, plan);
}

const nets: Net[] = [];
const unseen: Scored[] = [];
for (let fold = 0; fold < FOLDS; fold++) {
  const isOut = ({ identity }: Sample) => foldOf(identity) === fold;
  const net = await fitted(fold, isOut);
  samples.forEach((sample, i) => {
    if (!isOut(sample)) return;
    const score = together(net.forward((ready[i] as Ready).evidence), sample);
    unseen.push({ query: sample.row.query, kind: sample.kind, score });
  });
  nets.push(net);
}
print('identities left out', unseen);
const limits = limitsOf(unseen, {
  far: Number(values.far),
  missed: values.missed === undefined ? undefined : Number(values.missed),
  refused: Number(values.refused),
});
process.stdout.write(`limits ${JSON.stringify(limits)}\n`);
const judged: Scored[] = [];
for (const path of values.judge) {
  const traced = await readTraced(path);
  const scored = samplesOf(traced).map((sample): Scored => {
    const evidence = evidenceOf(traced, sample.row, spread, plan);
    const score = nets.slice(0, kept).reduce((sum, net) => sum + net.forward(evidence), 0) / kept;
    return { query: sample.row.query, kind: sample.kind, score: together(score, sample) };
  });
  judged.push(...scored);
  print(path, scored);
}
const file: NetFile[] = [...nets.slice(0, kept).map((net) => net.toFile(spread)), ...earlier];
await writeFile(filePathOf(vendor), `${JSON.stringify({ ...limits, nets: file })}\n`);
if (values.scores) await writeFile(values.scores, JSON.stringify({ unseen, judged }));
