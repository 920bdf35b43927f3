import { type CryptoKey, exportJWK, generateKeyPair } from 'jose';
import { makeProof } from '../core/token/dpop.ts';
import { type PublicJwk, thumbprintOf } from '../core/token/jwk.ts';
import { ApiError, newIdempotencyKey, problemOf } from './api.ts';
import type { SessionGrant } from './token-api.ts';
import type { TokenAnswer, TokenRequest } from './token-types.ts';

export interface HolderOptions {
  /** Origin of the service, without a trailing slash. In a page, '' means its own origin. */
  readonly baseUrl?: string;
  readonly fetch?: typeof fetch;
  /** The bearer token of whoever asks for a token. */
  readonly session: () => Promise<string>;
  /** The terminal's clock: a proof holds for a minute around its time. */
  readonly now?: () => number;
}

/** A terminal with a key: tokens that it gets are good in its hands only (RFC 9449). */
export interface TokenHolder {
  /** Thumbprint of the key, as it stands in the tokens. */
  readonly jkt: string;
  /** @throws ApiError */
  grant(request: SessionGrant): Promise<TokenAnswer>;
  /** @throws ApiError `grant_refused` also for a refresh token that was used before */
  refresh(refreshToken: string, audiences?: string[]): Promise<TokenAnswer>;
  /** Asks with a token of this holder, and a proof for this one request. @throws ApiError */
  call<T>(
    token: string,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    json?: object,
  ): Promise<T>;
}

/** Makes the key, which cannot be taken out of where it is made. */
export async function tokenHolder(options: HolderOptions): Promise<TokenHolder> {
  const { baseUrl = '', fetch: send = fetch, now = Date.now } = options;
  const pair = await generateKeyPair('ES256');
  const publicJwk = (await exportJWK(pair.publicKey)) as PublicJwk;
  let issuer: Promise<string> | undefined;
  let nonce: string | undefined;

  /** What proofs name is the service's name for itself, wherever it is reached. */
  function issuerOnce(): Promise<string> {
    issuer ??= issuerAt(send, baseUrl);
    issuer.catch(() => {
      issuer = undefined;
    });
    return issuer;
  }

  async function asked(request: ProvenCall): Promise<Response> {
    const proof = {
      key: pair.privateKey as CryptoKey,
      publicJwk,
      method: request.method,
      url: `${await issuerOnce()}${request.path}`,
      jti: newIdempotencyKey(),
      nowMs: now(),
      ...(request.token === undefined ? {} : { accessToken: request.token }),
      ...(nonce === undefined ? {} : { nonce }),
    };
    const headers = new Headers({
      authorization: request.authorization,
      dpop: await makeProof(proof),
    });
    if (request.json) headers.set('content-type', 'application/json');
    const response = await sent(() =>
      send(`${baseUrl}${request.path}`, {
        method: request.method,
        headers,
        ...(request.json ? { body: JSON.stringify(request.json) } : {}),
      }),
    );
    nonce = response.headers.get('dpop-nonce') ?? nonce;
    return response;
  }

  async function proven<T>(request: ProvenCall): Promise<T> {
    let response = await asked(request);
    if (!response.ok) {
      const problem = await problemOf(response);
      if (problem.code !== 'proof_nonce_required') throw problem;
      response = await asked(request);
      if (!response.ok) throw await problemOf(response);
    }
    return (await response.json()) as T;
  }

  const tokenCall = async (json: TokenRequest, authorization: string) =>
    proven<TokenAnswer>({ method: 'POST', path: '/v1/tokens', json, authorization });

  return {
    jkt: thumbprintOf(publicJwk),
    grant: async (request) =>
      tokenCall(
        { grantType: 'urn:cinnabar:grant:session', ...request },
        `Bearer ${await options.session()}`,
      ),
    refresh: (refreshToken, audiences) =>
      tokenCall(
        { grantType: 'refresh_token', refreshToken, ...(audiences ? { audiences } : {}) },
        '',
      ),
    call: (token, method, path, json) =>
      proven({
        method,
        path,
        token,
        authorization: `DPoP ${token}`,
        ...(json ? { json } : {}),
      }),
  };
}

interface ProvenCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly authorization: string;
  /** The token that the proof accompanies; none where one is asked for. */
  readonly token?: string;
  readonly json?: object;
}

async function issuerAt(send: typeof fetch, baseUrl: string): Promise<string> {
  const path = '/.well-known/oauth-authorization-server';
  const response = await sent(() => send(`${baseUrl}${path}`));
  if (!response.ok) throw await problemOf(response);
  const { issuer } = (await response.json()) as { readonly issuer?: unknown };
  if (typeof issuer !== 'string') throw new ApiError('unexpected_answer');
  return issuer;
}

async function sent(send: () => Promise<Response>): Promise<Response> {
  try {
    return await send();
  } catch (cause) {
    throw new ApiError('network', { cause });
  }
}
