import { exports } from 'cloudflare:workers';
import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeProof } from '../../src/core/token/dpop.ts';
import type { PublicJwk } from '../../src/core/token/jwk.ts';
import { freshId } from '../contract/fresh.ts';
import { identity } from '../helpers/tokens.ts';
import { answerOf, callAs } from '../helpers/workerd/calls.ts';

const origin = 'http://localhost:8787';
const session = 'urn:cinnabar:grant:session';

interface Granted {
  readonly accessToken: string;
  readonly id: string;
  readonly tokenType: string;
  readonly dropped: string[];
  readonly refreshToken: string;
}

const grant = async (more: object = {}) =>
  answerOf<Granted>(
    await callAs('customer-chen', '/v1/tokens', {
      json: { grantType: session, audiences: ['bills'], identity, ...more },
    }),
  );

/** Asks with a token instead of a demo identity. */
function ask(method: string, path: string, headers: HeadersInit, json?: object) {
  const all = new Headers(headers);
  if (json) all.set('content-type', 'application/json');
  return exports.default.fetch(
    new Request(`http://localhost${path}`, {
      method,
      headers: all,
      ...(json ? { body: JSON.stringify(json) } : {}),
    }),
  );
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const codeOf = async (response: Response) => (await response.json<{ code: string }>()).code;
const request = (action: string, more: object = {}) => ({
  id: freshId(),
  session: 'session-1',
  action,
  ...more,
});

interface Answer {
  readonly result: {
    readonly bills?: { id: string; state: string }[];
    readonly bill?: { state: string };
    readonly payer?: { name: string; account: string };
    readonly ready?: { id: string };
  };
  readonly keyData: { readonly events: number; readonly next: { action: string }[] };
}

describe('D1 to D7: from the terminal to a business system and back', () => {
  let token: string;
  const business = async (json: object) =>
    answerOf<Answer>(await ask('POST', '/v1/business/requests', bearer(token), json));

  beforeAll(async () => {
    const system = await answerOf<{ name: string }>(await callAs(undefined, '/v1/business/system'));
    expect(system.name).toBe('bills');
  });

  test('D3 D4: the terminal reads the public part of its token and none of the sensitive one', async () => {
    const granted = await grant();
    token = granted.accessToken;
    expect(granted.dropped).toContain('PASSWORD');
    expect(decodeJwt(token)).toMatchObject({ aud: 'bills', pub: { tenant: 'beichen-bank' } });
    for (const value of Object.values(identity)) {
      expect(token + JSON.stringify(decodeJwt(token))).not.toContain(value);
    }
  });

  test('D5 D7: the business system opens it, handles the request and returns data', async () => {
    const listed = await business(request('bill.list'));
    expect(listed.result.bills?.map(({ state }) => state)).toContain('due');
    const paid = await business(request('bill.pay', { bill: 'water-09' }));
    expect(paid.result.bill?.state).toBe('paid');
    expect(paid.result.payer?.name).toBe('陈**');
    expect(paid.keyData.events).toBe(2);
    const again = await ask(
      'POST',
      '/v1/business/requests',
      bearer(token),
      request('bill.pay', { bill: 'water-09' }),
    );
    expect(await codeOf(again)).toBe('business_bill_paid');
  });

  test('D7: a request that is repeated counts once', async () => {
    const same = request('bill.pay', { bill: 'gas-09' });
    const [one, other] = await Promise.all([business(same), business(same)]);
    expect([one.result.bill?.state, other.result.bill?.state]).toEqual(['paid', 'paid']);
  });

  test('D2: what the token does not permit is refused, whatever the terminal says', async () => {
    const over = request('bill.pay', { bill: 'rent-10', confirmed: true });
    const response = await ask('POST', '/v1/business/requests', bearer(token), over);
    expect([response.status, await codeOf(response)]).toEqual([403, 'business_not_permitted']);
  });

  test('D5: without its facts, with a foreign or an altered token nothing is handled', async () => {
    const bare = (await grant({ identity: {} })).accessToken;
    const pay = request('bill.pay', { bill: 'power-09' });
    const absent = await ask('POST', '/v1/business/requests', bearer(bare), pay);
    expect(await codeOf(absent)).toBe('business_fact_absent');
    const own = (await grant({ audiences: ['cinnabar'] })).accessToken;
    const [header, payload] = token.split('.');
    for (const wrong of [own, `${header}.${payload}.${'A'.repeat(86)}`, 'none', '']) {
      const response = await ask('POST', '/v1/business/requests', bearer(wrong), pay);
      expect([response.status, await codeOf(response)]).toEqual([401, 'business_token_refused']);
    }
  });

  test('D3 D5: the GM profile goes the same way, to the system’s SM2 key', async () => {
    const gm = await grant({ audiences: ['bills-gm'], profile: 'cin-sm-1' });
    expect(decodeProtectedHeader(gm.accessToken)).toMatchObject({ alg: 'SM2-SM3' });
    const view = await answerOf<{ system: string; facts: { label: string; masked: string }[] }>(
      await ask('GET', '/v1/business/view', bearer(gm.accessToken)),
    );
    expect(view.system).toBe('bills-gm');
    expect(view.facts).toContainEqual(expect.objectContaining({ label: 'NAME', masked: '陈**' }));
  });

  test('D7: behaviour makes the next action likely, is exported without facts, and is erased', async () => {
    for (let visit = 0; visit < 4; visit++) {
      for (const action of ['bill.list', 'contact.confirm', 'bill.list']) {
        await business({ ...request(action), session: `visit-000${visit}` });
      }
    }
    const data = await answerOf<Answer['keyData']>(
      await ask('GET', '/v1/business/insights', bearer(token)),
    );
    expect(data.next[0]?.action).toBe('bill.list');
    const taken = await (await ask('GET', '/v1/business/events', bearer(token))).text();
    expect(taken).toContain('contact.confirm');
    for (const value of Object.values(identity)) expect(taken).not.toContain(value);
    const erased = await answerOf<{ erased: number }>(
      await ask('DELETE', '/v1/business/events', bearer(token)),
    );
    expect(erased.erased).toBeGreaterThan(12);
    const after = await answerOf<Answer['keyData']>(
      await ask('GET', '/v1/business/insights', bearer(token)),
    );
    expect(after.events).toBe(0);
  });
});

describe('D8: a token that is bound to a key of the terminal', () => {
  let count = 0;
  async function terminal() {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = (await exportJWK(pair.publicKey)) as PublicJwk;
    return (method: string, path: string, more: object = {}) =>
      makeProof({
        key: pair.privateKey,
        publicJwk,
        method,
        url: `${origin}${path}`,
        jti: `proof-0123456789-${count++}`,
        nowMs: Date.now(),
        ...more,
      });
  }

  async function bound(audience: string) {
    const prove = await terminal();
    const { token: bearerToken } = await answerOf<{ token: string }>(
      await callAs(undefined, '/v1/demo/token', { json: { identity: 'customer-chen' } }),
    );
    const headers = { ...bearer(bearerToken), dpop: await prove('POST', '/v1/tokens') };
    const json = { grantType: session, audiences: [audience], identity };
    const granted = await answerOf<Granted>(await ask('POST', '/v1/tokens', headers, json));
    expect(granted.tokenType).toBe('DPoP');
    return { prove, accessToken: granted.accessToken };
  }

  test('serves the business system with a proof, once, and nobody without one', async () => {
    const { prove, accessToken } = await bound('bills');
    const path = '/v1/business/requests';
    const json = request('bill.list');
    expect((await ask('POST', path, bearer(accessToken), json)).status).toBe(401);
    const dpop = await prove('POST', path, { accessToken });
    const headers = { authorization: `DPoP ${accessToken}`, dpop };
    expect((await ask('POST', path, headers, json)).status).toBe(200);
    expect((await ask('POST', path, headers, json)).status).toBe(401);
  });

  test('serves our own routes with a proof over request, token and nonce', async () => {
    const { prove, accessToken } = await bound('cinnabar');
    const path = '/v1/tokens';
    const show = async (more: object, method = 'GET', at = path) =>
      ask('GET', path, {
        authorization: `DPoP ${accessToken}`,
        dpop: await prove(method, at, { accessToken, ...more }),
      });
    const first = await show({});
    const nonce = first.headers.get('dpop-nonce') ?? '';
    expect([first.status, await codeOf(first)]).toEqual([401, 'proof_nonce_required']);
    expect(first.headers.get('www-authenticate')).toContain('use_dpop_nonce');
    expect((await show({ nonce })).status).toBe(200);
    const refused = [
      await show({ nonce, accessToken: undefined }),
      await show({ nonce, nowMs: Date.now() - 120_000 }),
      await show({ nonce }, 'POST'),
      await show({ nonce }, 'GET', '/v1/seals'),
      await ask('GET', path, bearer(accessToken)),
      await ask('GET', path, { authorization: `DPoP ${accessToken}` }),
    ];
    for (const response of refused) expect(response.status).toBe(401);
    const dpop = await prove('GET', path, { accessToken, nonce });
    const headers = { authorization: `DPoP ${accessToken}`, dpop };
    const both = await Promise.all([ask('GET', path, headers), ask('GET', path, headers)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 401]);
  });
});
