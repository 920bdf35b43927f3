import { expect, it } from 'vitest';
import { backupRestore } from './backup-drill.ts';
import * as drills from './drills.ts';

// The long form: each fault 200 times under load, 1,000 keys. Times in the figures are those of a
// simulated network on a simulated clock; the chips, guards and directory are the real ones.
const size = { keys: 1_000, requests: 4_000, rounds: 200, seed: 20_260_303 };

async function show(name: string, drill: Promise<object>): Promise<void> {
  console.log(name, JSON.stringify(await drill));
}

it('E2: a chip killed in mid-signature, 200 times', () =>
  show('kill in mid-signature', drills.killInMidSignature(size)));
it('E2: a chip that loses its storage, 8 times', () =>
  show('storage lost', drills.loseStorage({ ...size, rounds: 8 })));
it('E2: two of three chips lost', () => show('two of three', drills.loseTwoOfThree(size)));
it('E2: a slow chip', () => show('slow chip', drills.slowChip(size)));
it('E2: two hosts claim one chip, 200 times', () => show('split brain', drills.splitBrain(size)));
it('E2: old tickets and packages again, 200 times', () => show('replay', drills.replay(size)));
it('E2: a storage rolled back', () => show('roll-back', drills.rollBack(size)));
it('E2: jobs twice and out of order', () => show('jobs', drills.duplicatedJobs(size)));
it('E2: a race for a limit, 200 times', () => show('limit', drills.limitRace(size)));
it('E2: a race with a revocation, 200 times', () =>
  show('revocation', drills.revocationRace(size)));
it('E2: a chip that answers wrongly', () => show('wrong answers', drills.lyingChip(size)));
it('E2: everything lost, and back with three of five officers', () =>
  show('backup and restore', backupRestore(size)));

it('E2: one chip killed per minute under load: requests served, keys lost', async () => {
  const figures = await drills.oneChipAMinute({ ...size, keys: 200 }, 30);
  await show('one chip a minute', Promise.resolve(figures));
  expect(figures.served / figures.requests).toBeGreaterThanOrEqual(0.9995);
});
