// Measures rows in Node, by CPU time, and prints one JSON document of the harness's form.
import { measure, type Row } from './harness.ts';

export function measureInNode(rows: readonly Row[]): void {
  const results = measure(rows, {
    rounds: Math.max(15, Number(process.env.BENCH_ROUNDS ?? 21)),
    sampleMicros: Number(process.env.BENCH_SAMPLE_MICROS ?? 20_000),
    clock: () => {
      const { user, system } = process.cpuUsage();
      return user + system;
    },
    progress: (text) => process.stderr.write(`  ${text}\n`),
  });
  const host = `Node ${process.version.slice(1)}`;
  process.stdout.write(JSON.stringify({ host, clock: 'CPU time of the process', results }));
}
