import { createRoute } from '@hono/zod-openapi';
import { decideChallenge } from '../../domain/payments/order.ts';
import { keptOrder, listKeptOrders, simulateOnPast } from '../../domain/payments/register.ts';
import { listedPayees, listPayee } from '../../domain/risk/payees.ts';
import {
  decideRiskPolicy,
  listRiskPolicyChanges,
  proposeRiskPolicy,
  riskPolicyInForce,
} from '../../domain/risk/policies.ts';
import {
  type PolicyChange,
  policyHash,
  thresholdUnits,
  wholePolicy,
} from '../../domain/risk/policy.ts';
import type { ListedPayee } from '../../domain/risk/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import { paymentPageSchema, paymentSchema } from '../schemas/payments.ts';
import { policyChangeQuerySchema } from '../schemas/policy-changes.ts';
import {
  listedPayeePageSchema,
  listedPayeeSchema,
  listingSchema,
  newRiskPolicySchema,
  orderDecisionSchema,
  payeeQuerySchema,
  type RiskPolicyChangeView,
  type RiskPolicyDocument,
  riskDecisionSchema,
  riskOrderQuerySchema,
  riskPolicyChangePageSchema,
  riskPolicyChangeSchema,
  riskPolicyInForceSchema,
  simulationRequestSchema,
  simulationSchema,
} from '../schemas/risk.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';
import { officerView } from './payments.ts';
import { policyChangeView } from './policy-change-view.ts';

const tag = 'Risk';
const policies = '/v1/risk/policies';
const current = `${policies}/current`;
const orders = '/v1/risk/orders';
const payees = '/v1/risk/payees';
const params = idParamsSchema;
const headers = idempotencyHeaderSchema;
const changeProblems = ['policy_changed', 'rows_contended'] as const;

const currentRoute = createRoute({
  method: 'get',
  path: current,
  ...about(`GET ${current}`, {
    tag,
    operationId: 'getRiskPolicy',
    summary: 'Get the policy that assesses orders',
  }),
  responses: { 200: json(riskPolicyInForceSchema, 'The policy.'), ...problems(`GET ${current}`) },
});

const proposeRoute = createRoute({
  method: 'put',
  path: current,
  ...about(`PUT ${current}`, {
    tag,
    operationId: 'proposeRiskPolicy',
    summary: 'Propose a policy',
    description: 'It assesses orders from the moment a second person approves it.',
  }),
  request: { headers, body: jsonBody(newRiskPolicySchema) },
  responses: {
    202: json(riskPolicyChangeSchema, 'The proposal, waiting for a second person.'),
    ...problems(`PUT ${current}`, ...changeProblems),
  },
});

const changesRoute = createRoute({
  method: 'get',
  path: `${policies}/changes`,
  ...about(`GET ${policies}/changes`, {
    tag,
    operationId: 'listRiskPolicyChanges',
    summary: 'List every policy that was proposed, newest first',
  }),
  request: { query: policyChangeQuerySchema },
  responses: {
    200: json(riskPolicyChangePageSchema, 'One page.'),
    ...problems(`GET ${policies}/changes`, 'invalid_request'),
  },
});

const decideRoute = createRoute({
  method: 'post',
  path: `${policies}/changes/{id}/decision`,
  ...about(`POST ${policies}/changes/{id}/decision`, {
    tag,
    operationId: 'decideRiskPolicy',
    summary: 'Approve or reject a proposed policy',
    description: 'Not by the person who proposed it.',
  }),
  request: { params, headers, body: jsonBody(riskDecisionSchema) },
  responses: {
    200: json(riskPolicyChangeSchema, 'The change as decided.'),
    ...problems(
      `POST ${policies}/changes/{id}/decision`,
      ...changeProblems,
      'policy_change_not_found',
      'own_work',
    ),
  },
});

const simulateRoute = createRoute({
  method: 'post',
  path: `${policies}/simulation`,
  ...about(`POST ${policies}/simulation`, {
    tag,
    operationId: 'simulateRiskPolicy',
    summary: 'See what a policy would have said of the last 500 orders',
    description: 'Nothing is changed, nothing is kept.',
  }),
  request: { body: jsonBody(simulationRequestSchema) },
  responses: {
    200: json(simulationSchema, 'Verdicts and scores beside those of the policy in force.'),
    ...problems(`POST ${policies}/simulation`),
  },
});

const ordersRoute = createRoute({
  method: 'get',
  path: orders,
  ...about(`GET ${orders}`, {
    tag,
    operationId: 'listAssessedOrders',
    summary: 'List orders of the institution, newest first',
    description: '`state=challenged` are those that wait for a risk officer.',
  }),
  request: { query: riskOrderQuerySchema },
  responses: {
    200: json(paymentPageSchema, 'One page.'),
    ...problems(`GET ${orders}`, 'invalid_request'),
  },
});

const decideOrderRoute = createRoute({
  method: 'post',
  path: `${orders}/{id}/decision`,
  ...about(`POST ${orders}/{id}/decision`, {
    tag,
    operationId: 'decideChallengedOrder',
    summary: 'Allow or terminate a challenged order',
    description: 'Not by the payer. An allowed order still waits for the payer to confirm it.',
  }),
  request: { params, headers, body: jsonBody(orderDecisionSchema) },
  responses: {
    200: json(paymentSchema, 'The order.'),
    ...problems(
      `POST ${orders}/{id}/decision`,
      'order_not_found',
      'order_state',
      'own_work',
      'biometric_demanded',
      'rows_contended',
    ),
  },
});

const payeesRoute = createRoute({
  method: 'get',
  path: payees,
  ...about(`GET ${payees}`, {
    tag,
    operationId: 'listListedPayees',
    summary: 'List accounts that are watched, or blocked',
  }),
  request: { query: payeeQuerySchema },
  responses: {
    200: json(listedPayeePageSchema, 'One page.'),
    ...problems(`GET ${payees}`, 'invalid_request'),
  },
});

const listPayeeRoute = createRoute({
  method: 'put',
  path: payees,
  ...about(`PUT ${payees}`, {
    tag,
    operationId: 'listPayee',
    summary: 'Watch or block an account, or take it off the list',
  }),
  request: { headers, body: jsonBody(listingSchema) },
  responses: {
    200: json(listedPayeeSchema, 'The account.'),
    ...problems(`PUT ${payees}`, 'rows_contended'),
  },
});

export function addRiskRoutes(app: EdgeApp, deps: EdgeDeps): void {
  addPolicyRoutes(app, deps);

  app.openapi(ordersRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listKeptOrders(deps, actorOf(c), present(filter), page);
    return c.json(
      { ...found, items: await Promise.all(found.items.map((order) => officerView(deps, order))) },
      200,
    );
  });

  app.openapi(decideOrderRoute, async (c) => {
    const { id } = c.req.valid('param');
    const { decision } = c.req.valid('json');
    const { payer } = await keptOrder(deps, actorOf(c), id);
    const request = { payer, id, decision };
    const decided = await decideChallenge(deps, callerOf(c), request);
    return c.json(await officerView(deps, decided), 200);
  });

  app.openapi(payeesRoute, async (c) => {
    const { listed, ...query } = c.req.valid('query');
    const page = await listedPayees(deps, actorOf(c), listed, pageRequest(query));
    return c.json({ ...page, items: page.items.map(payeeView) }, 200);
  });

  app.openapi(listPayeeRoute, async (c) => {
    return c.json(payeeView(await listPayee(deps, callerOf(c), c.req.valid('json'))), 200);
  });
}

function addPolicyRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(currentRoute, async (c) => {
    const { version, policy } = await riskPolicyInForce(deps, actorOf(c).tenant);
    const document = policyView(policy);
    const units = { ...thresholdUnits };
    return c.json({ version, policy: document, policyHash: policyHash(policy), units }, 200);
  });

  app.openapi(proposeRoute, async (c) => {
    const proposal = { id: c.get('operationId'), ...c.req.valid('json') };
    return c.json(changeView(await proposeRiskPolicy(deps, callerOf(c), proposal)), 202);
  });

  app.openapi(changesRoute, async (c) => {
    const { cursor, limit, ...filter } = c.req.valid('query');
    const page = pageRequest({ cursor, limit });
    const found = await listRiskPolicyChanges(deps, actorOf(c), present(filter), page);
    return c.json({ ...found, items: found.items.map(changeView) }, 200);
  });

  app.openapi(decideRoute, async (c) => {
    const request = { id: c.req.valid('param').id, ...c.req.valid('json') };
    return c.json(changeView(await decideRiskPolicy(deps, callerOf(c), request)), 200);
  });

  app.openapi(simulateRoute, async (c) => {
    const { policy } = c.req.valid('json');
    const simulation = await simulateOnPast(deps, actorOf(c), policy);
    const { changed, scoresBefore, scoresAfter, ...counts } = simulation;
    const copies = { scoresBefore: [...scoresBefore], scoresAfter: [...scoresAfter] };
    return c.json({ ...counts, changed: changed.map((order) => ({ ...order })), ...copies }, 200);
  });
}

function policyView(policy: PolicyChange['policy']): RiskPolicyDocument {
  const { rules, ...marks } = wholePolicy(policy);
  return { ...marks, rules: { ...rules } };
}

function changeView(change: PolicyChange): RiskPolicyChangeView {
  return policyChangeView(change, policyView);
}

function payeeView({ id, listed, reason, listedBy, listedAtMs }: ListedPayee) {
  return { account: id, listed, reason, listedBy, listedAt: instantText(listedAtMs) };
}
