import { exportJWK, generateKeyPair } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { makeProof } from '../../../src/core/token/dpop.ts';
import { type PublicJwk, thumbprintOf } from '../../../src/core/token/jwk.ts';
import { newId } from '../../../src/domain/id.ts';
import {
  authenticatedBy,
  familyLifeMs,
  grantToken,
  refreshToken,
  type TokenRequest,
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
import { isOwnToken, ownVerifier } from '../../../src/domain/tokens/verifier.ts';
import {
  authenticationCentre,
  type Centre,
  caller,
  chen,
  lin,
  registered,
} from '../../helpers/tokens.ts';

const { tenant } = chen;
const refused = { code: 'grant_refused' };
let centre: Centre;

beforeAll(async () => {
  centre = await authenticationCentre();
  await registered(centre, 'bills', ['NAME']);
});

const wants = (more: Partial<TokenRequest> = {}): TokenRequest => ({
  audiences: ['bills'],
  profile: 'cin-sealed-1',
  ...more,
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

  test('D3: a profile that no key of the system fits is named', async () => {
    await expect(grant({}, wants({ profile: 'cin-sm-1' }))).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ pointer: '/body/profile', code: 'key_unfit' }],
    });
    const both = wants({ audiences: ['cinnabar', 'bills'] });
    await expect(grant({}, both)).rejects.toMatchObject({
      code: 'invalid_request',
      fields: [{ pointer: '/body/audiences', code: 'invalid' }],
    });
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
    const other = provenKey(centre.deps, await proofBy(pair, {}), { method, url: `${url}/x` });
    await expect(other).rejects.toMatchObject(refused);
    await expect(provenKey(centre.deps, 'x', { method, url })).rejects.toMatchObject(refused);
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
    await expect(prove(good)).rejects.toMatchObject(denied);
    await expect(prove(undefined)).rejects.toMatchObject(denied);
    const theirs = await proofBy(thief, { accessToken: token, nonce });
    await expect(prove(theirs)).rejects.toMatchObject(denied);
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
});
