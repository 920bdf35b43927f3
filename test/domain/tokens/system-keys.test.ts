import { decodeJwt, decodeProtectedHeader } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  answerChallenge,
  type OpeningKey,
  type ProfileName,
  pinnedKeys,
  systemKeys,
  tokenReader,
} from '../../../src/core/business.ts';
import { publishedKeys } from '../../../src/domain/tokens/issuer-keys.ts';
import { nameNextKey, proveNextKey, useNextKey } from '../../../src/domain/tokens/system-keys.ts';
import {
  authenticateSystem,
  proveSystem,
  registerSystem,
} from '../../../src/domain/tokens/systems.ts';
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

let centre: Centre;
beforeAll(async () => {
  centre = await authenticationCentre();
});

const granted = async (audience: string, profile: ProfileName = 'cin-sealed-1') =>
  (await grantedBy(centre, { audiences: [audience], profile })).token;

const readerOf = async (
  name: string,
  openingKeys: readonly OpeningKey[],
  profiles?: readonly ProfileName[],
) =>
  tokenReader({
    issuer,
    name,
    keys: pinnedKeys(await publishedKeys(centre.deps)),
    openingKeys,
    ...(profiles && { profiles }),
    now: () => centre.clock.now(),
  });

describe('D5 D8: the key of a business system', () => {
  test('changes its key in three steps, and no token is lost on the way', async () => {
    const old = await registered(centre, 'swap', ['NAME'], 'X25519');
    const deps = centre.deps;
    const by = caller(lin);
    const secret = new Uint8Array(32).fill(7);
    const next = await systemKeys(secret);
    const sealedTo = async (token: string) => {
      const [part = ''] = decodeJwt<{ sealed: string[] }>(token).sealed;
      const reader = await readerOf('swap', [next.key, old.key]);
      expect((await reader.open(token)).fact('NAME')).toBe(identity.姓名);
      return decodeProtectedHeader(part).kid;
    };
    const issue = () => granted('swap');
    const before = await issue();
    await expect(useNextKey(deps, by, 'swap')).rejects.toMatchObject({
      code: 'business_system_state',
    });
    const { challenge } = await nameNextKey(deps, by, 'swap', next.jwk);
    await expect(useNextKey(deps, by, 'swap')).rejects.toMatchObject({
      code: 'business_system_state',
    });
    const answer = await answerChallenge(challenge, next.key, { issuer, name: 'swap' });
    await proveNextKey(deps, by, 'swap', answer);
    expect(await sealedTo(await issue())).toBe(old.key.kid);
    const { oldKey, key } = await useNextKey(deps, by, 'swap');
    expect([key.kid, oldKey?.kid]).toEqual([next.key.kid, old.key.kid]);
    expect(await sealedTo(await issue())).toBe(next.key.kid);
    expect(await sealedTo(before)).toBe(old.key.kid);
    const lastEnds = (decodeJwt(before).exp ?? 0) * 1000;
    expect(oldKey?.untilMs).toBeGreaterThan(lastEnds);
    const records = await deps.audit.list(chen.tenant, { limit: 100 });
    const steps = ['name_key', 'prove_key', 'use_key'].map((step) => `business_system.${step}`);
    for (const action of steps) {
      const record = records.find((one) => one.action === action && one.outcome === 'done');
      expect(record?.subject).toBe('business_system:swap');
    }
    // The secret by which it introspects stays the same.
    const credentials = { institution: chen.tenant, id: 'swap', secret: old.secret };
    expect((await authenticateSystem(deps, credentials)).id).toBe('swap');
  });

  test('is not given a key that nobody proved, the same again, or one of other profiles', async () => {
    const { deps } = centre;
    const by = caller(lin);
    const refused = { code: 'business_key_refused' };
    const { jwk } = await openingPair('X25519');
    await expect(
      nameNextKey(deps, by, 'swap', (await openingPair('SM2')).jwk),
    ).rejects.toMatchObject(refused);
    const { jwk: same } = await systemKeys(new Uint8Array(32).fill(7));
    await expect(nameNextKey(deps, by, 'swap', same)).rejects.toMatchObject(refused);
    await nameNextKey(deps, by, 'swap', jwk);
    await expect(proveNextKey(deps, by, 'swap', 'guess')).rejects.toMatchObject(refused);
    await expect(proveNextKey(deps, by, 'swap', 'guess')).rejects.toMatchObject({
      code: 'business_system_state',
    });
  });

  test('is changed at a system in service alone', async () => {
    const { jwk } = await openingPair('X25519');
    const release = { labels: ['NAME' as const], purpose: 'x' };
    const request = { id: 'waiting', title: 'x', key: jwk, release };
    await registerSystem(centre.deps, caller(lin), request);
    const { jwk: next } = await openingPair('X25519');
    await expect(nameNextKey(centre.deps, caller(lin), 'waiting', next)).rejects.toMatchObject({
      code: 'business_system_state',
    });
  });

  test('derives an SM2 key of its secret that opens the GM profile, the same each time', async () => {
    const secret = new Uint8Array(32).fill(9);
    const keys = await systemKeys(secret, 'SM2');
    expect((await systemKeys(secret, 'SM2')).jwk).toEqual(keys.jwk);
    expect((await systemKeys(secret)).pseudonymKey).toEqual(keys.pseudonymKey);
    const release = { labels: ['NAME' as const], purpose: 'x' };
    const request = { id: 'bills-gm', title: 'x', key: keys.jwk, release };
    const { challenge } = await registerSystem(centre.deps, caller(lin), request);
    const answer = await answerChallenge(challenge, keys.key, { issuer, name: 'bills-gm' });
    await proveSystem(centre.deps, caller(lin), 'bills-gm', answer);
    const token = await granted('bills-gm', 'cin-sm-1');
    const reader = await readerOf('bills-gm', [keys.key], ['cin-sm-1']);
    expect((await reader.open(token)).fact('NAME')).toBe(identity.姓名);
  });
});
