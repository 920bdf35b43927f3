import type { Actor, Caller } from '../actor.ts';
import { audited, type Operation } from '../audit/record.ts';
import { CinnabarError, type ErrorCode } from '../errors.ts';
import { newId } from '../id.ts';
import { readPage } from '../page.ts';
import type { Page, PageRequest } from '../ports.ts';
import { decryptObjects, encryptObjects, type FreshObject } from './envelope.ts';
import { callerOfJob, findJob, finishBatch, type Job, jobOf, sendPieces } from './jobs.ts';
import { storeObjects } from './orphans.ts';
import type { Picture } from './picture.ts';
import type { SealDeps } from './ports.ts';
import type { Money } from './types.ts';
import { verifyImprint } from './verify.ts';
import { moved, settleMove } from './work.ts';
import type { VoucherBody, Work } from './work-rows.ts';

/** Most vouchers in one batch. */
export const batchVouchersMax = 100;
/** Most vouchers of one institution that may wait: beyond it a batch is refused (back-pressure). */
export const waitingVouchersMax = 5000;
/** A consumer that has not finished after this long counts as dead. */
const leaseMs = 60 * 1000;
/** After so many outages a voucher is put aside for a person. */
const attemptsMax = 5;
/** When nobody looked at a waiting voucher by then, its message was lost. */
const overlookedMs = 10 * 60 * 1000;
/** Objects that are encrypted together: as many keys as a chip takes in one message. */
const objectsPerMessage = 32;

export const voucherStates = ['waiting', 'leased', 'done', 'dead'] as const;
export type VoucherState = (typeof voucherStates)[number];

export interface Voucher extends VoucherBody {
  /** Also the id of the verification that it becomes. */
  readonly id: string;
  readonly state: VoucherState;
}

export interface NewVoucher {
  readonly reference: string;
  /** The seal's id or serial. */
  readonly seal: string;
  readonly money: Money;
  readonly branch: string;
  readonly picture: Picture;
}

export interface NewBatch {
  /** The id to give. A retry passes the same one. */
  readonly id: string;
  readonly title: string;
  readonly vouchers: readonly NewVoucher[];
}

/**
 * Takes a batch of vouchers to be verified in the background (B9). When it returns, all of them are
 * stored; each is verified once, in the name of the caller.
 *
 * @throws CinnabarError `queue_full`; `invalid_request` that names the rows whose seal is not there;
 * `chips_unavailable`, `storage_unavailable`, `audit_unavailable`
 */
export async function submitBatch(deps: SealDeps, caller: Caller, batch: NewBatch): Promise<Job> {
  const { tenant } = caller.actor;
  const earlier = await deps.work.find(tenant, 'job', batch.id);
  if (earlier) return jobOf(deps, earlier);
  const waiting = (await deps.work.count(tenant, 'voucher', {})).waiting ?? 0;
  if (waiting + batch.vouchers.length > waitingVouchersMax) throw new CinnabarError('queue_full');
  const sealIds = await findSeals(deps, tenant, batch.vouchers);
  const job: Work<'job'> = {
    tenant,
    kind: 'job',
    id: batch.id,
    parent: '',
    state: 'running',
    dueAtMs: 0,
    version: 1,
    body: {
      type: 'verification-batch',
      title: batch.title,
      requestedBy: caller.actor.id,
      branch: caller.actor.branch,
      createdAtMs: deps.clock.now(),
      total: batch.vouchers.length,
    },
  };
  const operation: Operation = {
    action: 'seal-batch.submit',
    subject: `job:${batch.id}`,
    detail: { vouchers: batch.vouchers.length },
  };
  await audited(deps.audit, caller, operation, async () => {
    const pieces = await storeVouchers(deps, job, batch.vouchers, sealIds);
    await deps.work.apply({ add: [job, ...pieces], move: [] });
  });
  await sendPieces(deps, job);
  return jobOf(deps, job);
}

async function findSeals(
  deps: SealDeps,
  tenant: string,
  vouchers: readonly NewVoucher[],
): Promise<ReadonlyMap<string, string>> {
  const names = [...new Set(vouchers.map(({ seal }) => seal))];
  const found = await Promise.all(
    names.map(async (name) => {
      const seal =
        (await deps.seals.findSealBySerial(tenant, name)) ??
        (await deps.seals.findSeal(tenant, name));
      return [name, seal?.id] as const;
    }),
  );
  const ids = new Map(found.flatMap(([name, id]) => (id === undefined ? [] : [[name, id]])));
  const fields = vouchers.flatMap(({ seal }, index) =>
    ids.has(seal) ? [] : [{ pointer: `/body/manifest/${index + 1}/seal`, code: 'not_found' }],
  );
  if (fields.length > 0) throw new CinnabarError('invalid_request', { fields });
  return ids;
}

async function storeVouchers(
  deps: SealDeps,
  job: Work<'job'>,
  vouchers: readonly NewVoucher[],
  sealIds: ReadonlyMap<string, string>,
): Promise<readonly Work<'voucher'>[]> {
  const pieces: Work<'voucher'>[] = [];
  // Sorted, so that the order of ids is that of the manifest.
  const ids = vouchers.map(() => newId(deps)).sort();
  for (let at = 0; at < vouchers.length; at += objectsPerMessage) {
    const some = vouchers
      .slice(at, at + objectsPerMessage)
      .map((voucher, index) => ({ voucher, id: ids[at + index] ?? '' }));
    const objects = await encryptObjects(
      deps,
      job.tenant,
      some.map(({ voucher, id }) => ({
        context: ['voucher-picture', id] as const,
        bytes: voucher.picture.bytes,
      })),
    );
    await storeObjects(deps, job.tenant, objects);
    some.forEach(({ voucher, id }, index) => {
      const object = objects[index];
      const sealId = sealIds.get(voucher.seal);
      if (!object || sealId === undefined) throw new Error('voucher: a picture or a seal is lost');
      const position = at + index + 1;
      pieces.push(pieceOf(deps, job, { voucher, id, object, sealId, position }));
    });
  }
  return pieces;
}

function pieceOf(
  deps: SealDeps,
  job: Work<'job'>,
  made: { voucher: NewVoucher; id: string; object: FreshObject; sealId: string; position: number },
): Work<'voucher'> {
  const { reference, money, branch, picture } = made.voucher;
  const { ciphertext: _stored, wrappedKey, ...object } = made.object;
  return {
    tenant: job.tenant,
    kind: 'voucher',
    id: made.id,
    parent: job.id,
    state: 'waiting',
    dueAtMs: deps.clock.now() + overlookedMs,
    version: 1,
    body: {
      position: made.position,
      reference,
      sealId: made.sealId,
      money,
      branch,
      ...(picture.dpi === undefined ? {} : { dpi: picture.dpi }),
      picture: { ...object, wrappedKey: [...wrappedKey] },
      objectKeys: [object.objectKey],
      attempts: 0,
    },
  };
}

/**
 * Verifies one voucher: leases it, so that no two consumers work on it, and writes what came of it.
 * However often and wherever this is repeated, there is one verification.
 *
 * @returns whether nothing is left to do for now
 */
export async function runVoucher(deps: SealDeps, tenant: string, id: string): Promise<boolean> {
  const found = await deps.work.find(tenant, 'voucher', id);
  if (!found) return true;
  const job = await findJob(deps, tenant, found.parent);
  if (job.state !== 'running') return true;
  const leased = await lease(deps, found);
  if (leased === 'done') {
    await finishBatch(deps, job);
    return true;
  }
  if (leased === 'taken') return false;
  const outcome = await verifyVoucher(deps, job, leased);
  const written = await settleMove(deps, async () => {
    const voucher = await deps.work.find(tenant, 'voucher', id);
    // Another consumer took it over when our lease ran out; it writes the same.
    if (voucher?.state !== 'leased') return { result: true };
    const { errorCode: _before, ...body } = voucher.body;
    const next = moved(voucher, { ...outcome, body: { ...body, ...outcome.body } });
    return { result: outcome.state !== 'waiting', move: [next] };
  });
  if (outcome.state === 'done') await deps.objects.remove(leased.body.objectKeys);
  if (outcome.state !== 'waiting') await finishBatch(deps, job);
  return written;
}

async function lease(
  deps: SealDeps,
  found: Work<'voucher'>,
): Promise<Work<'voucher'> | 'done' | 'taken'> {
  const nowMs = deps.clock.now();
  if (found.state === 'done' || found.state === 'dead') return 'done';
  if (found.state === 'leased' && found.dueAtMs > nowMs) return 'taken';
  const body = { ...found.body, attempts: found.body.attempts + 1 };
  const leased = moved(found, { state: 'leased', dueAtMs: nowMs + leaseMs, body });
  return (await deps.work.apply({ add: [], move: [leased] })) ? leased : 'taken';
}

/** What may go away by itself; everything else needs a person. */
const outages: readonly ErrorCode[] = [
  'storage_unavailable',
  'chips_unavailable',
  'chips_busy',
  'audit_unavailable',
  'work_contended',
  'internal',
];

interface VoucherOutcome {
  readonly state: VoucherState;
  readonly dueAtMs: number;
  readonly body: Pick<VoucherBody, 'verdict' | 'errorCode'>;
}

async function verifyVoucher(
  deps: SealDeps,
  job: Work<'job'>,
  voucher: Work<'voucher'>,
): Promise<VoucherOutcome> {
  const { body, id, tenant } = voucher;
  try {
    const object = { ...body.picture, wrappedKey: Uint8Array.from(body.picture.wrappedKey) };
    const [bytes] = await decryptObjects(deps, tenant, [
      { object, context: ['voucher-picture', id] },
    ]);
    if (!bytes) throw new CinnabarError('template_unreadable');
    const { sealId, money, branch, dpi } = body;
    const imprint = dpi === undefined ? { bytes } : { bytes, dpi };
    const request = { id, sealId, money, branch, imprint };
    const { verdict } = await verifyImprint(deps, callerOfJob(job), request);
    return { state: 'done', dueAtMs: 0, body: { verdict } };
  } catch (error) {
    const errorCode = error instanceof CinnabarError ? error.code : 'internal';
    const mayRetry = outages.includes(errorCode) && body.attempts < attemptsMax;
    return {
      state: mayRetry ? 'waiting' : 'dead',
      dueAtMs: deps.clock.now() + overlookedMs,
      body: { errorCode },
    };
  }
}

/** The vouchers of a batch in the order of its manifest. @throws CinnabarError `job_not_found` */
export async function listVouchers(
  deps: SealDeps,
  actor: Actor,
  jobId: string,
  filter: { readonly state?: VoucherState },
  page: PageRequest,
): Promise<Page<Voucher>> {
  await findJob(deps, actor.tenant, jobId);
  const wanted = { ...filter, parent: jobId, order: 'oldest' } as const;
  const found = await readPage(
    page,
    (work: Work<'voucher'>) => work.id,
    (request) => deps.work.list(actor.tenant, 'voucher', wanted, request),
  );
  return { ...found, items: found.items.map(voucherOf) };
}

/** Takes up vouchers whose consumer died or whose message was lost. */
export async function sweepVouchers(deps: SealDeps, limit: number): Promise<void> {
  const nowMs = deps.clock.now();
  for (const state of ['leased', 'waiting']) {
    const due = await deps.work.due('voucher', state, nowMs, limit);
    const moves = due.map((voucher) => moved(voucher, { dueAtMs: nowMs + overlookedMs }));
    for (const move of moves) {
      const waiting = state === 'leased' ? { ...move, state: 'waiting' } : move;
      if (!(await deps.work.apply({ add: [], move: [waiting] }))) continue;
      await deps.workQueue.send([{ tenant: move.tenant, kind: 'voucher', id: move.id }], 0);
    }
  }
}

function voucherOf(work: Work<'voucher'>): Voucher {
  const state = voucherStates.find((known) => known === work.state);
  if (!state) throw new TypeError('voucher: unknown state');
  return { ...work.body, id: work.id, state };
}
