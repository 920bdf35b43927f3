import { createRoute } from '@hono/zod-openapi';
import {
  listTerminals,
  registerTerminal,
  renameTerminal,
  revokeTerminal,
} from '../../domain/payments/terminals.ts';
import type { PaymentTerminal } from '../../domain/payments/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  newTerminalSchema,
  type PaymentTerminalView,
  terminalNameSchema,
  terminalPageSchema,
  terminalSchema,
} from '../schemas/payments.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';

const tag = 'Payments';
const terminals = '/v1/terminals';
const params = idParamsSchema;
const terminalAnswer = { 200: json(terminalSchema, 'The device.') };

const registerRoute = createRoute({
  method: 'post',
  path: terminals,
  ...about(`POST ${terminals}`, {
    tag,
    operationId: 'registerTerminal',
    summary: 'Register the device that holds the share of an own key',
    description: 'It has the id of the key. Repeated, it is the same device.',
  }),
  request: { body: jsonBody(newTerminalSchema) },
  responses: {
    ...terminalAnswer,
    ...problems(
      `POST ${terminals}`,
      'personal_key_not_found',
      'personal_key_state',
      'passkey_not_found',
      'audit_unavailable',
      'rows_contended',
    ),
  },
});

const terminalsRoute = createRoute({
  method: 'get',
  path: terminals,
  ...about(`GET ${terminals}`, { tag, operationId: 'listTerminals', summary: 'List own devices' }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(terminalPageSchema, 'One page.'),
    ...problems(`GET ${terminals}`, 'invalid_request'),
  },
});

const renameRoute = createRoute({
  method: 'patch',
  path: `${terminals}/{id}`,
  ...about(`PATCH ${terminals}/{id}`, {
    tag,
    operationId: 'renameTerminal',
    summary: 'Rename an own device',
  }),
  request: { params, body: jsonBody(terminalNameSchema) },
  responses: {
    ...terminalAnswer,
    ...problems(
      `PATCH ${terminals}/{id}`,
      'terminal_not_found',
      'audit_unavailable',
      'rows_contended',
    ),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: `${terminals}/{id}/revoke`,
  ...about(`POST ${terminals}/{id}/revoke`, {
    tag,
    operationId: 'revokeTerminal',
    summary: 'Revoke a device for good: no order comes from it any more',
  }),
  request: { params },
  responses: {
    ...terminalAnswer,
    ...problems(
      `POST ${terminals}/{id}/revoke`,
      'terminal_not_found',
      'audit_unavailable',
      'rows_contended',
    ),
  },
});

/** Devices that pay. */
export function addTerminalRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(registerRoute, async (c) => {
    const device = present(c.req.valid('json'));
    return c.json(terminalView(await registerTerminal(deps, callerOf(c), device)), 200);
  });

  app.openapi(terminalsRoute, async (c) => {
    const page = await listTerminals(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(terminalView) }, 200);
  });

  app.openapi(renameRoute, async (c) => {
    const renamed = { id: c.req.valid('param').id, ...c.req.valid('json') };
    return c.json(terminalView(await renameTerminal(deps, callerOf(c), renamed)), 200);
  });

  app.openapi(revokeRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(terminalView(await revokeTerminal(deps, callerOf(c), id)), 200);
  });
}

function terminalView(terminal: PaymentTerminal): PaymentTerminalView {
  const { id, label, state, keyStore, passkeyId = null, enrolledAtMs } = terminal;
  return { id, label, state, keyStore, passkeyId, enrolledAt: instantText(enrolledAtMs) };
}
