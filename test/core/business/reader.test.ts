import { readFile } from 'node:fs/promises';
import { exportJWK, generateKeyPair } from 'jose';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import * as library from '../../../src/core/business.ts';
import {
  businessSystem,
  memoryBehaviourLog,
  type OpenedToken,
  type Presented,
  pinnedKeys,
  referenceBehaviourRules,
  remoteKeys,
  TokenError,
  tokenReader,
} from '../../../src/core/business.ts';
import { makeProof } from '../../../src/core/token/dpop.ts';
import { type IssuerJwk, type PublicJwk, thumbprintOf } from '../../../src/core/token/jwk.ts';
import type { OpeningKey } from '../../../src/core/token/sealing.ts';
import { grantToken } from '../../../src/domain/tokens/grants.ts';
import { publishedKeys, revokeKey, rotateKeys } from '../../../src/domain/tokens/issuer-keys.ts';
import type { TokenRows } from '../../../src/domain/tokens/ports.ts';
import { proveSystem, registerSystem } from '../../../src/domain/tokens/systems.ts';
import { memoryRowStore } from '../../../src/platform/memory/row-store.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  identity,
  issuer,
  lin,
  registered,
} from '../../helpers/tokens.ts';

let centre: Centre;
let key: OpeningKey;
let foreignKey: OpeningKey;

beforeAll(async () => {
  centre = await authenticationCentre();
  ({ key } = await registered(centre, 'bills', ['NAME', 'PAYMENT'], 'X25519'));
  ({ key: foreignKey } = await registered(centre, 'loans', ['NAME']));
});

async function granted(audiences: string[], more: { jkt?: string } = {}) {
  const answer = await grantToken(centre.deps, { actor: chen, amr: ['session'] }, 'request-1', {
    audiences,
    profile: 'cin-sealed-1',
    identity,
    ...more,
  });
  return answer.token;
}

async function readerOf(name: string, opening: OpeningKey, keys?: readonly IssuerJwk[]) {
  const seen = new Set<string>();
  return tokenReader({
    issuer,
    name,
    keys: pinnedKeys(keys ?? (await publishedKeys(centre.deps))),
    openingKeys: [opening],
    seen: { first: async (id) => !seen.has(id) && !!seen.add(id) },
    now: () => centre.clock.now(),
  });
}

describe('D5: a business system reads a token without asking the centre', () => {
  test('and gets its facts, by label, under its own name for the person', async () => {
    const token = await granted(['bills', 'loans']);
    const bills = await (await readerOf('bills', key)).open(token);
    expect(bills.fact('NAME')).toBe(identity.姓名);
    expect(bills.fact('PAYMENT')).toBe(identity.银行卡号);
    expect(bills.fact('ADDRESS')).toBeUndefined();
    const loans = await (await readerOf('loans', foreignKey)).open(token);
    expect(loans.facts.map(({ label }) => label)).toEqual(['NAME']);
    expect(loans.subject).not.toBe(bills.subject);
    const next = await (await readerOf('bills', key)).open(await granted(['bills']));
    expect(next.subject).toBe(bills.subject);
  });

  test('and refuses with one code what is for others, altered, or opened with another key', async () => {
    const reader = await readerOf('bills', key);
    const token = await granted(['bills']);
    const others = await granted(['loans']);
    const [header, payload, signature] = token.split('.');
    const wrongKey = await readerOf('bills', { ...foreignKey, kid: key.kid });
    const attempts = [
      () => reader.open(others),
      () => reader.open(`${header}.${payload}x.${signature}`),
      () => reader.open(`${header}.${payload}.${signature?.slice(0, -4)}AAAA`),
      () => reader.open('none'),
      () => wrongKey.open(token),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).rejects.toMatchObject({ code: 'token_refused' });
    }
  });
});

describe('D8: a token that is bound to a key', () => {
  const url = 'https://bills.example/requests';
  let bound: string;
  let proofFor: (change?: object) => Promise<string>;

  beforeAll(async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = (await exportJWK(pair.publicKey)) as PublicJwk;
    bound = await granted(['bills'], { jkt: thumbprintOf(publicJwk) });
    let count = 0;
    proofFor = (change = {}) =>
      makeProof({
        key: pair.privateKey,
        publicJwk,
        method: 'POST',
        url,
        jti: `proof-0123456789-${count++}`,
        nowMs: centre.clock.now(),
        accessToken: bound,
        ...change,
      });
  });

  test('opens with a proof for this request, once', async () => {
    const reader = await readerOf('bills', key);
    const presented = { method: 'POST', url, proof: await proofFor() };
    await expect(reader.open(bound, presented)).resolves.toHaveProperty('subject');
    await expect(reader.open(bound, presented)).rejects.toThrow(TokenError);
  });

  test('opens with no other proof', async () => {
    const reader = await readerOf('bills', key);
    const stranger = await generateKeyPair('ES256', { extractable: true });
    const strange = {
      key: stranger.privateKey,
      publicJwk: (await exportJWK(stranger.publicKey)) as PublicJwk,
    };
    const wrong: (Presented | undefined)[] = [
      undefined,
      { method: 'POST', url },
      { method: 'GET', url, proof: await proofFor() },
      { method: 'POST', url: `${url}/other`, proof: await proofFor() },
      { method: 'POST', url, proof: await proofFor({ accessToken: await granted(['bills']) }) },
      { method: 'POST', url, proof: await proofFor({ accessToken: undefined }) },
      { method: 'POST', url, proof: await proofFor({ nowMs: centre.clock.now() - 120_000 }) },
      { method: 'POST', url, proof: await proofFor(strange) },
    ];
    for (const presented of wrong) {
      await expect(reader.open(bound, presented)).rejects.toThrow(TokenError);
    }
  });
});

describe('D8: keys of the centre that are fetched', () => {
  /** Keys over a made network that counts, and can fail. */
  function network() {
    const state = { asked: 0, isDown: false };
    const keys = remoteKeys({
      url: `${issuer}/.well-known/jwks.json`,
      now: () => centre.clock.now(),
      fetch: async () => {
        state.asked++;
        if (state.isDown) throw new TypeError('no network');
        return Response.json({ keys: await publishedKeys(centre.deps) });
      },
    });
    const reader = tokenReader({
      issuer,
      name: 'bills',
      keys,
      openingKeys: [key],
      now: () => centre.clock.now(),
    });
    return { state, reader };
  }

  test('are fetched once for many tokens, again for a new key, and not for made-up ones', async () => {
    const { state, reader } = network();
    const token = await granted(['bills']);
    await Promise.all(Array.from({ length: 5 }, () => reader.open(token)));
    expect(state.asked).toBe(1);
    centre.clock.advance(11_000);
    await rotateKeys(centre.deps, caller(lin), 'ES256');
    await rotateKeys(centre.deps, caller(lin), 'ES256');
    await reader.open(await granted(['bills']));
    expect(state.asked).toBe(2);
    const [, payload, signature] = token.split('.');
    const kid = 'A'.repeat(43);
    const header = btoa(JSON.stringify({ alg: 'ES256', typ: 'cin-at+jwt', kid })).replaceAll(
      '=',
      '',
    );
    for (let i = 0; i < 20; i++) {
      await expect(reader.open(`${header}.${payload}.${signature}`)).rejects.toThrow(TokenError);
    }
    expect(state.asked).toBe(2);
  });

  test('go on to verify for a while when the centre is away, and then do not', async () => {
    const { state, reader } = network();
    await reader.open(await granted(['bills']));
    state.isDown = true;
    centre.clock.advance(6 * 60_000);
    await reader.open(await granted(['bills']));
    centre.clock.advance(5 * 60_000);
    await expect(reader.open(await granted(['bills']))).rejects.toThrow('not known');
  });

  test('are dropped when they were revoked', async () => {
    const { reader } = network();
    const token = await granted(['bills']);
    await reader.open(token);
    const active = (await publishedKeys(centre.deps)).map(({ kid }) => kid);
    expect(active).not.toHaveLength(0);
    const { kid } = JSON.parse(atob(token.split('.')[0] ?? '')) as { kid: string };
    const rows = await centre.deps.tokens.list('-service', 'issuer-key', {}, { limit: 20 });
    const signed = rows.find(({ jwk }) => jwk.kid === kid);
    await revokeKey(centre.deps, caller(lin), signed?.id ?? '');
    centre.clock.advance(5 * 60_000 + 1);
    await expect(reader.open(token)).rejects.toThrow(TokenError);
  });
});

test('D7: a business system remembers by a name that tokens do not tell, exports and erases', async () => {
  const log = memoryBehaviourLog();
  const system = businessSystem({
    issuer,
    name: 'bills',
    keys: pinnedKeys(await publishedKeys(centre.deps)),
    openingKeys: [key],
    now: () => centre.clock.now(),
    log,
    rules: { ...referenceBehaviourRules, actions: ['bill.list', 'bill.pay'] },
    pseudonymKey: new Uint8Array(32).fill(7),
    retentionDays: 30,
  });
  const holder = await system.open(await granted(['bills']));
  const event = (id: string, atMs: number) =>
    ({
      id,
      atMs,
      session: 'session-1',
      action: 'bill.pay',
      outcome: 'done',
      durationMs: 5,
    }) as const;
  await system.record(holder, event('event-old', centre.clock.now() - 31 * 24 * 60 * 60 * 1000));
  await system.record(holder, event('event-new', centre.clock.now()));
  expect((await system.keyData(holder)).events).toBe(1);
  const taken = await system.export(holder);
  expect(taken.events.map(({ id }) => id)).toEqual(['event-new']);
  expect(JSON.stringify(taken)).not.toContain(holder.subject);
  for (const value of Object.values(identity)) expect(JSON.stringify(taken)).not.toContain(value);
  expect(await system.erase(holder)).toBe(1);
  expect((await system.keyData(holder)).events).toBe(0);
});

describe('the page about business systems', () => {
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  test('D5 D7: has an example that runs as it stands', async () => {
    const page = await readFile(
      new URL('../../../docs/business-systems.md', import.meta.url),
      'utf8',
    );
    const [, example = ''] = /^```ts\n([\s\S]*?)^```/m.exec(page) ?? [];
    const body = example.replace(
      /import (\{[^}]*\}) from 'cinnabar\/business';/,
      'const $1 = library;',
    );
    const deps = {
      ...centre.deps,
      issuer: 'https://cinnabar.example',
      tokens: memoryRowStore<TokenRows>(),
    };
    const secret = new Uint8Array(32).fill(5);
    const { jwk, key: own } = await library.systemKeys(secret);
    const release = { labels: ['NAME' as const], purpose: 'x' };
    const asked = { id: 'bills', title: 'x', key: jwk, release };
    const { challenge } = await registerSystem(deps, caller(lin), asked);
    const names = { issuer: deps.issuer, name: 'bills' };
    const answer = await library.answerChallenge(challenge, own, names);
    await proveSystem(deps, caller(lin), 'bills', answer);
    const { token } = await grantToken(deps, { actor: chen, amr: ['session'] }, 'r', {
      audiences: ['bills'],
      profile: 'cin-sealed-1',
      identity,
    });
    vi.useFakeTimers({ toFake: ['Date'], now: centre.clock.now() });
    const keys = await publishedKeys(deps);
    const fetched: string[] = [];
    vi.stubGlobal('fetch', async (url: string) => {
      fetched.push(url);
      return Response.json({ keys });
    });
    const given = {
      library,
      secret,
      token,
      method: 'GET',
      url: 'https://bills.example/',
      proof: undefined,
    };
    const AsyncFunction = (async () => {}).constructor as new (
      ...words: string[]
    ) => (...values: unknown[]) => Promise<OpenedToken>;
    const run = new AsyncFunction(...Object.keys(given), `${body}\nreturn holder;`);
    const holder = await run(...Object.values(given));
    expect(holder.fact('NAME')).toBe(identity.姓名);
    expect(holder.isPermitted('make')).toBe(false);
    expect(fetched).toEqual(['https://cinnabar.example/.well-known/jwks.json']);
  });
});
