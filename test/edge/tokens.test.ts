import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { answerChallenge, openLiteral } from '../../src/core/business.ts';
import { makeProof } from '../../src/core/token/dpop.ts';
import type { PublicJwk } from '../../src/core/token/jwk.ts';
import { openPart } from '../../src/core/token/sealing.ts';
import { allowedProfiles, literalAcceptance } from '../../src/domain/tokens/literal.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import { served } from '../helpers/served.ts';
import { snippetWith } from '../helpers/snippets.ts';
import { softAuthenticator } from '../helpers/soft-authenticator.ts';
import { identity, openingPair } from '../helpers/tokens.ts';

const issuer = 'http://localhost:8787';
const session = 'urn:cinnabar:grant:session';
let edge: Edge;
let secret: string;

beforeAll(async () => {
  edge = await startEdge();
  const { jwk, key } = await openingPair();
  const release = { labels: ['NAME', 'ID_DOC'], purpose: '票据' };
  const json = { id: 'bills', title: '票据系统', key: jwk, release };
  const started = await edge.call('/v1/business-systems', { as: 'administrator-lin', json });
  expect(started.status).toBe(200);
  const { challenge } = await bodyOf(started);
  const binding = { iss: issuer, sub: 'registration', jti: 'registration', aud: 'bills' };
  const opened = await openPart([String(challenge)], [key], binding);
  const proof = { challenge: opened.challenge };
  const proven = await edge.call('/v1/business-systems/bills/proof', {
    as: 'developer-song',
    json: proof,
  });
  secret = String((await bodyOf(proven)).secret);
});

const grant = (json: object, more: object = {}) =>
  edge.call('/v1/tokens', {
    as: 'customer-chen',
    json: { grantType: session, audiences: ['bills'], ...json },
    ...more,
  });

describe('D1 D3 D8: the token routes', () => {
  test('give a token whose public part any library reads, and no value in lists or log', async () => {
    const response = await grant({ identity });
    expect(response.status).toBe(200);
    const answer = await bodyOf(response);
    expect(decodeProtectedHeader(String(answer.accessToken))).toMatchObject({
      alg: 'ES256',
      typ: 'cin-at+jwt',
    });
    expect(decodeJwt(String(answer.accessToken))).toMatchObject({ iss: issuer, aud: 'bills' });
    expect(answer.dropped).toContain('PASSWORD');
    const list = await (await edge.call('/v1/tokens', { as: 'administrator-lin' })).text();
    expect(list).toContain('bills');
    for (const value of Object.values(identity)) {
      expect(list + JSON.stringify(edge.log)).not.toContain(value);
    }
  });

  test('publish keys with alg and use, and what the centre offers (RFC 7517, RFC 8414)', async () => {
    const set = await bodyOf(await edge.call('/.well-known/jwks.json', { as: null }));
    for (const key of set.keys as object[]) expect(key).toMatchObject({ alg: 'ES256', use: 'sig' });
    const metadata = await bodyOf(
      await edge.call('/.well-known/oauth-authorization-server', { as: null }),
    );
    expect(metadata).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks.json` });
  });

  test('let our own tokens in, which make no more of themselves', async () => {
    const own = await bodyOf(await grant({ audiences: ['cinnabar'] }));
    const headers = { authorization: `Bearer ${own.accessToken}` };
    expect((await edge.call('/v1/tokens', { as: null, headers })).status).toBe(200);
    const json = { grantType: session, audiences: ['cinnabar'] };
    expect((await edge.call('/v1/tokens', { as: null, headers, json })).status).toBe(400);
    const foreign = await bodyOf(await grant({}));
    const other = { authorization: `Bearer ${foreign.accessToken}` };
    expect((await edge.call('/v1/tokens', { as: null, headers: other })).status).toBe(401);
  });

  test('let our own tokens ask for those of business systems, which end with them', async () => {
    const own = await bodyOf(await grant({ audiences: ['cinnabar'] }));
    const headers = { authorization: `Bearer ${own.accessToken}` };
    const json = { grantType: session, audiences: ['bills'], identity };
    const ask = () => edge.call('/v1/tokens', { as: null, headers, json });
    const inner = await bodyOf(await ask());
    expect(inner).not.toHaveProperty('refreshToken');
    expect(inner.released).toMatchObject([
      { system: 'bills', labels: expect.arrayContaining(['NAME']) },
    ]);
    const client = { institution: 'beichen-bank', id: 'bills', secret };
    const isActive = async (token: unknown) =>
      (
        await bodyOf(
          await edge.call('/v1/tokens/introspect', { as: null, json: { client, token } }),
        )
      ).active;
    expect(await isActive(inner.accessToken)).toBe(true);
    // Ending the inner one leaves the sign-in alone; ending the sign-in ends what came of it.
    const end = (id: unknown) =>
      edge.call(`/v1/tokens/${id}/revoke`, { method: 'POST', as: 'customer-chen' });
    expect((await end(inner.id)).status).toBe(204);
    expect(await isActive(inner.accessToken)).toBe(false);
    const second = await bodyOf(await ask());
    expect(await isActive(second.accessToken)).toBe(true);
    const refresh = { grantType: 'refresh_token', refreshToken: own.refreshToken };
    const renewed = await bodyOf(await edge.call('/v1/tokens', { as: null, json: refresh }));
    expect((await end(own.id)).status).toBe(204);
    expect(await isActive(second.accessToken)).toBe(false);
    const late = { authorization: `Bearer ${renewed.accessToken}` };
    expect([400, 401]).toContain(
      (await edge.call('/v1/tokens', { as: null, headers: late, json })).status,
    );
  });

  test('are sealed to the next key of a system once it is proved and taken into use', async () => {
    const { jwk: next, key: opening } = await openingPair('P-256');
    const at = '/v1/business-systems/bills/next-key';
    const by = { as: 'administrator-lin' };
    const named = await bodyOf(await edge.call(at, { ...by, json: { key: next } }));
    const binding = { iss: issuer, sub: 'registration', jti: 'registration', aud: 'bills' };
    const read = await openPart([String(named.challenge)], [opening], binding);
    const json = { challenge: read.challenge };
    expect(await bodyOf(await edge.call(`${at}/proof`, { ...by, json }))).toMatchObject({
      nextKey: { kid: opening.kid, isProven: true },
    });
    const use = (who: string) => edge.call(`${at}/use`, { method: 'POST', as: who });
    expect((await use('developer-song')).status).toBe(403);
    expect(await bodyOf(await use('administrator-lin'))).toMatchObject({
      kid: opening.kid,
      oldKey: { until: expect.stringMatching(/Z$/) },
    });
    expect((await use('administrator-lin')).status).toBe(409);
  });

  test('seal to no system whose key the profile cannot use', async () => {
    const answer = await grant({ profile: 'cin-sm-1' });
    expect(answer.status).toBe(400);
    expect(await bodyOf(answer)).toMatchObject({ code: 'invalid_request' });
  });

  test('replace refresh tokens, and revoke them', async () => {
    const first = await bodyOf(await grant({ identity }));
    const refresh = (refreshToken: unknown) =>
      edge.call('/v1/tokens', { as: null, json: { grantType: 'refresh_token', refreshToken } });
    const second = await bodyOf(await refresh(first.refreshToken));
    const revoke = { as: null, json: { refreshToken: second.refreshToken } };
    expect((await edge.call('/v1/tokens/revoke', revoke)).status).toBe(204);
    expect((await edge.call('/v1/tokens/revoke', revoke)).status).toBe(204);
    expect((await refresh(second.refreshToken)).status).toBe(400);
  });

  test('answer introspection to the audience by its secret', async () => {
    const { accessToken: token, id } = await bodyOf(await grant({ identity }));
    const client = { institution: 'beichen-bank', id: 'bills', secret };
    const ask = async (json: object) => edge.call('/v1/tokens/introspect', { as: null, json });
    expect(await bodyOf(await ask({ client, token }))).toMatchObject({
      active: true,
      released: expect.arrayContaining(['NAME']),
    });
    expect((await ask({ client: { ...client, secret: 'A'.repeat(43) }, token })).status).toBe(401);
    expect(
      (await edge.call(`/v1/tokens/${id}/revoke`, { method: 'POST', as: 'customer-chen' })).status,
    ).toBe(204);
    expect(await bodyOf(await ask({ client, token }))).toEqual({ active: false });
  });

  test('bind a token to the key of a DPoP proof, once (RFC 9449)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = (await exportJWK(publicKey)) as PublicJwk;
    const dpop = await makeProof({
      key: privateKey,
      publicJwk,
      method: 'POST',
      url: `${issuer}/v1/tokens`,
      jti: 'proof-0123456789ab',
      nowMs: edge.clock.now(),
    });
    const headers = { dpop };
    const answer = await bodyOf(await grant({}, { headers }));
    expect(answer.tokenType).toBe('DPoP');
    expect(decodeJwt(String(answer.accessToken)).cnf).toHaveProperty('jkt');
    expect((await grant({}, { headers })).status).toBe(400);
    expect((await grant({}, { headers: { dpop: 'x.y.z' } })).status).toBe(400);
  });

  test('rotate and revoke keys for administrators only', async () => {
    const json = { algorithm: 'ES256' };
    expect((await edge.call('/v1/issuer-keys/rotate', { as: 'customer-chen', json })).status).toBe(
      403,
    );
    const rotated = await bodyOf(
      await edge.call('/v1/issuer-keys/rotate', { as: 'administrator-lin', json }),
    );
    const keys = rotated.items as { readonly id: string; readonly state: string }[];
    expect(keys.map(({ state }) => state)).toEqual(
      expect.arrayContaining(['next', 'active', 'passive']),
    );
    const passive = keys.find(({ state }) => state === 'passive');
    const path = `/v1/issuer-keys/${passive?.id}/revoke`;
    expect((await edge.call(path, { as: 'operator-ma', method: 'POST' })).status).toBe(200);
  });

  test('begin a passkey for pages of this service only', async () => {
    const path = '/v1/auth/passkeys/authentication/options';
    const json = { institution: 'beichen-bank' };
    const from = (origin: string) => edge.call(path, { as: null, json, headers: { origin } });
    expect((await from('http://localhost:8787')).status).toBe(200);
    expect((await from('https://attacker.example')).status).toBe(403);
    const forged = { id: '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10' };
    expect(
      (
        await edge.call('/v1/tokens', {
          as: null,
          json: { ...forged, grantType: 'urn:cinnabar:grant:passkey' },
        })
      ).status,
    ).toBe(400);
  });
});

describe('D5 D8: the endpoints of the metadata, as libraries for OAuth speak', () => {
  const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
  const access = 'urn:ietf:params:oauth:token-type:access_token';
  const post = (name: string, form: Record<string, string> | [string, string][], more = {}) =>
    edge.call(`/v1/oauth/${name}`, {
      as: null,
      body: String(new URLSearchParams(form)),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...more },
    });
  const client = () => ({ client_id: 'beichen-bank.bills', client_secret: secret });
  const basic = (text: string) => ({ authorization: `Basic ${btoa(text)}` });
  const errorOf = async (response: Response) => {
    const { error } = await bodyOf(response);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return [response.status, error];
  };

  test('are where the metadata says, and do what it says', async () => {
    const at = '/.well-known/oauth-authorization-server';
    const metadata = await bodyOf(await edge.call(at, { as: null }));
    for (const name of ['token', 'introspection', 'revocation']) {
      const url = new URL(String(metadata[`${name}_endpoint`]));
      const answer = await edge.call(url.pathname, {
        as: null,
        body: 'token=x&grant_type=none',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
      expect([200, 400, 401]).toContain(answer.status);
    }
    for (const type of metadata.grant_types_supported as string[]) {
      expect(await errorOf(await post('token', { grant_type: type }))).not.toContain(
        'unsupported_grant_type',
      );
    }
  });

  test('refresh, by form, with RFC 6749’s answer and errors', async () => {
    const first = await bodyOf(await grant({ identity }));
    const form = { grant_type: 'refresh_token', refresh_token: String(first.refreshToken) };
    const response = await post('token', form);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const answer = await bodyOf(response);
    expect(answer).toMatchObject({ token_type: 'Bearer', expires_in: expect.any(Number) });
    expect(decodeJwt(String(answer.access_token))).toMatchObject({ iss: issuer, aud: 'bills' });
    expect(await errorOf(await post('token', form))).toEqual([400, 'invalid_grant']);
    expect(await errorOf(await post('token', { grant_type: 'password' }))).toEqual([
      400,
      'unsupported_grant_type',
    ]);
    const twice: [string, string][] = [...Object.entries(form), ['refresh_token', 'x']];
    expect(await errorOf(await post('token', twice))).toEqual([400, 'invalid_request']);
    expect(
      await errorOf(await post('token', form, { 'content-type': 'application/json' })),
    ).toEqual([400, 'invalid_request']);
    expect(await errorOf(await post('token', form, { dpop: 'a.b.c' }))).toEqual([
      400,
      'invalid_dpop_proof',
    ]);
  });

  test('exchange a token as docs/business-systems.md shows with curl (RFC 8693)', async () => {
    const { jwk, key } = await openingPair();
    const release = { labels: ['NAME'], purpose: '税务' };
    const json = { id: 'tax', title: '税务系统', key: jwk, release };
    const started = await bodyOf(
      await edge.call('/v1/business-systems', { as: 'administrator-lin', json }),
    );
    const challenge = await answerChallenge(String(started.challenge), key, {
      issuer,
      name: 'tax',
    });
    await edge.call('/v1/business-systems/tax/proof', {
      as: 'developer-song',
      json: { challenge },
    });
    const first = await bodyOf(await grant({ identity }));
    const shown = await snippetWith('docs/business-systems.md', 'sh', 'curl');
    const { server, url } = await served(edge);
    const { stdout } = await promisify(execFile)('sh', ['-c', `${shown.trim()} -s`], {
      env: { ...process.env, SECRET: secret, ISSUER: url, TOKEN: String(first.accessToken) },
    });
    server.close();
    const { access_token: exchanged } = JSON.parse(stdout);
    expect(decodeJwt(String(exchanged)), stdout).toMatchObject({ iss: issuer, aud: 'tax' });
  });

  test('bind to a key whose proof names the endpoint (RFC 9449)', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = (await exportJWK(publicKey)) as PublicJwk;
    const proof = (path: string) =>
      makeProof({
        key: privateKey,
        publicJwk,
        method: 'POST',
        url: `${issuer}${path}`,
        jti: crypto.randomUUID(),
        nowMs: edge.clock.now(),
      });
    const first = await bodyOf(await grant({}, { headers: { dpop: await proof('/v1/tokens') } }));
    const form = { grant_type: 'refresh_token', refresh_token: String(first.refreshToken) };
    expect(await errorOf(await post('token', form, { dpop: await proof('/v1/tokens') }))).toEqual([
      400,
      'invalid_dpop_proof',
    ]);
    const answer = await post('token', form, { dpop: await proof('/v1/oauth/token') });
    expect(await bodyOf(answer)).toMatchObject({ token_type: 'DPoP' });
  });

  test('exchange, introspect and revoke, for who shows the secret in the form or in Basic', async () => {
    const first = await bodyOf(await grant({ identity }));
    const subject = {
      grant_type: exchange,
      subject_token: String(first.accessToken),
      subject_token_type: access,
    };
    const credentials = basic(`beichen-bank.bills:${secret}`);
    const resource = `${issuer}/v1/business-systems/bills`;
    for (const [form, headers] of [
      [{ ...subject, ...client(), audience: 'bills' }, {}],
      [{ ...subject, resource }, credentials],
    ] as const) {
      expect(await bodyOf(await post('token', form, headers))).toMatchObject({
        issued_token_type: access,
      });
    }
    const refused: [Record<string, string>, object, unknown[]][] = [
      [{ ...subject, audience: 'bills' }, {}, [401, 'invalid_client']],
      [{ ...subject, audience: 'bills' }, basic('beichen-bank.bills:x'), [401, 'invalid_client']],
      [{ ...subject, ...client(), audience: 'none' }, {}, [400, 'invalid_target']],
      [{ ...subject, ...client() }, {}, [400, 'invalid_target']],
      [{ ...subject, ...client(), resource: 'https://x.example/' }, {}, [400, 'invalid_target']],
      [{ ...subject, ...client(), audience: 'bills' }, credentials, [400, 'invalid_request']],
      [
        { ...subject, ...client(), audience: 'bills', subject_token_type: 'x' },
        {},
        [400, 'invalid_request'],
      ],
      [
        { ...subject, ...client(), audience: 'bills', subject_token: 'x' },
        {},
        [400, 'invalid_grant'],
      ],
    ];
    for (const [form, headers, expected] of refused) {
      expect(await errorOf(await post('token', form, headers as never))).toEqual(expected);
    }
    const asked = { token: String(first.accessToken), ...client() };
    expect(await bodyOf(await post('introspect', asked))).toMatchObject({
      active: true,
      aud: ['bills'],
      iss: issuer,
      token_type: 'Bearer',
    });
    expect(await errorOf(await post('introspect', { token: 'x' }))).toEqual([
      401,
      'invalid_client',
    ]);
    expect(await errorOf(await post('revoke', { token: String(first.accessToken) }))).toEqual([
      400,
      'unsupported_token_type',
    ]);
    expect((await post('revoke', { token: 'unknown' })).status).toBe(200);
    expect((await post('revoke', { token: String(first.refreshToken) })).status).toBe(200);
    expect(await bodyOf(await post('introspect', asked))).toEqual({ active: false });
  });
});

test('D6: with both switches on, a token whose alg is encrypted goes from the centre to its reader', async () => {
  const profiles = allowedProfiles({ profile: 'on', accept: literalAcceptance });
  const on = await startEdge(() => ({ profiles }));
  const { jwk, key } = await openingPair('X25519');
  const release = { labels: ['NAME', 'ID_DOC'], purpose: '票据' };
  const as = 'administrator-lin';
  const system = { id: 'ledgers', title: '台账', key: jwk, release };
  const { challenge } = await bodyOf(await on.call('/v1/business-systems', { as, json: system }));
  const json = {
    challenge: await answerChallenge(String(challenge), key, { issuer, name: 'ledgers' }),
  };
  expect((await on.call('/v1/business-systems/ledgers/proof', { as, json })).status).toBe(200);
  const request = { grantType: session, audiences: ['ledgers'], identity };
  const wanted = { as: 'customer-chen', json: { ...request, profile: 'cin-003-literal' } };
  const token = String((await bodyOf(await on.call('/v1/tokens', wanted))).accessToken);
  // The header's alg is a ciphertext, and the payload names the method (D6).
  expect(decodeProtectedHeader(token).alg).toMatch(/^eyJ[\w-]+\.\./);
  expect(decodeJwt(token).alg_method).toBe('ECDH-ES+A256GCM');
  const published = '/.well-known/jwks.json?profile=cin-003-literal';
  const { keys } = await bodyOf(await on.call(published, { as: null }));
  const [signing, recovery] = ['RS256', 'RSA-RECOVERY'].map((alg) =>
    (keys as { alg: string }[]).filter((one) => one.alg === alg),
  );
  const trust = { issuer, audience: 'ledgers', signing, recovery, openingKeys: [key] };
  const { claims, facts } = await openLiteral(token, trust as never, on.clock.now());
  expect(claims.aud).toEqual(['ledgers']);
  expect(facts.map(({ value }) => value)).toEqual(
    expect.arrayContaining([identity.姓名, identity.身份证号]),
  );
  const { key: other } = await openingPair('X25519');
  const others = { ...trust, openingKeys: [other] } as never;
  await expect(openLiteral(token, others, on.clock.now())).rejects.toMatchObject({
    code: 'token_refused',
  });
  // Where the switches are off, the same request is refused, and nobody else reads such a token.
  expect(await bodyOf(await edge.call('/v1/tokens', wanted))).toMatchObject({
    code: 'token_profile_off',
  });
  const headers = { authorization: `Bearer ${token}` };
  expect((await on.call('/v1/tokens', { as: null, headers })).status).toBe(401);
});

describe('D8 E3: what a passkey gave', () => {
  test('ends with it: refresh token, tokens, and what they asked for', async () => {
    // The keys that this process verifies with are those of now.
    edge.clock.advance(10_000);
    const headers = { origin: issuer };
    const passkeys = '/v1/auth/passkeys';
    const device = await softAuthenticator({ id: 'localhost', origin: issuer });
    const as = 'customer-chen';
    const started = await bodyOf(
      await edge.call(`${passkeys}/registration/options`, { as, method: 'POST', headers }),
    );
    const { challenge } = started.options as { challenge: string };
    const response = await device.create(challenge);
    const registered = await edge.call(`${passkeys}/registration`, {
      as,
      headers,
      json: { id: started.id, label: '手机', response },
    });
    expect(registered.ok).toBe(true);
    const asked = await bodyOf(
      await edge.call(`${passkeys}/authentication/options`, {
        as: null,
        headers,
        json: { institution: 'beichen-bank' },
      }),
    );
    const answer = await device.get((asked.options as { challenge: string }).challenge);
    const signIn = (audiences: string[], id: unknown, assertion: unknown) =>
      edge.call('/v1/tokens', {
        as: null,
        headers,
        json: {
          grantType: 'urn:cinnabar:grant:passkey',
          institution: 'beichen-bank',
          challengeId: id,
          response: assertion,
          audiences,
        },
      });
    const own = await bodyOf(await signIn(['cinnabar'], asked.id, answer));
    const bearer = { authorization: `Bearer ${own.accessToken}` };
    const json = { grantType: session, audiences: ['bills'], identity };
    const inner = await bodyOf(await edge.call('/v1/tokens', { as: null, headers: bearer, json }));
    const bySession = await bodyOf(await grant({}));
    const isActive = async (token: unknown) => {
      const client = { institution: 'beichen-bank', id: 'bills', secret };
      const asking = { as: null, json: { client, token } };
      return (await bodyOf(await edge.call('/v1/tokens/introspect', asking))).active;
    };
    expect(await isActive(inner.accessToken)).toBe(true);
    const revoked = await edge.call(`${passkeys}/${device.id}/revoke`, { as, method: 'POST' });
    expect(revoked.ok).toBe(true);
    expect(await isActive(inner.accessToken)).toBe(false);
    const refresh = { grantType: 'refresh_token', refreshToken: own.refreshToken };
    const renewed = await edge.call('/v1/tokens', { as: null, json: refresh });
    expect((await bodyOf(renewed)).code).toBe('grant_refused');
    edge.clock.advance(10_000);
    expect((await edge.call('/v1/tokens', { as: null, headers: bearer })).status).toBe(401);
    // And the list says so; what came another way is as it was.
    const list = (await bodyOf(await edge.call('/v1/tokens', { as }))).items as {
      id: string;
      state: string;
    }[];
    const stateOf = (id: unknown) => list.find((token) => token.id === id)?.state;
    expect([own, inner, bySession].map(({ id }) => stateOf(id))).toEqual([
      'revoked',
      'revoked',
      'active',
    ]);
  });
});

describe('D1: sensitive fields over HTTP', () => {
  const extract = (json: object) => edge.call('/v1/sensitive/extract', { json });
  const spansOf = async (response: Response) =>
    (await bodyOf(response)).spans as { readonly start: number; readonly end: number }[];

  test('are named by place and label, in a text and in a form, and nothing is repeated', async () => {
    const text = await extract({ text: `客户手机${identity.手机号}` });
    const { spans } = await bodyOf(text);
    expect(spans).toContainEqual(
      expect.objectContaining({ label: 'CONTACT', start: 4, end: 4 + identity.手机号.length }),
    );
    const form = await (await extract({ json: { ...identity, 备注: '无' } })).text();
    expect(JSON.parse(form).sensitive).toContainEqual(
      expect.objectContaining({ path: '/身份证号', label: 'ID_DOC' }),
    );
    expect(JSON.parse(form).open).toContainEqual({ path: '/备注' });
    for (const value of Object.values(identity)) expect(form + edge.log).not.toContain(value);
  });

  test.each([
    ['form', `mobile=%31${identity.手机号.slice(1)}&page=1`, '/mobile'],
    ['lines', `MOBILE = ${identity.手机号}\nPAGE = 1`, '/MOBILE'],
    ['table', `page,mobile\n1,${identity.手机号}`, '/0/mobile'],
    ['json', `{"mobile":${identity.手机号}}`, '/mobile'],
    [
      'multipart',
      `--b1\r\nContent-Disposition: form-data; name="mobile"\r\n\r\n${identity.手机号}\r\n--b1--\r\n`,
      '/mobile',
    ],
  ])(
    'are named in a body that was sent as %s, by its names and by its text',
    async (format, body, path) => {
      const split = await bodyOf(await extract({ body }));
      expect(split).toMatchObject({ format, sensitive: [{ path, label: 'CONTACT', whole: true }] });
      const [span, ...others] = await spansOf(await extract({ text: body }));
      expect(others).toEqual([]);
      expect(body.slice(span?.start, span?.end)).toMatch(/^(?:%31|1)3805712290$/);
    },
  );

  test('are called so as readily as is asked, for each label', async () => {
    const text = '寄件人宁远，收件人安然，品名：书籍。';
    const count = async (point: object | string) =>
      (await spansOf(await extract({ text, point }))).length;
    const [few, many] = [await count('precision'), await count('recall')];
    expect(many).toBeGreaterThan(few);
    expect(await count({ NAME: 'recall', CONTACT: 'precision' })).toBe(many);
    expect(await count({ NAME: 'precision', CONTACT: 'recall' })).toBe(few);
  });

  test('are refused in a wrong form with the reason, never with a defect', async () => {
    let deep: object = {};
    for (let i = 0; i < 40; i++) deep = { deep };
    for (const json of [
      {},
      { text: 'a', json: {} },
      { text: 'a'.repeat(20_001) },
      { json: deep },
      { body: 'Nothing in here has a name.' },
      { body: 'a=1&b=2', text: 'a' },
      { text: 'a', point: { NAME: 'best' } },
      { text: 'a', point: { EYES: 'recall' } },
    ]) {
      const response = await extract(json);
      expect([response.status, (await bodyOf(response)).code]).toEqual([400, 'invalid_request']);
    }
    const asIdentity = await grant({ identity: { deep } });
    expect((await bodyOf(asIdentity)).code).toBe('invalid_request');
  });
});
