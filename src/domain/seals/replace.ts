import type { Bitmap1 } from '../../core/raster.ts';
import type { Caller } from '../actor.ts';
import { audited, type Operation, record } from '../audit/record.ts';
import { CinnabarError } from '../errors.ts';
import { callerOfJob, findJob, type Job, jobOf, sendPieces } from './jobs.ts';
import { sendWork } from './messages.ts';
import { storeObjects } from './orphans.ts';
import { asking } from './picture.ts';
import { pictureDpi } from './pictures.ts';
import type { SealDeps, SealEngine } from './ports.ts';
import { nothingReplayed, replayQueries } from './replay.ts';
import { decryptTemplates, encryptTemplates } from './templates.ts';
import type { StoredTemplate, Vendor } from './types.ts';
import { type VendorState, vendorsOf } from './vendors.ts';
import { moved, settleMove } from './work.ts';
import type { ReplacementBody, ReplacementFailure, Replayed, Work } from './work-rows.ts';

/** Templates in one step: a step ends well within the time that a Worker has. */
const templatesPerStep = 10;
/** Failures that are named one by one; further ones are counted with the last. */
const failuresMax = 100;
const picturePixelsMax = 4_000_000;

export interface NewReplacement {
  /** The id to give to the job. A retry passes the same one. */
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly deleteOld: boolean;
  readonly dryRun: boolean;
}

/**
 * Starts to replace one vendor by another (B10): in the background every reserved template of the
 * leaving one is restored to its picture, enrolled with the new one, proved, and put in its place.
 * A dry run does everything but the putting, and asks the new vendor about queries that were decided.
 *
 * @throws CinnabarError `vendor_not_found`, `replacement_invalid`, `job_state` while the vendor is
 * being replaced already, `audit_unavailable`
 */
export async function startReplacement(
  deps: SealDeps,
  caller: Caller,
  request: NewReplacement,
): Promise<Job> {
  const { tenant } = caller.actor;
  const { id, from, to, deleteOld, dryRun } = request;
  const earlier = await deps.work.find(tenant, 'job', id);
  if (earlier) return jobOf(deps, earlier);
  const vendors = await vendorsOf(deps, tenant);
  const leaving = vendors.find(({ vendor }) => vendor.code === from);
  const coming = vendors.find(({ vendor }) => vendor.code === to);
  if (!leaving || !coming) throw new CinnabarError('vendor_not_found');
  if (from === to || coming.state !== 'active') throw new CinnabarError('replacement_invalid');
  if (!dryRun && leaving.state === 'leaving') throw new CinnabarError('job_state');
  const total = await deps.seals.countReserved(tenant, from);
  const progress = { cursor: '', phase: 'replace', replaced: 0, already: 0, failures: [] } as const;
  const job: Work<'job'> = {
    tenant,
    kind: 'job',
    id,
    parent: '',
    state: 'running',
    dueAtMs: 0,
    version: 1,
    body: {
      type: 'vendor-replacement',
      title: `${from} > ${to}`,
      requestedBy: caller.actor.id,
      branch: caller.actor.branch,
      createdAtMs: deps.clock.now(),
      total,
      replacement: { from, to, deleteOld, dryRun, ...progress, removed: 0, kept: 0 },
    },
  };
  const detail = { from, to, deleteOld, dryRun, templates: total };
  const operation: Operation = { action: 'vendor.replace', subject: `job:${id}`, detail };
  await audited(deps.audit, caller, operation, async () => {
    await deps.work.apply({ add: [job], move: [] });
    if (!dryRun) await setVendorState(deps, tenant, from, 'leaving', id);
  });
  await sendPieces(deps, job);
  return jobOf(deps, job);
}

/**
 * Does one step of a replacement. A process may end anywhere in it: the next step finds by the
 * templates themselves what is done, and goes on.
 *
 * @returns whether nothing is left to do for now
 */
export async function stepReplacement(
  deps: SealDeps,
  tenant: string,
  jobId: string,
): Promise<boolean> {
  const job = await findJob(deps, tenant, jobId);
  const { replacement } = job.body;
  if (job.state !== 'running' || !replacement) return true;
  const next =
    replacement.phase === 'replace'
      ? await replaceSome(deps, job, replacement)
      : await sweepSome(deps, job, replacement);
  const ended = next.phase === 'finished';
  if (ended) await finish(deps, job, next);
  const failed = next.failures.length > 0;
  const isMoved = await deps.work.apply({
    add: [],
    move: [
      moved(job, {
        state: ended ? (failed ? 'attention' : 'done') : 'running',
        body: {
          ...job.body,
          replacement: next,
          ...(ended ? { finishedAtMs: deps.clock.now() } : {}),
        },
      }),
    ],
  });
  // Somebody else moved it: paused it, or did the same step. They sent their own message.
  if (isMoved && !ended) await sendWork(deps, [{ tenant, kind: 'job', id: jobId }]);
  return true;
}

async function finish(
  deps: SealDeps,
  job: Work<'job'>,
  { from, to, dryRun, replaced, already, failures, removed, kept }: ReplacementBody,
): Promise<void> {
  const isWhole = failures.length === 0;
  // With failures the vendor stays: those seals have nothing else of it.
  if (!dryRun && isWhole) await setVendorState(deps, job.tenant, from, 'retired', job.id);
  const figures = { replaced, already, failed: failures.length, removed, kept };
  const operation: Operation = {
    action: 'vendor.replaced',
    subject: `job:${job.id}`,
    detail: { from, to, dryRun, ...figures },
  };
  await record(deps.audit, callerOfJob(job), operation, isWhole ? 'done' : 'failed');
}

async function replaceSome(
  deps: SealDeps,
  job: Work<'job'>,
  progress: ReplacementBody,
): Promise<ReplacementBody> {
  const { from, cursor, dryRun, deleteOld } = progress;
  const filter = { vendorCode: from, retiredBy: job.id, after: cursor };
  const some = await deps.seals.listReserved(job.tenant, filter, templatesPerStep);
  if (some.length === 0) {
    return { ...progress, phase: deleteOld && !dryRun ? 'sweep' : 'finished' };
  }
  let next = progress;
  for (const { template, isRetired } of some) {
    // Retired by this job: an earlier attempt at this step came so far.
    const result = isRetired ? 'replaced' : await replaceOne(deps, job, progress, template);
    next = counted(next, template, result);
  }
  return next;
}

type OneResult = 'replaced' | 'already' | Replayed | ReplacementFailure['code'];

function counted(
  progress: ReplacementBody,
  template: StoredTemplate,
  result: OneResult,
): ReplacementBody {
  const next = { ...progress, cursor: template.id };
  if (typeof result === 'object') {
    const before = progress.replayed ?? nothingReplayed;
    const replayed = {
      same: before.same + result.same,
      refused: before.refused + result.refused,
      accepted: before.accepted + result.accepted,
    };
    return { ...next, replaced: progress.replaced + 1, replayed };
  }
  if (result === 'replaced') return { ...next, replaced: progress.replaced + 1 };
  if (result === 'already') return { ...next, already: progress.already + 1 };
  const failure = { templateId: template.id, sealId: template.owner.id, code: result };
  return { ...next, failures: [...progress.failures, failure].slice(0, failuresMax) };
}

/** Outages end the step, and it is tried again; what is wrong with one template is its own. */
async function replaceOne(
  deps: SealDeps,
  job: Work<'job'>,
  { to, dryRun }: ReplacementBody,
  old: StoredTemplate,
): Promise<OneResult> {
  const vendor = deps.engine.vendors.find(({ code }) => code === to);
  if (!vendor) return 'vendor_not_found';
  const place = { jobId: job.id, old };
  const has = await deps.seals.findReserved(old, to);
  if (has) {
    if (!dryRun) await deps.seals.putInPlace({ ...place, fresh: undefined });
    return 'already';
  }
  try {
    const [plain] = await decryptTemplates(deps, job.tenant, [old]);
    if (!plain) return 'template_unreadable';
    const made = makeAnew(deps.engine, old.vendor.code, vendor, plain.bytes);
    if (typeof made === 'string') return made;
    if (dryRun) return await replayQueries(deps, old, to, made);
    const templates = [{ vendor, specimen: old.specimen, bytes: made }];
    const fresh = await encryptTemplates(deps, job.tenant, old.owner, old.revision, templates);
    await storeObjects(deps, job.tenant, fresh.objects);
    await deps.seals.putInPlace({ ...place, fresh: fresh.rows[0] });
    return 'replaced';
  } catch (error) {
    if (error instanceof CinnabarError && !isOutage(error)) {
      return error.code === 'work_contended' ? 'replaced' : error.code;
    }
    throw error;
  }
}

function isOutage({ code }: CinnabarError): boolean {
  return ['storage_unavailable', 'chips_unavailable', 'chips_busy'].includes(code);
}

/**
 * The new vendor's template of the picture in the old one's, proved.
 *
 * By the vendor ABI a vendor compares by nothing of a reserved template but what follows from its
 * canonical picture. So when the new template holds the very same picture, every later query gets
 * the score that it gets whenever this vendor enrols that picture. Vendors separate ink each in its
 * own way: from the original scan, which is not kept, this one might have seen other edges, and its
 * scores might lie a little higher or lower.
 */
function makeAnew(
  engine: SealEngine,
  from: string,
  to: Vendor,
  template: Uint8Array,
): Uint8Array | 'picture_differs' | 'does_not_match_itself' {
  return asking(() => {
    const picture = engine.restore(from, template);
    const png = engine.encodeBitmapPng(picture, pictureDpi);
    const raster = engine.decode(png, { pixelsMax: picturePixelsMax });
    const fresh = engine.enrol(raster, to.code);
    if (!isSameImprint(picture, engine.restore(to.code, fresh))) return 'picture_differs';
    return engine.match(to.code, fresh, fresh).match ? fresh : 'does_not_match_itself';
  });
}

/** Whether two pictures show the same ink; the paper around it may differ. */
export function isSameImprint(a: Bitmap1, b: Bitmap1): boolean {
  const [one, other] = [inkOf(a), inkOf(b)];
  return one.width === other.width && one.height === other.height && one.rows === other.rows;
}

function inkOf({ width, height, bits }: Bitmap1) {
  const stride = (width + 7) >>> 3;
  const isInk = (x: number, y: number) => ((bits[y * stride + (x >> 3)] ?? 0) >> (7 - (x & 7))) & 1;
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isInk(x, y)) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), y];
    }
  }
  const lines: string[] = [];
  for (let y = top; y <= bottom; y++) {
    let line = '';
    for (let x = left; x <= right; x++) line += isInk(x, y);
    lines.push(line);
  }
  return { width: right - left + 1, height: bottom - top + 1, rows: lines.join() };
}

/** Removes what was replaced, but not what a verification was compared with: that is evidence. */
async function sweepSome(
  deps: SealDeps,
  job: Work<'job'>,
  progress: ReplacementBody,
): Promise<ReplacementBody> {
  const { tenant, id } = job;
  const unused = await deps.seals.listUnusedRetired(tenant, id, templatesPerStep);
  if (unused.length === 0) {
    const kept = await deps.seals.countRetired(tenant, id);
    const removed = progress.replaced + progress.already - kept;
    return { ...progress, phase: 'finished', removed, kept };
  }
  const objectKeys = unused.map(({ objectKey }) => objectKey);
  // On watch first: should this end between the two, the objects go away later.
  await deps.orphans.watch({ tenant, objectKeys });
  await deps.seals.removeRetired(
    tenant,
    id,
    unused.map((template) => template.id),
  );
  await deps.objects.remove(objectKeys);
  return progress;
}

async function setVendorState(
  deps: SealDeps,
  tenant: string,
  code: string,
  state: VendorState,
  jobId: string,
): Promise<void> {
  await settleMove(deps, async () => {
    const found = await deps.work.find(tenant, 'vendor', code);
    const fresh: Work<'vendor'> = {
      tenant,
      kind: 'vendor',
      id: code,
      parent: '',
      state,
      dueAtMs: 0,
      version: 1,
      body: { jobId },
    };
    if (!found) return { result: undefined, add: [fresh] };
    if (found.state === state && found.body.jobId === jobId) return { result: undefined };
    return { result: undefined, move: [moved(found, { state, body: { jobId } })] };
  });
}
