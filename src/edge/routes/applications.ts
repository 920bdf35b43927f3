import { createRoute } from '@hono/zod-openapi';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import {
  applyForCertificate,
  getApplication,
  listApplications,
  withdrawApplication,
} from '../../domain/certificates/apply.ts';
import { certificatesOf, issueCertificates } from '../../domain/certificates/issue.ts';
import { decideOverride, proposeOverride } from '../../domain/certificates/override.ts';
import type { CertificateDeps } from '../../domain/certificates/ports.ts';
import {
  approveApplication,
  identifyApplicant,
  rejectApplication,
} from '../../domain/certificates/review.ts';
import { type ApplicationState, stageStates } from '../../domain/certificates/states.ts';
import type * as rows from '../../domain/certificates/types.ts';
import type { Tier } from '../../domain/federation/settings.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp, type EdgeContext } from '../context.ts';
import {
  applicationPageSchema,
  applicationQuerySchema,
  applicationSchema,
  type CertificateApplication,
  identitySchema,
  newApplicationSchema,
  overrideDecisionSchema,
  overrideSchema,
  rejectionSchema,
} from '../schemas/certificates.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present, requestDer } from './input.ts';

const tag = 'Certificate applications';
const base = '/v1/certificates/applications';
const headers = idempotencyHeaderSchema;
const params = idParamsSchema;
const answer = { 200: json(applicationSchema, 'The application.') };

const applyRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'applyForCertificate',
    summary: 'Apply for a certificate',
    description:
      'A person, terminal or service proves its key with a PKCS#10 request. The keys of an institution are made in the chips under its officers: `POST /v1/institutions/{id}/keys` does that.',
  }),
  request: { headers, body: jsonBody(newApplicationSchema) },
  responses: {
    201: created(applicationSchema, 'The application.'),
    ...problems(
      `POST ${base}`,
      'key_in_use',
      'officers_required',
      'decision_unusable',
      'chips_busy',
      'chips_unavailable',
    ),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, {
    tag,
    operationId: 'listCertificateApplications',
    summary: 'List applications, newest first',
    description: 'A customer sees its own.',
  }),
  request: { query: applicationQuerySchema },
  responses: {
    200: json(applicationPageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: `${base}/{id}`,
  ...about(`GET ${base}/{id}`, {
    tag,
    operationId: 'getCertificateApplication',
    summary: 'Get an application',
  }),
  request: { params },
  responses: { ...answer, ...problems(`GET ${base}/{id}`, 'application_not_found') },
});

const identityRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/identity`,
  ...about(`POST ${base}/{id}/identity`, {
    tag,
    operationId: 'identifyApplicant',
    summary: 'Record whether applicant and name belong together',
    description: 'A "no" rejects the application. The applicant may not do this.',
  }),
  request: { params, headers, body: jsonBody(identitySchema) },
  responses: {
    ...answer,
    ...problems(
      `POST ${base}/{id}/identity`,
      'application_not_found',
      'application_state',
      'application_changed',
      'same_person',
      'identity_check_absent',
      'decision_unusable',
    ),
  },
});

const decisionProblems = [
  'application_not_found',
  'application_state',
  'application_changed',
  'same_person',
] as const;

const approveRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/approve`,
  ...about(`POST ${base}/{id}/approve`, {
    tag,
    operationId: 'approveCertificateApplication',
    summary: 'Approve, and make the certificate, frozen',
    description:
      'Neither the applicant nor whoever established the identity may do this. If making it fails, `issue` goes on.',
  }),
  request: { params, headers },
  responses: {
    ...answer,
    ...problems(
      `POST ${base}/{id}/approve`,
      ...decisionProblems,
      'key_in_use',
      'requested_end_passed',
      'decision_unusable',
      'chips_unavailable',
    ),
  },
});

const overrideRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/override`,
  ...about(`POST ${base}/{id}/override`, {
    tag,
    operationId: 'proposeTierOverride',
    summary: 'Propose another tier than the score or the rule gave',
    description:
      '`tierRange` says how far: one step above a score, never against a hard rule; without a score from the lowest tier to the third. It counts once a second person has signed.',
  }),
  request: { params, headers, body: jsonBody(overrideSchema) },
  responses: {
    ...answer,
    ...problems(
      `POST ${base}/{id}/override`,
      ...decisionProblems,
      'override_refused',
      'decision_unusable',
      'chips_unavailable',
    ),
  },
});

const overrideDecisionRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/override/decision`,
  ...about(`POST ${base}/{id}/override/decision`, {
    tag,
    operationId: 'decideTierOverride',
    summary: 'Sign a proposed override, or refuse it',
    description: 'Neither the applicant nor the proposer may do this.',
  }),
  request: { params, headers, body: jsonBody(overrideDecisionSchema) },
  responses: {
    ...answer,
    ...problems(
      `POST ${base}/{id}/override/decision`,
      ...decisionProblems,
      'decision_unusable',
      'chips_unavailable',
      'ledger_unavailable',
    ),
  },
});

const issueRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/issue`,
  ...about(`POST ${base}/{id}/issue`, {
    tag,
    operationId: 'issueCertificates',
    summary: 'Go on making the certificate of an approved application',
  }),
  request: { params, headers },
  responses: {
    ...answer,
    ...problems(
      `POST ${base}/{id}/issue`,
      'application_not_found',
      'application_state',
      'key_in_use',
      'requested_end_passed',
      'certificate_lint_failed',
      'ledger_unavailable',
      'chips_unavailable',
    ),
  },
});

const rejectRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/reject`,
  ...about(`POST ${base}/{id}/reject`, {
    tag,
    operationId: 'rejectCertificateApplication',
    summary: 'Reject an application',
    description: 'An approved one too, while it has no certificate: its key may have been taken.',
  }),
  request: { params, headers, body: jsonBody(rejectionSchema) },
  responses: { ...answer, ...problems(`POST ${base}/{id}/reject`, ...decisionProblems) },
});

const withdrawRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/withdraw`,
  ...about(`POST ${base}/{id}/withdraw`, {
    tag,
    operationId: 'withdrawCertificateApplication',
    summary: 'Take back an application',
    description: 'Its applicant may, until it has a certificate.',
  }),
  request: { params, headers },
  responses: { ...answer, ...problems(`POST ${base}/{id}/withdraw`, ...decisionProblems) },
});

export function addApplicationRoutes(app: EdgeApp, deps: CertificateDeps): void {
  const view = (application: rows.Application) => applicationView(deps, application);

  app.openapi(applyRoute, async (c) => {
    const body = c.req.valid('json');
    const application = await applyForCertificate(deps, callerOf(c), {
      ...applicationOf(body),
      id: c.get('operationId'),
    });
    c.header('location', `${base}/${application.id}`);
    return c.json(await view(application), 201);
  });

  app.openapi(listRoute, async (c) => {
    const { cursor, limit, state, stage } = c.req.valid('query');
    const states: readonly ApplicationState[] | undefined = state ? [state] : stageStates(stage);
    const filter = states ? { states } : {};
    const found = await listApplications(deps, actorOf(c), filter, pageRequest({ cursor, limit }));
    const items = await Promise.all(found.items.map(view));
    return c.json({ ...found, items }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await view(await getApplication(deps, actorOf(c), id)), 200);
  });

  app.openapi(identityRoute, async (c) => {
    const body = c.req.valid('json');
    const finding = 'method' in body ? undefined : body;
    const { id } = c.req.valid('param');
    return c.json(await view(await identifyApplicant(deps, callerOf(c), id, finding)), 200);
  });

  app.openapi(approveRoute, async (c) => {
    const { id } = c.req.valid('param');
    await approveApplication(deps, callerOf(c), id);
    return c.json(await issued(deps, c, id), 200);
  });

  app.openapi(overrideRoute, async (c) => {
    const { tier, reason } = c.req.valid('json');
    const proposal = { tier: tier as Tier, reason };
    const { id } = c.req.valid('param');
    return c.json(await view(await proposeOverride(deps, callerOf(c), id, proposal)), 200);
  });

  app.openapi(overrideDecisionRoute, async (c) => {
    const { decision, proposedAt } = c.req.valid('json');
    const verdict = { decision, proposedAtMs: Date.parse(proposedAt) };
    const { id } = c.req.valid('param');
    return c.json(await view(await decideOverride(deps, callerOf(c), id, verdict)), 200);
  });

  app.openapi(issueRoute, async (c) => {
    return c.json(await issued(deps, c, c.req.valid('param').id), 200);
  });

  app.openapi(rejectRoute, async (c) => {
    const { reason } = c.req.valid('json');
    const { id } = c.req.valid('param');
    return c.json(await view(await rejectApplication(deps, callerOf(c), id, reason)), 200);
  });

  app.openapi(withdrawRoute, async (c) => {
    const { id } = c.req.valid('param');
    return c.json(await view(await withdrawApplication(deps, callerOf(c), id)), 200);
  });
}

async function issued(
  deps: CertificateDeps,
  c: EdgeContext,
  id: string,
): Promise<CertificateApplication> {
  await issueCertificates(deps, callerOf(c), id);
  return applicationView(deps, await getApplication(deps, actorOf(c), id));
}

type Body = ReturnType<typeof newApplicationSchema.parse>;

function applicationOf({ subject, request, requested, scored, notAfter, ...rest }: Body) {
  return {
    ...rest,
    ...present({
      request: request === undefined ? undefined : requestDer(request),
      notAfterMs: notAfter === undefined ? undefined : Date.parse(notAfter),
      scored,
    }),
    subject: present(subject),
    requested: present(requested),
  };
}

/** An application as it is shown, with the serials of what was made for it. */
export async function applicationView(
  deps: CertificateDeps,
  application: rows.Application,
): Promise<CertificateApplication> {
  const { identity, decision, override, scored, requested, dnsNames, ...rest } = application;
  const certificates = await certificatesOf(deps, application);
  const { tier, bestTier } = await deps.settingsSource.tierRange(application);
  return {
    id: rest.id,
    kind: rest.kind,
    algorithm: rest.algorithm,
    subject: { ...rest.subject },
    dnsNames: [...dnsNames],
    requested: {
      ...requested,
      permissions: [...requested.permissions],
      limits: [...requested.limits],
    },
    state: rest.state,
    tierRange: { tier, bestTier },
    ...present({
      notAfter: rest.notAfterMs === undefined ? undefined : instantText(rest.notAfterMs),
      identity: identity && identityView(identity),
      decision: decision && {
        settings: settingsView(decision.settings),
        reasons: [...decision.reasons],
      },
      decidedTier: scored && decidedTierOf(scored),
      override: override && overrideView(override),
      decidedBy: rest.decidedBy,
      reason: rest.reason,
      renews: rest.renews,
    }),
    applicant: rest.applicant,
    keys: rest.keys.map(({ spki }) => bytesToHex(sha256(spki))),
    certificates: certificates.map(({ serialHex }) => serialHex),
    createdAt: instantText(rest.createdAtMs),
    changedAt: instantText(rest.changedAtMs),
  };
}

/** Checked when the application was made. */
function decidedTierOf({ statement }: rows.ScoredDecision): number {
  return (JSON.parse(statement) as { settings: { tier: number } }).settings.tier;
}

function overrideView({ statement: _, signatures: __, ...override }: rows.TierOverride) {
  const { proposedAtMs, ...fields } = override;
  return { ...fields, proposedAt: instantText(proposedAtMs) };
}

function identityView({ atMs, ...finding }: rows.IdentityFinding) {
  return { ...finding, at: instantText(atMs) };
}

/** Settings as they are shown: their fields are their own form on the wire. */
export function settingsView(settings: rows.SettingsDecision['settings']) {
  const { tier, role, dualControlAbove, approvers, validFrom, validTo, policyHash, decisionId } =
    settings;
  return {
    tier,
    role,
    permissions: [...settings.permissions],
    limits: settings.limits.map((limit) => ({ ...limit })),
    dualControlAbove,
    approvers: { ...approvers },
    validFrom,
    validTo,
    policyHash,
    decisionId,
    ...present({
      modelHash: settings.modelHash,
      override: settings.override && { ...settings.override },
    }),
  };
}
