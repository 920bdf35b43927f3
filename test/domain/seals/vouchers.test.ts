import { describe, expect, it } from 'vitest';
import { CinnabarError } from '../../../src/domain/errors.ts';
import { controlJob, getJob } from '../../../src/domain/seals/jobs.ts';
import type { SealDeps } from '../../../src/domain/seals/ports.ts';
import { runWork, sweepWork } from '../../../src/domain/seals/run-work.ts';
import {
  listVouchers,
  type NewVoucher,
  submitBatch,
  waitingVouchersMax,
} from '../../../src/domain/seals/vouchers.ts';
import { blankPaper, ringWithCross, ringWithSquare } from '../../helpers/imprints.ts';
import { personOf, sealMachine } from '../../helpers/seal-machine.ts';

const teller = personOf('teller-1');

function voucher(reference: string, bytes = ringWithCross): NewVoucher {
  const money = { currency: 'CNY', amountMinor: 100 };
  return { reference, seal: 's', money, branch: '0102', picture: { bytes } };
}

async function bank(change: (deps: SealDeps) => Partial<SealDeps> = () => ({})) {
  const machine = await sealMachine();
  await machine.enrol('s');
  const deps: SealDeps = { ...machine.deps, ...change(machine.deps) };
  const submit = (...vouchers: NewVoucher[]) =>
    submitBatch(deps, teller, { id: 'job', title: 't', vouchers });
  const vouchers = async () =>
    (await listVouchers(deps, teller.actor, 'job', {}, { limit: 100 })).items;
  /** Delivers each message once, and answers those that were not done. */
  const deliver = async () => {
    const left = [];
    for (const message of machine.queue()) {
      if (!(await runWork(deps, message).catch(() => false))) left.push(message);
    }
    return left;
  };
  return { ...machine, deps, submit, vouchers, deliver };
}

describe('B9: the automatic verification array', () => {
  it('verifies each voucher once, in order, and keeps no picture', async () => {
    const { deps, submit, vouchers, deliver } = await bank();
    const job = await submit(voucher('a'), voucher('b', ringWithSquare), voucher('c'));
    expect(job).toMatchObject({ state: 'running', total: 3, done: 0 });
    const before = await vouchers();
    expect(await deliver()).toEqual([]);
    expect((await vouchers()).map((item) => [item.reference, item.verdict])).toEqual([
      ['a', 'pass'],
      ['b', 'fail'],
      ['c', 'pass'],
    ]);
    expect(await getJob(deps, teller.actor, 'job')).toMatchObject({ state: 'done', done: 3 });
    for (const { id, objectKeys } of before) {
      expect((await deps.seals.findVerification('bank', id))?.requestedBy).toBe('teller-1');
      expect(await deps.objects.get(objectKeys[0] ?? '')).toBeUndefined();
      // The queue delivers at least once.
      expect(await runWork(deps, { tenant: 'bank', kind: 'voucher', id })).toBe(true);
    }
    const all = await deps.seals.listVerifications('bank', {}, { limit: 10 });
    expect(all).toHaveLength(3);
    // What did not pass waits for a person, like any other.
    expect(await deps.work.count('bank', 'review', {})).toEqual({ open: 1 });
  });

  it('two consumers never work on the same voucher, and a dead one is replaced', async () => {
    const { deps, clock, submit, vouchers, queue } = await bank();
    await submit(voucher('a'));
    const [message] = queue();
    if (!message) throw new Error('no message');
    const both = await Promise.all([runWork(deps, message), runWork(deps, message)]);
    expect(both).toContain(true);
    expect(await deps.seals.listVerifications('bank', {}, { limit: 10 })).toHaveLength(1);

    const hanging = await bank((base) => ({
      objects: { ...base.objects, get: () => new Promise<never>(() => {}) },
    }));
    await hanging.submit(voucher('a'));
    const [lost] = hanging.queue();
    if (!lost) throw new Error('no message');
    void runWork(hanging.deps, lost);
    await new Promise((resolve) => setImmediate(resolve));
    expect((await hanging.vouchers())[0]?.state).toBe('leased');
    const other = { ...hanging.deps, objects: (await bank()).deps.objects };
    expect(await runWork(other, lost)).toBe(false);
    hanging.clock.advance(61_000);
    // Whoever comes after the lease takes it over; here the picture is not in its store.
    expect(await runWork(other, lost)).toBe(true);
    clock.advance(0);
    expect((await vouchers())[0]?.state).toBe('done');
  });

  it('tries again after an outage, then puts aside, visibly, and can be replayed', async () => {
    let isOut = true;
    const { deps, submit, vouchers, deliver, clock } = await bank((base) => ({
      templateKeys: {
        ...base.templateKeys,
        unwrap: (...args) =>
          isOut
            ? Promise.reject(new CinnabarError('chips_unavailable'))
            : base.templateKeys.unwrap(...args),
      },
    }));
    await submit(voucher('a'), voucher('b'));
    for (let attempt = 1; attempt <= 5; attempt++) {
      const left = await deliver();
      expect(left).toHaveLength(attempt < 5 ? 2 : 0);
      await deps.workQueue.send(left, 1000);
      clock.advance(2000);
    }
    const dead = await vouchers();
    expect(dead.map((item) => [item.state, item.errorCode, item.attempts])).toEqual([
      ['dead', 'chips_unavailable', 5],
      ['dead', 'chips_unavailable', 5],
    ]);
    const stuck = await getJob(deps, teller.actor, 'job');
    expect(stuck).toMatchObject({ state: 'attention', done: 0, failed: 2 });
    isOut = false;
    await controlJob(deps, teller, 'job', 'replay');
    await deliver();
    expect(await getJob(deps, teller.actor, 'job')).toMatchObject({ state: 'done', done: 2 });
    expect((await vouchers()).map(({ errorCode }) => errorCode)).toEqual([undefined, undefined]);
  });

  it('puts aside at once what no repetition can mend, and goes on with the rest', async () => {
    const { deps, submit, vouchers, deliver } = await bank();
    await submit(voucher('a', blankPaper), voucher('b', Uint8Array.of(1, 2, 3)), voucher('c'));
    expect(await deliver()).toEqual([]);
    expect((await vouchers()).map((item) => item.errorCode ?? item.verdict)).toEqual([
      'imprint_not_found',
      'picture_unsupported',
      'pass',
    ]);
    expect(await getJob(deps, teller.actor, 'job')).toMatchObject({
      state: 'attention',
      done: 1,
      failed: 2,
    });
  });

  it('stops while paused, and for good when cancelled', async () => {
    const { deps, submit, vouchers, deliver } = await bank();
    await submit(voucher('a'), voucher('b'));
    await controlJob(deps, teller, 'job', 'pause');
    await deliver();
    expect((await vouchers()).map(({ state }) => state)).toEqual(['waiting', 'waiting']);
    await controlJob(deps, teller, 'job', 'resume');
    await controlJob(deps, teller, 'job', 'cancel');
    await deliver();
    expect(await getJob(deps, teller.actor, 'job')).toMatchObject({ state: 'cancelled', done: 0 });
    await expect(controlJob(deps, teller, 'job', 'resume')).rejects.toMatchObject({
      code: 'job_state',
    });
  });

  it('is taken up by the hourly sweep when its messages were lost', async () => {
    const { deps, submit, queue, deliver, clock } = await bank();
    await submit(voucher('a'), voucher('b'));
    queue();
    clock.advance(11 * 60_000);
    await sweepWork(deps);
    await deliver();
    expect(await getJob(deps, teller.actor, 'job')).toMatchObject({ state: 'done', done: 2 });
  });

  it('a retried submission is one batch; a full queue and an unknown seal take nothing', async () => {
    const { deps, submit, queue } = await bank();
    await submit(voucher('a'));
    await submit(voucher('a'));
    expect(queue()).toHaveLength(1);
    expect(await deps.work.count('bank', 'voucher', {})).toEqual({ waiting: 1 });
    const unknown = { ...voucher('x'), seal: 'nobody' };
    const other = { id: 'job2', title: '', vouchers: [voucher('a'), unknown] };
    await expect(submitBatch(deps, teller, other)).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ pointer: '/body/manifest/2/seal', code: 'not_found' }],
    });
    const full: SealDeps = {
      ...deps,
      work: { ...deps.work, count: async () => ({ waiting: waitingVouchersMax }) },
    };
    const third = { id: 'job3', title: '', vouchers: [voucher('a')] };
    await expect(submitBatch(full, teller, third)).rejects.toMatchObject({ code: 'queue_full' });
    expect(await deps.work.find('bank', 'job', 'job2')).toBeUndefined();
  });
});
