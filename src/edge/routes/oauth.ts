// The token endpoint, introspection and revocation as libraries for OAuth 2.0 speak: requests are
// forms, answers and errors those of the standards. What they do is what `/v1/tokens` does.
import { createRoute, type z } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import {
  exchangeToken,
  type GrantAnswer,
  refreshToken,
  withdrawRefresh,
} from '../../domain/tokens/grants.ts';
import { introspectToken } from '../../domain/tokens/introspect.ts';
import { provenKey } from '../../domain/tokens/proofs.ts';

import { authenticateSystem } from '../../domain/tokens/systems.ts';
import type { BusinessSystem } from '../../domain/tokens/types.ts';
import type { EdgeApp, EdgeContext } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { oauthPath } from '../oauth-problem.ts';
import {
  oauthErrorSchema,
  oauthIntrospectionRequestSchema,
  oauthIntrospectionSchema,
  oauthRevocationRequestSchema,
  oauthTokenRequestSchema,
  oauthTokenSchema,
} from '../schemas/oauth.ts';
import { about, json } from './contract.ts';
import { plainJson, present } from './input.ts';

const tag = 'Tokens';
const [tokenPath, introspectPath, revokePath] = ['token', 'introspect', 'revoke'].map(
  (name) => `${oauthPath}${name}`,
) as [string, string, string];

const accessToken = 'urn:ietf:params:oauth:token-type:access_token';
const jwt = 'urn:ietf:params:oauth:token-type:jwt';

const body = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/x-www-form-urlencoded': { schema } },
});

/** Statuses of the errors of the standards; who asks too often or finds us down is told as ever. */
const refusals = Object.fromEntries(
  ['400', '401', '429', '500', '503'].map((status) => [
    status,
    json(oauthErrorSchema, 'An error of RFC 6749 §5.2, with our own `code`.'),
  ]),
) as Record<never, never>;

const tokenRoute = createRoute({
  method: 'post',
  path: tokenPath,
  ...about(`POST ${tokenPath}`, {
    tag,
    operationId: 'oauthToken',
    summary: 'Refresh a token, or exchange one that was sent (RFC 6749, RFC 8693)',
    description:
      'The token endpoint of the metadata. `grant_type` is `refresh_token` or `urn:ietf:params:oauth:grant-type:token-exchange`; a first token is asked for at `POST /v1/tokens`. A DPoP proof (RFC 9449) names this address.',
  }),
  request: { body: body(oauthTokenRequestSchema) },
  responses: { 200: json(oauthTokenSchema, 'The token.'), ...refusals },
});

const introspectRoute = createRoute({
  method: 'post',
  path: introspectPath,
  ...about(`POST ${introspectPath}`, {
    tag,
    operationId: 'oauthIntrospect',
    summary: 'Ask what a token is worth now (RFC 7662)',
  }),
  request: { body: body(oauthIntrospectionRequestSchema) },
  responses: {
    200: json(oauthIntrospectionSchema, 'Whether it is active, and then its public claims.'),
    ...refusals,
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: revokePath,
  ...about(`POST ${revokePath}`, {
    tag,
    operationId: 'oauthRevoke',
    summary: 'Withdraw a refresh token and all that came with it (RFC 7009)',
    description: 'Unknown tokens are answered in the same way.',
  }),
  request: { body: body(oauthRevocationRequestSchema) },
  responses: { 200: { description: 'It is good no more.' }, ...refusals },
});

type OauthTokenRequest = z.infer<typeof oauthTokenRequestSchema>;

export function addOauthRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(tokenRoute, async (c) => {
    const request = c.req.valid('form');
    const answer = await answerTo(c, deps, request);
    c.header('cache-control', 'no-store');
    const isExchange = request.grant_type !== 'refresh_token';
    return c.json(
      present({
        access_token: answer.token,
        token_type: answer.issued.jkt === undefined ? ('Bearer' as const) : ('DPoP' as const),
        expires_in: Math.floor((answer.issued.expiresAtMs - deps.clock.now()) / 1000),
        refresh_token: answer.refreshToken,
        issued_token_type: isExchange ? accessToken : undefined,
      }),
      200,
    );
  });

  app.openapi(introspectRoute, async (c) => {
    const request = c.req.valid('form');
    const system = await systemOf(c, deps, request);
    const found = await introspectToken(deps, system.tenant, system.id, request.token);
    c.header('cache-control', 'no-store');
    if (!found) return c.json({ active: false }, 200);
    const { sealed: _, digests: __, ...claims } = found.verified.claims;
    const token_type = found.issued.jkt === undefined ? 'Bearer' : 'DPoP';
    return c.json({ ...plainJson(claims), active: true, token_type }, 200);
  });

  app.openapi(revokeRoute, async (c) => {
    const { token, ...request } = c.req.valid('form');
    if (credentialsOf(c, request)) await systemOf(c, deps, request);
    // RFC 7009 §2.2.1: a signed token is withdrawn by who holds it, with its refresh token.
    if (token.split('.').length === 3 && token.startsWith('eyJ'))
      throw refused('token', 'unsupported');
    await withdrawRefresh(deps, c.get('requestId'), token);
    return c.body(null, 200);
  });
}

async function answerTo(
  c: EdgeContext,
  deps: EdgeDeps,
  request: OauthTokenRequest,
): Promise<GrantAnswer> {
  const jkt = await keyOfProof(c, deps);
  const audiences = audiencesOf(deps, request);
  if (request.grant_type === 'refresh_token') {
    const text = request.refresh_token || undefined;
    if (text === undefined) throw refused('refresh_token', 'required');
    const wanted = {
      refreshToken: text,
      audiences: audiences.length > 0 ? audiences : undefined,
      jkt,
    };
    return refreshToken(deps, c.get('requestId'), present(wanted));
  }
  if (request.grant_type !== 'urn:ietf:params:oauth:grant-type:token-exchange')
    throw refused('grant_type', 'unsupported');
  const system = await systemOf(c, deps, request);
  if (!request.subject_token) throw refused('subject_token', 'required');
  for (const name of ['subject_token_type', 'requested_token_type'] as const) {
    const type = request[name] || (name === 'requested_token_type' ? accessToken : undefined);
    if (type !== accessToken && type !== jwt) throw refused(name, 'unsupported');
  }
  const [audience, ...others] = audiences;
  if (audience === undefined || others.length > 0) throw refused('audience', 'invalid');
  const found = await introspectToken(deps, system.tenant, system.id, request.subject_token);
  if (!found) throw new CinnabarError('grant_refused');
  const exchange = { system, jti: found.issued.id, audience, jkt };
  return exchangeToken(deps, c.get('requestId'), present(exchange));
}

function refused(parameter: string, code: string): CinnabarError {
  const fields = [{ pointer: `/body/${parameter}`, code }];
  return new CinnabarError('invalid_request', { fields });
}

/** Business systems by name and by address, each once. */
function audiencesOf(
  { issuer }: Pick<EdgeDeps, 'issuer'>,
  { audience, resource }: Pick<OauthTokenRequest, 'audience' | 'resource'>,
): readonly string[] {
  const all = (value: string | string[] | undefined) =>
    [value ?? []].flat().filter((each) => each !== '');
  const address = `${issuer}/v1/business-systems/`;
  const named = all(resource).map((each) => {
    if (!each.startsWith(address)) throw refused('audience', 'invalid');
    return each.slice(address.length);
  });
  return [...new Set([...all(audience), ...named])];
}

/** @throws CinnabarError `grant_refused` with the place, whatever is wrong with the proof */
async function keyOfProof(c: EdgeContext, deps: EdgeDeps): Promise<string | undefined> {
  const proof = c.req.header('dpop');
  if (proof === undefined) return undefined;
  try {
    return await provenKey(deps, proof, { method: 'POST', url: `${deps.issuer}${tokenPath}` });
  } catch (cause) {
    if (!(cause instanceof CinnabarError) || cause.code !== 'grant_refused') throw cause;
    const fields = [{ pointer: '/header/dpop', code: 'invalid' }];
    throw new CinnabarError('grant_refused', { fields, cause });
  }
}

interface Client {
  readonly client_id?: string | undefined;
  readonly client_secret?: string | undefined;
}

const basic = /^Basic ((?:[A-Za-z0-9+/]{4}){1,100}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)$/i;

/** From the header (RFC 6749 §2.3.1) or the form, not both; `undefined` without a secret. */
function credentialsOf(c: EdgeContext, form: Client): readonly [string, string] | undefined {
  const [, encoded] = basic.exec(c.req.header('authorization') ?? '') ?? [];
  const { client_id: id = '', client_secret: secret = '' } = form;
  if (encoded === undefined) return secret === '' ? undefined : [id, secret];
  if (secret !== '') throw refused('client_secret', 'value');
  const [name = '', password = ''] = atob(encoded).split(':').map(formDecoded);
  if (id !== '' && id !== name) throw refused('client_id', 'value');
  return [name, password];
}

function formDecoded(text: string): string {
  return new URLSearchParams(`v=${text.replaceAll('&', '%26')}`).get('v') ?? '';
}

/** The business system that asks. @throws CinnabarError `unauthenticated` */
async function systemOf(c: EdgeContext, deps: EdgeDeps, form: Client): Promise<BusinessSystem> {
  const [name = '', secret = ''] = credentialsOf(c, form) ?? [];
  const [institution = '', id = ''] = name.split('.');
  return authenticateSystem(deps, { institution, id, secret });
}
