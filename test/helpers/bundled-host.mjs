// Runs Workers that are bundled already, and says where they answer. A process of its own, so that
// a test can kill it together with workerd.
// Usage: node test/helpers/bundled-host.mjs SETTINGS.json PORT
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// The one that wrangler brings along.
const fromWrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const { Miniflare } = fromWrangler('miniflare');

const [, , settings = '', port = '0'] = process.argv;
const workers = JSON.parse(readFileSync(settings, 'utf8'));
const host = new Miniflare({
  ...workers,
  host: '127.0.0.1',
  port: Number(port),
  // A line for each request would have to be read by whoever counts them.
  handleRuntimeStdio(stdout, stderr) {
    stdout.resume();
    stderr.pipe(process.stderr);
  },
});
const ready = (await host.ready).origin;
// Only where the settings ask for one.
const inspector = workers.inspectorPort === undefined ? undefined : await host.getInspectorURL();
console.log(`ready ${ready}${inspector ? ` inspected at ${inspector.host}` : ''}`);
