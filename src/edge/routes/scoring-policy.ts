import { createRoute } from '@hono/zod-openapi';
import { policyHash } from '../../domain/federation/decide.ts';
import { parseCaps } from '../../domain/federation/requested.ts';
import {
  decideScoringPolicy,
  listScoringPolicyChanges,
  proposeScoringPolicy,
  type ScoringPolicy,
  type ScoringPolicyDesk,
  scoringPolicyInForce,
} from '../../domain/federation/scoring-policy.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import {
  newScoringPolicySchema,
  scoringPolicyChangePageSchema,
  scoringPolicyChangeSchema,
  scoringPolicyDecisionSchema,
  scoringPolicyInForceSchema,
  scoringPolicySchema,
} from '../schemas/federation.ts';
import { policyChangeQuerySchema } from '../schemas/policy-changes.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { federationOf } from './federation.ts';
import { pageRequest, plainJson, present } from './input.ts';
import { policyChangeView } from './policy-change-view.ts';

const tag = 'Federation';
const policies = '/v1/federation/policies';
const current = `${policies}/current` as const;
const headers = idempotencyHeaderSchema;
const changeProblems = ['policy_changed', 'rows_contended', 'federation_unavailable'] as const;

const currentRoute = createRoute({
  method: 'get',
  path: current,
  ...about(`GET ${current}`, {
    tag,
    operationId: 'getScoringPolicy',
    summary: "Get what rules the scoring of the institution's people",
  }),
  responses: {
    200: json(scoringPolicyInForceSchema, 'The policy.'),
    ...problems(`GET ${current}`, 'federation_unavailable'),
  },
});

const proposeRoute = createRoute({
  method: 'put',
  path: current,
  ...about(`PUT ${current}`, {
    tag,
    operationId: 'proposeScoringPolicy',
    summary: 'Propose tiers, rates and caps',
    description:
      'Applications are decided by it from the moment a second person approves it. Nowhere may it give more than the table of the federation.',
  }),
  request: { headers, body: jsonBody(newScoringPolicySchema) },
  responses: {
    202: json(scoringPolicyChangeSchema, 'The proposal, waiting for a second person.'),
    ...problems(`PUT ${current}`, ...changeProblems),
  },
});

const changesRoute = createRoute({
  method: 'get',
  path: `${policies}/changes`,
  ...about(`GET ${policies}/changes`, {
    tag,
    operationId: 'listScoringPolicyChanges',
    summary: 'List every policy that was proposed, newest first',
  }),
  request: { query: policyChangeQuerySchema },
  responses: {
    200: json(scoringPolicyChangePageSchema, 'One page.'),
    ...problems(`GET ${policies}/changes`, 'invalid_request', 'federation_unavailable'),
  },
});

const decideRoute = createRoute({
  method: 'post',
  path: `${policies}/changes/{id}/decision`,
  ...about(`POST ${policies}/changes/{id}/decision`, {
    tag,
    operationId: 'decideScoringPolicy',
    summary: 'Approve or reject a proposed policy',
    description: 'Not by the person who proposed it.',
  }),
  request: { params: idParamsSchema, headers, body: jsonBody(scoringPolicyDecisionSchema) },
  responses: {
    200: json(scoringPolicyChangeSchema, 'The change as decided.'),
    ...problems(
      `POST ${policies}/changes/{id}/decision`,
      ...changeProblems,
      'policy_change_not_found',
      'own_work',
    ),
  },
});

/** Tiers, rates and caps of an institution, which two people change. */
export function addScoringPolicyRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(currentRoute, async (c) => {
    const { version, policy, table } = await scoringPolicyInForce(
      federationOf(deps),
      actorOf(c).tenant,
    );
    return c.json({ version, policy: policyView(policy), policyHash: policyHash(table) }, 200);
  });

  app.openapi(proposeRoute, async (c) => {
    const { policy, ...rest } = c.req.valid('json');
    const proposal = { id: c.get('operationId'), ...rest, policy: policyOf(policy) };
    const change = await proposeScoringPolicy(desk(deps), callerOf(c), proposal);
    return c.json(policyChangeView(change, policyView), 202);
  });

  app.openapi(changesRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listScoringPolicyChanges(desk(deps), actorOf(c), present(filter), page);
    const items = found.items.map((change) => policyChangeView(change, policyView));
    return c.json({ ...found, items }, 200);
  });

  app.openapi(decideRoute, async (c) => {
    const request = { id: c.req.valid('param').id, ...c.req.valid('json') };
    const change = await decideScoringPolicy(desk(deps), callerOf(c), request);
    return c.json(policyChangeView(change, policyView), 200);
  });
}

function desk(deps: EdgeDeps): ScoringPolicyDesk {
  const { audit, clock } = deps;
  return { ...federationOf(deps), audit, clock };
}

/** What was sent has the form of the schema already. */
function policyOf({ table, requestsPerHour, caps }: Sent): ScoringPolicy {
  const { accounts, ...shared } = plainJson(caps);
  const own = Object.entries(accounts ?? {}).map(([applicant, cap]) => [
    applicant,
    parseCaps({ account: cap }).account ?? {},
  ]);
  return {
    table: table as ScoringPolicy['table'],
    requestsPerHour,
    caps: {
      ...parseCaps(shared),
      ...(own.length > 0 ? { accounts: Object.fromEntries(own) } : {}),
    },
  };
}

type Sent = ReturnType<typeof policyView>;

function policyView(policy: ScoringPolicy) {
  return scoringPolicySchema.parse(policy);
}
