import { createRoute } from '@hono/zod-openapi';
import {
  changeWebhook,
  createWebhook,
  removeWebhook,
  rotateWebhookSecret,
  testWebhook,
} from '../../domain/webhooks/administer.ts';
import { getWebhook, listWebhooks } from '../../domain/webhooks/rows.ts';
import type { Attempt, Webhook } from '../../domain/webhooks/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idParamsSchema } from '../schemas/common.ts';
import {
  attemptSchema,
  newWebhookSchema,
  webhookChangeSchema,
  webhookSchema,
  webhookSecretSchema,
  webhooksSchema,
} from '../schemas/webhooks.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { present } from './input.ts';

const tag = 'Webhooks';
const all = '/v1/webhooks';
const one = `${all}/{id}`;
const params = { params: idParamsSchema };
const writeProblems = ['audit_unavailable', 'rows_contended'] as const;
const keyProblems = ['chips_unavailable', ...writeProblems] as const;

const createRouteOf = createRoute({
  method: 'post',
  path: all,
  ...about(`POST ${all}`, {
    tag,
    operationId: 'createWebhook',
    summary: 'Be told of audit records as they are written',
    description:
      'From the next record on, in their order, each until it was taken with a 2xx answer: at least once. Redirects are not followed. After three days of failures, or a 410, it is paused.',
  }),
  request: { body: jsonBody(newWebhookSchema) },
  responses: {
    200: json(webhookSecretSchema, 'The webhook, and the secret that signs its messages.'),
    ...problems(`POST ${all}`, 'webhook_address_refused', 'webhooks_too_many', ...keyProblems),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: all,
  ...about(`GET ${all}`, { tag, operationId: 'listWebhooks', summary: 'List the webhooks' }),
  responses: { 200: json(webhooksSchema, 'All of them.'), ...problems(`GET ${all}`) },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, {
    tag,
    operationId: 'getWebhook',
    summary: 'A webhook and its last attempts',
  }),
  request: params,
  responses: {
    200: json(webhookSchema, 'The webhook.'),
    ...problems(`GET ${one}`, 'webhook_not_found'),
  },
});

const changeRoute = createRoute({
  method: 'patch',
  path: one,
  ...about(`PATCH ${one}`, {
    tag,
    operationId: 'changeWebhook',
    summary: 'Change, pause or resume a webhook',
    description: 'Resumed, it goes on where it stopped, unless `from` is `now`.',
  }),
  request: { ...params, body: jsonBody(webhookChangeSchema) },
  responses: {
    200: json(webhookSchema, 'The webhook.'),
    ...problems(`PATCH ${one}`, 'webhook_not_found', 'webhook_address_refused', ...writeProblems),
  },
});

const removeRoute = createRoute({
  method: 'delete',
  path: one,
  ...about(`DELETE ${one}`, { tag, operationId: 'removeWebhook', summary: 'Remove a webhook' }),
  request: params,
  responses: {
    204: { description: 'It is gone.' },
    ...problems(`DELETE ${one}`, 'webhook_not_found', ...writeProblems),
  },
});

const secretRoute = createRoute({
  method: 'post',
  path: `${one}/secret`,
  ...about(`POST ${one}/secret`, {
    tag,
    operationId: 'rotateWebhookSecret',
    summary: 'Make a new secret',
    description: 'For a day messages carry the signatures of both.',
  }),
  request: params,
  responses: {
    200: json(webhookSecretSchema, 'The webhook and its new secret.'),
    ...problems(`POST ${one}/secret`, 'webhook_not_found', ...keyProblems),
  },
});

const testRoute = createRoute({
  method: 'post',
  path: `${one}/test`,
  ...about(`POST ${one}/test`, {
    tag,
    operationId: 'testWebhook',
    summary: 'Send a message of type `webhook.test` now',
  }),
  request: params,
  responses: {
    200: json(attemptSchema, 'What was answered.'),
    ...problems(`POST ${one}/test`, 'webhook_not_found', 'chips_unavailable'),
  },
});

export function addWebhookRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(createRouteOf, async (c) => {
    const made = await createWebhook(deps, callerOf(c), c.req.valid('json'));
    return c.json({ ...made, webhook: webhookView(made.webhook) }, 200);
  });

  app.openapi(listRoute, async (c) => {
    const found = await listWebhooks(deps, actorOf(c).tenant);
    return c.json({ items: found.map(webhookView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(webhookView(await getWebhook(deps, actorOf(c), id)), 200);
  });

  app.openapi(changeRoute, async (c) => {
    const { id } = c.req.valid('param');
    const change = present(c.req.valid('json'));
    return c.json(webhookView(await changeWebhook(deps, callerOf(c), id, change)), 200);
  });

  app.openapi(removeRoute, async (c) => {
    await removeWebhook(deps, callerOf(c), c.req.valid('param').id);
    return c.body(null, 204);
  });

  app.openapi(secretRoute, async (c) => {
    const { id } = c.req.valid('param');
    const made = await rotateWebhookSecret(deps, callerOf(c), id);
    return c.json({ ...made, webhook: webhookView(made.webhook) }, 200);
  });

  app.openapi(testRoute, async (c) => {
    const made = await testWebhook(deps, callerOf(c), c.req.valid('param').id);
    return c.json(attemptView(made), 200);
  });
}

function webhookView(row: Webhook) {
  const { id, url, actions, failingSinceMs, notBeforeMs, recent, createdBy, createdAtMs } = row;
  const isWaiting = failingSinceMs !== undefined && row.state === 'active';
  return {
    id,
    url,
    actions: [...actions],
    state: row.state === 'active' ? ('active' as const) : ('paused' as const),
    ...(failingSinceMs === undefined ? {} : { failingSince: instantText(failingSinceMs) }),
    ...(isWaiting ? { nextAttemptAt: instantText(notBeforeMs) } : {}),
    recent: recent.map(attemptView),
    secretAt: instantText(row.secretAtMs),
    createdBy,
    createdAt: instantText(createdAtMs),
  };
}

function attemptView({ index, action, atMs, status }: Attempt) {
  return {
    id: index < 0 ? 'test' : `audit_${index}`,
    type: action,
    at: instantText(atMs),
    status,
  };
}
