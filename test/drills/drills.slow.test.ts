import { expect, it } from 'vitest';
import { backupRestore } from './backup-drill.ts';
import * as drills from './drills.ts';

// The long form: each fault 200 times under load, 1,000 keys. Times in the figures are those of a
// simulated network on a simulated clock; the chips, guards and directory are the real ones.
// DRILL_KEYS makes it smaller in all its measures, for a machine that has little time.
const keys = Number(process.env.DRILL_KEYS ?? 1_000);
const size = { keys, requests: 4 * keys, rounds: keys / 5, seed: 20_260_303 };
const wear = keys < 1_000 ? { keys: keys / 2, minutes: 2 } : { keys: 200, minutes: 30 };

async function show(name: string, drill: Promise<object>): Promise<void> {
  console.log(name, JSON.stringify(await drill));
}

it('E2: a chip killed in mid-signature, again and again', () =>
  show('kill in mid-signature', drills.killInMidSignature(size)));
it('E2: a chip that loses its storage, 8 times', () =>
  show('storage lost', drills.loseStorage({ ...size, rounds: 8 })));
it('E2: two of three chips lost', () => show('two of three', drills.loseTwoOfThree(size)));
it('E2: a slow chip', () => show('slow chip', drills.slowChip(size)));
it('E2: two hosts claim one chip, again and again', () =>
  show('split brain', drills.splitBrain(size)));
it('E2: old tickets and packages again, again and again', () =>
  show('replay', drills.replay(size)));
it('E2: a storage rolled back', () => show('roll-back', drills.rollBack(size)));
it('E2: jobs twice and out of order', () => show('jobs', drills.duplicatedJobs(size)));
it('E2: a race for a limit, again and again', () => show('limit', drills.limitRace(size)));
it('E2: a race with a revocation, again and again', () =>
  show('revocation', drills.revocationRace(size)));
it('E2: a chip that answers wrongly', () => show('wrong answers', drills.lyingChip(size)));
it('E2: everything lost, and back with three of five officers', () =>
  show('backup and restore', backupRestore(size)));

it('E2: one chip killed per minute under load: requests served, keys lost', async () => {
  const figures = await drills.oneChipAMinute({ ...size, keys: wear.keys }, wear.minutes);
  await show('one chip a minute', Promise.resolve(figures));
  expect(figures.served / figures.requests).toBeGreaterThanOrEqual(0.9995);
});
