import { appendFileSync } from 'node:fs';
import { createServer } from 'vite';

process.chdir('/work/wt/mutate10');
const [from, to, out] = process.argv.slice(2);
const vite = await createServer({
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true, include: [] },
});
const { simulatedBank, hashOfTrace } = await vite.ssrLoadModule(
  '/work/wt/mutate10/test/drills/simulation.ts',
);
for (let first = +from; first < +to; first += 50) {
  const t = process.cpuUsage().user;
  const { course, neverCalled } = await simulatedBank();
  const trace = [],
    violations = [];
  for (let seed = first; seed < first + 50; seed++) {
    const one = await course(seed);
    trace.push(...one.trace);
    violations.push(...one.violations);
  }
  violations.push(...neverCalled());
  appendFileSync(
    out,
    JSON.stringify({
      first,
      events: trace.length,
      hash: hashOfTrace(trace),
      violations,
      cpuMs: Math.round((process.cpuUsage().user - t) / 1000),
    }) + '\n',
  );
}
await vite.close();
process.exit(0);
