import { expect } from 'vitest';
import { CinnabarError } from '../../src/domain/errors.ts';
import { controlJob } from '../../src/domain/seals/jobs.ts';
import type { SealDeps } from '../../src/domain/seals/ports.ts';
import { startReplacement } from '../../src/domain/seals/replace.ts';
import { runWork } from '../../src/domain/seals/run-work.ts';
import { decryptTemplates } from '../../src/domain/seals/templates.ts';
import { ringWithCross, ringWithSquare } from './imprints.ts';
import { pictureEngine } from './picture-engine.ts';
import { personOf, sealMachine } from './seal-machine.ts';

// More than one step takes (`templatesPerStep`), so that the drill also ends between two steps.
const seals = Array.from({ length: 12 }, (_, i) => `s${String(i).padStart(2, '0')}`);
const policy = { defaultCount: 1, branches: {}, levels: [] };

export const replacement = {
  administrator: personOf('administrator-1', 'administrator'),
  seals,
  request: { id: 'job', from: 'old', to: 'new', deleteOld: false, dryRun: false },
};

type Machine = Awaited<ReturnType<typeof sealMachine>>;

/** An institution enrolled with `old` only; `new` is installed afterwards. */
export async function institution(change: (deps: SealDeps) => Partial<SealDeps> = () => ({})) {
  const machine = await sealMachine({ engine: await pictureEngine(['old']), policy });
  for (const [i, id] of seals.entries()) {
    await machine.enrol(id, i % 2 === 0 ? ringWithCross : ringWithSquare);
  }
  const both: SealDeps = { ...machine.deps, engine: await pictureEngine(['old', 'new']) };
  return { ...machine, deps: { ...both, ...change(both) } };
}

/** Delivers messages until none is due, as the queue does: a failed one comes again. */
export async function deliver({ deps, clock, queue }: Machine): Promise<void> {
  for (let round = 0; round < 400; round++) {
    const messages = queue();
    if (messages.length === 0) return;
    for (const message of messages) {
      const isDone = await runWork(deps, message).catch(() => false);
      if (!isDone) await deps.workQueue.send([message], 1000);
    }
    clock.advance(1000);
  }
  throw new Error('the work does not end');
}

export async function liveCodes(deps: SealDeps): Promise<string[]> {
  const found = await Promise.all(seals.map((id) => deps.seals.findSeal('bank', id)));
  return found.map((seal) => (seal?.templates ?? []).map(({ vendor }) => vendor.code).join('+'));
}

/** Every template that can be compared opens and restores to what was enrolled. */
async function assertWhole(deps: SealDeps): Promise<void> {
  for (const id of seals) {
    const seal = await deps.seals.findSeal('bank', id);
    expect(seal?.templates.length, id).toBe(1);
    const opened = await decryptTemplates(deps, 'bank', seal?.templates ?? []);
    for (const { row, bytes } of opened) deps.engine.restore(row.vendor.code, bytes);
  }
}

const ports = ['seals', 'work', 'objects', 'templateKeys', 'orphans', 'audit'] as const;

/**
 * The same ports, but the calls with these numbers end the process: before they take effect or, with
 * `after`, when they have taken effect and nobody hears of it.
 */
function mortal(deps: SealDeps, killAt: readonly number[], after: boolean) {
  let calls = 0;
  const wrap = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name, receiver) {
        const method: unknown = Reflect.get(target, name, receiver);
        if (typeof method !== 'function') return method;
        return async (...values: unknown[]) => {
          calls += 1;
          const isKilled = killAt.includes(calls);
          if (isKilled && !after) throw new CinnabarError('storage_unavailable');
          const result: unknown = await method.apply(target, values);
          if (isKilled) throw new CinnabarError('storage_unavailable');
          return result;
        };
      },
    });
  // Each port under its own name.
  const wrapped = Object.fromEntries(ports.map((name) => [name, wrap(deps[name])]));
  return { deps: { ...deps, ...(wrapped as Partial<SealDeps>) }, count: () => calls };
}

const request = { ...replacement.request, deleteOld: true };

/** How many calls to stores, chips and audit a replacement makes. */
export async function countCalls(): Promise<number> {
  const machine = await institution();
  const { deps, count } = mortal(machine.deps, [], false);
  await startReplacement(deps, replacement.administrator, request);
  await deliver({ ...machine, deps });
  return count();
}

/** Kills a replacement at this call and once more soon after, and looks at what is there then. */
export async function assertSurvives(killAt: number, after: boolean): Promise<void> {
  const machine = await institution();
  const { administrator } = replacement;
  const { deps } = mortal(machine.deps, [killAt, killAt + 9], after);
  for (let attempt = 0; attempt < 4; attempt++) {
    const started = startReplacement(deps, administrator, request);
    if (await started.then(Boolean, () => false)) break;
  }
  await deliver({ ...machine, deps });
  // Half-way nothing is half: each seal has one whole template, of the one vendor or the other.
  await assertWhole(machine.deps);
  // Whoever looks after a job whose message was lost resumes it.
  const open = await machine.deps.work.find('bank', 'job', 'job');
  if (open?.state === 'running') await controlJob(machine.deps, administrator, 'job', 'resume');
  await deliver(machine);
  await assertWhole(machine.deps);
  const job = await machine.deps.work.find('bank', 'job', 'job');
  expect([killAt, after, job?.state]).toEqual([killAt, after, 'done']);
  const figures = { replaced: seals.length, already: 0, failures: [], kept: 0 };
  expect(job?.body.replacement).toMatchObject({ ...figures, removed: seals.length });
  expect(new Set(await liveCodes(machine.deps))).toEqual(new Set(['new']));
}
