import { createRoute, z } from '@hono/zod-openapi';
import { certificateStateOf } from '../../domain/certificates/find.ts';
import { serialOf } from '../../domain/signing/decide.ts';
import { getInstitutionKey } from '../../domain/signing/grants.ts';
import {
  type AppliedKeys,
  applyForInstitutionKeys,
  getInstitution,
  listInstitutionKeys,
  listInstitutions,
  listKeyHolders,
  registerInstitution,
} from '../../domain/signing/institutions.ts';
import { renewInstitutionKeys } from '../../domain/signing/renew-institution.ts';
import type * as rows from '../../domain/signing/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp, type EdgeContext } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  appliedKeysSchema,
  type Institution,
  type InstitutionKey,
  institutionKeyPageSchema,
  institutionKeySchema,
  institutionPageSchema,
  institutionSchema,
  keyHolderPageSchema,
  keyParamsSchema,
  newInstitutionKeysSchema,
  newInstitutionSchema,
} from '../schemas/institutions.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';

const tag = 'Institutions';
const base = '/v1/institutions';
const one = `${base}/{id}`;
const headers = idempotencyHeaderSchema;
const params = idParamsSchema;

const registerRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'registerInstitution',
    summary: 'Register an institution with the officers who will govern its keys',
  }),
  request: { headers, body: jsonBody(newInstitutionSchema) },
  responses: {
    201: created(institutionSchema, 'The institution.'),
    ...problems(`POST ${base}`),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, { tag, operationId: 'listInstitutions', summary: 'List institutions' }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(institutionPageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const getRoute = createRoute({
  method: 'get',
  path: one,
  ...about(`GET ${one}`, { tag, operationId: 'getInstitution', summary: 'Get an institution' }),
  request: { params },
  responses: {
    200: json(institutionSchema, 'The institution.'),
    ...problems(`GET ${one}`, 'institution_not_found'),
  },
});

const holders = '/v1/key-holders';
const holdersRoute = createRoute({
  method: 'get',
  path: holders,
  ...about(`GET ${holders}`, {
    tag,
    operationId: 'listKeyHolders',
    summary: 'List who holds a personal key, to propose as officer or for a grant',
  }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(keyHolderPageSchema, 'One page.'),
    ...problems(`GET ${holders}`, 'invalid_request'),
  },
});

const applyRoute = createRoute({
  method: 'post',
  path: `${one}/keys`,
  ...about(`POST ${one}/keys`, {
    tag,
    operationId: 'applyForInstitutionKeys',
    summary: 'Make a signing and an encryption key in the chips, and apply for their certificates',
  }),
  request: { params, headers, body: jsonBody(newInstitutionKeysSchema) },
  responses: {
    201: created(appliedKeysSchema, 'The keys, and the application that others decide.'),
    ...problems(`POST ${one}/keys`, 'institution_not_found', 'chips_unavailable'),
  },
});

const keysRoute = createRoute({
  method: 'get',
  path: `${one}/keys`,
  ...about(`GET ${one}/keys`, {
    tag,
    operationId: 'listInstitutionKeys',
    summary: 'List the keys of an institution',
  }),
  request: { params, query: pageQuerySchema },
  responses: {
    200: json(institutionKeyPageSchema, 'One page.'),
    ...problems(`GET ${one}/keys`),
  },
});

const oneKey = '/v1/keys/{id}';
const keyRoute = createRoute({
  method: 'get',
  path: oneKey,
  ...about(`GET ${oneKey}`, {
    tag,
    operationId: 'getInstitutionKey',
    summary: 'Get a key of an institution, with its officers and its certificate',
  }),
  request: { params: keyParamsSchema },
  responses: {
    200: json(institutionKeySchema, 'The key.'),
    ...problems(`GET ${oneKey}`, 'institution_key_not_found'),
  },
});

const renew = `${oneKey}/renew`;
const renewRoute = createRoute({
  method: 'post',
  path: renew,
  ...about(`POST ${renew}`, {
    tag,
    operationId: 'renewInstitutionKeys',
    summary: 'Renew a pair of keys: fresh ones in the chips, same officers and grants',
    description:
      'Either key of the pair may be named. Thawing the new certificates supersedes the old ones; the old encryption key still opens what was encrypted before, for who is granted that.',
  }),
  request: { params: keyParamsSchema, headers, body: jsonBody(z.strictObject({})) },
  responses: {
    201: created(appliedKeysSchema, 'The keys, and the application that others decide.'),
    ...problems(
      `POST ${renew}`,
      'institution_key_not_found',
      'certificate_state',
      'key_renewed',
      'grants_too_many',
      'rows_contended',
      'chips_unavailable',
      'ledger_unavailable',
    ),
  },
});

export function addInstitutionRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(registerRoute, async (c) => {
    const { subject, ...fields } = c.req.valid('json');
    const { organization, ...names } = subject;
    const request = {
      id: c.get('operationId'),
      ...fields,
      subject: { ...present(names), organization },
    };
    const institution = await registerInstitution(deps, callerOf(c), request);
    c.header('location', `${base}/${institution.id}`);
    return c.json(institutionView(institution), 201);
  });

  app.openapi(listRoute, async (c) => {
    const page = await listInstitutions(deps, actorOf(c), pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(institutionView) }, 200);
  });

  app.openapi(getRoute, async (c) => {
    const institution = await getInstitution(deps, actorOf(c), c.req.valid('param').id);
    return c.json(institutionView(institution), 200);
  });

  app.openapi(holdersRoute, async (c) => {
    const page = await listKeyHolders(deps, actorOf(c), pageRequest(c.req.valid('query')));
    const items = page.items.map(({ id, owner, label, certificateSerial = null }) => ({
      personalKeyId: id,
      actor: owner,
      label,
      certificateSerial,
    }));
    return c.json({ ...page, items }, 200);
  });

  app.openapi(keyRoute, async (c) => {
    const key = await getInstitutionKey(deps, actorOf(c), c.req.valid('param').id);
    return c.json(await keyView(deps, key), 200);
  });

  app.openapi(applyRoute, async (c) => {
    const { id: institutionId } = c.req.valid('param');
    const { algorithm, requested, protection } = c.req.valid('json');
    const request = {
      id: c.get('operationId'),
      institutionId,
      algorithm,
      requested: present(requested),
      ...(protection ? { protection } : {}),
    };
    return c.json(
      await appliedView(c, deps, applyForInstitutionKeys(deps, callerOf(c), request)),
      201,
    );
  });

  app.openapi(renewRoute, async (c) => {
    const request = { id: c.get('operationId'), keyId: c.req.valid('param').id };
    return c.json(
      await appliedView(c, deps, renewInstitutionKeys(deps, callerOf(c), request)),
      201,
    );
  });

  app.openapi(keysRoute, async (c) => {
    const { id } = c.req.valid('param');
    const page = pageRequest(c.req.valid('query'));
    const found = await listInstitutionKeys(deps, actorOf(c), id, page);
    const items = await Promise.all(found.items.map((key) => keyView(deps, key)));
    return c.json({ ...found, items }, 200);
  });
}

function institutionView(institution: rows.Institution): Institution {
  const { id, subject, officers, threshold, createdAtMs } = institution;
  return {
    id,
    subject: { ...subject },
    officers: officers.map((officer) => ({ ...officer })),
    threshold,
    createdAt: instantText(createdAtMs),
  };
}

async function appliedView(c: EdgeContext, deps: EdgeDeps, applied: Promise<AppliedKeys>) {
  const { application, keys } = await applied;
  c.header('location', `/v1/certificates/applications/${application.id}`);
  const views = await Promise.all(keys.map((key) => keyView(deps, key)));
  return { applicationId: application.id, keys: views };
}

async function keyView(deps: EdgeDeps, key: rows.InstitutionKey): Promise<InstitutionKey> {
  const certificateSerial = (await serialOf(deps, key)) ?? null;
  const standing = certificateSerial && (await certificateStateOf(deps, certificateSerial));
  const { id, institutionId, algorithm, purpose, publicKeyHex, applicationId, threshold } = key;
  const protection = key.protection ?? (await deps.keys.find(key.tenant, id)).protection;
  return {
    id,
    institutionId,
    algorithm,
    purpose,
    publicKeyHex,
    protection,
    applicationId,
    certificateSerial,
    standing: standing || null,
    officers: key.officers.map((officer) => ({ ...officer })),
    threshold,
    granted: key.chipGrants.length,
    renews: key.renews ?? null,
    renewalId: key.renewal?.applicationId ?? null,
    createdAt: instantText(key.createdAtMs),
  };
}
