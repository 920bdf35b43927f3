import { describe, expect, it } from 'vitest';
import { submitRevision } from '../../../src/domain/seals/changes.ts';
import { prepareAddition, prepareRebuild } from '../../../src/domain/seals/enrol.ts';
import { controlJob, getJob } from '../../../src/domain/seals/jobs.ts';
import { verificationPictures } from '../../../src/domain/seals/pictures.ts';
import { isSameImprint, startReplacement } from '../../../src/domain/seals/replace.ts';
import { runWork } from '../../../src/domain/seals/run-work.ts';
import { decryptTemplates } from '../../../src/domain/seals/templates.ts';
import { vendorsOf } from '../../../src/domain/seals/vendors.ts';
import { ringWithCross, ringWithSquare } from '../../helpers/imprints.ts';
import { pictureEngine } from '../../helpers/picture-engine.ts';
import {
  assertSurvives,
  countCalls,
  deliver,
  institution,
  liveCodes,
  replacement,
} from '../../helpers/replacement-drill.ts';
import { sealMachine, verifyWith as verify } from '../../helpers/seal-machine.ts';

const { administrator, seals, request } = replacement;

describe('B10: replacing a vendor', () => {
  it('gives every later query the very score that enrolment of that picture with the new vendor gives', async () => {
    const machine = await institution();
    const { deps } = machine;
    await verify(deps, 'before', ringWithCross, 's00');
    await startReplacement(deps, administrator, request);
    await deliver(machine);
    const job = await getJob(deps, administrator.actor, 'job');
    expect(job).toMatchObject({ state: 'done', total: 12, done: 12, failed: 0 });
    expect(await liveCodes(deps)).toEqual(seals.map(() => 'new'));
    expect((await vendorsOf(deps, 'bank')).map(({ state }) => state)).toEqual([
      'retired',
      'active',
    ]);

    const reference = await sealMachine({ engine: await pictureEngine(['new']) });
    const engine = deps.engine;
    const direct = await reference.enrol('s', ringWithCross);
    const [expected] = await decryptTemplates(reference.deps, 'bank', direct.templates);
    const replaced = await deps.seals.findSeal('bank', 's00');
    const [actual] = await decryptTemplates(deps, 'bank', replaced?.templates ?? []);
    for (const query of [ringWithCross, ringWithSquare]) {
      const template = engine.enrol(engine.decode(query, { pixelsMax: 1e6 }), 'new');
      const scores = [expected, actual].map((reserved) => {
        if (!reserved) throw new Error('no template');
        const bytes = Uint8Array.from(reserved.bytes);
        // The reference engine has `new` at another place of its list.
        bytes[0] = 1;
        return engine.match('new', bytes, template).score;
      });
      expect(scores[0]).toBe(scores[1]);
    }
    // What was compared before is still there to be looked at.
    const pair = await verificationPictures(deps, administrator.actor, 'before', undefined);
    expect(pair.result.vendor.code).toBe('old');
  });

  it('killed at steps all along, twice each, it goes on; nothing is lost or half-replaced', async () => {
    // The slow test kills at every one.
    const calls = await countCalls();
    expect(calls).toBeGreaterThan(80);
    for (let killAt = 1; killAt <= calls; killAt += 17) {
      for (const after of [false, true]) await assertSurvives(killAt, after);
    }
  });

  it('pauses and resumes where it was, and a dry run changes nothing', async () => {
    const machine = await institution();
    const { deps, queue } = machine;
    await startReplacement(deps, administrator, { ...request, id: 'dry', dryRun: true });
    await deliver(machine);
    expect(await getJob(deps, administrator.actor, 'dry')).toMatchObject({
      state: 'done',
      done: 12,
      failed: 0,
    });
    expect(await liveCodes(deps)).toEqual(seals.map(() => 'old'));
    expect((await vendorsOf(deps, 'bank')).map(({ state }) => state)).toEqual(['active', 'active']);

    await startReplacement(deps, administrator, request);
    for (const message of queue()) await runWork(deps, message);
    await controlJob(deps, administrator, 'job', 'pause');
    await deliver(machine);
    const paused = await getJob(deps, administrator.actor, 'job');
    expect(paused).toMatchObject({ state: 'paused', done: 10 });
    // In between both vendors are asked, each about the seals it has.
    for (const id of ['s00', 's10']) {
      expect((await verify(machine.deps, `v-${id}`, ringWithCross, id)).verdict).toBe('pass');
    }
    await controlJob(deps, administrator, 'job', 'resume');
    await deliver(machine);
    expect(await getJob(deps, administrator.actor, 'job')).toMatchObject({
      state: 'done',
      done: 12,
    });
  });

  it('asks in a dry run what the new vendor says of queries that were decided', async () => {
    const machine = await institution();
    const old = { ...machine.deps, engine: await pictureEngine(['old']) };
    await verify(old, 'v1', ringWithCross, 's00');
    await verify(old, 'v2', ringWithSquare, 's00');
    await verify(old, 'v3', ringWithCross, 's02');
    const dry = { ...request, id: 'dry', dryRun: true };
    await startReplacement(machine.deps, administrator, dry);
    await deliver(machine);
    const { replacement: made } = await getJob(machine.deps, administrator.actor, 'dry');
    expect(made).toMatchObject({ replaced: 12, replayed: { same: 3, refused: 0, accepted: 0 } });

    // A vendor that refuses everything but the very same is found out before anything is replaced.
    const engine = await pictureEngine(['old', 'new']);
    const strict: typeof engine = {
      ...engine,
      match: (code, reserved, query) => {
        const result = engine.match(code, reserved, query);
        return code === 'new' && reserved !== query ? { ...result, match: false } : result;
      },
    };
    const other = { ...machine, deps: { ...machine.deps, engine: strict } };
    await startReplacement(other.deps, administrator, { ...dry, id: 'dry2' });
    await deliver(other);
    const told = await getJob(other.deps, administrator.actor, 'dry2');
    expect(told.replacement?.replayed).toEqual({ same: 1, refused: 2, accepted: 0 });
  });

  it('leaves alone what cannot be proved, says which, and can be tried again', async () => {
    const engine = await pictureEngine(['old', 'new'], ['new']);
    const machine = await institution(() => ({ engine }));
    await startReplacement(machine.deps, administrator, request);
    await deliver(machine);
    const job = await getJob(machine.deps, administrator.actor, 'job');
    expect(job).toMatchObject({ state: 'attention', done: 0, failed: 12 });
    expect(job.replacement?.failures[0]).toMatchObject({ sealId: 's00', code: 'picture_differs' });
    expect(await liveCodes(machine.deps)).toEqual(seals.map(() => 'old'));
    // The vendor mends its module; the job is replayed.
    const mended = {
      ...machine,
      deps: { ...machine.deps, engine: await pictureEngine(['old', 'new']) },
    };
    await controlJob(mended.deps, administrator, 'job', 'replay');
    await deliver(mended);
    expect(await getJob(mended.deps, administrator.actor, 'job')).toMatchObject({
      state: 'done',
      done: 12,
      failed: 0,
    });
  });

  it('takes every reserved imprint and every earlier revision along', async () => {
    const machine = await institution();
    const only = { ...machine.deps, engine: await pictureEngine(['old']) };
    const imprint = { bytes: ringWithSquare };
    const ids = { sealId: 's00', revisionId: 'r2' };
    await submitRevision(only, administrator, ids, () =>
      prepareAddition(only, administrator, { ...ids, revision: 1, imprint }),
    );
    const next = { sealId: 's01', revisionId: 'r3' };
    await submitRevision(only, administrator, next, () =>
      prepareRebuild(only, administrator, {
        ...next,
        revision: 1,
        imprint: { bytes: ringWithCross },
      }),
    );
    await startReplacement(machine.deps, administrator, request);
    await deliver(machine);
    const job = await getJob(machine.deps, administrator.actor, 'job');
    expect(job).toMatchObject({ state: 'done', done: 15 });
    const seal = await machine.deps.seals.findSeal('bank', 's00');
    expect(seal?.templates.map(({ vendor, specimen }) => `${vendor.code} ${specimen}`)).toEqual([
      'new 1',
      'new 2',
    ]);
    for (const [i, bytes] of [ringWithCross, ringWithSquare].entries()) {
      expect((await verify(machine.deps, `v${i}`, bytes, 's00')).verdict).toBe('pass');
    }
  });

  it('removes what nothing refers to, and keeps what was compared as evidence', async () => {
    const machine = await institution();
    const { deps } = machine;
    const before = await Promise.all(seals.map((id) => deps.seals.findSeal('bank', id)));
    await verify(machine.deps, 'v', ringWithCross, 's04');
    await startReplacement(deps, administrator, { ...request, deleteOld: true });
    await deliver(machine);
    const { replacement } = await getJob(deps, administrator.actor, 'job');
    expect(replacement).toMatchObject({ removed: 11, kept: 1 });
    for (const [i, seal] of before.entries()) {
      const object = await deps.objects.get(seal?.templates[0]?.objectKey ?? '');
      expect([seals[i], object !== undefined]).toEqual([seals[i], seals[i] === 's04']);
    }
  });

  it('refuses what makes no sense', async () => {
    const { deps } = await institution();
    const start = (change: object) =>
      startReplacement(deps, administrator, { ...request, ...change });
    await expect(start({ to: 'old' })).rejects.toMatchObject({ code: 'replacement_invalid' });
    await expect(start({ to: 'nobody' })).rejects.toMatchObject({ code: 'vendor_not_found' });
    await start({});
    await expect(start({ id: 'second' })).rejects.toMatchObject({ code: 'job_state' });
    expect((await start({})).id).toBe('job');
  });
});

describe('two pictures are the same imprint', () => {
  const picture = (...rows: string[]) => ({
    width: rows[0]?.length ?? 0,
    height: rows.length,
    bits: Uint8Array.from(rows, (row) => Number.parseInt(row.padEnd(8, '0'), 2)),
  });

  it('when the ink is the same, however much paper is around it', () => {
    expect(isSameImprint(picture('0110', '0100'), picture('000', '011', '010', '000'))).toBe(true);
    expect(isSameImprint(picture('0110', '0100'), picture('0110', '0110'))).toBe(false);
    expect(isSameImprint(picture('11'), picture('101'))).toBe(false);
    expect(isSameImprint(picture('1', '1'), picture('11'))).toBe(false);
  });
});
