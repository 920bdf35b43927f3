import { createRoute } from '@hono/zod-openapi';
import type { Caller } from '../../domain/actor.ts';
import {
  listIssuerKeys,
  overlapMs,
  revokeKey,
  rotateKeys,
} from '../../domain/tokens/issuer-keys.ts';
import { nameNextKey, proveNextKey, useNextKey } from '../../domain/tokens/system-keys.ts';
import {
  changeSystem,
  listSystems,
  proveSystem,
  registerSystem,
} from '../../domain/tokens/systems.ts';
import type { BusinessSystem, IssuerKey } from '../../domain/tokens/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  issuerKeysSchema,
  keyParamsSchema,
  newSystemSchema,
  nextKeySchema,
  provenSystemSchema,
  registeredSystemSchema,
  rotationSchema,
  systemChangeSchema,
  systemParamsSchema,
  systemProofSchema,
  systemSchema,
  systemsSchema,
} from '../schemas/tokens.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { present } from './input.ts';

const tag = 'Token administration';
const systems = '/v1/business-systems';
const one = `${systems}/{name}`;
const keys = '/v1/issuer-keys';
const keysAnswer = { 200: json(issuerKeysSchema, 'All keys, newest first.') };
const systemProblems = [
  'business_system_not_found',
  'business_system_state',
  'audit_unavailable',
] as const;
const keyProblems = ['chips_unavailable', 'audit_unavailable', 'rows_contended'] as const;

const registerRoute = createRoute({
  method: 'post',
  path: systems,
  ...about(`POST ${systems}`, {
    tag,
    operationId: 'registerBusinessSystem',
    summary: 'Register a business system',
    description: 'It is in service once it has answered the challenge, which only its key opens.',
  }),
  request: { body: jsonBody(newSystemSchema) },
  responses: {
    200: json(registeredSystemSchema, 'The system, and what it must read.'),
    ...problems(`POST ${systems}`, ...systemProblems, 'business_key_refused'),
  },
});

const proveRoute = createRoute({
  method: 'post',
  path: `${one}/proof`,
  ...about(`POST ${one}/proof`, {
    tag,
    operationId: 'proveBusinessSystem',
    summary: 'Prove the key of a business system',
    description: 'The secret is shown once.',
  }),
  request: { params: systemParamsSchema, body: jsonBody(systemProofSchema) },
  responses: {
    200: json(provenSystemSchema, 'The system, in service, and its secret.'),
    ...problems(`POST ${one}/proof`, ...systemProblems, 'business_key_refused'),
  },
});

const nextKey = `${one}/next-key`;

const nameKeyRoute = createRoute({
  method: 'post',
  path: nextKey,
  ...about(`POST ${nextKey}`, {
    tag,
    operationId: 'nameNextSystemKey',
    summary: 'Name the next key of a business system in service',
    description: 'The first of three steps. Tokens stay sealed to the key in force meanwhile.',
  }),
  request: { params: systemParamsSchema, body: jsonBody(nextKeySchema) },
  responses: {
    200: json(registeredSystemSchema, 'The system, and what it must read.'),
    ...problems(`POST ${nextKey}`, ...systemProblems, 'business_key_refused'),
  },
});

const proveKeyRoute = createRoute({
  method: 'post',
  path: `${nextKey}/proof`,
  ...about(`POST ${nextKey}/proof`, {
    tag,
    operationId: 'proveNextSystemKey',
    summary: 'Prove the next key of a business system',
    description: 'The second step: from now on the system opens tokens with both keys.',
  }),
  request: { params: systemParamsSchema, body: jsonBody(systemProofSchema) },
  responses: {
    200: json(systemSchema, 'The system.'),
    ...problems(`POST ${nextKey}/proof`, ...systemProblems, 'business_key_refused'),
  },
});

const useKeyRoute = createRoute({
  method: 'post',
  path: `${nextKey}/use`,
  ...about(`POST ${nextKey}/use`, {
    tag,
    operationId: 'useNextSystemKey',
    summary: 'Seal to the next key of a business system from now on',
    description: 'The third step. The system keeps its old key until `oldKey.until`.',
  }),
  request: { params: systemParamsSchema },
  responses: {
    200: json(systemSchema, 'The system.'),
    ...problems(`POST ${nextKey}/use`, ...systemProblems),
  },
});

const changeRoute = createRoute({
  method: 'patch',
  path: one,
  ...about(`PATCH ${one}`, {
    tag,
    operationId: 'changeBusinessSystem',
    summary: 'Change what may be released to a business system, or suspend it',
  }),
  request: { params: systemParamsSchema, body: jsonBody(systemChangeSchema) },
  responses: {
    200: json(systemSchema, 'The system.'),
    ...problems(`PATCH ${one}`, ...systemProblems),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: systems,
  ...about(`GET ${systems}`, {
    tag,
    operationId: 'listBusinessSystems',
    summary: 'List the business systems of the institution',
  }),
  responses: { 200: json(systemsSchema, 'The systems.'), ...problems(`GET ${systems}`) },
});

const keysRoute = createRoute({
  method: 'get',
  path: keys,
  ...about(`GET ${keys}`, { tag, operationId: 'listIssuerKeys', summary: 'List the signing keys' }),
  responses: { ...keysAnswer, ...problems(`GET ${keys}`) },
});

const rotateRoute = createRoute({
  method: 'post',
  path: `${keys}/rotate`,
  ...about(`POST ${keys}/rotate`, {
    tag,
    operationId: 'rotateIssuerKeys',
    summary: 'Rotate the signing key of an algorithm by one step',
    description:
      'The key published ahead signs from now on; the one before it verifies until its last token has ended.',
  }),
  request: { body: jsonBody(rotationSchema) },
  responses: { ...keysAnswer, ...problems(`POST ${keys}/rotate`, ...keyProblems) },
});

const revokeKeyRoute = createRoute({
  method: 'post',
  path: `${keys}/{id}/revoke`,
  ...about(`POST ${keys}/{id}/revoke`, {
    tag,
    operationId: 'revokeIssuerKey',
    summary: 'Withdraw a signing key at once',
    description: 'Every token that it signed is refused from now on.',
  }),
  request: { params: keyParamsSchema },
  responses: {
    ...keysAnswer,
    ...problems(
      `POST ${keys}/{id}/revoke`,
      'issuer_key_not_found',
      'issuer_key_state',
      ...keyProblems,
    ),
  },
});

export function addTokenAdministrationRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(registerRoute, async (c) => {
    const { id, title, key, release } = c.req.valid('json');
    const request = { id, title, key: present(key), release };
    const { system, challenge } = await registerSystem(deps, callerOf(c), request);
    return c.json({ system: systemView(system), challenge }, 200);
  });

  app.openapi(proveRoute, async (c) => {
    const { name } = c.req.valid('param');
    const { challenge } = c.req.valid('json');
    const { system, secret } = await proveSystem(deps, callerOf(c), name, challenge);
    return c.json({ system: systemView(system), secret }, 200);
  });

  app.openapi(nameKeyRoute, async (c) => {
    const { name } = c.req.valid('param');
    const key = present(c.req.valid('json').key);
    const { system, challenge } = await nameNextKey(deps, callerOf(c), name, key);
    return c.json({ system: systemView(system), challenge }, 200);
  });

  app.openapi(proveKeyRoute, async (c) => {
    const { name } = c.req.valid('param');
    const { challenge } = c.req.valid('json');
    return c.json(systemView(await proveNextKey(deps, callerOf(c), name, challenge)), 200);
  });

  app.openapi(useKeyRoute, async (c) => {
    const { name } = c.req.valid('param');
    return c.json(systemView(await useNextKey(deps, callerOf(c), name)), 200);
  });

  app.openapi(changeRoute, async (c) => {
    const change = present(c.req.valid('json'));
    const system = await changeSystem(deps, callerOf(c), c.req.valid('param').name, change);
    return c.json(systemView(system), 200);
  });

  app.openapi(listRoute, async (c) => {
    const found = await listSystems(deps, actorOf(c));
    return c.json({ items: found.map(systemView) }, 200);
  });

  app.openapi(keysRoute, async (c) => c.json(keysView(await listIssuerKeys(deps)), 200));

  app.openapi(rotateRoute, async (c) => {
    const { algorithm } = c.req.valid('json');
    return c.json(keysView(await rotateKeys(deps, callerOf(c), algorithm)), 200);
  });

  app.openapi(revokeKeyRoute, async (c) => {
    const caller: Caller = callerOf(c);
    return c.json(keysView(await revokeKey(deps, caller, c.req.valid('param').id)), 200);
  });
}

function systemView(system: BusinessSystem) {
  const { id, title, state, key, nextKey: next, oldKey: old, release, createdAtMs } = system;
  return {
    id,
    title,
    state,
    kid: key.kid,
    curve: key.crv ?? '',
    ...(next && { nextKey: { kid: next.key.kid, isProven: next.challengeHash === undefined } }),
    ...(old && { oldKey: { kid: old.kid, until: instantText(old.untilMs) } }),
    release: { labels: [...release.labels], purpose: release.purpose },
    createdAt: instantText(createdAtMs),
  };
}

function keysView(found: readonly IssuerKey[]) {
  return {
    overlapSeconds: overlapMs / 1000,
    items: found.map(({ id, jwk, state, createdAtMs, changedAtMs }) => ({
      id,
      kid: jwk.kid,
      algorithm: jwk.alg,
      state,
      createdAt: instantText(createdAtMs),
      changedAt: instantText(changedAtMs),
    })),
  };
}
