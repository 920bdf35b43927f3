import { createRoute } from '@hono/zod-openapi';
import type { CertificateDeps } from '../../domain/certificates/ports.ts';
import {
  type IssuingView,
  listIssuing,
  openIssuing,
  revokeIssuing,
} from '../../domain/certificates/succession.ts';
import { encodePem } from '../../lib/pem.ts';
import { instantText } from '../../lib/time.ts';
import { callerOf, type EdgeApp } from '../context.ts';
import {
  authorityListSchema,
  authorityParamsSchema,
  authorityRevocationSchema,
  authoritySchema,
  type IssuingAuthority,
  newAuthoritySchema,
} from '../schemas/authorities.ts';
import { about, json, jsonBody, problems } from './contract.ts';

const tag = 'Public key infrastructure';
const base = '/v1/authorities';
const revocation = `${base}/{algorithm}/{generation}/revocation` as const;

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, {
    tag,
    operationId: 'listAuthorities',
    summary: 'The issuing authorities of both hierarchies, oldest first',
  }),
  responses: {
    200: json(authorityListSchema, 'All of them.'),
    ...problems(`GET ${base}`, 'chips_unavailable'),
  },
});

const openRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'openAuthority',
    summary: 'Open the next issuing authority of a hierarchy',
    description:
      '`generation` is that of the newest plus one; the same call again finds it made. Its key is made in the chips, and the key of the root is woken for its certificate. From then on it issues; the one before signs its lists and answers on.',
  }),
  request: { body: jsonBody(newAuthoritySchema) },
  responses: {
    201: json(authoritySchema, 'The authority that issues now.'),
    ...problems(`POST ${base}`, 'authority_changed', 'chips_unavailable', 'audit_unavailable'),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: revocation,
  ...about(`POST ${revocation}`, {
    tag,
    operationId: 'revokeAuthority',
    summary: 'Revoke an issuing authority, which takes two people',
    description:
      'The first call proposes; the same call by another person within a day revokes: the list of the root names the authority, and all its certificates count as revoked at once. Repeat it while `revocationsLeft` is not 0: each call writes some of these into the ledger, as the hourly sweep does.',
  }),
  request: { params: authorityParamsSchema, body: jsonBody(authorityRevocationSchema) },
  responses: {
    200: json(authoritySchema, 'The authority, with what was proposed or done.'),
    ...problems(
      `POST ${revocation}`,
      'authority_not_found',
      'authority_in_use',
      'authority_changed',
      'same_person',
      'ledger_unavailable',
      'chips_unavailable',
      'audit_unavailable',
    ),
  },
});

export function addAuthorityRoutes(app: EdgeApp, deps: CertificateDeps): void {
  app.openapi(listRoute, async (c) =>
    c.json({ items: (await listIssuing(deps)).map(authorityView) }, 200),
  );

  app.openapi(openRoute, async (c) =>
    c.json(authorityView(await openIssuing(deps, callerOf(c), c.req.valid('json'))), 201),
  );

  app.openapi(revokeRoute, async (c) => {
    const { algorithm, generation } = c.req.valid('param');
    const issuer = { algorithm, generation: Number(generation) };
    const revoked = await revokeIssuing(deps, callerOf(c), { ...issuer, ...c.req.valid('json') });
    return c.json(authorityView(revoked), 200);
  });
}

function authorityView(issuing: IssuingView): IssuingAuthority {
  const { der, revocation, serialHex, notBeforeMs, notAfterMs, ...view } = issuing;
  return {
    ...view,
    serial: serialHex,
    notBefore: instantText(notBeforeMs),
    notAfter: instantText(notAfterMs),
    ...(revocation ? { revocation: revocationView(revocation) } : {}),
    certificate: encodePem('CERTIFICATE', der),
  };
}

function revocationView({
  reason,
  proposedBy,
  proposedAtMs,
  by,
  atMs,
}: NonNullable<IssuingView['revocation']>): NonNullable<IssuingAuthority['revocation']> {
  return {
    reason,
    proposedBy,
    proposedAt: instantText(proposedAtMs),
    ...(by === undefined ? {} : { by }),
    ...(atMs === undefined ? {} : { at: instantText(atMs) }),
  };
}
