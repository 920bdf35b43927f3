import { describe, expect, it } from 'vitest';
import { backupRestore } from './backup-drill.ts';
import * as drills from './drills.ts';

const size = { keys: 12, requests: 60, rounds: 4, seed: 20_260_302 };

describe('the drills of the chip cluster, short', () => {
  it('E2: a chip killed in mid-signature', () => drills.killInMidSignature(size).then(show));
  it('E2: a chip that loses its storage', () => drills.loseStorage(size).then(show));
  it('E2: two of three chips lost', () => drills.loseTwoOfThree(size).then(show));
  it('E2: a slow chip', () => drills.slowChip(size).then(show));
  it('E2: two hosts claim one chip', () => drills.splitBrain(size).then(show));
  it('E2: old tickets and packages again', () => drills.replay(size).then(show));
  it('E2: a storage rolled back', () => drills.rollBack(size).then(show));
  it('E2: jobs twice and out of order', () => drills.duplicatedJobs(size).then(show));
  it('E2: a race for a limit', () => drills.limitRace({ ...size, rounds: 1 }).then(show));
  it('E2: a race with a revocation', () => drills.revocationRace(size).then(show));
  it('E2: a chip that answers wrongly', () => drills.lyingChip(size).then(show));
  it('E2: everything lost, and back with three of five officers', () =>
    backupRestore(size).then(show));
});

describe('a planted defect fails a drill', () => {
  const fewer = { keys: 3, requests: 12, rounds: 3, seed: 7 };
  it('E2: chips that keep what they were to forget', async () => {
    const drill = drills.revocationRace({ ...fewer, plant: 'keeps-what-it-wiped' });
    await expect(drill).rejects.toThrow();
  });
  it('E2: chips that give no copies', async () => {
    await expect(
      drills.loseStorage({ ...fewer, rounds: 6, plant: 'gives-no-copies' }),
    ).rejects.toThrow();
  });
  it('E2: chips that back up another key', async () => {
    await expect(backupRestore({ ...fewer, plant: 'backs-up-another-key' })).rejects.toThrow();
  });
  it('E2: chips that bring nothing back', async () => {
    await expect(backupRestore({ ...fewer, plant: 'brings-nothing-back' })).rejects.toThrow();
  });
  it('E2: chips that never end', async () => {
    await expect(drills.killInMidSignature({ ...fewer, plant: 'hangs' })).rejects.toThrow();
  });
});

function show(figures: object): void {
  console.log(JSON.stringify(figures));
}
