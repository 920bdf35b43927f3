import { createRoute } from '@hono/zod-openapi';
import {
  enrolBiometric,
  listEnrolments,
  retentionDays,
  withdrawBiometric,
} from '../../domain/biometrics/enrol.ts';
import type { Enrolment } from '../../domain/biometrics/ports.ts';
import { answerChallenge } from '../../domain/payments/biometric.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  biometricsSchema,
  type EnrolmentView,
  enrolmentAnswerSchema,
  lookedSchema,
  lookSchema,
  modalityParamsSchema,
  newEnrolmentSchema,
} from '../schemas/biometrics.ts';
import { idParamsSchema } from '../schemas/common.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { payerView } from './payments.ts';
import { bytesOf } from './personal-keys.ts';

const tag = 'Payments';
const base = '/v1/biometrics';
const one = `${base}/{modality}`;
const look = '/v1/payments/{id}/biometric';
const params = modalityParamsSchema;

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, {
    tag,
    operationId: 'getBiometrics',
    summary: 'What the institution compares people by, and what oneself has enrolled',
  }),
  responses: { 200: json(biometricsSchema, 'Both lists.'), ...problems(`GET ${base}`) },
});

const enrolRoute = createRoute({
  method: 'put',
  path: one,
  ...about(`PUT ${one}`, {
    tag,
    operationId: 'enrolBiometric',
    summary: 'Enrol a trait, for a signed consent',
    description:
      'What is kept is a template under a key of its own. Done again, the one before is forgotten.',
  }),
  request: { params, body: jsonBody(newEnrolmentSchema) },
  responses: {
    200: json(enrolmentAnswerSchema, 'The enrolment.'),
    ...problems(
      `PUT ${one}`,
      'biometric_not_offered',
      'biometric_sample_unusable',
      'biometrics_unavailable',
      'personal_key_not_found',
      'personal_key_state',
      'signature_invalid',
      'template_unreadable',
      'rows_contended',
      'audit_unavailable',
      'chips_unavailable',
      'chips_busy',
    ),
  },
});

const withdrawRoute = createRoute({
  method: 'delete',
  path: one,
  ...about(`DELETE ${one}`, {
    tag,
    operationId: 'withdrawBiometric',
    summary: 'Withdraw the consent; the template is removed',
  }),
  request: { params },
  responses: {
    204: { description: 'There is no template any more.' },
    ...problems(
      `DELETE ${one}`,
      'biometric_not_found',
      'biometric_not_offered',
      'biometrics_unavailable',
      'template_unreadable',
      'rows_contended',
      'audit_unavailable',
      'chips_unavailable',
      'chips_busy',
    ),
  },
});

const lookRoute = createRoute({
  method: 'post',
  path: look,
  ...about(`POST ${look}`, {
    tag,
    operationId: 'lookAtPayer',
    summary: 'Clear a challenged order by a biometric match',
    description:
      'Where the policy takes one, three times at most for an order. A sample that shows nothing, or a service that does not answer, is no match.',
  }),
  request: { params: idParamsSchema, body: jsonBody(lookSchema) },
  responses: {
    200: json(lookedSchema, 'The order, and what was found.'),
    ...problems(
      `POST ${look}`,
      'order_not_found',
      'order_state',
      'session_required',
      'rows_contended',
      'audit_unavailable',
    ),
  },
});

export function addBiometricRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(listRoute, async (c) => {
    const enrolled = await listEnrolments(deps, actorOf(c));
    const offered = deps.biometrics.map(({ modality, name: service, liveness }) => ({
      modality,
      service,
      liveness,
      days: retentionDays,
    }));
    return c.json({ offered, enrolled: enrolled.map(enrolmentView) }, 200);
  });

  app.openapi(enrolRoute, async (c) => {
    const { personalKeyId, sample, signature } = c.req.valid('json');
    const request = {
      ...c.req.valid('param'),
      personalKeyId,
      sample: bytesOf(sample, 'sample'),
      signature: bytesOf(signature, 'signature'),
    };
    return c.json(enrolmentView(await enrolBiometric(deps, callerOf(c), request)), 200);
  });

  app.openapi(withdrawRoute, async (c) => {
    await withdrawBiometric(deps, callerOf(c), c.req.valid('param').modality);
    return c.body(null, 204);
  });

  app.openapi(lookRoute, async (c) => {
    const { modality, sample } = c.req.valid('json');
    const { id } = c.req.valid('param');
    const request = { id, modality, sample: bytesOf(sample, 'sample') };
    const { order, finding } = await answerChallenge(deps, callerOf(c), request);
    return c.json({ payment: await payerView(deps, order), finding }, 200);
  });
}

function enrolmentView(enrolment: Enrolment): EnrolmentView {
  const { modality, service, consent, enrolledAtMs, endsAtMs } = enrolment;
  const enrolledAt = instantText(enrolledAtMs);
  return { modality, service, enrolledAt, endsAt: instantText(endsAtMs), consent: { ...consent } };
}
