import { createPublicKey } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { beforeAll, describe, expect, test } from 'vitest';
import { withDisclosures } from '../../../src/core/token/disclosures.ts';
import { TokenError } from '../../../src/core/token/error.ts';
import { openSealed } from '../../../src/core/token/open.ts';
import type { ProfileName } from '../../../src/core/token/profiles.ts';
import { tokenVerifier } from '../../../src/core/token/verify.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { serviceTenant } from '../../../src/domain/chips/keys.ts';
import {
  exchangeToken,
  grantToken,
  refreshToken,
  type TokenRequest,
} from '../../../src/domain/tokens/grants.ts';
import { splitIdentity } from '../../../src/domain/tokens/identity.ts';
import { introspectToken } from '../../../src/domain/tokens/introspect.ts';
import {
  listIssuerKeys,
  overlapMs,
  publishedKeys,
  revokeKey,
  rotateKeys,
} from '../../../src/domain/tokens/issuer-keys.ts';
import { revokeToken } from '../../../src/domain/tokens/revoke.ts';
import { entryOf } from '../../../src/domain/tokens/rows.ts';
import {
  authenticateSystem,
  changeSystem,
  proveSystem,
  registerSystem,
} from '../../../src/domain/tokens/systems.ts';
import { ownVerifier, staleMs } from '../../../src/domain/tokens/verifier.ts';
import { base64urlText } from '../../../src/lib/base64url.ts';
import { frozenCertificate, people } from '../../helpers/certificates.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  grantedBy,
  identity,
  issuer,
  lin,
  openingPair,
  registered,
} from '../../helpers/tokens.ts';

type System = Awaited<ReturnType<typeof registered>>;

let centre: Centre;
let bills: System;
let loans: System;
let gm: System;

beforeAll(async () => {
  centre = await authenticationCentre();
  bills = await registered(centre, 'bills', ['NAME', 'ID_DOC', 'CONTACT']);
  loans = await registered(centre, 'loans', ['NAME', 'PAYMENT', 'ADDRESS'], 'X25519');
  gm = await registered(centre, 'tax', ['NAME', 'ID_DOC'], 'SM2');
});

const amr = ['hwk', 'user', 'mfa'];
const grant = (change: Partial<TokenRequest> = {}) =>
  grantedBy(centre, { audiences: ['bills'], ...change }, amr);

async function verifierFor(audience: string, profiles: readonly ProfileName[] = ['cin-sealed-1']) {
  const keys = await publishedKeys(centre.deps);
  return tokenVerifier({ issuer, audience, keys, profiles });
}

async function opened(
  token: string,
  { system, key }: System,
  profile: ProfileName = 'cin-sealed-1',
) {
  const verified = await (await verifierFor(system.id, [profile])).verify(
    token,
    centre.clock.now(),
  );
  return openSealed(verified, system.id, [key]);
}

const valuesOf = (facts: readonly { readonly value: string }[]) => facts.map(({ value }) => value);

describe('D1 D2 D3: a token', () => {
  test('D1 D3: carries what the policy releases, sealed, and a password never', async () => {
    const { token, dropped, issued } = await grant();
    const part = await opened(token, bills);
    expect(valuesOf(part.facts)).toEqual(
      expect.arrayContaining([identity.姓名, identity.身份证号, identity.手机号]),
    );
    expect(valuesOf(part.facts)).not.toContain(identity.银行卡号);
    expect(dropped).toContain('PASSWORD');
    expect(issued.released).toEqual([
      { system: 'bills', labels: expect.arrayContaining(['NAME']) },
    ]);
    const everything = JSON.stringify([decodeJwt(token), part, issued]);
    expect(everything).not.toContain(identity.登录密码);
  });

  test('D3: releases a text only where everything that is in it may go', async () => {
    const postal = await registered(centre, 'postal', ['ADDRESS']);
    const 住址 = '浙江省杭州市西湖区文三路 90 号，收件人陈思远，身份证号 11010519491231002X';
    const mixed = { 住址 };
    const { facts } = await splitIdentity(centre.deps, mixed);
    expect(facts[0]?.labels).toEqual(expect.arrayContaining(['ADDRESS', 'NAME', 'ID_DOC']));
    const { token, issued } = await grant({ audiences: ['postal'], identity: mixed });
    expect((await opened(token, postal)).facts).toEqual([]);
    expect(issued.released).toEqual([{ system: 'postal', labels: [] }]);
    const couriers = await registered(centre, 'couriers', ['ADDRESS', 'NAME', 'ID_DOC']);
    const all = await grant({ audiences: ['couriers'], identity: mixed });
    expect(valuesOf((await opened(all.token, couriers)).facts)).toEqual([住址]);
    expect([...(all.issued.released[0]?.labels ?? [])].sort()).toEqual([
      'ADDRESS',
      'ID_DOC',
      'NAME',
    ]);
    // Nor does a system that may not have it pass it on, or a later token give it.
    const exchanged = await exchangeToken(centre.deps, 'request-2', {
      system: postal.system,
      jti: issued.id,
      audience: 'couriers',
    });
    expect((await opened(exchanged.token, couriers)).facts).toEqual([]);
    const later = await refreshToken(centre.deps, 'request-3', {
      refreshToken: all.refreshToken ?? '',
      audiences: ['postal'],
    });
    expect((await opened(later.token, postal)).facts).toEqual([]);
  });

  test('D4: gives the terminal the public claims and no sensitive character', async () => {
    const { token } = await grant();
    const readable = JSON.stringify(decodeJwt(token));
    for (const value of Object.values(identity)) expect(readable).not.toContain(value);
    expect(readable).not.toContain(chen.id);
    expect(decodeJwt(token)).toMatchObject({
      iss: issuer,
      aud: 'bills',
      pub: { tenant: 'beichen-bank' },
    });
  });

  test('D3: is read by jose and by jsonwebtoken with the published keys', async () => {
    const { token } = await grant();
    const keys = await publishedKeys(centre.deps);
    const es256 = keys.filter(({ alg }) => alg === 'ES256');
    const set = createLocalJWKSet({ keys: es256 as never });
    const currentDate = new Date(centre.clock.now());
    const { payload } = await jwtVerify(token, set, {
      issuer,
      audience: 'bills',
      typ: 'cin-at+jwt',
      currentDate,
    });
    expect(payload.jti).toBeTruthy();
    const pem = createPublicKey({ key: es256[0] as never, format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    });
    const clockTimestamp = Math.floor(centre.clock.now() / 1000);
    const read = jsonwebtoken.verify(token, pem, {
      algorithms: ['ES256'],
      audience: 'bills',
      issuer,
      clockTimestamp,
    });
    expect(read).toMatchObject({ jti: payload.jti });
  });

  test('D3: to several systems gives each its own part and its own name for the person', async () => {
    const { token } = await grant({ audiences: ['bills', 'loans'] });
    const [one, other] = [await opened(token, bills), await opened(token, loans)];
    expect(valuesOf(other.facts)).toContain(identity.银行卡号);
    expect(valuesOf(one.facts)).not.toContain(identity.银行卡号);
    expect(one.subject).not.toBe(other.subject);
    expect((await opened((await grant()).token, bills)).subject).toBe(one.subject);
  });

  test('D3: of the GM profile is signed with SM2 and sealed with SM2 and SM4', async () => {
    const { token } = await grant({ audiences: ['tax'], profile: 'cin-sm-1' });
    expect(valuesOf((await opened(token, gm, 'cin-sm-1')).facts)).toContain(identity.身份证号);
    await expect((await verifierFor('tax')).verify(token, centre.clock.now())).rejects.toThrow(
      TokenError,
    );
  });

  test('D3: of the SD profile lets a system show one fact onward (RFC 9901)', async () => {
    const { token } = await grant({ profile: 'cin-sd-1' });
    const { facts, disclosures } = await opened(token, bills, 'cin-sd-1');
    const at = facts.findIndex(({ label }) => label === 'NAME');
    const [jwt = '', shown = '', end] = withDisclosures(token, [disclosures[at] ?? '']).split('~');
    expect(end).toBe('');
    const { _sd } = decodeJwt(jwt);
    expect(_sd).toContain(base64urlText(sha256(new TextEncoder().encode(shown))));
    expect(Buffer.from(shown, 'base64url').toString()).toContain(identity.姓名);
    expect(jwt).not.toContain(shown);
  });

  test('D3: of a length that hardly tells that of a name', async () => {
    const lengths: number[] = [];
    for (let characters = 2; characters <= 12; characters++) {
      const { token } = await grant({
        identity: { 姓名: '欧阳陈思远'.repeat(3).slice(0, characters) },
      });
      lengths.push(token.length);
    }
    expect(new Set(lengths).size).toBeLessThanOrEqual(2);
  });

  test('D2: has permissions, limits and validity of the certificate, and only of one’s own', async () => {
    const frozen = await frozenCertificate(centre.deps, 'p256');
    const serial = frozen.serialHex;
    await expect(grant({ certificate: serial })).rejects.toMatchObject({
      code: 'certificate_not_active',
    });
    await thawCertificate(centre.deps, people.approver, { serialHex: serial, id: 'thaw-1' });
    const { token } = await grant({ certificate: serial });
    expect(decodeJwt(token)).toMatchObject({
      perm: { certificate: serial, permissions: ['view', 'make', 'check'] },
      pub: { proofing: 'certificate' },
    });
    const wrong = { ...identity, 姓名: '王小明' };
    await expect(grant({ certificate: serial, identity: wrong })).rejects.toMatchObject({
      code: 'identity_mismatch',
    });
    const stranger = { amr, actor: { ...chen, id: 'customer-wang' } };
    const request = { audiences: ['bills'], profile: 'cin-sealed-1', certificate: serial } as const;
    await expect(grantToken(centre.deps, stranger, 'request-1', request)).rejects.toMatchObject({
      code: 'certificate_not_active',
    });
  });

  test('D1: is refused for an unknown audience, a mixed one, or a profile that is off', async () => {
    await expect(grant({ audiences: ['nobody'] })).rejects.toMatchObject({
      code: 'business_system_not_found',
    });
    await expect(grant({ audiences: ['cinnabar', 'bills'] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(grant({ audiences: ['bills', 'bills'] })).rejects.toMatchObject({
      code: 'invalid_request',
    });
    await expect(grant({ profile: 'cin-003-literal' })).rejects.toMatchObject({
      code: 'token_profile_off',
    });
  });

  test('D8: stands in the audit log by label, never by value', async () => {
    await grant();
    const records = JSON.stringify(await centre.deps.audit.list('beichen-bank', { limit: 100 }));
    expect(records).toContain('bills:NAME');
    for (const value of Object.values(identity)) expect(records).not.toContain(value);
  });
});

describe('D8: a refresh token', () => {
  test('is replaced with each use, and its second use ends everything', async () => {
    const first = await grant();
    const second = await refreshToken(centre.deps, 'r', { refreshToken: first.refreshToken ?? '' });
    expect(valuesOf((await opened(second.token, bills)).facts)).toContain(identity.姓名);
    const stolen = refreshToken(centre.deps, 'r', { refreshToken: first.refreshToken ?? '' });
    await expect(stolen).rejects.toMatchObject({ code: 'grant_refused' });
    const next = refreshToken(centre.deps, 'r', { refreshToken: second.refreshToken ?? '' });
    await expect(next).rejects.toMatchObject({ code: 'grant_refused' });
    expect(await introspectToken(centre.deps, chen.tenant, 'bills', second.token)).toBeUndefined();
    const family = await centre.deps.tokens.find(chen.tenant, 'family', first.issued.family);
    expect(family).toMatchObject({ state: 'revoked', revokedFor: 'reuse' });
    expect(family).not.toHaveProperty('vault');
  });

  test('of 16 simultaneous uses serves one', async () => {
    const { refreshToken: token = '' } = await grant();
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, () => refreshToken(centre.deps, 'r', { refreshToken: token })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  test('seals anew to another audience, and nothing for a wrong key or text', async () => {
    const { refreshToken: token = '' } = await grant({ jkt: 'k'.repeat(43) });
    for (const bad of [
      '',
      'x',
      `${token}x`,
      token.replace('beichen', 'nanpu'),
      token.slice(0, -1),
    ]) {
      await expect(
        refreshToken(centre.deps, 'r', { refreshToken: bad, jkt: 'k'.repeat(43) }),
      ).rejects.toMatchObject({ code: 'grant_refused' });
    }
    await expect(refreshToken(centre.deps, 'r', { refreshToken: token })).rejects.toMatchObject({
      code: 'grant_refused',
    });
    const answer = await refreshToken(centre.deps, 'r', {
      refreshToken: token,
      audiences: ['loans'],
      jkt: 'k'.repeat(43),
    });
    expect(valuesOf((await opened(answer.token, loans)).facts)).toContain(identity.银行卡号);
    expect(decodeJwt(answer.token).cnf).toEqual({ jkt: 'k'.repeat(43) });
  });

  test('gives no token that outlives the authentication', async () => {
    const { refreshToken: token = '', issued } = await grant();
    const ten = 10 * 60;
    const { iat = 0, exp = 0 } = decodeJwt((await grant()).token);
    expect(exp - iat).toBe(ten);
    const endsAt = Math.floor(issued.issuedAtMs / 1000) + 8 * 60 * 60;
    centre.clock.advance((8 * 60 * 60 - 60) * 1000);
    const last = await refreshToken(centre.deps, 'r', { refreshToken: token });
    const lived = decodeJwt(last.token);
    expect(lived.exp).toBeLessThanOrEqual(endsAt + 1);
    expect(lived.exp).toBeGreaterThan(lived.iat ?? 0);
  });

  test('ends with its family, and after eight hours', async () => {
    const { refreshToken: token = '' } = await grant();
    centre.clock.advance(8 * 60 * 60 * 1000);
    await expect(refreshToken(centre.deps, 'r', { refreshToken: token })).rejects.toMatchObject({
      code: 'grant_refused',
    });
  });
});

describe('D5 D8: a business system', () => {
  test('exchanges what it was sent for a token to another, with what both may have', async () => {
    const { issued } = await grant();
    const request = { system: bills.system, jti: issued.id, audience: 'loans' };
    const { token, refreshToken: none } = await exchangeToken(centre.deps, 'r', request);
    expect(none).toBeUndefined();
    expect(decodeJwt(token)).toMatchObject({ aud: 'loans', act: { sub: 'bills' } });
    expect((await opened(token, loans)).facts.map(({ label }) => label)).toEqual(['NAME']);
    const foreign = { system: loans.system, jti: issued.id, audience: 'bills' };
    await expect(exchangeToken(centre.deps, 'r', foreign)).rejects.toMatchObject({
      code: 'grant_refused',
    });
  });

  test('introspects what is meant for it, and nothing else', async () => {
    const { token, issued } = await grant();
    expect((await introspectToken(centre.deps, chen.tenant, 'bills', token))?.issued.id).toBe(
      issued.id,
    );
    expect(await introspectToken(centre.deps, chen.tenant, 'loans', token)).toBeUndefined();
    expect(await introspectToken(centre.deps, 'nanpu-bank', 'bills', token)).toBeUndefined();
    await revokeToken(centre.deps, caller(chen), issued.id);
    expect(await introspectToken(centre.deps, chen.tenant, 'bills', token)).toBeUndefined();
  });

  test('is in service only after it proved its key', async () => {
    const { jwk } = await openingPair();
    const release = { labels: [], purpose: 'none' };
    await registerSystem(centre.deps, caller(lin), {
      id: 'claims',
      title: 'claims',
      key: jwk,
      release,
    });
    await expect(grant({ audiences: ['claims'] })).rejects.toMatchObject({
      code: 'business_system_not_found',
    });
    await expect(proveSystem(centre.deps, caller(lin), 'claims', 'guess')).rejects.toMatchObject({
      code: 'business_key_refused',
    });
    await expect(proveSystem(centre.deps, caller(lin), 'claims', 'guess')).rejects.toMatchObject({
      code: 'business_system_state',
    });
    const bad = { ...jwk, y: jwk.x ?? '' };
    await expect(
      registerSystem(centre.deps, caller(lin), { id: 'bad', title: 'bad', key: bad, release }),
    ).rejects.toMatchObject({ code: 'business_key_refused' });
    await expect(
      registerSystem(centre.deps, caller(lin), { id: 'bills', title: 'x', key: jwk, release }),
    ).rejects.toMatchObject({ code: 'business_system_state' });
  });

  test('is known by its secret, gets what its policy says, and nothing while suspended', async () => {
    const credentials = { institution: chen.tenant, id: 'tax', secret: gm.secret };
    expect((await authenticateSystem(centre.deps, credentials)).id).toBe('tax');
    await expect(
      authenticateSystem(centre.deps, { ...credentials, secret: bills.secret }),
    ).rejects.toMatchObject({ code: 'unauthenticated' });
    await changeSystem(centre.deps, caller(lin), 'tax', {
      release: { labels: [], purpose: 'nothing' },
    });
    const { token } = await grant({ audiences: ['tax'], profile: 'cin-sm-1' });
    expect((await opened(token, gm, 'cin-sm-1')).facts).toEqual([]);
    await changeSystem(centre.deps, caller(lin), 'tax', { state: 'suspended' });
    await expect(grant({ audiences: ['tax'] })).rejects.toMatchObject({
      code: 'business_system_not_found',
    });
    await expect(authenticateSystem(centre.deps, credentials)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
  });
});

describe('D8: keys of the authentication centre', () => {
  test('of one algorithm are published however often the other was rotated', async () => {
    const { deps, clock } = centre;
    await rotateKeys(deps, caller(lin), 'SM2-SM3');
    const gm = async () => (await publishedKeys(deps)).filter(({ alg }) => alg === 'SM2-SM3');
    const before = (await gm()).length;
    for (let turn = 0; turn < 101; turn++) {
      await rotateKeys(deps, caller(lin), 'ES256');
      clock.advance(overlapMs + 1000);
    }
    // The one that signs and the one published ahead; one that only verified is over by now.
    expect(before).toBeGreaterThanOrEqual(2);
    expect(await gm()).toHaveLength(2);
  });

  test('rotate with overlap: published before they sign, verified until the last token ended', async () => {
    const before = await grant();
    const [published] = [await publishedKeys(centre.deps)];
    await rotateKeys(centre.deps, caller(lin), 'ES256');
    const first = await verifierFor('bills');
    await first.verify(before.token, centre.clock.now());
    await rotateKeys(centre.deps, caller(lin), 'ES256');
    const after = await grant();
    const ahead = (await publishedKeys(centre.deps)).map(({ kid }) => kid);
    expect(ahead).toContain(after.issued.kid);
    expect(published.length).toBeLessThan(ahead.length);
    centre.clock.advance(overlapMs + 1000);
    const kids = (await publishedKeys(centre.deps)).map(({ kid }) => kid);
    expect(kids).not.toContain(before.issued.kid);
    const states = (await listIssuerKeys(centre.deps)).map(({ state }) => state);
    expect(states).toEqual(expect.arrayContaining(['next', 'active', 'retired']));
  });

  test('once revoked verify nothing, sign nothing, and the next one signs', async () => {
    const before = await grant();
    const key = (await listIssuerKeys(centre.deps)).find(
      ({ jwk }) => jwk.kid === before.issued.kid,
    );
    await revokeKey(centre.deps, caller(lin), key?.id ?? '');
    const verifier = await verifierFor('bills');
    await expect(verifier.verify(before.token, centre.clock.now())).rejects.toThrow(TokenError);
    const after = await grant();
    expect(after.issued.kid).not.toBe(before.issued.kid);
    await verifier.verify(after.token, centre.clock.now());
    expect((await centre.deps.keys.find(serviceTenant, key?.id ?? '')).state).toBe('revoked');
  });

  test('are revoked even when somebody rotates them at that moment', async () => {
    const { issued } = await grant();
    const key = (await listIssuerKeys(centre.deps)).find(({ jwk }) => jwk.kid === issued.kid);
    const id = key?.id ?? '';
    let isFirst = true;
    const tokens: typeof centre.deps.tokens = Object.create(centre.deps.tokens, {
      find: {
        value: async (...wanted: Parameters<typeof tokens.find>) => {
          const row = await centre.deps.tokens.find(...wanted);
          if (isFirst) {
            isFirst = false;
            await rotateKeys(centre.deps, caller(lin), 'ES256');
          }
          return row;
        },
      },
    });
    const revokedKeys = async () =>
      (await listIssuerKeys(centre.deps)).filter(({ state }) => state === 'revoked').length;
    const before = await revokedKeys();
    await revokeKey({ ...centre.deps, tokens }, caller(lin), id);
    // The key that was rotated in is innocent.
    expect(await revokedKeys()).toBe(before + 1);
    expect(await centre.deps.tokens.find(serviceTenant, 'issuer-key', id)).toMatchObject({
      state: 'revoked',
    });
    expect((await publishedKeys(centre.deps)).map(({ kid }) => kid)).not.toContain(issued.kid);
  });
});

describe('D8: a token for this service', () => {
  test('names the actor, and is refused within seconds of its withdrawal', async () => {
    const verifier = ownVerifier(centre.deps);
    const { token, issued } = await grant({ audiences: ['cinnabar'], identity: undefined });
    expect((await verifier.verify(token))?.claims).toMatchObject({ sub: chen.id, sealed: [] });
    await revokeToken(centre.deps, caller(lin), issued.id);
    centre.clock.advance(staleMs);
    expect(await verifier.verify(token)).toBeUndefined();
    const foreign = await grant();
    expect(await verifier.verify(foreign.token)).toBeUndefined();
  });

  test('stays refused however many are withdrawn after it, and when the clock is set back', async () => {
    const verifier = ownVerifier(centre.deps);
    const { token, issued } = await grant({ audiences: ['cinnabar'], identity: undefined });
    expect(await verifier.verify(token)).toBeDefined();
    await revokeToken(centre.deps, caller(lin), issued.id);
    const later = Array.from({ length: 1_001 }, (_, i) =>
      entryOf('token', { ...issued, id: `f${i}`, state: 'revoked' as const }),
    );
    for (const entry of later) await centre.deps.tokens.write(chen.tenant, [entry]);
    centre.clock.advance(-20_000);
    expect(await verifier.verify(token)).toBeUndefined();
    centre.clock.advance(20_000);
    expect(await verifier.verify(token)).toBeUndefined();
  });

  test('ends with its family, however many tokens that has', async () => {
    const verifier = ownVerifier(centre.deps);
    const { token, issued } = await grant({ audiences: ['cinnabar'], identity: undefined });
    const others = Array.from({ length: 250 }, (_, i) =>
      entryOf('token', { ...issued, id: `f-${issued.id}-${i}` }),
    );
    for (const entry of others) await centre.deps.tokens.write(chen.tenant, [entry]);
    await revokeToken(centre.deps, caller(chen), `f-${issued.id}-0`);
    centre.clock.advance(staleMs);
    expect(await verifier.verify(token)).toBeUndefined();
    expect(await introspectToken(centre.deps, chen.tenant, 'cinnabar', token)).toBeUndefined();
  });

  test('is withdrawn by its holder or an administrator, and by nobody else', async () => {
    const { issued } = await grant({ audiences: ['cinnabar'] });
    const other = { ...chen, id: 'customer-wang' };
    await expect(revokeToken(centre.deps, caller(other), issued.id)).rejects.toMatchObject({
      code: 'token_not_found',
    });
    const foreign = { ...lin, tenant: 'nanpu-bank' };
    await expect(revokeToken(centre.deps, caller(foreign), issued.id)).rejects.toMatchObject({
      code: 'token_not_found',
    });
  });
});
