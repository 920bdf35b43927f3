import { createRoute } from '@hono/zod-openapi';
import type * as rows from '../../domain/seals/jobs.ts';
import { controlJob, getJob, listJobs } from '../../domain/seals/jobs.ts';
import { startReplacement } from '../../domain/seals/replace.ts';
import {
  listVouchers,
  submitBatch,
  type Voucher as VoucherRow,
} from '../../domain/seals/vouchers.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  errorTitleOf,
  type Job,
  jobControlSchema,
  jobPageSchema,
  jobSchema,
  newBatchSchema,
  newReplacementSchema,
  type Voucher,
  vendorParamsSchema,
  voucherPageSchema,
  voucherQuerySchema,
} from '../schemas/jobs.ts';
import { about, formBody, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';
import { readManifest } from './manifest.ts';

const tag = 'Jobs';

const batchRoute = createRoute({
  method: 'post',
  path: '/v1/seal-batches',
  ...about('POST /v1/seal-batches', {
    tag,
    operationId: 'submitBatch',
    summary: 'Verify many vouchers in the background',
    description:
      'All are taken, or none. Each becomes a verification under the id of its voucher; follow the job.',
  }),
  request: { headers: idempotencyHeaderSchema, body: formBody(newBatchSchema) },
  responses: {
    202: json(jobSchema, 'The job to follow at `/v1/jobs/{id}`.'),
    ...problems('POST /v1/seal-batches', 'queue_full', 'chips_unavailable'),
  },
});

const replaceRoute = createRoute({
  method: 'post',
  path: '/v1/seal-vendors/{code}/replace',
  ...about('POST /v1/seal-vendors/{code}/replace', {
    tag,
    operationId: 'replaceVendor',
    summary: 'Replace a vendor in the background',
    description:
      'Every reserved template is restored to its picture, enrolled with the new vendor, proved to hold the very same picture, and put in place of the old one. It goes on where it was, whatever stops it.',
  }),
  request: {
    params: vendorParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(newReplacementSchema),
  },
  responses: {
    202: json(jobSchema, 'The job to follow at `/v1/jobs/{id}`.'),
    ...problems(
      'POST /v1/seal-vendors/{code}/replace',
      'vendor_not_found',
      'replacement_invalid',
      'job_state',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: '/v1/jobs',
  ...about('GET /v1/jobs', { tag, operationId: 'listJobs', summary: 'List jobs, newest first' }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(jobPageSchema, 'One page.'),
    ...problems('GET /v1/jobs', 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}',
  ...about('GET /v1/jobs/{id}', { tag, operationId: 'getJob', summary: 'Get a job' }),
  request: { params: idParamsSchema },
  responses: {
    200: json(jobSchema, 'The job with its progress.'),
    ...problems('GET /v1/jobs/{id}', 'job_not_found'),
  },
});

const controlRoute = createRoute({
  method: 'post',
  path: '/v1/jobs/{id}/control',
  ...about('POST /v1/jobs/{id}/control', {
    tag,
    operationId: 'controlJob',
    summary: 'Pause, resume or cancel a job, or replay what it put aside',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(jobControlSchema),
  },
  responses: {
    200: json(jobSchema, 'The job.'),
    ...problems('POST /v1/jobs/{id}/control', 'job_not_found', 'job_state', 'work_contended'),
  },
});

const vouchersRoute = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}/vouchers',
  ...about('GET /v1/jobs/{id}/vouchers', {
    tag,
    operationId: 'listVouchers',
    summary: 'List the vouchers of a batch in the order of its manifest',
  }),
  request: { params: idParamsSchema, query: voucherQuerySchema },
  responses: {
    200: json(voucherPageSchema, 'One page.'),
    ...problems('GET /v1/jobs/{id}/vouchers', 'job_not_found'),
  },
});

export function addJobRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(batchRoute, async (c) => {
    const { title, manifest, pictures } = c.req.valid('form');
    const caller = callerOf(c);
    const files = Array.isArray(pictures) ? pictures : [pictures];
    const vouchers = await readManifest(manifest, files, caller.actor.branch);
    const job = await submitBatch(deps, caller, { id: c.get('operationId'), title, vouchers });
    c.header('location', `/v1/jobs/${job.id}`);
    return c.json(jobView(job), 202);
  });

  app.openapi(replaceRoute, async (c) => {
    const from = c.req.valid('param').code;
    const request = { id: c.get('operationId'), from, ...c.req.valid('json') };
    const job = await startReplacement(deps, callerOf(c), request);
    c.header('location', `/v1/jobs/${job.id}`);
    return c.json(jobView(job), 202);
  });

  app.openapi(listRoute, async (c) => {
    const found = await listJobs(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...found, items: found.items.map(jobView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    return c.json(jobView(await getJob(deps, actorOf(c), c.req.valid('param').id)), 200);
  });

  app.openapi(controlRoute, async (c) => {
    const { action } = c.req.valid('json');
    return c.json(
      jobView(await controlJob(deps, callerOf(c), c.req.valid('param').id, action)),
      200,
    );
  });

  app.openapi(vouchersRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const { id } = c.req.valid('param');
    const found = await listVouchers(deps, actorOf(c), id, present(filter), page);
    return c.json({ ...found, items: found.items.map(voucherView) }, 200);
  });
}

function jobView(job: rows.Job): Job {
  const { id, type, state, title, requestedBy, total, done, failed, replacement } = job;
  return present({
    id,
    type,
    state,
    title,
    requestedBy,
    createdAt: instantText(job.createdAtMs),
    finishedAt: job.finishedAtMs === undefined ? null : instantText(job.finishedAtMs),
    total,
    done,
    failed,
    replacement: replacement && replacementView(replacement),
  });
}

function replacementView({
  cursor: _cursor,
  failures,
  replayed,
  ...rest
}: NonNullable<rows.Job['replacement']>): NonNullable<Job['replacement']> {
  return present({ ...rest, failures: failures.map((failure) => ({ ...failure })), replayed });
}

function voucherView(voucher: VoucherRow): Voucher {
  const { id, position, reference, sealId, money, branch, state, attempts } = voucher;
  return {
    id,
    position,
    reference,
    sealId,
    ...money,
    branch,
    state,
    attempts,
    verdict: voucher.verdict ?? null,
    verificationId: state === 'done' ? id : null,
    errorCode: voucher.errorCode ?? null,
    error: errorTitleOf(voucher.errorCode),
  };
}
