// The rows of federation-rows.ts in Node, each contestant in a process of its own: code that shares a
// process with a peer's runs with what the engine learnt at the peer's. Contestants take turns, so that
// whatever disturbs the machine disturbs all of them. Prints one JSON document of the harness's form,
// whose factors are medians of the factors of each round.
import { execFileSync } from 'node:child_process';
import { loadFederated } from '../src/core/federated.ts';
import { summarise } from '../src/lib/measure.ts';
import { federationRows } from './federation-rows.ts';

const rounds = Math.max(9, Number(process.env.BENCH_ROUNDS ?? 21));
const sampleMicros = Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000);
const samplesPerProcess = 7;
/** Work before the first sample, so that the engine has compiled all there is to compile. */
const warmMicros = 150_000;

const cpuClock = () => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

interface Sample {
  readonly cpu: number;
  readonly wall: number;
}

const [rowId, contestantName] = process.argv.slice(2);
const rows = await federationRows(await loadFederated(), rowId);
process.stdout.write(
  JSON.stringify(rowId === undefined ? everyRow() : oneSample(rowId, contestantName ?? '')),
);

/** Median of the samples of this process, microseconds for one run. */
function oneSample(id: string, name: string): Sample {
  const run = rows.find((row) => row.id === id)?.contestants.find((c) => c.name === name)?.run;
  if (!run) throw new Error(`there is no ${name} in ${id}`);
  let count = 0;
  for (const end = cpuClock() + warmMicros; cpuClock() < end; count++) run();
  const perSample = Math.max(1, Math.round((count * sampleMicros) / warmMicros));
  const samples = Array.from({ length: samplesPerProcess }, () => {
    const [cpu, wall] = [cpuClock(), performance.now()];
    for (let i = 0; i < perSample; i++) run();
    return {
      cpu: (cpuClock() - cpu) / perSample,
      wall: ((performance.now() - wall) * 1000) / perSample,
    };
  });
  const median = (key: keyof Sample) => summarise(samples.map((sample) => sample[key])).median;
  return { cpu: median('cpu'), wall: median('wall') };
}

function everyRow() {
  const results = rows.map(({ id, title, contestants }) => {
    process.stderr.write(`  ${title}\n`);
    const taken = contestants.map((): Sample[] => []);
    for (let round = 0; round < rounds; round++) {
      contestants.forEach(({ name }, i) => {
        const words = [process.argv[1] ?? '', id, name];
        const text = execFileSync(process.execPath, words, { encoding: 'utf8' });
        taken[i]?.push(JSON.parse(text) as Sample);
      });
    }
    const figures = contestants.map(({ name }, i) => {
      const samples = taken[i] ?? [];
      const { median, low, high } = summarise(samples.map(({ cpu }) => cpu));
      const wall = summarise(samples.map((sample) => sample.wall)).median;
      const ours = taken[0] ?? [];
      const factors = samples.map(({ cpu }, round) => cpu / (ours[round]?.cpu ?? Number.NaN));
      const factor = summarise(factors).median;
      return { name, micros: median, low, high, wall, factor, rounds };
    });
    return { id, title, figures };
  });
  const host = `Node ${process.versions.node}`;
  return { host, clock: 'CPU time, a process of its own for each sample', results };
}
