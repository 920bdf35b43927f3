import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import { samplePerson } from '../../domain/federation/sample-people.ts';
import type { DemoLedger } from '../../domain/ledger/demo.ts';
import { instantText } from '../../lib/time.ts';
import type { EdgeApp, EdgeEnv } from '../context.ts';
import { actorOfIdentity, demoIdentities } from '../demo-identities.ts';
import type { DemoTokens } from '../deps.ts';
import {
  demoApplicantsSchema,
  demoIdentitiesSchema,
  demoLedgerAlterSchema,
  demoLedgerSchema,
  demoTokenRequestSchema,
  demoTokenSchema,
} from '../schemas/demo.ts';
import { about, json, jsonBody, problems } from './contract.ts';

const tag = 'Demo mode only';
const loopback = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?:\/|$)/;

/**
 * Sample people are for one's own machine: from anywhere else these routes do not exist.
 *
 * A page whose own name was pointed at this machine (DNS rebinding) may send any header that makes
 * the local runtime believe in another URL. Its `Origin`, sent with every POST, it cannot choose.
 */
const loopbackOnly: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const places = [c.req.url, c.req.header('origin') ?? c.req.url];
  if (!places.every((place) => loopback.test(place))) throw new CinnabarError('not_found');
  await next();
};

const identitiesRoute = createRoute({
  method: 'get',
  path: '/v1/demo/identities',
  middleware: [loopbackOnly],
  ...about('GET /v1/demo/identities', {
    tag,
    operationId: 'listDemoIdentities',
    summary: 'List the sample people',
  }),
  responses: {
    200: json(demoIdentitiesSchema, 'The people.'),
    ...problems('GET /v1/demo/identities', 'not_found'),
  },
});

const tokenRoute = createRoute({
  method: 'post',
  path: '/v1/demo/token',
  middleware: [loopbackOnly],
  ...about('POST /v1/demo/token', {
    tag,
    operationId: 'issueDemoToken',
    summary: 'Become one of the sample people',
    description: 'The token is valid for 15 minutes.',
  }),
  request: { body: jsonBody(demoTokenRequestSchema) },
  responses: {
    200: json(demoTokenSchema, 'An access token.'),
    ...problems('POST /v1/demo/token', 'not_found'),
  },
});

const alterRoute = createRoute({
  method: 'post',
  path: '/v1/demo/ledger/alter',
  middleware: [loopbackOnly],
  ...about('POST /v1/demo/ledger/alter', {
    tag,
    operationId: 'alterDemoLedger',
    summary: 'Serve the first event of a subject with one byte changed',
    description:
      'What is stored stays as it is. Whoever verifies now refuses, and says why. It lasts until it is restored, or the service is started again.',
  }),
  request: { body: jsonBody(demoLedgerAlterSchema) },
  responses: {
    200: json(demoLedgerSchema, 'What is altered now.'),
    ...problems('POST /v1/demo/ledger/alter', 'not_found'),
  },
});

const restoreRoute = createRoute({
  method: 'post',
  path: '/v1/demo/ledger/restore',
  middleware: [loopbackOnly],
  ...about('POST /v1/demo/ledger/restore', {
    tag,
    operationId: 'restoreDemoLedger',
    summary: 'Serve the ledger as it was written again',
  }),
  responses: {
    200: json(demoLedgerSchema, 'Nothing is altered.'),
    ...problems('POST /v1/demo/ledger/restore', 'not_found'),
  },
});

function addDemoLedgerRoutes(app: EdgeApp, demo: DemoLedger): void {
  app.openapi(alterRoute, (c) => {
    demo.alter(c.req.valid('json').subject);
    return c.json({ altered: [...demo.altered()] }, 200);
  });

  app.openapi(restoreRoute, (c) => {
    demo.restore();
    return c.json({ altered: [...demo.altered()] }, 200);
  });
}

const applicantsRoute = createRoute({
  method: 'get',
  path: '/v1/demo/applicants',
  middleware: [loopbackOnly],
  ...about('GET /v1/demo/applicants', {
    tag,
    operationId: 'listDemoApplicants',
    summary: 'People whom the sample nodes know',
    description: 'Nobody exists behind them: their region and telephone prefix belong to no one.',
  }),
  responses: {
    200: json(demoApplicantsSchema, 'The people.'),
    ...problems('GET /v1/demo/applicants', 'not_found'),
  },
});

const applicantsShown = 12;

export function addDemoRoutes(app: EdgeApp, tokens: DemoTokens, ledger?: DemoLedger): void {
  if (ledger) addDemoLedgerRoutes(app, ledger);

  app.openapi(applicantsRoute, (c) => {
    const applicants = Array.from({ length: applicantsShown }, (_, index) => samplePerson(index));
    return c.json({ applicants }, 200);
  });

  app.openapi(identitiesRoute, (c) => c.json({ identities: [...demoIdentities] }, 200));

  app.openapi(tokenRoute, async (c) => {
    const wanted = c.req.valid('json').identity;
    const identity = demoIdentities.find(({ id }) => id === wanted);
    if (!identity) throw new CinnabarError('not_found', { detail: 'There is no such identity.' });
    const { token, expiresAtMs } = await tokens.issue(actorOfIdentity(identity));
    const expiresAt = instantText(expiresAtMs);
    return c.json({ token, tokenType: 'Bearer' as const, expiresAt, identity }, 200);
  });
}
