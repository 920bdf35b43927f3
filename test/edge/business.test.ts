import { beforeAll, describe, expect, test } from 'vitest';
import { pinnedKeys, type TokenReader, tokenReader } from '../../src/core/business.ts';
import { openPart } from '../../src/core/token/sealing.ts';
import type { EdgeDeps } from '../../src/edge/deps.ts';
import { bodyOf, type Edge, startEdge } from '../helpers/edge.ts';
import { identity, openingPair } from '../helpers/tokens.ts';

const issuer = 'http://localhost:8787';
const doors = [
  ['GET', '/v1/business/view'],
  ['GET', '/v1/business/insights'],
  ['GET', '/v1/business/events'],
  ['DELETE', '/v1/business/events'],
  ['POST', '/v1/business/requests'],
] as const;

let edge: Edge;
/** What the edge asked about tokens, which is nothing on the way to a business system. */
let authenticated: string[];
/** What the business system was sent. */
let arrived: Request[];
let reader: TokenReader;
let theirs: string;
let others: string;
let ours: string;

async function registeredSystem(id: string) {
  const { jwk, key } = await openingPair();
  const json = { id, title: '票据系统', key: jwk, release: { labels: ['NAME'], purpose: '票据' } };
  const as = 'administrator-lin';
  const { challenge } = await bodyOf(await edge.call('/v1/business-systems', { as, json }));
  const binding = { iss: issuer, sub: 'registration', jti: 'registration', aud: id };
  const opened = await openPart([String(challenge)], [key], binding);
  const proven = await edge.call(`/v1/business-systems/${id}/proof`, {
    as: 'developer-song',
    json: { challenge: opened.challenge },
  });
  expect(proven.status).toBe(200);
  return key;
}

async function tokenFor(audience: string): Promise<string> {
  const grantType = 'urn:cinnabar:grant:session';
  const json = {
    grantType,
    audiences: [audience],
    ...(audience === 'cinnabar' ? {} : { identity }),
  };
  const answer = await edge.call('/v1/tokens', { as: 'customer-chen', json });
  return String((await bodyOf(answer)).accessToken);
}

/** A business system with the library that business systems use; it says what it read. */
async function fetch(request: Request): Promise<Response> {
  arrived.push(request.clone());
  const token = (request.headers.get('authorization') ?? '').replace(/^Bearer /, '');
  try {
    const { facts } = await reader.open(token);
    return Response.json({ facts: facts.map(({ label, value }) => ({ label, value })) });
  } catch {
    return Response.json({ code: 'business_token_refused' }, { status: 401 });
  }
}

const authenticator = (base: EdgeDeps): EdgeDeps['authenticator'] => ({
  authenticate(token, presented) {
    authenticated.push(token);
    return base.authenticator.authenticate(token, presented);
  },
});

beforeAll(async () => {
  authenticated = [];
  arrived = [];
  edge = await startEdge((base) => ({ business: { fetch }, authenticator: authenticator(base) }));
  const key = await registeredSystem('bills');
  await registeredSystem('loans');
  theirs = await tokenFor('bills');
  others = await tokenFor('loans');
  ours = await tokenFor('cinnabar');
  const set = await bodyOf(await edge.call('/.well-known/jwks.json', { as: null }));
  const keys = pinnedKeys(set.keys as Parameters<typeof pinnedKeys>[0]);
  const now = () => edge.clock.now();
  reader = tokenReader({ issuer, name: 'bills', keys, openingKeys: [key], now });
  authenticated.length = 0;
});

async function ask(method: string, path: string, token: string) {
  arrived.length = 0;
  authenticated.length = 0;
  edge.log.length = 0;
  const json =
    method === 'POST'
      ? {
          json: {
            id: '5d0c9e8a-6f0b-4b5e-9d0a-2f3f0f6f7a10',
            session: '0a1c9e8a-6f0b-4b5e-9d0a-2f3f0f6f7a11',
            action: 'bill.list',
          },
        }
      : {};
  const headers = { authorization: `Bearer ${token}` };
  const response = await edge.call(path, { as: null, method, headers, ...json });
  return { status: response.status, answer: await bodyOf(response) };
}

describe('D5 D8: a token for a business system, on its way there through the edge', () => {
  test.each(doors)('is read by the system alone: %s %s', async (method, path) => {
    const { status, answer } = await ask(method, path, theirs);
    expect(status).toBe(200);
    expect(answer.facts).toEqual([{ label: 'NAME', value: identity.姓名 }]);
    expect(authenticated).toEqual([]);
    expect(arrived[0]?.headers.get('authorization')).toBe(`Bearer ${theirs}`);
  });

  test.each(doors)(
    'is refused by the system when it is for another, for us or for nobody: %s %s',
    async (method, path) => {
      const [header, payload] = theirs.split('.');
      const forged = `${header}.${payload}.${'A'.repeat(86)}`;
      for (const token of [others, ours, forged, 'none']) {
        const { status, answer } = await ask(method, path, token);
        expect([status, answer.code]).toEqual([401, 'business_token_refused']);
        // Nobody was asked who that is: one of ours gives no right here either.
        expect([authenticated, arrived.length]).toEqual([[], 1]);
      }
    },
  );

  test('leaves nothing of itself, its facts or its person in the log', async () => {
    for (const token of [theirs, others, ours]) {
      await ask('GET', '/v1/business/view', token);
      expect(edge.log).toHaveLength(1);
      expect(edge.log[0]).not.toHaveProperty('actor');
      expect(edge.log[0]).not.toHaveProperty('tenant');
      const line = JSON.stringify(edge.log);
      for (const part of token.split('.')) expect(line).not.toContain(part);
      for (const value of Object.values(identity)) expect(line).not.toContain(value);
    }
  });

  test('is nobody at every door of ours', async () => {
    for (const path of ['/v1/tokens', '/v1/seals', '/v1/business-systems']) {
      const { status, answer } = await ask('GET', path, theirs);
      expect([status, answer.code]).toEqual([401, 'unauthenticated']);
      expect(arrived).toEqual([]);
    }
  });
});

test('D7: a business system that is away is said to be away', async () => {
  const away = await startEdge();
  const response = await away.call('/v1/business/system', { as: null });
  expect([response.status, (await bodyOf(response)).code]).toEqual([503, 'business_unavailable']);
  expect(response.headers.get('retry-after')).toBe('5');
});
