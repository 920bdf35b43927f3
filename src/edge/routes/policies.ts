import { createRoute } from '@hono/zod-openapi';
import {
  decidePolicy,
  listPolicyChanges,
  type PolicyChange,
  policyInForce,
  previewPolicy,
  proposePolicy,
} from '../../domain/seals/policies.ts';
import type { SealPolicy } from '../../domain/seals/policy.ts';
import type { PolicyChoice } from '../../domain/seals/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import {
  approvalSchema,
  newPolicySchema,
  policyChangePageSchema,
  policyChangeQuerySchema,
  policyChangeSchema,
  policyInForceSchema,
  policyPreviewRequestSchema,
  policyPreviewSchema,
  type SealPolicyChange,
  type SealPolicyDocument,
} from '../schemas/policies.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';

const tag = 'Seal policies';

const currentRoute = createRoute({
  method: 'get',
  path: '/v1/seal-policies/current',
  ...about('GET /v1/seal-policies/current', {
    tag,
    operationId: 'getSealPolicy',
    summary: 'Get the policy in force',
  }),
  responses: {
    200: json(policyInForceSchema, 'The policy.'),
    ...problems('GET /v1/seal-policies/current'),
  },
});

const proposeRoute = createRoute({
  method: 'put',
  path: '/v1/seal-policies/current',
  ...about('PUT /v1/seal-policies/current', {
    tag,
    operationId: 'proposeSealPolicy',
    summary: 'Propose a policy',
    description: 'It takes effect when a second person approves it.',
  }),
  request: { headers: idempotencyHeaderSchema, body: jsonBody(newPolicySchema) },
  responses: {
    202: json(policyChangeSchema, 'The proposal, waiting for a second person.'),
    ...problems('PUT /v1/seal-policies/current', 'policy_changed'),
  },
});

const changesRoute = createRoute({
  method: 'get',
  path: '/v1/seal-policies/changes',
  ...about('GET /v1/seal-policies/changes', {
    tag,
    operationId: 'listSealPolicyChanges',
    summary: 'List every policy that was proposed, newest first',
  }),
  request: { query: policyChangeQuerySchema },
  responses: {
    200: json(policyChangePageSchema, 'One page.'),
    ...problems('GET /v1/seal-policies/changes', 'invalid_request'),
  },
});

const decideRoute = createRoute({
  method: 'post',
  path: '/v1/seal-policies/changes/{id}/decision',
  ...about('POST /v1/seal-policies/changes/{id}/decision', {
    tag,
    operationId: 'decideSealPolicy',
    summary: 'Approve or reject a proposed policy',
    description: 'Not by the person who proposed it. An approved one is in force at once.',
  }),
  request: {
    params: idParamsSchema,
    headers: idempotencyHeaderSchema,
    body: jsonBody(approvalSchema),
  },
  responses: {
    200: json(policyChangeSchema, 'The change as decided.'),
    ...problems(
      'POST /v1/seal-policies/changes/{id}/decision',
      'policy_change_not_found',
      'policy_changed',
      'own_work',
      'work_contended',
    ),
  },
});

const previewRoute = createRoute({
  method: 'post',
  path: '/v1/seal-policies/preview',
  ...about('POST /v1/seal-policies/preview', {
    tag,
    operationId: 'previewSealPolicy',
    summary: 'See what a request would be asked',
    description: 'By the policy in force or by a draft. Nothing is drawn, nothing is kept.',
  }),
  request: { body: jsonBody(policyPreviewRequestSchema) },
  responses: {
    200: json(policyPreviewSchema, 'How many vendors, and which rule says so.'),
    ...problems('POST /v1/seal-policies/preview'),
  },
});

export function addPolicyRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(currentRoute, async (c) => {
    const { version, policy } = await policyInForce(deps, actorOf(c).tenant);
    return c.json({ version, policy: policyView(policy) }, 200);
  });

  app.openapi(proposeRoute, async (c) => {
    const request = { id: c.get('operationId'), ...c.req.valid('json') };
    return c.json(changeView(await proposePolicy(deps, callerOf(c), request)), 202);
  });

  app.openapi(changesRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listPolicyChanges(deps, actorOf(c), present(filter), page);
    return c.json({ ...found, items: found.items.map(changeView) }, 200);
  });

  app.openapi(decideRoute, async (c) => {
    const request = { id: c.req.valid('param').id, ...c.req.valid('json') };
    return c.json(changeView(await decidePolicy(deps, callerOf(c), request)), 200);
  });

  app.openapi(previewRoute, async (c) => {
    const { branch, draft, ...money } = c.req.valid('json');
    const preview = await previewPolicy(deps, actorOf(c), present({ branch, money, draft }));
    const { installed, tooFew } = preview;
    return c.json({ ...choiceView(preview), installed: [...installed], tooFew }, 200);
  });
}

function policyView(policy: SealPolicy): SealPolicyDocument {
  return {
    defaultCount: policy.defaultCount,
    branches: { ...policy.branches },
    levels: policy.levels.map((level) => ({ secondReviewer: false, ...level })),
    approveChanges: policy.approveChanges ?? false,
  };
}

export function choiceView(choice: PolicyChoice & { readonly version: number }) {
  const { source, vendorCount, branch, level, secondReviewer, version } = choice;
  return {
    source,
    vendorCount,
    branch: { ...branch },
    level: level ? { ...level } : null,
    secondReviewer,
    version,
  };
}

function changeView(change: PolicyChange): SealPolicyChange {
  const { id, state, baseVersion, reason, proposedBy, decidedBy, decisionReason } = change;
  return present({
    id,
    state,
    policy: policyView(change.policy),
    baseVersion,
    reason,
    proposedBy,
    proposedAt: instantText(change.proposedAtMs),
    decidedBy,
    decidedAt: change.decidedAtMs === undefined ? undefined : instantText(change.decidedAtMs),
    decisionReason,
  });
}
