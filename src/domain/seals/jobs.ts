import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { sendWork } from './messages.ts';
import type { SealDeps } from './ports.ts';
import { moved, settleMove } from './work.ts';
import type { JobBody, Work } from './work-rows.ts';

/** `attention`: everything was tried, and some pieces need a person. */
export const jobStates = ['running', 'paused', 'done', 'attention', 'cancelled'] as const;
export type JobState = (typeof jobStates)[number];

export interface Job extends JobBody {
  readonly id: string;
  readonly state: JobState;
  readonly done: number;
  readonly failed: number;
}

/** @throws CinnabarError `job_not_found` */
export async function getJob(deps: SealDeps, actor: Actor, id: string): Promise<Job> {
  const found = await findJob(deps, actor.tenant, id);
  return jobOf(deps, await finishBatch(deps, found));
}

/** Newest first. */
export async function listJobs(
  deps: SealDeps,
  actor: Actor,
  page: PageRequest,
): Promise<Page<Job>> {
  const found = await readPage(
    page,
    (work: Work<'job'>) => work.id,
    (request) => deps.work.list(actor.tenant, 'job', {}, request),
  );
  return { ...found, items: await Promise.all(found.items.map((work) => jobOf(deps, work))) };
}

/** What each control does: from which states to which. */
const controls = {
  pause: { from: ['running'], to: 'paused' },
  resume: { from: ['paused', 'running'], to: 'running' },
  cancel: { from: ['running', 'paused', 'attention'], to: 'cancelled' },
  replay: { from: ['attention', 'running', 'paused'], to: 'running' },
} as const;

export type JobControl = keyof typeof controls;

const piecesPerPage = 500;

/**
 * Pauses, resumes or cancels a job, or replays its dead pieces. A piece that is being worked on is
 * finished. Resuming a running job sends its messages again, should they have been lost.
 *
 * @throws CinnabarError `job_not_found`, `job_state`, `audit_unavailable`
 */
export async function controlJob(
  deps: SealDeps,
  caller: Caller,
  id: string,
  control: JobControl,
): Promise<Job> {
  const { tenant } = caller.actor;
  const { from, to } = controls[control];
  const operation: Operation = { action: `job.${control}`, subject: `job:${id}`, detail: {} };
  const job = await audited(deps.audit, caller, operation, async () => {
    const next = await settleMove(deps, async () => {
      const found = await findJob(deps, tenant, id);
      const isThere = found.state === to && control !== 'replay';
      if (isThere && control !== 'resume') return { result: found };
      if (!from.some((state) => state === found.state)) throw new CinnabarError('job_state');
      const { finishedAtMs: _ended, ...body } = found.body;
      const finished = control === 'cancel' ? { finishedAtMs: deps.clock.now() } : {};
      const changed = moved(found, { state: to, body: { ...body, ...finished } });
      return { result: changed, move: [changed] };
    });
    if (control === 'replay') await revivePieces(deps, next);
    if (to === 'running') await sendPieces(deps, next);
    return next;
  });
  return jobOf(deps, job);
}

/** Puts dead pieces back among those that wait, with all their attempts before them. */
async function revivePieces(deps: SealDeps, job: Work<'job'>): Promise<void> {
  for (;;) {
    const filter = { parent: job.id, state: 'dead' };
    const dead = await deps.work.list(job.tenant, 'voucher', filter, { limit: piecesPerPage });
    if (dead.length === 0) break;
    for (const piece of dead) {
      const { errorCode: _code, ...body } = piece.body;
      const revived = moved(piece, { state: 'waiting', body: { ...body, attempts: 0 } });
      await deps.work.apply({ add: [], move: [revived] });
    }
  }
  if (!job.body.replacement) return;
  await settleMove(deps, async () => {
    const found = await findJob(deps, job.tenant, job.id);
    const { replacement } = found.body;
    if (!replacement) return { result: undefined };
    // From the beginning: what is replaced already is recognised and counted again.
    const afresh = { ...replacement, cursor: '', replaced: 0, already: 0, failures: [] };
    const body = { ...found.body, replacement: { ...afresh, phase: 'replace' as const } };
    return { result: undefined, move: [moved(found, { body })] };
  });
}

/** Sends a message for each piece that waits, or one for a job that has no pieces. */
export async function sendPieces(deps: SealDeps, job: Work<'job'>): Promise<void> {
  const { tenant, id } = job;
  if (job.body.type === 'vendor-replacement') {
    await sendWork(deps, [{ tenant, kind: 'job', id }]);
    return;
  }
  let before: string | undefined;
  do {
    const pieces = await deps.work.list(
      tenant,
      'voucher',
      { parent: id, state: 'waiting', order: 'oldest' },
      { limit: piecesPerPage, ...(before === undefined ? {} : { before }) },
    );
    await sendWork(
      deps,
      pieces.map((piece) => ({ tenant, kind: 'voucher', id: piece.id })),
    );
    before = pieces.length < piecesPerPage ? undefined : pieces.at(-1)?.id;
  } while (before !== undefined);
}

/** @throws CinnabarError `job_not_found` */
export async function findJob(deps: SealDeps, tenant: string, id: string): Promise<Work<'job'>> {
  const found = await deps.work.find(tenant, 'job', id);
  if (!found) throw new CinnabarError('job_not_found');
  return found;
}

/** Ends a running batch when none of its pieces waits any more. */
export async function finishBatch(deps: SealDeps, job: Work<'job'>): Promise<Work<'job'>> {
  if (job.state !== 'running' || job.body.type !== 'verification-batch') return job;
  const counts = await deps.work.count(job.tenant, 'voucher', { parent: job.id });
  if ((counts.waiting ?? 0) + (counts.leased ?? 0) > 0) return job;
  const state = (counts.dead ?? 0) > 0 ? 'attention' : 'done';
  const body = { ...job.body, finishedAtMs: deps.clock.now() };
  const finished = moved(job, { state, body });
  if (await deps.work.apply({ add: [], move: [finished] })) return finished;
  return findJob(deps, job.tenant, job.id);
}

export async function jobOf(deps: SealDeps, work: Work<'job'>): Promise<Job> {
  const state = jobStates.find((known) => known === work.state);
  if (!state) throw new TypeError('job: unknown state');
  const { replacement } = work.body;
  if (replacement) {
    const failed = replacement.failures.length;
    const done = replacement.replaced + replacement.already;
    return { ...work.body, id: work.id, state, done, failed };
  }
  const counts = await deps.work.count(work.tenant, 'voucher', { parent: work.id });
  return { ...work.body, id: work.id, state, done: counts.done ?? 0, failed: counts.dead ?? 0 };
}

/** In whose name a job works. */
export function callerOfJob(job: Work<'job'>): Caller {
  const { requestedBy: id, branch } = job.body;
  return {
    actor: { id, tenant: job.tenant, branch, roles: [], name: id },
    requestId: `job-${job.id}`,
  };
}
