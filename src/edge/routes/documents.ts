import { createRoute } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import { askDocument } from '../../domain/signing/ask-document.ts';
import {
  type CheckedDocument,
  checkDocument,
  encryptForInstitution,
} from '../../domain/signing/check-document.ts';
import type { DocumentWork } from '../../domain/signing/types.ts';
import { documentOf } from '../../domain/signing/visibility.ts';
import { base64Text } from '../../lib/base64.ts';
import { instantMs, instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema } from '../schemas/common.ts';
import {
  type DocumentVerdict,
  documentCheckSchema,
  documentPartSchema,
  documentVerdictSchema,
  envelopeSchema,
  type NewDocument,
  newDocumentSchema,
} from '../schemas/documents.ts';
import { keyParamsSchema } from '../schemas/institutions.ts';
import { operationSchema } from '../schemas/key-operations.ts';
import { about, binary, created, formBody, json, problems } from './contract.ts';
import { present } from './input.ts';
import { operationView, resultNameOf } from './operation-view.ts';

const tag = 'Key operations';
const ofKey = '/v1/keys/{id}/documents';

const askRoute = createRoute({
  method: 'post',
  path: ofKey,
  ...about(`POST ${ofKey}`, {
    tag,
    operationId: 'askDocument',
    summary: 'Ask to sign, seal or open a document with an institution’s key',
    description:
      'An operation like any other: activation, execution and outcome follow. The chips check what the document comes down to.',
  }),
  request: {
    params: keyParamsSchema,
    headers: idempotencyHeaderSchema,
    body: formBody(newDocumentSchema),
  },
  responses: {
    201: created(operationSchema, 'The operation.'),
    ...problems(
      `POST ${ofKey}`,
      'institution_key_not_found',
      'grant_not_found',
      'personal_key_not_found',
      'operation_refused',
      'operation_not_found',
      'document_malformed',
      'document_key_unfit',
      'document_absent',
      'electronic_seal_expired',
      'envelope_not_addressed',
      'seal_not_found',
      'seal_not_active',
      'seal_card_inactive',
      'template_unreadable',
      'rows_contended',
      'chips_unavailable',
    ),
  },
});

const one = '/v1/operations/{id}/document';
const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, {
    tag,
    operationId: 'getDocument',
    summary: 'Get what was made of a document, or what was handed in',
    description:
      'The result only for who asked, once the outcome is signed; what was handed in also for who may approve.',
  }),
  request: { params: idParamsSchema, query: documentPartSchema },
  responses: {
    200: binary('application/octet-stream', 'The document.'),
    ...problems(
      `GET ${one}`,
      'operation_not_found',
      'document_absent',
      'envelope_unreadable',
      'template_unreadable',
      'chips_unavailable',
    ),
  },
});

const envelopes = '/v1/keys/{id}/envelopes';
const encryptRoute = createRoute({
  method: 'post',
  path: envelopes,
  ...about(`POST ${envelopes}`, {
    tag,
    operationId: 'encryptForInstitution',
    summary: 'Encrypt a file for an institution; takes only its certificate',
  }),
  request: { params: keyParamsSchema, body: formBody(envelopeSchema) },
  responses: {
    200: binary('application/pkcs7-mime', 'The envelope, DER.'),
    ...problems(`POST ${envelopes}`, 'institution_key_not_found', 'document_key_unfit'),
  },
});

const check = '/v1/documents/verify';
const checkRoute = createRoute({
  method: 'post',
  path: check,
  ...about(`POST ${check}`, {
    tag,
    operationId: 'checkDocument',
    summary: 'Verify a signed message, PDF file, electronic seal or sealed document',
    description: 'A "no" is an answer, not an error: `ok` is false and `reason` says why.',
  }),
  request: { body: formBody(documentCheckSchema) },
  responses: {
    200: json(documentVerdictSchema, 'The verdict.'),
    ...problems(`POST ${check}`),
  },
});

export function addDocumentRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(askRoute, async (c) => {
    const form = c.req.valid('form');
    const { name, grantId, personalKeyId, documentType, reason, sealVerificationId } = form;
    const terms = { name, grantId, personalKeyId, documentType, reason };
    const request = {
      id: c.get('operationId'),
      institutionKeyId: c.req.valid('param').id,
      ...terms,
      work: workOf(form),
      ...present({
        sealVerificationId,
        amount: amountOf(form),
        file: form.file && (await bytesIn(form.file)),
      }),
    };
    const operation = await askDocument(deps, callerOf(c), request);
    c.header('location', `/v1/operations/${operation.id}`);
    return c.json(await operationView(deps, operation, actorOf(c)), 201);
  });

  app.openapi(getRoute, async (c) => {
    const { id } = c.req.valid('param');
    const { part } = c.req.valid('query');
    const { operation, bytes } = await documentOf(deps, actorOf(c), id, part);
    const name = part === 'input' ? (operation.document?.name ?? '') : resultNameOf(operation);
    return c.body(bytes.slice().buffer, 200, {
      'content-type': 'application/octet-stream',
      // RFC 6266 §4.3 with RFC 8187, for names that are not ASCII.
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    });
  });

  app.openapi(encryptRoute, async (c) => {
    const content = await bytesIn(c.req.valid('form').file);
    const { id } = c.req.valid('param');
    const envelope = await encryptForInstitution(deps, actorOf(c), id, content);
    return c.body(envelope.slice().buffer, 200, { 'content-type': 'application/pkcs7-mime' });
  });

  app.openapi(checkRoute, async (c) => {
    const { kind, file, content } = c.req.valid('form');
    const checked = await checkDocument(deps, {
      kind,
      file: await bytesIn(file),
      ...(content ? { content: await bytesIn(content) } : {}),
    });
    return c.json(verdictView(checked), 200);
  });
}

const bytesIn = async (file: File) => new Uint8Array(await file.arrayBuffer());

/** @throws CinnabarError `invalid_request` for a field that is missing or has no place here */
function workOf(form: NewDocument): DocumentWork {
  const { action, detached, location, sealId, validUntil, sealOf, name } = form;
  const allowed: Readonly<Record<typeof action, readonly (keyof NewDocument)[]>> = {
    cms: ['detached'],
    pdf: ['location'],
    make_seal: ['sealId', 'validUntil'],
    seal: ['sealOf'],
    open: [],
  };
  const special = ['detached', 'location', 'sealId', 'validUntil', 'sealOf'] as const;
  const misplaced = special.filter(
    (field) => form[field] !== undefined && !allowed[action].includes(field),
  );
  if (action === 'make_seal' && form.file) throw wrongFields(['file'], 'unknown_field');
  if (misplaced.length > 0) throw wrongFields(misplaced, 'unknown_field');
  if (action !== 'make_seal' && !form.file) throw wrongFields(['file'], 'required');
  switch (action) {
    case 'cms':
      return { action, detached: detached === 'true' };
    case 'pdf':
      return { action, ...present({ location }) };
    case 'make_seal':
      if (!sealId) throw wrongFields(['sealId'], 'required');
      if (!validUntil) throw wrongFields(['validUntil'], 'required');
      return { action, sealId, name, validUntilMs: wholeSecond(instantMs(validUntil)) };
    case 'seal':
      if (!sealOf) throw wrongFields(['sealOf'], 'required');
      return { action, sealOf };
    case 'open':
      return { action };
  }
}

const wholeSecond = (ms: number) => ms - (ms % 1000);

function amountOf({ currency, amountMinor: minor }: NewDocument) {
  if (currency === undefined && minor === undefined) return undefined;
  if (currency === undefined) throw wrongFields(['currency'], 'required');
  if (minor === undefined) throw wrongFields(['amountMinor'], 'required');
  return { currency, minor };
}

function wrongFields(names: readonly string[], code: string): CinnabarError {
  const fields = names.map((name) => ({ pointer: `/body/${name}`, code }));
  return new CinnabarError('invalid_request', { fields });
}

function verdictView({ ok, reason, signers, seal }: CheckedDocument): DocumentVerdict {
  return {
    ok,
    reason: reason ?? null,
    signers: signers.map(({ serialHex, subject, standing, certificate, signedAtMs }) => ({
      serial: serialHex,
      subject,
      standing,
      certificate: base64Text(certificate),
      signedAt: signedAtMs === undefined ? null : instantText(signedAtMs),
    })),
    seal: seal
      ? {
          id: seal.id,
          name: seal.name,
          validFrom: instantText(seal.validFromMs),
          validUntil: instantText(seal.validUntilMs),
          pictureType: seal.picture.type,
          pictureB64: base64Text(seal.picture.data),
          widthMm: seal.picture.widthMm,
          heightMm: seal.picture.heightMm,
        }
      : null,
  };
}
