import { OpenAPIHono } from '@hono/zod-openapi';
import { SignJWT, UnsecuredJWT } from 'jose';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EdgeApp, EdgeEnv } from '../../src/edge/context.ts';
import { demoTokens } from '../../src/edge/middleware/access-token.ts';
import { assertEveryRouteHasRule } from '../../src/edge/routing.ts';
import {
  bodyOf,
  cardDates,
  type Edge,
  enrolled,
  startEdge,
  verificationForm,
} from '../helpers/edge.ts';
import { ringWithCross } from '../helpers/imprints.ts';
import { seededRandom, tickingClock } from '../helpers/time-and-chance.ts';

const presented = { scheme: 'bearer', method: 'GET', url: 'http://localhost/v1/seals' } as const;
const nobodysId = '019aa3c1-5c00-7a31-9c2b-8f3f0d6f1a10';

describe('access', () => {
  let edge: Edge;

  beforeAll(async () => {
    edge = await startEdge();
  });

  it("keeps what one bank has from another bank's people, as if it did not exist", async () => {
    const { accountId, cardId, sealId } = await enrolled(edge, ringWithCross);
    const made = await bodyOf(
      await edge.call('/v1/seal-verifications', { form: verificationForm(sealId, ringWithCross) }),
    );
    expect(made).toMatchObject({ verdict: 'pass' });
    const reads = (id: Record<'account' | 'card' | 'seal' | 'verification', unknown>) => [
      `/v1/seals/accounts/${id.account}`,
      `/v1/seals/cards/${id.card}/image`,
      `/v1/seals/${id.seal}`,
      `/v1/seals/${id.seal}/revisions`,
      `/v1/seals/${id.seal}/picture`,
      `/v1/seal-verifications/${id.verification}`,
      `/v1/seal-verifications/${id.verification}/pictures`,
      `/v1/seal-verifications/${id.verification}/pictures/reserved`,
    ];
    const ours = reads({ account: accountId, card: cardId, seal: sealId, verification: made.id });
    const nobodys = reads({
      account: nobodysId,
      card: nobodysId,
      seal: nobodysId,
      verification: nobodysId,
    });
    for (const [index, path] of ours.entries()) {
      const foreign = await edge.call(path, { as: 'teller-wu' });
      const absent = await edge.call(nobodys[index] ?? '', { as: 'teller-wu' });
      expect(foreign.status, path).toBe(404);
      const { requestId: _one, ...foreignBody } = await bodyOf(foreign);
      const { requestId: _other, ...absentBody } = await bodyOf(absent);
      expect(foreignBody).toEqual(absentBody);
    }
    const writes = [
      edge.call('/v1/seals/cards', {
        as: 'teller-wu',
        form: { accountId, number: 'YJK-9', ...cardDates },
      }),
      edge.call('/v1/seals', {
        as: 'teller-wu',
        form: { cardId, serial: 'S-9', shape: 'round', imprint: ringWithCross },
      }),
      edge.call(`/v1/seals/${sealId}/rebuild`, {
        as: 'teller-wu',
        form: { revision: '1', imprint: ringWithCross },
      }),
      edge.call('/v1/seal-verifications', {
        as: 'teller-wu',
        form: verificationForm(sealId, ringWithCross),
      }),
    ];
    for (const response of await Promise.all(writes)) expect(response.status).toBe(404);
    for (const list of ['/v1/seals/accounts', '/v1/seals', '/v1/seal-verifications']) {
      expect(await bodyOf(await edge.call(list, { as: 'teller-wu' })), list).toMatchObject({
        items: [],
      });
    }
    const audit = await bodyOf(await edge.call('/v1/audit', { as: 'auditor-tang' }));
    for (const record of audit.items as { tenant: string }[]) {
      expect(record.tenant).toBe('nanpu-bank');
    }
    // The same numbers are free at the other bank.
    const own = await edge.call('/v1/seals/accounts', {
      as: 'teller-wu',
      json: { number: '6222-0001', name: 'n', contact: 'c' },
    });
    expect(own.status).toBe(201);
  });

  it('does not start with a route that has no rule', () => {
    const app: EdgeApp = new OpenAPIHono<EdgeEnv>();
    app.get('/healthz', (c) => c.text('ok'));
    expect(() => assertEveryRouteHasRule(app)).not.toThrow();
    app.post('/v1/seals/:id/forgotten', (c) => c.text('ok'));
    expect(() => assertEveryRouteHasRule(app)).toThrow('POST /v1/seals/{id}/forgotten');
  });

  it('limits the rate of each actor, and of each address without a token', async () => {
    const asked: string[] = [];
    const busy = await startEdge(() => ({
      limiter: {
        allow: async (caller) => {
          asked.push(caller);
          return false;
        },
      },
    }));
    const refused = await busy.call('/v1/seals');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(await bodyOf(refused)).toMatchObject({ code: 'rate_limited' });
    await busy.call('/v1/seals', { as: null, headers: { 'cf-connecting-ip': '192.0.2.7' } });
    expect(asked).toEqual(['actor:beichen-bank/teller-zhou', 'address:192.0.2.7']);
    for (const path of ['/readyz', '/metrics', '/pki/crl', '/pki/ocsp/AAAA']) {
      expect((await busy.call(path, { as: null })).status, path).toBe(429);
    }
    expect((await busy.call('/healthz', { as: null })).status).toBe(200);
  });
});

describe('access tokens', () => {
  const secret = seededRandom(21).bytes(32);
  const clock = tickingClock();
  const issuedAt = Math.floor(clock.now() / 1000);
  const { authenticator } = demoTokens(secret, { clock, random: seededRandom(22) });

  const claims = {
    tenant: 'beichen-bank',
    branch: '0102',
    roles: ['teller'],
    name: '周敏',
    sub: 'teller-zhou',
    iss: 'cinnabar-demo',
    aud: 'cinnabar',
    iat: issuedAt,
    exp: issuedAt + 900,
    jti: '1',
  };
  const header = { alg: 'HS256', typ: 'at+jwt' };

  function signed(
    changedClaims: object = {},
    changedHeader: object = {},
    key: Uint8Array = secret,
  ): Promise<string> {
    return new SignJWT({ ...claims, ...changedClaims })
      .setProtectedHeader({ ...header, ...changedHeader })
      .sign(key);
  }

  it('say who asks', async () => {
    expect(await authenticator.authenticate(await signed(), presented)).toEqual({
      id: 'teller-zhou',
      tenant: 'beichen-bank',
      branch: '0102',
      roles: ['teller'],
      name: '周敏',
    });
  });

  const wrong: [string, () => string | Promise<string>][] = [
    ['no signature', () => new UnsecuredJWT(claims).encode()],
    ['another algorithm', () => signed({}, { alg: 'HS512' }, seededRandom(2).bytes(64))],
    ['the right algorithm under another name', () => signed({}, { alg: 'HS384' })],
    ['another key', () => signed({}, {}, seededRandom(1).bytes(32))],
    ['another type', () => signed({}, { typ: 'JWT' })],
    ['no type', () => signed({}, { typ: undefined })],
    ['another audience', () => signed({ aud: 'elsewhere' })],
    ['no audience', () => signed({ aud: undefined })],
    ['another issuer', () => signed({ iss: 'cinnabar' })],
    ['no issuer', () => signed({ iss: undefined })],
    ['an end in the past', () => signed({ exp: issuedAt - 10 })],
    ['no end', () => signed({ exp: undefined })],
    ['too long a life', () => signed({ iat: issuedAt - 1000, exp: issuedAt + 9000 })],
    ['no beginning', () => signed({ iat: undefined })],
    ['a beginning in the future', () => signed({ nbf: issuedAt + 100 })],
    ['no id', () => signed({ jti: undefined })],
    ['no subject', () => signed({ sub: undefined })],
    ['a subject with a slash', () => signed({ sub: 'a/b' })],
    ['no tenant', () => signed({ tenant: undefined })],
    ['a tenant that is a path', () => signed({ tenant: '../nanpu-bank' })],
    ['an unknown role', () => signed({ roles: ['teller', 'root'] })],
    ['no role', () => signed({ roles: [] })],
    ['roles as text', () => signed({ roles: 'teller' })],
    ['a critical header', () => signed({}, { crit: ['x'], x: 1 }).catch(() => 'a.b.c')],
    [
      'a changed claim',
      async () => {
        const [head, , tail] = (await signed()).split('.');
        const forged = Buffer.from(JSON.stringify({ ...claims, roles: ['auditor'] }));
        return [head, forged.toString('base64url'), tail].join('.');
      },
    ],
    ['two parts only', async () => (await signed()).split('.').slice(0, 2).join('.')],
    ['nothing that is a token', () => 'x'],
  ];

  it.each(wrong)('are refused alike with %s', async (_what, token) => {
    await expect(authenticator.authenticate(await token(), presented)).rejects.toMatchObject({
      code: 'unauthenticated',
      detail: undefined,
    });
  });

  it('are read only from a Bearer header of bounded length', async () => {
    const edge = await startEdge();
    const token = await edge.tokenOf('teller-zhou');
    const status = async (authorization: string) =>
      (await edge.call('/v1/seals', { as: null, headers: { authorization } })).status;
    expect(await status(`Bearer ${token}`)).toBe(200);
    expect(await status(`bearer ${token}`)).toBe(200);
    expect(await status(`Basic ${token}`)).toBe(401);
    expect(await status(token)).toBe(401);
    expect(await status(`Bearer ${token} ${token}`)).toBe(401);
    expect(await status(`Bearer ${token}${'A'.repeat(9000)}`)).toBe(401);
    const query = await edge.call(`/v1/seals?access_token=${token}`, { as: null });
    expect(query.status).toBe(401);
  });

  it('end after fifteen minutes', async () => {
    const edge = await startEdge();
    const authorization = `Bearer ${await edge.tokenOf('teller-zhou')}`;
    const status = async () =>
      (await edge.call('/v1/seals', { as: null, headers: { authorization } })).status;
    edge.clock.advance(14 * 60_000);
    expect(await status()).toBe(200);
    edge.clock.advance(2 * 60_000);
    expect(await status()).toBe(401);
  });

  it('cannot be made from a short secret', () => {
    expect(() => demoTokens(new Uint8Array(31), { clock, random: seededRandom(1) })).toThrow();
  });
});
