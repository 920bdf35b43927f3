// Mutation testing of the modules that decide: what the tests do not notice is not proved.
// Usage: node test/mutation/mutate.mjs GROUP ... (see groups.json), in a copy of the repository
// that finds Stryker; docs/contributing.md says how. Exit code 1 when a group is below 85 %.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = new URL('.', import.meta.url);
const groups = JSON.parse(readFileSync(new URL('groups.json', here), 'utf8'));
const manifest = createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json');
const stryker = join(dirname(manifest), 'bin', 'stryker.js');

for (const name of process.argv.slice(2)) {
  const { mutate, tests } = groups[name];
  const config = fileURLToPath(new URL('stryker.config.json', here));
  const run = spawnSync(process.execPath, [stryker, 'run', config, '--mutate', mutate.join()], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_TESTS: tests.join(' ') },
  });
  if (run.status !== 0) process.exitCode = 1;
}
