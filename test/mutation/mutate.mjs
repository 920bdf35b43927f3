// Mutation testing of the modules that decide: what the tests do not notice is not proved.
// Usage: npm run mutation -- GROUP ... [--only FILE[:FIRST-LAST],...] (see groups.json), in a copy of
// the repository that finds Stryker; docs/contributing.md says how. Exit code 1 when a group is
// below 85 %.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = new URL('.', import.meta.url);
const groups = JSON.parse(readFileSync(new URL('groups.json', here), 'utf8'));
const config = fileURLToPath(new URL('stryker.config.json', here));
const manifest = createRequire(import.meta.url).resolve('@stryker-mutator/core/package.json');
const stryker = join(dirname(manifest), 'bin', 'stryker.js');
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: 'string' } },
});

for (const name of positionals) {
  const { mutate, tests, withStatic } = groups[name];
  const words = ['run', config, '--mutate', values.only ?? mutate.join()];
  // What is computed once when a module is loaded takes a process for each mutant.
  if (!withStatic) words.push('--ignoreStatic');
  const run = spawnSync(process.execPath, [stryker, ...words], {
    stdio: 'inherit',
    env: { ...process.env, MUTATION_TESTS: tests.join(' ') },
  });
  if (run.status !== 0) process.exitCode = 1;
}
