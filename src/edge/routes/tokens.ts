import { createRoute, type z } from '@hono/zod-openapi';
import { CinnabarError } from '../../domain/errors.ts';
import {
  type Authenticated,
  authenticatedBy,
  exchangeToken,
  type GrantAnswer,
  grantToken,
  refreshToken,
  withdrawRefresh,
} from '../../domain/tokens/grants.ts';
import { introspectToken } from '../../domain/tokens/introspect.ts';
import { publishedKeys, recoveryKeys } from '../../domain/tokens/issuer-keys.ts';
import { serverMetadata } from '../../domain/tokens/metadata.ts';
import { finishAssertion } from '../../domain/tokens/passkeys.ts';
import { provenKey } from '../../domain/tokens/proofs.ts';
import { listTokens, revokeToken } from '../../domain/tokens/revoke.ts';
import { authenticateSystem } from '../../domain/tokens/systems.ts';
import type { IssuedToken } from '../../domain/tokens/types.ts';
import { isOwnToken } from '../../domain/tokens/verifier.ts';
import { profileNames, profiles } from '../../domain/tokens/vocabulary.ts';
import { instantText } from '../../lib/time.ts';
import { actorOf, callerOf, type EdgeApp, type EdgeContext } from '../context.ts';
import type { EdgeDeps } from '../deps.ts';
import { bearerOf } from '../middleware/authenticate.ts';
import { idParamsSchema, pageQuerySchema } from '../schemas/common.ts';
import {
  introspectionRequestSchema,
  introspectionSchema,
  issuedTokenPageSchema,
  jwksSchema,
  revocationRequestSchema,
  serverMetadataSchema,
  tokenAnswerSchema,
  tokenRequestSchema,
} from '../schemas/tokens.ts';
import { about, json, jsonBody, problems } from './contract.ts';
import { pageRequest, plainJson, present } from './input.ts';
import { assertionOf, relyingParty } from './passkeys.ts';

const tag = 'Tokens';
const base = '/v1/tokens';

const grantRoute = createRoute({
  method: 'post',
  path: base,
  ...about(`POST ${base}`, {
    tag,
    operationId: 'grantToken',
    summary: 'Get a token',
    description:
      'For a passkey, for the token of this request, for a refresh token, or, asked by a business system, in exchange for one that it was sent. A DPoP proof (RFC 9449) binds the token to its key. What a token of this service asks for is for business systems only, comes without a refresh token, and ends with what it was asked with.',
  }),
  request: { body: jsonBody(tokenRequestSchema) },
  responses: {
    200: json(tokenAnswerSchema, 'The token.'),
    ...problems(
      `POST ${base}`,
      'unauthenticated',
      'passkey_refused',
      'grant_refused',
      'token_profile_off',
      'business_system_not_found',
      'certificate_not_active',
      'identity_mismatch',
      'chips_unavailable',
      'audit_unavailable',
      'storage_unavailable',
    ),
  },
});

const introspectRoute = createRoute({
  method: 'post',
  path: `${base}/introspect`,
  ...about(`POST ${base}/introspect`, {
    tag,
    operationId: 'introspectToken',
    summary: 'Ask what a token is worth now',
    description: 'For the business system that it is meant for (RFC 7662).',
  }),
  request: { body: jsonBody(introspectionRequestSchema) },
  responses: {
    200: json(introspectionSchema, 'Whether it is active, and then its public claims.'),
    ...problems(`POST ${base}/introspect`, 'unauthenticated', 'storage_unavailable'),
  },
});

const revokeRefreshRoute = createRoute({
  method: 'post',
  path: `${base}/revoke`,
  ...about(`POST ${base}/revoke`, {
    tag,
    operationId: 'revokeRefreshToken',
    summary: 'Withdraw a refresh token and all that came with it',
    description: 'Unknown tokens are answered in the same way (RFC 7009 §2.2).',
  }),
  request: { body: jsonBody(revocationRequestSchema) },
  responses: {
    204: { description: 'It is good no more.' },
    ...problems(`POST ${base}/revoke`, 'audit_unavailable', 'storage_unavailable'),
  },
});

const revokeRoute = createRoute({
  method: 'post',
  path: `${base}/{id}/revoke`,
  ...about(`POST ${base}/{id}/revoke`, {
    tag,
    operationId: 'revokeToken',
    summary: 'Withdraw a token and all that came from the same authentication',
  }),
  request: { params: idParamsSchema },
  responses: {
    204: { description: 'It is good no more.' },
    ...problems(`POST ${base}/{id}/revoke`, 'token_not_found', 'audit_unavailable'),
  },
});

const listRoute = createRoute({
  method: 'get',
  path: base,
  ...about(`GET ${base}`, {
    tag,
    operationId: 'listTokens',
    summary: 'List tokens, newest first',
    description: 'What was sealed for whom stands here by label; no value is kept.',
  }),
  request: { query: pageQuerySchema },
  responses: {
    200: json(issuedTokenPageSchema, 'One page.'),
    ...problems(`GET ${base}`, 'invalid_request'),
  },
});

const jwksRoute = createRoute({
  method: 'get',
  path: '/.well-known/jwks.json',
  ...about('GET /.well-known/jwks.json', {
    tag,
    operationId: 'getTokenKeys',
    summary: 'Get the keys that tokens are verified with',
    description:
      'ES256 keys. Keys of the GM profile, whose names JOSE has not registered, come with `?profile=cin-sm-1`, those of the compatibility profile with `?profile=cin-003-literal`.',
  }),
  responses: {
    200: json(jwksSchema, 'A JWK set (RFC 7517).'),
    ...problems('GET /.well-known/jwks.json', 'storage_unavailable'),
  },
});

const metadataRoute = createRoute({
  method: 'get',
  path: '/.well-known/oauth-authorization-server',
  ...about('GET /.well-known/oauth-authorization-server', {
    tag,
    operationId: 'getTokenServer',
    summary: 'Get what the authentication centre offers (RFC 8414)',
  }),
  responses: {
    200: json(serverMetadataSchema, 'The metadata.'),
    ...problems('GET /.well-known/oauth-authorization-server'),
  },
});

type TokenRequest = z.infer<typeof tokenRequestSchema>;

export function addTokenRoutes(app: EdgeApp, deps: EdgeDeps): void {
  app.openapi(grantRoute, async (c) => {
    const answer = await answerTo(c, deps, c.req.valid('json'));
    return c.json(answerView(answer), 200);
  });

  app.openapi(introspectRoute, async (c) => {
    const { client, token } = c.req.valid('json');
    const system = await authenticateSystem(deps, client);
    const found = await introspectToken(deps, system.tenant, system.id, token);
    if (!found) return c.json({ active: false }, 200);
    const { sealed: _, digests: __, ...claims } = found.verified.claims;
    const released = found.issued.released.find((part) => part.system === system.id);
    return c.json(
      { active: true, claims: plainJson(claims), released: [...(released?.labels ?? [])] },
      200,
    );
  });

  app.openapi(revokeRefreshRoute, async (c) => {
    await withdrawRefresh(deps, c.get('requestId'), c.req.valid('json').refreshToken);
    return c.body(null, 204);
  });

  app.openapi(revokeRoute, async (c) => {
    await revokeToken(deps, callerOf(c), c.req.valid('param').id);
    return c.body(null, 204);
  });

  app.openapi(listRoute, async (c) => {
    const { cursor, limit } = c.req.valid('query');
    const page = await listTokens(deps, actorOf(c), pageRequest({ cursor, limit }));
    const nowMs = deps.clock.now();
    return c.json({ ...page, items: page.items.map((row) => issuedView(row, nowMs)) }, 200);
  });

  app.openapi(jwksRoute, async (c) => {
    const profile = profileNames.find((name) => name === c.req.query('profile'));
    const { algorithm } = profiles[profile ?? 'cin-sealed-1'];
    const signing = (await publishedKeys(deps)).filter(({ alg }) => alg === algorithm);
    const recovery = profile === 'cin-003-literal' ? await recoveryKeys(deps) : [];
    const keys = [...signing, ...recovery];
    c.header('cache-control', 'public, max-age=60');
    return c.json({ keys: keys.map((key) => ({ ...plainJson(key), kid: key.kid })) }, 200);
  });

  app.openapi(metadataRoute, (c) => {
    c.header('cache-control', 'public, max-age=300');
    const metadata = serverMetadata(deps.issuer, deps.profiles);
    return c.json({ ...plainJson(metadata), issuer: metadata.issuer }, 200);
  });
}

/** The key of the DPoP proof of this request, if it has one. */
async function keyOfProof(c: EdgeContext, deps: EdgeDeps): Promise<string | undefined> {
  const proof = c.req.header('dpop');
  if (proof === undefined) return undefined;
  return provenKey(deps, proof, { method: 'POST', url: `${deps.issuer}${base}` });
}

async function answerTo(
  c: EdgeContext,
  deps: EdgeDeps,
  request: TokenRequest,
): Promise<GrantAnswer> {
  const requestId = c.get('requestId');
  if (request.grantType === 'urn:cinnabar:grant:session' && isOwnToken(bearerOf(c))) {
    const who = await authenticatedBy(deps, actorOf(c), bearerOf(c));
    // The one proof of a request with a bound token has been used up for letting it in.
    const jkt = who.within?.jkt ?? (await keyOfProof(c, deps));
    return grantToken(deps, who, requestId, wantedBy(request, jkt));
  }
  const jkt = await keyOfProof(c, deps);
  if (request.grantType === 'refresh_token') {
    const { refreshToken: text, audiences } = request;
    return refreshToken(deps, requestId, present({ refreshToken: text, audiences, jkt }));
  }
  if (request.grantType === 'urn:ietf:params:oauth:grant-type:token-exchange') {
    const system = await authenticateSystem(deps, request.client);
    const found = await introspectToken(deps, system.tenant, system.id, request.subjectToken);
    if (!found) throw new CinnabarError('grant_refused');
    const { audience } = request;
    return exchangeToken(deps, requestId, present({ system, jti: found.issued.id, audience, jkt }));
  }
  const who = await authenticated(c, deps, request);
  return grantToken(deps, who, requestId, wantedBy(request, jkt));
}

type PersonRequest = Extract<TokenRequest, { grantType: `urn:cinnabar:grant:${string}` }>;

function wantedBy(request: PersonRequest, jkt: string | undefined) {
  const { audiences, profile = 'cin-sealed-1', identity, certificate } = request;
  return present({ audiences, profile, identity, certificate, jkt });
}

async function authenticated(
  c: EdgeContext,
  deps: EdgeDeps,
  request: PersonRequest,
): Promise<Authenticated> {
  if (request.grantType === 'urn:cinnabar:grant:session') {
    return { actor: actorOf(c), amr: ['session'] };
  }
  const answer = { id: request.challengeId, response: assertionOf(request.response) };
  return finishAssertion(deps, relyingParty(c, deps), { tenant: request.institution }, answer);
}

function answerView({ token, issued, refreshToken: refresh, dropped }: GrantAnswer) {
  return {
    id: issued.id,
    accessToken: token,
    tokenType: issued.jkt === undefined ? ('Bearer' as const) : ('DPoP' as const),
    expiresAt: instantText(issued.expiresAtMs),
    ...(refresh === undefined ? {} : { refreshToken: refresh }),
    profile: issued.profile,
    audiences: [...issued.audiences],
    released: releasedView(issued),
    dropped: [...dropped],
  };
}

function releasedView({ released }: IssuedToken) {
  return released.map(({ system, labels }) => ({ system, labels: [...labels] }));
}

function issuedView(token: IssuedToken, nowMs: number) {
  const { id, actor, profile, kid, audiences, state, issuedAtMs, expiresAtMs } = token;
  return {
    id,
    holder: actor,
    profile,
    kid,
    audiences: [...audiences],
    released: releasedView(token),
    state: state === 'active' && expiresAtMs <= nowMs ? ('expired' as const) : state,
    issuedAt: instantText(issuedAtMs),
    expiresAt: instantText(expiresAtMs),
  };
}
