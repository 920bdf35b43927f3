import { createRoute } from '@hono/zod-openapi';
import {
  getSoftware,
  listSoftware,
  releaseSoftware,
  revokeSoftware,
  softwareKey,
} from '../../domain/terminals/software.ts';
import type { SoftwareRelease } from '../../domain/terminals/types.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  newSoftwareSchema,
  revokedSoftwareSchema,
  softwareDetailSchema,
  softwareKeySchema,
  softwarePageQuerySchema,
  softwarePageSchema,
  softwareParamsSchema,
  softwareSchema,
} from '../schemas/software.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';

const tag = 'Payments';
const base = '/v1/software';
const one = `${base}/{hash}`;
const params = softwareParamsSchema;

const releaseRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'releaseSoftware',
    summary: 'Sign the manifest of a build, so that terminals run it',
  }),
  request: { body: jsonBody(newSoftwareSchema) },
  responses: {
    200: json(softwareSchema, 'The release.'),
    ...problems(
      `POST ${base}`,
      'software_refused',
      'ledger_unavailable',
      'ledger_conflict',
      'chips_unavailable',
      'chips_busy',
      'audit_unavailable',
      'rows_contended',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, { tag, operationId: 'listSoftware', summary: 'Every release' }),
  request: { query: softwarePageQuerySchema },
  responses: {
    200: json(softwarePageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, {
    tag,
    operationId: 'getSoftware',
    summary: 'A release, with its manifest and the signature',
    description: 'The loader of a terminal checks itself with it before it runs.',
  }),
  request: { params },
  responses: {
    200: json(softwareDetailSchema, 'The release.'),
    ...problems(`GET ${one}`, 'software_not_found', 'storage_unavailable'),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: `${one}/revoke`,
  ...about(`POST ${one}/revoke`, {
    tag,
    operationId: 'revokeSoftware',
    summary: 'Withdraw a release: terminals that run it open no session any more',
  }),
  request: { params, body: jsonBody(revokedSoftwareSchema) },
  responses: {
    200: json(softwareSchema, 'The release.'),
    ...problems(`POST ${one}/revoke`, 'software_not_found', 'audit_unavailable', 'rows_contended'),
  },
});

const keyRoute = createRoute({
  method: 'get',
  path: '/v1/software-key',
  ...about('GET /v1/software-key', {
    tag,
    operationId: 'getSoftwareKey',
    summary: 'The key by which software is signed',
    description: 'A terminal keeps the first one that it sees, and takes no other.',
  }),
  responses: {
    200: json(softwareKeySchema, 'The key.'),
    ...problems('GET /v1/software-key', 'chips_unavailable', 'chips_busy'),
  },
});

export function addSoftwareRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(releaseRoute, async (c) => {
    const { manifest } = c.req.valid('json');
    return c.json(softwareView(await releaseSoftware(deps, callerOf(c), manifest)), 200);
  });

  app.openapi(listRoute, async (c) => {
    const page = await listSoftware(deps, pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(softwareView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const release = await getSoftware(deps, c.req.valid('param').hash);
    return c.json({ ...softwareView(release), manifest: release.manifest }, 200);
  });

  app.openapi(revokeRoute, async (c) => {
    const { hash: id } = c.req.valid('param');
    const { reason } = c.req.valid('json');
    return c.json(softwareView(await revokeSoftware(deps, callerOf(c), { id, reason })), 200);
  });

  app.openapi(keyRoute, async (c) => {
    const { publicKey } = await softwareKey(deps);
    return c.json({ spki: base64urlText(publicKey) }, 200);
  });
}

function softwareView({
  id,
  version,
  state,
  sequence = 0,
  signature,
  releasedAtMs,
  revocation,
}: SoftwareRelease) {
  return {
    hash: id,
    version,
    state,
    sequence,
    signature,
    releasedAt: instantText(releasedAtMs),
    ...present({ revokedAt: revocation && instantText(revocation.atMs) }),
  };
}
