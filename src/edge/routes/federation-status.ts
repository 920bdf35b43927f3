import { createRoute } from '@hono/zod-openapi';
import { federationHealth } from '../../domain/federation/health.ts';
import {
  listTrainingRuns,
  reportTraining,
  type TrainingReport,
  type TrainingRun,
} from '../../domain/federation/training-runs.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  partiesHealthSchema,
  trainingReportSchema,
  trainingRunPageSchema,
  trainingRunSchema,
} from '../schemas/federation-status.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { federationOf } from './federation.ts';
import { pageRequest, present } from './input.ts';

const tag = 'Federation';
const parties = '/v1/federation/parties';
const runs = '/v1/federation/training-runs';

const partiesRoute = createRoute({
  method: 'get',
  path: parties,
  ...about(`GET ${parties}`, {
    tag,
    operationId: 'getPartiesHealth',
    summary: 'Whether each party lives, how fast it answers, and with which model',
    description: 'The parties are asked when this is asked; of no person is anything said.',
  }),
  responses: {
    200: json(partiesHealthSchema, 'Every node, then the decision service.'),
    ...problems(`GET ${parties}`, 'federation_unavailable', 'rows_contended'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: runs,
  ...about(`GET ${runs}`, {
    tag,
    operationId: 'listTrainingRuns',
    summary: 'List trainings of the last ninety days, newest first',
  }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(trainingRunPageSchema, 'One page.'),
    ...problems(`GET ${runs}`, 'invalid_request', 'federation_unavailable'),
  },
});

const reportRoute = createRoute({
  method: 'put',
  path: `${runs}/{id}`,
  ...about(`PUT ${runs}/{id}`, {
    tag,
    operationId: 'reportTraining',
    summary: 'Report how far a training is',
    description:
      'Whoever trains sends each report whole; the first one begins the run. Losses and counts only, of no person anything.',
  }),
  request: { params: idParamsSchema, body: jsonBody(trainingReportSchema) },
  responses: {
    200: json(trainingRunSchema, 'The run.'),
    ...problems(
      `PUT ${runs}/{id}`,
      'training_run_over',
      'rows_contended',
      'federation_unavailable',
      'audit_unavailable',
    ),
  },
});

/** How parties and trainings are doing, outside any request for a score. */
export function addFederationStatusRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(partiesRoute, async (c) => {
    const health = await federationHealth({ ...federationOf(deps), clock: deps.clock });
    return c.json({ parties: health.map((party) => ({ ...party })) }, 200);
  });

  app.openapi(listRoute, async (c) => {
    const page = pageRequest(c.req.valid('query'));
    const found = await listTrainingRuns(federationOf(deps), actorOf(c).tenant, page);
    return c.json({ ...found, items: found.items.map(runView) }, 200);
  });

  app.openapi(reportRoute, async (c) => {
    const { clock, audit } = deps;
    const report: TrainingReport = present(c.req.valid('json'));
    const { id } = c.req.valid('param');
    const own = { ...federationOf(deps), clock, audit };
    return c.json(runView(await reportTraining(own, callerOf(c), id, report)), 200);
  });
}

function runView({ startedAtMs, updatedAtMs, history, ...run }: TrainingRun) {
  return trainingRunSchema.parse({
    ...run,
    history,
    startedAt: instantText(startedAtMs),
    updatedAt: instantText(updatedAtMs),
  });
}
