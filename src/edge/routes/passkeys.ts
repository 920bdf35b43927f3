import { createRoute } from '@hono/zod-openapi';
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { CinnabarError } from '../../domain/errors.ts';
import {
  finishRegistration,
  listPasskeys,
  type RelyingParty,
  renamePasskey,
  revokePasskey,
  startAssertion,
  startRegistration,
} from '../../domain/tokens/passkeys.ts';
import type { Passkey } from '../../domain/tokens/types.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp, type EdgeContext } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import {
  authenticationOptionsSchema,
  passkeyNameSchema,
  passkeyOptionsSchema,
  passkeyParamsSchema,
  passkeyRegistrationSchema,
  passkeySchema,
  passkeysSchema,
} from '../schemas/tokens.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { plainJson } from './input.ts';

const tag = 'Passkeys';
const base = '/v1/auth/passkeys';
const optionsAnswer = { 200: json(passkeyOptionsSchema, 'What the authenticator is asked.') };

const registrationOptionsRoute = createRoute({
  method: 'post',
  path: `${base}/registration/options`,
  ...about(`POST ${base}/registration/options`, {
    tag,
    operationId: 'startPasskeyRegistration',
    summary: 'Begin to register a passkey',
  }),
  responses: {
    ...optionsAnswer,
    ...problems(`POST ${base}/registration/options`, 'passkeys_too_many'),
  },
});

const registrationRoute = createRoute({
  method: 'post',
  path: `${base}/registration`,
  ...about(`POST ${base}/registration`, {
    tag,
    operationId: 'registerPasskey',
    summary: 'Register the passkey that the authenticator made',
  }),
  request: { body: jsonBody(passkeyRegistrationSchema) },
  responses: {
    200: json(passkeySchema, 'The passkey.'),
    ...problems(`POST ${base}/registration`, 'passkey_refused', 'audit_unavailable'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, { tag, operationId: 'listPasskeys', summary: 'List own passkeys' }),
  responses: { 200: json(passkeysSchema, 'The passkeys.'), ...problems(`GET ${base}`) },
});

const passkeyAnswer = { 200: json(passkeySchema, 'The passkey.') };

const renameRoute = createRoute({
  method: 'patch',
  path: `${base}/{id}`,
  ...about(`PATCH ${base}/{id}`, {
    tag,
    operationId: 'renamePasskey',
    summary: 'Rename a passkey',
  }),
  request: { params: passkeyParamsSchema, body: jsonBody(passkeyNameSchema) },
  responses: {
    ...passkeyAnswer,
    ...problems(`PATCH ${base}/{id}`, 'passkey_not_found', 'audit_unavailable', 'rows_contended'),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/revoke`,
  ...about(`POST ${base}/{id}/revoke`, {
    tag,
    operationId: 'revokePasskey',
    summary: 'Revoke a passkey for good',
  }),
  request: { params: passkeyParamsSchema },
  responses: {
    ...passkeyAnswer,
    ...problems(
      `POST ${base}/{id}/revoke`,
      'passkey_not_found',
      'audit_unavailable',
      'rows_contended',
    ),
  },
});

const authenticationOptionsRoute = createRoute({
  method: 'post',
  path: `${base}/authentication/options`,
  ...about(`POST ${base}/authentication/options`, {
    tag,
    operationId: 'startPasskeyAuthentication',
    summary: 'Begin to authenticate with a passkey',
    description: 'The answer of the authenticator goes to `POST /v1/tokens`.',
  }),
  request: { body: jsonBody(authenticationOptionsSchema) },
  responses: {
    ...optionsAnswer,
    ...problems(`POST ${base}/authentication/options`, 'storage_unavailable'),
  },
});

const loopback = /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?$/;

/**
 * The page that asks, and the host that passkeys belong to. Pages of our own public address only;
 * in demo mode those of this machine, under whatever port.
 */
export function relyingParty(c: EdgeContext, deps: EdgeDeps): RelyingParty {
  const origin = c.req.header('origin') ?? deps.issuer;
  const isLocal = deps.demo !== undefined && loopback.test(origin);
  if (origin !== deps.issuer && !isLocal) throw new CinnabarError('passkey_refused');
  return { id: new URL(origin).hostname, origin };
}

export function addPasskeyRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(registrationOptionsRoute, async (c) => {
    const started = await startRegistration(deps, actorOf(c), relyingParty(c, deps));
    return c.json(optionsView(started), 200);
  });

  app.openapi(registrationRoute, async (c) => {
    const { id, label, response } = c.req.valid('json');
    const answer = { id, label, response: response as RegistrationResponseJSON };
    const passkey = await finishRegistration(deps, callerOf(c), relyingParty(c, deps), answer);
    return c.json(passkeyView(passkey), 200);
  });

  app.openapi(listRoute, async (c) => {
    const found = await listPasskeys(deps, actorOf(c));
    return c.json({ items: found.map(passkeyView) }, 200);
  });

  app.openapi(renameRoute, async (c) => {
    const { label } = c.req.valid('json');
    const passkey = await renamePasskey(deps, callerOf(c), c.req.valid('param').id, label);
    return c.json(passkeyView(passkey), 200);
  });

  app.openapi(revokeRoute, async (c) => {
    const passkey = await revokePasskey(deps, callerOf(c), c.req.valid('param').id);
    return c.json(passkeyView(passkey), 200);
  });

  app.openapi(authenticationOptionsRoute, async (c) => {
    const { institution: tenant } = c.req.valid('json');
    const started = await startAssertion(deps, relyingParty(c, deps), { tenant });
    return c.json(optionsView(started), 200);
  });
}

export function optionsView({
  id,
  options,
}: {
  id: string;
  options: { readonly challenge: string };
}) {
  return { id, options: { ...plainJson(options), challenge: options.challenge } };
}

/** The form that the schema has checked, under the library's name for it. */
export function assertionOf(response: object): AuthenticationResponseJSON {
  return response as AuthenticationResponseJSON;
}

function passkeyView(passkey: Passkey) {
  const { id, label, attestation, backedUp, createdAtMs, usedAtMs } = passkey;
  return {
    id,
    label,
    attestation: { ...attestation },
    backedUp,
    createdAt: instantText(createdAtMs),
    usedAt: usedAtMs === undefined ? null : instantText(usedAtMs),
  };
}
