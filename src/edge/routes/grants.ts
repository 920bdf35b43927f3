import { createRoute } from '@hono/zod-openapi';
import { bytesToHex } from '@noble/hashes/utils.js';
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
import type * as rows from '../../domain/signing/types.ts';
import { instantMs, instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { idempotencyHeaderSchema, idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  type Grant,
  type GrantChange,
  grantChangePageSchema,
  grantChangeSchema,
  grantPageSchema,
  newGrantSchema,
  proposedGrantSchema,
} from '../schemas/grants.ts';
import { keyParamsSchema, newOfficersSchema } from '../schemas/institutions.ts';
import { signatureSchema } from '../schemas/personal-keys.ts';
import { about, created, json, jsonBody, problems } from './contract.ts';
import { pageRequest } from './input.ts';
import { bytesOf } from './personal-keys.ts';

// Who may use a key of an institution, who decides about it, and how that changes.

const tag = 'Institutions';
const one = '/v1/institutions/{id}';
const headers = idempotencyHeaderSchema;
const params = idParamsSchema;

const officers = '/v1/keys/{id}/officers';
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
      'operation_refused',
      'signature_invalid',
      'chips_unavailable',
      'ledger_unavailable',
    ),
  },
});

export function addGrantRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(officersRoute, async (c) => {
    const { id: institutionKeyId } = c.req.valid('param');
    const request = { id: c.get('operationId'), institutionKeyId, ...c.req.valid('json') };
    const change = await proposeOfficers(deps, callerOf(c), request);
    const key = await getInstitutionKey(deps, actorOf(c), institutionKeyId);
    c.header('location', `/v1/keys/${key.id}/grant-changes`);
    return c.json(changeView(change, key), 201);
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

function termsView({
  operations,
  documentTypes,
  amountMax,
  ...terms
}: NonNullable<rows.GrantChange['terms']>) {
  return {
    ...terms,
    operations: [...operations],
    documentTypes: [...documentTypes],
    ...(amountMax ? { amountMax: { ...amountMax } } : {}),
  };
}

export function changeView(change: rows.GrantChange, key: rows.InstitutionKey): GrantChange {
  const { id, state, institutionKeyId, grantId, action, listHashHex, approvals } = change;
  const { list, officers, terms, chipEpoch } = change;
  return {
    id,
    state,
    institutionKeyId,
    grantId: grantId === '' ? null : grantId,
    action,
    terms: terms ? termsView(terms) : null,
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
