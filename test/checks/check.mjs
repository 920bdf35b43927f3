// `npm run check`: every gate of this project, each with a sentence that says what to do.
// Usage: node test/checks/check.mjs [GATE ...] [--without GATE] [--root FOLDER] [--report FILE]
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { budgets } from './budgets.mjs';
import { dependencies } from './dependencies.mjs';
import { documents } from './documents.mjs';
import { openapi } from './openapi.mjs';
import { format, generated, layers, lint, types } from './sources.mjs';
import { home, run } from './tools.mjs';

const npm = (script) => async (root) => {
  const { ok } = await run(root, 'npm', ['run', '-s', script], { show: true });
  return ok ? [] : [`npm run ${script} fails`];
};

const tests = async (root) => {
  const { ok } = await run(root, 'vitest', ['run'], { show: true });
  return ok ? [] : ['tests fail'];
};

/** In this order: what is cheap first, what needs the build after it. */
const gates = {
  dependencies,
  format,
  lint,
  layers,
  generated,
  build: npm('build'),
  types,
  openapi,
  budgets,
  documents,
  tests,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    without: { type: 'string', multiple: true, default: [] },
    root: { type: 'string', default: home },
    report: { type: 'string' },
  },
});
const unknown = [...positionals, ...values.without].filter((name) => !Object.hasOwn(gates, name));
if (unknown.length > 0) {
  console.error(
    `there is no gate ${unknown.join(', ')}; there are ${Object.keys(gates).join(', ')}`,
  );
  process.exit(2);
}
const chosen = (positionals.length > 0 ? positionals : Object.keys(gates)).filter(
  (name) => !values.without.includes(name),
);

const failed = [];
for (const name of chosen) {
  const start = performance.now();
  console.log(`${name} ...`);
  const problems = await gates[name](resolve(values.root), console.log);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  for (const problem of problems) console.log(`  ${problem.replaceAll('\n', '\n    ')}`);
  console.log(problems.length === 0 ? `${name} holds (${seconds} s)` : `${name} FAILS`);
  if (problems.length > 0) failed.push(name);
}
console.log(
  failed.length === 0
    ? `all ${chosen.length} gates hold`
    : `${failed.length} of ${chosen.length} gates fail: ${failed.join(', ')}`,
);
if (values.report) {
  const counts = { passed: chosen.length - failed.length, failed: failed.length };
  await mkdir(dirname(values.report), { recursive: true });
  await writeFile(values.report, JSON.stringify(counts));
}
process.exitCode = failed.length === 0 ? 0 : 1;
