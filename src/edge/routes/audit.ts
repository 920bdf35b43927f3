import { createRoute } from '@hono/zod-openapi';
import { anchorHead } from '../../domain/audit/anchor.ts';
import { listAudit } from '../../domain/audit/list.ts';
import type * as rows from '../../domain/audit/types.ts';
import { CinnabarError } from '../../domain/errors.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { type AuditRecord, auditPageSchema, auditQuerySchema } from '../schemas/audit.ts';
import { auditAnchorSchema } from '../schemas/ledger.ts';
import { about, json, problems } from './contract.ts';
import { pageRequest } from './input.ts';

const listRoute = createRoute({
  method: 'get',
  path: '/v1/audit',
  ...about('GET /v1/audit', {
    tag: 'Audit',
    operationId: 'listAudit',
    summary: "List the institution's audit records, newest first",
    description:
      'Each record names the hash of the one before it. A record without `done` or `failed` after its `intended` was interrupted.',
  }),
  request: { query: auditQuerySchema },
  responses: {
    200: json(auditPageSchema, 'One page.'),
    ...problems('GET /v1/audit', 'invalid_request', 'audit_unavailable'),
  },
});

const anchorRoute = createRoute({
  method: 'post',
  path: '/v1/audit/anchor',
  ...about('POST /v1/audit/anchor', {
    tag: 'Audit',
    operationId: 'anchorAudit',
    summary: "Fix the institution's audit chain in the public ledger",
    description:
      'Writes the hash of the newest record, unless it stands there. It happens by itself within an hour of a record.',
  }),
  responses: {
    200: json(auditAnchorSchema, 'Where it stands.'),
    ...problems('POST /v1/audit/anchor', 'not_found', 'audit_unavailable', 'ledger_unavailable'),
  },
});

export function addAuditRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(listRoute, async (c) => {
    const found = await listAudit(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...found, items: found.items.map(recordView) }, 200);
  });

  app.openapi(anchorRoute, async (c) => {
    const { tenant } = actorOf(c);
    const head = await deps.audit.head(tenant);
    if (!head) throw new CinnabarError('not_found', { detail: 'There is no record yet.' });
    return c.json(await anchorHead(deps, tenant, head), 200);
  });
}

export function recordView(record: rows.AuditRecord): AuditRecord {
  const { index, tenant, action, actor, subject, outcome, requestId, detail } = record;
  return {
    index,
    tenant,
    at: instantText(record.atMs),
    action,
    actor,
    subject,
    outcome,
    requestId,
    detail: { ...detail },
    hash: record.hashHex,
    previousHash: record.previousHashHex,
  };
}
