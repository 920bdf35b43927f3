// Usage: node training/seals/run.mjs make SET FOLDER [FIRST COUNT]
import { mkdir } from 'node:fs/promises';
import { plans } from './plans.ts';
import { makeSet } from './set.ts';

const [name, folder, first = '0', count] = process.argv.slice(2);
const plan = plans.find((known) => known.name === name);
if (!plan || folder === undefined) {
  process.stderr.write(`sets: ${plans.map(({ name: known }) => known).join(', ')}\n`);
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const wanted = count === undefined ? plan.identities : Number(count);
const startedAt = performance.now();
await makeSet(plan, folder, Number(first), wanted, (done) => {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`${done} of ${wanted} identities, ${seconds} s\n`);
});
