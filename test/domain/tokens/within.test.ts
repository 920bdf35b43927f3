import { decodeJwt, decodeProtectedHeader, exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeProof } from '../../../src/core/token/dpop.ts';
import { type PublicJwk, thumbprintOf } from '../../../src/core/token/jwk.ts';
import { revokeCertificate } from '../../../src/domain/certificates/status.ts';
import { thawCertificate } from '../../../src/domain/certificates/thaw.ts';
import { newId } from '../../../src/domain/id.ts';
import {
  authenticatedBy,
  familyLifeMs,
  grantToken,
  refreshToken,
  withdrawRefresh,
} from '../../../src/domain/tokens/grants.ts';
import { introspectToken } from '../../../src/domain/tokens/introspect.ts';
import { sharedNonces } from '../../../src/domain/tokens/nonces.ts';
import { proveHolder, provenKey } from '../../../src/domain/tokens/proofs.ts';
import {
  endFamiliesOf,
  getToken,
  listTokens,
  revokeToken,
} from '../../../src/domain/tokens/revoke.ts';
import { entryOf } from '../../../src/domain/tokens/rows.ts';
import type { Passkey } from '../../../src/domain/tokens/types.ts';
import {
  acceptedBy,
  isOwnToken,
  ownVerifier,
  staleMs,
} from '../../../src/domain/tokens/verifier.ts';
import { frozenCertificate, people } from '../../helpers/certificates.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  issuer,
  lin,
  registered,
  wants,
} from '../../helpers/tokens.ts';

const { tenant } = chen;
const refused = { code: 'grant_refused' };
let centre: Centre;

beforeAll(async () => {
  centre = await authenticationCentre();
  await registered(centre, 'bills', ['NAME']);
});

const forUs = wants({ audiences: ['cinnabar'] });
const grant = (who: Partial<Parameters<typeof grantToken>[1]>, request = wants()) =>
  grantToken(centre.deps, { actor: chen, amr: ['mfa'], ...who }, 'r', request);
const familyOf = async (id: string) => centre.deps.tokens.find(tenant, 'family', id);
const isGood = async (token: string, audience = 'bills') =>
  (await introspectToken(centre.deps, tenant, audience, token)) !== undefined;

describe('D8: what a token of ours asks for', () => {
  test('D8: comes of the same authentication, cannot be refreshed, and ends with it', async () => {
    const own = await grant({}, forUs);
    const who = await authenticatedBy(centre.deps, chen, own.token);
    expect(who).toMatchObject({ actor: chen, amr: ['mfa'], within: { id: own.issued.family } });
    const inner = await grant(who);
    expect(inner).not.toHaveProperty('refreshToken');
    const [outer, family] = [
      await familyOf(own.issued.family),
      await familyOf(inner.issued.family),
    ];
    expect(family).toMatchObject({ within: outer?.id, refreshHash: '', usedHashes: [] });
    expect(family?.expiresAtMs).toBe(outer?.expiresAtMs);
    // Whoever ends the outer one meanwhile meets this write.
    expect(outer?.revision).toBe(2);
    expect(await isGood(inner.token)).toBe(true);
    await withdrawRefresh(centre.deps, 'r', own.refreshToken ?? '');
    expect(await isGood(inner.token)).toBe(false);
    expect(await familyOf(inner.issued.family)).toMatchObject({ state: 'revoked' });
    await expect(authenticatedBy(centre.deps, chen, own.token)).rejects.toMatchObject(refused);
    await expect(grant(who)).rejects.toMatchObject(refused);
  });

  test('D8: is never a token for ourselves again, and asked for by no other token', async () => {
    const own = await grant({}, forUs);
    const who = await authenticatedBy(centre.deps, chen, own.token);
    await expect(grant(who, forUs)).rejects.toMatchObject(refused);
    const { token } = await grant({});
    await expect(authenticatedBy(centre.deps, chen, token)).rejects.toMatchObject(refused);
    await expect(authenticatedBy(centre.deps, chen, 'x.y.z')).rejects.toMatchObject(refused);
  });

  test('D2: holds the certificate and the key that were named, and nothing where none was', async () => {
    const plain = await familyOf((await grant({})).issued.family);
    for (const name of ['certificate', 'jkt', 'within', 'passkey', 'vault']) {
      expect(plain).not.toHaveProperty(name);
    }
    expect(plain).toMatchObject({ usedHashes: [], state: 'active', amr: ['mfa'] });
    const jkt = 'k'.repeat(43);
    const bound = await grant({}, wants({ jkt }));
    expect(await familyOf(bound.issued.family)).toMatchObject({ jkt });
    expect(bound.issued.jkt).toBe(jkt);
    const foreign = grant({}, wants({ certificate: 'ab' }));
    await expect(foreign).rejects.toMatchObject({ code: 'certificate_not_active' });
  });

  test('D2: each refresh has what the certificate allows by then, and nothing once it is revoked', async () => {
    const { serialHex } = await frozenCertificate(centre.deps, 'p256');
    await thawCertificate(centre.deps, people.approver, { serialHex, id: 'thaw' });
    const first = await grant({}, wants({ certificate: serialHex }));
    const next = await refreshToken(centre.deps, 'r', { refreshToken: first.refreshToken ?? '' });
    expect(decodeJwt(next.token).perm).toEqual(decodeJwt(first.token).perm);
    expect(next.issued.perm).toMatchObject({ certificate: serialHex });
    const revocation = { serialHex, id: 'revoke', reason: 'keyCompromise' } as const;
    await revokeCertificate(centre.deps, people.approver, revocation);
    const late = refreshToken(centre.deps, 'r', { refreshToken: next.refreshToken ?? '' });
    await expect(late).rejects.toMatchObject({ code: 'certificate_not_active' });
  });

  test('D2: ends with the authentication at the latest, also what a token of ours asks for', async () => {
    const own = await grant({}, forUs);
    const { expiresAtMs = 0 } = (await familyOf(own.issued.family)) ?? {};
    centre.clock.advance(expiresAtMs - centre.clock.now() - 60_000);
    const { token } = await refreshToken(centre.deps, 'r', {
      refreshToken: own.refreshToken ?? '',
    });
    const { issued } = await grant(await authenticatedBy(centre.deps, chen, token));
    expect(issued.expiresAtMs).toBe(Math.floor(expiresAtMs / 1000) * 1000);
  });

  test('D1: nothing that was shown is kept for a token that no business system gets', async () => {
    const { issued } = await grant({}, { ...forUs, identity: { 姓名: '陈思远' } });
    expect(issued.released).toEqual([]);
    expect(await familyOf(issued.family)).not.toHaveProperty('vault');
    const shown = await grant({}, wants({ identity: { 姓名: '陈思远' } }));
    expect(await familyOf(shown.issued.family)).toHaveProperty('vault');
  });

  test('D3: a profile that no key of the system fits is named, and so are audiences that do not go together', async () => {
    await registered(centre, 'tax', ['NAME'], 'SM2');
    for (const request of [wants({ profile: 'cin-sm-1' }), wants({ audiences: ['tax'] })]) {
      await expect(grant({}, request)).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ pointer: '/body/profile', code: 'key_unfit' }],
      });
    }
    const named = (count: number) => Array.from({ length: count }, (_, i) => `system-${i}`);
    for (const audiences of [['cinnabar', 'bills'], ['bills', 'cinnabar'], [], named(9)]) {
      await expect(grant({}, wants({ audiences }))).rejects.toMatchObject({
        code: 'invalid_request',
        fields: [{ pointer: '/body/audiences', code: 'invalid' }],
      });
    }
    const unknown = grant({}, wants({ audiences: named(8) }));
    await expect(unknown).rejects.toMatchObject({ code: 'business_system_not_found' });
  });

  test('D8: stands in the audit log under its own name', async () => {
    const { issued } = await grant({});
    const [record] = await centre.deps.audit.list(tenant, { limit: 1 });
    expect(record).toMatchObject({
      action: 'token.issue',
      subject: `token:${issued.id}`,
      outcome: 'done',
    });
  });

  test('D8: an authentication that is over is over to the millisecond', async () => {
    const { refreshToken: token = '', issued } = await grant({});
    const { expiresAtMs = 0 } = (await familyOf(issued.family)) ?? {};
    expect(expiresAtMs).toBeGreaterThan(centre.clock.now() + familyLifeMs - 60_000);
    centre.clock.advance(expiresAtMs - centre.clock.now() - 1);
    await expect(refreshToken(centre.deps, 'r', { refreshToken: token })).rejects.toMatchObject(
      refused,
    );
  });
});

describe('D3: what a token says', () => {
  test('D3: who, for whom, how known, what for and until when; and the row says the same', async () => {
    const { token, issued } = await grant({}, wants({ identity: { 姓名: '陈思远' } }));
    const { sub, iat = 0, sealed, ...claims } = decodeJwt(token);
    const pub = { tenant, branch: chen.branch, roles: chen.roles, proofing: 'self' };
    const perm = { permissions: [], limits: [] };
    const times = { nbf: iat, exp: iat + 600 };
    expect(claims).toEqual({
      iss: issuer,
      aud: 'bills',
      jti: issued.id,
      amr: ['mfa'],
      pub,
      perm,
      ...times,
    });
    expect(sealed).toHaveLength(1);
    const header = { alg: 'ES256', typ: 'cin-at+jwt', kid: issued.kid };
    expect(decodeProtectedHeader(token)).toEqual(header);
    expect(issued).toMatchObject({
      tenant,
      revision: 1,
      actor: chen.id,
      profile: 'cin-sealed-1',
      audiences: ['bills'],
      sub,
      perm,
      released: [{ system: 'bills', labels: ['NAME'] }],
      state: 'active',
      issuedAtMs: iat * 1000,
      expiresAtMs: times.exp * 1000,
    });
    expect(await centre.deps.tokens.find(tenant, 'token', issued.id)).toEqual(issued);
  });

  test('D3: of ourselves the person’s own name, and nothing sealed, hidden or bound', async () => {
    const { token, issued } = await grant({}, forUs);
    const { sub, aud, ...more } = decodeJwt(token);
    expect([sub, aud, issued.sub]).toEqual([chen.id, 'cinnabar', chen.id]);
    for (const name of ['sealed', 'cnf', 'act', '_sd', '_sd_alg']) {
      expect(more).not.toHaveProperty(name);
    }
    expect(issued).not.toHaveProperty('jkt');
  });

  test('D3: of several systems all names; of hidden facts digests in an order that says nothing', async () => {
    await registered(centre, 'notes', ['NAME', 'CONTACT', 'ADDRESS']);
    const identity = {
      姓名: '陈思远',
      手机号: '13812345678',
      住址: '浙江省杭州市西湖区文三路 90 号',
    };
    const request = wants({ audiences: ['bills', 'notes'], profile: 'cin-sd-1', identity });
    const { token, issued } = await grant({}, request);
    const {
      aud,
      _sd: digests,
      _sd_alg: algorithm,
    } = decodeJwt<{ _sd: string[]; _sd_alg: string }>(token);
    expect([aud, algorithm]).toEqual([['bills', 'notes'], 'sha-256']);
    // The name, which both may see, is one fact.
    expect(digests).toHaveLength(3);
    expect(digests).toEqual(digests.toSorted());
    expect(issued.audiences).toEqual(['bills', 'notes']);
  });

  test('D3: no more than four kilobytes for one system and eight in all', async () => {
    await registered(centre, 'phones', ['CONTACT']);
    const numbers = (count: number) => ({
      手机号: Array.from({ length: count }, (_, i) => `138123456${10 + i}`.padEnd(400, ' ')),
    });
    const asked = (audiences: readonly string[], count: number) =>
      grant({}, wants({ audiences, identity: numbers(count) }));
    const tooLarge = {
      code: 'invalid_request',
      fields: [{ pointer: '/body/identity', code: 'too_large' }],
    };
    expect((await asked(['phones'], 8)).issued.released).toHaveLength(1);
    await expect(asked(['phones'], 10)).rejects.toMatchObject(tooLarge);
    await expect(asked(['phones', 'notes'], 8)).rejects.toMatchObject(tooLarge);
  });

  test('D3: nothing for less than a second', async () => {
    centre.clock.advance(900 - (centre.clock.now() % 1000));
    const own = await grant({}, forUs);
    const { expiresAtMs = 0 } = (await familyOf(own.issued.family)) ?? {};
    centre.clock.advance(expiresAtMs - centre.clock.now() - 60_000);
    const { token } = await refreshToken(centre.deps, 'r', {
      refreshToken: own.refreshToken ?? '',
    });
    const who = await authenticatedBy(centre.deps, chen, token);
    centre.clock.advance(expiresAtMs - centre.clock.now() - 500);
    await expect(grant(who)).rejects.toMatchObject({ code: 'certificate_not_active' });
  });
});

describe('D8: what came from a passkey', () => {
  const passkey = (id: string): Passkey =>
    ({ tenant, id, revision: 1, actor: chen.id, state: 'active' }) as Passkey;

  test('D8: ends with it, all of it, and nothing else does', async () => {
    const [one, two] = [passkey('one'), passkey('two')];
    const rows = [one, two].map((row) => entryOf('passkey', row));
    expect(await centre.deps.tokens.write(tenant, rows)).toBe(true);
    const mine = await Promise.all([grant({ passkey: one }), grant({ passkey: one })]);
    const others = await Promise.all([grant({ passkey: two }), grant({})]);
    expect(await familyOf(mine[0].issued.family)).toMatchObject({ passkey: 'one' });
    const revoked: Passkey = { ...one, revision: 2, state: 'revoked' };
    await centre.deps.tokens.write(tenant, [entryOf('passkey', revoked)]);
    // At once, before anybody has ended the families.
    for (const { token } of mine) expect(await isGood(token)).toBe(false);
    const stale = refreshToken(centre.deps, 'r', { refreshToken: mine[0].refreshToken ?? '' });
    await expect(stale).rejects.toMatchObject(refused);
    await endFamiliesOf(centre.deps, caller(chen), revoked);
    for (const { issued } of mine) {
      const ended = { state: 'revoked', revokedFor: 'passkey' };
      expect(await familyOf(issued.family)).toMatchObject(ended);
    }
    for (const { token, issued } of others) {
      expect(await isGood(token)).toBe(true);
      expect(await familyOf(issued.family)).toMatchObject({ state: 'active' });
    }
  });

  test('D8: is listed for its person, and all of it for who may see all', async () => {
    const { issued } = await grant({});
    const idsOf = async (actor: typeof chen) =>
      (await listTokens(centre.deps, actor, { limit: 100 })).items.map(({ id }) => id);
    expect((await idsOf(chen))[0]).toBe(issued.id);
    expect(await idsOf(lin)).toEqual(await idsOf(chen));
    expect(await idsOf({ ...chen, id: 'customer-li' })).toEqual([]);
    const stranger = { ...chen, id: 'customer-li' };
    const absent = { code: 'token_not_found' };
    await expect(getToken(centre.deps, stranger, issued.id)).rejects.toMatchObject(absent);
    expect((await getToken(centre.deps, lin, issued.id)).id).toBe(issued.id);
    const elsewhere = { ...lin, tenant: 'nanpu-bank' };
    await expect(revokeToken(centre.deps, caller(elsewhere), issued.id)).rejects.toMatchObject(
      absent,
    );
  });
});

describe('D8: a key that must be shown', () => {
  const method = 'POST';
  const url = 'https://auth.beichen.example/v1/tokens';
  async function keyPair() {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const { kty, crv, x, y } = await exportJWK(pair.publicKey);
    const publicJwk = { kty, crv, x, y } as PublicJwk;
    return { key: pair.privateKey, publicJwk, jkt: thumbprintOf(publicJwk) };
  }
  type More = Pick<Parameters<typeof makeProof>[0], 'accessToken' | 'nonce'>;
  const proofBy = ({ key, publicJwk }: Awaited<ReturnType<typeof keyPair>>, more: More) =>
    makeProof({
      key,
      publicJwk,
      method,
      url,
      jti: newId(centre.deps),
      nowMs: centre.clock.now(),
      ...more,
    });

  test('D8: counts once, for its request', async () => {
    const pair = await keyPair();
    const proof = await proofBy(pair, {});
    expect(await provenKey(centre.deps, proof, { method, url })).toBe(pair.jkt);
    const again = provenKey(centre.deps, proof, { method, url });
    await expect(again).rejects.toMatchObject(refused);
    // Another proof of the same key is another one.
    expect(await provenKey(centre.deps, await proofBy(pair, {}), { method, url })).toBe(pair.jkt);
    const other = provenKey(centre.deps, await proofBy(pair, {}), { method, url: `${url}/x` });
    await expect(other).rejects.toMatchObject(refused);
    await expect(provenKey(centre.deps, 'x', { method, url })).rejects.toMatchObject(refused);
  });

  test('D8: is remembered where no institution is, and not all of them in one place', async () => {
    const places = new Set<string>();
    const write: typeof centre.deps.tokens.write = (place, entries) => {
      places.add(place);
      return centre.deps.tokens.write(place, entries);
    };
    const deps = { ...centre.deps, tokens: { ...centre.deps.tokens, write } };
    for (let key = 0; key < 12; key++) {
      await provenKey(deps, await proofBy(await keyPair(), {}), { method, url });
    }
    expect(places.size).toBeGreaterThan(1);
    for (const place of places) expect(place).toMatch(/^-proofs-[\w-]$/);
  });

  test('D8: with a bound token: the right key, this token, a nonce of ours, once', async () => {
    const [pair, thief] = [await keyPair(), await keyPair()];
    const { jkt } = pair;
    const { token } = await grant({}, wants({ jkt }));
    const nonces = sharedNonces(centre.deps);
    const [nonce] = await nonces.accepted();
    const prove = (proof: string | undefined) =>
      proveHolder({ ...centre.deps, nonces }, { token, jkt, proof, method, url });
    const good = await proofBy(pair, { accessToken: token, nonce });
    await prove(good);
    const denied = { code: 'unauthenticated' };
    // Why is for our own log.
    const because = (reason: string) => ({ ...denied, cause: { reason } });
    await expect(prove(good)).rejects.toMatchObject(because('replayed'));
    await expect(prove(undefined)).rejects.toMatchObject(because('proof'));
    const theirs = await proofBy(thief, { accessToken: token, nonce });
    await expect(prove(theirs)).rejects.toMatchObject(because('binding'));
    const elsewhere = await proofBy(pair, { accessToken: `${token}x`, nonce });
    await expect(prove(elsewhere)).rejects.toMatchObject(denied);
    const ahead = await proofBy(pair, { accessToken: token, nonce: 'made-up-nonce-of-theirs' });
    await expect(prove(ahead)).rejects.toMatchObject({ code: 'proof_nonce_required' });
    const fails = { ...centre.deps.tokens, write: () => Promise.reject(new Error('gone')) };
    const store = { ...centre.deps, tokens: fails, nonces };
    const fresh = await proofBy(pair, { accessToken: token, nonce });
    const lost = proveHolder(store, { token, jkt, proof: fresh, method, url });
    await expect(lost).rejects.toThrow('gone');
  });
});

describe('D8: a verifier of our own tokens', () => {
  test('D8: knows them by their type, and forgets a store that failed', async () => {
    const { token } = await grant({}, forUs);
    expect([isOwnToken(token), isOwnToken('x'), isOwnToken('e30.e30.e30')]).toEqual([
      true,
      false,
      false,
    ]);
    let isBroken = true;
    const tokens = {
      ...centre.deps.tokens,
      list: ((...input) =>
        isBroken
          ? Promise.reject(new Error('gone'))
          : centre.deps.tokens.list(...input)) as typeof centre.deps.tokens.list,
    };
    const verifier = ownVerifier({ ...centre.deps, tokens });
    await expect(verifier.verify(token)).rejects.toThrow();
    isBroken = false;
    expect((await verifier.verify(token))?.claims.sub).toBe(chen.id);
    centre.clock.advance(11 * 60_000);
    expect(await verifier.verify(token)).toBeUndefined();
  });

  test('D8: asks for the keys and for each token once in five seconds, whoever comes', async () => {
    const [one, other] = [await grant({}, forUs), await grant({}, forUs)];
    const asked = { keys: 0, tokens: 0 };
    const { find, list } = centre.deps.tokens;
    const tokens: typeof centre.deps.tokens = {
      ...centre.deps.tokens,
      find: (tenant, kind, id) => {
        if (kind === 'token') asked.tokens++;
        return find(tenant, kind, id);
      },
      list: (...input) => {
        asked.keys++;
        return list(...input);
      },
    };
    const verifier = ownVerifier({ ...centre.deps, tokens });
    const ask = () => Promise.all([one, other, one].map(({ token }) => verifier.verify(token)));
    let keys = 0;
    const expectAsked = async (times: number) => {
      for (const found of await ask()) expect(found?.claims.sub).toBe(chen.id);
      keys ||= asked.keys;
      expect(asked).toEqual({ keys: times * keys, tokens: 2 * times });
    };
    await expectAsked(1);
    centre.clock.advance(staleMs - 1_000);
    await expectAsked(1);
    centre.clock.advance(1_000);
    await expectAsked(2);
    centre.clock.advance(-staleMs - 1_000);
    await expectAsked(3);
    await revokeToken(centre.deps, caller(chen), one.issued.id);
    centre.clock.advance(staleMs);
    const found = await ask();
    expect(found.map((each) => each !== undefined)).toEqual([false, true, false]);
  });

  test('D8: remembers neither that a store failed nor that it did not know a token', async () => {
    const { token } = await grant({}, forUs);
    let answer: 'gone' | 'unknown' | 'known' = 'gone';
    const find: typeof centre.deps.tokens.find = async (...wanted) => {
      if (answer === 'gone') throw new Error('gone');
      return answer === 'known' ? centre.deps.tokens.find(...wanted) : undefined;
    };
    const tokens = { ...centre.deps.tokens, find };
    const verifier = ownVerifier({ ...centre.deps, tokens });
    await expect(verifier.verify(token)).rejects.toThrow('gone');
    answer = 'unknown';
    expect(await verifier.verify(token)).toBeUndefined();
    answer = 'known';
    expect(await verifier.verify(token)).toBeDefined();
  });

  test('D8: what breaks while it verifies is no refusal', async () => {
    const broken = { verify: () => Promise.reject(new Error('no such engine')) };
    await expect(acceptedBy(broken, 'x', 0)).rejects.toThrow('no such engine');
  });

  test('D8: remembers no token beyond its end', async () => {
    const { token, issued } = await grant({}, forUs);
    const verifier = ownVerifier(centre.deps);
    // So far may the clock of whoever shows it be behind.
    const untilMs = issued.expiresAtMs + 30_000;
    centre.clock.advance(untilMs - centre.clock.now() - 500);
    expect(await verifier.verify(token)).toBeDefined();
    expect(await verifier.verify(token)).toBeDefined();
    centre.clock.advance(500);
    expect(await verifier.verify(token)).toBeUndefined();
  });
});
