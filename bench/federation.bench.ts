// The rows of federation-rows.ts in Node. Prints one JSON document of the harness's form.
import { loadFederated } from '../src/core/federated.ts';
import { federationRows } from './federation-rows.ts';
import { measure } from './harness.ts';

const rounds = Math.max(15, Number(process.env.BENCH_ROUNDS ?? 21));
const sampleMicros = Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000);

const results = measure(await federationRows(await loadFederated()), {
  rounds,
  sampleMicros,
  clock: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  progress: (text) => process.stderr.write(`  ${text}\n`),
});
process.stdout.write(
  `${JSON.stringify({ host: `Node ${process.versions.node}`, clock: 'CPU time of the process', results })}\n`,
);
