import { createRoute } from '@hono/zod-openapi';
import { deliveryBundle } from '../../domain/certificates/bundle.ts';
import { getCertificate, listCertificates, readStatement } from '../../domain/certificates/find.ts';
import type { CertificateDeps } from '../../domain/certificates/ports.ts';
import { renewCertificate } from '../../domain/certificates/renew.ts';
import { freezeCertificate, revokeCertificate } from '../../domain/certificates/status.ts';
import { thawCertificate } from '../../domain/certificates/thaw.ts';
import type * as rows from '../../domain/certificates/types.ts';
import { type Verification, verifyCertificate } from '../../domain/certificates/verify.ts';
import { base64urlText } from '../../lib/base64url.ts';
import { encodePem } from '../../lib/pem.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import {
  applicationSchema,
  bundleSchema,
  type Certificate,
  type CertificateVerification,
  certificatePageSchema,
  certificateQuerySchema,
  certificateSchema,
  renewalSchema,
  revocationSchema,
  serialParamsSchema,
  verificationSchema,
} from '../schemas/certificates.ts';
import { idempotencyHeaderSchema } from '../schemas/common.ts';
import { applicationView, settingsView } from './applications.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present, requestDer } from './input.ts';

const tag = 'Certificates';
const base = '/v1/certificates';
const one = `${base}/{serial}`;
const params = serialParamsSchema;
const headers = idempotencyHeaderSchema;
const answer = { 200: json(certificateSchema, 'The certificate.') };
const moveProblems = [
  'certificate_not_found',
  'certificate_state',
  'certificate_changed',
  'ledger_unavailable',
  'chips_unavailable',
] as const;

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, {
    tag,
    operationId: 'listCertificates',
    summary: 'List certificates, newest first',
    description: 'A customer sees its own.',
  }),
  request: { query: certificateQuerySchema },
  responses: {
    200: json(certificatePageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, { tag, operationId: 'getCertificate', summary: 'Get a certificate' }),
  request: { params },
  responses: { ...answer, ...problems(`GET ${one}`, 'certificate_not_found') },
});

const verifyRoute = createRoute({
  method: 'post',
  path: `${one}/verify`,
  ...about(`POST ${one}/verify`, {
    tag,
    operationId: 'verifyCertificate',
    summary: 'Verify a certificate against the ledger',
    description:
      'Public key and hashes come from the ledger, with proofs. A "no" is an answer: `ok` is false, and each failed step has its code.',
  }),
  request: { params },
  responses: {
    200: json(verificationSchema, 'Each step, and all that was looked at.'),
    ...problems(
      `POST ${one}/verify`,
      'certificate_not_found',
      'certificate_state',
      'ledger_unavailable',
      'ledger_untrusted',
    ),
  },
});

const thawRoute = createRoute({
  method: 'post',
  path: `${one}/thaw`,
  ...about(`POST ${one}/thaw`, {
    tag,
    operationId: 'thawCertificate',
    summary: 'Verify, thaw, set and deliver; or release from a hold',
    description:
      'Only a verification that passes here and now thaws a certificate, and of any number of requests one does.',
  }),
  request: { params, headers },
  responses: {
    ...answer,
    ...problems(`POST ${one}/thaw`, ...moveProblems, 'thaw_refused', 'ledger_untrusted'),
  },
});

const freezeRoute = createRoute({
  method: 'post',
  path: `${one}/freeze`,
  ...about(`POST ${one}/freeze`, {
    tag,
    operationId: 'freezeCertificate',
    summary: 'Put an active certificate on hold',
  }),
  request: { params, headers },
  responses: { ...answer, ...problems(`POST ${one}/freeze`, ...moveProblems) },
});

const revokeRoute = createRoute({
  method: 'post',
  path: `${one}/revoke`,
  ...about(`POST ${one}/revoke`, {
    tag,
    operationId: 'revokeCertificate',
    summary: 'Revoke a certificate for good',
  }),
  request: { params, headers, body: jsonBody(revocationSchema) },
  responses: { ...answer, ...problems(`POST ${one}/revoke`, ...moveProblems) },
});

const renewRoute = createRoute({
  method: 'post',
  path: `${one}/renew`,
  ...about(`POST ${one}/renew`, {
    tag,
    operationId: 'renewCertificate',
    summary: 'Apply for the successor of a certificate',
    description:
      'Same names and wishes, a fresh key, and another approval. Those of institutions are renewed as pairs: `POST /v1/keys/{id}/renew`.',
  }),
  request: { params, headers, body: jsonBody(renewalSchema) },
  responses: {
    201: created(applicationSchema, 'The application.'),
    ...problems(
      `POST ${one}/renew`,
      'certificate_not_found',
      'certificate_state',
      'key_in_use',
      'officers_required',
      'chips_unavailable',
    ),
  },
});

const bundleRoute = createRoute({
  method: 'get',
  path: `${one}/bundle`,
  ...about(`GET ${one}/bundle`, {
    tag,
    operationId: 'getCertificateBundle',
    summary: 'Take delivery: chain, settings and proofs',
    description: 'Everything that an offline verifier needs. That it was taken goes on record.',
  }),
  request: { params },
  responses: {
    200: json(bundleSchema, 'The bundle.'),
    ...problems(
      `GET ${one}/bundle`,
      'certificate_not_found',
      'certificate_state',
      'ledger_unavailable',
      'chips_unavailable',
    ),
  },
});

const dayMs = 24 * 60 * 60 * 1000;

export function addCertificateRoutes(app: EdgeApp, deps: CertificateDeps): void {
  app.openapi(listRoute, async (c) => {
    const { cursor, limit, q, state, expiringDays } = c.req.valid('query');
    const fromMs = deps.clock.now();
    const ending =
      expiringDays === undefined ? undefined : { fromMs, beforeMs: fromMs + expiringDays * dayMs };
    const filter = present({ query: q, state, ending });
    const page = pageRequest({ cursor, limit });
    const found = await listCertificates(deps, actorOf(c), filter, page);
    return c.json({ ...found, items: found.items.map(certificateView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const { serial } = c.req.valid('param');
    return c.json(certificateView(await getCertificate(deps, actorOf(c), serial)), 200);
  });

  app.openapi(verifyRoute, async (c) => {
    const { serial } = c.req.valid('param');
    return c.json(verificationView(await verifyCertificate(deps, callerOf(c), serial)), 200);
  });

  app.openapi(thawRoute, async (c) => {
    const change = { serialHex: c.req.valid('param').serial, id: c.get('operationId') };
    return c.json(certificateView(await thawCertificate(deps, callerOf(c), change)), 200);
  });

  app.openapi(freezeRoute, async (c) => {
    const change = { serialHex: c.req.valid('param').serial, id: c.get('operationId') };
    return c.json(certificateView(await freezeCertificate(deps, callerOf(c), change)), 200);
  });

  app.openapi(revokeRoute, async (c) => {
    const { reason } = c.req.valid('json');
    const change = { serialHex: c.req.valid('param').serial, id: c.get('operationId'), reason };
    return c.json(certificateView(await revokeCertificate(deps, callerOf(c), change)), 200);
  });

  app.openapi(renewRoute, async (c) => {
    const { request } = c.req.valid('json');
    const renewal = { serialHex: c.req.valid('param').serial, id: c.get('operationId') };
    const application = await renewCertificate(deps, callerOf(c), {
      ...renewal,
      ...(request === undefined ? {} : { request: requestDer(request) }),
    });
    c.header('location', `${base}/applications/${application.id}`);
    return c.json(await applicationView(deps, application), 201);
  });

  app.openapi(bundleRoute, async (c) => {
    const { serial } = c.req.valid('param');
    const { chain, settings, ledger, ...rest } = await deliveryBundle(deps, callerOf(c), serial);
    const signatures = settings.signatures.map((signature) => ({ ...signature }));
    const entries = ledger.entries.map((entry) => ({ ...entry, proof: [...entry.proof] }));
    return c.json(
      {
        ...rest,
        chain: [...chain],
        settings: { payload: settings.payload, signatures },
        ledger: { checkpoint: ledger.checkpoint, entries },
      },
      200,
    );
  });
}

function certificateView(certificate: rows.Certificate): Certificate {
  const { der, statement, pending, subject } = certificate;
  return {
    serial: certificate.serialHex,
    kind: certificate.kind,
    purpose: certificate.purpose,
    algorithm: certificate.algorithm,
    subject: { ...subject },
    state: certificate.state,
    delivery: certificate.delivery,
    ...present({
      reason: certificate.reason,
      pending: pending?.action,
      keyId: certificate.keyId,
      ledgerIndex: certificate.frozenIndex,
      sha256: certificate.sha256Hex,
      sm3: certificate.sm3Hex,
      certificate: der && encodePem('CERTIFICATE', der),
      settings: statement && settingsView(readStatement(statement.payload).settings),
    }),
    notBefore: instantText(certificate.notBeforeMs),
    notAfter: instantText(certificate.notAfterMs),
    applicationId: certificate.applicationId,
    holder: certificate.holder,
    ledgerSubject: certificate.ledgerSubject,
    changedAt: instantText(certificate.changedAtMs),
    createdAt: instantText(certificate.createdAtMs),
  };
}

function verificationView(verification: Verification): CertificateVerification {
  const { verdict, evidence, issuers, atMs } = verification;
  const { entry, known } = evidence;
  return {
    ok: verdict.ok,
    ...present({ code: verdict.code }),
    at: instantText(atMs),
    steps: verdict.steps.map(({ code, ...step }) => ({
      ...step,
      facts: { ...step.facts },
      ...present({ code }),
    })),
    evidence: {
      certificate: encodePem('CERTIFICATE', evidence.certificate),
      entry: {
        index: entry.index,
        entry: base64urlText(entry.bytes),
        proof: entry.proof.map(hexText),
      },
      checkpoint: evidence.checkpoint,
      ...present({
        known: known && { checkpoint: known.checkpoint, proof: known.proof.map(hexText) },
      }),
      status: evidence.status,
      issuers: issuers.map((issuer) => encodePem('CERTIFICATE', issuer)),
    },
  };
}

const hexText = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
