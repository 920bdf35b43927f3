import { createRoute, z } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import { type CoordinatorDeps, coordinate } from '../../domain/federation/coordinate.ts';
import type { FederatedModel } from '../../domain/federation/model.ts';
import type { PolicyTable } from '../../domain/federation/policy.ts';
import { scoringPolicyInForce } from '../../domain/federation/scoring-policy.ts';
import type { ScoringRequest } from '../../domain/federation/scoring-request.ts';
import { getScoring, watchScoring } from '../../domain/federation/watch.ts';
import { base64urlBytes, base64urlText } from '../../lib/base64url.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps, EdgeFederation } from '../deps.ts';
import {
  type FederationModelView,
  type FederationView,
  federationModelSchema,
  federationSchema,
  newScoringSchema,
  type Scoring,
  scoringParamsSchema,
  scoringSchema,
} from '../schemas/federation.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';

const tag = 'Federation';

const federationRoute = createRoute({
  method: 'get',
  path: '/v1/federation',
  ...about('GET /v1/federation', {
    tag,
    operationId: 'getFederation',
    summary: 'Who takes part, with which keys, under which policy',
  }),
  responses: {
    200: json(federationSchema, 'The federation.'),
    ...problems('GET /v1/federation', 'federation_unavailable'),
  },
});

const modelRoute = createRoute({
  method: 'get',
  path: '/v1/federation/model',
  ...about('GET /v1/federation/model', {
    tag,
    operationId: 'getFederationModel',
    summary: 'The public bundle of the model that scores',
  }),
  responses: {
    200: json(federationModelSchema, 'The bundle.'),
    ...problems('GET /v1/federation/model', 'federation_unavailable'),
  },
});

const scoreRoute = createRoute({
  method: 'post',
  path: '/v1/federation/requests',
  ...about('POST /v1/federation/requests', {
    tag,
    operationId: 'requestSettings',
    summary: 'Have an application scored and decided',
    description:
      'The service passes boxes between the parties and can open none of them. A request id counts once, whatever became of the request.',
  }),
  request: { body: jsonBody(newScoringSchema) },
  responses: {
    201: created(scoringSchema, 'The decision, readable for the applicant only.'),
    ...problems(
      'POST /v1/federation/requests',
      'federation_consent_invalid',
      'federation_request_used',
      'federation_refused',
      'federation_inconsistent',
      'federation_unavailable',
      'ledger_unavailable',
      'audit_unavailable',
    ),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: '/v1/federation/requests/{requestId}',
  ...about('GET /v1/federation/requests/{requestId}', {
    tag,
    operationId: 'getScoringRequest',
    summary: 'How far a request has come, node by node',
  }),
  request: { params: scoringParamsSchema },
  responses: {
    200: json(scoringSchema, 'The request.'),
    ...problems('GET /v1/federation/requests/{requestId}', 'federation_request_not_found'),
  },
});

const eventsRoute = createRoute({
  method: 'get',
  path: '/v1/federation/requests/{requestId}/events',
  ...about('GET /v1/federation/requests/{requestId}/events', {
    tag,
    operationId: 'watchScoringRequest',
    summary: 'How far a request has come, as it goes on',
    description:
      'Events named `progress`, whose data is JSON: the request as the other operation gives it, without its outcome. The first tells how far it is now. The stream ends with the request, or after half a minute: open it again then.',
  }),
  request: { params: scoringParamsSchema },
  responses: {
    200: {
      description: 'The events.',
      content: { 'text/event-stream': { schema: z.string() } },
    },
    ...problems(
      'GET /v1/federation/requests/{requestId}/events',
      'federation_request_not_found',
      'federation_unavailable',
    ),
  },
});

export function addFederationRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(federationRoute, async (c) => {
    const federation = federationOf(deps);
    const { table } = await scoringPolicyInForce(federation, actorOf(c).tenant);
    return c.json(federationView(federation, table), 200);
  });

  app.openapi(modelRoute, async (c) => c.json(modelView(await federationOf(deps).model()), 200));

  app.openapi(scoreRoute, async (c) => {
    const { consent, boxes } = c.req.valid('json');
    const addressed = Object.entries(boxes).map(([party, text]) => ({
      party,
      box: boxOf(party, text),
    }));
    const request = await coordinate(coordinator(deps), callerOf(c), { consent, boxes: addressed });
    c.header('location', `/v1/federation/requests/${request.requestId}`);
    return c.json(scoringView(request), 201);
  });

  app.openapi(getRoute, async (c) => {
    const { requestId } = c.req.valid('param');
    return c.json(scoringView(await getScoring(coordinator(deps), actorOf(c), requestId)), 200);
  });

  app.openapi(eventsRoute, async (c) => {
    const { requestId } = c.req.valid('param');
    const events = await watchScoring(coordinator(deps), actorOf(c), requestId);
    return c.body(events, 200, {
      'content-type': 'text/event-stream; charset=utf-8',
      // A proxy that collects or compresses would keep the events back.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
  });
}

/** A service that is set up without a federation says so, as it does of one that is down. */
export function federationOf({ federation }: EdgeDeps): EdgeFederation {
  if (!federation) throw new CinnabarError('federation_unavailable');
  return federation;
}

function coordinator(deps: EdgeDeps): CoordinatorDeps {
  const { clock, random, audit, ledger } = deps;
  return { clock, random, audit, ledger, ...federationOf(deps) };
}

function boxOf(party: string, text: string): Uint8Array {
  const box = base64urlBytes(text);
  if (box) return box;
  throw new CinnabarError('invalid_request', {
    fields: [{ pointer: `/boxes/${party}`, code: 'not_base64url' }],
  });
}

function federationView({ federation }: EdgeFederation, policy: PolicyTable): FederationView {
  const { nodes, ...roster } = federation.roster;
  const { name, version, rows, validDays } = policy;
  return {
    roster: { ...roster, nodes: [...nodes] },
    rosterHash: federation.rosterHash,
    policy: {
      name,
      version,
      validDays,
      rows: rows.map((row) => ({ ...row, permissions: [...row.permissions] })),
    },
  };
}

/** Intercept and calibration stay with the decision service: with them a sum would be a probability. */
function modelView(model: FederatedModel): FederationModelView {
  const { version, method, hash, parties, data, training, report } = model;
  return {
    version,
    method,
    hash,
    parties: parties.map((party) => ({ ...party, columns: [...party.columns] })),
    data: { ...data, protectedColumns: [...data.protectedColumns] },
    training: { ...training, history: training.history.map(([...entry]) => entry) },
    report: {
      ...report,
      roc: report.roc.map(([...point]) => point),
      calibration: report.calibration.map(([...bin]) => bin),
    },
  };
}

function scoringView(request: ScoringRequest): Scoring {
  const { requestId, state, stage, nodes, contributors, code, outcome } = request;
  return {
    requestId,
    state,
    stage,
    nodes: nodes.map((node) => ({ ...node })),
    contributors: [...contributors],
    ...(code === undefined ? {} : { code }),
    consentExpiresAt: request.consent.consent.expiresAt,
    createdAt: instantText(request.createdAtMs),
    ...(outcome === undefined
      ? {}
      : {
          outcome: {
            decision: base64urlText(outcome.decision),
            reasons: outcome.reasons.map(({ party, box }) => ({ party, box: base64urlText(box) })),
            decisionHash: outcome.record.decisionHash,
            policyHash: outcome.record.policyHash,
            ledgerIndex: outcome.ledgerIndex,
            elapsedMs: outcome.elapsedMs,
          },
        }),
  };
}
