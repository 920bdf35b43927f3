import { createRoute, z } from '@hono/zod-openapi';
import { approveOperation } from '../../domain/signing/approvals.ts';
import { exportRecords } from '../../domain/signing/export-records.ts';
import {
  askOperation,
  cancelOperation,
  prepareActivation,
} from '../../domain/signing/operations.ts';
import type { UsageRecord } from '../../domain/signing/records.ts';
import { completeOperation, executeOperation } from '../../domain/signing/use.ts';
import {
  getRecord,
  listOperations,
  listOwnRecords,
  listRecords,
  pendingApprovals,
  seeOperation,
} from '../../domain/signing/visibility.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import { keyParamsSchema } from '../schemas/institutions.ts';
import {
  completedSchema,
  exportQuerySchema,
  newOperationSchema,
  operationApprovalSchema,
  operationPageSchema,
  operationQuerySchema,
  operationSchema,
  pendingApprovalsSchema,
  type UsageRecordView,
  usageRecordPageSchema,
  usageRecordSchema,
} from '../schemas/key-operations.ts';
import { signatureSchema } from '../schemas/personal-keys.ts';
import { about, binary, created, json, jsonBody, problems } from './contract.ts';
import { changeView } from './grants.ts';
import { pageRequest, present } from './input.ts';
import { listedOperation, operationView } from './operation-view.ts';
import { bytesOf } from './personal-keys.ts';

const tag = 'Key operations';
const params = idParamsSchema;
const headers = idempotencyHeaderSchema;
const ofKey = '/v1/keys/{id}/operations';
const one = '/v1/operations/{id}';
const answer = { 200: json(operationSchema, 'The operation.') };
const stepProblems = [
  'operation_not_found',
  'operation_state',
  'operation_refused',
  'rows_contended',
] as const;

const askRoute = createRoute({
  method: 'post',
  path: ofKey,
  ...about(`POST ${ofKey}`, {
    tag,
    operationId: 'askOperation',
    summary: "Ask to use an institution's key",
    description:
      'Rights, certificates, amount and type of document are checked, and the decision is kept. The key moves later, for a statement that the person signs.',
  }),
  request: { params: keyParamsSchema, headers, body: jsonBody(newOperationSchema) },
  responses: {
    201: created(operationSchema, 'The operation.'),
    ...problems(
      `POST ${ofKey}`,
      'institution_key_not_found',
      'grant_not_found',
      'personal_key_not_found',
      'operation_refused',
      'rows_contended',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: ofKey,
  ...about(`GET ${ofKey}`, {
    tag,
    operationId: 'listKeyOperations',
    summary: 'List uses of a key, newest first',
    description:
      'All of them for auditors, administrators, officers of the key and who may approve; else the own.',
  }),
  request: { params: keyParamsSchema, query: operationQuerySchema },
  responses: {
    200: json(operationPageSchema, 'One page.'),
    ...problems(`GET ${ofKey}`, 'institution_key_not_found'),
  },
});

const own = '/v1/operations';
const ownRoute = createRoute({
  method: 'get',
  path: own,
  ...about(`GET ${own}`, {
    tag,
    operationId: 'listOwnOperations',
    summary: 'List what one asked for oneself, newest first',
  }),
  request: { query: operationQuerySchema },
  responses: {
    200: json(operationPageSchema, 'One page.'),
    ...problems(`GET ${own}`, 'invalid_request'),
  },
});

const approvals = '/v1/approvals';
const approvalsRoute = createRoute({
  method: 'get',
  path: approvals,
  ...about(`GET ${approvals}`, {
    tag,
    operationId: 'listPendingApprovals',
    summary: 'List what waits for the caller’s signature',
    description: 'Changes of keys that the caller governs, and uses that others asked for.',
  }),
  responses: { 200: json(pendingApprovalsSchema, 'All of it.'), ...problems(`GET ${approvals}`) },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, { tag, operationId: 'getOperation', summary: 'Get an operation' }),
  request: { params },
  responses: { ...answer, ...problems(`GET ${one}`, 'operation_not_found') },
});

const approveRoute = createRoute({
  method: 'post',
  path: `${one}/approve`,
  ...about(`POST ${one}/approve`, {
    tag,
    operationId: 'approveOperation',
    summary: 'Approve what somebody else asked for',
  }),
  request: { params, body: jsonBody(operationApprovalSchema) },
  responses: {
    ...answer,
    ...problems(
      `POST ${one}/approve`,
      ...stepProblems,
      'own_work',
      'signature_invalid',
      'personal_key_not_found',
    ),
  },
});

const activationRoute = createRoute({
  method: 'post',
  path: `${one}/activation`,
  ...about(`POST ${one}/activation`, {
    tag,
    operationId: 'prepareActivation',
    summary: 'Get the statement to sign',
    description: 'The decision is taken again; the statement holds for two minutes.',
  }),
  request: { params },
  responses: { ...answer, ...problems(`POST ${one}/activation`, ...stepProblems) },
});

const executeRoute = createRoute({
  method: 'post',
  path: `${one}/execute`,
  ...about(`POST ${one}/execute`, {
    tag,
    operationId: 'executeOperation',
    summary: 'Move the key, for the signed statement',
    description:
      'The chips check the signature, the grant list, freshness and the digest themselves. Repeated, it is the same single use.',
  }),
  request: { params, body: jsonBody(signatureSchema) },
  responses: {
    ...answer,
    ...problems(
      `POST ${one}/execute`,
      ...stepProblems,
      'signature_invalid',
      'activation_refused',
      'decryption_failed',
      'chips_busy',
      'chips_unavailable',
    ),
  },
});

const completeRoute = createRoute({
  method: 'post',
  path: `${one}/complete`,
  ...about(`POST ${one}/complete`, {
    tag,
    operationId: 'completeOperation',
    summary: 'Sign the outcome, and get the result',
    description: 'The record then stands in the ledger; its proof comes with the answer.',
  }),
  request: { params, body: jsonBody(signatureSchema) },
  responses: {
    200: json(completedSchema, 'The operation with its result, and the record.'),
    ...problems(`POST ${one}/complete`, ...stepProblems, 'signature_invalid', 'ledger_unavailable'),
  },
});

const cancelRoute = createRoute({
  method: 'post',
  path: `${one}/cancel`,
  ...about(`POST ${one}/cancel`, {
    tag,
    operationId: 'cancelOperation',
    summary: 'Take the question back, while the key has not moved',
  }),
  request: { params },
  responses: { ...answer, ...problems(`POST ${one}/cancel`, ...stepProblems) },
});

const records = '/v1/keys/{id}/records';
const recordsRoute = createRoute({
  method: 'get',
  path: records,
  ...about(`GET ${records}`, {
    tag,
    operationId: 'listUsageRecords',
    summary: 'List what was done with a key, each record signed by who did it',
    description:
      'All records for auditors, administrators and officers of the key; everybody else sees the own.',
  }),
  request: { params: keyParamsSchema, query: pageQuerySchema },
  responses: {
    200: json(usageRecordPageSchema, 'One page.'),
    ...problems(`GET ${records}`, 'institution_key_not_found'),
  },
});

const ownRecordsRoute = createRoute({
  method: 'get',
  path: '/v1/usage-records',
  ...about('GET /v1/usage-records', {
    tag,
    operationId: 'listOwnUsageRecords',
    summary: 'List what one did oneself with keys of institutions, newest first',
  }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(usageRecordPageSchema, 'One page.'),
    ...problems('GET /v1/usage-records', 'invalid_request'),
  },
});

const exported = `${records}/export`;
const exportRoute = createRoute({
  method: 'get',
  path: exported,
  ...about(`GET ${exported}`, {
    tag,
    operationId: 'exportUsageRecords',
    summary: 'Export what was done with a key, to be verified with no service',
    description:
      'Lines of canonical JSON: a head, then the records, oldest first. A long export comes in parts; put one behind the other, they are one file for `cinnabar audit verify`.',
  }),
  request: { params: keyParamsSchema, query: exportQuerySchema },
  responses: {
    200: {
      ...binary('application/x-ndjson', 'One part.'),
      headers: z.object({
        'cinnabar-next': z
          .string()
          .optional()
          .openapi({ description: '`from` of the next part; absent from the last one.' }),
      }),
    },
    ...problems(
      `GET ${exported}`,
      'institution_key_not_found',
      'ledger_unavailable',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

const recordRoute = createRoute({
  method: 'get',
  path: `${one}/record`,
  ...about(`GET ${one}/record`, {
    tag,
    operationId: 'getUsageRecord',
    summary: 'Get the signed record of an operation',
  }),
  request: { params },
  responses: {
    200: json(usageRecordSchema, 'The record and its place in the ledger.'),
    ...problems(`GET ${one}/record`, 'operation_not_found'),
  },
});

export function addKeyOperationRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(askRoute, async (c) => {
    const { id: institutionKeyId } = c.req.valid('param');
    const fields = present(c.req.valid('json'));
    const request = { id: c.get('operationId'), institutionKeyId, ...fields };
    const operation = await askOperation(deps, callerOf(c), request);
    c.header('location', `/v1/operations/${operation.id}`);
    return c.json(await operationView(deps, operation, actorOf(c)), 201);
  });

  app.openapi(listRoute, async (c) => {
    const { cursor, limit, state } = c.req.valid('query');
    const filter = { institutionKeyId: c.req.valid('param').id, ...(state ? { state } : {}) };
    const page = pageRequest({ cursor, limit });
    const found = await listOperations(deps, actorOf(c), filter, page);
    const items = await Promise.all(found.items.map((one) => listedOperation(one, actorOf(c))));
    return c.json({ ...found, items }, 200);
  });

  app.openapi(ownRoute, async (c) => {
    const { cursor, limit, state } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listOperations(deps, actorOf(c), state ? { state } : {}, page);
    const items = await Promise.all(found.items.map((one) => listedOperation(one, actorOf(c))));
    return c.json({ ...found, items }, 200);
  });

  app.openapi(approvalsRoute, async (c) => {
    const { changes, operations } = await pendingApprovals(deps, actorOf(c));
    const views = await Promise.all(operations.map((one) => listedOperation(one, actorOf(c))));
    const changed = changes.map(({ change, key }) => changeView(change, key));
    return c.json({ changes: changed, operations: views }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const operation = await seeOperation(deps, actorOf(c), c.req.valid('param').id);
    return c.json(await operationView(deps, operation, actorOf(c)), 200);
  });

  app.openapi(approveRoute, async (c) => {
    const { personalKeyId, signature } = c.req.valid('json');
    const { id } = c.req.valid('param');
    const request = { id, personalKeyId, signature: bytesOf(signature, 'signature') };
    const operation = await approveOperation(deps, callerOf(c), request);
    return c.json(await operationView(deps, operation, actorOf(c)), 200);
  });

  app.openapi(activationRoute, async (c) => {
    const operation = await prepareActivation(deps, callerOf(c), c.req.valid('param').id);
    return c.json(await operationView(deps, operation, actorOf(c)), 200);
  });

  app.openapi(executeRoute, async (c) => {
    const signature = bytesOf(c.req.valid('json').signature, 'signature');
    const request = { id: c.req.valid('param').id, signature };
    const operation = await executeOperation(deps, callerOf(c), request);
    return c.json(await operationView(deps, operation, actorOf(c)), 200);
  });

  app.openapi(completeRoute, async (c) => {
    const signature = bytesOf(c.req.valid('json').signature, 'signature');
    const request = { id: c.req.valid('param').id, signature };
    const { operation, record } = await completeOperation(deps, callerOf(c), request);
    return c.json(
      { operation: await operationView(deps, operation, actorOf(c)), record: recordView(record) },
      200,
    );
  });

  app.openapi(cancelRoute, async (c) => {
    const operation = await cancelOperation(deps, callerOf(c), c.req.valid('param').id);
    return c.json(await operationView(deps, operation, actorOf(c)), 200);
  });

  app.openapi(recordsRoute, async (c) => {
    const { id } = c.req.valid('param');
    const page = await listRecords(deps, actorOf(c), id, pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(recordView) }, 200);
  });

  app.openapi(ownRecordsRoute, async (c) => {
    const page = await listOwnRecords(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(recordView) }, 200);
  });

  app.openapi(exportRoute, async (c) => {
    const { id } = c.req.valid('param');
    const { text, next } = await exportRecords(deps, callerOf(c), id, c.req.valid('query').from);
    const more = next === undefined ? {} : { 'cinnabar-next': String(next) };
    return c.body(text, 200, { 'content-type': 'application/x-ndjson', ...more });
  });

  app.openapi(recordRoute, async (c) => {
    const record = await getRecord(deps, actorOf(c), c.req.valid('param').id);
    return c.json(recordView(record), 200);
  });
}

function recordView({ body, recordSha256, place }: UsageRecord): UsageRecordView {
  return {
    body: { ...body },
    recordSha256,
    place: place ? { ...place, proof: [...place.proof] } : null,
  };
}
