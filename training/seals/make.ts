// Usage: node training/seals/run.mjs make SET FOLDER [FIRST COUNT [KINDS]]. KINDS, as in `genuine,rescan`,
// makes a part of each identity's pictures, the same ones.
import { mkdir } from 'node:fs/promises';
import { plans } from './plans.ts';
import { makeSet } from './set.ts';

const [name, folder, first = '0', count, kinds] = process.argv.slice(2);
const plan = plans.find((known) => known.name === name);
if (!plan || folder === undefined) {
  process.stderr.write(`sets: ${plans.map(({ name: known }) => known).join(', ')}\n`);
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const wanted = count === undefined ? plan.identities : Number(count);
const startedAt = performance.now();
const wants = (kind: string) => kinds === undefined || kinds.split(',').includes(kind);
const part = {
  ...plan,
  genuine: wants('genuine') ? plan.genuine : 0,
  forged: Object.fromEntries(Object.entries(plan.forged).filter(([kind]) => wants(kind))),
};
await makeSet(part, folder, Number(first), wanted, (done) => {
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  process.stderr.write(`${done} of ${wanted} identities, ${seconds} s\n`);
});
