import { createRoute } from '@hono/zod-openapi';
import { listMisbehaviour, reportMisbehaviour } from '../../domain/signing/misbehaviour.ts';
import type { Misbehaviour } from '../../domain/signing/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  type MisbehaviourView,
  misbehaviourPageSchema,
  misbehaviourSchema,
  transcriptSchema,
} from '../schemas/personal-keys.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest } from './input.ts';
import { attestationView } from './personal-keys.ts';

const tag = 'Personal keys';
const ofKey = '/v1/personal-keys/{id}/misbehaviour';
const all = '/v1/misbehaviour';

const reportRoute = createRoute({
  method: 'post',
  path: ofKey,
  ...about(`POST ${ofKey}`, {
    tag,
    operationId: 'reportMisbehaviour',
    summary: 'Report an answer of the cloud that was no half of a signature',
    description: 'The receipt that came with the reply says whether a chip sent it.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(transcriptSchema),
  },
  responses: {
    201: created(misbehaviourSchema, 'The report.'),
    ...problems(`POST ${ofKey}`, 'personal_key_not_found', 'rows_contended'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: all,
  ...about(`GET ${all}`, {
    tag,
    operationId: 'listMisbehaviour',
    summary: 'List reports that the cloud answered wrongly',
  }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(misbehaviourPageSchema, 'One page.'),
    ...problems(`GET ${all}`, 'invalid_request'),
  },
});

export function addMisbehaviourRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(reportRoute, async (c) => {
    const { receipt, ...texts } = c.req.valid('json');
    const transcript = { ...texts, ...(receipt ? { receipt } : {}) };
    const report = await reportMisbehaviour(deps, callerOf(c), {
      id: c.get('operationId'),
      keyId: c.req.valid('param').id,
      transcript,
    });
    c.header('location', all);
    return c.json(viewOf(report), 201);
  });

  app.openapi(listRoute, async (c) => {
    const page = await listMisbehaviour(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(viewOf) }, 200);
  });
}

function viewOf(report: Misbehaviour): MisbehaviourView {
  const { id, reportedBy, personalKeyId, verdict, transcript, attestation, atMs } = report;
  const { receipt, ...texts } = transcript;
  return {
    id,
    reportedBy,
    personalKeyId,
    verdict,
    attestation: attestation ? attestationView(attestation) : null,
    transcript: { ...texts, ...(receipt ? { receipt: { ...receipt } } : {}) },
    at: instantText(atMs),
  };
}
