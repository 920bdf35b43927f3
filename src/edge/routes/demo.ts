import { createRoute } from '@hono/zod-openapi';
import type { MiddlewareHandler } from 'hono';
import { CinnabarError } from '../../domain/errors.ts';
import { instantText } from '../../lib/time.ts';
import type { EdgeApp, EdgeEnv } from '../context.ts';
import { actorOfIdentity, demoIdentities } from '../demo-identities.ts';
import type { DemoTokens } from '../deps.ts';
import { demoIdentitiesSchema, demoTokenRequestSchema, demoTokenSchema } from '../schemas/demo.ts';
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

export function addDemoRoutes(app: EdgeApp, tokens: DemoTokens): void {
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
