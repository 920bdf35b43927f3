// The tagger in Node. Prints one JSON document of the harness's form.
import { loadTagger } from '../src/core/tagger.ts';
import { measure } from './harness.ts';
import { taggerRows } from './tagger-rows.ts';

const rounds = Math.max(15, Number(process.env.BENCH_ROUNDS ?? 21));
const sampleMicros = Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000);

const results = measure(taggerRows(await loadTagger()), {
  rounds,
  sampleMicros,
  clock: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  progress: (text) => process.stderr.write(`  ${text}\n`),
});
process.stdout.write(
  JSON.stringify({
    host: `Node ${process.version.slice(1)}`,
    clock: 'CPU time of the process',
    results,
  }),
);
