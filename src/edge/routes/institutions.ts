import { createRoute, z } from '@hono/zod-openapi';
import { bytesToHex } from '@noble/hashes/utils.js';
import { certificateStateOf } from '../../domain/certificates/find.ts';
import { serialOf } from '../../domain/signing/decide.ts';
import {
  approveGrantChange,
  grantChangeBytes,
  listGrantChanges,
  proposeOfficers,
} from '../../domain/signing/grant-changes.ts';
import {
  getInstitutionKey,
  listGrants,
  proposeGrant,
  revokeGrant,
} from '../../domain/signing/grants.ts';
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
import { instantMs, instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp, type EdgeContext } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  appliedKeysSchema,
  type Grant,
  type GrantChange,
  grantChangePageSchema,
  grantChangeSchema,
  grantPageSchema,
  type Institution,
  type InstitutionKey,
  institutionKeyPageSchema,
  institutionKeySchema,
  institutionPageSchema,
  institutionSchema,
  keyHolderPageSchema,
  keyParamsSchema,
  newGrantSchema,
  newInstitutionKeysSchema,
  newInstitutionSchema,
  newOfficersSchema,
  proposedGrantSchema,
  signatureSchema,
} from '../schemas/signing.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest, present } from './input.ts';
import { bytesOf } from './personal-keys.ts';

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

const officers = `${oneKey}/officers`;
const officersRoute = createRoute({
  method: 'post',
  path: officers,
  ...about(`POST ${officers}`, {
    tag,
    operationId: 'proposeOfficers',
    summary: 'Propose other officers for a key',
    description: 'Enough of the officers of now must sign; the chips check it themselves.',
  }),
  request: { params: keyParamsSchema, headers, body: jsonBody(newOfficersSchema) },
  responses: {
    201: created(grantChangeSchema, 'The change that officers sign.'),
    ...problems(`POST ${officers}`, 'institution_key_not_found', 'rows_contended'),
  },
});

const grantRoute = createRoute({
  method: 'post',
  path: `${one}/grants`,
  ...about(`POST ${one}/grants`, {
    tag,
    operationId: 'proposeGrant',
    summary: 'Propose that a person may use a key',
    description: 'It holds when enough officers have signed the change of the list.',
  }),
  request: { params, headers, body: jsonBody(newGrantSchema) },
  responses: {
    201: created(proposedGrantSchema, 'The grant, and the change that officers sign.'),
    ...problems(
      `POST ${one}/grants`,
      'institution_key_not_found',
      'personal_key_not_found',
      'grants_too_many',
      'rows_contended',
    ),
  },
});

const keyGrants = '/v1/keys/{id}/grants';
const grantsRoute = createRoute({
  method: 'get',
  path: keyGrants,
  ...about(`GET ${keyGrants}`, {
    tag,
    operationId: 'listGrants',
    summary: 'List who may use a key, and who might',
  }),
  request: { params: keyParamsSchema, query: pageQuerySchema },
  responses: { 200: json(grantPageSchema, 'One page.'), ...problems(`GET ${keyGrants}`) },
});

const revoke = '/v1/grants/{id}/revoke';
const revokeRoute = createRoute({
  method: 'post',
  path: revoke,
  ...about(`POST ${revoke}`, {
    tag,
    operationId: 'revokeGrant',
    summary: 'Take a right back, at once',
    description: "The chips' own list follows when the officers have signed.",
  }),
  request: { params, headers },
  responses: {
    200: json(proposedGrantSchema, 'The grant, and the change that officers sign.'),
    ...problems(`POST ${revoke}`, 'grant_not_found', 'rows_contended', 'ledger_unavailable'),
  },
});

const keyChanges = '/v1/keys/{id}/grant-changes';
const changesRoute = createRoute({
  method: 'get',
  path: keyChanges,
  ...about(`GET ${keyChanges}`, {
    tag,
    operationId: 'listGrantChanges',
    summary: "List changes of a key's grant list, with who signed them",
  }),
  request: { params: keyParamsSchema, query: pageQuerySchema },
  responses: {
    200: json(grantChangePageSchema, 'One page.'),
    ...problems(`GET ${keyChanges}`, 'institution_key_not_found'),
  },
});

const approve = '/v1/grant-changes/{id}/approvals';
const approveRoute = createRoute({
  method: 'post',
  path: approve,
  ...about(`POST ${approve}`, {
    tag,
    operationId: 'approveGrantChange',
    summary: "Add an officer's signature to a change",
  }),
  request: { params, body: jsonBody(signatureSchema) },
  responses: {
    200: json(grantChangeSchema, 'The change.'),
    ...problems(
      `POST ${approve}`,
      'grant_change_not_found',
      'grant_change_outdated',
      'signature_invalid',
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

  app.openapi(officersRoute, async (c) => {
    const { id: institutionKeyId } = c.req.valid('param');
    const request = { id: c.get('operationId'), institutionKeyId, ...c.req.valid('json') };
    const change = await proposeOfficers(deps, callerOf(c), request);
    const key = await getInstitutionKey(deps, actorOf(c), institutionKeyId);
    c.header('location', `/v1/keys/${key.id}/grant-changes`);
    return c.json(changeView(change, key), 201);
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

  app.openapi(grantRoute, async (c) => {
    const { validFrom, validUntil, amountMax, ...fields } = c.req.valid('json');
    const request = {
      id: c.get('operationId'),
      ...fields,
      validFromMs: instantMs(validFrom),
      validUntilMs: instantMs(validUntil),
      ...(amountMax ? { amountMax } : {}),
    };
    const { grant, change } = await proposeGrant(deps, callerOf(c), request);
    const key = await getInstitutionKey(deps, actorOf(c), grant.institutionKeyId);
    c.header('location', `/v1/keys/${key.id}/grants`);
    return c.json({ grant: grantView(grant), change: changeView(change, key) }, 201);
  });

  app.openapi(grantsRoute, async (c) => {
    const { id } = c.req.valid('param');
    const page = await listGrants(deps, actorOf(c), id, pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map(grantView) }, 200);
  });

  app.openapi(revokeRoute, async (c) => {
    const { grant, change } = await revokeGrant(deps, callerOf(c), c.req.valid('param').id);
    const key = await getInstitutionKey(deps, actorOf(c), grant.institutionKeyId);
    const view = change ? changeView(change, key) : null;
    return c.json({ grant: grantView(grant), change: view }, 200);
  });

  app.openapi(changesRoute, async (c) => {
    const { id } = c.req.valid('param');
    const key = await getInstitutionKey(deps, actorOf(c), id);
    const page = await listGrantChanges(deps, actorOf(c), id, pageRequest(c.req.valid('query')));
    return c.json({ ...page, items: page.items.map((change) => changeView(change, key)) }, 200);
  });

  app.openapi(approveRoute, async (c) => {
    const { id } = c.req.valid('param');
    const signature = bytesOf(c.req.valid('json').signature, 'signature');
    const change = await approveGrantChange(deps, callerOf(c), { id, signature });
    const key = await getInstitutionKey(deps, actorOf(c), change.institutionKeyId);
    return c.json(changeView(change, key), 200);
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

function grantView(grant: rows.Grant): Grant {
  const { id, state, institutionKeyId, actor, personalKeyId, used, usesMax, grantedBy } = grant;
  return {
    id,
    state,
    institutionKeyId,
    actor,
    personalKeyId,
    publicKeyHex: grant.publicKeyHex,
    operations: [...grant.operations],
    validFrom: instantText(grant.validFromMs),
    validUntil: instantText(grant.validUntilMs),
    usesMax,
    used,
    documentTypes: [...grant.documentTypes],
    ...(grant.amountMax ? { amountMax: { ...grant.amountMax } } : {}),
    approvalsNeeded: grant.approvalsNeeded,
    grantedBy,
    createdAt: instantText(grant.createdAtMs),
  };
}

export function changeView(change: rows.GrantChange, key: rows.InstitutionKey): GrantChange {
  const { id, state, institutionKeyId, grantId, action, listHashHex, approvals } = change;
  const { list, officers, chipEpoch } = change;
  return {
    id,
    state,
    institutionKeyId,
    grantId: grantId === '' ? null : grantId,
    action,
    list: list.map(({ publicKeyHex, operations }) => ({
      publicKeyHex,
      operations: [...operations],
    })),
    officers: officers
      ? { threshold: officers.threshold, members: officers.members.map((one) => ({ ...one })) }
      : null,
    chipEpoch,
    listHashHex,
    signedHex: bytesToHex(grantChangeBytes(change)),
    approvedBy: approvals.map(({ actor }) => actor),
    threshold: key.threshold,
    createdAt: instantText(change.createdAtMs),
  };
}
