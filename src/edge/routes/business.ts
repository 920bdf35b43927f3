import { createRoute } from '@hono/zod-openapi';
import { CinnabarError, type ErrorCode } from '../../domain/errors.ts';
import type { EdgeApp, EdgeContext } from '../context.ts';
import type { BusinessGate } from '../deps.ts';
import {
  behaviourExportSchema,
  businessAnswerSchema,
  businessRequestSchema,
  businessSystemSchema,
  businessViewSchema,
  erasedSchema,
  keyDataSchema,
} from '../schemas/business.ts';
import { about, json, jsonBody, problems } from './contract.ts';

const base = '/v1/business';
const tag = 'Sample business system';
const withToken =
  'With a token whose audience is this system, as `Bearer`, or as `DPoP` with a proof for this address when it is bound to a key.';

function described(
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  operationId: string,
  summary: string,
  description = withToken,
) {
  return about(`${method} ${base}${path}`, { tag, operationId, summary, description });
}

function refusals(key: string, ...codes: readonly ErrorCode[]) {
  return problems(key, 'business_token_refused', 'business_unavailable', ...codes);
}

const systemRoute = createRoute({
  method: 'get',
  path: `${base}/system`,
  ...described(
    'GET',
    '/system',
    'getSampleBusinessSystem',
    'Get what the sample business system is called and handles',
    'Its first request registers it at the sample institutions.',
  ),
  responses: {
    200: json(businessSystemSchema, 'The system.'),
    ...problems(`GET ${base}/system`, 'business_unavailable'),
  },
});

const requestRoute = createRoute({
  method: 'post',
  path: `${base}/requests`,
  ...described('POST', '/requests', 'requestBusiness', 'Have business handled'),
  request: { body: jsonBody(businessRequestSchema) },
  responses: {
    200: json(businessAnswerSchema, 'Business data, and the key data by which it was handled.'),
    ...refusals(
      `POST ${base}/requests`,
      'business_not_permitted',
      'business_fact_absent',
      'business_confirmation',
      'business_bill_unknown',
      'business_bill_paid',
    ),
  },
});

const viewRoute = createRoute({
  method: 'get',
  path: `${base}/view`,
  ...described('GET', '/view', 'viewTokenAtBusiness', 'See what the system reads in the token'),
  responses: {
    200: json(businessViewSchema, 'The facts, recognisable and masked.'),
    ...refusals(`GET ${base}/view`),
  },
});

const insightsRoute = createRoute({
  method: 'get',
  path: `${base}/insights`,
  ...described('GET', '/insights', 'getBehaviour', 'See what the system makes of one’s behaviour'),
  responses: {
    200: json(keyDataSchema, 'The key data.'),
    ...refusals(`GET ${base}/insights`),
  },
});

const exportRoute = createRoute({
  method: 'get',
  path: `${base}/events`,
  ...described('GET', '/events', 'exportBehaviour', 'Take one’s events along'),
  responses: {
    200: json(behaviourExportSchema, 'All that is kept.'),
    ...refusals(`GET ${base}/events`),
  },
});

const eraseRoute = createRoute({
  method: 'delete',
  path: `${base}/events`,
  ...described('DELETE', '/events', 'eraseBehaviour', 'Have one’s events forgotten'),
  responses: {
    200: json(erasedSchema, 'How many they were.'),
    ...refusals(`DELETE ${base}/events`),
  },
});

/** The way to the sample business system: what it answers goes through as it is. */
export function addBusinessRoutes(app: EdgeApp, gate: BusinessGate): void {
  const pass = (c: EdgeContext) => passed(c, gate) as never;
  app.openapi(systemRoute, pass);
  app.openapi(requestRoute, pass);
  app.openapi(viewRoute, pass);
  app.openapi(insightsRoute, pass);
  app.openapi(exportRoute, pass);
  app.openapi(eraseRoute, pass);
}

const passedOn = ['authorization', 'dpop', 'content-type'] as const;

async function passed(c: EdgeContext, gate: BusinessGate): Promise<Response> {
  const { method } = c.req;
  const path = c.req.path.slice(base.length);
  const headers = new Headers({ 'x-request-id': c.get('requestId') });
  for (const name of passedOn) {
    const value = c.req.header(name);
    if (value !== undefined) headers.set(name, value);
  }
  const body = method === 'POST' ? { body: await c.req.text() } : {};
  const asked = gate.fetch(new Request(`http://business${path}`, { method, headers, ...body }));
  const answer = await asked.catch((cause: unknown) => {
    throw new CinnabarError('business_unavailable', { cause });
  });
  // Of another Worker: its headers cannot be added to, so it is taken over.
  const { body: said } = answer;
  const status = answer.status as 200;
  const described = {
    'content-type': answer.headers.get('content-type') ?? 'application/json',
    ...(answer.status === 401 ? { 'www-authenticate': 'DPoP algs="ES256"' } : {}),
  };
  return said === null ? c.body(null, status, described) : c.body(said, status, described);
}
